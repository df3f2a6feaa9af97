//! What others read: archives of producers in; workbooks, the ministry's tables and comparisons out.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use millesime::compare::compare;
use millesime::progress::Quiet;
use millesime::query::{self, Filter, Question};
use millesime::run::run;
use millesime::vector::{Layer, Opening};
use serde_json::json;
use support::drawn::{Drawing, Ring, object, rectangle, write_geojson};
use support::{Outputs, Record, exact};
use tempfile::TempDir;

/// A territory of archives as they are published: 300 m built to 400 m on a strip of 100 m.
fn of_archives() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/archives");
    for entry in std::fs::read_dir(archives).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let drawing = Drawing::default()
        .commune("32001", rectangle(0.0, 0.0, 500.0, 100.0))
        .commune("32002", rectangle(500.0, 0.0, 1000.0, 100.0));
    let file = drawing.write(folder.path());
    let mut text = std::fs::read_to_string(&file).unwrap();
    for year in [2018, 2021] {
        text += &format!(
            "[[vintages]]\nyear = {year}\n\
             product = \"OCS-GE_2-0__GPKG_LAMB93_D032_{year}-01-01.7z\"\n"
        );
    }
    text += "[[official]]\nfrom = 2018\nto = 2021\n\
        path = \"OCS-GE-ARTIFICIALISATION_2-0_DIFF-2018-2021_GPKG_LAMB93_D032_2025-09-16.7z\"\n";
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

/// A hectare built on farmland between 2018 and 2021.
fn built() -> Drawing {
    let commune = rectangle(0.0, 0.0, 500.0, 300.0);
    let plot = rectangle(100.0, 100.0, 200.0, 200.0);
    let farmland = |rings: &[&Ring]| object("CS2.2.1", "US1.1", rings);
    Drawing::default()
        .commune("32001", commune.clone())
        .vintage(2018, vec![farmland(&[&commune])])
        .vintage(
            2021,
            vec![
                farmland(&[&commune, &plot]),
                object("CS1.1.1.1", "US5", &[&plot]),
            ],
        )
}

/// The producer has drawn it half a metre further east, and another one.
#[test]
fn gaps_to_a_producer_tell_slivers_apart() {
    let folder = TempDir::new().unwrap();
    let mut drawing = built();
    drawing.more = "[[official]]\nfrom = 2018\nto = 2021\npath = \"diff.geojson\"\n".to_owned();
    let file = drawing.write(folder.path());
    let told = |ring: Ring| {
        let mut told = object("", "", &[&ring]);
        told["properties"] = json!({
            "cs_2018": "CS2.2.1", "us_2018": "US1.1", "cs_2021": "CS1.1.1.1", "us_2021": "US5",
        });
        told
    };
    let shifted = told(rectangle(100.5, 100.0, 200.5, 200.0));
    let other = told(rectangle(300.0, 100.0, 350.0, 200.0));
    write_geojson(&folder.path().join("diff.geojson"), &[shifted, other]);
    let outputs = outputs(&file, folder);
    let gaps = outputs.table("ecarts_officiel");
    let row = gaps
        .iter()
        .find(|r| r["sense"] == "artificialisation")
        .unwrap();
    for (column, area) in [
        ("ours_m2", "10000.00000"),
        ("official_m2", "15000.00000"),
        ("both_m2", "9950.00000"),
        ("ours_alone_slivers_m2", "50.00000"),
        ("ours_alone_change_m2", "0.00000"),
        ("ours_alone_threshold_m2", "0.00000"),
        ("official_alone_slivers_m2", "50.00000"),
        ("official_alone_unchanged_m2", "5000.00000"),
    ] {
        assert_eq!(row[column], area, "{column}");
    }
}

/// Tables alone are the tables of a whole run, and say so to those who look for layers.
#[test]
fn tables_can_be_had_without_layers() {
    let folder = TempDir::new().unwrap();
    let mut drawing = built();
    let file = drawing.write(folder.path());
    let whole = folder.path().join("whole");
    run(&file, &whole, &Quiet).unwrap();
    drawing.more = "[run]\ntables_alone = true\n".to_owned();
    let file = drawing.write(folder.path());
    let alone = folder.path().join("alone");
    run(&file, &alone, &Quiet).unwrap();
    let files = glob::glob(&whole.join("tables/**/*.*").to_string_lossy()).unwrap();
    let is_table = |path: &PathBuf| {
        path.extension()
            .is_some_and(|e| e == "csv" || e == "parquet")
    };
    let tables: Vec<PathBuf> = files.map(Result::unwrap).filter(is_table).collect();
    assert!(tables.len() > 80);
    for table in tables {
        let other = alone.join(table.strip_prefix(&whole).unwrap());
        assert!(
            std::fs::read(&table).unwrap() == std::fs::read(other).unwrap(),
            "{}",
            table.display()
        );
    }
    let layers = ["faces", "vintages"];
    for name in layers {
        assert!(
            whole.join(name).exists() && !alone.join(name).exists(),
            "{name}"
        );
    }
    let question = Question {
        out: alone,
        filter: Filter::default(),
        order: None,
        limit: None,
    };
    let refused = query::total(&question);
    let said = refused.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(said.contains("tables alone"), "{said}");
}

fn outputs(file: &Path, folder: TempDir) -> Outputs {
    let summary = run(file, &folder.path().join("out"), &Quiet).unwrap();
    Outputs { folder, summary }
}

#[test]
fn archives_are_read_as_they_are_downloaded() {
    let (folder, file) = of_archives();
    let outputs = outputs(&file, folder);
    let flux = outputs.table("flux");
    assert_eq!(flux[0]["artificialised_m2"], "10000.00000");
    // The zone construite lies beside, in the same archive.
    let zones = outputs.table("zone_construite");
    let inside = zones
        .iter()
        .find(|r| r["commune"] == "32001" && r["zone"] == "inside");
    assert_eq!(inside.unwrap()["artificialised_m2"], "10000.00000");
    let urbanised = outputs.table("urbanised");
    assert_eq!(urbanised[0]["urbanised_m2"], "10000.00000");
    assert_eq!(urbanised[0]["unknown_status_m2"], "0.00000");
    let trees = outputs.table("trees");
    assert_eq!(
        (&*trees[0]["zone_m2"], &*trees[0]["trees_m2"]),
        ("50000.00000", "0.00000")
    );
    // The producer's changes: 8 000 m² of ours, 5 000 m² where nothing changes here, 1 000 m² null.
    let gaps = outputs.table("ecarts_officiel");
    let of = |commune: &str| -> &Record {
        let is_it = |r: &&Record| r["commune"] == commune && r["sense"] == "artificialisation";
        gaps.iter().find(is_it).unwrap()
    };
    let west = of("32001");
    assert_eq!(west["ours_m2"], "10000.00000");
    assert_eq!(west["official_m2"], "8000.00000");
    assert_eq!(west["both_m2"], "8000.00000");
    assert_eq!(west["gap_m2"], "2000.00000");
    assert_eq!(west["ours_alone_change_m2"], "2000.00000");
    let east = of("32002");
    assert_eq!(east["gap_m2"], "-5000.00000");
    assert_eq!(east["official_alone_unchanged_m2"], "5000.00000");
    assert_eq!(east["official_null_m2"], "1000.00000");
    // Unpacked once: the second run takes what is there.
    let place = outputs.folder.path().join("out.archives");
    let stamp = |place: &Path| -> Vec<std::time::SystemTime> {
        let entries = std::fs::read_dir(place).unwrap();
        let mut times: Vec<_> = entries
            .map(|e| e.unwrap().metadata().unwrap().modified().unwrap())
            .collect();
        times.sort();
        times
    };
    let before = stamp(&place);
    run(&file, &outputs.path(), &Quiet).unwrap();
    assert_eq!(stamp(&place), before);
    // Another archive of the same name, elsewhere, is another archive.
    let older = outputs.folder.path().join("older");
    std::fs::create_dir(&older).unwrap();
    let name = "OCS-GE_2-0__GPKG_LAMB93_D032_2021-01-01.7z";
    let text = std::fs::read_to_string(&file).unwrap();
    let first = "OCS-GE_2-0__GPKG_LAMB93_D032_2018-01-01.7z";
    std::fs::copy(outputs.folder.path().join(first), older.join(name)).unwrap();
    let same = outputs.folder.path().join("same.toml");
    let text = text.split("[[official]]").next().unwrap();
    std::fs::write(&same, text.replace(first, &format!("older/{name}"))).unwrap();
    let again = outputs.folder.path().join("again");
    run(&same, &again, &Quiet).unwrap();
    let flux = csv_rows(&again.join("tables/flux.csv"));
    assert_eq!(flux[0]["artificialised_m2"], "10000.00000");
    let manifest = std::fs::read_to_string(again.join("manifest.json")).unwrap();
    assert!(manifest.contains(&format!("older/{name}")), "{manifest}");
    // A damaged archive says so, and leaves nothing.
    let archive = outputs
        .folder
        .path()
        .join("OCS-GE_2-0__GPKG_LAMB93_D032_2021-01-01.7z");
    let bytes = std::fs::read(&archive).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], b"not an archive", b""] {
        std::fs::write(&archive, damaged).unwrap();
        let error = run(&file, &outputs.path(), &Quiet).err().unwrap();
        let message = error.to_string();
        assert!(
            message.contains("D032_2021-01-01.7z: cannot be unpacked"),
            "{message}"
        );
        let names: Vec<_> = std::fs::read_dir(&place)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
    }
}

/// Two communes of a département whose code begins with a zero, and three vintages.
fn three_vintages() -> (TempDir, PathBuf) {
    let ground = |built: f64| {
        vec![
            object("CS1.1.1.1", "US5", &[&rectangle(0.0, 0.0, built, 100.0)]),
            object("CS2.2.1", "US1.1", &[&rectangle(built, 0.0, 1000.0, 100.0)]),
        ]
    };
    let drawing = Drawing::default()
        .commune("01001", rectangle(0.0, 0.0, 500.0, 100.0))
        .commune("01002", rectangle(500.0, 0.0, 1000.0, 100.0))
        .vintage(2016, ground(200.0))
        .vintage(2019, ground(300.0))
        .vintage(2022, ground(600.0));
    let folder = TempDir::new().unwrap();
    let file = drawing.write(folder.path());
    let mut text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        folder.path().join("population.csv"),
        "codgeo;pmun;men\n01001;200;80\n01002;100;\n",
    )
    .unwrap();
    text += "[run]\nlevels = [\"departement\", \"region\"]\n\
             [[population]]\nyear = 2020\npath = \"population.csv\"\ncommune = \"codgeo\"\n\
             inhabitants = \"pmun\"\nhouseholds = \"men\"\n";
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

fn csv_rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let rows = csv::Reader::from_path(path).unwrap().into_deserialize();
    rows.map(Result::unwrap).collect()
}

#[test]
fn the_ministrys_tables_have_the_figures_of_ours() {
    let (folder, file) = three_vintages();
    let outputs = outputs(&file, folder);
    let place = outputs.path().join("ministere");
    for (name, code, column) in [
        ("artif", "commune", "artificial_m2"),
        ("imper", "commune", "impermeable_m2"),
        ("artif", "departement", "artificial_m2"),
        ("imper", "region", "impermeable_m2"),
    ] {
        let wide = csv_rows(&place.join(format!("{name}_{code}.csv")));
        let (table, key) = match code {
            "commune" => ("stock".to_owned(), "commune"),
            level => (format!("{level}/stock"), "territory"),
        };
        let long = outputs.table(&table);
        let mut compared = 0;
        for row in &wide {
            for n in 1..=3 {
                let year = &row[&format!("millesimes_{n}")];
                let area = &row[&format!("surface_{name}_{n}")];
                let is_it =
                    |r: &&Record| r[key] == row[&format!("{code}_code")] && &r["year"] == year;
                let own = long.iter().find(is_it).unwrap();
                assert_eq!(&own[column], area);
                assert_eq!(own["area_m2"], row[&format!("{code}_surface")]);
                let percent: f64 = row[&format!("pourcent_{name}_{n}")].parse().unwrap();
                let share = exact(area) as f64 * 100.0 / exact(&own["area_m2"]) as f64;
                assert!((percent - share).abs() < 1e-9);
                compared += 1;
            }
            let area = |n: usize| exact(&row[&format!("surface_{name}_{n}")]);
            assert_eq!(exact(&row["flux_surface_1_2"]), area(2) - area(1));
            assert_eq!(exact(&row["flux_surface_2_3"]), area(3) - area(2));
        }
        assert_eq!(compared, long.len());
    }
    let communes = csv_rows(&place.join("artif_commune.csv"));
    assert_eq!(communes[0]["commune_code"], "01001");
    assert_eq!(communes[0]["departement_code"], "01");
    assert_eq!(communes[0]["region_code"], "84");
    // With the outlines of the territories, in both formats.
    for ending in ["gpkg", "parquet"] {
        let path = place.join(format!("artif_departement.{ending}"));
        let mut layer = Layer::open(&path, Opening::default()).unwrap();
        let columns = ["departement_code", "surface_artif_3"].map(|c| Some(c.to_owned()));
        let mut seen = Vec::new();
        layer
            .scan(&columns, |row| {
                let shape = millesime::vector::polygons(row.geometry.unwrap()).unwrap();
                seen.push((row.values.to_vec(), shape.polygons.len()));
                Ok(())
            })
            .unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].0[0].as_deref(), Some("01"));
        assert_eq!(
            seen[0].0[1].as_deref().unwrap().parse::<f64>().unwrap(),
            60_000.0
        );
        assert_eq!(seen[0].1, 1);
    }
    let name = "artif_departement.parquet";
    let bytes = std::fs::read(place.join(name)).unwrap();
    let report = geoparquet_validator::validate_bytes(name, bytes, None).unwrap();
    assert!(!report.outcomes.is_empty());
    for outcome in &report.outcomes {
        let is_fault = matches!(outcome.status, geoparquet_validator::checks::Status::Fail);
        assert!(!is_fault, "{} {}", outcome.id, outcome.message);
    }
}

#[test]
fn workbooks_keep_codes_as_text_and_figures_as_numbers() {
    let (folder, file) = three_vintages();
    let outputs = outputs(&file, folder);
    let path = outputs.path().join("tables/millesime.xlsx");
    let names = Layer::names(&path).unwrap();
    assert!(names.contains(&"sources".to_owned()) && names.contains(&"stock".to_owned()));
    let opening = Opening {
        layer: Some("stock"),
        ..Opening::default()
    };
    let mut layer = Layer::open(&path, opening).unwrap();
    let columns = layer.columns().to_vec();
    assert!(
        columns.iter().any(|c| c.starts_with("Code INSEE")),
        "{columns:?}"
    );
    assert!(
        columns.contains(&"Surface artificialisée (m²)".to_owned()),
        "{columns:?}"
    );
    let wanted: Vec<Option<String>> = columns
        .iter()
        .filter(|c| c.starts_with("Code INSEE") || *c == "Surface artificialisée (m²)")
        .cloned()
        .map(Some)
        .collect();
    let mut rows = Vec::new();
    layer
        .scan(&wanted, |row| {
            rows.push(row.values.to_vec());
            Ok(())
        })
        .unwrap();
    let long = outputs.table("stock");
    assert_eq!(rows.len(), long.len());
    for (row, own) in rows.iter().zip(&long) {
        assert_eq!(row[0].as_deref(), Some(own["commune"].as_str()));
        let area: f64 = row[1].as_deref().unwrap().parse().unwrap();
        assert_eq!(area, own["artificial_m2"].parse::<f64>().unwrap());
    }
    assert!(
        outputs
            .path()
            .join("tables/region/millesime-region.xlsx")
            .exists()
    );
}

#[test]
fn figures_per_inhabitant_say_their_year_and_what_is_missing() {
    let (folder, file) = three_vintages();
    let outputs = outputs(&file, folder);
    let rows = outputs.table("per_inhabitant");
    let of = |commune: &str, year: &str| -> &Record {
        rows.iter()
            .find(|r| r["commune"] == commune && r["year"] == year)
            .unwrap()
    };
    // 50 000 m² for 200 inhabitants and 80 households.
    assert_eq!(of("01001", "2022")["population_year"], "2020");
    assert_eq!(of("01001", "2022")["artificial_m2_per_inhabitant"], "250");
    assert_eq!(of("01001", "2022")["artificial_m2_per_household"], "625");
    assert_eq!(of("01001", "2022")["inhabitants_per_km2"], "4000");
    assert_eq!(of("01002", "2022")["artificial_m2_per_household"], "");
    let whole = outputs.table("departement/per_inhabitant");
    let whole = whole.iter().find(|r| r["year"] == "2022").unwrap();
    assert_eq!(whole["artificial_m2_per_inhabitant"], "200");
    // One commune's households are not known: no sum of what is.
    assert_eq!(whole["households"], "");
    // A table that lacks a commune has no figure for the whole.
    let table = outputs.folder.path().join("population.csv");
    std::fs::write(&table, "codgeo;pmun;men\n01001;200;80\n").unwrap();
    run(&file, &outputs.path(), &Quiet).unwrap();
    assert_eq!(
        outputs.table("departement/per_inhabitant")[0]["inhabitants"],
        ""
    );
    let missing = &outputs.manifest()["population"][0]["missing"];
    assert_eq!(missing, &serde_json::json!(["01002"]));
    for (wrong, part) in [
        ("codgeo;pmun;men\n01001;deux;80\n", "`deux`"),
        ("codgeo;pmun;men\n01001;200;80\n01001;200;80\n", "row 2"),
        ("codgeo;pmun;men\n1001;200;80\n", "leading zero"),
        ("codgeo;pmum;men\n01001;200;80\n", "`pmum`"),
    ] {
        std::fs::write(&table, wrong).unwrap();
        let message = run(&file, &outputs.path(), &Quiet)
            .err()
            .unwrap()
            .to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn two_runs_are_compared_figure_by_figure() {
    let (folder, file) = three_vintages();
    let outputs = outputs(&file, folder);
    let second = outputs.folder.path().join("second");
    run(&file, &second, &Quiet).unwrap();
    let found = compare(&outputs.path(), &second).unwrap();
    assert!(found.reasons.is_empty() && found.changes.is_empty() && found.alone.is_empty());
    assert!(found.compared > 500);
    // A vintage published again: 20 m less.
    let vintage = outputs.folder.path().join("2022.geojson");
    let text = std::fs::read_to_string(&vintage).unwrap();
    std::fs::write(&vintage, text.replace("478600.0", "478580.0")).unwrap();
    run(&file, &second, &Quiet).unwrap();
    let found = compare(&outputs.path(), &second).unwrap();
    assert_eq!(found.reasons.len(), 1, "{:?}", found.reasons);
    assert!(
        found.reasons[0].contains("2022.geojson"),
        "{:?}",
        found.reasons
    );
    let is_it = |c: &&millesime::compare::Change| {
        c.table == "tables/stock.csv"
            && c.column == "artificial_m2"
            && c.row.contains("commune=01002")
    };
    let moved: Vec<_> = found.changes.iter().filter(is_it).collect();
    assert_eq!(moved.len(), 1);
    assert!(moved[0].row.contains("year=2022"));
    assert_eq!(
        (&*moved[0].before, &*moved[0].after),
        ("10000.00000", "8000.00000")
    );
    assert_eq!(moved[0].difference, "-2000.00000");
    let error = compare(&outputs.path(), outputs.folder.path())
        .err()
        .unwrap();
    assert!(error.to_string().contains("manifest.json"));
}

#[test]
fn the_ministrys_stocks_stand_beside_ours() {
    let (folder, file) = three_vintages();
    let place = folder.path().join("ministry.csv");
    let first = folder.path().join("first");
    millesime::run::run(&file, &first, &Quiet).unwrap();
    std::fs::copy(first.join("ministere/artif_commune.csv"), &place).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text + "\n[ministry]\npath = \"ministry.csv\"\n").unwrap();
    let gaps = |out: &str| {
        let out = folder.path().join(out);
        millesime::run::run(&file, &out, &Quiet).unwrap();
        (
            csv_rows(&out.join("tables/ecarts_ministere.csv")),
            csv_rows(&out.join("tables/departement/ecarts_ministere.csv")),
        )
    };
    // Its own figures back: no gap, at any level.
    let (communes, departements) = gaps("same");
    assert!(communes.len() > 3 && departements.len() == 3);
    for row in communes.iter().chain(&departements) {
        assert_eq!(
            (&*row["gap_m2"], &*row["area_gap_m2"]),
            ("0.00000", "0.00000")
        );
        assert_eq!(row["artificial_m2"], row["ministry_m2"]);
    }
    // A commune that is not there makes no whole.
    let table = std::fs::read_to_string(&place).unwrap();
    let fewer: Vec<&str> = table
        .lines()
        .filter(|line| !line.starts_with("01001"))
        .collect();
    std::fs::write(&place, fewer.join("\n")).unwrap();
    let (fewer, none) = gaps("fewer");
    assert_eq!((fewer.len(), none.len()), (communes.len() - 3, 0));
    // What is no area, and what is no such table, are refused.
    let out = folder.path().join("refused");
    let refused = || {
        let error = millesime::run::run(&file, &out, &Quiet).err().unwrap();
        error.to_string()
    };
    let stock = &communes[0]["artificial_m2"];
    std::fs::write(&place, table.replacen(stock, "beaucoup", 1)).unwrap();
    assert!(refused().contains("`beaucoup` is no area"));
    let whole = &communes[0]["area_m2"];
    let hectares = table.replace(whole, "5");
    assert_ne!(hectares, table);
    std::fs::write(&place, hectares).unwrap();
    assert!(refused().contains("times as large"));
    std::fs::write(&place, table.replace(",2016,", ",20-16,")).unwrap();
    assert!(refused().contains("`20-16` is no year"));
    std::fs::write(&place, table.replace("surface_artif_1", "surface")).unwrap();
    assert!(refused().contains("surface_artif_1"));
}
