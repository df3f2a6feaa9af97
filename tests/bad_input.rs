//! What a person sees who gives something wrong: what is wrong, where, what to do; exit code 2;
//! nothing half-written.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use gdal::DriverManager;
use gdal::spatial_ref::SpatialRef;
use serde_json::json;
use support::drawn::{Drawing, object, rectangle, write_geojson};
use support::layers::Layer;
use tempfile::TempDir;

/// Runs a territory file by the program itself; the exit code and what it says on stderr.
fn run(territory: &Path) -> (i32, String) {
    run_into(territory, &territory.with_file_name("out"))
}

fn run_into(territory: &Path, out: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_millesime"))
        .args([
            "run".as_ref(),
            territory.as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
        ])
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Asserts that a territory is refused in words that name all of `said`, once, with an advice,
/// and that nothing is left behind.
fn refused(territory: &Path, said: &[&str]) {
    let (code, message) = run(territory);
    assert_eq!(code, 2, "{message}");
    for words in said {
        assert!(message.contains(words), "no « {words} » in: {message}");
    }
    let errors = message
        .lines()
        .filter(|line| line.starts_with("error:"))
        .count();
    assert_eq!(errors, 1, "{message}");
    assert!(message.contains("→"), "no advice in: {message}");
    let left: Vec<_> = std::fs::read_dir(territory.parent().unwrap())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("out"))
        .collect();
    assert!(left.is_empty(), "{left:?} left behind");
}

fn field() -> Vec<serde_json::Value> {
    vec![object(
        "CS2.2.1",
        "US1.1",
        &[&rectangle(0.0, 0.0, 100.0, 100.0)],
    )]
}

/// A valid territory of one commune and one vintage, to be spoilt.
fn good() -> Drawing {
    Drawing::default()
        .commune("32001", rectangle(0.0, 0.0, 100.0, 100.0))
        .vintage(2019, field())
}

/// A territory whose only vintage is the file `product`.
fn territory_of(folder: &TempDir, product: &str) -> PathBuf {
    let path = folder.path().join("TERRITORY.toml");
    let text = format!(
        "name = \"x\"\ncrs = \"EPSG:2154\"\n[[vintages]]\nyear = 2019\nproduct = \"{product}\"\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// Writes polygons with GDAL, in any format and CRS, or none.
fn write_layer(path: &Path, driver: &str, crs: Option<u32>, rows: &[Option<&str>]) {
    let codes = ["CS2.2.1", "US1.1"];
    let rows: Vec<(Option<&str>, &[&str])> = rows.iter().map(|wkt| (*wkt, &codes[..])).collect();
    let columns = &[("code_cs", false), ("code_us", false)];
    Layer {
        driver,
        name: "OCCUPATION_SOL",
        crs,
        columns,
        rows: &rows,
    }
    .write(path);
}

const SQUARE: &str =
    "POLYGON ((478000 6275000,478100 6275000,478100 6275100,478000 6275100,478000 6275000))";

#[test]
fn a_good_territory_passes() {
    let folder = TempDir::new().unwrap();
    let (code, message) = run(&good().write(folder.path()));
    assert_eq!((code, message.as_str()), (0, ""));
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
    let folder = TempDir::new().unwrap();
    let mut drawing = good();
    drawing.more = "[[vintages]]\nyear = 2022\nprodct = \"2022.gpkg\"\n".into();
    refused(
        &drawing.write(folder.path()),
        &["`prodct`", "line 12", "`product`"],
    );
}

#[test]
fn a_missing_file_is_named_with_the_nearest() {
    let folder = TempDir::new().unwrap();
    good().write(folder.path());
    refused(
        &territory_of(&folder, "2018.geojson"),
        &["2018.geojson", "does not exist", "`2019.geojson`"],
    );
}

#[test]
fn a_wrong_layer_is_named_with_the_nearest() {
    let folder = TempDir::new().unwrap();
    write_layer(
        &folder.path().join("a.gpkg"),
        "GPKG",
        Some(2154),
        &[Some(SQUARE)],
    );
    let territory = territory_of(&folder, "a.gpkg");
    let text = std::fs::read_to_string(&territory).unwrap() + "layer = \"OCUPATION\"\n";
    std::fs::write(&territory, text).unwrap();
    refused(&territory, &["`OCUPATION`", "`OCCUPATION_SOL`"]);
}

#[test]
fn an_empty_layer_is_refused() {
    let folder = TempDir::new().unwrap();
    write_layer(&folder.path().join("a.gpkg"), "GPKG", Some(2154), &[]);
    refused(
        &territory_of(&folder, "a.gpkg"),
        &["a.gpkg", "OCCUPATION_SOL", "holds no polygon"],
    );
}

#[test]
fn a_missing_column_is_named_with_those_there_are() {
    let folder = TempDir::new().unwrap();
    let features = [json!({
        "type": "Feature", "properties": { "cod_cs": "CS2.2.1", "code_us": "US1.1" },
        "geometry": { "type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]] },
    })];
    write_geojson(&folder.path().join("2019.geojson"), &features);
    refused(
        &territory_of(&folder, "2019.geojson"),
        &["code_cs", "did you mean `cod_cs`"],
    );
}

#[test]
fn an_unknown_code_is_named_with_its_row() {
    let folder = TempDir::new().unwrap();
    let mut objects = field();
    objects.push(object("CS7.7", "US1.1", &[&rectangle(0.0, 0.0, 5.0, 5.0)]));
    let territory = Drawing::default()
        .vintage(2019, objects)
        .write(folder.path());
    refused(&territory, &["`CS7.7`", "row 2", "not a CS code"]);
}

#[test]
fn a_null_geometry_is_reported_and_the_rest_is_done() {
    let folder = TempDir::new().unwrap();
    let mut objects = field();
    objects.push(json!({
        "type": "Feature", "properties": { "code_cs": "CS2.2.1", "code_us": "US1.1" },
        "geometry": null,
    }));
    let territory = Drawing::default()
        .vintage(2019, objects)
        .write(folder.path());
    let outputs = support::Outputs::of(&territory);
    let read = &outputs.manifest()["vintages"][0]["read"];
    assert_eq!(read["null_geometries"], 1);
    assert_eq!(read["null_geometry_rows"], json!([2]));
}

#[test]
fn coordinates_that_are_not_numbers_are_refused_with_their_row() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.gpkg");
    let other = SQUARE.replace("478100 6275100", "478123.456 6275100");
    write_layer(&path, "GPKG", Some(2154), &[Some(SQUARE), Some(&other)]);
    // GDAL would not write it: the number is found in the file, and spoilt.
    let mut bytes = std::fs::read(&path).unwrap();
    let number = 478_123.456f64.to_le_bytes();
    let at = bytes.windows(8).rposition(|w| w == number).unwrap();
    bytes[at..at + 8].copy_from_slice(&f64::NAN.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    refused(
        &territory_of(&folder, "a.gpkg"),
        &["a.gpkg", "row 2", "not a number"],
    );
}

#[test]
fn a_missing_crs_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.shp");
    write_layer(&path, "ESRI Shapefile", None, &[Some(SQUARE)]);
    let territory = territory_of(&folder, "a.shp");
    refused(
        &territory,
        &["a.shp", "does not say its CRS", "crs = \"EPSG"],
    );
    // Told, it is read.
    let text = std::fs::read_to_string(&territory).unwrap() + "crs = \"EPSG:2154\"\n";
    std::fs::write(&territory, text).unwrap();
    assert_eq!(run(&territory).0, 0);
}

#[test]
fn a_wrong_crs_is_told() {
    // Metres of Lambert-93, said to be degrees.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.gpkg");
    write_layer(&path, "GPKG", Some(4326), &[Some(SQUARE)]);
    refused(
        &territory_of(&folder, "a.gpkg"),
        &["a.gpkg", "row 1", "CRS"],
    );
}

#[test]
fn degrees_given_as_metres_are_told() {
    let folder = TempDir::new().unwrap();
    let degrees = "POLYGON ((0.1 43.5,0.2 43.5,0.2 43.6,0.1 43.6,0.1 43.5))";
    write_layer(
        &folder.path().join("a.gpkg"),
        "GPKG",
        Some(2154),
        &[Some(degrees)],
    );
    refused(
        &territory_of(&folder, "a.gpkg"),
        &["look like degrees", "EPSG:4326"],
    );
}

#[test]
fn a_territory_in_degrees_is_refused() {
    let folder = TempDir::new().unwrap();
    let territory = good().write(folder.path());
    let text = std::fs::read_to_string(&territory)
        .unwrap()
        .replace("EPSG:2154", "EPSG:4326");
    std::fs::write(&territory, text).unwrap();
    refused(&territory, &["key crs", "not projected in metres"]);
}

#[test]
fn communes_that_overlap_are_refused() {
    let folder = TempDir::new().unwrap();
    let drawing = good().commune("32002", rectangle(50.0, 0.0, 150.0, 100.0));
    refused(
        &drawing.write(folder.path()),
        &["32001", "32002", "overlap by 5000 m²"],
    );
}

#[test]
fn a_commune_code_given_twice_is_refused() {
    let folder = TempDir::new().unwrap();
    let drawing = good().commune("32001", rectangle(100.0, 0.0, 200.0, 100.0));
    refused(&drawing.write(folder.path()), &["32001", "row 2", "row 1"]);
}

#[test]
fn communes_elsewhere_are_refused() {
    let folder = TempDir::new().unwrap();
    let drawing = Drawing::default()
        .commune("32001", rectangle(5_000.0, 0.0, 5_100.0, 100.0))
        .vintage(2019, field());
    refused(
        &drawing.write(folder.path()),
        &["no commune lies where a vintage is"],
    );
}

#[test]
fn a_commune_outside_the_vintages_is_listed_without_a_rate() {
    let folder = TempDir::new().unwrap();
    let drawing = good().commune("32002", rectangle(100.0, 0.0, 200.0, 100.0));
    let outputs = support::Outputs::of(&drawing.write(folder.path()));
    let stock = outputs.table("stock");
    let outside = stock.iter().find(|r| r["commune"] == "32002").unwrap();
    assert_eq!(outside["area_m2"], "10000.00000");
    assert_eq!(outside["covered_m2"], "0.00000");
    assert_eq!(outside["artificial_share"], "");
    let inside = stock.iter().find(|r| r["commune"] == "32001").unwrap();
    assert_eq!(inside["artificial_share"], "0");
}

#[test]
fn a_truncated_geopackage_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.gpkg");
    let rows = vec![Some(SQUARE); 2_000];
    write_layer(&path, "GPKG", Some(2154), &rows);
    let bytes = std::fs::read(&path).unwrap();
    for kept in [bytes.len() / 2, 5_000, 200, 0] {
        std::fs::write(&path, &bytes[..kept]).unwrap();
        refused(&territory_of(&folder, "a.gpkg"), &["a.gpkg"]);
    }
}

#[test]
fn what_is_no_data_file_is_told() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.gpkg"), "not a database").unwrap();
    refused(
        &territory_of(&folder, "a.gpkg"),
        &["a.gpkg", "cannot be read"],
    );
    std::fs::write(folder.path().join("a.parquet"), "not a table").unwrap();
    refused(
        &territory_of(&folder, "a.parquet"),
        &["a.parquet", "cannot be read"],
    );
}

/// Writes a class raster of ones, 64 pixels wide.
fn write_raster(path: &Path, west: f64, pixel: f64, crs: u32) {
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dataset = driver
        .create_with_band_type::<u8, _>(path, 64, 64, 1)
        .unwrap();
    dataset
        .set_geo_transform(&[west, pixel, 0.0, 6_275_100.0, 0.0, -pixel])
        .unwrap();
    dataset
        .set_spatial_ref(&SpatialRef::from_epsg(crs).unwrap())
        .unwrap();
    let mut band = dataset.rasterband(1).unwrap();
    let mut pixels = gdal::raster::Buffer::new((64, 64), vec![1u8; 64 * 64]);
    band.write((0, 0), (64, 64), &mut pixels).unwrap();
    dataset.flush_cache().unwrap();
}

fn territory_of_rasters(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("TERRITORY.toml");
    let text = "name = \"x\"\ncrs = \"EPSG:2154\"\n[[vintages]]\nyear = 2019\n\
                classes = [\"*.tif\"]\nnomenclature = \"odeon-naf\"\n";
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_truncated_geotiff_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.tif");
    write_raster(&path, 478_000.0, 1.0, 2154);
    assert_eq!(run(&territory_of_rasters(&folder)).0, 0);
    std::fs::remove_dir_all(folder.path().join("out")).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for kept in [bytes.len() - 1_000, bytes.len() / 3, 100, 0] {
        std::fs::write(&path, &bytes[..kept]).unwrap();
        refused(&territory_of_rasters(&folder), &["a.tif"]);
    }
}

#[test]
fn raster_tiles_that_disagree_are_told() {
    let folder = TempDir::new().unwrap();
    write_raster(&folder.path().join("a.tif"), 478_000.0, 1.0, 2154);
    let other = folder.path().join("b.tif");
    write_raster(&other, 478_064.0, 0.5, 2154);
    refused(
        &territory_of_rasters(&folder),
        &["b.tif", "pixels are 0.5 m", "a.tif"],
    );
    write_raster(&other, 478_064.3, 1.0, 2154);
    refused(
        &territory_of_rasters(&folder),
        &["b.tif", "not on the pixel grid"],
    );
    write_raster(&other, 478_064.0, 1.0, 32631);
    refused(&territory_of_rasters(&folder), &["b.tif", "UTM"]);
}

#[test]
fn a_class_that_the_nomenclature_does_not_know_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.tif");
    write_raster(&path, 478_000.0, 1.0, 2154);
    let dataset = gdal::Dataset::open_ex(
        &path,
        gdal::DatasetOptions {
            open_flags: gdal::GdalOpenFlags::GDAL_OF_UPDATE,
            ..Default::default()
        },
    );
    let mut pixels = gdal::raster::Buffer::new((1, 1), vec![77u8]);
    dataset
        .unwrap()
        .rasterband(1)
        .unwrap()
        .write((5, 5), (1, 1), &mut pixels)
        .unwrap();
    refused(
        &territory_of_rasters(&folder),
        &["a.tif", "77", "odeon-naf"],
    );
}

#[test]
fn an_output_folder_that_cannot_be_made_is_told() {
    let folder = TempDir::new().unwrap();
    let territory = good().write(folder.path());
    std::fs::write(folder.path().join("file"), "").unwrap();
    let (code, message) = run_into(&territory, &folder.path().join("file/results"));
    assert_eq!(code, 2, "{message}");
    assert!(
        message.contains("cannot be written") && message.contains("another one"),
        "{message}"
    );
}

#[test]
fn an_output_folder_of_someone_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let territory = good().write(folder.path());
    let theirs = folder.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("letter.txt"), "dear").unwrap();
    let (code, message) = run_into(&territory, &theirs);
    assert_eq!(code, 2, "{message}");
    assert!(message.contains("has not written"), "{message}");
    assert_eq!(
        std::fs::read_to_string(theirs.join("letter.txt")).unwrap(),
        "dear"
    );
}

/// A disk is full when no byte more can be written: a limit on the size of files does the same.
#[test]
fn a_full_disk_is_told_and_the_earlier_results_stay() {
    let folder = TempDir::new().unwrap();
    let territory = good().write(folder.path());
    let out = folder.path().join("results");
    assert_eq!(run_into(&territory, &out).0, 0);
    let before = std::fs::read(out.join("manifest.json")).unwrap();
    let output = Command::new("sh")
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 1; exec \"$0\" run \"$1\" --out \"$2\"")
        .args([Path::new(env!("CARGO_BIN_EXE_millesime")), &territory, &out])
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("cannot be written") && message.contains("free space"),
        "{message}"
    );
    assert_eq!(std::fs::read(out.join("manifest.json")).unwrap(), before);
    let entries = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(
        entries, 4,
        "nothing half-written beside the inputs and the earlier results"
    );
}

/// A territory file with these lines after its name and CRS.
fn territory_with(folder: &TempDir, lines: &str) -> PathBuf {
    let path = folder.path().join("TERRITORY.toml");
    std::fs::write(&path, format!("name = \"x\"\ncrs = \"EPSG:2154\"\n{lines}")).unwrap();
    path
}

#[test]
fn changes_that_cannot_be_compared_are_refused() {
    let folder = TempDir::new().unwrap();
    let changes = |from: u16, to: u16| {
        format!("[[changes]]\nfrom = {from}\nto = {to}\npath = \"diff.gpkg\"\n")
    };
    let chained = changes(2015, 2018) + &changes(2018, 2021);
    refused(
        &territory_with(&folder, &chained),
        &["2015-2018", "2018-2021", "of its own"],
    );
    let mixed = changes(2015, 2018) + "[[vintages]]\nyear = 2021\nproduct = \"2021.gpkg\"\n";
    refused(
        &territory_with(&folder, &mixed),
        &["both [[vintages]] and [[changes]]"],
    );
}

#[test]
fn a_vintage_given_twice_is_refused() {
    let folder = TempDir::new().unwrap();
    let vintage = "[[vintages]]\nyear = 2018\nproduct = \"a.gpkg\"\n";
    let twice = format!("{vintage}{vintage}departement = \"33\"\n");
    refused(&territory_with(&folder, &twice), &["2018 is given twice"]);
}

#[test]
fn a_vintage_of_a_departement_without_ground_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut drawing = good();
    drawing.more = "departement = \"033\"\n".into();
    refused(
        &drawing.write(folder.path()),
        &["vintage 2019", "033", "32"],
    );
}

#[test]
fn a_commune_code_that_lost_its_zero_is_refused() {
    let folder = TempDir::new().unwrap();
    let drawing = good().commune("1004", rectangle(100.0, 0.0, 200.0, 100.0));
    refused(
        &drawing.write(folder.path()),
        &["`1004`", "row 2", "leading zero"],
    );
}

#[test]
fn a_folder_of_reference_tables_is_read_or_refused() {
    let folder = TempDir::new().unwrap();
    let mut drawing = good();
    drawing.more = "[run]\nreference = \"tables\"\n".into();
    let territory = drawing.write(folder.path());
    refused(&territory, &["tables", "not a folder"]);
    let tables = folder.path().join("tables/artificialisation");
    std::fs::create_dir_all(&tables).unwrap();
    std::fs::write(tables.join("parametres.csv"), "").unwrap();
    refused(
        &territory,
        &["parametres.csv", "`artificialisation/parameters.csv`"],
    );
    std::fs::remove_file(tables.join("parametres.csv")).unwrap();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/artificialisation/matrix.csv");
    let matrix = std::fs::read_to_string(ours).unwrap();
    let short: Vec<&str> = matrix.lines().take(100).collect();
    std::fs::write(tables.join("matrix.csv"), short.join("\n")).unwrap();
    refused(&territory, &["matrix.csv", "every couple"]);
    std::fs::write(tables.join("matrix.csv"), matrix).unwrap();
    assert_eq!(run(&territory).0, 0);
}

#[test]
fn a_folder_with_a_manifest_of_someone_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let territory = good().write(folder.path());
    let web = folder.path().join("web");
    std::fs::create_dir(&web).unwrap();
    std::fs::write(web.join("manifest.json"), "{\"name\": \"an application\"}").unwrap();
    let (code, message) = run_into(&territory, &web);
    assert_eq!(code, 2, "{message}");
    // Nor are files that were put among our outputs.
    let out = folder.path().join("results");
    assert_eq!(run_into(&territory, &out).0, 0);
    std::fs::write(out.join("map.qgz"), "mine").unwrap();
    let (code, message) = run_into(&territory, &out);
    assert!(code == 2 && message.contains("map.qgz"), "{message}");
    assert_eq!(
        std::fs::read_to_string(out.join("map.qgz")).unwrap(),
        "mine"
    );
}

#[test]
fn what_a_stopped_run_left_is_removed_by_the_next() {
    let folder = TempDir::new().unwrap();
    let territory = good().write(folder.path());
    // No process has such a number.
    let left = folder.path().join(".results.999999999.partial");
    std::fs::create_dir(&left).unwrap();
    assert_eq!(run_into(&territory, &folder.path().join("results")).0, 0);
    assert!(!left.exists());
}

#[test]
fn a_truncated_shapefile_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.shp");
    write_layer(
        &path,
        "ESRI Shapefile",
        Some(2154),
        &[Some(SQUARE), Some(SQUARE)],
    );
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 40]).unwrap();
    refused(&territory_of(&folder, "a.shp"), &["a.shp", "truncated"]);
}

#[test]
fn a_crs_that_distorts_areas_is_refused() {
    let folder = TempDir::new().unwrap();
    let territory = good().write(folder.path());
    let text = std::fs::read_to_string(&territory)
        .unwrap()
        .replace("EPSG:2154", "EPSG:3857");
    std::fs::write(&territory, text).unwrap();
    refused(&territory, &["key crs", "areas"]);
}

#[test]
fn a_raster_of_fractions_or_of_several_bands_is_refused() {
    let folder = TempDir::new().unwrap();
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let path = folder.path().join("a.tif");
    let place = |mut dataset: gdal::Dataset| {
        let west = [478_000.0, 1.0, 0.0, 6_275_100.0, 0.0, -1.0];
        dataset.set_geo_transform(&west).unwrap();
        dataset
            .set_spatial_ref(&SpatialRef::from_epsg(2154).unwrap())
            .unwrap();
        dataset.close().unwrap();
    };
    place(
        driver
            .create_with_band_type::<f32, _>(&path, 8, 8, 1)
            .unwrap(),
    );
    refused(
        &territory_of_rasters(&folder),
        &["a.tif", "band 1", "Float32"],
    );
    place(
        driver
            .create_with_band_type::<u8, _>(&path, 8, 8, 3)
            .unwrap(),
    );
    refused(&territory_of_rasters(&folder), &["a.tif", "3 bands"]);
}

#[test]
fn tiles_far_apart_cost_no_more_than_near_ones() {
    let folder = TempDir::new().unwrap();
    write_raster(&folder.path().join("a.tif"), 478_000.0, 1.0, 2154);
    write_raster(&folder.path().join("b.tif"), 978_000.0, 1.0, 2154);
    let outputs = support::Outputs::of(&territory_of_rasters(&folder));
    assert_eq!(outputs.table("stock")[0]["covered_m2"], "8192.00000");
    assert_eq!(
        outputs.manifest()["vintages"][0]["laid"]["collapsed_parts"],
        0
    );
}

#[test]
fn rings_that_cross_are_reported() {
    let folder = TempDir::new().unwrap();
    // A bow-tie: drawn area 0, two wings of 2 500 m².
    let wings = vec![(0.0, 0.0), (100.0, 100.0), (100.0, 0.0), (0.0, 100.0)];
    let territory = Drawing::default()
        .vintage(2019, vec![object("CS2.2.1", "US1.1", &[&wings])])
        .write(folder.path());
    let outputs = support::Outputs::of(&territory);
    assert_eq!(outputs.table("stock")[0]["covered_m2"], "5000.00000");
    let laid = &outputs.manifest()["vintages"][0]["laid"];
    assert_eq!(laid["redrawn_parts"], 1);
    assert_eq!(laid["redrawn_m2"], 5_000.0);
}

#[test]
fn check_tells_what_is_wrong_and_exits_with_2() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("2019.geojson");
    let check = |objects: &[serde_json::Value]| {
        write_geojson(&path, objects);
        let output = Command::new(env!("CARGO_BIN_EXE_millesime"))
            .args(["check".as_ref(), path.as_os_str()])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text)
    };
    let (code, text) = check(&field());
    assert!(code == 0 && text.contains("→ valid"), "{text}");
    let mut objects = field();
    objects.push(object(
        "CS2.2.1",
        "US9",
        &[&rectangle(50.0, 0.0, 150.0, 100.0)],
    ));
    let (code, text) = check(&objects);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("`US9` is not a US code") && text.contains("row 2"),
        "{text}"
    );
    assert!(
        text.contains("overlaps") && text.contains("row 1 and row 2: 5000.00 m²"),
        "{text}"
    );
}
