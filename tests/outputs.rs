//! What a run leaves behind: its layout and formats, the same bytes every time, and the polygons
//! behind its figures.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use geoparquet_validator::checks::Status;
use millesime::query::{self, Filter, Format, Kind, Question};
use serde_json::Value;
use support::drawn::{Drawing, object, rectangle};
use support::{Outputs, exact};
use tempfile::TempDir;

/// Two communes, three vintages: a field, then a house on it, then a road beside.
fn village(folder: &Path) -> PathBuf {
    let field = rectangle(0.0, 0.0, 300.0, 200.0);
    let house = rectangle(50.0, 50.0, 120.0, 120.0);
    let road = rectangle(140.0, 0.0, 160.0, 200.0);
    Drawing::default()
        .commune("32001", rectangle(0.0, 0.0, 150.0, 200.0))
        .commune("32002", rectangle(150.0, 0.0, 300.0, 200.0))
        .vintage(2016, vec![object("CS2.2.1", "US1.1", &[&field])])
        .vintage(
            2019,
            vec![
                object("CS2.2.1", "US1.1", &[&field, &house]),
                object("CS1.1.1.1", "US5", &[&house]),
            ],
        )
        .vintage(
            2022,
            vec![
                object("CS2.2.1", "US1.1", &[&field, &road]),
                object("CS1.1.1.2", "US4.1.1", &[&road]),
            ],
        )
        .write(folder)
}

/// Every file of a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn run_with(territory: &Path, out: &Path, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let status = Command::new(env!("CARGO_BIN_EXE_millesime"))
        .arg("run")
        .arg(territory)
        .arg("--out")
        .arg(out)
        .args(["--threads", &threads.to_string()])
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    files(out)
}

#[test]
fn the_layout_is_as_documented() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let names: Vec<String> = files(&outputs.path()).into_keys().collect();
    let has = |name: &str| assert!(names.iter().any(|n| n == name), "no {name} in {names:?}");
    for year in [2016, 2019, 2022] {
        has(&format!(
            "vintages/vintage={year}/departement=32/occupation_sol.parquet"
        ));
    }
    for period in ["2016-2019", "2019-2022"] {
        has(&format!(
            "faces/period={period}/departement=32/faces.parquet"
        ));
        has(&format!(
            "ledger/period={period}/departement=32/ledger.parquet"
        ));
    }
    for table in ["stock", "flux", "transitions"] {
        has(&format!("tables/{table}.csv"));
        has(&format!("tables/{table}.parquet"));
    }
    has("manifest.json");
}

#[test]
fn tables_have_their_columns_and_form() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let starts = [
        (
            "stock",
            "series,commune,name,departement,year,area_m2,covered_m2,artificial_m2,artificial_share,\
             impermeable_m2,impermeable_share",
        ),
        (
            "flux",
            "series,commune,name,departement,year_before,year_after,artificialised_m2,\
             desartificialised_m2,net_m2,revealed_m2,impermeabilised_m2,desimpermeabilised_m2,\
             net_impermeable_m2,impermeable_revealed_m2,artificialised_m2_per_year",
        ),
        (
            "transitions",
            "series,commune,departement,year_before,year_after,cs_before,us_before,cs_after,us_after,\
             artificial_before,artificial_after,cause,area_m2",
        ),
    ];
    for (name, start) in starts {
        let text =
            std::fs::read_to_string(outputs.path().join(format!("tables/{name}.csv"))).unwrap();
        assert!(
            text.starts_with(start),
            "{name}: {}",
            text.lines().next().unwrap()
        );
        assert!(text.ends_with('\n') && !text.contains('\r') && !text.starts_with('\u{FEFF}'));
        for cell in text.lines().flat_map(|l| l.split(',')) {
            assert!(!["NULL", "None", "NA", "NaN"].contains(&cell), "{name}");
        }
    }
    let flux = outputs.table("flux");
    let first = &flux[0];
    assert_eq!(
        (&*first["commune"], &*first["year_before"]),
        ("32001", "2016")
    );
    assert_eq!(first["artificialised_m2"], "4900.00000");
    support::assert_closed(&outputs);
}

#[test]
fn the_ledger_has_its_columns_and_types() {
    use arrow::datatypes::DataType;
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let batches = outputs.parquet("ledger/period=2016-2019/departement=32/ledger.parquet");
    let schema = batches[0].schema();
    let kinds = [
        (
            DataType::Utf8,
            "series commune cs_before us_before cs_after us_after cause",
        ),
        (
            DataType::Boolean,
            "matrix_before matrix_after final_before final_after threshold_before threshold_after \
             zc_before zc_after",
        ),
        (DataType::Int64, "area_half_cm2 faces"),
    ];
    for (kind, names) in kinds {
        for name in names.split_whitespace() {
            assert_eq!(
                schema.field_with_name(name).unwrap().data_type(),
                &kind,
                "{name}"
            );
        }
    }
    for key in ["vintage", "period", "departement"] {
        assert!(
            schema.field_with_name(key).is_err(),
            "{key} lives in the path only"
        );
    }
    for exact in ["area_half_cm2", "faces"] {
        assert!(!schema.field_with_name(exact).unwrap().is_nullable());
    }
}

#[test]
fn layers_are_valid_geoparquet() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let layers = files(&outputs.path()).into_iter().filter(|(name, _)| {
        name.ends_with(".parquet") && (name.starts_with("faces") || name.starts_with("vintages"))
    });
    let mut count = 0;
    for (name, bytes) in layers {
        let report = geoparquet_validator::validate_bytes(&name, bytes, None).unwrap();
        for outcome in &report.outcomes {
            let is_fault = matches!(outcome.status, Status::Fail);
            assert!(!is_fault, "{name}: {} {}", outcome.id, outcome.message);
        }
        count += 1;
    }
    assert_eq!(count, 5);
}

/// The same territory with alignment.
fn aligned(territory: PathBuf) -> PathBuf {
    let text = std::fs::read_to_string(&territory).unwrap();
    let align = "\n[align]\nmode = \"change-first\"\n";
    std::fs::write(&territory, text + align).unwrap();
    territory
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let folder = TempDir::new().unwrap();
    let territory = aligned(village(folder.path()));
    let mut one = run_with(&territory, &folder.path().join("one"), 1);
    one.remove("manifest.json");
    for threads in [2, 7] {
        let mut more = run_with(&territory, &folder.path().join("more"), threads);
        more.remove("manifest.json");
        assert_eq!(
            one.keys().collect::<Vec<_>>(),
            more.keys().collect::<Vec<_>>()
        );
        for (name, bytes) in &one {
            assert!(
                bytes == &more[name],
                "{name} differs with {threads} threads"
            );
        }
    }
}

#[test]
fn the_same_bytes_for_any_order_of_the_input() {
    let folder = TempDir::new().unwrap();
    let territory = aligned(village(folder.path()));
    let mut first = run_with(&territory, &folder.path().join("first"), 2);
    for name in ["communes", "2016", "2019", "2022"] {
        let path = folder.path().join(format!("{name}.geojson"));
        let text = std::fs::read_to_string(&path).unwrap();
        let mut layer: Value = serde_json::from_str(&text).unwrap();
        layer["features"].as_array_mut().unwrap().reverse();
        std::fs::write(&path, layer.to_string()).unwrap();
    }
    let mut second = run_with(&territory, &folder.path().join("second"), 2);
    first.remove("manifest.json");
    second.remove("manifest.json");
    assert!(first == second);
}

#[test]
fn the_manifest_says_how_it_was_made() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let manifest = outputs.manifest();
    let inputs = manifest["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 5);
    assert!(
        inputs
            .iter()
            .all(|i| i["sha256"].as_str().unwrap().len() == 64)
    );
    let parameters = manifest["parameters"].as_array().unwrap();
    assert!(
        parameters
            .iter()
            .all(|p| !p["tag"].as_str().unwrap().is_empty())
    );
    assert!(manifest["partition"]["drift_bound_m"].as_f64().unwrap() < 0.02);
    assert!(manifest["seconds"].as_object().unwrap().len() > 3);
}

fn question(outputs: &Outputs, kind: Kind, period: Option<&str>) -> Question {
    Question {
        out: outputs.path(),
        filter: Filter {
            communes: Some(["32001".to_owned()].into()),
            period: period.map(str::to_owned),
            kind,
            ..Filter::default()
        },
        order: None,
        limit: None,
    }
}

fn answer(question: &Question, format: Format) -> millesime::error::Result<String> {
    let mut text = Vec::new();
    query::write(question, format, &mut text)?;
    Ok(String::from_utf8(text).unwrap())
}

#[test]
fn a_query_gives_the_polygons_behind_a_figure() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let question = question(&outputs, Kind::Artificialisation, Some("2016-2019"));
    let text = answer(&question, Format::GeoJson).unwrap();
    let found: Value = serde_json::from_str(&text).unwrap();
    let features = found["features"].as_array().unwrap();
    let area: f64 = features
        .iter()
        .map(|f| f["properties"]["area_m2"].as_f64().unwrap())
        .sum();
    assert_eq!(area, 4_900.0);
    let first = &features[0]["geometry"]["coordinates"][0][0];
    let (longitude, latitude) = (first[0].as_f64().unwrap(), first[1].as_f64().unwrap());
    assert!(
        (0.2..0.4).contains(&longitude) && (43.4..43.8).contains(&latitude),
        "{first}"
    );
    let csv = answer(&question, Format::Csv).unwrap();
    assert!(csv.contains("4900.00000"), "{csv}");
    let table = answer(&question, Format::Table).unwrap();
    assert!(table.ends_with("1 faces, 4900.00000 m²\n"), "{table}");
}

#[test]
fn a_query_without_a_period_gives_all() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let text = answer(&question(&outputs, Kind::All, None), Format::Csv).unwrap();
    let periods: Vec<&str> = text
        .lines()
        .skip(1)
        .map(|l| l.split(',').next().unwrap())
        .collect();
    assert!(
        periods.contains(&"2016-2019") && periods.contains(&"2019-2022"),
        "{text}"
    );
    let back = question(&outputs, Kind::Desartificialisation, Some("2019-2022"));
    assert!(answer(&back, Format::Table).unwrap().contains("4900.00000"));
}

#[test]
fn a_query_of_what_is_not_there_is_told_with_the_nearest() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&village(folder.path()));
    let mut asked = question(&outputs, Kind::All, Some("2016-2018"));
    let message = answer(&asked, Format::Csv).unwrap_err().to_string();
    assert!(message.contains("2016-2019"), "{message}");
    asked = question(&outputs, Kind::All, None);
    asked.filter.communes = Some(["32003".to_owned()].into());
    let message = answer(&asked, Format::Csv).unwrap_err().to_string();
    assert!(
        message.contains("32003") && message.contains("32001"),
        "{message}"
    );
    asked.out = folder.path().join("nowhere");
    assert!(
        answer(&asked, Format::Csv)
            .unwrap_err()
            .to_string()
            .contains("millesime run")
    );
}

#[test]
fn other_periods_are_computed_when_asked_for() {
    let folder = TempDir::new().unwrap();
    let territory = village(folder.path());
    let text = std::fs::read_to_string(&territory).unwrap() + "[run]\nperiods = [[2016, 2022]]\n";
    std::fs::write(&territory, text).unwrap();
    let outputs = Outputs::of(&territory);
    let flux = outputs.table("flux");
    let of = |before: &str, after: &str, column: &str| -> i64 {
        let rows = flux
            .iter()
            .filter(|r| r["year_before"] == before && r["year_after"] == after);
        rows.map(|r| exact(&r[column])).sum()
    };
    // Net balances add up; gross fluxes do not: the house came and went.
    let steps = of("2016", "2019", "net_m2") + of("2019", "2022", "net_m2");
    assert_eq!(of("2016", "2022", "net_m2"), steps);
    let gross = of("2016", "2019", "artificialised_m2") + of("2019", "2022", "artificialised_m2");
    assert!(of("2016", "2022", "artificialised_m2") < gross);
}

#[test]
fn what_others_put_among_the_outputs_is_not_lost() {
    let folder = TempDir::new().unwrap();
    let all = rectangle(0.0, 0.0, 100.0, 100.0);
    let territory = Drawing::default()
        .commune("32001", all.clone())
        .vintage(2020, vec![object("CS2.2.1", "US1.1", &[&all])])
        .write(folder.path());
    let out = folder.path().join("out");
    let run = || millesime::run::run(&territory, &out, &millesime::progress::Quiet);
    run().unwrap();
    run().unwrap();
    std::fs::write(out.join("tables/mine.txt"), "x").unwrap();
    let message = run().err().unwrap().to_string();
    assert!(message.contains("tables/mine.txt"), "{message}");
    assert!(out.join("tables/mine.txt").exists());
}

/// What tests depend on asks features of crates that the program alone would not have: those that it needs to read
/// files of others, it asks for itself.
#[test]
fn the_program_asks_itself_for_all_codecs() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
    let features = |name: &str| manifest["dependencies"][name]["features"].to_string();
    for codec in ["brotli", "flate2-zlib-rs", "lz4", "snap", "zstd"] {
        assert!(features("parquet").contains(codec), "{codec}");
    }
    assert!(features("serde_json").contains("float_roundtrip"));
}
