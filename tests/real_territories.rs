//! Runs on real data, whose truth is known.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use millesime::vector::{Layer, Opening};
use support::{Outputs, assert_closed, exact, real_data, square_metres};

/// Hectares of ground that became, and that ceased to be, CS1.1.x, by commune.
fn anthropised(outputs: &Outputs) -> BTreeMap<String, [f64; 2]> {
    let mut sums: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for row in outputs.table("transitions") {
        let is = |column: &str| row[column].starts_with("CS1.1");
        let way = match (is("cs_before"), is("cs_after")) {
            (false, true) => 0,
            (true, false) => 1,
            _ => continue,
        };
        let area = square_metres(exact(&row["area_m2"])) / 10_000.0;
        sums.entry(row["commune"].clone()).or_default()[way] += area;
    }
    sums
}

/// The whole hectares that the SCoT published for each commune, both ways.
fn published(data: &Path) -> BTreeMap<String, [f64; 2]> {
    let path = data.join("sybarval/Communes_SYBARVAL.shp");
    let mut layer = Layer::open(&path, Opening::default()).unwrap();
    let columns = ["CODE_INSEE", "A_B_2015_2", "A_B_2018_2"].map(|c| Some(c.to_owned()));
    let mut found = BTreeMap::new();
    layer
        .scan(&columns, |row| {
            let value = |n: usize| row.values[n].clone().unwrap();
            let hectares = |n: usize| value(n).parse::<f64>().unwrap();
            found.insert(value(0), [hectares(1), hectares(2)]);
            Ok(())
        })
        .unwrap();
    found
}

#[test]
fn sybarval_agrees_with_its_published_changes() {
    let Some(data) = real_data("sybarval_agrees_with_its_published_changes") else {
        return;
    };
    let outputs = Outputs::of_real("sybarval", &data);
    let found = anthropised(&outputs);
    let total = |way: usize| found.values().map(|v| v[way]).sum::<f64>();
    assert!((total(0) - 349.7).abs() < 0.1, "{}", total(0));
    assert!((total(1) - 123.1).abs() < 0.1, "{}", total(1));
    let published = published(&data);
    assert_eq!(published.len(), 17);
    for (commune, hectares) in &published {
        let ours = found.get(commune).copied().unwrap_or_default();
        for way in 0..2 {
            let difference = (ours[way] - hectares[way]).abs();
            assert!(
                difference <= 0.6,
                "{commune}: {ours:?} against {hectares:?}"
            );
        }
    }
    // Every commune is in the tables, those without any change too.
    assert_eq!(
        outputs
            .table("flux")
            .iter()
            .filter(|r| !r["commune"].is_empty())
            .count(),
        17
    );
    assert_closed(&outputs);
}

#[test]
fn the_dirt_of_sybarval_stays_in_the_account() {
    let Some(data) = real_data("the_dirt_of_sybarval_stays_in_the_account") else {
        return;
    };
    let outputs = Outputs::of_real("sybarval", &data);
    let transitions = outputs.table("transitions");
    let area_where = |keep: &dyn Fn(&support::Record) -> bool| -> f64 {
        let kept = transitions.iter().filter(|r| keep(r));
        square_metres(kept.map(|r| exact(&r["area_m2"])).sum())
    };
    let codes = |r: &support::Record| {
        ["cs_before", "us_before", "cs_after", "us_after"].map(|c| r[c].clone())
    };
    // Rows of null codes (334 m²).
    let unknown = area_where(&|r| codes(r).contains(&"INCONNU".to_owned()));
    assert!((unknown - 334.0).abs() < 1.0, "{unknown}");
    assert!(area_where(&|r| codes(r).contains(&"INDETERMINE".to_owned())) > 0.0);
    assert!(area_where(&|r| codes(r).contains(&"CS2.1.1".to_owned())) > 0.0);
    // Ground outside the communes (408 m²).
    let outside = area_where(&|r| r["commune"].is_empty());
    assert!((outside - 408.0).abs() < 1.0, "{outside}");
    let manifest = outputs.manifest();
    let read = |vintage: usize| &manifest["vintages"][vintage]["read"];
    assert_eq!(read(0)["rows"], 3_970 + 1_296);
    // Eight rows: four whose codes before are null, four whose codes after are.
    assert_eq!(
        (&read(0)["null_codes"], &read(1)["null_codes"]),
        (&4.into(), &4.into())
    );
}

/// Pixels of 0.25 m by raw code before and after.
fn pixels(outputs: &Outputs) -> BTreeMap<(String, String), i64> {
    let mut found: BTreeMap<(String, String), i64> = BTreeMap::new();
    for batch in outputs.parquet("faces/period=2016-2019/departement=32/faces.parquet") {
        let text = |name: &str| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_string::<i32>()
                .clone()
        };
        let (before, after) = (text("code_or_before"), text("code_or_after"));
        let areas = batch
            .column_by_name("area_half_cm2")
            .unwrap()
            .as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let code = |c: &arrow::array::StringArray| match c.is_valid(row) {
                true => c.value(row).to_owned(),
                false => String::new(),
            };
            *found.entry((code(&before), code(&after))).or_default() += areas.value(row);
        }
    }
    found
        .into_iter()
        .filter(|((before, after), _)| !(before.is_empty() && after.is_empty()))
        .map(|(codes, area)| {
            assert_eq!(area % 1_250, 0, "{codes:?}: not whole pixels");
            (codes, area / 1_250)
        })
        .collect()
}

#[test]
fn gers_counts_every_pixel() {
    let Some(data) = real_data("gers_counts_every_pixel") else {
        return;
    };
    let outputs = Outputs::of_real("gers", &data);
    let pixels = pixels(&outputs);
    let count = |before: &str, after: &str| {
        pixels
            .get(&(before.to_owned(), after.to_owned()))
            .copied()
            .unwrap_or(0)
    };
    assert_eq!(count("8", "9"), 355_272, "the clear cut");
    let gained: i64 = pixels
        .iter()
        .filter(|((before, after), _)| after == "2" && before != "2" && !before.is_empty())
        .map(|(_, n)| n)
        .sum();
    assert_eq!(gained, 53_310, "pervious ground gained");
    assert_eq!(count("", "2"), 5_277, "pervious ground that came into view");

    let manifest = outputs.manifest();
    for (year, covered) in [(0, "190735.50000"), (1, "196608.00000")] {
        let laid = &manifest["vintages"][year]["laid"];
        assert_eq!(laid["extent_m2"], "196608.00000");
        assert_eq!(laid["covered_m2"], covered);
    }
    let stock = outputs.table("stock");
    for (name, expected) in [("Bassoues", 148_859.80), ("Saint-Christaud", 47_748.20)] {
        let row = stock
            .iter()
            .find(|r| r["name"] == name && r["year"] == "2019")
            .unwrap();
        let covered = square_metres(exact(&row["covered_m2"]));
        assert!((covered - expected).abs() < 1.0, "{name}: {covered}");
    }
    // Where use is unknown, and where little is covered, no rate is claimed.
    assert!(stock.iter().all(|r| r["artificial_share"].is_empty()));
    assert_eq!(stock.len(), 2 * 462);
    let bases: Vec<String> = outputs
        .table("flux")
        .into_iter()
        .filter(|r| r["artificialised_m2"] != "0.00000")
        .map(|r| r["basis_after"].clone())
        .collect();
    assert!(bases.iter().all(|b| b != "décret"), "{bases:?}");
    assert_closed(&outputs);
}

#[test]
fn metaleurop_is_repaired_and_closes() {
    let Some(data) = real_data("metaleurop_is_repaired_and_closes") else {
        return;
    };
    let outputs = Outputs::of_real("metaleurop", &data);
    let stock = outputs.table("stock");
    assert_eq!(stock.len(), 1);
    assert_eq!(stock[0]["commune"], "00000");
    let laid = &outputs.manifest()["vintages"][0]["laid"];
    let covered = exact(laid["covered_m2"].as_str().unwrap());
    let gaps = exact(laid["gaps_m2"].as_str().unwrap());
    assert_eq!(exact(&stock[0]["covered_m2"]), covered);
    assert_eq!(exact(&stock[0]["area_m2"]), covered + gaps);
    assert!(exact(laid["overlaps_m2"].as_str().unwrap()) > 0);
    let by_cover: i64 = outputs
        .table("stock_by_cover")
        .iter()
        .map(|r| exact(&r["area_m2"]))
        .sum();
    assert_eq!(by_cover, covered);
    assert_closed(&outputs);
}

#[test]
fn check_tells_what_is_wrong_with_metaleurop() {
    let Some(data) = real_data("check_tells_what_is_wrong_with_metaleurop") else {
        return;
    };
    let reference = millesime::reference::Reference::load(None).unwrap();
    let path = data.join("metaleurop/ocsge_metaleurop.gpkg");
    let report = millesime::check::check(&path, None, None, &reference).unwrap();
    assert!(!report.is_valid());
    let hectares = |start: &str| {
        let finding = report
            .findings
            .iter()
            .find(|f| f.what.starts_with(start))
            .unwrap();
        assert!(!finding.places.is_empty());
        square_metres(finding.area.unwrap()) / 10_000.0
    };
    let (overlaps, gaps) = (hectares("overlaps"), hectares("gaps"));
    assert!((overlaps - 284.57).abs() < 2.85, "{overlaps}");
    assert!((gaps - 204.4).abs() < 6.1, "{gaps}");
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.what.starts_with("invalid geometries"))
    );
}
