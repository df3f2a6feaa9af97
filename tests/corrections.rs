//! Corrections of vintages: the revised series.

mod support;

use serde_json::{Value, json};
use support::drawn::{Drawing, Ring, object, rectangle, write_geojson};
use support::{Outputs, assert_closed};
use tempfile::TempDir;

const FIELD: (&str, &str) = ("CS2.2.1", "US1.1");
const YARD: (&str, &str) = ("CS1.1.1.2", "US2");
const SIDE: f64 = 1000.0;

fn with(mut feature: Value, properties: Value) -> Value {
    for (key, value) in properties.as_object().unwrap() {
        feature["properties"][key] = value.clone();
    }
    feature
}

/// A field with a yard of a hectare in it, which loses half of it by 2021.
fn vintages() -> [Vec<Value>; 2] {
    let all = rectangle(0.0, 0.0, SIDE, SIDE);
    let of = |yard: &Ring| {
        vec![
            with(
                object(FIELD.0, FIELD.1, &[&all, yard]),
                json!({ "id": "F1" }),
            ),
            with(object(YARD.0, YARD.1, &[yard]), json!({ "id": "Y1" })),
        ]
    };
    [
        of(&rectangle(100.0, 100.0, 200.0, 200.0)),
        of(&rectangle(100.0, 100.0, 150.0, 200.0)),
    ]
}

/// Runs the two vintages with the rows of a file of corrections of 2018.
fn corrected(rows: &[Value]) -> Outputs {
    let folder = TempDir::new().unwrap();
    write_geojson(&folder.path().join("corrections.geojson"), rows);
    let [before, after] = vintages();
    let mut drawing = Drawing::default()
        .commune("32001", rectangle(0.0, 0.0, SIDE, SIDE))
        .vintage(2018, before)
        .vintage(2021, after);
    drawing.more = "[[corrections]]\npath = \"corrections.geojson\"\nvintage = 2018\n\
                    [align]\nmode = \"change-first\"\n"
        .to_owned();
    let outputs = Outputs::of(&drawing.write(folder.path()));
    assert_closed(&outputs);
    outputs
}

fn correction(cs: Option<&str>, us: Option<&str>, ring: &Ring, status: &str, date: &str) -> Value {
    with(
        object("", "", &[ring]),
        json!({
            "code_cs": null, "code_us": null, "cs": cs, "us": us, "status": status, "date": date,
            "contributor": "AB", "reason": "seen on the ground",
        }),
    )
}

fn at(path: &std::path::Path) -> millesime::territory::Corrections {
    millesime::territory::Corrections {
        path: path.to_owned(),
        layer: None,
        vintage: None,
        crs: None,
        encoding: None,
    }
}

fn artificial(outputs: &Outputs, series: &str, year: &str) -> f64 {
    let stock = outputs.table_of(series, "stock");
    let row = stock.iter().find(|row| row["year"] == year).unwrap();
    row["artificial_m2"].parse().unwrap()
}

#[test]
fn a_validated_correction_is_a_revision_and_no_flux() {
    // Half of the yard of 2018 was never one.
    let east = rectangle(150.0, 100.0, 200.0, 200.0);
    let rows = [correction(
        Some("CS2.2.1"),
        Some("US1.1"),
        &east,
        "validated",
        "2024-01-01",
    )];
    let outputs = corrected(&rows);
    assert_eq!(artificial(&outputs, "published", "2018"), 10_000.0);
    assert_eq!(artificial(&outputs, "revised", "2018"), 5_000.0);
    assert_eq!(artificial(&outputs, "revised", "2021"), 5_000.0);
    let lost = |series: &str| outputs.table_of(series, "flux")[0]["desartificialised_m2"].clone();
    assert_eq!(lost("published"), "5000.00000");
    assert_eq!(lost("revised"), "0.00000");
    assert_eq!(lost("aligned"), "0.00000");
    let revisions = outputs.table("revisions");
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0]["area_m2"], "5000.00000");
    assert_eq!(revisions[0]["net_artificial_m2"], "-5000.00000");
    assert_eq!(outputs.series().len(), 3);
}

#[test]
fn only_validated_corrections_are_applied() {
    let east = rectangle(150.0, 100.0, 200.0, 200.0);
    let rows = [
        correction(
            Some("CS2.2.1"),
            Some("US1.1"),
            &east,
            "submitted",
            "2024-01-01",
        ),
        correction(
            Some("CS2.2.1"),
            Some("US1.1"),
            &east,
            "rejected",
            "2024-01-02",
        ),
    ];
    let outputs = corrected(&rows);
    assert_eq!(artificial(&outputs, "revised", "2018"), 10_000.0);
    assert!(outputs.table("revisions").is_empty());
}

#[test]
fn a_correction_and_its_inverse_cancel() {
    let east = rectangle(150.0, 100.0, 200.0, 200.0);
    let rows = [
        // The order of the rows does not matter, their dates do.
        correction(Some(YARD.0), Some(YARD.1), &east, "validated", "2024-06-01"),
        correction(
            Some(FIELD.0),
            Some(FIELD.1),
            &east,
            "validated",
            "2024-01-01",
        ),
    ];
    let outputs = corrected(&rows);
    assert!(outputs.table("revisions").is_empty());
    let revision = outputs.summary.revision.as_ref().unwrap();
    assert_eq!(revision.conflicts.len(), 1);
    assert_eq!(revision.conflicts[0].area_m2, "5000.00000");
    assert!(revision.conflicts[0].later.ends_with("row 1"));
}

#[test]
fn what_the_vintage_says_already_is_not_corrected_twice() {
    let east = rectangle(150.0, 100.0, 200.0, 200.0);
    let rows = [correction(
        Some(YARD.0),
        None,
        &east,
        "validated",
        "2024-01-01",
    )];
    let revision = corrected(&rows).summary.revision.unwrap();
    assert_eq!(revision.already_m2, "5000.00000");
    assert_eq!(revision.amended_m2, "0.00000");
}

#[test]
fn a_patch_is_joined_by_identifier_and_ground() {
    let yard = rectangle(100.0, 100.0, 200.0, 200.0);
    let patch = |id: &str, cs: &str, us: &str| {
        with(
            object(YARD.0, YARD.1, &[&yard]),
            json!({ "id_ocs": id, "cs_corr": cs, "us_corr": us, "os_corr": "RAS", "decoup_geo": "" }),
        )
    };
    let outputs = corrected(&[patch("Y1", "CS2.2.1", "RAS"), patch("Z9", "CS2.2.1", "RAS")]);
    let revisions = outputs.table("revisions");
    assert_eq!(revisions.len(), 1, "{revisions:?}");
    assert_eq!(revisions[0]["cs_revised"], "CS2.2.1");
    assert_eq!(revisions[0]["us_revised"], "US2");
    let revision = outputs.summary.revision.as_ref().unwrap();
    assert_eq!(revision.unmatched.len(), 1);
    assert!(
        revision.unmatched[0].ends_with("row 2"),
        "{:?}",
        revision.unmatched
    );
}

#[test]
fn a_correction_without_polygon_amends_its_object() {
    let mut row = correction(
        None,
        Some("US3"),
        &rectangle(0.0, 0.0, 1.0, 1.0),
        "validated",
        "2024-01-01",
    );
    row["geometry"] = Value::Null;
    row["properties"]["id_ocs"] = "Y1".into();
    let outputs = corrected(&[row]);
    let revisions = outputs.table("revisions");
    assert_eq!(revisions[0]["area_m2"], "10000.00000");
    assert_eq!(revisions[0]["us_revised"], "US3");
}

#[test]
fn wrong_corrections_are_refused_in_plain_words() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("corrections.geojson");
    let reference = millesime::reference::Reference::load(None).unwrap();
    let check = |rows: &[Value]| {
        write_geojson(&path, rows);
        let error = millesime::corrections::check(&at(&path), &reference);
        error.err().map(|e| e.to_string()).unwrap_or_default()
    };
    let ring = rectangle(0.0, 0.0, 10.0, 10.0);
    let of = |cs: &str, status: &str| {
        let row = correction(Some(cs), None, &ring, status, "2024-01-01");
        with(row, json!({ "vintage": 2018 }))
    };
    assert_eq!(check(&[of("CS2.2.1", "validated")]), "");
    let message = check(&[of("CS9.9", "validated")]);
    assert!(
        message.contains("row 1") && message.contains("CS9.9"),
        "{message}"
    );
    let message = check(&[of("CS2.2.1", "validated"), of("CS2.2.1", "perhaps")]);
    assert!(
        message.contains("row 2") && message.contains("perhaps"),
        "{message}"
    );
    let mut row = of("CS2.2.1", "validated");
    row["properties"].as_object_mut().unwrap().remove("vintage");
    assert!(check(&[row]).contains("which vintage"));
    let message = check(&[object("CS2.2.1", "US1.1", &[&ring])]);
    assert!(message.contains("status"), "{message}");
}

#[test]
fn the_template_can_be_read_back() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mine.gpkg");
    let crs = millesime::crs::Crs::parse("EPSG:2154", "test").unwrap();
    millesime::corrections::write_template(&path, &crs, &[]).unwrap();
    assert!(folder.path().join("mine.qml").exists());
    let reference = millesime::reference::Reference::load(None).unwrap();
    let read = millesime::corrections::check(&at(&path), &reference).unwrap();
    assert!(read.list.is_empty());
    let again = millesime::corrections::write_template(&path, &crs, &[]);
    assert!(again.unwrap_err().to_string().contains("there already"));
}

#[test]
fn what_is_worth_a_look_comes_back_as_corrections() {
    let ring = rectangle(0.0, 0.0, 10.0, 10.0);
    let outputs = corrected(&[correction(
        Some("CS2.2.1"),
        None,
        &ring,
        "rejected",
        "2024-01-01",
    )]);
    let path = outputs.folder.path().join("review.gpkg");
    let reference = millesime::reference::Reference::load(None).unwrap();
    let summary = millesime::review::review(&outputs.path(), &path, 10, &reference).unwrap();
    assert_eq!((summary.judged, summary.written), (1, 1));
    let read = millesime::corrections::check(&at(&path), &reference).unwrap();
    assert_eq!(read.list[0].year, 2021);
    assert_eq!(&*read.list[0].source, "photo-interprétation");
    assert_eq!(
        read.list[0].status,
        millesime::corrections::Status::Submitted
    );
}

#[test]
fn dates_are_dates_and_the_order_of_rows_decides_nothing() {
    let east = rectangle(150.0, 100.0, 200.0, 200.0);
    let field = |date: &str| correction(Some(FIELD.0), Some(FIELD.1), &east, "validated", date);
    let yard = |date: &str| correction(Some(YARD.0), Some(YARD.1), &east, "validated", date);
    // The later one is followed, however dates are written.
    let outputs = corrected(&[field("02/01/2025"), yard("15/12/2024")]);
    assert_eq!(artificial(&outputs, "revised", "2018"), 5_000.0);
    let outputs = corrected(&[field("2025-1-10"), yard("2025-1-9")]);
    assert_eq!(artificial(&outputs, "revised", "2018"), 5_000.0);
    // On one day, content decides.
    let one = corrected(&[field("2025-01-01"), yard("2025-01-01")]);
    let other = corrected(&[yard("2025-01-01"), field("2025-01-01")]);
    let stocks = [one, other].map(|o| artificial(&o, "revised", "2018"));
    assert_eq!(stocks[0], stocks[1]);
}

#[test]
fn a_correction_that_is_not_validated_leaves_no_trace() {
    // Off the lines of the vintage: laid, it would cut them.
    let odd = vec![(123.45, 33.21), (317.77, 91.13), (177.01, 233.9)];
    let without = corrected(&[correction(
        Some("CS2.2.1"),
        None,
        &odd,
        "rejected",
        "2024-01-01",
    )]);
    let empty = corrected(&[correction(None, None, &odd, "validated", "2024-01-01")]);
    for outputs in [without, empty] {
        assert_eq!(
            outputs
                .summary
                .ground
                .as_ref()
                .unwrap()
                .report
                .noding_passes,
            0
        );
        assert!(outputs.table("revisions").is_empty());
    }
}

#[test]
fn every_conflict_is_told() {
    let east = rectangle(150.0, 100.0, 200.0, 200.0);
    let outputs = corrected(&[
        correction(Some("CS1.1.1.1"), None, &east, "validated", "2024-01-01"),
        correction(Some("CS2.2.1"), None, &east, "validated", "2024-01-02"),
        correction(None, Some("US5"), &east, "validated", "2024-01-03"),
    ]);
    let revision = outputs.summary.revision.as_ref().unwrap();
    assert_eq!(revision.conflicts.len(), 1, "{:?}", revision.conflicts);
    let revisions = outputs.table("revisions");
    assert_eq!(revisions[0]["cs_revised"], "CS2.2.1");
    assert_eq!(revisions[0]["us_revised"], "US5");
}

#[test]
fn nothing_is_written_over() {
    let folder = TempDir::new().unwrap();
    let crs = millesime::crs::Crs::parse("EPSG:2154", "test").unwrap();
    let write = |name: &str| {
        let path = folder.path().join(name);
        millesime::corrections::write_template(&path, &crs, &[]).map_err(|e| e.to_string())
    };
    assert!(write("form.qml").unwrap_err().contains(".gpkg"));
    std::fs::write(folder.path().join("mine.qml"), "mine").unwrap();
    assert!(write("mine.gpkg").unwrap_err().contains("there already"));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("mine.qml")).unwrap(),
        "mine"
    );
    assert!(
        write("nowhere/mine.gpkg")
            .unwrap_err()
            .contains("not a folder")
    );
}
