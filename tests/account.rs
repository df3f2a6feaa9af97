//! The account of generated territories: it closes, in integers, and tells the changes that are
//! known to be true.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use millesime::twin::{Landscape, Twin};
use millesime::vector::{Layer, Opening};
use support::{Outputs, assert_closed, exact, square_metres, sums};
use tempfile::TempDir;

fn twin(folder: &TempDir, km2: u32, seed: u64, years: &[u16]) -> std::path::PathBuf {
    let out = folder.path().join("twin");
    let years = years.to_vec();
    let landscape = Landscape::Inland;
    Twin {
        km2,
        seed,
        years,
        landscape,
        is_observed: false,
        imagery: None,
        has_sources: false,
    }
    .write(&out, &millesime::progress::Quiet)
    .unwrap();
    out.join("TERRITORY.toml")
}

#[test]
fn twins_of_several_seeds_and_sizes_close() {
    for (km2, seed) in [(1, 1), (1, 2), (4, 3), (9, 4), (25, 5)] {
        let folder = TempDir::new().unwrap();
        let outputs = Outputs::of(&twin(&folder, km2, seed, &[2018, 2021]));
        assert_closed(&outputs);
        let stock = outputs.table("stock");
        // Everything is covered, but for what lies beyond the communes' limits: nothing.
        assert!(
            stock.iter().all(|r| r["area_m2"] == r["covered_m2"]),
            "{km2} km², seed {seed}"
        );
        assert!(stock.iter().all(|r| !r["artificial_share"].is_empty()));
    }
}

#[test]
fn net_balances_add_up_over_three_vintages() {
    let folder = TempDir::new().unwrap();
    let territory = twin(&folder, 9, 11, &[2016, 2019, 2022]);
    let text = std::fs::read_to_string(&territory).unwrap() + "\n[run]\nperiods = [[2016, 2022]]\n";
    std::fs::write(&territory, text).unwrap();
    let outputs = Outputs::of(&territory);
    assert_closed(&outputs);
    let flux = outputs.table("flux");
    for column in ["net_m2", "net_impermeable_m2", "revealed_m2"] {
        let mut whole: BTreeMap<&str, i64> = BTreeMap::new();
        let mut steps: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &flux {
            let is_whole = row["year_before"] == "2016" && row["year_after"] == "2022";
            let sums = if is_whole { &mut whole } else { &mut steps };
            *sums.entry(&row["commune"]).or_default() += exact(&row[column]);
        }
        assert!(whole.len() > 1);
        assert_eq!(whole, steps, "{column}");
    }
}

/// The true changes of the codes, m², by codes before and after.
fn truth(twin: &Path) -> BTreeMap<[String; 4], f64> {
    let mut layer = Layer::open(&twin.join("truth.gpkg"), Opening::default()).unwrap();
    let names = ["cs_before", "us_before", "cs_after", "us_after", "area_m2"];
    let columns = names.map(|n| Some(n.to_owned()));
    let mut found = BTreeMap::new();
    layer
        .scan(&columns, |row| {
            let text = |n: usize| row.values[n].clone().unwrap();
            *found
                .entry([text(0), text(1), text(2), text(3)])
                .or_insert(0.0) += text(4).parse::<f64>().unwrap();
            Ok(())
        })
        .unwrap();
    found
}

#[test]
fn the_transitions_are_the_true_changes() {
    let folder = TempDir::new().unwrap();
    let territory = twin(&folder, 9, 21, &[2018, 2021]);
    let outputs = Outputs::of(&territory);
    let truth = truth(territory.parent().unwrap());
    let mut found: BTreeMap<[String; 4], f64> = BTreeMap::new();
    for row in outputs.table("transitions") {
        let codes = ["cs_before", "us_before", "cs_after", "us_after"].map(|c| row[c].clone());
        if (&codes[0], &codes[1]) != (&codes[2], &codes[3]) {
            *found.entry(codes).or_default() += square_metres(exact(&row["area_m2"]));
        }
    }
    assert!(!truth.is_empty());
    assert_eq!(
        truth.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>()
    );
    for (codes, area) in &truth {
        // Communes' limits cross the changes; where they do, edges bend by a grid step.
        let difference = (area - found[codes]).abs();
        assert!(
            difference < 0.5,
            "{codes:?}: {area} against {}",
            found[codes]
        );
    }
}

#[test]
fn a_part_with_a_margin_agrees_with_the_whole() {
    // A commune in the middle, computed from its neighbourhood alone, is as in the whole: patches
    // that reach the margin's edge are flagged, and none of its own do.
    let folder = TempDir::new().unwrap();
    let territory = twin(&folder, 25, 31, &[2018, 2021]);
    let whole = Outputs::of(&territory);
    let twin = territory.parent().unwrap();
    let codes: Vec<String> = whole
        .table("coverage")
        .iter()
        .map(|r| r["commune"].clone())
        .collect();
    let margin = 1_000.0;
    let (commune, bounds) = codes
        .iter()
        .map(|code| (code.clone(), bounds(twin, code)))
        .max_by(|p, q| inner(twin, p.1).total_cmp(&inner(twin, q.1)))
        .unwrap();
    for year in [2018, 2021] {
        clip(twin, &format!("vintage-{year}.gpkg"), bounds, margin);
    }
    let part = Outputs::of(&territory);
    for table in ["stock", "flux"] {
        let row = |outputs: &Outputs| {
            outputs
                .table(table)
                .into_iter()
                .find(|r| r["commune"] == commune)
                .unwrap()
        };
        let (in_whole, in_part) = (row(&whole), row(&part));
        for column in [
            "artificial_m2",
            "artificialised_m2",
            "desartificialised_m2",
            "impermeable_m2",
        ] {
            if let Some(area) = in_whole.get(column) {
                let difference = square_metres(exact(area) - exact(&in_part[column])).abs();
                assert!(difference < 0.5, "{table}, {column}: {difference} m² apart");
            }
        }
    }
}

/// West, south, east, north of a commune.
fn bounds(twin: &Path, code: &str) -> [f64; 4] {
    let mut layer = Layer::open(&twin.join("communes.gpkg"), Opening::default()).unwrap();
    let mut bounds = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    layer
        .scan(&[Some("code".to_owned())], |row| {
            if row.values[0].as_deref() == Some(code) {
                let shape = millesime::vector::polygons(row.geometry.unwrap()).unwrap();
                for (x, y) in shape.polygons.into_iter().flatten().flatten() {
                    bounds[0] = bounds[0].min(x);
                    bounds[1] = bounds[1].min(y);
                    bounds[2] = bounds[2].max(x);
                    bounds[3] = bounds[3].max(y);
                }
            }
            Ok(())
        })
        .unwrap();
    bounds
}

/// How far a box lies from the edge of the territory.
fn inner(twin: &Path, own: [f64; 4]) -> f64 {
    let mut layer = Layer::open(&twin.join("communes.gpkg"), Opening::default()).unwrap();
    let mut all = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    layer
        .scan(&[], |row| {
            let shape = millesime::vector::polygons(row.geometry.unwrap()).unwrap();
            for (x, y) in shape.polygons.into_iter().flatten().flatten() {
                all = [all[0].min(x), all[1].min(y), all[2].max(x), all[3].max(y)];
            }
            Ok(())
        })
        .unwrap();
    (own[0] - all[0])
        .min(own[1] - all[1])
        .min(all[2] - own[2])
        .min(all[3] - own[3])
}

/// Keeps the objects of a vintage that come within a margin of a box.
fn clip(twin: &Path, name: &str, bounds: [f64; 4], margin: f64) {
    let whole = twin.join(name);
    let aside = twin.join("clipped.gpkg");
    let spatial = [
        (bounds[0] - margin).to_string(),
        (bounds[1] - margin).to_string(),
        (bounds[2] + margin).to_string(),
        (bounds[3] + margin).to_string(),
    ];
    {
        use gdal::vector::LayerAccess;
        let source = gdal::Dataset::open(&whole).unwrap();
        let driver = gdal::DriverManager::get_driver_by_name("GPKG").unwrap();
        let mut target = driver.create_vector_only(&aside).unwrap();
        let edges: Vec<f64> = spatial.iter().map(|v| v.parse().unwrap()).collect();
        for mut layer in source.layers() {
            layer.set_spatial_filter_rect(edges[0], edges[1], edges[2], edges[3]);
            let copy = target
                .create_layer(gdal::vector::LayerOptions {
                    name: &layer.name(),
                    srs: layer.spatial_ref().as_ref(),
                    ..Default::default()
                })
                .unwrap();
            let names: Vec<String> = layer.defn().fields().map(|f| f.name()).collect();
            let kinds: Vec<_> = names
                .iter()
                .map(|n| (n.as_str(), gdal::vector::OGRFieldType::OFTString))
                .collect();
            copy.create_defn_fields(&kinds).unwrap();
            for feature in layer.features() {
                let mut row = gdal::vector::Feature::new(copy.defn()).unwrap();
                for n in 0..names.len() {
                    if let Some(text) = feature.field_as_string(n).unwrap() {
                        row.set_field_string(n, &text).unwrap();
                    }
                }
                row.set_geometry(feature.geometry().unwrap().clone())
                    .unwrap();
                row.create(&copy).unwrap();
            }
        }
        target.flush_cache().unwrap();
    }
    std::fs::rename(aside, whole).unwrap();
}

#[test]
fn communes_sum_to_their_departement() {
    let folder = TempDir::new().unwrap();
    let outputs = Outputs::of(&twin(&folder, 9, 41, &[2018, 2021]));
    let by_commune = sums(
        &outputs.table("stock"),
        &["departement", "year"],
        "artificial_m2",
    );
    let by_code = sums(
        &outputs.table("stock_by_cover"),
        &["departement", "year"],
        "artificial_m2",
    );
    assert_eq!(by_commune, by_code);
    let ground: i64 = outputs.summary.ledgers[0].rows.iter().map(|r| r.area).sum();
    let areas = sums(&outputs.table("stock"), &["year"], "area_m2");
    assert!(areas.values().all(|&area| area == ground));
}
