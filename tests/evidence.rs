//! What a model saw, and what sources said before a vintage was generalised, as evidence of changes.

mod support;

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use millesime::crs::Crs;
use millesime::produce::DECIDED_KEY;
use millesime::progress::Quiet;
use millesime::raster::{PixelGrid, Tiff};
use support::Outputs;
use support::drawn::{Drawing, Ring, object, rectangle, write_geojson};
use tempfile::TempDir;

const SIDE: f64 = 600.0;
/// Codes of odeon-naf: buildings, bare soil, grass.
const BUILT: u8 = 1;
const BARE: u8 = 5;
const GRASS: u8 = 13;

/// A class and its probability, then the second ones.
type Pixel = [u8; 4];

const SURELY_GRASS: Pixel = [GRASS, 250, BUILT, 5];

/// Where the drawings lie.
const ORIGIN: (f64, f64) = (478_000.0, 6_275_000.0);

/// Writes a raster with pixels of side `pixel`, of bands of `T` that a place in metres has.
fn raster<T: Copy + gdal::raster::GdalType, const N: usize>(
    path: &Path,
    pixel: f64,
    key: Option<&str>,
    at: impl Fn(f64, f64) -> [T; N],
) {
    let crs = Crs::parse("EPSG:2154", "test").unwrap();
    let grid = PixelGrid::of(0.0, 0.0, pixel).0;
    let window = grid.window([ORIGIN.0, ORIGIN.1, ORIGIN.0 + SIDE, ORIGIN.1 + SIDE]);
    let mut file = Tiff::create::<T>(path, (&crs, &grid, window), N, None).unwrap();
    if let Some(key) = key {
        file.tell(DECIDED_KEY, key).unwrap();
    }
    let places = window.rows().flat_map(|row| {
        let column = move |column| {
            let (x, y) = grid.corner(column, row);
            (x + pixel / 2.0 - ORIGIN.0, y - pixel / 2.0 - ORIGIN.1)
        };
        window.columns().map(column)
    });
    let values: Vec<[T; N]> = places.map(|(x, y)| at(x, y)).collect();
    for band in 0..N {
        let values = values.iter().map(|v| v[band]).collect();
        file.write(band, &window, values).unwrap();
    }
    file.finish().unwrap();
}

/// Writes probabilities: `elsewhere`, and others on some ground.
fn probabilities(path: &Path, pixel: f64, elsewhere: Pixel, some: &[(&Ring, Pixel)]) {
    raster(path, pixel, None, |x, y| {
        let within = |ring: &Ring| ring[0].0 < x && x < ring[2].0 && ring[0].1 < y && y < ring[2].1;
        let own = some.iter().find(|(ring, _)| within(ring));
        let [first, p, second, q] = own.map_or(elsewhere, |own| own.1);
        [first, p, second, q, 0]
    });
}

/// A field in which four pieces of ground become something else, and the keys of each vintage.
fn territory(
    folder: &Path,
    patches: &[(&Ring, &str, &str)],
    keys: [&str; 2],
) -> std::path::PathBuf {
    let all = rectangle(0.0, 0.0, SIDE, SIDE);
    let mut rings = vec![&all];
    rings.extend(patches.iter().map(|(ring, ..)| *ring));
    let mut after = vec![object("CS2.2.1", "US1.1", &rings)];
    after.extend(
        patches
            .iter()
            .map(|(ring, cover, usage)| object(cover, usage, &[ring])),
    );
    let mut drawing = Drawing::default()
        .commune("32001", all.clone())
        .vintage(2018, vec![object("CS2.2.1", "US1.1", &[&all])])
        .vintage(2021, after);
    drawing.more = "[align]\nmode = \"change-first\"\n".to_owned();
    let path = drawing.write(folder);
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (year, keys) in [2018, 2021].into_iter().zip(keys) {
        let product = format!("product = \"{year}.geojson\"\n");
        text = text.replace(&product, &format!("{product}{keys}"));
    }
    std::fs::write(&path, text).unwrap();
    path
}

/// What was judged of the faces of the aligned series that hold a place: verdict and probability.
fn judged(outputs: &Outputs, place: (f64, f64)) -> (String, Option<f64>) {
    let mut found = Vec::new();
    for batch in outputs.parquet("faces/period=2018-2021/departement=32/faces.parquet") {
        let text = |name: &str| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_string::<i32>()
                .clone()
        };
        let (series, verdicts) = (text("series"), text("verdict"));
        let column = batch.column_by_name("change_probability").unwrap();
        let probability = column.as_primitive::<Float64Type>().clone();
        let bounds = batch.column_by_name("bbox").unwrap().as_struct().clone();
        let side = |name: &str| {
            bounds
                .column_by_name(name)
                .unwrap()
                .as_primitive::<Float64Type>()
                .clone()
        };
        let [west, south, east, north] = ["xmin", "ymin", "xmax", "ymax"].map(side);
        let (x, y) = (place.0 + ORIGIN.0, place.1 + ORIGIN.1);
        for row in 0..batch.num_rows() {
            use arrow::array::Array;
            let holds = west.value(row) < x
                && x < east.value(row)
                && south.value(row) < y
                && y < north.value(row);
            if holds && series.value(row) == "aligned" && !verdicts.is_null(row) {
                let p = probability.is_valid(row).then(|| probability.value(row));
                found.push((verdicts.value(row).to_owned(), p));
            }
        }
    }
    assert_eq!(found.len(), 1, "{place:?}: {found:?}");
    found.remove(0)
}

const SEEN: &str = "nomenclature = \"odeon-naf\"\n";

#[test]
fn a_change_of_cover_is_one_where_a_model_saw_it() {
    let [built, not_seen, bare, perhaps] =
        [100.0, 220.0, 340.0, 460.0].map(|x| rectangle(x, 100.0, x + 60.0, 160.0));
    let patches = [
        (&built, "CS1.1.1.1", "US5"),
        (&not_seen, "CS1.1.1.1", "US5"),
        (&bare, "CS1.2.1", "US1.1"),
        (&perhaps, "CS1.2.1", "US1.1"),
    ];
    // The later images may have pixels of another size.
    for pixel in [1.0, 0.5, 2.0] {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        probabilities(&path("p18.tif"), 1.0, SURELY_GRASS, &[]);
        let seen = [
            (&built, [BUILT, 250, GRASS, 5]),
            (&not_seen, [GRASS, 153, BUILT, 102]),
            (&bare, [BARE, 250, GRASS, 5]),
            (&perhaps, [BARE, 179, GRASS, 76]),
        ];
        probabilities(&path("p21.tif"), pixel, SURELY_GRASS, &seen);
        let keys = [18, 21].map(|year| format!("probabilities = \"p{year}.tif\"\n{SEEN}"));
        let file = territory(folder.path(), &patches, [&keys[0], &keys[1]]);
        let outputs = Outputs::of(&file);
        let of = |x: f64| judged(&outputs, (x + 30.0, 130.0));
        assert_eq!(of(100.0).0, "kept");
        // Grass at 250/255 and then at 153/255: other cover at 1 − 0.98 × 0.6 − 0.02 × 0.4.
        let (verdict, probability) = of(220.0);
        assert_eq!(verdict, "unseen");
        assert!(
            (probability.unwrap() - 0.404).abs() < 0.01,
            "{probability:?}"
        );
        // Bare ground and grass are taken for one another, unless it is sure.
        assert_eq!(of(340.0).0, "kept");
        assert_eq!(of(460.0).0, "confusion");
        let told = outputs.table("alignment");
        assert!(told.iter().any(|row| row["verdict"] == "unseen"));
    }
}

#[test]
fn a_change_is_one_where_sources_tell_it() {
    let [told, drawn] = [100.0, 300.0].map(|x| rectangle(x, 100.0, x + 60.0, 160.0));
    // Only the use differs: no model sees it.
    let patches = [(&told, "CS2.2.1", "US5"), (&drawn, "CS2.2.1", "US5")];
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    // Small housing beside the second patch, which generalisation made of it at one date alone.
    let small = rectangle(300.0, 100.0, 315.0, 160.0);
    let within = |ring: &Ring, x: f64, y: f64| {
        ring[0].0 < x && x < ring[2].0 && ring[0].1 < y && y < ring[2].1
    };
    let key = Some("CS2.2.1 US1.1;CS2.2.1 US5");
    raster::<u16, 1>(&path("d18.tif"), 1.0, key, |x, y| {
        [1 + u16::from(within(&small, x, y))]
    });
    raster::<u16, 1>(&path("d21.tif"), 1.0, key, |x, y| {
        [1 + u16::from(within(&small, x, y) || within(&told, x, y))]
    });
    let keys = ["decided = \"d18.tif\"\n", "decided = \"d21.tif\"\n"];
    let outputs = Outputs::of(&territory(folder.path(), &patches, keys));
    assert_eq!(judged(&outputs, (130.0, 130.0)), ("kept".to_owned(), None));
    assert_eq!(judged(&outputs, (330.0, 130.0)).0, "generalisation");
    support::assert_closed(&outputs);
}

/// Refuses a territory of these keys of its vintages, and leaves nothing.
fn assert_refused(folder: &Path, keys: [&str; 2], wanted: &str) {
    let out = folder.join("out");
    let done = millesime::run::run(&territory(folder, &[], keys), &out, &Quiet);
    let Err(error) = done else {
        panic!("{keys:?} is taken");
    };
    assert!(error.to_string().contains(wanted), "{error}");
    assert!(!out.exists());
}

#[test]
fn evidence_of_other_ground_or_of_other_classes_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    probabilities(&path("p.tif"), 1.0, SURELY_GRASS, &[]);
    probabilities(&path("odd.tif"), 1.0, [99, 250, BUILT, 5], &[]);
    let mut far = gdal::Dataset::open_ex(
        path("p.tif"),
        gdal::DatasetOptions {
            open_flags: gdal::GdalOpenFlags::GDAL_OF_UPDATE,
            ..Default::default()
        },
    )
    .unwrap();
    let refused = |name: &str, wanted: &str| {
        let keys = [name, "p.tif"].map(|name| format!("probabilities = \"{name}\"\n{SEEN}"));
        assert_refused(folder.path(), [&keys[0], &keys[1]], wanted);
    };
    refused(
        "odd.tif",
        "holds the class 99, which `odeon-naf` does not know",
    );
    let mut place = far.geo_transform().unwrap();
    place[0] += 100_000.0;
    far.set_geo_transform(&place).unwrap();
    far.close().unwrap();
    refused(
        "p.tif",
        "their probabilities tell of no ground that both describe",
    );
}

#[test]
fn evidence_that_cannot_be_read_is_refused() {
    let refused = |keys: &str, wanted: &str| {
        let folder = TempDir::new().unwrap();
        raster::<u16, 1>(&folder.path().join("mute.tif"), 1.0, None, |_, _| [1]);
        raster::<u16, 1>(
            &folder.path().join("odd.tif"),
            1.0,
            Some("CS9 US9"),
            |_, _| [1],
        );
        assert_refused(folder.path(), [keys, ""], wanted);
    };
    refused(
        "probabilities = \"mute.tif\"\n",
        "has probabilities without a nomenclature",
    );
    refused(
        &format!("probabilities = \"mute.tif\"\n{SEEN}"),
        "has 1 bands",
    );
    refused(
        "nomenclature = \"odeon-naf\"\n",
        "is a product with a nomenclature",
    );
    refused(
        "decided = \"mute.tif\"\n",
        "does not say what its values are",
    );
    refused(
        "decided = \"odd.tif\"\n",
        "`CS9 US9` is not in the nomenclature",
    );
    refused("decided = \"none.tif\"\n", "none.tif");
}

#[test]
fn parameters_that_are_none_are_refused() {
    let ours = include_str!("../reference/alignment/parameters.csv");
    let refused = |table: String, wanted: &str| {
        let folder = TempDir::new().unwrap();
        let tables = folder.path().join("tables/alignment");
        std::fs::create_dir_all(&tables).unwrap();
        std::fs::write(tables.join("parameters.csv"), table).unwrap();
        let Err(error) = millesime::reference::Reference::load(Some(&folder.path().join("tables")))
        else {
            panic!("{wanted}: taken");
        };
        assert!(error.to_string().contains(wanted), "{error}");
    };
    let row = ours
        .lines()
        .find(|row| row.starts_with("moved_least,"))
        .unwrap();
    refused(format!("{ours}{row}\n"), "has the row `moved_least` twice");
    let above = row.replacen("0.4", "2", 1);
    refused(
        ours.replace(row, &above),
        "moved_least is a share, and cannot be 2",
    );
    refused(ours.replace(row, ""), "has no row `moved_least`");
}

/// Trees that a model saw in the zone construite, by how sure it is, where OCS GE has farmland.
#[test]
fn trees_are_seen_where_ocs_ge_has_none() {
    let folder = TempDir::new().unwrap();
    let zone = rectangle(100.0, 100.0, 300.0, 300.0);
    let zones = [object("", "", &[&zone])];
    write_geojson(&folder.path().join("zone.geojson"), &zones);
    let broadleaf = rectangle(100.0, 100.0, 200.0, 300.0);
    let doubtful = rectangle(200.0, 100.0, 300.0, 300.0);
    let some = [
        (&broadleaf, [10, 255, GRASS, 0]),
        (&doubtful, [GRASS, 200, 8, 51]),
    ];
    let path = folder.path().join("seen.tif");
    // Elsewhere it is sure of nothing, as models are whose classes do not exclude one another.
    probabilities(&path, 1.0, [255, 100, 255, 0], &some);
    let zone = "zone_construite = \"zone.geojson\"\n";
    let seen = format!("{zone}probabilities = \"seen.tif\"\n{SEEN}");
    let file = territory(folder.path(), &[], [zone, &seen]);
    let outputs = Outputs::of(&file);
    let rows = outputs.table_of("published", "trees");
    let [before, after] = &rows[..] else {
        panic!("{rows:?}");
    };
    assert_eq!(
        (&*before["zone_m2"], &*before["trees_m2"]),
        ("40000.00000", "0.00000")
    );
    assert_eq!((&*before["seen_m2"], &*before["trees_seen_m2"]), ("", ""));
    assert_eq!(after["seen_m2"], "40000.00000");
    let trees: f64 = after["trees_seen_m2"].parse().unwrap();
    let share: f64 = after["trees_seen_share"].parse().unwrap();
    // Half of it surely, half of it by a fifth.
    assert!(
        (trees - 24_000.0).abs() < 0.01 && (share - 0.6).abs() < 1e-6,
        "{trees} {share}"
    );
}
