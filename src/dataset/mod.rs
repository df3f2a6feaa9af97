//! Imagery and annotations to patches for training, as users of IGN's FLAIR know them: images and masks
//! of a fixed size, by domain and zone, in three splits that share no ground.

mod annotations;
mod description;
mod split;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use serde_json::json;

use annotations::Annotations;
pub use annotations::{Disputed, DrawnReport};
pub use description::{Description, Domain, Drawn, EXAMPLE};

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::Polygon;
use crate::predict::{Input, InputBand, Stack};
use crate::progress::Progress;
use crate::publish::{GeoParquet, Staging, require_new};
use crate::raster::{PixelGrid, Tiff, Window};
use crate::reference::{ClassList, Reference};
use split::{SPLITS, split};

/// The value of annotations that say nothing.
const NO_LABEL: u8 = 0;

/// What was made.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Patches of each split, with its name.
    pub patches: [(&'static str, usize); 3],
    /// Squares of a patch's size that are none: without imagery, or without annotations, on part or all of it.
    pub left_out: usize,
    /// Zones.
    pub zones: usize,
    /// What was found in the polygons of each domain that has such.
    pub drawn: Vec<(String, DrawnReport)>,
    /// Pixels of each class that occurs, by split.
    pub classes: Vec<(i64, String, [u64; 3])>,
}

/// A square of ground.
struct Patch {
    domain: usize,
    zone: (i64, i64),
    window: Window,
    /// Pixels of each class, by value.
    counts: Vec<u64>,
}

/// A domain, opened.
struct Opened<'a> {
    domain: &'a Domain,
    stack: Stack,
    annotations: Annotations,
}

/// Makes a dataset as the file `path` describes it, in the folder `out`, which must be absent or
/// empty.
pub fn make(
    path: &Path,
    out: &Path,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Summary> {
    let description = Description::read(path)?;
    require_new(out)?;
    let place = path.display().to_string();
    let classes = description.nomenclature(reference, &place)?;
    let input = input(&description);
    let domains: Vec<Opened> = description
        .domains
        .iter()
        .map(|domain| {
            open(domain, &input, description.patch, classes)
                .map_err(|e| e.within(format!("domain {}", domain.name)))
        })
        .collect::<Result<_>>()?;
    for other in &domains[1..] {
        require_same_crs(&domains[0], other)?;
    }
    let (mut patches, left_out) = survey(&description, &domains, classes, progress)?;
    let splits = split(zones(&patches), description.shares, &place)?;
    let order = |patch: &Patch| {
        (
            patch.domain,
            patch.zone,
            patch.window.row,
            patch.window.column,
        )
    };
    patches.sort_by_key(order);
    let staging = Staging::new(out)?;
    let statistics = cut(
        &description,
        &domains,
        &patches,
        &splits,
        &staging,
        progress,
    )?;
    index(&description, &domains, &patches, &splits, &staging)?;
    let mut summary = summary(&patches, &splits, classes, left_out);
    for opened in &domains {
        if let Annotations::Polygons(polygons) = &opened.annotations {
            let name = opened.domain.name.clone();
            summary.drawn.push((name, polygons.report.clone()));
        }
    }
    describe(&description, &summary, &statistics, &staging)?;
    staging.finish()?;
    Ok(summary)
}

/// What the images must give, as bytes that are not normalised.
fn input(description: &Description) -> Input {
    let band = |name: &String| InputBand {
        name: name.clone(),
        mean: 0.0,
        std: 1.0,
    };
    Input {
        resolution_m: description.resolution_m,
        window: description.patch,
        multiple: 1,
        margin: None,
        reach: None,
        height_per_dn_m: description.height_per_dn_m,
        bands: description.bands.iter().map(band).collect(),
    }
}

fn open<'a>(
    domain: &'a Domain,
    input: &Input,
    side: usize,
    classes: &ClassList,
) -> Result<Opened<'a>> {
    let stack = Stack::open(&domain.imagery, input)?;
    let annotations = Annotations::open(domain, &stack, side, classes)?;
    Ok(Opened {
        domain,
        stack,
        annotations,
    })
}

fn require_same_crs(first: &Opened, other: &Opened) -> Result<()> {
    if other.stack.crs().is_same(first.stack.crs()) {
        return Ok(());
    }
    Err(Error::input(
        format!("domain {}", other.domain.name),
        format!(
            "is in {}, {} in {}",
            other.stack.crs().name(),
            first.domain.name,
            first.stack.crs().name()
        ),
        "give a dataset images of one CRS",
    ))
}

/// Finds the patches: squares with imagery and annotations on every pixel, of which at least a part
/// say something. Annotations are checked on the way.
fn survey(
    description: &Description,
    domains: &[Opened],
    classes: &ClassList,
    progress: &dyn Progress,
) -> Result<(Vec<Patch>, usize)> {
    let side = description.patch as i64;
    let mut patches = Vec::new();
    let mut left_out = 0;
    for (number, opened) in domains.iter().enumerate() {
        let whole = opened
            .stack
            .window()
            .intersection(&opened.annotations.window());
        if whole.is_empty() {
            return Err(Error::input(
                opened.annotations.file(),
                "has no pixel of the images",
                "give annotations made on these images",
            ));
        }
        let range = |pixels: std::ops::Range<i64>| {
            pixels.start.div_euclid(side)..(pixels.end - 1).div_euclid(side) + 1
        };
        let (columns, rows) = (range(whole.columns()), range(whole.rows()));
        let name = format!("reading annotations of {}", opened.domain.name);
        progress.phase(&name, Some(rows.clone().count() as u64));
        let size = description.patch * description.patch;
        let mut values = vec![0.0; size];
        let mut is_there = vec![false; size];
        for row in rows {
            for column in columns.clone() {
                let window = Window {
                    column: column * side,
                    row: row * side,
                    width: description.patch,
                    height: description.patch,
                };
                opened
                    .annotations
                    .read(&window, &mut values, &mut is_there)?;
                let counts = count(&values, &is_there, classes, description, opened)?;
                let labelled: u64 = counts.iter().skip(1).sum();
                let least = description.least_labelled * size as f64;
                let is_whole = window.intersection(&whole) == window;
                if !is_whole || (labelled as f64) < least || labelled == 0 {
                    left_out += 1;
                    continue;
                }
                let zone = description.zone as i64;
                patches.push(Patch {
                    domain: number,
                    zone: (column.div_euclid(zone), row.div_euclid(zone)),
                    window,
                    counts,
                });
            }
            progress.advance(1);
        }
    }
    Ok((patches, left_out))
}

/// The pixels of each class in some annotations; without data they are of class 0, no label.
fn count(
    values: &[f32],
    is_there: &[bool],
    classes: &ClassList,
    description: &Description,
    opened: &Opened,
) -> Result<Vec<u64>> {
    let mut counts = vec![0; 256];
    for (&value, &is_there) in values.iter().zip(is_there) {
        let code = if is_there { value } else { 0.0 };
        let is_code = (0.0..=255.0).contains(&code) && code.fract() == 0.0;
        if !is_code || (code != 0.0 && classes.get(code as i64).is_none()) {
            let known: Vec<String> = classes.iter().map(|(code, _)| code.to_string()).collect();
            return Err(Error::input(
                opened.annotations.file(),
                format!("has the value {code}, which the nomenclature has not"),
                format!(
                    "its codes are {}; 0 is for what is not annotated",
                    known.join(", ")
                ),
            ));
        }
        let kept = if description.keeps(code as i64) {
            code
        } else {
            0.0
        };
        counts[kept as usize] += 1;
    }
    Ok(counts)
}

/// The pixels of each class in each zone, whatever the domain: ground seen twice is in one split.
fn zones(patches: &[Patch]) -> BTreeMap<(i64, i64), Vec<u64>> {
    let mut zones: BTreeMap<(i64, i64), Vec<u64>> = BTreeMap::new();
    for patch in patches {
        let counts = zones
            .entry(patch.zone)
            .or_insert_with(|| vec![0; patch.counts.len()]);
        for (sum, count) in counts.iter_mut().zip(&patch.counts) {
            *sum += count;
        }
    }
    zones
}

/// The two files of a patch.
fn files(description: &Description, patch: &Patch, split: usize, number: usize) -> [String; 2] {
    let split = SPLITS[split];
    let domain = &description.domains[patch.domain].name;
    let (column, row) = patch.zone;
    let place = format!("{domain}/Z{column}_{}", row.unsigned_abs());
    [
        format!("aerial_{split}/{place}/img/IMG_{number:06}.tif"),
        format!("labels_{split}/{place}/msk/MSK_{number:06}.tif"),
    ]
}

/// Writes the patches. Gives mean and standard deviation of each band on the training split.
fn cut(
    description: &Description,
    domains: &[Opened],
    patches: &[Patch],
    splits: &BTreeMap<(i64, i64), usize>,
    staging: &Staging,
    progress: &dyn Progress,
) -> Result<Vec<(f64, f64)>> {
    progress.phase("cutting patches", Some(patches.len() as u64));
    let bands = description.bands.len();
    let size = description.patch * description.patch;
    let (mut sums, mut squares, mut total) = (vec![0u64; bands], vec![0u64; bands], 0u64);
    let mut values = vec![0.0; size];
    let mut is_there = vec![false; size];
    let mut read = crate::predict::Patch::default();
    for (number, patch) in patches.iter().enumerate() {
        let opened = &domains[patch.domain];
        let split = splits[&patch.zone];
        if !opened.stack.read(&patch.window, &mut read)? {
            return Err(Error::input(
                format!("domain {}", opened.domain.name),
                "its annotations lie where its images have no data",
                "give annotations made on these images",
            ));
        }
        let [image, mask] = files(description, patch, split, number + 1);
        let at = (opened.stack.crs(), opened.stack.grid(), patch.window);
        let mut file = Tiff::create::<u8>(&staging.path(image)?, at, bands, None)?;
        for (band, values) in read.values.chunks_exact(size).enumerate() {
            let bytes: Vec<u8> = values.iter().map(|&value| value as u8).collect();
            if split == 0 {
                sums[band] += bytes.iter().map(|&b| u64::from(b)).sum::<u64>();
                squares[band] += bytes.iter().map(|&b| u64::from(b).pow(2)).sum::<u64>();
            }
            file.write(band, &patch.window, bytes)?;
        }
        file.finish()?;
        total += if split == 0 { size as u64 } else { 0 };
        opened
            .annotations
            .read(&patch.window, &mut values, &mut is_there)?;
        let seen = is_there.iter().zip(&read.valid);
        let codes = values
            .iter()
            .zip(seen)
            .map(|(&code, (&is_there, &is_seen))| {
                if is_there && is_seen && description.keeps(code as i64) {
                    code as u8
                } else {
                    NO_LABEL
                }
            });
        let mut file = Tiff::create::<u8>(&staging.path(mask)?, at, 1, None)?;
        file.write(0, &patch.window, codes.collect())?;
        file.finish()?;
        progress.advance(1);
    }
    let statistics = sums.iter().zip(&squares).map(|(&sum, &square)| {
        let mean = sum as f64 / total.max(1) as f64;
        let variance = square as f64 / total.max(1) as f64 - mean * mean;
        (mean, variance.max(0.0).sqrt())
    });
    Ok(statistics.collect())
}

/// Writes the index of the patches.
fn index(
    description: &Description,
    domains: &[Opened],
    patches: &[Patch],
    splits: &BTreeMap<(i64, i64), usize>,
    staging: &Staging,
) -> Result<()> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    let columns = vec![
        number("id"),
        text("split"),
        text("domain"),
        text("zone"),
        text("image"),
        text("annotations"),
        number("main_class"),
        number("labelled_pixels"),
    ];
    let stack = &domains[0].stack;
    let crs: &Crs = stack.crs();
    let mut file = GeoParquet::create(&staging.path("patches.parquet")?, columns, crs)?;
    let squares: Vec<Polygon> = patches
        .iter()
        .map(|patch| square(domains[patch.domain].stack.grid(), &patch.window))
        .collect::<Option<_>>()
        .ok_or_else(|| {
            Error::input(
                stack.images()[0].file(),
                "lies beyond ±10 737 km of the origin of its CRS",
                "check its georeference",
            )
        })?;
    let centres: Vec<Point> = squares.iter().map(|square| square.exterior[0]).collect();
    let make = |rows: &[usize]| -> Vec<ArrayRef> {
        let split = |row: usize| splits[&patches[row].zone];
        let paths = |row: usize| files(description, &patches[row], split(row), row + 1);
        let texts = |of: &dyn Fn(usize) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|&row| of(row)),
            ))
        };
        let numbers = |of: &dyn Fn(usize) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(
                rows.iter().map(|&row| of(row)),
            ))
        };
        let main = |row: usize| {
            let counts = patches[row].counts.iter().enumerate().skip(1);
            let most = counts.max_by_key(|&(code, count)| (count, std::cmp::Reverse(code)));
            most.map_or(0, |(code, _)| code as i64)
        };
        vec![
            numbers(&|row| row as i64 + 1),
            texts(&|row| SPLITS[split(row)].to_owned()),
            texts(&|row| description.domains[patches[row].domain].name.clone()),
            texts(&|row| format!("{}_{}", patches[row].zone.0, patches[row].zone.1)),
            texts(&|row| paths(row)[0].clone()),
            texts(&|row| paths(row)[1].clone()),
            numbers(&main),
            numbers(&|row| patches[row].counts.iter().skip(1).sum::<u64>() as i64),
        ]
    };
    file.write(&centres, make, |row| squares[row].clone())?;
    file.finish()
}

/// The square of a window; `None` beyond the grid.
fn square(grid: &PixelGrid, window: &Window) -> Option<Polygon> {
    let corner = |column: i64, row: i64| {
        let (x, y) = grid.corner(column, row);
        Point::from_metres(x, y)
    };
    let (columns, rows) = (window.columns(), window.rows());
    let exterior = vec![
        corner(columns.start, rows.end)?,
        corner(columns.end, rows.end)?,
        corner(columns.end, rows.start)?,
        corner(columns.start, rows.start)?,
        corner(columns.start, rows.end)?,
    ];
    Some(Polygon {
        exterior,
        holes: Vec::new(),
    })
}

fn summary(
    patches: &[Patch],
    splits: &BTreeMap<(i64, i64), usize>,
    classes: &ClassList,
    left_out: usize,
) -> Summary {
    let mut counts = [0; 3];
    let mut pixels = vec![[0u64; 3]; 256];
    for patch in patches {
        let split = splits[&patch.zone];
        counts[split] += 1;
        for (sums, count) in pixels.iter_mut().zip(&patch.counts) {
            sums[split] += count;
        }
    }
    let listed = classes.iter().filter_map(|(code, class)| {
        let pixels = *pixels.get(usize::try_from(code).ok()?)?;
        let occurs = code != i64::from(NO_LABEL) && pixels.iter().any(|&count| count > 0);
        occurs.then(|| (code, class.label_fr.clone(), pixels))
    });
    Summary {
        patches: std::array::from_fn(|n| (SPLITS[n], counts[n])),
        left_out,
        zones: splits.len(),
        drawn: Vec::new(),
        classes: listed.collect(),
    }
}

/// Writes what the dataset is.
fn describe(
    description: &Description,
    summary: &Summary,
    statistics: &[(f64, f64)],
    staging: &Staging,
) -> Result<()> {
    let by_split = |counts: [u64; 3]| {
        let counts = SPLITS.iter().zip(counts);
        serde_json::Value::from_iter(counts.map(|(split, count)| ((*split).to_owned(), count)))
    };
    let classes: Vec<serde_json::Value> = summary
        .classes
        .iter()
        .map(|(code, label, pixels)| {
            json!({"code": code, "label_fr": label, "pixels": by_split(*pixels)})
        })
        .collect();
    let bands: Vec<serde_json::Value> = description
        .bands
        .iter()
        .zip(statistics)
        .map(|(name, (mean, std))| json!({"name": name, "mean": mean, "std": std}))
        .collect();
    let domains = description.domains.iter().map(|domain| &domain.name);
    let mut text = json!({
        "name": description.name,
        "licence": description.licence,
        "nomenclature": description.nomenclature,
        "resolution_m": description.resolution_m,
        "patch": description.patch,
        "bands": bands,
        "classes": classes,
        "domains": domains.collect::<Vec<_>>(),
        "patches": by_split(summary.patches.map(|(_, count)| count as u64)),
        "zones": summary.zones,
    });
    for (domain, report) in &summary.drawn {
        text["drawn"][domain] = json!(report);
    }
    if let Some(step) = description.height_per_dn_m {
        text["height_per_dn_m"] = step.into();
    }
    let path = staging.path("dataset.json")?;
    std::fs::write(&path, format!("{text:#}\n")).map_err(|e| Error::unwritable(&path, e))
}
