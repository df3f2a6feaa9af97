//! One vintage drawn twice: whatever the drawing, nothing changes.

mod support;

use std::path::{Path, PathBuf};

use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::vector::Geometry;
use millesime::crs::Crs;
use millesime::grid::Point;
use millesime::partition::Polygon;
use millesime::progress::Quiet;
use millesime::publish::{ColumnType, GeoPackage, LayerKind, Place, Row, Value};
use millesime::twin::{Landscape, Twin};
use millesime::vector::{Layer, Opening, polygons};
use support::{Outputs, assert_closed};
use tempfile::TempDir;

/// A twin of one vintage, in `folder`.
fn twin(folder: &Path, km2: u32) -> PathBuf {
    let out = folder.join("twin");
    let twin = Twin {
        km2,
        seed: 3,
        years: vec![2018],
        landscape: Landscape::Inland,
        is_observed: false,
        imagery: None,
        has_sources: false,
    };
    twin.write(&out, &Quiet).unwrap();
    out
}

/// The objects of a layer of a twin: codes and rings in metres.
type Objects = Vec<(String, String, Vec<Vec<(f64, f64)>>)>;

fn objects(twin: &Path) -> Objects {
    let opening = Opening {
        layer: Some("OCCUPATION_SOL"),
        ..Opening::default()
    };
    let mut layer = Layer::open(&twin.join("vintage-2018.gpkg"), opening).unwrap();
    let columns = ["code_cs", "code_us"].map(|c| Some(c.to_owned()));
    let mut objects = Vec::new();
    layer
        .scan(&columns, |row| {
            let value = |n: usize| row.values[n].clone().unwrap();
            let mut shape = polygons(row.geometry.unwrap()).unwrap();
            objects.push((value(0), value(1), shape.polygons.remove(0)));
            Ok(())
        })
        .unwrap();
    objects
}

/// Writes the vintage 2021 of a twin: that of 2018, each point moved; and runs both.
fn redrawn(by: impl Fn(f64, f64) -> (f64, f64)) -> Outputs {
    redrawn_on(4, by)
}

fn redrawn_on(km2: u32, by: impl Fn(f64, f64) -> (f64, f64)) -> Outputs {
    let folder = TempDir::new().unwrap();
    let twin = twin(folder.path(), km2);
    let crs = Crs::parse("EPSG:2154", "test").unwrap();
    let mut file = GeoPackage::create(&twin.join("vintage-2021.gpkg")).unwrap();
    let columns = [("code_cs", ColumnType::Text), ("code_us", ColumnType::Text)];
    let name = "OCCUPATION_SOL";
    file.add_layer(name, &columns, &crs, LayerKind::Polygon)
        .unwrap();
    let ring = |ring: &Vec<(f64, f64)>| -> Vec<Point> {
        let moved = ring.iter().map(|&(x, y)| by(x, y));
        moved
            .map(|(x, y)| Point::from_metres(x, y).unwrap())
            .collect()
    };
    let drawn: Vec<(String, String, Polygon)> = objects(&twin)
        .iter()
        .map(|(cs, us, rings)| {
            let mut rings = rings.iter().map(ring);
            let polygon = Polygon {
                exterior: rings.next().unwrap(),
                holes: rings.collect(),
            };
            (cs.clone(), us.clone(), polygon)
        })
        .collect();
    let rows: Vec<Row> = drawn
        .iter()
        .map(|(cs, us, polygon)| Row {
            place: Place::Polygon(polygon),
            values: vec![Value::Text(cs), Value::Text(us)],
        })
        .collect();
    file.write(name, &rows).unwrap();
    file.finish().unwrap();
    run(&twin, "product = \"vintage-2021.gpkg\"\n")
}

fn run(twin: &Path, second: &str) -> Outputs {
    let path = twin.join("TERRITORY.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let align = "[align]\nmode = \"change-first\"\n";
    let text = format!("{text}\n[[vintages]]\nyear = 2021\n{second}\n{align}");
    std::fs::write(&path, text).unwrap();
    let outputs = Outputs::of(&path);
    assert_closed(&outputs);
    outputs
}

/// Ground that changes in a series, m².
fn changed(outputs: &Outputs, series: &str) -> f64 {
    let rows = outputs.table_of(series, "causes");
    let of = rows.iter().filter(|row| row["cause"] == "change");
    of.map(|row| row["ground_m2"].parse::<f64>().unwrap()).sum()
}

#[test]
fn the_same_vintage_twice() {
    let outputs = redrawn(|x, y| (x, y));
    assert_eq!(changed(&outputs, "published"), 0.0);
    assert_eq!(changed(&outputs, "aligned"), 0.0);
}

#[test]
fn a_vintage_shifted_by_thirty_centimetres() {
    let outputs = redrawn(|x, y| (x + 0.3, y));
    assert!(changed(&outputs, "published") > 10_000.0);
    assert_eq!(changed(&outputs, "aligned"), 0.0);
    let manifest = std::fs::read_to_string(outputs.path().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let shift = &manifest["align"]["shifts"][1];
    assert!(
        (shift["east_m"].as_f64().unwrap() - 0.3).abs() < 0.01,
        "{shift}"
    );
    assert!(shift["north_m"].as_f64().unwrap().abs() < 0.01, "{shift}");
    assert_eq!(shift["is_significant"], true);
    let verdicts = outputs.table("alignment");
    assert!(verdicts.iter().all(|row| row["verdict"] == "displacement"));
}

#[test]
fn a_vintage_whose_blocks_lie_each_otherwise() {
    let wave = |v: f64| 0.6 * (v / 700.0).sin();
    let outputs = redrawn_on(25, |x, y| (x + wave(y), y + wave(x)));
    assert_eq!(changed(&outputs, "aligned"), 0.0);
    let manifest = outputs.manifest();
    let shift = &manifest["align"]["shifts"][1];
    assert!(shift["blocks_corrected"].as_u64().unwrap() >= 16, "{shift}");
    let deviation = shift["blocks_deviation_m"].as_f64().unwrap();
    assert!((0.2..0.5).contains(&deviation), "{shift}");
    // Most of what differed no longer does.
    let table = outputs.table("alignment");
    let area = |row: &support::Record| row["changed_m2"].parse::<f64>().unwrap();
    let all: f64 = table.iter().map(area).sum();
    let moved = table.iter().filter(|row| row["verdict"] == "displacement");
    let moved: f64 = moved.map(area).sum();
    assert!(moved > 0.6 * all, "{moved} of {all}");
}

#[test]
fn a_vintage_jittered_by_a_metre() {
    // Two waves of a metre's standard deviation each way, over some twenty metres.
    let wave = |u: f64, v: f64| 1.414 * (u / 7.0).sin() * (v / 9.0).cos() * 1.414;
    let outputs = redrawn(|x, y| (x + wave(x, y), y + wave(y + 40.0, x)));
    assert!(changed(&outputs, "published") > 100_000.0);
    assert_eq!(changed(&outputs, "aligned"), 0.0);
}

#[test]
fn a_vintage_drawn_anew_from_a_raster() {
    let folder = TempDir::new().unwrap();
    let twin = twin(folder.path(), 4);
    let objects = objects(&twin);
    let points = || {
        objects
            .iter()
            .flat_map(|(_, _, rings)| rings.iter().flatten())
    };
    let west = points().map(|p| p.0).fold(f64::INFINITY, f64::min).floor();
    let north = points().map(|p| p.1).fold(0.0, f64::max).ceil();
    let mut codes: Vec<(&str, &str)> = objects.iter().map(|o| (&*o.0, &*o.1)).collect();
    codes.sort_unstable();
    codes.dedup();
    // Every pixel of half a metre has the class of the object at its centre.
    let size = 4_000;
    let driver = gdal::DriverManager::get_driver_by_name("GTiff").unwrap();
    let path = twin.join("classes.tif");
    let options = RasterCreationOptions::from_iter(["COMPRESS=DEFLATE"]);
    let mut dataset = driver
        .create_with_band_type_with_options::<u8, _>(&path, size, size, 1, &options)
        .unwrap();
    dataset
        .set_geo_transform(&[west, 0.5, 0.0, north, 0.0, -0.5])
        .unwrap();
    let crs = gdal::spatial_ref::SpatialRef::from_epsg(2154).unwrap();
    dataset.set_spatial_ref(&crs).unwrap();
    dataset
        .rasterband(1)
        .unwrap()
        .write(
            (0, 0),
            (size, size),
            &mut Buffer::new((size, size), vec![0u8; size * size]),
        )
        .unwrap();
    let geometry = |rings: &Vec<Vec<(f64, f64)>>| {
        let ring = |ring: &Vec<(f64, f64)>| {
            let points: Vec<String> = ring.iter().map(|(x, y)| format!("{x} {y}")).collect();
            format!("({})", points.join(","))
        };
        let rings: Vec<String> = rings.iter().map(ring).collect();
        Geometry::from_wkt(&format!("POLYGON ({})", rings.join(","))).unwrap()
    };
    let geometries: Vec<Geometry> = objects.iter().map(|o| geometry(&o.2)).collect();
    let place = |o: &(String, String, _)| codes.binary_search(&(&*o.0, &*o.1)).unwrap() as f64;
    let values: Vec<f64> = objects.iter().map(|o| place(o) + 1.0).collect();
    gdal::raster::rasterize(&mut dataset, &[1], &geometries, &values, None).unwrap();
    dataset.close().unwrap();
    let reference = twin.join("reference/nomenclature");
    std::fs::create_dir_all(&reference).unwrap();
    let rows = codes
        .iter()
        .enumerate()
        .map(|(n, (cs, us))| format!("{},class,{cs},{us},test,our choice\n", n + 1));
    let table = "code,label_fr,cover,use,source,tag\n0,aucune,,,test,our choice\n".to_owned();
    std::fs::write(
        reference.join("drawn.csv"),
        table + &rows.collect::<String>(),
    )
    .unwrap();
    let outputs = run(
        &twin,
        "classes = [\"classes.tif\"]\nnomenclature = \"drawn\"\n[run]\nreference = \"reference\"",
    );
    assert!(changed(&outputs, "published") > 10_000.0);
    assert_eq!(changed(&outputs, "aligned"), 0.0);
}
