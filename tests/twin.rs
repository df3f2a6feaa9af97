//! The twin: what is promised of a territory whose truth is known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use gdal::Dataset;
use gdal::vector::LayerAccess;
use millesime::grid::{HALF_CM2_PER_M2, Point};
use millesime::partition::{Builder, FaceId, Overlay};
use millesime::reference::Reference;
use millesime::twin::{Landscape, Twin};
use tempfile::TempDir;

const LANDSCAPES: [Landscape; 3] = [Landscape::Inland, Landscape::Shore, Landscape::Mountain];

/// A twin, in a folder that goes when this does.
struct Written {
    twin: Twin,
    folder: TempDir,
}

/// A polygon of a layer, and the texts of its row.
struct Shape {
    rings: Vec<Vec<Point>>,
    texts: Vec<String>,
}

/// Cover and use.
type Codes = (String, String);

fn write(km2: u32, seed: u64, years: &[u16], landscape: Landscape) -> Written {
    let twin = Twin {
        km2,
        seed,
        years: years.to_vec(),
        landscape,
        is_observed: false,
        imagery: None,
        has_sources: false,
    };
    let folder = TempDir::new().unwrap();
    twin.write(&folder.path().join("twin"), &millesime::progress::Quiet)
        .unwrap();
    Written { twin, folder }
}

impl Written {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("twin").join(name)
    }

    fn read(&self, file: &str, layer: &str, columns: &[&str]) -> Vec<Shape> {
        let dataset = Dataset::open(self.path(file)).unwrap();
        let mut layer = dataset.layer_by_name(layer).unwrap();
        let indexes: Vec<usize> = columns
            .iter()
            .map(|column| layer.defn().field_index(column).unwrap())
            .collect();
        let mut shapes = Vec::new();
        for feature in layer.features() {
            let text = |&n: &usize| feature.field_as_string(n).unwrap().unwrap();
            let texts: Vec<String> = indexes.iter().map(text).collect();
            let geometry = feature.geometry().unwrap();
            let parts = match geometry.geometry_name().as_str() {
                "POLYGON" => vec![rings(geometry)],
                _ => (0..geometry.geometry_count())
                    .map(|n| rings(&geometry.get_geometry(n)))
                    .collect(),
            };
            shapes.extend(parts.into_iter().map(|rings| Shape {
                rings,
                texts: texts.clone(),
            }));
        }
        shapes
    }

    fn vintage(&self, year: u16) -> Vec<Shape> {
        let file = format!("vintage-{year}.gpkg");
        self.read(&file, "OCCUPATION_SOL", &["code_cs", "code_us"])
    }

    fn communes(&self) -> Vec<Shape> {
        self.read("communes.gpkg", "communes", &["code", "nom", "dep"])
    }

    fn truth(&self) -> Vec<Shape> {
        let columns = [
            "year_before",
            "year_after",
            "cs_before",
            "us_before",
            "cs_after",
            "us_after",
            "area_m2",
        ];
        self.read("truth.gpkg", "changes", &columns)
    }
}

fn rings(polygon: &gdal::vector::Geometry) -> Vec<Vec<Point>> {
    (0..polygon.geometry_count())
        .map(|n| {
            let mut points = Vec::new();
            polygon.get_geometry(n).get_points(&mut points);
            points
                .iter()
                .map(|&(x, y, _)| {
                    let point = Point::from_metres(x, y).unwrap();
                    assert_eq!(point.metres(), (x, y), "a coordinate is off the grid");
                    point
                })
                .collect()
        })
        .collect()
}

/// Lays shapes over one another, each an item.
fn overlay(shapes: &[&[Shape]]) -> Overlay {
    let mut builder = Builder::new();
    for shape in shapes.iter().flat_map(|layer| layer.iter()) {
        let item = builder.item();
        for ring in &shape.rings {
            builder.ring(item, ring);
        }
    }
    builder.build()
}

fn area(shape: &Shape) -> i64 {
    let ring = |ring: &Vec<Point>| millesime::partition::signed_area(ring);
    shape.rings.iter().map(ring).sum()
}

fn total(shapes: &[Shape]) -> i64 {
    shapes.iter().map(area).sum()
}

fn codes(shape: &Shape) -> Codes {
    (shape.texts[0].clone(), shape.texts[1].clone())
}

fn faces(overlay: &Overlay) -> std::ops::Range<FaceId> {
    1..overlay.partition.face_count() as FaceId
}

#[test]
fn every_cover_and_every_use_occurs_whatever_the_size() {
    for (km2, seeds) in [(1, 0..4), (25, 4..6)] {
        for (seed, landscape) in seeds.zip(LANDSCAPES.into_iter().cycle()) {
            let written = write(km2, seed, &[2016, 2019], landscape);
            for year in [2016, 2019] {
                let vintage = written.vintage(year);
                let covers: BTreeSet<&str> = vintage.iter().map(|s| s.texts[0].as_str()).collect();
                let uses: BTreeSet<&str> = vintage.iter().map(|s| s.texts[1].as_str()).collect();
                let what = format!("{km2} km², seed {seed}, {landscape:?}, {year}");
                assert_eq!(
                    (covers.len(), uses.len()),
                    (14, 20),
                    "{what}: {covers:?} {uses:?}"
                );
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_threads() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| write(9, 5, &[2018, 2021], Landscape::Inland))
    };
    let (one, two) = (with(1), with(2));
    for file in [
        "TERRITORY.toml",
        "communes.gpkg",
        "truth.gpkg",
        "vintage-2018.gpkg",
        "vintage-2021.gpkg",
    ] {
        let read = |written: &Written| std::fs::read(written.path(file)).unwrap();
        assert!(read(&one) == read(&two), "{file} differs");
    }
    let other = write(9, 6, &[2018, 2021], Landscape::Inland);
    let read = |written: &Written| std::fs::read(written.path("vintage-2018.gpkg")).unwrap();
    assert!(
        read(&one) != read(&other),
        "another seed gives another territory"
    );
}

#[test]
fn the_folder_holds_one_territory_file_that_can_be_run() {
    let written = write(1, 1, &[2016, 2019, 2022], Landscape::Inland);
    let mut names: Vec<String> = std::fs::read_dir(written.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "TERRITORY.toml",
            "communes.gpkg",
            "truth.gpkg",
            "vintage-2016.gpkg",
            "vintage-2019.gpkg",
            "vintage-2022.gpkg",
        ]
    );
    let territory = millesime::territory::Territory::read(&written.path("TERRITORY.toml")).unwrap();
    assert_eq!(territory.vintages.len(), 3);
}

#[test]
fn each_vintage_is_a_partition_of_the_communes_without_gap_or_overlap() {
    for landscape in LANDSCAPES {
        let written = write(6, 11, &[2018, 2021], landscape);
        let communes = written.communes();
        let ground = overlay(&[&communes]);
        assert_eq!(ground.verify(), Ok(()));
        for face in faces(&ground) {
            assert_eq!(
                ground.items(face).len(),
                1,
                "communes overlap or leave a gap"
            );
        }
        for year in [2018, 2021] {
            let vintage = written.vintage(year);
            assert_eq!(total(&vintage), total(&communes), "{landscape:?} {year}");
            let laid = overlay(&[&vintage, &communes]);
            let objects = vintage.len() as u32;
            let (mut covered, mut twice) = (0, 0);
            for face in faces(&laid) {
                let items = laid.items(face);
                let count = items.iter().filter(|&&item| item < objects).count();
                covered += if count > 0 {
                    laid.partition.area(face)
                } else {
                    0
                };
                twice += if count > 1 {
                    laid.partition.area(face)
                } else {
                    0
                };
            }
            assert_eq!(
                (covered, twice),
                (total(&vintage), 0),
                "{landscape:?} {year}"
            );
        }
    }
}

#[test]
fn what_differs_between_two_vintages_is_the_truth() {
    let written = write(9, 3, &[2016, 2019, 2022], Landscape::Inland);
    let truth = written.truth();
    for years in [[2016, 2019], [2019, 2022]] {
        let (before, after) = (written.vintage(years[0]), written.vintage(years[1]));
        let laid = overlay(&[&before, &after]);
        let mut found: BTreeMap<(Codes, Codes), i64> = BTreeMap::new();
        for face in faces(&laid) {
            let &[old, new] = laid.items(face) else {
                panic!("a face is not covered once at each date");
            };
            let old = codes(&before[old as usize]);
            let new = codes(&after[new as usize - before.len()]);
            if old != new {
                *found.entry((old, new)).or_default() += laid.partition.area(face);
            }
        }
        let mut told: BTreeMap<(Codes, Codes), i64> = BTreeMap::new();
        for change in &truth {
            let [from, to, old_cover, old_use, new_cover, new_use, area_m2] = &change.texts[..]
            else {
                panic!("a change has seven columns");
            };
            let stated: f64 = area_m2.parse().unwrap();
            assert!((stated * HALF_CM2_PER_M2 as f64 - area(change) as f64).abs() < 0.5);
            if [from, to] == [&years[0].to_string(), &years[1].to_string()] {
                let old = (old_cover.clone(), old_use.clone());
                let new = (new_cover.clone(), new_use.clone());
                *told.entry((old, new)).or_default() += area(change);
            }
        }
        assert!(!told.is_empty());
        assert_eq!(found, told, "{years:?}");
    }
}

#[test]
fn the_ground_is_built_over_at_the_national_pace() {
    let reference = Reference::load(None).unwrap();
    let is_artificial = |cover: &str, usage: &str| {
        let (cover, usage) = (reference.cover.code(cover), reference.usage.code(usage));
        reference
            .is_artificial(cover.unwrap(), usage.unwrap())
            .unwrap()
    };
    for (seed, landscape) in [
        (1, Landscape::Inland),
        (2, Landscape::Shore),
        (3, Landscape::Mountain),
    ] {
        let written = write(25, seed, &[2018, 2021], landscape);
        let (mut built, mut renatured) = (0.0, 0.0);
        for change in written.truth() {
            let texts = &change.texts;
            let area = area(&change) as f64 / HALF_CM2_PER_M2 as f64;
            match (
                is_artificial(&texts[2], &texts[3]),
                is_artificial(&texts[4], &texts[5]),
            ) {
                (false, true) => built += area,
                (true, false) => renatured += area,
                _ => {}
            }
        }
        let pace = built / (436.0 * 25.0 * 3.0);
        assert!(
            (0.7..1.3).contains(&pace),
            "{landscape:?}: {pace} of the national pace"
        );
        let share = renatured / built;
        assert!(
            (0.08..0.2).contains(&share),
            "{landscape:?}: {share} renatured"
        );
    }
}

#[test]
fn landscapes_are_what_they_say() {
    let share = |written: &Written, cover: &str| {
        let vintage = written.vintage(2018);
        let of_cover: i64 = vintage
            .iter()
            .filter(|s| s.texts[0] == cover)
            .map(area)
            .sum();
        of_cover as f64 / total(&vintage) as f64
    };
    let shore = write(25, 8, &[2018], Landscape::Shore);
    assert!(share(&shore, "CS1.2.2") > 0.04, "a sea");
    assert!(share(&shore, "CS1.2.1") > 0.01, "a beach");
    let mountain = write(25, 8, &[2018], Landscape::Mountain);
    assert!(share(&mountain, "CS1.2.3") > 0.02, "snow");
    assert!(share(&mountain, "CS2.1.1.2") > 0.05, "conifers");
    assert_eq!(shore.twin.years, [2018], "one vintage is a territory too");
    assert!(shore.truth().is_empty());
}

#[test]
fn objects_are_as_many_as_in_the_country() {
    let written = write(100, 12, &[2018], Landscape::Inland);
    let per_km2 = written.vintage(2018).len() as f64 / 100.0;
    assert!(
        (150.0..280.0).contains(&per_km2),
        "{per_km2} objects per km²"
    );
}

fn run(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_millesime"))
        .arg("twin")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn what_cannot_be_is_refused_in_plain_words() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("full")).unwrap();
    std::fs::write(folder.path().join("full/notes.txt"), "mine").unwrap();
    for (arguments, said) in [
        (&["out", "--km2", "0"][..], "--km2"),
        (&["out", "--km2", "10001"], "10000"),
        (&["out", "--km2", "many"], "--km2"),
        (&["out", "--years", "2021,2018"], "increasing"),
        (&["out", "--years", "2021,2021"], "increasing"),
        (&["out", "--years", "1492"], "--years"),
        (&["full"], "not empty"),
        (&["full/notes.txt"], "not empty"),
    ] {
        let (code, message) = run(arguments, folder.path());
        assert_eq!(code, Some(2), "{arguments:?}: {message}");
        assert!(message.contains(said), "{arguments:?}: {message}");
        assert!(
            !folder.path().join("out").exists(),
            "{arguments:?} leaves nothing behind"
        );
    }
    assert_eq!(
        std::fs::read(folder.path().join("full/notes.txt")).unwrap(),
        b"mine"
    );
}
