//! Points to be checked, and what they say.

mod support;

use gdal::vector::LayerAccess;
use millesime::sample::{Kind, Plan, accuracy, draw};
use support::Outputs;
use support::drawn::{Drawing, object, rectangle};
use support::layers::update as check;
use tempfile::TempDir;

const SIDE: f64 = 1000.0;

/// A hectare of field that becomes a yard, beside a yard that stays.
fn outputs() -> Outputs {
    let folder = TempDir::new().unwrap();
    let all = rectangle(0.0, 0.0, SIDE, SIDE);
    let yard = rectangle(100.0, 100.0, 300.0, 200.0);
    let larger = rectangle(100.0, 100.0, 400.0, 200.0);
    let of = |yard: &_| {
        vec![
            object("CS2.2.1", "US1.1", &[&all, yard]),
            object("CS1.1.1.2", "US2", &[yard]),
        ]
    };
    let drawing = Drawing::default()
        .commune("32001", all.clone())
        .vintage(2018, of(&yard))
        .vintage(2021, of(&larger));
    Outputs::of(&drawing.write(folder.path()))
}

fn plan(outputs: &Outputs, seed: u64) -> Plan {
    Plan {
        out: outputs.path(),
        period: None,
        series: None,
        count: 120,
        seed,
    }
}

#[test]
fn points_are_shared_among_the_strata_and_lie_in_them() {
    let outputs = outputs();
    let path = outputs.folder.path().join("points.gpkg");
    let drawn = draw(&plan(&outputs, 1), &path).unwrap();
    let kinds: Vec<Kind> = drawn.strata.keys().copied().collect();
    assert_eq!(kinds, [Kind::Artificialised, Kind::Artificial, Kind::Other]);
    // A sixth of the points each, and half by area.
    let counts: Vec<usize> = drawn.strata.values().map(|(_, count)| *count).collect();
    assert_eq!(counts, [21, 21, 78]);
    let dataset = gdal::Dataset::open(&path).unwrap();
    let mut points = dataset.layer(0).unwrap();
    let stratum = points.defn().field_index("stratum").unwrap();
    let mut seen = 0;
    for feature in points.features() {
        let (x, y, _) = feature.geometry().unwrap().get_point(0);
        let (x, y) = (x - 478_000.0, y - 6_275_000.0);
        let is_in =
            |west: f64, east: f64| (west..=east).contains(&x) && (100.0..=200.0).contains(&y);
        match feature.field_as_string(stratum).unwrap().unwrap().as_str() {
            "artificialised" => assert!(is_in(300.0, 400.0), "{x} {y}"),
            "artificial" => assert!(is_in(100.0, 300.0), "{x} {y}"),
            "other" => assert!(!is_in(100.1, 399.9), "{x} {y}"),
            other => panic!("{other}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 120);
}

#[test]
fn the_same_seed_draws_the_same_points() {
    let outputs = outputs();
    let path = |name: &str| outputs.folder.path().join(name);
    for (name, seed) in [("a.gpkg", 1), ("b.gpkg", 1), ("c.gpkg", 2)] {
        draw(&plan(&outputs, seed), &path(name)).unwrap();
    }
    let bytes = |name: &str| std::fs::read(path(name)).unwrap();
    assert_eq!(bytes("a.gpkg"), bytes("b.gpkg"));
    assert_ne!(bytes("a.gpkg"), bytes("c.gpkg"));
    let again = draw(&plan(&outputs, 1), &path("a.gpkg")).unwrap_err();
    assert!(again.to_string().contains("never replaced"), "{again}");
}

#[test]
fn unchecked_points_measure_nothing() {
    let outputs = outputs();
    let path = outputs.folder.path().join("points.gpkg");
    draw(&plan(&outputs, 1), &path).unwrap();
    assert!(accuracy(&path).unwrap().figures.is_empty());
}

#[test]
fn checked_points_correct_the_figures() {
    let outputs = outputs();
    let path = outputs.folder.path().join("points.gpkg");
    draw(&plan(&outputs, 1), &path).unwrap();
    check(
        &path,
        "UPDATE points SET seen_before = (stratum = 'artificial'), \
         seen_after = (stratum IN ('artificial', 'artificialised'))",
    );
    let right = accuracy(&path).unwrap();
    let net = right.figures.iter().find(|f| f.name == "net").unwrap();
    assert_eq!((net.mapped, net.estimate.area), (10_000.0, 10_000.0));
    assert_eq!(net.estimate.error, 0.0);
    // No error was found: nothing is known of how rare they are.
    assert_eq!(right.thin().len(), 3);
    // Seven of the 21 points of new yard were one before.
    check(
        &path,
        "UPDATE points SET seen_before = 1 WHERE fid IN \
         (SELECT fid FROM points WHERE stratum = 'artificialised' LIMIT 7)",
    );
    let found = accuracy(&path).unwrap();
    let net = found.figures.iter().find(|f| f.name == "net").unwrap();
    assert!((net.estimate.area - 10_000.0 * 14.0 / 21.0).abs() < 1e-6);
    let share: f64 = 1.0 / 3.0;
    let error = 10_000.0 * (share * (1.0 - share) / 20.0).sqrt();
    assert!((net.estimate.error - error).abs() < 1e-6, "{net:?}");
    check(&path, "UPDATE points SET seen_after = 5 WHERE fid = 3");
    let message = accuracy(&path).unwrap_err().to_string();
    assert!(
        message.contains("row 3") && message.contains("`5`"),
        "{message}"
    );
}

#[test]
fn an_edited_draw_is_refused() {
    let outputs = outputs();
    let refused = |name: &str, sql: &str| {
        let path = outputs.folder.path().join(name);
        draw(&plan(&outputs, 1), &path).unwrap();
        check(&path, sql);
        accuracy(&path).unwrap_err().to_string()
    };
    let message = refused("a.gpkg", "DELETE FROM points WHERE stratum = 'other'");
    assert!(message.contains("no point of some strata"), "{message}");
    let message = refused(
        "b.gpkg",
        "UPDATE points SET stratum_half_cm2 = '1' WHERE fid = 1",
    );
    assert!(message.contains("another ground"), "{message}");
    let message = refused("c.gpkg", "UPDATE points SET stratum_half_cm2 = '-5'");
    assert!(message.contains("not a stratum"), "{message}");
}
