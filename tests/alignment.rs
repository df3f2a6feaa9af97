//! Telling change from noise: the aligned series.

mod support;

use support::drawn::{Drawing, Ring, object, rectangle};
use support::{Outputs, Record, assert_closed, real_data};
use tempfile::TempDir;

const FIELD: (&str, &str) = ("CS2.2.1", "US1.1");
const HOUSING: (&str, &str) = ("CS1.1.1.2", "US5");
const ROAD: (&str, &str) = ("CS1.1.1.2", "US4.1.1");
const WOOD: (&str, &str) = ("CS2.1.1.1", "US1.2");

const SIDE: f64 = 1000.0;

fn of(codes: (&str, &str), rings: &[&Ring]) -> serde_json::Value {
    object(codes.0, codes.1, rings)
}

/// Runs vintages of one commune with alignment.
fn aligned(vintages: Vec<(u16, Vec<serde_json::Value>)>) -> Outputs {
    let folder = TempDir::new().unwrap();
    let mut drawing = Drawing::default().commune("32001", rectangle(0.0, 0.0, SIDE, SIDE));
    drawing.more = "[align]\nmode = \"change-first\"\n".to_owned();
    for (year, objects) in vintages {
        drawing = drawing.vintage(year, objects);
    }
    let outputs = Outputs::of(&drawing.write(folder.path()));
    assert_closed(&outputs);
    outputs
}

fn square_metres(row: &Record, column: &str) -> f64 {
    row[column].parse().unwrap()
}

/// Ground that changes in the published series, by verdict, in m².
fn verdicts(outputs: &Outputs) -> Vec<(String, f64)> {
    let mut sums: std::collections::BTreeMap<String, f64> = Default::default();
    for row in outputs.table("alignment") {
        *sums.entry(row["verdict"].clone()).or_default() +=
            square_metres(&row, "changed_m2") + square_metres(&row, "added_m2");
    }
    sums.into_iter().collect()
}

/// Fluxes both ways in a series, m².
fn flux(outputs: &Outputs, series: &str) -> Vec<(f64, f64)> {
    outputs
        .table_of(series, "flux")
        .iter()
        .map(|row| {
            (
                square_metres(row, "artificialised_m2"),
                square_metres(row, "desartificialised_m2"),
            )
        })
        .collect()
}

#[test]
fn an_extension_is_a_change_an_isolated_patch_is_not() {
    let all = rectangle(0.0, 0.0, SIDE, SIDE);
    // Three hectares of housing.
    let housing = rectangle(100.0, 100.0, 300.0, 250.0);
    let before = vec![of(FIELD, &[&all, &housing]), of(HOUSING, &[&housing])];
    // 900 m² beside it, 900 m² in the open.
    let extended = vec![
        (100.0, 100.0),
        (300.0, 100.0),
        (300.0, 150.0),
        (330.0, 150.0),
        (330.0, 180.0),
        (300.0, 180.0),
        (300.0, 250.0),
        (100.0, 250.0),
    ];
    let isolated = rectangle(700.0, 700.0, 730.0, 730.0);
    let after = vec![
        of(FIELD, &[&all, &extended, &isolated]),
        of(HOUSING, &[&extended]),
        of(HOUSING, &[&isolated]),
    ];
    let outputs = aligned(vec![(2018, before), (2021, after)]);
    assert_eq!(
        verdicts(&outputs),
        [("kept".to_owned(), 900.0), ("state-area".to_owned(), 900.0)]
    );
    // The isolated patch is below the decree's threshold in the published series too.
    assert_eq!(flux(&outputs, "published"), [(900.0, 0.0)]);
    assert_eq!(flux(&outputs, "aligned"), [(900.0, 0.0)]);
}

#[test]
fn a_band_along_a_road_is_noise() {
    let road = rectangle(0.0, 500.0, SIDE, 508.0);
    let wider = rectangle(0.0, 500.0, SIDE, 508.8);
    let cut = |road: &Ring, top: f64| {
        vec![
            of(FIELD, &[&rectangle(0.0, 0.0, SIDE, 500.0)]),
            of(ROAD, &[road]),
            of(FIELD, &[&rectangle(0.0, top, SIDE, SIDE)]),
        ]
    };
    let outputs = aligned(vec![(2018, cut(&road, 508.0)), (2021, cut(&wider, 508.8))]);
    assert_eq!(verdicts(&outputs), [("patch-width".to_owned(), 800.0)]);
    assert_eq!(flux(&outputs, "published"), [(800.0, 0.0)]);
    assert_eq!(flux(&outputs, "aligned"), [(0.0, 0.0)]);
    let balance = outputs.table("alignment_balance");
    assert_eq!(square_metres(&balance[0], "net_m2"), 800.0);
    assert_eq!(square_metres(&balance[0], "gross_m2"), 800.0);
}

#[test]
fn what_noise_leaves_beside_a_change_goes_with_it() {
    // A field between two woods becomes housing; the later vintage draws the wood's limit a metre
    // into the field on one side, a metre into the wood on the other.
    let split = |west: f64, east: f64, middle: (&str, &str)| {
        vec![
            of(WOOD, &[&rectangle(0.0, 0.0, west, SIDE)]),
            of(middle, &[&rectangle(west, 0.0, east, SIDE)]),
            of(WOOD, &[&rectangle(east, 0.0, SIDE, SIDE)]),
        ]
    };
    let outputs = aligned(vec![
        (2018, split(400.0, 500.0, FIELD)),
        (2021, split(401.0, 501.0, HOUSING)),
    ]);
    assert_eq!(
        verdicts(&outputs),
        [
            ("kept".to_owned(), 99_000.0),
            ("patch-width".to_owned(), 1000.0),
            ("remainder".to_owned(), 1000.0)
        ]
    );
    assert_eq!(flux(&outputs, "aligned"), [(100_000.0, 0.0)]);
}

#[test]
fn small_steps_are_a_change_when_they_are_large_enough() {
    // Housing advances by two or three metres, three times, on strips of field and wood whose
    // limits stay where they are: they tell how exactly outlines are drawn.
    let at = |x: f64| {
        let strip = |n: u32| {
            let south = 100.0 * f64::from(n);
            let codes = if n.is_multiple_of(2) { FIELD } else { WOOD };
            of(codes, &[&rectangle(x, south, SIDE, south + 100.0)])
        };
        let mut objects: Vec<_> = (0..10).map(strip).collect();
        objects.push(of(HOUSING, &[&rectangle(0.0, 0.0, x, SIDE)]));
        objects
    };
    let outputs = aligned(vec![
        (2015, at(100.0)),
        (2018, at(102.0)),
        (2021, at(104.0)),
        (2024, at(107.0)),
    ]);
    let fluxes = flux(&outputs, "published");
    assert_eq!(fluxes, [(2000.0, 0.0), (2000.0, 0.0), (3000.0, 0.0)]);
    let aligned = flux(&outputs, "aligned");
    assert_eq!(
        aligned.iter().map(|f| f.0).sum::<f64>(),
        7000.0,
        "{aligned:?}"
    );
    assert_eq!(aligned[0].0, 0.0);
    let late = outputs.table("alignment");
    assert!(late.iter().any(|row| row["verdict"] == "late"), "{late:?}");
}

#[test]
fn what_was_noise_may_come_back() {
    let road = |top: f64| {
        vec![
            of(ROAD, &[&rectangle(0.0, 0.0, SIDE, top)]),
            of(FIELD, &[&rectangle(0.0, top, SIDE, SIDE)]),
        ]
    };
    let outputs = aligned(vec![
        (2018, road(8.0)),
        (2021, road(9.0)),
        (2024, road(8.0)),
    ]);
    assert_eq!(
        verdicts(&outputs),
        [
            ("patch-width".to_owned(), 1000.0),
            ("return".to_owned(), 1000.0)
        ]
    );
    assert_eq!(flux(&outputs, "aligned"), [(0.0, 0.0), (0.0, 0.0)]);
}

#[test]
fn the_aligned_vintage_is_the_one_before_and_the_changes() {
    let all = rectangle(0.0, 0.0, SIDE, SIDE);
    let housing = rectangle(100.0, 100.0, 300.0, 250.0);
    let outputs = aligned(vec![
        (2018, vec![of(FIELD, &[&all])]),
        (
            2021,
            vec![of(FIELD, &[&all, &housing]), of(HOUSING, &[&housing])],
        ),
    ]);
    let path = "aligned/vintage=2021/departement=32/occupation_sol.parquet";
    let rows: usize = outputs.parquet(path).iter().map(|b| b.num_rows()).sum();
    assert_eq!(rows, 2);
    let batch = &outputs.parquet(path)[0];
    let texts = |name: &str| -> Vec<Option<String>> {
        let column = batch.column_by_name(name).unwrap();
        let column = arrow::array::AsArray::as_string::<i32>(column.as_ref());
        column.iter().map(|v| v.map(str::to_owned)).collect()
    };
    let (covers, origins) = (texts("code_cs"), texts("code_or"));
    let built = covers
        .iter()
        .position(|c| c.as_deref() == Some("CS1.1.1.2"))
        .unwrap();
    assert_eq!(origins[built].as_deref(), Some("CS2.2.1 US1.1"));
    assert_eq!(origins[1 - built], None);
}

#[test]
fn what_changes_and_changes_back_is_listed() {
    let all = rectangle(0.0, 0.0, SIDE, SIDE);
    let housing = rectangle(100.0, 100.0, 300.0, 250.0);
    let built = || vec![of(FIELD, &[&all, &housing]), of(HOUSING, &[&housing])];
    let outputs = aligned(vec![
        (2018, vec![of(FIELD, &[&all])]),
        (2021, built()),
        (2024, vec![of(FIELD, &[&all])]),
    ]);
    let doubtful = outputs.table("doubtful");
    assert_eq!(doubtful.len(), 1);
    assert_eq!(doubtful[0]["area_m2"], "30000.00000");
    assert_eq!(doubtful[0]["cs_between"], HOUSING.0);
}

#[test]
fn a_run_with_alignment_replaces_an_earlier_one() {
    let folder = TempDir::new().unwrap();
    let all = rectangle(0.0, 0.0, SIDE, SIDE);
    let mut drawing = Drawing::default()
        .commune("32001", all.clone())
        .vintage(2018, vec![of(FIELD, &[&all])])
        .vintage(2021, vec![of(WOOD, &[&all])]);
    drawing.more = "[align]\nmode = \"change-first\"\n".to_owned();
    let territory = drawing.write(folder.path());
    let out = folder.path().join("out");
    for _ in 0..2 {
        millesime::run::run(&territory, &out, &millesime::progress::Quiet).unwrap();
    }
    assert!(out.join("aligned").is_dir());
}

/// The table of what alignment made of the differences, in m², by verdict and transition.
fn by_transition(outputs: &Outputs) -> std::collections::BTreeMap<[String; 3], f64> {
    let mut sums: std::collections::BTreeMap<[String; 3], f64> = Default::default();
    for row in outputs.table("alignment") {
        let key = ["verdict", "cs_before", "cs_after"].map(|c| row[c].clone());
        *sums.entry(key).or_default() += square_metres(&row, "changed_m2");
    }
    sums
}

#[test]
fn gers_keeps_its_clear_cut_and_its_track() {
    let Some(data) = real_data("gers_keeps_its_clear_cut_and_its_track") else {
        return;
    };
    let outputs = Outputs::of_real("gers-aligned", &data);
    assert_closed(&outputs);
    let sums = by_transition(&outputs);
    for ([verdict, before, after], area) in &sums {
        println!("{verdict:<12} {before:<10} {after:<10} {area:>9.0} m²");
    }
    let kept = |is: &dyn Fn(&str, &str) -> bool| -> f64 {
        let of = sums.iter().filter(|([_, b, a], _)| is(b, a));
        let kept = of.filter(|([v, ..], _)| v == "kept" || v == "remainder");
        kept.map(|(_, area)| area).sum()
    };
    // Conifers to clear cut: 22 204.5 m², of which next to nothing is judged noise.
    let cut = kept(&|before, after| before == "CS2.1.1.2" && after == "CS2.2.1");
    assert!(cut > 0.97 * 22_204.5, "{cut}");
    // The new track, 3 332 m².
    let track = kept(&|_, after| after == "CS1.1.2.1");
    assert!(track > 0.75 * 3_332.0, "{track}");
    // Broadleaves and brushwood, which waver, are noise both ways.
    let wavering = kept(&|before, after| {
        ["CS2.1.1.1", "CS2.1.2"].contains(&before) && ["CS2.1.1.1", "CS2.1.2"].contains(&after)
    });
    let published: f64 = sums
        .iter()
        .filter(|([_, b, a], _)| {
            [b, a]
                .into_iter()
                .all(|c| ["CS2.1.1.1", "CS2.1.2"].contains(&c.as_str()))
        })
        .map(|(_, area)| area)
        .sum();
    assert!(wavering < 0.4 * published, "{wavering} of {published}");
}

#[test]
fn sybarval_loses_next_to_nothing() {
    let Some(data) = real_data("sybarval_loses_next_to_nothing") else {
        return;
    };
    let outputs = Outputs::of_real("sybarval-aligned", &data);
    assert_closed(&outputs);
    let (mut all, mut noise) = ([0.0; 2], [0.0; 2]);
    for row in outputs.table("alignment_balance") {
        let fluxes = ["gained_m2", "lost_m2"].map(|column| square_metres(&row, column));
        let is_noise = !["kept", "late", "remainder", "return"].contains(&&*row["verdict"]);
        for n in 0..2 {
            all[n] += fluxes[n];
            noise[n] += if is_noise { fluxes[n] } else { 0.0 };
        }
    }
    println!("gained and lost {all:.0?} m², judged noise {noise:.0?} m²");
    for n in 0..2 {
        assert!(noise[n] <= 0.02 * all[n], "{noise:?} of {all:?}");
    }
    // Kept and dropped make up the published fluxes, but for threshold effects: there are none.
    let published = flux(&outputs, "published");
    let sum = published
        .iter()
        .fold((0.0, 0.0), |s, f| (s.0 + f.0, s.1 + f.1));
    assert!((sum.0 - all[0]).abs() < 0.01 && (sum.1 - all[1]).abs() < 0.01);
}

#[test]
fn an_observed_twin_is_told_from_its_noise() {
    use millesime::evaluate::{Method, evaluate};
    use millesime::twin::{Landscape, Twin};
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("twin");
    let twin = Twin {
        km2: 16,
        seed: 1,
        years: vec![2018, 2021, 2024],
        landscape: Landscape::Inland,
        is_observed: true,
        imagery: None,
        has_sources: false,
    };
    let summary = twin.write(&out, &millesime::progress::Quiet).unwrap();
    let right = summary.right_share.unwrap();
    assert!((0.75..0.9).contains(&right), "{right}");
    let found = evaluate(
        &out.join("TERRITORY.toml"),
        &out.join("OBSERVED.toml"),
        None,
        &millesime::progress::Quiet,
    )
    .unwrap();
    // Every vintage by itself: on all ground, and on that of true objects of the size that is specified.
    let vintages: Vec<(u16, bool)> = found
        .vintages
        .iter()
        .map(|v| (v.year, v.is_specified))
        .collect();
    let wanted = [2018, 2021, 2024].map(|year| [(year, false), (year, true)]);
    assert_eq!(vintages, wanted.concat());
    for pair in found.vintages.chunks(2) {
        assert!(pair[1].area < pair[0].area && pair[1].area > pair[0].area / 2);
        for v in pair {
            assert!(v.both <= v.cover.min(v.usage) && v.cover.max(v.usage) <= v.area);
            assert!(v.share(v.cover) > 0.7 && v.share(v.both) < 1.0, "{v:?}");
        }
    }
    for years in [(2018, 2021), (2021, 2024)] {
        let score = |method: Method| {
            let is_it = |s: &&millesime::evaluate::Score| {
                s.years == years && s.method == method && s.kind == "change"
            };
            found.scores.iter().find(is_it).unwrap()
        };
        // A small territory has few changes: the scores of large ones are in benches/TRUTH.md.
        let (naive, aligned) = (score(Method::Naive), score(Method::ChangeFirst));
        println!("{years:?}: {aligned:?}");
        assert!(aligned.recall_by_object() > 0.8, "{aligned:?}");
        assert!(aligned.precision_by_object() > 0.8, "{aligned:?}");
        assert!(aligned.recall_by_area() > 0.85, "{aligned:?}");
        assert!(aligned.precision_by_area() > 0.85, "{aligned:?}");
        assert!(
            naive.false_area() > 50 * aligned.false_area(),
            "{naive:?} {aligned:?}"
        );
    }
    // The account of three noisy vintages closes in every series.
    let outputs = Outputs::of(&out.join("OBSERVED.toml"));
    assert_closed(&outputs);
    // What is kept, judged noise and only returned makes up what changed, row by row.
    for row in outputs.table("alignment") {
        let of = |column: &str| support::exact(&row[column]);
        let parts = of("kept_m2") + of("noise_m2") + of("returned_m2");
        assert_eq!(of("changed_m2"), parts, "{row:?}");
    }
}
