//! Predictions: the same for any windows, extent and restart; right where nothing is missing; refused
//! with the reason where something is.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use millesime::crs::Crs;
use millesime::predict::{Blend, Device, Engine, Imagery, Prediction, Summary, heat_map, predict};
use millesime::progress::Quiet;
use millesime::raster::{Image, PixelGrid, Tiff, Window};
use millesime::reference::Reference;
use tempfile::TempDir;

/// Side of the pixels, m.
const PIXEL: f64 = 0.5;

/// A model of `tests/models`: made up, but whole.
fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/models/{name}.onnx"))
}

/// A number of 0 to 255 of a place.
fn noise(band: usize, column: i64, row: i64) -> u8 {
    let mut key = (column as u64) << 40 ^ (row as u64) << 8 ^ band as u64;
    key = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    key = (key ^ (key >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (key >> 56) as u8
}

/// A smoothly varying image, with noise.
fn value(band: usize, column: i64, row: i64) -> u8 {
    let waves = (column as f64 / 17.0).sin() + (row as f64 / 11.0 + band as f64).cos();
    (110.0 + 40.0 * waves + f64::from(noise(band, column, row)) / 8.0) as u8
}

fn write(path: &Path, window: Window, value: impl Fn(usize, i64, i64) -> u8) {
    write_as(path, window, PIXEL, 3, None, value);
}

fn write_as<T: gdal::raster::GdalType + Copy>(
    path: &Path,
    window: Window,
    pixel: f64,
    bands: usize,
    nodata: Option<f64>,
    value: impl Fn(usize, i64, i64) -> T,
) {
    let crs = Crs::parse("EPSG:2154", "test").unwrap();
    let (grid, ..) = PixelGrid::of(0.0, 0.0, pixel);
    let mut file = Tiff::create::<T>(path, (&crs, &grid, window), bands, nodata).unwrap();
    for band in 0..bands {
        let values = window
            .rows()
            .flat_map(|row| window.columns().map(move |column| (column, row)))
            .map(|(column, row)| value(band, column, row));
        file.write(band, &window, values.collect()).unwrap();
    }
    file.finish().unwrap();
}

/// Somewhere in Lambert-93.
fn window(width: usize, height: usize) -> Window {
    Window {
        column: 1_611_776,
        row: -13_092_864,
        width,
        height,
    }
}

fn prediction(model: PathBuf, image: &Path, out: &Path) -> Prediction {
    Prediction {
        model,
        card: None,
        imagery: Imagery {
            image: vec![image.display().to_string()],
            ..Imagery::default()
        },
        probabilities: out.to_owned(),
        classes: None,
        quick_look: None,
        heat_maps: Vec::new(),
        has_all_classes: true,
        extent: None,
        blend: Blend::Centre,
        window: None,
        margin: None,
        engine: Engine {
            device: Device::Cpu,
            sessions: 1,
            threads: 1,
            batch: 1,
        },
        is_anew: false,
    }
}

fn run(prediction: &Prediction) -> Summary {
    predict(prediction, &Reference::load(None).unwrap(), &Quiet).unwrap()
}

fn refusal(prediction: &Prediction) -> String {
    let found = predict(prediction, &Reference::load(None).unwrap(), &Quiet);
    let error = found.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    error.to_string()
}

fn assert_refused(prediction: &Prediction, with: &str) {
    let said = refusal(prediction);
    assert!(said.contains(with), "no « {with} » in: {said}");
}

/// The bands of a raster, with the window that they fill.
fn read(path: &Path) -> (Window, Vec<Vec<f32>>, Vec<bool>) {
    let image = Image::open(&[path.display().to_string()], None, "test").unwrap();
    let window = image.window();
    let bands: Vec<usize> = (0..image.bands()).collect();
    let size = window.width * window.height;
    let (mut values, mut valid) = (vec![0.0; bands.len() * size], vec![false; size]);
    image
        .read(&window, &bands, &mut values, &mut valid)
        .unwrap();
    let bands = values.chunks_exact(size).map(<[f32]>::to_vec).collect();
    (window, bands, valid)
}

fn largest_difference(p: &[Vec<f32>], q: &[Vec<f32>]) -> f32 {
    assert_eq!(p.len(), q.len());
    let pairs = p.iter().flatten().zip(q.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn windows_of_any_size_give_the_same() {
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("image.tif");
    write(&image, window(301, 187), value);
    let made = |name: &str, window: Option<usize>, margin: usize, blend: Blend| {
        let out = folder.path().join("p.tif");
        run(&Prediction {
            window,
            margin: Some(margin),
            blend,
            ..prediction(model(name), &image, &out)
        });
        read(&out).1
    };
    let first = made("equivariant", None, 16, Blend::Centre);
    assert_eq!(first.len(), 4);
    for (name, window, margin) in [
        ("equivariant", Some(96), 8),
        ("equivariant", Some(352), 24),
        ("equivariant", Some(64), 4),
        ("equivariant-128", None, 30),
        ("cropped", Some(128), 5),
    ] {
        let centre = made(name, window, margin, Blend::Centre);
        assert_eq!(
            largest_difference(&first, &centre),
            0.0,
            "{name} {window:?}"
        );
        let weighted = made(name, window, margin, Blend::Weighted);
        assert!(
            largest_difference(&first, &weighted) <= 1.0,
            "{name} {window:?}"
        );
    }
    // Coarser arithmetic gives nearly the same.
    let half = made("equivariant-half", None, 16, Blend::Centre);
    assert!(largest_difference(&first, &half) <= 2.0);
    let int8 = made("equivariant-int8", None, 16, Blend::Centre);
    assert!(largest_difference(&first, &int8) <= 12.0);
}

/// Windows are cut in other places, and the first of them may have nothing to say of the image.
#[test]
fn an_image_may_lie_anywhere_on_the_grid_of_windows() {
    let folder = TempDir::new().unwrap();
    let (image, out) = (folder.path().join("i.tif"), folder.path().join("p.tif"));
    let mut first: Option<Vec<Vec<f32>>> = None;
    for shift in 0..96 {
        let at = window(40, 23);
        let at = Window {
            column: at.column + shift,
            row: at.row + 5 * shift,
            ..at
        };
        write(&image, at, |band, column, row| {
            value(band, column - shift, row - 5 * shift)
        });
        let summary = run(&prediction(model("equivariant"), &image, &out));
        assert!(summary.pixels_in < summary.windows * 128 * 128);
        let (found, bands, _) = read(&out);
        assert_eq!((found.column, found.row), (at.column, at.row));
        let first = first.get_or_insert_with(|| bands.clone());
        assert_eq!(largest_difference(first, &bands), 0.0, "{shift}");
    }
}

#[test]
fn an_extent_cuts_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let (image, whole) = (folder.path().join("i.tif"), folder.path().join("w.tif"));
    let at = window(290, 230);
    write(&image, at, value);
    for blend in [Blend::Centre, Blend::Weighted] {
        run(&Prediction {
            blend,
            ..prediction(model("equivariant"), &image, &whole)
        });
        let (_, whole, _) = read(&whole);
        for (left, top, width, height) in [(0, 0, 7, 9), (31, 57, 130, 100), (283, 11, 7, 219)] {
            let part = folder.path().join("part.tif");
            let west = (at.column + left) as f64 * PIXEL;
            let north = -(at.row + top) as f64 * PIXEL;
            run(&Prediction {
                blend,
                extent: Some([
                    west,
                    north - f64::from(height) * PIXEL,
                    west + f64::from(width) * PIXEL,
                    north,
                ]),
                ..prediction(model("equivariant"), &image, &part)
            });
            let (found, part, _) = read(&part);
            assert_eq!((found.column, found.row), (at.column + left, at.row + top));
            assert_eq!(
                (found.width, found.height),
                (width as usize, height as usize)
            );
            for (whole, part) in whole.iter().zip(&part) {
                let lines = whole.chunks_exact(at.width).skip(top as usize);
                let cut = lines.take(height as usize);
                let cut =
                    cut.flat_map(|line| &line[left as usize..(left + i64::from(width)) as usize]);
                assert!(cut.eq(part), "{blend:?} {left} {top}");
            }
        }
    }
}

#[test]
fn tiles_mosaics_and_threads_give_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let at = window(260, 150);
    write(&path("whole.tif"), at, value);
    for (n, left) in [0usize, 100, 180].into_iter().enumerate() {
        let width = [100, 100, 80][n];
        let tile = Window {
            column: at.column + left as i64,
            width,
            ..at
        };
        write(&path(&format!("tile{n}.tif")), tile, value);
    }
    let bytes = |change: &dyn Fn(&mut Prediction)| {
        let mut prediction = prediction(model("equivariant"), &path("whole.tif"), &path("p.tif"));
        prediction.has_all_classes = false;
        prediction.blend = Blend::Weighted;
        prediction.classes = Some(path("c.tif"));
        change(&mut prediction);
        run(&prediction);
        [path("p.tif"), path("c.tif")].map(|path| std::fs::read(path).unwrap())
    };
    let one = bytes(&|_| ());
    assert!(one == bytes(&|p| p.engine.threads = 2));
    assert!(one == bytes(&|p| p.engine.sessions = 3));
    assert!(one == bytes(&|p| p.engine = Engine::new(Device::Cpu, None, None)));
    assert!(one == bytes(&|p| p.engine.batch = 4));
    let tiles = path("tile*.tif").display().to_string();
    assert!(one == bytes(&|p| p.imagery.image = vec![tiles.clone()]));
    let status = Command::new("gdalbuildvrt")
        .arg("-q")
        .arg(path("m.vrt"))
        .args((0..3).map(|n| path(&format!("tile{n}.tif"))))
        .status();
    match status {
        Ok(status) => {
            assert!(status.success());
            let mosaic = path("m.vrt").display().to_string();
            assert!(one == bytes(&|p| p.imagery.image = vec![mosaic.clone()]));
        }
        // The command-line tools of GDAL are not everywhere.
        Err(_) => eprintln!("skipped, for want of gdalbuildvrt: a VRT mosaic"),
    }
    // Tiles that overlap must agree.
    write(&path("tile9.tif"), window(20, 20), |b, c, r| {
        value(b, c, r) ^ 1
    });
    let mut disagreeing = prediction(model("equivariant"), &path("tile*.tif"), &path("q.tif"));
    disagreeing.imagery.image = vec![tiles];
    assert_refused(&disagreeing, "disagrees");
    assert!(!path("q.tif").exists());
}

#[test]
fn other_pixels_are_resampled_when_asked() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    // Quarters of a metre, the four of each half metre alike.
    let fine = Window {
        column: 2 * 1_611_776,
        row: -2 * 13_092_864,
        width: 300,
        height: 240,
    };
    let coarse = |b: usize, c: i64, r: i64| value(b, c.div_euclid(2), r.div_euclid(2));
    write_as::<u8>(&path("fine.tif"), fine, PIXEL / 2.0, 3, None, coarse);
    write(&path("same.tif"), window(150, 120), value);
    let mut resampled = prediction(model("equivariant"), &path("fine.tif"), &path("p.tif"));
    assert_refused(&resampled, "--resample");
    resampled.imagery.resample = true;
    run(&resampled);
    run(&prediction(
        model("equivariant"),
        &path("same.tif"),
        &path("q.tif"),
    ));
    let ((at, found, _), (truth_at, truth, _)) = (read(&path("p.tif")), read(&path("q.tif")));
    assert_eq!(at, truth_at);
    assert_eq!(largest_difference(&found, &truth), 0.0);
}

#[test]
fn nothing_stays_nothing() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let at = window(200, 160);
    // A hole, and a corner without data.
    let is_there = |column: i64, row: i64| {
        let (x, y) = (column - at.column, row - at.row);
        !((60..140).contains(&x) && (50..90).contains(&y)) && x + y > 40
    };
    write_as::<u8>(&path("i.tif"), at, PIXEL, 3, Some(0.0), |b, c, r| {
        if is_there(c, r) {
            value(b, c, r).max(1)
        } else {
            0
        }
    });
    run(&Prediction {
        has_all_classes: false,
        classes: Some(path("c.tif")),
        quick_look: Some(path("q.png")),
        heat_maps: vec![6],
        window: Some(32),
        margin: Some(4),
        ..prediction(model("equivariant"), &path("i.tif"), &path("p.tif"))
    });
    for name in ["p.tif", "c.tif"] {
        let (_, bands, valid) = read(&path(name));
        let places = at.rows().flat_map(|r| at.columns().map(move |c| (c, r)));
        for (n, (column, row)) in places.enumerate() {
            assert_eq!(valid[n], is_there(column, row), "{name} {column} {row}");
            if valid[n] {
                assert!([1.0, 3.0, 6.0, 13.0].contains(&bands[0][n]));
            }
        }
    }
    assert!(path("q.png").metadata().unwrap().len() > 500);
    assert!(heat_map(&path("p.tif"), 6).is_file());
    assert!(!path("p.tif.job").exists());
}

#[test]
fn a_killed_job_goes_on_and_ends_in_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(&path("i.tif"), window(900, 4_000), value);
    let command = |out: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_millesime"));
        command
            .args(["predict", "--window", "64", "--margin", "8", "--model"])
            .arg(model("equivariant"))
            .arg("--image")
            .arg(path("i.tif"))
            .arg("-o")
            .arg(path(out))
            .stdout(std::process::Stdio::null());
        command
    };
    assert!(command("whole.tif").status().unwrap().success());
    let parts = path("p.tif.job").join("parts");
    let done = || {
        let entries = std::fs::read_dir(&parts).into_iter().flatten().flatten();
        let is_part =
            |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|e| e == "tif");
        entries.filter(is_part).count()
    };
    let mut killed = 0;
    for goal in [2, 9, 20] {
        let mut child = command("p.tif").spawn().unwrap();
        while done() < goal && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(killed > 0, "the job was too short to be stopped");
    let left = done();
    assert!(left > 0 && !path("p.tif").exists());
    // Another job is not mistaken for it.
    let other = command("p.tif").args(["--all-classes"]).output().unwrap();
    assert_eq!(other.status.code(), Some(2));
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(
        said.contains("`outputs` differs") && said.contains("--restart"),
        "{said}"
    );
    assert!(command("p.tif").status().unwrap().success());
    assert!(std::fs::read(path("p.tif")).unwrap() == std::fs::read(path("whole.tif")).unwrap());
    assert!(!path("p.tif.job").exists());
}

#[test]
fn a_run_from_imagery_predicts_once() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(&path("i.tif"), window(40, 30), value);
    let text = format!(
        "name = \"t\"\ncrs = \"EPSG:2154\"\n[[vintages]]\nyear = 2019\n[vintages.predict]\nmodel = \
         \"{}\"\nimage = [\"i.tif\"]\n",
        model("equivariant").display()
    );
    std::fs::write(path("T.toml"), text).unwrap();
    let out = path("out");
    let run = || millesime::run::run(&path("T.toml"), &out, &Quiet).unwrap();
    let summary = run();
    // 1 200 pixels of a quarter of a square metre, in half square centimetres.
    let partition = &summary.ground.as_ref().unwrap().partition;
    let area: i64 = (1..partition.face_count() as u32)
        .map(|f| partition.area(f))
        .sum();
    assert_eq!(area, 1_200 * 5_000);
    let classes = path("out.predictions/2019/classes.tif");
    let made = || std::fs::metadata(&classes).unwrap().modified().unwrap();
    let (first, bytes) = (made(), std::fs::read(&classes).unwrap());
    run();
    assert_eq!(made(), first, "made again");
    // What broke off is made again.
    std::fs::write(&classes, &bytes[..200]).unwrap();
    run();
    assert!(std::fs::read(&classes).unwrap() == bytes);
}

/// The card of the graphs of the real data, which have none of their own.
fn plumbing_card(bands: usize, values: &str, channels: &str) -> String {
    let bands: Vec<String> = ["red", "green", "blue"][..bands]
        .iter()
        .map(|name| format!("{{ name = \"{name}\", mean = 0.0, std = 255.0 }}"))
        .collect();
    format!(
        "name = \"plumbing\"\n[input]\nresolution_m = {PIXEL}\nbands = [{}]\n[output]\n{values}\n\
         nomenclature = \"odeon-naf\"\nchannels = {channels}\n",
        bands.join(", ")
    )
}

#[test]
fn every_graph_is_run_as_its_shape_demands() {
    let Some(data) = support::real_data("every_graph_is_run_as_its_shape_demands") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let image = path("i.tif");
    write(&image, window(530, 40), value);
    let made = |graph: &str, values: &str, channels: &str| {
        let card = path("card.toml");
        std::fs::write(&card, plumbing_card(3, values, channels)).unwrap();
        let graph = data.join(format!("onnx-plumbing/{graph}.onnx"));
        let mut prediction = prediction(graph, &image, &path("p.tif"));
        prediction.card = Some(card);
        prediction
    };
    let sigmoid = "values = \"probabilities\"\nactivation = \"sigmoid\"";
    let softmax = "values = \"probabilities\"";
    for (graph, values, channels) in [
        ("one_output_sigmoid_bsx1x512x512", sigmoid, "[1]"),
        ("one_output_sigmoid_bsx512x512", sigmoid, "[1]"),
        ("one_output_softmax_bsx2x512x512", softmax, "[1, 3]"),
        ("two_outputs_sigmoid_bsx1x512x512", sigmoid, "[1]"),
        ("two_outputs_sigmoid_bsx512x512", sigmoid, "[1]"),
        ("two_outputs_softmax_bsx2x512x512", softmax, "[1, 3]"),
        ("different_output_size_512_to_484", sigmoid, "[1, 3]"),
        ("dummy_model", sigmoid, "[1, 3, 5]"),
    ] {
        run(&made(graph, values, channels));
        let (_, bands, valid) = read(&path("p.tif"));
        assert!(valid.iter().all(|&is_there| is_there), "{graph}");
        if values == softmax {
            let sums = bands[0].iter().zip(&bands[1]).map(|(a, b)| a + b);
            assert!(
                sums.into_iter().all(|s| (254.0..=256.0).contains(&s)),
                "{graph}"
            );
        }
    }
    let second = "values = \"probabilities\"\ntensor = \"output2\"";
    run(&made("two_outputs_softmax_bsx2x512x512", second, "[1, 3]"));
    let wrong = made("one_output_softmax_bsx2x512x512", softmax, "[1, 3, 5]");
    assert_refused(&wrong, "gives 2 channels, its card has codes for 3");
    let wrong = made("one_output_sigmoid_bsx1x512x512", second, "[1]");
    assert_refused(&wrong, "`output2`, which the graph has not");
}

#[test]
fn the_red_detector_finds_red_at_every_alignment() {
    let Some(data) = support::real_data("the_red_detector_finds_red_at_every_alignment") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let card = path("card.toml");
    let values = "values = \"probabilities\"\nactivation = \"sigmoid\"";
    std::fs::write(&card, plumbing_card(3, values, "[1]")).unwrap();
    // Pixels of no red and of all red, as a hash has it.
    let is_red = |column: i64, row: i64| noise(7, column, row) < 60;
    for shift in [0, 1, 31, 32, 33, 211, 415, 416, 447, 448, 511] {
        let at = Window {
            column: 1_000_000 + shift,
            row: -12_000_000 - 2 * shift,
            width: 45,
            height: 38,
        };
        write(&path("i.tif"), at, |band, column, row| {
            if band == 0 {
                255 * u8::from(is_red(column, row))
            } else {
                noise(band, column, row)
            }
        });
        let graph = data.join("onnx-plumbing/one_output_sigmoid_red_detector.onnx");
        for blend in [Blend::Centre, Blend::Weighted] {
            run(&Prediction {
                card: Some(card.clone()),
                classes: Some(path("c.tif")),
                blend,
                ..prediction(graph.clone(), &path("i.tif"), &path("p.tif"))
            });
            let (_, classes, valid) = read(&path("c.tif"));
            let places = at.rows().flat_map(|r| at.columns().map(move |c| (c, r)));
            for (n, (column, row)) in places.enumerate() {
                // Where the class is not, there is none.
                let found = valid[n] && classes[0][n] == 1.0;
                assert_eq!(found, is_red(column, row), "{shift} {column} {row}");
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let at = window(64, 64);
    write(&path("good.tif"), at, value);
    let good = || prediction(model("equivariant"), &path("good.tif"), &path("p.tif"));
    let with = |image: &str| prediction(model("equivariant"), &path(image), &path("p.tif"));
    write_as::<u8>(&path("one.tif"), at, PIXEL, 1, None, value);
    assert_refused(&with("one.tif"), "has 1 bands, of which it is not known");
    write_as::<u16>(&path("deep.tif"), at, PIXEL, 3, None, |b, c, r| {
        value(b, c, r).into()
    });
    assert_refused(&with("deep.tif"), "UInt16");
    write_as::<u8>(&path("coarse.tif"), at, 2.0, 3, None, value);
    let said = refusal(&with("coarse.tif"));
    assert!(
        said.contains("its pixels are 2 m, and 0.5 m are expected"),
        "{said}"
    );
    assert_refused(&with("absent.tif"), "no file is found");
    std::fs::write(path("text.tif"), "not an image").unwrap();
    assert_refused(&with("text.tif"), "cannot be read");
    // Without georeference, or turned.
    let driver = gdal::DriverManager::get_driver_by_name("GTiff").unwrap();
    drop(driver.create(path("nowhere.tif"), 64, 64, 3).unwrap());
    assert_refused(&with("nowhere.tif"), "is not georeferenced");
    let mut turned = driver.create(path("turned.tif"), 64, 64, 3).unwrap();
    turned
        .set_geo_transform(&[0.0, 0.5, 0.1, 0.0, 0.1, -0.5])
        .unwrap();
    turned.close().unwrap();
    let mut prediction = with("turned.tif");
    prediction.imagery.crs = Some("EPSG:2154".to_owned());
    assert_refused(&prediction, "turned");
    // Images that do not go together.
    let infrared = |name: &str| {
        let mut prediction = good();
        prediction.imagery.infrared = vec![path(name).display().to_string()];
        prediction
    };
    assert_refused(&infrared("good.tif"), "is not looked at");
    write(&path("small.tif"), window(64, 60), value);
    let said = refusal(&infrared("small.tif"));
    assert!(
        said.contains("covers") && said.contains("less than"),
        "{said}"
    );
    let elsewhere = Crs::parse("EPSG:2975", "test").unwrap();
    let (grid, ..) = PixelGrid::of(0.0, 0.0, PIXEL);
    let file = Tiff::create::<u8>(&path("other.tif"), (&elsewhere, &grid, at), 3, None);
    file.unwrap().finish().unwrap();
    assert_refused(&infrared("other.tif"), "RGR92");
    // Models.
    let with = |name: &str| {
        let mut prediction = good();
        prediction.model = model(name);
        prediction.card = Some(model("equivariant").with_extension("toml"));
        prediction
    };
    assert_refused(&with("unknown-operator"), "cannot run this model");
    assert_refused(&with("two-inputs"), "takes 2 inputs");
    let said = refusal(&with("flat"));
    assert!(
        said.contains("not a value of each class for each pixel"),
        "{said}"
    );
    assert_refused(&with("labels"), "argmax");
    assert_refused(&with("coarse"), "coarser ones, not a part");
    // Found out by the thread that puts windows together, while two others run the model.
    let mut prediction = with("unsound");
    prediction.engine = Engine::new(Device::Cpu, Some(2), None);
    assert_refused(&prediction, "gives what is no number");
    let mut prediction = good();
    prediction.margin = Some(60);
    assert_refused(&prediction, "leaves nothing in the middle");
    let mut prediction = with("equivariant-128");
    prediction.window = Some(64);
    assert_refused(&prediction, "takes windows of 128 pixels, and no others");
    let mut prediction = good();
    prediction.heat_maps = vec![12];
    assert_refused(&prediction, "12 is the code of no class");
    let mut prediction = good();
    prediction.extent = Some([0.0, 0.0, 10.0, 10.0]);
    assert_refused(&prediction, "has no pixel");
    assert!(!path("p.tif").exists() && !path("p.tif.job").exists());
}

#[test]
fn outputs_never_take_the_place_of_inputs() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(&path("i.tif"), window(64, 64), value);
    std::fs::copy(model("equivariant"), path("m.onnx")).unwrap();
    let card = model("equivariant").with_extension("toml");
    std::fs::copy(card, path("m.toml")).unwrap();
    std::os::unix::fs::symlink(path("i.tif"), path("link.tif")).unwrap();
    let image = std::fs::read(path("i.tif")).unwrap();
    let to = |out: &Path| prediction(path("m.onnx"), &path("i.tif"), out);
    for name in ["i.tif", "m.onnx", "m.toml"] {
        assert_refused(&to(&path(name)), "is what the prediction is made from");
        let mut prediction = to(&path("p.tif"));
        prediction.classes = Some(folder.path().join(".").join(name));
        assert_refused(&prediction, "is what the prediction is made from");
    }
    assert_refused(&to(&path("link.tif")), "is a link");
    assert_refused(&to(folder.path()), "is a folder");
    assert_refused(&to(Path::new("/dev/null")), "no regular file");
    assert_refused(&to(&path("none/p.tif")), "is not there");
    let mut prediction = to(&path("p.tif"));
    prediction.quick_look = Some(path("p.tif"));
    assert_refused(&prediction, "written twice");
    assert!(std::fs::read(path("i.tif")).unwrap() == image);
    assert!(!path("p.tif").exists());
}

#[test]
fn what_is_no_number_or_no_probability_is_told() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(&path("i.tif"), window(64, 64), value);
    let card = std::fs::read_to_string(model("equivariant").with_extension("toml")).unwrap();
    let with = |from: &str, to: &str| {
        std::fs::write(path("card.toml"), card.replace(from, to)).unwrap();
        let mut prediction = prediction(model("equivariant"), &path("i.tif"), &path("p.tif"));
        prediction.card = Some(path("card.toml"));
        prediction
    };
    assert_refused(&with("std = 45.0", "std = 1e-45"), "no number");
    assert_refused(
        &with("\"logits\"", "\"probabilities\""),
        "below 0 or above 1",
    );
    assert!(!path("p.tif").exists() && !path("p.tif.job").exists());
}

#[test]
fn opacity_and_told_places_are_heeded() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let at = window(70, 50);
    // Red, green, blue, infrared, opacity: GDAL does not know of the latter.
    write_as::<u8>(&path("i.tif"), at, PIXEL, 5, None, |b, c, r| match b {
        4 => 255 * u8::from(c - at.column > 30),
        _ => value(b, c, r),
    });
    let options = gdal::DatasetOptions {
        open_flags: gdal::GdalOpenFlags::GDAL_OF_UPDATE,
        ..gdal::DatasetOptions::default()
    };
    let dataset = gdal::Dataset::open_ex(path("i.tif"), options).unwrap();
    let mut opacity = dataset.rasterband(5).unwrap();
    opacity
        .set_color_interpretation(gdal::raster::ColorInterpretation::AlphaBand)
        .unwrap();
    drop(dataset);
    run(&prediction(
        model("equivariant"),
        &path("i.tif"),
        &path("p.tif"),
    ));
    let (_, _, valid) = read(&path("p.tif"));
    for (n, is_there) in valid.iter().enumerate() {
        assert_eq!(*is_there, n % at.width > 30);
    }
    let mut told = prediction(model("equivariant"), &path("i.tif"), &path("q.tif"));
    told.imagery.crs = Some("EPSG:32631".to_owned());
    assert_refused(&told, "EPSG:32631 is told");
}

#[test]
fn a_tile_that_breaks_off_is_named() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let at = window(300, 300);
    for n in 0..3 {
        let tile = Window {
            row: at.row + 100 * n,
            height: 100,
            ..at
        };
        write(&path(&format!("tile{n}.tif")), tile, noise);
    }
    let whole = std::fs::read(path("tile1.tif")).unwrap();
    std::fs::write(path("tile1.tif"), &whole[..whole.len() / 2]).unwrap();
    let said = refusal(&prediction(
        model("equivariant"),
        &path("tile*.tif"),
        &path("p.tif"),
    ));
    assert!(
        said.contains("tile1.tif") && said.contains("cannot be read"),
        "{said}"
    );
    assert!(!path("p.tif").exists());
}

#[test]
fn a_runtime_that_is_missing_or_wrong_is_told() {
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("i.tif");
    write(&image, window(64, 64), value);
    let told = |variable: &str, path: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_millesime"))
            .args(["model", "inspect"])
            .arg(model("equivariant"))
            .env_remove("ORT_DYLIB_PATH")
            .env(variable, path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = told("ORT_DYLIB_PATH", Path::new("/nowhere/libonnxruntime.so"));
    assert!(
        said.contains("is not a file") && said.contains("make setup"),
        "{said}"
    );
    let wrong = folder.path().join("libonnxruntime.so");
    std::fs::write(&wrong, "no library").unwrap();
    let said = told("ORT_DYLIB_PATH", &wrong);
    assert!(
        said.contains("cannot be loaded") && said.contains("make setup"),
        "{said}"
    );
}

/// Values that ONNX Runtime gives from Python, on the whole image at once (`make interop`): place,
/// then the probabilities of the four channels.
const WHOLE: [((usize, usize), [f32; 4]); 12] = [
    ((0, 0), [60.0, 78.0, 53.0, 64.0]),
    ((2047, 0), [67.0, 81.0, 45.0, 61.0]),
    ((0, 2047), [63.0, 79.0, 48.0, 65.0]),
    ((2047, 2047), [61.0, 74.0, 50.0, 70.0]),
    ((1024, 1024), [60.0, 78.0, 46.0, 71.0]),
    ((31, 31), [52.0, 52.0, 52.0, 100.0]),
    ((32, 32), [55.0, 63.0, 69.0, 69.0]),
    ((447, 448), [62.0, 69.0, 54.0, 70.0]),
    ((896, 33), [55.0, 76.0, 49.0, 76.0]),
    ((1343, 1500), [42.0, 74.0, 60.0, 80.0]),
    ((700, 1999), [52.0, 71.0, 35.0, 96.0]),
    ((5, 1200), [65.0, 69.0, 63.0, 57.0]),
];

#[test]
fn real_imagery_is_seen_as_a_whole_would_be() {
    let Some(data) = support::real_data("real_imagery_is_seen_as_a_whole_would_be") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("p.tif");
    let image = data.join("ortho-lac-des-sapins/ortho_lambert93_50cm_2048.tif");
    for blend in [Blend::Centre, Blend::Weighted] {
        let summary = run(&Prediction {
            blend,
            ..prediction(model("equivariant"), &image, &out)
        });
        assert_eq!(summary.pixels, 2_048 * 2_048);
        let (at, bands, _) = read(&out);
        let (grid, column, row) = PixelGrid::of(805_888.0, 6_546_432.0, PIXEL);
        assert_eq!((at.column, at.row), (column, row));
        assert_eq!(grid.corner(column, row), (805_888.0, 6_546_432.0));
        for ((x, y), truth) in WHOLE {
            for (band, truth) in bands.iter().zip(truth) {
                assert!((band[y * at.width + x] - truth).abs() <= 1.0, "{x} {y}");
            }
        }
    }
}
