//! Vintages produced from classes and reference layers.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use gdal::DriverManager;
use gdal::spatial_ref::SpatialRef;
use millesime::crs::Crs;
use millesime::explain::explain;
use millesime::partition::{Builder, FaceId, Polygon};
use millesime::predict::{Imagery, Prediction, predict};
use millesime::produce::{Production, Summary};
use millesime::progress::Quiet;
use millesime::reference::Reference;
use millesime::territory::Territory;
use millesime::twin::{Landscape, Twin};
use millesime::vector::Surface;
use millesime::vintage::{self, Part, Vintage};
use support::layers::Layer;
use tempfile::TempDir;

const HALF_CM2: f64 = 20_000.0;

/// Produces the only vintage of a territory file.
fn produce(territory: &Path, out: &Path, keeps_stages: bool) -> Summary {
    let territory = Territory::read(territory).unwrap();
    let reference = Reference::load(None).unwrap();
    let crs = Crs::parse(&territory.crs, "test").unwrap();
    let vintage = &territory.vintages[0];
    let production = Production {
        territory: &territory,
        vintage,
        sources: territory.production_of(vintage).unwrap_or_default(),
        keeps_stages,
    };
    production.produce(out, &crs, &reference, &Quiet).unwrap()
}

fn product(path: &Path) -> Vintage {
    let text = format!(
        "name = \"x\"\ncrs = \"EPSG:2154\"\n[[vintages]]\nyear = 2021\nproduct = \"{}\"\n",
        path.display()
    );
    let territory = Territory::parse(&text, "test").unwrap();
    read(&territory)
}

fn read(territory: &Territory) -> Vintage {
    let reference = Reference::load(None).unwrap();
    let crs = Crs::parse(&territory.crs, "test").unwrap();
    let mut read = vintage::read_all(territory, &crs, &reference, &Quiet).unwrap();
    read.remove(0)
}

/// The share of ground on which two vintages have one cover, and one use; on all ground, or within
/// some polygons.
fn agreement(truth: &Vintage, other: &Vintage, within: &[Polygon]) -> (f64, f64) {
    let mut builder = Builder::new();
    builder.append(truth.builder.clone());
    let second = builder.append(other.builder.clone());
    let third = builder.item_count();
    for polygon in within {
        let item = builder.item();
        for ring in std::iter::once(&polygon.exterior).chain(&polygon.holes) {
            builder.ring(item, ring);
        }
    }
    let overlay = builder.build();
    let (mut cover, mut usage, mut total) = (0i64, 0i64, 0i64);
    for face in 1..overlay.partition.face_count() as FaceId {
        let (mut codes, mut is_within) = ([None, None], within.is_empty());
        for &item in overlay.items(face) {
            let (side, vintage, n) = match item {
                n if n < second => (0, truth, n),
                n if n < third => (1, other, n - second),
                _ => {
                    is_within = true;
                    continue;
                }
            };
            if let Part::Object(object) = vintage.parts[n as usize] {
                let object = &vintage.objects[object as usize];
                codes[side] = Some((object.cover, object.usage));
            }
        }
        if let ([Some(p), Some(q)], true) = (codes, is_within) {
            let area = overlay.partition.area(face);
            total += area;
            cover += if p.0 == q.0 { area } else { 0 };
            usage += if p.1 == q.1 { area } else { 0 };
        }
    }
    let share = |part: i64| part as f64 / total as f64;
    (share(cover), share(usage))
}

/// The ground of a vintage that keeps to the specification as it is: objects of their minimum unit,
/// without the parts that are narrower than ten metres.
fn within_specification(truth: &Vintage) -> Vec<Polygon> {
    let reference = Reference::load(None).unwrap();
    let overlay = truth.builder.clone().build();
    let count = overlay.partition.face_count() as FaceId;
    let mut kept = Vec::new();
    for face in 1..count {
        let (mut object, mut in_zone) = (None, false);
        for &item in overlay.items(face) {
            match truth.parts[item as usize] {
                Part::Object(n) => object = Some(n),
                Part::ZoneConstruite => in_zone = true,
                Part::Extent => {}
            }
        }
        let Some(object) = object.map(|n| &truth.objects[n as usize]) else {
            continue;
        };
        let polygon = overlay.partition.polygon(face).unwrap();
        let area = polygon.area() as f64 / HALF_CM2;
        let is_built = reference.is_building(object.cover);
        if is_built || object.ossature == Some(true) {
            kept.extend((!is_built || area >= 200.0).then_some(polygon));
        } else if area >= if in_zone { 500.0 } else { 2_500.0 } {
            let surface = Surface::of([&polygon]).unwrap();
            let opened = surface.grown(-5.0).unwrap().grown(5.0).unwrap();
            kept.extend(opened.polygons().unwrap());
        }
    }
    kept
}

/// A twin with photographs and sources, what the shipped model sees of its last date, and the
/// territory file that makes a vintage of it.
fn seen_twin(folder: &Path, seed: u64, sources: &[&str]) -> (PathBuf, PathBuf) {
    let path = folder.join(format!("twin-{seed}"));
    let twin = Twin {
        km2: 1,
        seed,
        years: vec![2021],
        landscape: Landscape::Inland,
        is_observed: false,
        imagery: Some(1.0),
        has_sources: true,
    };
    twin.write(&path, &Quiet).unwrap();
    let file = |name: &str| vec![path.join(name).display().to_string()];
    let imagery = Imagery {
        image: file("rgb-2021.tif"),
        infrared: file("irc-2021.tif"),
        surface: file("dsm-2021.tif"),
        terrain: file("dtm.tif"),
        ..Imagery::default()
    };
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/models/twin-unet.onnx");
    let prediction = Prediction {
        classes: Some(path.join("classes.tif")),
        ..Prediction::new(model, imagery, path.join("probabilities.tif"))
    };
    predict(&prediction, &Reference::load(None).unwrap(), &Quiet).unwrap();
    let territory = territory(&path, sources);
    (path, territory)
}

fn territory(twin: &Path, sources: &[&str]) -> PathBuf {
    let given: String = sources
        .iter()
        .map(|name| {
            let date = if *name == "bd_foret" { 2012 } else { 2021 };
            format!("{name} = {{ path = \"sources/{name}-2021.gpkg\", date = {date} }}\n")
        })
        .collect();
    let text = format!(
        "name = \"twin\"\ncrs = \"EPSG:2154\"\n[communes]\npath = \"communes.gpkg\"\ncode = \"code\"\n\
         name = \"nom\"\n[[vintages]]\nyear = 2021\ndepartement = \"32\"\nclasses = [\"classes.tif\"]\n\
         probabilities = \"probabilities.tif\"\nnomenclature = \"odeon-naf\"\n[vintages.produce]\n{given}"
    );
    let path = twin.join("PRODUCE.toml");
    std::fs::write(&path, text).unwrap();
    path
}

const SOURCES: [&str; 4] = ["bd_topo", "bd_foret", "rpg", "fichiers_fonciers"];

/// The vintage that classes are, taken as they are.
fn pixels(twin: &Path) -> Vintage {
    let text = format!(
        "name = \"x\"\ncrs = \"EPSG:2154\"\n[[vintages]]\nyear = 2021\nclasses = [\"{}\"]\n\
         nomenclature = \"odeon-naf\"\n",
        twin.join("classes.tif").display()
    );
    read(&Territory::parse(&text, "test").unwrap())
}

#[test]
fn a_produced_vintage_is_better_than_the_pixels_it_came_from() {
    let folder = TempDir::new().unwrap();
    let (twin, territory) = seen_twin(folder.path(), 41, &SOURCES);
    let out = folder.path().join("out");
    let summary = produce(&territory, &out, true);
    let truth = product(&twin.join("vintage-2021.gpkg"));
    let made = product(&out.join("occupation_sol.parquet"));
    let right = within_specification(&truth);
    let (seen, _) = agreement(&truth, &pixels(&twin), &right);
    let (cover, usage) = agreement(&truth, &made, &right);
    let everywhere = agreement(&truth, &made, &[]);
    eprintln!("pixels {seen:.3}; cover {cover:.3}, use {usage:.3}; everywhere {everywhere:.3?}");
    assert!(cover > seen, "{cover} {seen}");
    assert!(cover >= 0.90 && usage >= 0.85, "{cover} {usage}");
    // Each source adds to what is known before it.
    let stage = |name: &str| {
        let made = product(&out.join(format!("stages/{name}.gpkg")));
        agreement(&truth, &made, &[])
    };
    let stages = [
        "1-classification",
        "2-bd-topo",
        "3-bd-foret",
        "4-rpg",
        "5-fichiers-fonciers",
    ]
    .map(stage);
    eprintln!("stages {stages:.3?}");
    for pair in stages.windows(2) {
        assert!(pair[1].0 >= pair[0].0 - 0.002, "{stages:?}");
        assert!(pair[1].1 >= pair[0].1 - 0.002, "{stages:?}");
    }
    assert!(stages[4].0 > stages[0].0 + 0.01 && stages[4].1 > stages[0].1 + 0.05);
    // A valid partition of all ground, without plots too small that nothing allows.
    assert_eq!(summary.quality.defect, None);
    assert_eq!(summary.quality.too_small(), 0);
    // All ground of the communes but beyond the photographs: half a pixel along the limit. Where outlines meet it, it
    // is bent by less than a step.
    let gap = summary.quality.gap() as f64 / HALF_CM2;
    assert!((0.0..5_000.0).contains(&gap), "{gap} m²");
    let drawn = summary.quality.extent.drawn.unwrap();
    let bent = (summary.quality.extent.laid - drawn) as f64 / HALF_CM2;
    assert!(bent.abs() < 1.0, "{bent} m²");
    let overlay = made.builder.clone().build();
    let area: i64 = overlay.item_areas().iter().sum();
    assert_eq!(area, summary.quality.area);
    assert_eq!(overlay.noding_passes(), 0);
    assert!(
        out.join("OCS-GE_2-0__GPKG_LAMB93_D032_2021-01-01.gpkg")
            .is_file()
    );
}

#[test]
fn the_same_bytes_for_any_threads_and_tiles() {
    let folder = TempDir::new().unwrap();
    let (twin, territory) = seen_twin(folder.path(), 5, &SOURCES);
    let mut outs = Vec::new();
    for threads in ["1", "2"] {
        let out = folder.path().join(threads);
        let done = Command::new(env!("CARGO_BIN_EXE_millesime"))
            .args(["produce", "--threads", threads, "--keep-stages", "--out"])
            .args([&out, &territory])
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        outs.push(out.join("2021-32"));
    }
    // The raster in four tiles.
    for (n, [x, y]) in [[0, 0], [400, 0], [0, 300], [400, 300]]
        .into_iter()
        .enumerate()
    {
        let [width, height] = [[400, 300], [1_600, 300], [400, 1_700], [1_600, 1_700]][n];
        tile(&twin, n, [x, y, width, height]);
    }
    let text = std::fs::read_to_string(&territory).unwrap();
    std::fs::write(&territory, text.replace("classes.tif", "tile-*.tif")).unwrap();
    let out = folder.path().join("tiled/2021-32");
    std::fs::create_dir(folder.path().join("tiled")).unwrap();
    produce(&territory, &out, true);
    outs.push(out);
    for name in [
        "occupation_sol.parquet",
        "zone_construite.parquet",
        "decisions.parquet",
        "quality.json",
        "OCS-GE_2-0__GPKG_LAMB93_D032_2021-01-01.gpkg",
        "stages/5-fichiers-fonciers.gpkg",
    ] {
        let bytes = |out: &PathBuf| std::fs::read(out.join(name)).unwrap();
        let first = bytes(&outs[0]);
        for other in &outs[1..] {
            assert!(bytes(other) == first, "{name} of {}", other.display());
        }
    }
}

/// Cuts a tile out of the class raster; what lies beyond it is left out.
fn tile(twin: &Path, number: usize, [x, y, width, height]: [usize; 4]) {
    let whole = gdal::Dataset::open(twin.join("classes.tif")).unwrap();
    let (columns, rows) = whole.raster_size();
    let (width, height) = (width.min(columns - x), height.min(rows - y));
    let band = whole.rasterband(1).unwrap();
    let at = (x as isize, y as isize);
    let mut pixels = band
        .read_as::<u8>(at, (width, height), (width, height), None)
        .unwrap();
    let mut place = whole.geo_transform().unwrap();
    place[0] += x as f64 * place[1];
    place[3] += y as f64 * place[5];
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let path = twin.join(format!("tile-{number}.tif"));
    let mut tile = driver
        .create_with_band_type::<u8, _>(path, width, height, 1)
        .unwrap();
    tile.set_geo_transform(&place).unwrap();
    tile.set_spatial_ref(&whole.spatial_ref().unwrap()).unwrap();
    let mut to = tile.rasterband(1).unwrap();
    to.set_no_data_value(band.no_data_value()).unwrap();
    to.write((0, 0), (width, height), &mut pixels).unwrap();
    tile.close().unwrap();
}

/// A class raster of `width` × `height` pixels of one metre whose upper left corner is at (1 000,
/// 2 000) in Lambert-93, of classes of `ocs-ge`.
fn raster(path: &Path, size: (usize, usize), class: impl Fn(usize, usize) -> u8) {
    raster_at(path, (1_000.0, 2_000.0), size, class);
}

/// The same at another place.
fn raster_at(
    path: &Path,
    (west, north): (f64, f64),
    (width, height): (usize, usize),
    class: impl Fn(usize, usize) -> u8,
) {
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dataset = driver
        .create_with_band_type::<u8, _>(path, width, height, 1)
        .unwrap();
    let place = [west, 1.0, 0.0, north, 0.0, -1.0];
    dataset.set_geo_transform(&place).unwrap();
    dataset
        .set_spatial_ref(&SpatialRef::from_epsg(2154).unwrap())
        .unwrap();
    let pixels = (0..width * height).map(|n| class(n % width, n / width));
    let mut pixels = gdal::raster::Buffer::new((width, height), pixels.collect::<Vec<u8>>());
    let mut band = dataset.rasterband(1).unwrap();
    band.write((0, 0), (width, height), &mut pixels).unwrap();
    dataset.close().unwrap();
}

/// Classes of `ocs-ge`.
const BUILT: u8 = 1;
const WATER: u8 = 6;
const BROADLEAVES: u8 = 8;
const VINES: u8 = 12;
const GRASS: u8 = 13;

/// Writes a territory of one class raster and sources; the tables of sources are TOML.
fn drawn(folder: &Path, sources: &str) -> PathBuf {
    let path = folder.join("DRAWN.toml");
    let text = format!(
        "name = \"drawn\"\ncrs = \"EPSG:2154\"\n[[vintages]]\nyear = 2021\nclasses = \
         [\"classes.tif\"]\nnomenclature = \"ocs-ge\"\n[vintages.produce]\n{sources}"
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// Objects and area, m², by cover and use.
fn classes(made: &Path) -> BTreeMap<(String, String), (usize, f64)> {
    let reference = Reference::load(None).unwrap();
    let vintage = product(&made.join("occupation_sol.parquet"));
    let overlay = vintage.builder.clone().build();
    let areas = overlay.item_areas();
    let mut classes: BTreeMap<(String, String), (usize, f64)> = BTreeMap::new();
    for (part, area) in vintage.parts.iter().zip(areas) {
        let Part::Object(n) = part else { continue };
        let object = &vintage.objects[*n as usize];
        let (cover, usage) = (
            reference.cover.text(object.cover),
            reference.usage.text(object.usage),
        );
        let entry = classes
            .entry((cover.to_owned(), usage.to_owned()))
            .or_default();
        entry.0 += 1;
        entry.1 += area as f64 / HALF_CM2;
    }
    classes
}

fn of(
    classes: &BTreeMap<(String, String), (usize, f64)>,
    cover: &str,
    usage: &str,
) -> (usize, f64) {
    let key = (cover.to_owned(), usage.to_owned());
    classes.get(&key).copied().unwrap_or_default()
}

#[test]
fn minimum_units_hold_and_small_buildings_are_grown() {
    let folder = TempDir::new().unwrap();
    // In grass: a pond of 60 × 60 m, one of 40 × 40; a house of 9 × 9 m and one of 6 × 6.
    let inside = |x: usize, y: usize, [x0, y0, w, h]: [usize; 4]| {
        (x0..x0 + w).contains(&x) && (y0..y0 + h).contains(&y)
    };
    raster(&folder.path().join("classes.tif"), (600, 400), |x, y| {
        if inside(x, y, [50, 50, 60, 60]) || inside(x, y, [200, 50, 40, 40]) {
            WATER
        } else if inside(x, y, [400, 200, 9, 9]) || inside(x, y, [300, 300, 6, 6]) {
            BUILT
        } else {
            GRASS
        }
    });
    let territory = drawn(folder.path(), "");
    let out = folder.path().join("out");
    let summary = produce(&territory, &out, false);
    let found = classes(&out);
    let (ponds, area) = of(&found, "CS1.2.2", "US6.3");
    assert_eq!((ponds, area), (1, 3_600.0), "{found:?}");
    let built: Vec<_> = found
        .iter()
        .filter(|((c, _), _)| c == "CS1.1.1.1")
        .collect();
    assert_eq!(built.len(), 1, "{found:?}");
    let (houses, area) = built[0].1;
    assert_eq!(*houses, 1);
    assert!((200.0..203.0).contains(area), "{area}");
    assert_eq!(summary.quality.area, 240_000 * 20_000);
    assert_eq!(summary.quality.too_small(), 0);
}

#[test]
fn what_the_limit_of_the_territory_cuts_stays_where_the_whole_is_large_enough() {
    let folder = TempDir::new().unwrap();
    // Woods of 3 600 m² across the limit, of 1 600 m² across it, and of 3 600 m² that reach 3 m beyond it.
    let path = folder.path().join("classes.tif");
    raster(&path, (600, 400), |x, y| match (x, y) {
        (260..320, 50..110) | (280..320, 150..190) | (243..303, 250..310) => BROADLEAVES,
        _ => GRASS,
    });
    let territory = drawn(folder.path(), "");
    let text = std::fs::read_to_string(&territory).unwrap();
    let side = |west: f64, east: f64| {
        let ring = [
            (west, 1_600.0),
            (east, 1_600.0),
            (east, 2_000.0),
            (west, 2_000.0),
        ];
        let ring: Vec<[f64; 2]> = ring
            .iter()
            .chain(&ring[..1])
            .map(|&(x, y)| [x, y])
            .collect();
        let communes = serde_json::json!({
            "type": "FeatureCollection",
            "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
            "features": [{
                "type": "Feature",
                "properties": { "code": "32001", "nom": "x" },
                "geometry": { "type": "Polygon", "coordinates": [ring] },
            }],
        });
        std::fs::write(folder.path().join("communes.geojson"), communes.to_string()).unwrap();
        let given = "[communes]\npath = \"communes.geojson\"\ncode = \"code\"\nname = \"nom\"\n";
        std::fs::write(
            &territory,
            text.replace("[[vintages]]", &format!("{given}[[vintages]]")),
        )
        .unwrap();
        let out = folder.path().join(format!("out-{west}"));
        let summary = produce(&territory, &out, false);
        assert_eq!(summary.quality.too_small(), 0);
        let extent = summary.quality.extent;
        assert_eq!(extent.drawn, Some(extent.laid));
        let gap = summary.quality.gap() as f64 / HALF_CM2;
        assert_eq!(gap, (east - 1_600.0).max(0.0) * 400.0);
        of(&classes(&out), "CS2.1.1.1", "US6.3")
    };
    // 40 m and 57 m of the large ones on one side, 20 m on the other.
    assert_eq!(side(1_000.0, 1_300.0), (2, 40.0 * 60.0 + 57.0 * 60.0));
    assert_eq!(side(1_300.0, 1_600.0), (1, 20.0 * 60.0));
    // Beyond the classes there is nothing.
    assert_eq!(side(1_300.0, 1_620.0), (1, 20.0 * 60.0));
}

#[test]
fn what_is_narrow_goes_to_its_neighbours() {
    let folder = TempDir::new().unwrap();
    // A wood with a tongue of 6 m into the grass, and a hedge of 8 m that stands alone.
    raster(
        &folder.path().join("classes.tif"),
        (400, 300),
        |x, y| match (x, y) {
            (100..200, 100..200) | (200..320, 140..146) | (50..350, 250..258) => BROADLEAVES,
            _ => GRASS,
        },
    );
    let territory = drawn(folder.path(), "");
    let out = folder.path().join("out");
    produce(&territory, &out, false);
    let found = classes(&out);
    let (woods, area) = of(&found, "CS2.1.1.1", "US6.3");
    assert_eq!(woods, 1, "{found:?}");
    // The tongue keeps a stump where it leaves the wood.
    assert!((9_990.0..10_080.0).contains(&area), "{area}");
}

#[test]
fn what_is_narrow_between_two_is_divided_along_its_middle() {
    let folder = TempDir::new().unwrap();
    // A hedge of 8 m from end to end, between grass and vines.
    raster(
        &folder.path().join("classes.tif"),
        (400, 400),
        |x, _| match x {
            ..200 => GRASS,
            200..208 => BROADLEAVES,
            _ => VINES,
        },
    );
    let territory = drawn(folder.path(), "");
    let out = folder.path().join("out");
    let summary = produce(&territory, &out, false);
    assert_eq!(summary.quality.defect, None);
    let found = classes(&out);
    let areas: Vec<f64> = found.values().map(|(_, area)| *area).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(areas.iter().sum::<f64>(), 400.0 * 400.0);
    for (cover, wanted) in [("CS2.2.1", 204.0 * 400.0), ("CS2.1.3", 196.0 * 400.0)] {
        let of = found.iter().filter(|((c, _), _)| c == cover);
        let area: f64 = of.map(|(_, (_, area))| area).sum();
        assert!((area - wanted).abs() < 30.0, "{cover}: {area} m²");
    }
}

/// A ring of 8 m around a round field: each side takes its half, though the outer border is longer.
#[test]
fn a_narrow_ring_is_divided_too() {
    let folder = TempDir::new().unwrap();
    let distance = |x: usize, y: usize| (x as f64 - 199.5).hypot(y as f64 - 199.5);
    raster(
        &folder.path().join("classes.tif"),
        (400, 400),
        |x, y| match distance(x, y) {
            ..80.0 => VINES,
            80.0..88.0 => BROADLEAVES,
            _ => GRASS,
        },
    );
    let territory = drawn(folder.path(), "");
    let out = folder.path().join("out");
    let summary = produce(&territory, &out, false);
    assert_eq!(summary.quality.defect, None);
    let found = classes(&out);
    assert_eq!(found.len(), 2, "{found:?}");
    let vines = found.iter().filter(|((cover, _), _)| cover == "CS2.1.3");
    let area: f64 = vines.map(|(_, (_, area))| area).sum();
    let middle = std::f64::consts::PI * 84.0 * 84.0;
    assert!((area / middle - 1.0).abs() < 0.02, "{area} {middle}");
}

/// Layers of BD TOPO, drawn: a road with and one without a width, a tunnel, houses, a pond.
fn draw_bd_topo(path: &Path, crs: u32, place: &dyn Fn(f64, f64) -> (f64, f64)) {
    let wkt = |kind: &str, points: &[(f64, f64)]| {
        let points = points.iter().map(|&(x, y)| {
            let (x, y) = place(x, y);
            format!("{x} {y}")
        });
        let points: Vec<String> = points.collect();
        match kind {
            "LINESTRING" => format!("LINESTRING ({})", points.join(", ")),
            _ => format!("POLYGON (({}))", points.join(", ")),
        }
    };
    let square = |x: f64, y: f64, size: f64| {
        let ring = [
            (x, y),
            (x + size, y),
            (x + size, y + size),
            (x, y + size),
            (x, y),
        ];
        wkt("POLYGON", &ring)
    };
    std::fs::create_dir_all(path).unwrap();
    let road = |y: f64| wkt("LINESTRING", &[(990.0, y), (1_610.0, y)]);
    let (main, lane, tunnel) = (road(1_900.0), road(1_800.0), road(1_700.0));
    let one = "Route à 1 chaussée";
    Layer {
        driver: "GPKG",
        name: "troncon_de_route",
        crs: Some(crs),
        columns: &[
            ("cleabs", false),
            ("nature", false),
            ("importance", false),
            ("largeur_de_chaussee", false),
            ("position_par_rapport_au_sol", false),
        ],
        rows: &[
            (Some(&main), &["R1", one, "2", "7", "0"]),
            (Some(&lane), &["R2", one, "5", "", "0"]),
            (Some(&tunnel), &["R3", one, "2", "7", "-1"]),
        ],
    }
    .write(&path.join("troncon_de_route.gpkg"));
    let (house, twice, barn) = (
        square(1_100.0, 1_850.0, 15.0),
        square(1_100.0, 1_850.0, 15.0),
        square(1_300.0, 1_850.0, 20.0),
    );
    Layer {
        driver: "GPKG",
        name: "BATIMENT",
        crs: Some(crs),
        columns: &[
            ("ID", false),
            ("NATURE", false),
            ("USAGE1", false),
            ("ETAT", false),
        ],
        rows: &[
            (
                Some(&house),
                &["B1", "Indifférenciée", "Résidentiel", "En service"],
            ),
            (
                Some(&twice),
                &["B1", "Indifférenciée", "Résidentiel", "En service"],
            ),
            (
                Some(&barn),
                &[
                    "B2",
                    "Industriel, agricole ou commercial",
                    "Agricole",
                    "En service",
                ],
            ),
        ],
    }
    .write(&path.join("BATIMENT.gpkg"));
}

#[test]
fn roads_have_their_width_and_part_the_ground() {
    let folder = TempDir::new().unwrap();
    raster(&folder.path().join("classes.tif"), (600, 400), |_, _| GRASS);
    draw_bd_topo(&folder.path().join("topo"), 2154, &|x, y| (x, y));
    let territory = drawn(
        folder.path(),
        "bd_topo = { path = \"topo\", date = 2021 }\n",
    );
    let out = folder.path().join("out");
    let summary = produce(&territory, &out, false);
    let found = classes(&out);
    // 7 m and two verges of 1.5 m; a lane without a width has 4 m and two verges of 1 m.
    let (roads, area) = of(&found, "CS1.1.1.2", "US4.1.1");
    assert_eq!(roads, 2, "{found:?}");
    assert!((area - (600.0 * 10.0 + 600.0 * 6.0)).abs() < 1.0, "{area}");
    let (homes, area) = of(&found, "CS1.1.1.1", "US5");
    assert_eq!((homes, area), (1, 225.0), "{found:?}");
    assert_eq!(of(&found, "CS1.1.1.1", "US1.1"), (1, 400.0), "{found:?}");
    let report = |name: &str| {
        let mut reports = summary.sources.iter();
        reports.find(|r| r.place.contains(name)).unwrap()
    };
    let roads = report("troncon_de_route");
    assert_eq!(
        (roads.taken["road"], roads.left_out, roads.without_width),
        (2, 1, 1)
    );
    assert_eq!(report("BATIMENT").duplicates, 1);
    // The road is told as what decides, and the object that it became is told too.
    let told = explain(&out, (1_050.0, 1_901.0)).unwrap().unwrap();
    let of = |told: &[(String, String)], name: &str| {
        told.iter().find(|(n, _)| n == name).unwrap().1.clone()
    };
    assert_eq!(of(&told.decided, "code_cs"), "CS1.1.1.2");
    assert!(of(&told.decided, "cover_by").contains("road · BD TOPO · R1"));
    let object = told.object.unwrap();
    assert_eq!(of(&object, "code_us"), "US4.1.1");
    assert_eq!(of(&object, "ossature"), "1");
    assert_eq!(of(&object, "id_origine"), "R1");
}

#[test]
fn a_building_of_two_uses_stays_one() {
    let folder = TempDir::new().unwrap();
    raster(&folder.path().join("classes.tif"), (600, 400), |_, _| GRASS);
    let topo = folder.path().join("topo");
    std::fs::create_dir(&topo).unwrap();
    // A building of 300 m², half of it on the ground of a school.
    let building = "POLYGON ((1100 1850, 1120 1850, 1120 1865, 1100 1865, 1100 1850))";
    let school = "POLYGON ((1110 1800, 1300 1800, 1300 1950, 1110 1950, 1110 1800))";
    Layer {
        driver: "GPKG",
        name: "BATIMENT",
        crs: Some(2154),
        columns: &[("ID", false), ("NATURE", false), ("USAGE1", false)],
        rows: &[(Some(building), &["B1", "Indifférenciée", "Résidentiel"])],
    }
    .write(&topo.join("BATIMENT.gpkg"));
    Layer {
        driver: "GPKG",
        name: "ZONE_D_ACTIVITE_OU_D_INTERET",
        crs: Some(2154),
        columns: &[
            ("ID", false),
            ("CATEGORIE", false),
            ("NATURE", false),
            ("FICTIF", false),
        ],
        rows: &[(
            Some(school),
            &[
                "Z1",
                "Science et enseignement",
                "Enseignement primaire",
                "Non",
            ],
        )],
    }
    .write(&topo.join("ZONE_D_ACTIVITE_OU_D_INTERET.gpkg"));
    let territory = drawn(
        folder.path(),
        "bd_topo = { path = \"topo\", date = 2021 }\n",
    );
    let out = folder.path().join("out");
    produce(&territory, &out, false);
    let found = classes(&out);
    let built: Vec<_> = found
        .iter()
        .filter(|((c, _), _)| c == "CS1.1.1.1")
        .collect();
    assert_eq!(built.len(), 1, "{found:?}");
    assert_eq!(*built[0].1, (1, 300.0));
}

#[test]
fn sources_are_brought_from_their_crs() {
    let folder = TempDir::new().unwrap();
    raster(&folder.path().join("classes.tif"), (600, 400), |_, _| GRASS);
    let lambert = SpatialRef::from_epsg(2154).unwrap();
    let mut degrees = SpatialRef::from_epsg(4326).unwrap();
    degrees.set_axis_mapping_strategy(gdal::spatial_ref::AxisMappingStrategy::TraditionalGisOrder);
    let way = gdal::spatial_ref::CoordTransform::new(&lambert, &degrees).unwrap();
    let place = |x: f64, y: f64| {
        let (mut xs, mut ys) = ([x], [y]);
        way.transform_coords(&mut xs, &mut ys, &mut [0.0]).unwrap();
        (xs[0], ys[0])
    };
    draw_bd_topo(&folder.path().join("topo"), 4326, &place);
    let territory = drawn(
        folder.path(),
        "bd_topo = { path = \"topo\", date = 2021 }\n",
    );
    let out = folder.path().join("out");
    produce(&territory, &out, false);
    let (homes, area) = of(&classes(&out), "CS1.1.1.1", "US5");
    assert!(homes == 1 && (area - 225.0).abs() < 2.0, "{homes} {area}");
}

#[test]
fn an_older_forest_gives_way_to_what_is_surely_seen() {
    let folder = TempDir::new().unwrap();
    raster(&folder.path().join("classes.tif"), (600, 400), |_, _| GRASS);
    let forest = "POLYGON ((1100 1700, 1400 1700, 1400 1900, 1100 1900, 1100 1700))";
    let unknown = "POLYGON ((1450 1700, 1550 1700, 1550 1900, 1450 1900, 1450 1700))";
    Layer {
        driver: "GPKG",
        name: "FORMATION_VEGETALE",
        crs: Some(2154),
        columns: &[("ID", false), ("CODE_TFV", false)],
        rows: &[
            (Some(forest), &["F1", "FF2-00"]),
            (Some(unknown), &["F2", "XYZ"]),
        ],
    }
    .write(&folder.path().join("foret.gpkg"));
    let source = "bd_foret = { path = \"foret.gpkg\", date = 2012 }\n";
    let territory = drawn(folder.path(), source);
    let out = folder.path().join("out");
    let summary = produce(&territory, &out, false);
    // Without probabilities nothing is sure: the forest is believed.
    let (forests, area) = of(&classes(&out), "CS2.1.1.2", "US1.2");
    assert_eq!((forests, area), (1, 60_000.0));
    assert_eq!(summary.sources[0].left_out, 1);
    // With a sure classification it is not.
    probabilities(&folder.path().join("probabilities.tif"), (600, 400));
    let text = std::fs::read_to_string(&territory).unwrap();
    let given = "probabilities = \"probabilities.tif\"\n[vintages.produce]";
    std::fs::write(&territory, text.replace("[vintages.produce]", given)).unwrap();
    let out = folder.path().join("sure");
    produce(&territory, &out, false);
    assert_eq!(of(&classes(&out), "CS2.1.1.2", "US1.2").0, 0);
    let told = explain(&out, (1_200.0, 1_800.0)).unwrap().unwrap();
    let others = told
        .decided
        .iter()
        .find(|(n, _)| n == "cover_others")
        .unwrap();
    assert!(others.1.contains("forest · BD Forêt · F1") && others.1.contains("is older"));
}

/// Probabilities in their compact form: grass, surely.
fn probabilities(path: &Path, (width, height): (usize, usize)) {
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dataset = driver
        .create_with_band_type::<u8, _>(path, width, height, 5)
        .unwrap();
    let place = [1_000.0, 1.0, 0.0, 2_000.0, 0.0, -1.0];
    dataset.set_geo_transform(&place).unwrap();
    dataset
        .set_spatial_ref(&SpatialRef::from_epsg(2154).unwrap())
        .unwrap();
    for (band, value) in [(1, GRASS), (2, 250), (3, BROADLEAVES), (4, 5), (5, 10)] {
        let mut pixels = gdal::raster::Buffer::new((width, height), vec![value; width * height]);
        let mut band = dataset.rasterband(band).unwrap();
        band.write((0, 0), (width, height), &mut pixels).unwrap();
    }
    dataset.close().unwrap();
}

#[test]
fn real_buildings_and_their_uses_come_back() {
    let name = "real_buildings_and_their_uses_come_back";
    let Some(data) = support::real_data(name) else {
        return;
    };
    let topo = data.join("bdtopo-olemps-v3");
    let folder = TempDir::new().unwrap();
    // Grass all over, around Olemps: whatever is built comes from BD TOPO.
    let classes = folder.path().join("classes.tif");
    raster_at(
        &classes,
        (661_900.0, 6_362_600.0),
        (4_500, 5_000),
        |_, _| GRASS,
    );
    let source = format!(
        "bd_topo = {{ path = \"{}\", date = 2021 }}\n",
        topo.display()
    );
    let territory = drawn(folder.path(), &source);
    let out = folder.path().join("out");
    let summary = produce(&territory, &out, false);
    let report = |name: &str| {
        let mut reports = summary.sources.iter();
        reports.find(|r| r.place.contains(name)).unwrap()
    };
    let buildings = report("BATIMENT");
    assert_eq!((buildings.rows, buildings.elsewhere), (2_273, 0));
    let roads = report("TRONCON_DE_ROUTE");
    assert_eq!(roads.rows, roads.without_width + roads.elsewhere);
    assert!(roads.missing_columns.contains(&"LARGEUR".to_owned()));
    assert_eq!(summary.quality.too_small(), 0);
    assert_eq!(summary.quality.area, 22_500_000 * 20_000);
    // How much of the ground of buildings of each use bears the use that it stands for.
    let mut layer = millesime::vector::Layer::open(
        &topo.join("BATIMENT.shp"),
        millesime::vector::Opening::default(),
    )
    .unwrap();
    let crs = Crs::parse("EPSG:2154", "test").unwrap();
    let mut intake = millesime::vintage::Intake::new(&layer, None, &crs).unwrap();
    let mut uses = Vec::new();
    layer
        .scan(&[Some("USAGE1".to_owned())], |row| {
            intake.add(row.number, row.geometry)?;
            uses.resize(intake.builder.item_count() as usize, row.values[0].clone());
            Ok(())
        })
        .unwrap();
    let made = product(&out.join("occupation_sol.parquet"));
    let reference = Reference::load(None).unwrap();
    let mut builder = Builder::new();
    builder.append(intake.builder);
    let second = builder.append(made.builder.clone());
    let overlay = builder.build();
    let mut agreed: BTreeMap<String, (f64, f64, f64)> = BTreeMap::new();
    for face in 1..overlay.partition.face_count() as FaceId {
        let items = overlay.items(face);
        let Some(&building) = items.iter().find(|&&item| item < second) else {
            continue;
        };
        let object = items.iter().find(|&&item| item >= second);
        let Some(Part::Object(n)) = object.map(|&item| made.parts[(item - second) as usize]) else {
            continue;
        };
        let object = &made.objects[n as usize];
        let area = overlay.partition.area(face) as f64 / HALF_CM2;
        let told = uses[building as usize].clone().unwrap_or_default();
        let wanted = match told.as_str() {
            "Résidentiel" => "US5",
            "Commercial et services" | "Religieux" | "Sportif" => "US3",
            "Industriel" => "US2",
            "Agricole" => "US1.1",
            _ => "",
        };
        let entry = agreed.entry(told).or_default();
        entry.0 += area;
        entry.1 += if reference.is_building(object.cover) {
            area
        } else {
            0.0
        };
        entry.2 += if reference.usage.text(object.usage) == wanted {
            area
        } else {
            0.0
        };
    }
    for (told, (area, built, used)) in &agreed {
        let (built, used) = (built / area, used / area);
        eprintln!("{told}: {area:.0} m², {built:.3} built, {used:.3} of its use");
        // Annexes are often below the 50 m² from which a building counts.
        let least = if told == "Annexe" { 0.5 } else { 0.85 };
        assert!(built > least, "{told} {built}");
    }
    let residential = &agreed["Résidentiel"];
    assert!(residential.2 / residential.0 > 0.8);
}

/// Runs `produce` as a user would, and returns what was said of the error.
fn refused(territory: &Path) -> String {
    let out = territory.parent().unwrap().join("refused");
    let done = Command::new(env!("CARGO_BIN_EXE_millesime"))
        .args(["produce", "--out"])
        .args([&out, territory])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{said}");
    said
}

#[test]
fn sources_that_cannot_be_used_are_told() {
    let folder = TempDir::new().unwrap();
    raster(&folder.path().join("classes.tif"), (60, 40), |_, _| GRASS);
    let told = |sources: &str, words: &[&str]| {
        let said = refused(&drawn(folder.path(), sources));
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    };
    told(
        "bd_topo = { path = \"nowhere\" }\n",
        &["nowhere", "does not exist", "bd_topo"],
    );
    told(
        "bd_topo = { pth = \"x\" }\n",
        &["pth", "did you mean `path`"],
    );
    told(
        "bdtopo = { path = \"x\" }\n",
        &["bdtopo", "did you mean `bd_topo`"],
    );
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    told(
        "bd_topo = { path = \"empty\" }\n",
        &["empty", "no layer of `bd_topo`", "BATIMENT"],
    );
    let square = "POLYGON ((1010 1970, 1030 1970, 1030 1990, 1010 1990, 1010 1970))";
    Layer {
        driver: "GPKG",
        name: "other",
        crs: Some(2154),
        columns: &[("CODE", false)],
        rows: &[(Some(square), &["1"])],
    }
    .write(&folder.path().join("other.gpkg"));
    told(
        "rpg = { path = \"other.gpkg\" }\n",
        &["other", "CODE_CULTU"],
    );
    told(
        "fichiers_fonciers = { path = \"other.gpkg\" }\n",
        &["other", "nlocmaison"],
    );
    std::fs::write(folder.path().join("text.gpkg"), "not a layer").unwrap();
    told("bd_foret = { path = \"text.gpkg\" }\n", &["text.gpkg"]);
}
