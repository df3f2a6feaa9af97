//! Other nomenclatures: codes of a territory's own below those of OCS GE, vintages of another nomenclature,
//! tables by classes of one's own.

mod support;

use std::path::{Path, PathBuf};

use millesime::progress::Quiet;
use millesime::reference::Reference;
use support::drawn::{Drawing, object, rectangle};
use support::{Outputs, assert_closed, exact, sums};
use tempfile::TempDir;

/// Hectares of a value of a table.
fn hectares(value: &str) -> i64 {
    exact(value) / 20_000 / 10_000
}

fn edit(path: &Path, what: impl Fn(String) -> String) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, what(text)).unwrap();
}

fn refused(territory: &Path) -> String {
    let out = territory.with_file_name("refused");
    let error = millesime::run::run(territory, &out, &Quiet);
    error.err().unwrap().to_string()
}

const LOCAL: &str = "code,parent,label_fr,label_en,colour\n\
    CS2.2.1.1,CS2.2.1,Prairies,Meadows,#88cc44\n\
    CS2.2.1.2,CS2.2.1,Cultures,Crops,\n\
    US5.1,US5,Habitat individuel,Houses,\n\
    US5.1.1,US5.1,Habitat individuel groupé,Terraced houses,\n";

/// Three strips of ten hectares: a meadow that is ploughed, one that is told more finely, one that is built.
fn strips(folder: &Path) -> PathBuf {
    let strip = |n: f64| rectangle(n * 100.0, 0.0, (n + 1.0) * 100.0, 1000.0);
    let (a, b, c) = (strip(0.0), strip(1.0), strip(2.0));
    let territory = Drawing::default()
        .commune("32001", rectangle(0.0, 0.0, 300.0, 1000.0))
        .vintage(
            2019,
            vec![
                object("CS2.2.1.1", "US1.1", &[&a]),
                object("CS2.2.1", "US1.1", &[&b]),
                object("CS2.2.1.1", "US1.1", &[&c]),
            ],
        )
        .vintage(
            2022,
            vec![
                object("CS2.2.1.2", "US1.1", &[&a]),
                object("CS2.2.1.2", "US1.1", &[&b]),
                object("CS2.2.1.1", "US5.1.1", &[&c]),
            ],
        )
        .write(folder);
    let tables = folder.join("reference/nomenclature");
    std::fs::create_dir_all(&tables).unwrap();
    std::fs::write(tables.join("local.csv"), LOCAL).unwrap();
    edit(&territory, |text| {
        text + "\n[run]\nreference = \"reference\"\n"
    });
    territory
}

#[test]
fn codes_below_those_of_ocs_ge_have_their_account() {
    let folder = TempDir::new().unwrap();
    let territory = strips(folder.path());
    let outputs = Outputs::of(&territory);
    assert_closed(&outputs);
    // A meadow that is ploughed changes; one that is told more finely does not.
    let causes = sums(&outputs.table("transitions"), &["cause"], "area_m2");
    let of = |cause: &str| causes.get(&vec![cause.to_owned()]).copied().unwrap_or(0) / 200_000_000;
    assert_eq!((of("change"), of("nomenclature")), (20, 10));
    // Every code has its row, and the status of the code above it: houses artificialise.
    let stock = outputs.table("stock_by_cover");
    let in_2022: Vec<(&str, i64)> = stock
        .iter()
        .filter(|row| row["year"] == "2022")
        .map(|row| (row["cs"].as_str(), hectares(&row["area_m2"])))
        .collect();
    assert_eq!(in_2022, [("CS2.2.1.1", 10), ("CS2.2.1.2", 20)]);
    let flux = outputs.table("flux_by_use");
    let houses = flux.iter().find(|row| row["us"] == "US5.1.1").unwrap();
    assert_eq!(hectares(&houses["artificialised_m2"]), 10);
    // They are labelled where codes are, between those of OCS GE.
    let nomenclature = outputs.table("nomenclature");
    let place = |code: &str| {
        nomenclature
            .iter()
            .position(|row| row["code"] == code)
            .unwrap()
    };
    assert!(place("US5") < place("US5.1") && place("US5.1") < place("US5.1.1"));
    assert!(place("US5.1.1") < place("US6.1"));
    assert_eq!(nomenclature[place("CS2.2.1.1")]["colour"], "#88cc44");
    assert_eq!(
        nomenclature[place("US5.1.1")]["label_fr"],
        "Habitat individuel groupé"
    );
    // What is urbanised, or is told by an aggregate, is so below as above.
    let urbanised = outputs.parquet("account/urbanised.parquet");
    let rows = |us: &str| {
        let column = urbanised[0].column_by_name("us").unwrap();
        let texts = arrow::array::AsArray::as_string::<i32>(column);
        texts.iter().filter(|text| *text == Some(us)).count()
    };
    assert!(rows("US5") > 0);
    assert_eq!(rows("US5.1.1"), rows("US5"));
    let reference = Reference::load(Some(&folder.path().join("reference"))).unwrap();
    let code = |text: &str| reference.usage.code(text).unwrap();
    assert!(reference.is_aggregate_of(code("US235"), code("US5.1.1")));
    assert_eq!(reference.usage.base(code("US5.1.1")), code("US5"));
    // And asked for with the codes above them.
    let question = millesime::query::Question {
        out: outputs.path(),
        filter: millesime::query::Filter {
            transitions: vec!["CS2.2.1.*>US5.*".parse().unwrap()],
            ..Default::default()
        },
        order: None,
        limit: None,
    };
    assert_eq!(
        millesime::query::total(&question).unwrap().area / 200_000_000,
        10
    );
}

#[test]
fn local_codes_that_are_wrong_are_refused() {
    let folder = TempDir::new().unwrap();
    let territory = strips(folder.path());
    let table = folder.path().join("reference/nomenclature/local.csv");
    for (row, said) in [
        (
            "CS2.2.9.1,CS2.2.9,X,X,",
            "the parent `CS2.2.9` of CS2.2.9.1",
        ),
        ("CS2.2.1,CS2.2,X,X,", "is there already"),
        ("Prairie,CS2.2.1,X,X,", "begins neither with CS nor with US"),
        ("CS2.2.1.3,CS2.2.1,X,X,vert", "is not a colour"),
        ("CS2.2.2.1,CS2.2.1,X,X,", "is not `CS2.2.1.`"),
        ("CS2.2.1.a*,CS2.2.1,X,X,", "is not `CS2.2.1.`"),
    ] {
        std::fs::write(&table, format!("{LOCAL}{row}\n")).unwrap();
        let message = refused(&territory);
        assert!(
            message.contains(said) && message.contains("local.csv"),
            "{message}"
        );
    }
}

/// A territory of two dates of other classes, in `class` or in `class` and `class_us`.
fn classed(folder: &Path, dates: [&[(&str, &str)]; 2], more: &str) -> PathBuf {
    let strip = |n: f64| rectangle(n * 100.0, 0.0, (n + 1.0) * 100.0, 1000.0);
    let count = dates[0].len() as f64;
    let mut drawing =
        Drawing::default().commune("59001", rectangle(0.0, 0.0, count * 100.0, 1000.0));
    for (year, classes) in [2012, 2018].into_iter().zip(dates) {
        let strips = (0..classes.len()).map(|n| object("x", "y", &[&strip(n as f64)]));
        drawing = drawing.vintage(year, strips.collect());
    }
    let territory = drawing.write(folder);
    for (year, classes) in [2012, 2018].into_iter().zip(dates) {
        edit(&folder.join(format!("{year}.geojson")), |text| {
            let mut layer: serde_json::Value = serde_json::from_str(&text).unwrap();
            for (feature, (class, usage)) in layer["features"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .zip(classes)
            {
                feature["properties"] =
                    serde_json::json!({ "class": class, "class_us": usage, "id": class });
            }
            layer.to_string()
        });
    }
    // Of vintages, not of communes.
    edit(&territory, |text| {
        let lines = text.lines().map(|line| match line.starts_with("product") {
            true => format!("{line}\n{more}"),
            false => format!("{line}\n"),
        });
        lines.collect()
    });
    territory
}

#[test]
fn what_is_said_of_a_local_code_is_not_said_of_all_above_it() {
    let folder = TempDir::new().unwrap();
    let territory = strips(folder.path());
    let tables = folder.path().join("reference/artificialisation");
    std::fs::create_dir_all(&tables).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/artificialisation");
    let table = std::fs::read_to_string(shipped.join("impermeable.csv")).unwrap();
    let more = table + "CS2.2.1.1,true,x,our choice\n";
    std::fs::write(tables.join("impermeable.csv"), more).unwrap();
    let message = refused(&territory);
    assert!(message.contains("CS2.2.1.1 is not a leaf"), "{message}");
}

#[test]
fn vintages_of_another_nomenclature_are_read_by_a_crosswalk() {
    let folder = TempDir::new().unwrap();
    let dates: [&[(&str, &str)]; 2] = [
        &[("112", ""), ("211", ""), ("311", "")],
        &[("112", ""), ("121", ""), ("311", "")],
    ];
    let more = "crosswalk = \"corine-land-cover\"\ncover = \"class\"\n";
    let territory = classed(folder.path(), dates, more);
    let outputs = Outputs::of(&territory);
    assert_closed(&outputs);
    let flux = outputs.table("flux");
    assert_eq!(hectares(&flux[0]["artificialised_m2"]), 10);
    // The class that ground comes from goes with it.
    let faces = outputs.parquet("faces/period=2012-2018/departement=59/faces.parquet");
    let text = format!("{:?}", faces[0].column_by_name("code_or_after").unwrap());
    assert!(
        text.contains("\"121\"") && text.contains("\"311\""),
        "{text}"
    );

    // Of one column of cover and one of use.
    let folder = TempDir::new().unwrap();
    let dates: [&[(&str, &str)]; 2] = [
        &[("CS6.3.0", "US1.1.3"), ("CS4.1.2", "US1.2.4")],
        &[("CS1.1.1", "US5.1.1"), ("CS4.1.2", "US1.2.4")],
    ];
    let more = "crosswalk = \"ocs2d-hauts-de-france\"\ncover = \"class\"\nuse = \"class_us\"\n";
    let territory = classed(folder.path(), dates, more);
    let outputs = Outputs::of(&territory);
    let transitions = outputs.table("transitions");
    let built = transitions
        .iter()
        .find(|row| row["cause"] == "change")
        .unwrap();
    let codes = ["cs_before", "us_before", "cs_after", "us_after"].map(|c| built[c].as_str());
    assert_eq!(codes, ["CS2.2.1", "US1.1", "CS1.1.1.1", "US5"]);

    // What is not in it is told, with where and what is near.
    edit(&folder.path().join("2018.geojson"), |text| {
        text.replace("CS4.1.2", "CS4.1.9")
    });
    let message = refused(&territory);
    assert!(
        message.contains("CS4.1.9") && message.contains("row 2"),
        "{message}"
    );
    edit(&territory, |text| {
        text.replace("ocs2d-hauts-de-france", "ocs2d")
    });
    let message = refused(&territory);
    assert!(message.contains("ocs2d-hauts-de-france"), "{message}");
    edit(&territory, |text| {
        text.replace("\"ocs2d\"", "\"corine-land-cover\"")
    });
    let message = refused(&territory);
    assert!(message.contains("one column of classes"), "{message}");
    // One of the territory's own.
    let own = "code,cover,use\nA,CS2.2.1,US1.1\nB,CS1.1.1.1,US7\n";
    std::fs::write(folder.path().join("own.csv"), own).unwrap();
    edit(&territory, |text| {
        text.replace("corine-land-cover", "own.csv")
    });
    let message = refused(&territory);
    assert!(
        message.contains("class B") && message.contains("`US7`"),
        "{message}"
    );
}

#[test]
fn shipped_crosswalks_are_whole() {
    let reference = Reference::load(None).unwrap();
    for (name, columns) in [("corine-land-cover", 1), ("ocs2d-hauts-de-france", 2)] {
        let crosswalk = reference.crosswalk(name).unwrap();
        assert_eq!(crosswalk.is_of_one_column(), columns == 1);
    }
}

#[test]
fn tables_are_made_by_classes_of_ones_own() {
    let folder = TempDir::new().unwrap();
    let territory = strips(folder.path());
    let classes = "class,label_fr,cover,use\n\
        1,Habitat,,US5\n2,Prairie,CS2.2.1.1,\n3,Autre terre agricole,,US1.1\n";
    std::fs::write(folder.path().join("mos.csv"), classes).unwrap();
    edit(&territory, |text| text + "classes = \"mos.csv\"\n");
    let outputs = Outputs::of(&territory);
    let stock: Vec<(String, String, i64)> = outputs
        .table("stock_by_class")
        .iter()
        .map(|row| {
            (
                row["year"].clone(),
                row["class"].clone(),
                hectares(&row["area_m2"]),
            )
        })
        .collect();
    let row = |year: &str, class: &str, area| (year.to_owned(), class.to_owned(), area);
    assert_eq!(
        stock,
        [
            row("2019", "2", 20),
            row("2019", "3", 10),
            row("2022", "1", 10),
            row("2022", "3", 20),
        ]
    );
    let moved: Vec<(String, String, i64)> = outputs
        .table("class_transitions")
        .iter()
        .map(|r| {
            (
                r["class_before"].clone(),
                r["class_after"].clone(),
                hectares(&r["area_m2"]),
            )
        })
        .collect();
    assert_eq!(moved, [row("2", "1", 10), row("2", "3", 10)]);
    // At every level.
    assert_eq!(outputs.table("territoire/stock_by_class").len(), 4);
    assert!(!outputs.path().join("tables/enaf_by_class.csv").exists());
    // Where classes tell what they are of, they measure consumption; columns may be separated otherwise.
    let kinds = "class,label_fr,cover,use,enaf\n\
        1,Habitat,,US5,urbanise\n2,Prairie,CS2.2.1.1,,naturel\n3,Autre terre agricole,,US1.1,agricole\n";
    std::fs::write(folder.path().join("mos.csv"), kinds).unwrap();
    edit(&territory, |text| {
        format!("licence = \"etalab-2.0\"\n{text}separator = \";\"\n")
    });
    let outputs = Outputs::of(&territory);
    let table = std::fs::read_to_string(outputs.path().join("tables/enaf_by_class.csv")).unwrap();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split(';').collect();
    let expected = [
        "published",
        "32001",
        "Commune 32001",
        "32",
        "2019",
        "2022",
        "100000.00000",
        "0.00000",
        "100000.00000",
        "0.00000",
        "0.00000",
        "100000.00000",
    ];
    assert_eq!(row[..12], expected);
    // What reads the tables of a run reads these.
    let own = millesime::query::commune(&outputs.path(), "commune 32001").unwrap();
    assert!(own.contains("32001"));
    let package = std::fs::read_to_string(outputs.path().join("datapackage.json")).unwrap();
    assert!(package.contains("\"delimiter\": \";\""));
    assert!(package.contains("\"name\": \"etalab-2.0\""));
    // So do tables that are made again of its account.
    let again = folder.path().join("again");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_millesime"))
        .args(["indicators", "all", "--out"])
        .arg(outputs.path())
        .arg("--into")
        .arg(&again)
        .status()
        .unwrap();
    assert!(status.success());
    for file in [
        "datapackage.json",
        "tables/stock.csv",
        "tables/dictionary.csv",
    ] {
        let [first, second] =
            [&outputs.path(), &again].map(|of| std::fs::read(of.join(file)).unwrap());
        assert!(first == second, "{file}");
    }
    edit(&folder.path().join("mos.csv"), |text| {
        text.replace("naturel", "nature")
    });
    let message = refused(&territory);
    assert!(
        message.contains("class 2") && message.contains("naturel"),
        "{message}"
    );
    edit(&folder.path().join("mos.csv"), |text| {
        text.replace(",nature\n", ",naturel\n")
            .replace("US1.1", "US9")
    });
    let message = refused(&territory);
    assert!(
        message.contains("class 3") && message.contains("`US9`"),
        "{message}"
    );
}
