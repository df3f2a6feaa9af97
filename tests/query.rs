//! Questions to the outputs of a run: every filter beside a plain reading of all faces, every format read
//! back, from a folder and from a server.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use arrow::array::{Array, AsArray, BooleanArray, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};
use geoparquet_validator::checks::Status;
use millesime::progress::Quiet;
use millesime::query::{self, Filter, Format, Kind, Order, Question, Region, Zone};
use millesime::twin::{Landscape, Twin};
use support::Outputs;
use support::server::Server;
use tempfile::TempDir;

/// A twin of several communes and two periods, run once for all tests.
fn outputs() -> &'static Outputs {
    static RUN: OnceLock<Outputs> = OnceLock::new();
    RUN.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let twin = Twin {
            km2: 9,
            seed: 5,
            years: vec![2016, 2019, 2022],
            landscape: Landscape::Inland,
            is_observed: false,
            imagery: None,
            has_sources: false,
        };
        let territory = folder.path().join("twin");
        twin.write(&territory, &Quiet).unwrap();
        Outputs::of(&territory.join("TERRITORY.toml"))
    })
}

fn ask(filter: Filter) -> Question {
    Question {
        out: outputs().path(),
        filter,
        order: None,
        limit: None,
    }
}

/// A face, read plainly.
struct Face {
    period: String,
    series: String,
    commune: String,
    cause: String,
    codes: [Option<String>; 4],
    artificial: [Option<bool>; 2],
    zone: [Option<bool>; 2],
    bounds: [f64; 4],
    area: i64,
}

fn faces() -> Vec<Face> {
    let mut all = Vec::new();
    for period in ["2016-2019", "2019-2022"] {
        let file = format!("faces/period={period}/departement=32/faces.parquet");
        for rows in outputs().parquet(&file) {
            let text = |name: &str| {
                rows.column_by_name(name)
                    .unwrap()
                    .as_string::<i32>()
                    .clone()
            };
            let flag = |name: &str| rows.column_by_name(name).unwrap().as_boolean().clone();
            let some = |c: &StringArray, n: usize| c.is_valid(n).then(|| c.value(n).to_owned());
            let known = |c: &BooleanArray, n: usize| c.is_valid(n).then(|| c.value(n));
            let codes = ["cs_before", "us_before", "cs_after", "us_after"].map(text);
            let bbox = rows.column_by_name("bbox").unwrap().as_struct();
            let sides = ["xmin", "ymin", "xmax", "ymax"].map(|s| {
                bbox.column_by_name(s)
                    .unwrap()
                    .as_primitive::<Float64Type>()
                    .clone()
            });
            let areas = rows.column_by_name("area_half_cm2").unwrap();
            for n in 0..rows.num_rows() {
                all.push(Face {
                    period: period.to_owned(),
                    series: text("series").value(n).to_owned(),
                    commune: text("commune").value(n).to_owned(),
                    cause: text("cause").value(n).to_owned(),
                    codes: [0, 1, 2, 3].map(|c: usize| some(&codes[c], n)),
                    artificial: ["final_before", "final_after"].map(|f| known(&flag(f), n)),
                    zone: ["zc_before", "zc_after"].map(|f| known(&flag(f), n)),
                    bounds: [0, 1, 2, 3].map(|s: usize| sides[s].value(n)),
                    area: areas.as_primitive::<Int64Type>().value(n),
                });
            }
        }
    }
    all
}

/// How many faces of the published series, and their area.
fn sum(wanted: impl Fn(&Face) -> bool) -> (usize, i64) {
    let faces = faces();
    let kept = faces
        .iter()
        .filter(|f| f.series == "published" && wanted(f));
    kept.fold((0, 0), |total: (usize, i64), face| {
        (total.0 + 1, total.1 + face.area)
    })
}

#[test]
fn every_filter_finds_what_a_plain_reading_finds() {
    let communes: BTreeSet<String> = faces().into_iter().map(|f| f.commune).collect();
    let one = communes.iter().find(|c| !c.is_empty()).unwrap().clone();
    let changed = |f: &Face| f.cause != "unchanged";
    let is = |f: &Face, n: usize, stem: &str| {
        let code = f.codes[n].as_deref();
        code.is_some_and(|c| c == stem || c.starts_with(&format!("{stem}.")))
    };
    let filter = Filter::default;
    let in_one = || Some(BTreeSet::from([one.clone()]));
    let cases: Vec<(&str, Filter, (usize, i64))> = vec![
        ("changes", filter(), sum(changed)),
        (
            "of a commune",
            Filter {
                communes: in_one(),
                ..filter()
            },
            sum(|f| changed(f) && f.commune == one),
        ),
        (
            "of a period",
            Filter {
                period: Some("2019-2022".to_owned()),
                ..filter()
            },
            sum(|f| changed(f) && f.period == "2019-2022"),
        ),
        (
            "all ground of a commune",
            Filter {
                kind: Kind::Any,
                communes: in_one(),
                ..filter()
            },
            sum(|f| f.commune == one),
        ),
        (
            "artificialisation",
            Filter {
                kind: Kind::Artificialisation,
                ..filter()
            },
            sum(|f| f.artificial == [Some(false), Some(true)]),
        ),
        (
            "stock before",
            Filter {
                kind: Kind::StockBefore,
                communes: in_one(),
                ..filter()
            },
            sum(|f| f.artificial[0] == Some(true) && f.commune == one),
        ),
        (
            "a transition of covers",
            Filter {
                transitions: vec!["CS2.*>CS1.1.*".parse().unwrap()],
                ..filter()
            },
            sum(|f| changed(f) && is(f, 0, "CS2") && is(f, 2, "CS1.1")),
        ),
        (
            "a transition of cover and use",
            Filter {
                transitions: vec!["* US1.1>* US5".parse().unwrap()],
                ..filter()
            },
            sum(|f| {
                changed(f)
                    && f.codes[1].as_deref() == Some("US1.1")
                    && f.codes[3].as_deref() == Some("US5")
            }),
        ),
        (
            "a cover at either date",
            Filter {
                cover: vec!["CS1.1.1.1".parse().unwrap()],
                ..filter()
            },
            sum(|f| changed(f) && (is(f, 0, "CS1.1.1.1") || is(f, 2, "CS1.1.1.1"))),
        ),
        (
            "a cause",
            Filter {
                causes: vec!["threshold".to_owned()],
                ..filter()
            },
            sum(|f| f.cause == "threshold"),
        ),
        (
            "an extension",
            Filter {
                zone: Some(Zone::Extension),
                ..filter()
            },
            sum(|f| changed(f) && f.zone == [Some(false), Some(true)]),
        ),
        (
            "large ones",
            Filter {
                least_m2: Some(500.0),
                most_m2: Some(2_000.0),
                ..filter()
            },
            sum(|f| changed(f) && (10_000_000..=40_000_000).contains(&f.area)),
        ),
    ];
    for (name, filter, expected) in cases {
        assert!(expected.0 > 0, "nothing is {name}");
        let total = query::total(&ask(filter)).unwrap();
        assert_eq!((total.faces, total.area), expected, "{name}");
    }
}

#[test]
fn a_rectangle_finds_the_faces_that_meet_it() {
    let all = faces();
    let [west, south, east, north] = all.iter().fold(
        [
            f64::INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NEG_INFINITY,
        ],
        |b, f| {
            [
                b[0].min(f.bounds[0]),
                b[1].min(f.bounds[1]),
                b[2].max(f.bounds[2]),
                b[3].max(f.bounds[3]),
            ]
        },
    );
    let (x, y) = (f64::midpoint(west, east), f64::midpoint(south, north));
    let rectangle = [x, y, x + 400.0, y + 300.0];
    let asked = Filter {
        kind: Kind::Any,
        region: Some(Region::rectangle(&rectangle.map(|v| v.to_string()).join(",")).unwrap()),
        ..Filter::default()
    };
    let found = query::total(&ask(asked)).unwrap();
    let near = sum(|f| {
        f.bounds[0] <= rectangle[2]
            && f.bounds[2] >= rectangle[0]
            && f.bounds[1] <= rectangle[3]
            && f.bounds[3] >= rectangle[1]
    });
    // Those whose rectangle meets it are more than those that do; and they cover it, at both periods.
    assert!(
        found.faces > 2 && found.faces <= near.0,
        "{found:?} {near:?}"
    );
    assert!(found.area >= 2 * 400 * 300 * 20_000, "{found:?}");
    // A point lies in one face of each period, and nothing lies far away.
    let point = |text: String| Filter {
        kind: Kind::Any,
        region: Some(Region::points(&[text]).unwrap()),
        ..Filter::default()
    };
    let found = query::total(&ask(point(format!("{},{}", x + 0.123, y + 0.456)))).unwrap();
    assert_eq!(found.faces, 2);
    let found = query::total(&ask(point(format!("{},{y}", east + 5_000.0)))).unwrap();
    assert_eq!((found.faces, found.area), (0, 0));
}

#[test]
fn order_and_limit_run_across_files() {
    let question = Question {
        order: Some(Order {
            column: "area_m2".to_owned(),
            is_descending: true,
        }),
        limit: Some(7),
        ..ask(Filter::default())
    };
    let mut text = Vec::new();
    query::write(&question, Format::Csv, &mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let column = reader
        .headers()
        .unwrap()
        .iter()
        .position(|h| h == "area_half_cm2")
        .unwrap();
    let areas: Vec<i64> = reader
        .records()
        .map(|r| r.unwrap()[column].parse().unwrap())
        .collect();
    let mut expected: Vec<i64> = faces()
        .iter()
        .filter(|f| f.series == "published" && f.cause != "unchanged")
        .map(|f| f.area)
        .collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    expected.truncate(7);
    assert_eq!(areas, expected);
    let unknown = Question {
        order: Some(Order {
            column: "aera_m2".to_owned(),
            is_descending: false,
        }),
        ..ask(Filter::default())
    };
    let message = query::total(&unknown).unwrap_err().to_string();
    assert!(message.contains("area_m2"), "{message}");
}

#[test]
fn files_of_layers_hold_the_same_faces() {
    let folder = TempDir::new().unwrap();
    let question = ask(Filter {
        kind: Kind::Artificialisation,
        ..Filter::default()
    });
    for (name, format) in [
        ("a.gpkg", Format::GeoPackage),
        ("a.fgb", Format::FlatGeobuf),
        ("a.parquet", Format::Parquet),
    ] {
        let path = folder.path().join(name);
        let total = query::save(&question, format, &path).unwrap();
        let mut layer =
            millesime::vector::Layer::open(&path, millesime::vector::Opening::default()).unwrap();
        assert_eq!(layer.crs().unwrap().name(), "RGF93 v1 / Lambert-93");
        let (mut rows, mut area) = (0, 0);
        let column = layer.find_column(&["area_half_cm2"]);
        layer
            .scan(&[column], |row| {
                rows += 1;
                assert!(row.geometry.is_some());
                area += row.values[0].as_ref().unwrap().parse::<i64>().unwrap();
                Ok(())
            })
            .unwrap();
        assert_eq!((rows, area), (total.faces, total.area), "{name}");
        let names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(names.iter().all(|n| !n.starts_with('.')), "{names:?}");
    }
    let bytes = std::fs::read(folder.path().join("a.parquet")).unwrap();
    let report = geoparquet_validator::validate_bytes("a.parquet", bytes, None).unwrap();
    for outcome in &report.outcomes {
        let is_fault = matches!(outcome.status, Status::Fail);
        assert!(!is_fault, "{} {}", outcome.id, outcome.message);
    }
}

fn program(arguments: &[&str], folder: &Path) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millesime"));
    command
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn what_answers_nothing_says_so_and_what_is_unknown_is_refused() {
    let folder = outputs().folder.path();
    let nothing = program(&["query", "--min-m2", "1e12", "--count"], folder);
    assert_eq!(nothing.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&nothing.stdout), "0\n");
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("no face answers"));
    for (arguments, said) in [
        (vec!["query", "--commune", "32999"], "it has 323"),
        // Of several, each must be there.
        (
            vec!["query", "--commune", "32301", "--commune", "32999"],
            "has no commune 32999",
        ),
        (vec!["query", "--commune", "Nulle-Part"], "has no commune"),
        (vec!["query", "--epci", "1"], "has no level epci"),
        (
            vec!["query", "--departement", "33"],
            "has no département 33",
        ),
        (vec!["query", "--cause", "tresholds"], "threshold"),
        (vec!["query", "--series", "publishd"], "published"),
        (vec!["query", "--bbox", "1,2,3"], "west,south,east,north"),
        (vec!["query", "--to", "a.xyz"], "does not tell its format"),
        (vec!["query", "--polygon", "none.gpkg"], "none.gpkg"),
        (vec!["query", "--transition", "CS1"], "no `>`"),
    ] {
        let refused = program(&arguments, folder);
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
}

/// GDAL takes longer to load than most questions to answer.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
fn gdal_is_not_loaded_to_answer() {
    let folder = outputs().folder.path();
    let output = Command::new(env!("CARGO_BIN_EXE_millesime"))
        .args(["query", "--format", "geojson", "--limit", "3"])
        .env("LD_DEBUG", "files")
        .current_dir(folder)
        .output()
        .unwrap();
    let loaded = String::from_utf8_lossy(&output.stderr);
    assert!(loaded.contains("libc.so"), "{loaded}");
    assert!(!loaded.contains("libgdal"), "{loaded}");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["features"].as_array().unwrap().len(), 3);
}

#[test]
fn a_server_is_asked_no_more_than_needed() {
    let out = outputs().path();
    let server = Server::of(move |path| {
        std::fs::read(out.join(path.trim_start_matches('/').strip_prefix("out/")?)).ok()
    });
    let communes: BTreeSet<String> = faces().into_iter().map(|f| f.commune).collect();
    let one = communes.into_iter().find(|c| !c.is_empty()).unwrap();
    let filter = Filter {
        communes: Some([one].into()),
        ..Filter::default()
    };
    let question = Question {
        out: format!("{}/out", server.address).into(),
        ..ask(filter.clone())
    };
    let mut far = Vec::new();
    query::write(&question, Format::GeoJson, &mut far).unwrap();
    let mut near = Vec::new();
    query::write(&ask(filter), Format::GeoJson, &mut near).unwrap();
    assert_eq!(far, near);
    let asked = server.asked.lock().unwrap().len();
    assert!(asked < 20, "{asked} requests");
}
