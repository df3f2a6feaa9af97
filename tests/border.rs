//! Two vintages that meet.

mod support;

use std::path::{Path, PathBuf};

use millesime::check::{Border, border};
use millesime::reference::Reference;
use support::drawn::{object, rectangle, write_geojson};
use tempfile::TempDir;

fn write(folder: &Path, name: &str, objects: &[serde_json::Value]) -> PathBuf {
    let path = folder.join(name);
    write_geojson(&path, objects);
    path
}

fn found(first: &Path, second: &Path) -> Border {
    border([first, second], None, &Reference::load(None).unwrap()).unwrap()
}

#[test]
fn a_border_is_one_where_both_sides_draw_it_alike() {
    let folder = TempDir::new().unwrap();
    let west = write(
        folder.path(),
        "west.geojson",
        &[
            object("CS2.2.1", "US1.1", &[&rectangle(0.0, 0.0, 100.0, 300.0)]),
            object(
                "CS2.1.1.1",
                "US1.2",
                &[&rectangle(0.0, 300.0, 100.0, 400.0)],
            ),
        ],
    );
    let east = |x: f64| {
        let field = rectangle(x, 0.0, 200.0, 200.0);
        let wood = rectangle(x, 200.0, 200.0, 400.0);
        write(
            folder.path(),
            &format!("east-{x}.geojson"),
            &[
                object("CS2.2.1", "US6.3", &[&field]),
                object("CS2.1.1.1", "US1.2", &[&wood]),
            ],
        )
    };
    let one = found(&west, &east(100.0));
    assert!(one.is_valid());
    assert_eq!((one.length, one.same), (400.0, [300.0, 100.0]));
    assert_eq!(one.differences[0], ("US1.1 | US6.3".to_owned(), 200.0));
    // A metre too far to the west is covered twice.
    let twice = found(&west, &east(99.0));
    assert!(!twice.is_valid());
    assert_eq!(twice.findings[0].area, Some(400 * 20_000));
    // Apart, they have none in common.
    let apart = found(&west, &east(101.0));
    assert!(!apart.is_valid() && apart.length == 0.0);
    // Ground that neither has, between both.
    let hole = write(
        folder.path(),
        "hole.geojson",
        &[
            object("CS2.2.1", "US1.1", &[&rectangle(100.0, 0.0, 200.0, 100.0)]),
            object(
                "CS2.2.1",
                "US1.1",
                &[&rectangle(101.0, 100.0, 200.0, 200.0)],
            ),
            object(
                "CS2.2.1",
                "US1.1",
                &[&rectangle(100.0, 200.0, 200.0, 400.0)],
            ),
        ],
    );
    let gap = found(&west, &hole);
    assert_eq!(gap.length, 300.0);
    assert_eq!(gap.findings[0].area, Some(100 * 20_000));
}

#[test]
fn what_is_produced_on_two_sides_of_a_border_meets_there() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_millesime"))
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    run(&[
        "twin",
        "twin",
        "--km2",
        "4",
        "--seed",
        "3",
        "--years",
        "2021",
        "--imagery",
        "1",
        "--sources",
    ]);
    let image = gdal::Dataset::open(folder.path().join("twin/annotations-2021.tif")).unwrap();
    let place = image.geo_transform().unwrap();
    let (west, north) = (place[0], place[3]);
    let (width, height) = image.raster_size();
    // A border that is not straight, and that no other line follows.
    let bend = west + width as f64 * 0.55 + 0.37;
    let halves = [west, west + width as f64].map(|side| {
        let middle = west + width as f64 / 2.0 + 0.13;
        let south = north - height as f64;
        vec![
            [side, south],
            [middle, south],
            [bend, north - height as f64 / 2.0],
            [middle, north],
            [side, north],
            [side, south],
        ]
    });
    let mut products = Vec::new();
    for (n, half) in halves.iter().enumerate() {
        let communes = serde_json::json!({
            "type": "FeatureCollection",
            "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
            "features": [{
                "type": "Feature",
                "properties": { "code": format!("{:02}001", n + 1), "nom": "x" },
                "geometry": { "type": "Polygon", "coordinates": [half] },
            }],
        });
        let name = format!("{n}.geojson");
        std::fs::write(folder.path().join(&name), communes.to_string()).unwrap();
        let source = |name: &str| {
            format!("{name} = {{ path = \"twin/sources/{name}-2021.gpkg\", date = 2021 }}\n")
        };
        let sources: String = ["bd_topo", "bd_foret", "rpg", "fichiers_fonciers"]
            .map(source)
            .concat();
        let territory = format!(
            "name = \"{n}\"\ncrs = \"EPSG:2154\"\n[communes]\npath = \"{name}\"\ncode = \"code\"\n\
             name = \"nom\"\n[[vintages]]\nyear = 2021\n\
             classes = [\"twin/annotations-2021.tif\"]\nnomenclature = \"odeon-naf\"\n\
             [vintages.produce]\n{sources}"
        );
        std::fs::write(folder.path().join(format!("{n}.toml")), territory).unwrap();
        let out = format!("out-{n}");
        run(&[
            "produce",
            &format!("{n}.toml"),
            "--vintage",
            "2021",
            "--out",
            &out,
        ]);
        products.push(folder.path().join(out).join("2021/occupation_sol.parquet"));
    }
    let met = found(&products[0], &products[1]);
    assert!(
        met.is_valid(),
        "{:?}",
        met.findings.first().map(|f| &f.places)
    );
    assert!(met.length > height as f64, "{}", met.length);
    // Plots are judged by each half's own size, so that they do not always say the same.
    let same = met.same.map(|metres| metres / met.length);
    assert!(
        same.iter().all(|share| (0.6..1.0).contains(share)),
        "{same:?}"
    );
}
