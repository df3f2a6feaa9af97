//! How right a class raster is, pixel by pixel, where annotations tell the truth.

use std::path::Path;

use super::CAVEAT;
use crate::error::{Error, Result, suggest};
use crate::predict::require_compact;
use crate::progress::Progress;
use crate::raster::{Image, NO_CLASS, NOMENCLATURE, TERRITORY, Window, metadata};
use crate::reference::{ClassCode, Reference};

/// The share of right pixels of IGN's production process: the line to compare with.
pub const REFERENCE: f64 = 0.83;
/// Bins of the calibration curve.
const BINS: usize = 10;
/// Rows read at a time.
const ROWS: usize = 256;

/// What is evaluated. Each raster is a list of files or patterns.
#[derive(Clone, Debug)]
pub struct Rasters {
    /// The classes that were found.
    pub classes: Vec<String>,
    /// Those that are there.
    pub annotations: Vec<String>,
    /// The probabilities in their compact form, for the calibration curve.
    pub probabilities: Vec<String>,
    /// The nomenclature, when the rasters do not say it.
    pub nomenclature: Option<String>,
}

/// A class that occurs.
#[derive(Clone, Debug)]
pub struct ClassScore {
    /// Its code.
    pub code: i64,
    /// Its name.
    pub label: String,
    /// Pixels that are of it,
    pub there: u64,
    /// those that were found to be,
    pub found: u64,
    /// and those of which both is true.
    pub right: u64,
}

impl ClassScore {
    /// What is right of what was found.
    pub fn precision(&self) -> f64 {
        self.right as f64 / self.found as f64
    }

    /// What was found of what is there.
    pub fn recall(&self) -> f64 {
        self.right as f64 / self.there as f64
    }

    /// What is right of what is there or was found.
    pub fn iou(&self) -> f64 {
        self.right as f64 / (self.there + self.found - self.right) as f64
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        2.0 * self.right as f64 / (self.there + self.found) as f64
    }
}

/// Pixels of which the model was about equally sure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bin {
    /// How many.
    pub pixels: u64,
    /// How many of them are right.
    pub right: u64,
    /// The sum of their probabilities, each of 0 to 255.
    pub sum: u64,
}

impl Bin {
    /// The mean probability.
    pub fn confidence(&self) -> f64 {
        self.sum as f64 / 255.0 / self.pixels as f64
    }

    /// The share that is right.
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.pixels as f64
    }
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct ClassEvaluation {
    /// What the scores are to be read with, if anything.
    pub caveat: Option<&'static str>,
    /// The classes that are there or were found.
    pub classes: Vec<ClassScore>,
    /// Pixels by class that is there (rows) and that was found (columns), in the order of `classes`;
    /// the last column is of pixels for which none was found.
    pub confusion: Vec<Vec<u64>>,
    /// By probability of the class that was found.
    pub calibration: Vec<Bin>,
}

impl ClassEvaluation {
    /// Pixels that are annotated.
    pub fn pixels(&self) -> u64 {
        self.classes.iter().map(|class| class.there).sum()
    }

    /// The share of right pixels.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = self.classes.iter().map(|class| class.right).sum();
        right as f64 / self.pixels() as f64
    }

    /// The mean, over the classes that are there, of intersection over union.
    pub fn mean_iou(&self) -> f64 {
        let there: Vec<&ClassScore> = self.classes.iter().filter(|c| c.there > 0).collect();
        there.iter().map(|class| class.iou()).sum::<f64>() / there.len() as f64
    }

    /// By how much probabilities are off, in the mean: of pixels said to be right with 0.9, nine in
    /// ten should be. `None` without probabilities.
    pub fn calibration_error(&self) -> Option<f64> {
        let pixels: u64 = self.calibration.iter().map(|bin| bin.pixels).sum();
        let error = |bin: &Bin| (bin.confidence() - bin.accuracy()).abs() * bin.pixels as f64;
        let filled = self.calibration.iter().filter(|bin| bin.pixels > 0);
        (pixels > 0).then(|| filled.map(error).sum::<f64>() / pixels as f64)
    }
}

/// Evaluates a class raster against annotations.
pub fn evaluate_classes(
    rasters: &Rasters,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<ClassEvaluation> {
    let classes = Image::open(&rasters.classes, None, "--classes")?;
    let annotations = Image::open(&rasters.annotations, None, "--annotations")?;
    let probabilities = match rasters.probabilities.is_empty() {
        true => None,
        false => Some(Image::open(
            &rasters.probabilities,
            None,
            "--probabilities",
        )?),
    };
    for image in [&classes, &annotations] {
        require_classes(image)?;
    }
    if let Some(image) = &probabilities {
        require_compact(image)?;
    }
    let others = [Some(&annotations), probabilities.as_ref()];
    for other in others.into_iter().flatten() {
        if !other.crs().is_same(classes.crs()) || !other.grid().is_same(classes.grid()) {
            return Err(Error::input(
                other.file(),
                format!("does not have the CRS and the pixels of {}", classes.file()),
                "give rasters of the same pixels",
            ));
        }
    }
    let window = classes.window().intersection(&annotations.window());
    if window.is_empty() {
        return Err(Error::input(
            annotations.file(),
            format!("has no pixel of {}", classes.file()),
            "give annotations of the same ground",
        ));
    }
    let nomenclature = nomenclature(rasters, &classes, &annotations, reference)?;
    let list = &reference.rasters[&nomenclature];
    let codes: Vec<i64> = list
        .iter()
        .filter(|(_, class)| class.ground != ClassCode::Uncovered)
        .map(|(code, _)| code)
        .collect();
    let mut counts = Counts::new(&codes, &nomenclature);
    progress.phase("comparing", Some(window.height as u64));
    for row in window.rows().step_by(ROWS) {
        let rows = window.rows().end.min(row + ROWS as i64);
        let strip = Window::between(window.columns(), row..rows);
        counts.add(&strip, &classes, &annotations, probabilities.as_ref())?;
        progress.advance(strip.height as u64);
    }
    let file = annotations.files().next();
    let is_fictive = match file {
        Some(path) => metadata(path, TERRITORY)?.is_some_and(|text| text == CAVEAT),
        None => false,
    };
    let label = |code: i64| list.get(code).map_or(String::new(), |c| c.label_fr.clone());
    let evaluation = counts.finish(label, is_fictive.then_some(CAVEAT));
    if evaluation.pixels() == 0 {
        return Err(Error::input(
            annotations.file(),
            "says nothing of the pixels of the class raster",
            "give annotations of the same ground",
        ));
    }
    Ok(evaluation)
}

fn require_classes(image: &Image) -> Result<()> {
    if image.bands() == 1 {
        return Ok(());
    }
    Err(Error::input(
        image.file(),
        format!("has {} bands; a class raster has one", image.bands()),
        "give the band of the classes alone (gdal_translate -b)",
    ))
}

/// The nomenclature that is told, or that the rasters tell, and do not tell otherwise.
fn nomenclature(
    rasters: &Rasters,
    classes: &Image,
    annotations: &Image,
    reference: &Reference,
) -> Result<String> {
    let of = |image: &Image| match image.files().next() {
        Some(path) => metadata(path, NOMENCLATURE),
        None => Ok(None),
    };
    let (found, there) = (of(classes)?, of(annotations)?);
    if let (Some(found), Some(there)) = (&found, &there)
        && found != there
        && rasters.nomenclature.is_none()
    {
        return Err(Error::input(
            classes.file(),
            format!("has classes of `{found}`, the annotations of `{there}`"),
            "give rasters of one nomenclature",
        ));
    }
    let name = rasters.nomenclature.clone().or(found).or(there);
    let name = name.ok_or_else(|| {
        Error::input(
            classes.file(),
            "does not say its nomenclature",
            "give it with --nomenclature",
        )
    })?;
    if !reference.rasters.contains_key(&name) {
        return Err(Error::input(
            classes.file(),
            format!("the nomenclature `{name}` is not known"),
            suggest(&name, reference.rasters.keys().map(String::as_str)),
        ));
    }
    Ok(name)
}

/// Pixels counted so far.
struct Counts<'a> {
    codes: &'a [i64],
    nomenclature: &'a str,
    /// The place of each code among the codes, by code.
    places: Vec<Option<usize>>,
    /// By place of what is there and of what was found; the last of none.
    confusion: Vec<Vec<u64>>,
    calibration: Vec<Bin>,
}

impl<'a> Counts<'a> {
    fn new(codes: &'a [i64], nomenclature: &'a str) -> Self {
        let mut places = vec![None; 256];
        for (place, &code) in codes.iter().enumerate() {
            if let Some(at) = usize::try_from(code).ok().and_then(|n| places.get_mut(n)) {
                *at = Some(place);
            }
        }
        Self {
            places,
            confusion: vec![vec![0; codes.len() + 1]; codes.len()],
            calibration: vec![Bin::default(); BINS],
            codes,
            nomenclature,
        }
    }

    fn add(
        &mut self,
        window: &Window,
        classes: &Image,
        annotations: &Image,
        probabilities: Option<&Image>,
    ) -> Result<()> {
        let size = window.width * window.height;
        let read = |image: &Image, band: usize| -> Result<(Vec<f32>, Vec<bool>)> {
            let (mut values, mut is_there) = (vec![0.0; size], vec![false; size]);
            image.read(window, &[band], &mut values, &mut is_there)?;
            Ok((values, is_there))
        };
        let (found, is_found) = read(classes, 0)?;
        let (truth, is_true) = read(annotations, 0)?;
        let sure = probabilities.map(|image| read(image, 1)).transpose()?;
        for n in 0..size {
            if !is_true[n] {
                continue;
            }
            // A code of nothing is no annotation.
            let Some(row) = self.place(truth[n], annotations)? else {
                continue;
            };
            let none = self.codes.len();
            let column = match is_found[n] && found[n] != f32::from(NO_CLASS) {
                true => self.place(found[n], classes)?.unwrap_or(none),
                false => none,
            };
            self.confusion[row][column] += 1;
            if let Some((sure, is_sure)) = &sure
                && is_sure[n]
                && column != none
            {
                let probability = sure[n] as u64;
                let bin = (probability as usize * BINS / 256).min(BINS - 1);
                let bin = &mut self.calibration[bin];
                bin.pixels += 1;
                bin.right += u64::from(row == column);
                bin.sum += probability;
            }
        }
        Ok(())
    }

    /// The place of a value; none for one that stands for nothing.
    fn place(&self, value: f32, image: &Image) -> Result<Option<usize>> {
        let is_code = (0.0..256.0).contains(&value) && value.fract() == 0.0;
        match self.places.get(value as usize).filter(|_| is_code) {
            Some(Some(place)) => Ok(Some(*place)),
            _ if value == 0.0 => Ok(None),
            _ => Err(Error::input(
                image.file(),
                format!(
                    "has the value {value}, which `{}` has not",
                    self.nomenclature
                ),
                "give rasters of one nomenclature, or say which with --nomenclature",
            )),
        }
    }

    fn finish(
        self,
        label: impl Fn(i64) -> String,
        caveat: Option<&'static str>,
    ) -> ClassEvaluation {
        let count = self.codes.len();
        let there = |row: usize| self.confusion[row].iter().sum::<u64>();
        let found = |column: usize| self.confusion.iter().map(|row| row[column]).sum::<u64>();
        let kept: Vec<usize> = (0..count).filter(|&n| there(n) + found(n) > 0).collect();
        let classes = kept.iter().map(|&n| ClassScore {
            code: self.codes[n],
            label: label(self.codes[n]),
            there: there(n),
            found: found(n),
            right: self.confusion[n][n],
        });
        let confusion = kept.iter().map(|&row| {
            let columns = kept.iter().chain([&count]);
            columns.map(|&column| self.confusion[row][column]).collect()
        });
        ClassEvaluation {
            caveat,
            classes: classes.collect(),
            confusion: confusion.collect(),
            calibration: self.calibration,
        }
    }
}

/// Writes the scores into the folder `out`, which must be absent or empty: `classes.csv`,
/// `confusion.csv` and `confusion.svg`, and with probabilities `calibration.csv` and
/// `calibration.svg`.
pub fn write_classes(evaluation: &ClassEvaluation, out: &Path) -> Result<()> {
    crate::publish::require_new(out)?;
    let files = [
        ("classes.csv", super::pictures::class_table(evaluation)?),
        (
            "confusion.csv",
            super::pictures::confusion_table(evaluation)?,
        ),
        ("confusion.svg", super::pictures::confusion(evaluation)),
    ];
    let calibration = [
        (
            "calibration.csv",
            super::pictures::calibration_table(evaluation)?,
        ),
        ("calibration.svg", super::pictures::calibration(evaluation)),
    ];
    let has_probabilities = evaluation.calibration_error().is_some();
    let calibration = calibration.into_iter().filter(|_| has_probabilities);
    std::fs::create_dir_all(out).map_err(|e| Error::unwritable(out, e))?;
    for (name, text) in files.into_iter().chain(calibration) {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(|e| Error::unwritable(&path, e))?;
    }
    Ok(())
}
