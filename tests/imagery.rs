//! The twin's imagery, the datasets cut from it, and the model that was trained on such.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use geoparquet_validator::checks::Status;
use millesime::dataset;
use millesime::evaluate::{CAVEAT, REFERENCE, Rasters, evaluate_classes};
use millesime::predict::{Imagery, Prediction, predict};
use millesime::progress::Quiet;
use millesime::raster::{Image, PixelGrid, Tiff};
use millesime::reference::Reference;
use millesime::twin::{Landscape, Twin};
use serde_json::{Value, json};
use support::drawn::{rectangle, write_geojson};
use tempfile::TempDir;

const YEARS: [u16; 2] = [2018, 2021];
/// GDAL has one cache for a whole process, which a prediction makes small while it lasts: what is written meanwhile
/// leaves it in another order.
static CACHE: Mutex<()> = Mutex::new(());

fn twin(folder: &Path, seed: u64, pixel: f64) -> PathBuf {
    let twin = Twin {
        km2: 1,
        seed,
        years: YEARS.to_vec(),
        landscape: Landscape::Inland,
        is_observed: false,
        imagery: Some(pixel),
        has_sources: false,
    };
    let path = folder.join(format!("twin-{seed}"));
    twin.write(&path, &Quiet).unwrap();
    path
}

fn imagery(twin: &Path, year: u16) -> Imagery {
    let file = |name: &str| vec![twin.join(name).display().to_string()];
    Imagery {
        image: file(&format!("rgb-{year}.tif")),
        infrared: file(&format!("irc-{year}.tif")),
        surface: file(&format!("dsm-{year}.tif")),
        terrain: file("dtm.tif"),
        ..Imagery::default()
    }
}

/// The values of all bands, and where there are data.
fn read(path: &Path) -> (Image, Vec<f32>, Vec<bool>) {
    let image = Image::open(&[path.display().to_string()], None, "test").unwrap();
    let window = image.window();
    let bands: Vec<usize> = (0..image.bands()).collect();
    let size = window.width * window.height;
    let (mut values, mut valid) = (vec![0.0; bands.len() * size], vec![false; size]);
    image
        .read(&window, &bands, &mut values, &mut valid)
        .unwrap();
    (image, values, valid)
}

#[test]
fn imagery_is_of_one_grid_and_shows_what_is_there() {
    let folder = TempDir::new().unwrap();
    let path = twin(folder.path(), 11, 1.0);
    let (grid, ..) = PixelGrid::of(0.0, 0.0, 1.0);
    let (terrain, ground, is_ground) = read(&path.join("dtm.tif"));
    assert_eq!(terrain.window().pixels(), 1_000 * 1_000);
    // The ground fills its square but for the sway of its limit.
    let share = is_ground.iter().filter(|&&g| g).count() as f64 / is_ground.len() as f64;
    assert!((0.95..=1.0).contains(&share), "{share}");
    let mut means = Vec::new();
    for year in YEARS {
        let (visible, colours, is_seen) = read(&path.join(format!("rgb-{year}.tif")));
        assert!(visible.grid().is_same(&grid));
        assert_eq!((visible.bands(), visible.window()), (3, terrain.window()));
        assert!(is_seen == is_ground);
        let (_, infrared, _) = read(&path.join(format!("irc-{year}.tif")));
        let size = is_ground.len();
        // IGN's infrared image has infrared, red, green.
        assert!(infrared[size..] == colours[..2 * size]);
        let (_, surface, _) = read(&path.join(format!("dsm-{year}.tif")));
        let (_, codes, is_annotated) = read(&path.join(format!("annotations-{year}.tif")));
        assert!(is_annotated == is_ground);
        let mut heights: BTreeMap<i64, (f64, usize)> = BTreeMap::new();
        let mut greens: BTreeMap<i64, (f64, usize)> = BTreeMap::new();
        for n in (0..size).filter(|&n| is_ground[n]) {
            let height = f64::from(surface[n] - ground[n]);
            assert!((-0.5..60.0).contains(&height), "{height}");
            let of = |map: &mut BTreeMap<i64, (f64, usize)>, value: f64| {
                let sum = map.entry(codes[n] as i64).or_default();
                *sum = (sum.0 + value, sum.1 + 1);
            };
            of(&mut heights, height);
            let (near, red) = (f64::from(infrared[n]), f64::from(colours[n]));
            of(&mut greens, (near - red) / (near + red));
        }
        let mean =
            |map: &BTreeMap<i64, (f64, usize)>, code: i64| map[&code].0 / map[&code].1 as f64;
        assert!(mean(&heights, 1) > 2.5, "buildings stand");
        assert!(mean(&heights, 10) > 5.0, "trees stand");
        assert!(mean(&heights, 3) < 1.0, "roads lie");
        assert!(
            mean(&greens, 10) > mean(&greens, 3) + 0.1,
            "trees are green"
        );
        means.push(colours[..size].iter().map(|&v| f64::from(v)).sum::<f64>() / size as f64);
    }
    assert!(
        (means[0] - means[1]).abs() > 1.0,
        "the dates look alike: {means:?}"
    );
}

#[test]
fn imagery_is_the_same_for_any_threads() {
    let _alone = CACHE.lock();
    let folder = TempDir::new().unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let place = folder.path().join(threads.to_string());
        std::fs::create_dir(&place).unwrap();
        pool.build().unwrap().install(|| twin(&place, 3, 0.7))
    };
    let (one, three) = (with(1), with(3));
    let mut seen = 0;
    for entry in std::fs::read_dir(&one).unwrap() {
        let name = entry.unwrap().file_name();
        let (a, b) = (one.join(&name), three.join(&name));
        assert!(
            std::fs::read(a).unwrap() == std::fs::read(b).unwrap(),
            "{name:?}"
        );
        seen += usize::from(Path::new(&name).extension().is_some_and(|e| e == "tif"));
    }
    assert_eq!(seen, 2 * 4 + 1);
}

fn description(folder: &Path, twin: &Path, more: &str) -> PathBuf {
    let domains = YEARS.map(|year| {
        format!(
            "[[domains]]\nname = \"T_{year}\"\nimage = [\"{0}/rgb-{year}.tif\"]\nir = \
             [\"{0}/irc-{year}.tif\"]\ndsm = [\"{0}/dsm-{year}.tif\"]\ndtm = [\"{0}/dtm.tif\"]\n\
             annotations = [\"{0}/annotations-{year}.tif\"]\n",
            twin.display()
        )
    });
    let path = folder.join("DATASET.toml");
    let text = format!(
        "name = \"test\"\nnomenclature = \"odeon-naf\"\nresolution_m = 1.0\npatch = 64\nzone = 2\n\
         bands = [\"red\", \"green\", \"blue\", \"infrared\", \"height\"]\nheight_per_dn_m = 0.2\n\
         {more}{}",
        domains.join("")
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_dataset_has_patches_that_share_no_ground_between_splits() {
    let folder = TempDir::new().unwrap();
    let path = twin(folder.path(), 5, 1.0);
    let reference = Reference::load(None).unwrap();
    let file = description(folder.path(), &path, "");
    let out = folder.path().join("dataset");
    let summary = dataset::make(&file, &out, &reference, &Quiet).unwrap();
    let count: usize = summary.patches.iter().map(|(_, count)| count).sum();
    assert!(count > 250, "{count}");
    let mut grounds: BTreeMap<(i64, i64), BTreeSet<&str>> = BTreeMap::new();
    let mut pixels = [0u64; 3];
    for (n, (split, expected)) in summary.patches.iter().enumerate() {
        let pattern = out.join(format!("labels_{split}/*/*/msk/*.tif"));
        let masks: Vec<PathBuf> = glob::glob(pattern.to_str().unwrap())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(masks.len(), *expected);
        for mask in masks {
            let (labels, codes, _) = read(&mask);
            let image = mask
                .display()
                .to_string()
                .replace("labels_", "aerial_")
                .replace("/msk/MSK_", "/img/IMG_");
            let (image, values, _) = read(Path::new(&image));
            assert_eq!((image.bands(), image.window()), (5, labels.window()));
            assert!(image.window().width == 64 && image.window().height == 64);
            assert!(values.iter().all(|v| (0.0..=255.0).contains(v)));
            let zone = (
                image.window().column.div_euclid(128),
                image.window().row.div_euclid(128),
            );
            grounds.entry(zone).or_default().insert(*split);
            pixels[n] += codes.iter().filter(|&&code| code != 0.0).count() as u64;
        }
    }
    assert!(grounds.values().all(|splits| splits.len() == 1));
    for (n, counted) in pixels.iter().enumerate() {
        let told: u64 = summary.classes.iter().map(|(_, _, pixels)| pixels[n]).sum();
        assert_eq!(told, *counted);
    }
    let index = std::fs::read(out.join("patches.parquet")).unwrap();
    let report = geoparquet_validator::validate_bytes("patches.parquet", index, None);
    let failed = report
        .unwrap()
        .outcomes
        .iter()
        .filter(|check| check.status == Status::Fail)
        .count();
    assert_eq!(failed, 0);
    // Ground of classes that are not kept is not annotated.
    let kept = folder.path().join("kept");
    let file = description(
        folder.path(),
        &path,
        "classes = [1, 3]\nleast_labelled = 0.0\n",
    );
    let summary = dataset::make(&file, &kept, &reference, &Quiet).unwrap();
    let codes: Vec<i64> = summary.classes.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, [1, 3]);
    // A value that is no class is told.
    let (labels, ..) = read(&path.join("annotations-2021.tif"));
    let crs = labels.crs().clone();
    let wrong = path.join("annotations-2021.tif");
    let at = (&crs, labels.grid(), labels.window());
    let mut file_of_99 = Tiff::create::<u8>(&wrong, at, 1, None).unwrap();
    let window = labels.window();
    let values = vec![99u8; window.width * window.height];
    file_of_99.write(0, &window, values).unwrap();
    file_of_99.finish().unwrap();
    let refused = dataset::make(&file, &folder.path().join("no"), &reference, &Quiet);
    let said = refused.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(
        said.contains("the value 99, which the nomenclature has not"),
        "{said}"
    );
    // Where 0 is a class, it cannot say that nothing is annotated.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("odeon-naf", "flair-hub")).unwrap();
    let refused = dataset::make(&file, &folder.path().join("no"), &reference, &Quiet);
    let said = refused.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(said.contains("0 is a class of it"), "{said}");
}

/// Polygons drawn on the images become the pixels whose centres they hold; where two classes are claimed, none is.
#[test]
fn a_dataset_takes_polygons_that_were_drawn() {
    let folder = TempDir::new().unwrap();
    let path = twin(folder.path(), 5, 1.0);
    let reference = Reference::load(None).unwrap();
    let (labels, ..) = read(&path.join("annotations-2021.tif"));
    let window = labels.window();
    let (west, north) = labels.grid().corner(window.column, window.row);
    let drawn = |code: Value, [x0, y0, x1, y1]: [f64; 4]| {
        let mut ring = rectangle(west + x0, north - y1, west + x1, north - y0);
        ring.push(ring[0]);
        json!({
            "type": "Feature",
            "properties": { "code": code },
            "geometry": { "type": "Polygon", "coordinates": [ring] },
        })
    };
    let broadleaf = drawn(json!(10), [100.0, 100.0, 500.0, 900.0]);
    let crop = drawn(json!(13), [490.0, 100.0, 900.0, 900.0]);
    let write = |features: &[Value]| write_geojson(&path.join("drawn.geojson"), features);
    write(&[broadleaf.clone(), crop.clone()]);
    let file = description(folder.path(), &path, "least_labelled = 0.0\n");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut text = text.replace("least_labelled = 0.0", "least_labelled = 0.001");
    for year in YEARS {
        let rasters = format!(
            "annotations = [\"{}/annotations-{year}.tif\"]",
            path.display()
        );
        let polygons = format!("drawn = {{ path = \"{}/drawn.geojson\" }}", path.display());
        assert!(text.contains(&rasters));
        text = text.replace(&rasters, &polygons);
    }
    std::fs::write(&file, text).unwrap();
    let out = folder.path().join("dataset");
    let summary = dataset::make(&file, &out, &reference, &Quiet).unwrap();
    let [(first, found), (second, _)] = &summary.drawn[..] else {
        panic!("{:?}", summary.drawn);
    };
    assert_eq!((first.as_str(), second.as_str()), ("T_2018", "T_2021"));
    let disputed = found.disputed.as_ref().unwrap();
    assert_eq!(disputed.area_m2, "8000.00000");
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for mask in glob::glob(&format!("{}/labels_*/*/*/msk/*.tif", out.display())).unwrap() {
        let (labels, codes, _) = read(&mask.unwrap());
        let (grid, window) = (*labels.grid(), labels.window());
        for (n, code) in codes.iter().enumerate() {
            let column = window.column + (n % window.width) as i64;
            let row = window.row + (n / window.width) as i64;
            let (x, y) = grid.corner(column, row);
            let (x, y) = (x + 0.5 - west, north - y + 0.5);
            let is_tall = (100.0..900.0).contains(&y);
            let truth = match x {
                x if is_tall && (100.0..490.0).contains(&x) => 10,
                x if is_tall && (500.0..900.0).contains(&x) => 13,
                _ => 0,
            };
            assert_eq!(*code as i64, truth, "{x} {y}");
            *counts.entry(truth).or_default() += 1;
        }
    }
    let told = |code: i64| {
        let class = summary.classes.iter().find(|(of, ..)| *of == code);
        class.map(|(_, _, pixels)| pixels.iter().sum::<u64>())
    };
    assert_eq!(
        (told(10), told(13)),
        (counts.get(&10).copied(), counts.get(&13).copied())
    );
    assert!(counts[&10] > 500_000 && counts[&13] > 500_000);
    // What is wrong with a polygon is told with its row.
    let refusal = |features: &[Value]| {
        write(features);
        let refused = dataset::make(&file, &folder.path().join("no"), &reference, &Quiet);
        refused.err().map(|e| e.to_string()).unwrap_or_default()
    };
    let said = refusal(&[crop.clone(), drawn(json!(77), [0.0, 0.0, 50.0, 50.0])]);
    assert!(
        said.contains("row 2") && said.contains("is `77`, which the nomenclature has not"),
        "{said}"
    );
    let said = refusal(&[drawn(json!(null), [0.0, 0.0, 50.0, 50.0])]);
    assert!(said.contains("`code` is empty"), "{said}");
    let said = refusal(&[drawn(json!(13), [5e3, 0.0, 6e3, 50.0])]);
    assert!(said.contains("no polygon on the images"), "{said}");
}

#[test]
fn a_collection_holds_all_its_files() {
    let folder = TempDir::new().unwrap();
    let path = twin(folder.path(), 4, 1.0);
    let data = folder.path().join("dataset");
    let file = description(folder.path(), &path, "");
    let reference = Reference::load(None).unwrap();
    dataset::make(&file, &data, &reference, &Quiet).unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/equivariant.onnx");
    let text = format!(
        "id = \"c\"\ntitle = \"t\"\ndescription = \"d\"\nlicence = \"etalab-2.0\"\ndataset = \
         \"dataset\"\nmodels = [\"{}\"]\n[[maps]]\nid = \"m\"\ndate = \"2018-06-15\"\nfiles = \
         [\"{}\"]\n",
        model.display(),
        path.join("annotations-2018.tif").display()
    );
    let file = folder.path().join("COLLECTION.toml");
    std::fs::write(&file, text).unwrap();
    let out = folder.path().join("out");
    millesime::collection::publish(&file, &out).unwrap();
    let json = |path: &Path| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let collection = json(&out.join("collection.json"));
    assert_eq!(collection["license"], "etalab-2.0");
    let mut seen = 0;
    for asset in collection["assets"].as_object().unwrap().values() {
        assert!(out.join(asset["href"].as_str().unwrap()).is_file());
        seen += 1;
    }
    assert_eq!(seen, 4);
    let item = json(&out.join("items/m.json"));
    let asset = &item["assets"]["annotations-2018"];
    assert_eq!(asset["millesime:nomenclature"], "odeon-naf");
    assert_eq!(asset["millesime:territory"], CAVEAT);
    assert!(
        out.join("items")
            .join(asset["href"].as_str().unwrap())
            .is_file()
    );
    // 460 000 m east and 6 270 000 m north in Lambert-93.
    let bounds: Vec<f64> = item["bbox"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_f64().unwrap())
        .collect();
    assert!(
        (bounds[0] - 0.03).abs() < 0.01 && (bounds[1] - 43.49).abs() < 0.01,
        "{bounds:?}"
    );
}

/// The model that is shipped.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/models/twin-unet.onnx")
}

fn evaluated(classes: &Path, annotations: &Path) -> millesime::evaluate::ClassEvaluation {
    let file = |path: &Path| vec![path.display().to_string()];
    let rasters = Rasters {
        classes: file(classes),
        annotations: file(annotations),
        probabilities: Vec::new(),
        nomenclature: None,
    };
    evaluate_classes(&rasters, &Reference::load(None).unwrap(), &Quiet).unwrap()
}

#[test]
fn annotations_are_right_about_themselves() {
    let folder = TempDir::new().unwrap();
    let path = twin(folder.path(), 8, 1.0);
    let [first, second] = YEARS.map(|year| path.join(format!("annotations-{year}.tif")));
    let same = evaluated(&first, &first);
    assert_eq!(same.accuracy(), 1.0);
    assert_eq!(same.mean_iou(), 1.0);
    assert_eq!(same.caveat, Some(CAVEAT));
    let (_, a, valid) = read(&first);
    let (_, b, _) = read(&second);
    let pixels: Vec<usize> = (0..valid.len()).filter(|&n| valid[n]).collect();
    let equal = pixels.iter().filter(|&&n| a[n] == b[n]).count();
    let found = evaluated(&second, &first);
    assert_eq!(found.pixels(), pixels.len() as u64);
    assert_eq!(found.accuracy(), equal as f64 / pixels.len() as f64);
    for (n, class) in found.classes.iter().enumerate() {
        let there = pixels
            .iter()
            .filter(|&&n| a[n] == class.code as f32)
            .count();
        assert_eq!(class.there, there as u64);
        assert_eq!(found.confusion[n].iter().sum::<u64>(), class.there);
        assert!(class.iou() <= class.precision().min(class.recall()) || class.found == 0);
    }
}

/// The line that IGN's production process sets, 83 % of pixels right, on ground that the model has not
/// seen, at both dates.
#[test]
fn the_shipped_model_is_right_on_unseen_twins() {
    let _alone = CACHE.lock();
    let folder = TempDir::new().unwrap();
    let mut right = [0.0; YEARS.len()];
    let mut pixels = [0.0; YEARS.len()];
    for seed in 31..35 {
        let path = twin(folder.path(), seed, 1.0);
        for (n, year) in YEARS.into_iter().enumerate() {
            let out = folder.path().join("p.tif");
            let classes = folder.path().join("c.tif");
            let prediction = Prediction {
                classes: Some(classes.clone()),
                ..Prediction::new(shipped(), imagery(&path, year), out)
            };
            predict(&prediction, &Reference::load(None).unwrap(), &Quiet).unwrap();
            let found = evaluated(&classes, &path.join(format!("annotations-{year}.tif")));
            right[n] += found.accuracy() * found.pixels() as f64;
            pixels[n] += found.pixels() as f64;
        }
    }
    for (n, year) in YEARS.into_iter().enumerate() {
        let accuracy = right[n] / pixels[n];
        eprintln!(
            "{CAVEAT}: {year}: {:.1} % of pixels are right",
            100.0 * accuracy
        );
        assert!(accuracy >= REFERENCE, "{year}: {accuracy}");
    }
}
