//! Every published variant of a product gives the same account.

mod support;

use std::path::Path;

use support::layers::{Column, Layer};
use support::{Outputs, exact};
use tempfile::TempDir;

const TEXT: bool = false;
const INTEGER: bool = true;

const EAST: &str =
    "POLYGON ((500000 6500000,500100 6500000,500100 6500100,500000 6500100,500000 6500000))";
const WEST: &str =
    "POLYGON ((499900 6500000,500000 6500000,500000 6500100,499900 6500100,499900 6500000))";

/// A territory of the files of `folder`, by the lines of its vintages.
fn run(folder: &TempDir, crs: &str, lines: &str) -> Outputs {
    let path = folder.path().join("TERRITORY.toml");
    std::fs::write(&path, format!("name = \"x\"\ncrs = \"{crs}\"\n{lines}")).unwrap();
    Outputs::of(&path)
}

/// The composition of the only vintage: cover, use, area in m².
fn composition(outputs: &Outputs) -> Vec<(String, String, i64)> {
    support::assert_closed(outputs);
    let rows = outputs.table("composition");
    rows.iter()
        .map(|r| {
            (
                r["cs"].clone(),
                r["us"].clone(),
                exact(&r["area_m2"]) / 20_000,
            )
        })
        .collect()
}

fn vintage(file: &str) -> String {
    format!("[[vintages]]\nyear = 2018\nproduct = \"{file}\"\n")
}

/// A house and a field side by side, in the columns and texts of a variant.
fn house_and_field(path: &Path, driver: &str, name: &str, columns: &[Column], rows: [&[&str]; 2]) {
    let rows = [(Some(WEST), rows[0]), (Some(EAST), rows[1])];
    Layer {
        driver,
        name,
        crs: Some(2154),
        columns,
        rows: &rows,
    }
    .write(path);
}

/// File, driver, layer, columns, and the values of both rows.
type Case<'a> = (
    &'a str,
    &'a str,
    &'a str,
    &'a [Column<'a>],
    [&'a [&'a str]; 2],
);

fn expected() -> Vec<(String, String, i64)> {
    let row = |cs: &str, us: &str| (cs.to_owned(), us.to_owned(), 10_000);
    vec![row("CS1.1.1.1", "US235"), row("CS2.2.1", "US1.5")]
}

#[test]
fn columns_and_codes_are_read_in_every_published_style() {
    let current: &[Column] = &[
        ("id", TEXT),
        ("code_cs", TEXT),
        ("code_us", TEXT),
        ("millesime", TEXT),
        ("ossature", INTEGER),
    ];
    let upper: &[Column] = &[
        ("ID", TEXT),
        ("CODE_CS", TEXT),
        ("CODE_US", TEXT),
        ("MILLESIME", INTEGER),
    ];
    let old: &[Column] = &[
        ("id", TEXT),
        ("couverture", TEXT),
        ("usage", TEXT),
        ("millesime", INTEGER),
    ];
    let cases: [Case; 4] = [
        (
            "a.gpkg",
            "GPKG",
            "OCCUPATION_SOL",
            current,
            [
                &["OCSGE1", "CS1.1.1.1", "US235", "2018", "1"],
                &["OCSGE2", "CS2.2.1", "US1.5", "2018", "0"],
            ],
        ),
        (
            "b.shp",
            "ESRI Shapefile",
            "b",
            upper,
            [
                &["OCSGE1", "CS1.1.1.1", "US235", "2018"],
                &["OCSGE2", "CS2.2.1", "US1.5", "2018"],
            ],
        ),
        (
            "c.gpkg",
            "GPKG",
            "occupation_sol",
            old,
            [
                &["1", "1.1.1.1", "235", "2018"],
                &["2", "2.2.1", "1.5", "2018"],
            ],
        ),
        (
            "d.gpkg",
            "GPKG",
            "artif_2018_33",
            old,
            [
                &["1", "cs1.1.1.1", "us235", "2018"],
                &["2", " CS2.2.1 ", "US1.5", "2018"],
            ],
        ),
    ];
    for (file, driver, name, columns, rows) in cases {
        let folder = TempDir::new().unwrap();
        house_and_field(&folder.path().join(file), driver, name, columns, rows);
        let outputs = run(&folder, "EPSG:2154", &vintage(file));
        assert_eq!(composition(&outputs), expected(), "{file}");
    }
}

#[test]
fn multi_parts_and_heights_are_taken_apart() {
    let folder = TempDir::new().unwrap();
    let both = "MULTIPOLYGON Z (((499900 6500000 1,500000 6500000 2,500000 6500100 3,499900 6500100 4,\
                499900 6500000 1)),((500000 6500000 1,500100 6500000 2,500100 6500100 3,500000 6500100 4,\
                500000 6500000 1)))";
    let columns: &[Column] = &[("code_cs", TEXT), ("code_us", TEXT)];
    let rows: &[(Option<&str>, &[&str])] = &[(Some(both), &["CS2.2.1", "US1.1"])];
    Layer {
        driver: "GPKG",
        name: "OCCUPATION_SOL",
        crs: Some(2154),
        columns,
        rows,
    }
    .write(&folder.path().join("a.gpkg"));
    let outputs = run(&folder, "EPSG:2154", &vintage("a.gpkg"));
    assert_eq!(
        composition(&outputs),
        [("CS2.2.1".to_owned(), "US1.1".to_owned(), 20_000)]
    );
    assert_eq!(outputs.manifest()["vintages"][0]["read"]["multi_parts"], 1);
}

#[test]
fn the_producers_own_status_is_published_beside_the_computed_one() {
    let folder = TempDir::new().unwrap();
    let columns: &[Column] = &[
        ("code_cs", TEXT),
        ("code_us", TEXT),
        ("artif", TEXT),
        ("crit_seuil", INTEGER),
    ];
    house_and_field(
        &folder.path().join("a.gpkg"),
        "GPKG",
        "artif_2018_33",
        columns,
        [
            &["CS1.1.1.1", "US235", "non artif", "1"],
            &["CS2.2.1", "US1.5", "artif", "0"],
        ],
    );
    let outputs = run(&folder, "EPSG:2154", &vintage("a.gpkg"));
    support::assert_closed(&outputs);
    let variants = &outputs.table("variants")[0];
    // As the producer has it, the field (and not the house) is artificialised.
    assert_eq!(exact(&variants["published_m2"]) / 20_000, 10_000);
    let by_cover = outputs.table("stock_by_cover");
    let field = by_cover.iter().find(|r| r["cs"] == "CS2.2.1").unwrap();
    assert_eq!(exact(&field["artificial_m2"]) / 20_000, 10_000);
    // Both statuses, and how much ground they tell apart, are given.
    assert_eq!(exact(&variants["computed_m2"]) / 20_000, 10_000);
    assert_eq!(exact(&variants["official_differs_m2"]) / 20_000, 20_000);
    // A territory may follow the computed one; the producer's is told all the same.
    let more = format!("{}\n[decree]\nstatus = \"computed\"\n", vintage("a.gpkg"));
    let outputs = run(&folder, "EPSG:2154", &more);
    support::assert_closed(&outputs);
    let by_cover = outputs.table("stock_by_cover");
    let house = by_cover.iter().find(|r| r["cs"] == "CS1.1.1.1").unwrap();
    assert_eq!(exact(&house["artificial_m2"]) / 20_000, 10_000);
    let variants = &outputs.table("variants")[0];
    assert_eq!(exact(&variants["official_m2"]) / 20_000, 10_000);
    assert_eq!(exact(&variants["official_differs_m2"]) / 20_000, 20_000);
}

#[test]
fn change_layers_are_read_in_their_three_styles() {
    let styles: [[&str; 4]; 3] = [
        ["CS_2018", "CS_2021", "US_2018", "US_2021"],
        ["cs_avant", "cs_apres", "us_avant", "us_apres"],
        ["cs2018", "cs2021", "us2018", "us2021"],
    ];
    for names in styles {
        let folder = TempDir::new().unwrap();
        let columns = names.map(|name| (name, TEXT));
        let rows: &[(Option<&str>, &[&str])] =
            &[(Some(EAST), &["CS2.2.1", "CS1.1.1.1", "US1.1", "US5"])];
        Layer {
            driver: "GPKG",
            name: "diff",
            crs: Some(2154),
            columns: &columns,
            rows,
        }
        .write(&folder.path().join("diff.gpkg"));
        let lines = "[[changes]]\nfrom = 2018\nto = 2021\npath = \"diff.gpkg\"\n";
        let outputs = run(&folder, "EPSG:2154", lines);
        support::assert_closed(&outputs);
        let flux = &outputs.table("flux")[0];
        assert_eq!(
            exact(&flux["artificialised_m2"]) / 20_000,
            10_000,
            "{names:?}"
        );
        assert_eq!(flux["net_m2_per_year"], "3333.3333333333335");
    }
}

#[test]
fn every_territory_of_france_has_its_crs() {
    // A hectare near the middle of each CRS.
    for (code, x, y) in [
        (2154, 652_000.0, 6_862_000.0),
        (5490, 700_000.0, 1_620_000.0),
        (32620, 700_000.0, 1_620_000.0),
        (2972, 350_000.0, 540_000.0),
        (2975, 340_000.0, 7_690_000.0),
        (4471, 520_000.0, 8_580_000.0),
    ] {
        let folder = TempDir::new().unwrap();
        let (x1, y1) = (x + 100.0, y + 100.0);
        let square = format!("POLYGON (({x} {y},{x1} {y},{x1} {y1},{x} {y1},{x} {y}))");
        let columns: &[Column] = &[("code_cs", TEXT), ("code_us", TEXT)];
        let rows: &[(Option<&str>, &[&str])] = &[(Some(&square), &["CS2.2.1", "US1.1"])];
        Layer {
            driver: "GPKG",
            name: "OCCUPATION_SOL",
            crs: Some(code),
            columns,
            rows,
        }
        .write(&folder.path().join("a.gpkg"));
        let outputs = run(&folder, &format!("EPSG:{code}"), &vintage("a.gpkg"));
        assert_eq!(
            exact(&outputs.table("stock")[0]["area_m2"]),
            200_000_000,
            "EPSG:{code}"
        );
    }
}

#[test]
fn text_is_utf8_or_latin1_or_as_told() {
    let columns: &[Column] = &[("code", TEXT), ("nom", TEXT)];
    let products: &[Column] = &[("code_cs", TEXT), ("code_us", TEXT)];
    let rows: &[(Option<&str>, &[&str])] = &[(Some(EAST), &["CS2.2.1", "US1.1"])];
    for (option, encoding) in [
        ("UTF-8", ""),
        ("ISO-8859-1", ""),
        ("CP850", "encoding = \"CP850\"\n"),
    ] {
        let folder = TempDir::new().unwrap();
        Layer {
            driver: "GPKG",
            name: "OCCUPATION_SOL",
            crs: Some(2154),
            columns: products,
            rows,
        }
        .write(&folder.path().join("a.gpkg"));
        let path = folder.path().join("communes.shp");
        let name: &[(Option<&str>, &[&str])] = &[(Some(EAST), &["33001", "Arès"])];
        Layer {
            driver: "ESRI Shapefile",
            name: "communes",
            crs: Some(2154),
            columns,
            rows: name,
        }
        .write(&path);
        // GDAL writes UTF-8 and says so: put the bytes of the encoding, and say nothing.
        let dbf = path.with_extension("dbf");
        let bytes = std::fs::read(&dbf).unwrap();
        let accent: &[u8] = match option {
            "UTF-8" => b"Ar\xC3\xA8s",
            "ISO-8859-1" => b"Ar\xE8s ",
            _ => b"Ar\x8As ",
        };
        let at = bytes.windows(5).position(|w| w.starts_with(b"Ar")).unwrap();
        let mut changed = bytes.clone();
        changed[at..at + accent.len()].copy_from_slice(accent);
        changed[29] = 0;
        std::fs::write(&dbf, changed).unwrap();
        std::fs::remove_file(path.with_extension("cpg")).ok();
        let lines = format!(
            "[communes]\npath = \"communes.shp\"\ncode = \"code\"\nname = \"nom\"\n{encoding}{}",
            vintage("a.gpkg")
        );
        let outputs = run(&folder, "EPSG:2154", &lines);
        assert_eq!(outputs.table("stock")[0]["name"], "Arès", "{option}");
    }
}

#[test]
fn what_a_run_writes_is_a_vintage_that_a_run_reads() {
    let folder = TempDir::new().unwrap();
    let columns: &[Column] = &[("id", TEXT), ("code_cs", TEXT), ("code_us", TEXT)];
    house_and_field(
        &folder.path().join("a.gpkg"),
        "GPKG",
        "OCCUPATION_SOL",
        columns,
        [&["1", "CS1.1.1.1", "US235"], &["2", "CS2.2.1", "US1.5"]],
    );
    let first = run(&folder, "EPSG:2154", &vintage("a.gpkg"));
    let written = first
        .path()
        .join("vintages/vintage=2018/departement=00/occupation_sol.parquet");
    std::fs::copy(written, folder.path().join("again.parquet")).unwrap();
    let again = run(&folder, "EPSG:2154", &vintage("again.parquet"));
    assert_eq!(composition(&again), expected());
    assert_eq!(composition(&again), composition(&first));
}

#[test]
fn the_zone_construite_places_what_is_built() {
    let folder = TempDir::new().unwrap();
    let columns: &[Column] = &[("code_cs", TEXT), ("code_us", TEXT)];
    let zone_columns: &[Column] = &[("id", TEXT)];
    for (year, cover) in [(2018, "CS2.2.1"), (2021, "CS1.1.1.1")] {
        let rows: &[(Option<&str>, &[&str])] = &[
            (Some(WEST), &[cover, "US5"]),
            (Some(EAST), &[cover, "US1.1"]),
        ];
        Layer {
            driver: "GPKG",
            name: "OCCUPATION_SOL",
            crs: Some(2154),
            columns,
            rows,
        }
        .write(&folder.path().join(format!("{year}.gpkg")));
        // The zone is the west before, all after.
        let mut zones: Vec<(Option<&str>, &[&str])> = vec![(Some(WEST), &["1"])];
        if year == 2021 {
            zones.push((Some(EAST), &["2"]));
        }
        Layer {
            driver: "GPKG",
            name: "ZONE_CONSTRUITE",
            crs: Some(2154),
            columns: zone_columns,
            rows: &zones,
        }
        .write(&folder.path().join(format!("zc{year}.gpkg")));
    }
    let lines: String = [2018, 2021]
        .map(|y| format!("[[vintages]]\nyear = {y}\nproduct = \"{y}.gpkg\"\nzone_construite = \"zc{y}.gpkg\"\n"))
        .concat();
    let outputs = run(&folder, "EPSG:2154", &lines);
    let zones = outputs.table("zone_construite");
    // The garden of the west was artificial before (US5); the field of the east is built in
    // extension of the zone.
    let found: Vec<(&str, i64)> = zones
        .iter()
        .map(|r| (&*r["zone"], exact(&r["artificialised_m2"]) / 20_000))
        .collect();
    let expected = [
        ("extension", 10_000),
        ("inside", 0),
        ("outside", 0),
        ("unknown", 0),
    ];
    assert_eq!(found, expected);
    assert!(
        outputs
            .path()
            .join("vintages/vintage=2021/departement=00/zone_construite.parquet")
            .exists()
    );
}
