//! Imagery to class probabilities: a model looks at overlapping windows, and what it says of each pixel
//! is put together.
//!
//! Three threads pass windows on: one reads, one or several run the model, one puts results together
//! and writes. Nothing grows with the size of the imagery: windows go row by row through strips of a
//! bounded width, and each row of a strip is written as a part when it is done.

mod bands;
mod card;
mod compact;
mod job;
mod layout;
mod mirror;
mod model;
mod outputs;
mod probabilities;
mod runtime;
mod seen;
mod stitch;
mod windows;
mod work;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use bands::{Imagery, Patch, Stack};
pub use card::{Activation, BAND_NAMES, Card, Found, Input, InputBand, Output, Values};
pub use compact::{Compact, CompactBand, require_compact};
pub use model::{Device, Graph, Model, Outcome, Port, Windows};
pub use seen::SeenCovers;
pub use windows::Blend;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::raster::{
    Band, CacheLimit, Cog, NO_CLASS, NOMENCLATURE, Overview, PixelGrid, Source, heat, write_png,
};
use crate::reference::{ClassList, Reference};
use job::Job;
use layout::Layout;
use windows::Plan;

/// What GDAL keeps of the images while they are read: a row of the blocks under a strip, in bytes.
const READING_CACHE: i64 = 48 << 20;
/// What it keeps of the results while they are put together. It takes several times as much.
const WRITING_CACHE: i64 = 16 << 20;

/// The parts of a job are compressed when they take more bytes than this. Up to it they are read again for each
/// overview, most of them from what the system keeps in memory: compressing them and unpacking them takes longer, as long
/// as a twentieth of what a small model does.
const PLAIN: u64 = 8 << 30;

/// A prediction to be made.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The model, an ONNX file.
    pub model: PathBuf,
    /// Its card; else the one beside it, or inside it.
    pub card: Option<PathBuf>,
    /// The images.
    pub imagery: Imagery,
    /// Where the probabilities go.
    pub probabilities: PathBuf,
    /// Where the classes go, if anywhere.
    pub classes: Option<PathBuf>,
    /// Where a picture of the classes goes, if anywhere.
    pub quick_look: Option<PathBuf>,
    /// The codes of the classes of which heat maps are made, beside the probabilities.
    pub heat_maps: Vec<i64>,
    /// Whether the probabilities of all classes are kept, and not of the two first alone.
    pub has_all_classes: bool,
    /// The part of the imagery that is asked for: west, south, east, north, in its CRS.
    pub extent: Option<[f64; 4]>,
    /// How windows are put together.
    pub blend: Blend,
    /// Side of a window, when it is not the card's.
    pub window: Option<usize>,
    /// Margin of a window, when it is not the card's.
    pub margin: Option<usize>,
    /// How the model is run.
    pub engine: Engine,
    /// Whether what a stopped job has left is thrown away.
    pub is_anew: bool,
}

impl Prediction {
    /// What `millesime predict` does when nothing else is asked for, on all processors.
    pub fn new(model: PathBuf, imagery: Imagery, probabilities: PathBuf) -> Self {
        Self {
            model,
            card: None,
            imagery,
            probabilities,
            classes: None,
            quick_look: None,
            heat_maps: Vec::new(),
            has_all_classes: false,
            extent: None,
            blend: Blend::Weighted,
            window: None,
            margin: None,
            engine: Engine::new(Device::Cpu, None, None),
            is_anew: false,
        }
    }
}

/// How a model is run.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// On what.
    pub device: Device,
    /// How many times the model is loaded, to look at several windows at once.
    pub sessions: usize,
    /// Threads of each.
    pub threads: usize,
    /// Windows that each looks at together, where the graph takes more than one.
    pub batch: usize,
}

impl Engine {
    /// The engine that runs on `device`, with as many threads in all, of the processors by itself, and as many
    /// sessions. By itself there are two on the processor, where there are two threads: while one waits for the last
    /// thread of a step, the other works.
    pub fn new(device: Device, threads: Option<usize>, sessions: Option<usize>) -> Self {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or_else(processors);
        let usual = match device {
            // Of three threads, two sessions would leave one idle.
            Device::Cpu if threads > 1 && threads != 3 => 2,
            _ => 1,
        };
        let sessions = sessions.unwrap_or(usual).max(1);
        Self {
            device,
            sessions,
            threads: (threads / sessions).max(1),
            batch: 1,
        }
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Name of the model.
    pub model: String,
    /// Name of the nomenclature of its classes.
    pub nomenclature: String,
    /// Pixels delivered.
    pub pixels: u64,
    /// Windows looked at by this run.
    pub windows: u64,
    /// Pixels that this run put into the model.
    pub pixels_in: u64,
    /// Pixels that this run delivered; the others were there from a run that was stopped.
    pub pixels_made: u64,
    /// Pixels of each class, by code.
    pub areas: Vec<(i64, u64)>,
    /// Side of a pixel, m.
    pub pixel: f64,
}

/// Where windows are, and what is kept of them.
struct Frame<'a> {
    plan: Plan,
    grid: PixelGrid,
    layout: Layout,
    classes: &'a ClassList,
}

/// Sees that a prediction can be made: that model, card and imagery fit together, and are in the CRS
/// `target`.
pub fn require(prediction: &Prediction, target: &Crs, reference: &Reference) -> Result<()> {
    let Prepared { stack, .. } = prepare(prediction, reference)?;
    if !stack.crs().is_same(target) {
        return Err(Error::input(
            stack.images()[0].file(),
            format!(
                "is in {}, the territory in {}",
                stack.crs().name(),
                target.name()
            ),
            "give the territory the CRS of its imagery, or warp the imagery beforehand",
        ));
    }
    Ok(())
}

/// Makes a prediction, unless it is there already, made of the same. Gives what it follows from, which
/// is written beside the probabilities.
pub fn predict_once(
    prediction: &Prediction,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Value> {
    let prepared = prepare(prediction, reference)?;
    let what = prepared.what.clone();
    let record = prediction.probabilities.with_extension("json");
    let outputs: Vec<&PathBuf> = [&prediction.probabilities]
        .into_iter()
        .chain(&prediction.classes)
        .collect();
    let digests = || -> Result<Vec<String>> { outputs.iter().map(|path| digest(path)).collect() };
    let made: Value = std::fs::read_to_string(&record)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    // What was changed since, or broke off, is made again.
    let is_whole =
        made["of"] == what && digests().is_ok_and(|found| made["sha256"] == json!(found));
    if !is_whole {
        make(prediction, prepared, reference, progress)?;
        let text = json!({ "of": what, "sha256": digests()? });
        std::fs::write(&record, format!("{text:#}\n"))
            .map_err(|e| Error::unwritable(&record, e))?;
    }
    Ok(what)
}

/// All that a prediction needs, seen to fit together.
struct Prepared<'a> {
    model: Model,
    stack: Stack,
    frame: Frame<'a>,
    /// What the results follow from.
    what: Value,
}

fn prepare<'a>(prediction: &Prediction, reference: &'a Reference) -> Result<Prepared<'a>> {
    let (model, digest) = std::thread::scope(|scope| {
        let digest = scope.spawn(|| digest(&prediction.model));
        (load(prediction, reference), ended(digest.join()))
    });
    let (model, digest) = (model?, digest?);
    let stack = Stack::open(&prediction.imagery, &model.card.input)?;
    let frame = frame(prediction, &model, &stack, reference)?;
    let what = description(prediction, (&model.card, digest), &stack, &frame)?;
    Ok(Prepared {
        model,
        stack,
        frame,
        what,
    })
}

/// What a thread gave.
fn ended<T>(outcome: std::thread::Result<Result<T>>) -> Result<T> {
    outcome.unwrap_or_else(|_| {
        let what = "a thread of a prediction failed".to_owned();
        Err(Error::Internal(what))
    })
}

fn load(prediction: &Prediction, reference: &Reference) -> Result<Model> {
    Model::load(
        &prediction.model,
        prediction.card.as_deref(),
        prediction.window,
        reference,
        (prediction.engine.device, prediction.engine.threads),
    )
}

/// Makes a prediction.
pub fn predict(
    prediction: &Prediction,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Summary> {
    progress.phase("loading the model", None);
    let prepared = prepare(prediction, reference)?;
    make(prediction, prepared, reference, progress)
}

fn make(
    prediction: &Prediction,
    prepared: Prepared,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Summary> {
    let Prepared {
        model,
        stack,
        frame,
        what,
    } = prepared;
    outputs::require(prediction, &stack)?;
    let card = model.card.clone();
    let job = Job::open(&prediction.probabilities, &what, prediction.is_anew)?;
    let reading = CacheLimit::new(READING_CACHE);
    let how = (prediction.blend, prediction.engine.batch);
    let more = || load(prediction, reference);
    let models = (model, prediction.engine.sessions, &more as &_);
    let done = match work::run(models, &stack, &frame, how, &job, progress) {
        Ok(done) => done,
        Err(error) => {
            job.abandon();
            return Err(error);
        }
    };
    drop(reading);
    progress.phase("writing", None);
    let writing = CacheLimit::new(WRITING_CACHE);
    let digest = what["model"].as_str().unwrap_or_default();
    let areas = write(prediction, (&card, digest), &stack, &frame, &job)?;
    drop(writing);
    job.finish()?;
    Ok(Summary {
        model: card.name,
        nomenclature: card.output.nomenclature,
        pixels: frame.plan.extent.pixels(),
        windows: done.windows,
        pixels_in: done.pixels_in,
        pixels_made: done.pixels,
        areas,
        pixel: frame.grid.pixel,
    })
}

fn frame<'a>(
    prediction: &Prediction,
    model: &Model,
    stack: &Stack,
    reference: &'a Reference,
) -> Result<Frame<'a>> {
    let card = &model.card;
    let grid = *stack.grid();
    let whole = stack.window();
    let extent = match prediction.extent {
        Some(bounds) => grid.window(bounds).intersection(&whole),
        None => whole,
    };
    if extent.is_empty() {
        return Err(Error::input(
            "--extent",
            "has no pixel of the images",
            "give west,south,east,north in the CRS of the images",
        ));
    }
    // Windows must lie alike on what the model sums up: their distance is a multiple, too.
    let multiple = card.input.multiple;
    let usual = (model.side_out / 16).next_multiple_of(multiple.div_ceil(2));
    let margin = prediction.margin.or(card.input.margin).unwrap_or(usual);
    let refused = |what: &str| {
        Error::input(
            prediction.model.display(),
            format!(
                "a margin of {margin} pixels around windows of {}: {what}",
                model.side_out
            ),
            "give another margin, at most a quarter of the window: --margin, or `margin` in the card",
        )
    };
    let plan = Plan::new(model.side, model.side_out, margin, extent)
        .ok_or_else(|| refused("it leaves nothing in the middle"))?;
    let reach = card.input.reach.unwrap_or(0);
    if reach > margin {
        return Err(refused(&format!(
            "the model looks {reach} pixels around, as its card says, which is more"
        )));
    }
    if !plan.stride.is_multiple_of(multiple) {
        return Err(refused(&format!(
            "windows would be {} pixels apart, which is not a multiple of {multiple}",
            plan.stride
        )));
    }
    let plan = match model.least_side {
        Some(least) => plan.trimmed(whole, (multiple, least), (prediction.blend, reach)),
        None => plan,
    };
    let classes = card.classes(reference, &prediction.model.display().to_string())?;
    let layout = Layout::new(card, prediction.has_all_classes, &prediction.heat_maps)?;
    Ok(Frame {
        plan,
        grid,
        layout,
        classes,
    })
}

/// All that the results follow from.
fn description(
    prediction: &Prediction,
    (card, digest): (&Card, String),
    stack: &Stack,
    frame: &Frame,
) -> Result<Value> {
    let images = stack.images().iter().map(|image| {
        let files: Result<Vec<Value>> = image.files().map(|path| file(path)).collect();
        files.map(Value::from)
    });
    let plan = &frame.plan;
    let extent = plan.extent;
    Ok(json!({
        "program": format!("{} {}", crate::publish::PROGRAM, env!("CARGO_PKG_VERSION")),
        "model": digest,
        "card": serde_json::to_value(card).unwrap_or_default(),
        "images": images.collect::<Result<Vec<Value>>>()?,
        "bands": prediction.imagery.image_bands,
        "is_resampled": prediction.imagery.resample,
        "windows": {
            "side": plan.side,
            "margin": plan.margin,
            "trim": plan.trim.map(|trim| [trim.beyond, trim.multiple, trim.least]),
            "blend": format!("{:?}", prediction.blend),
        },
        "extent": [extent.column, extent.row, extent.width as i64, extent.height as i64],
        "outputs": frame.layout.names(),
    }))
}

/// What tells a file from another of its name.
fn file(path: &Path) -> Result<Value> {
    let about = path.metadata().map_err(|e| Error::unreadable(path, e))?;
    let modified = about.modified().ok();
    let modified = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(json!({
        "path": path.display().to_string(),
        "bytes": about.len(),
        "modified": modified.map(|since| since.as_nanos().to_string()),
    }))
}

/// The SHA-256 of a file.
pub fn digest(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path).map_err(|e| Error::unreadable(path, e))?;
    let mut hasher = Sha256::new();
    std::io::copy(&mut file, &mut hasher).map_err(|e| Error::unreadable(path, e))?;
    Ok(hasher
        .finalize()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect())
}

/// Puts the parts together, and draws the pictures. Gives the pixels of each class.
fn write(
    prediction: &Prediction,
    (card, digest): (&Card, &str),
    stack: &Stack,
    frame: &Frame,
    job: &Job,
) -> Result<Vec<(i64, u64)>> {
    let sources = work::parts(frame, job);
    let metadata = vec![
        ("MODEL", card.name.clone()),
        ("MODEL_SHA256", digest.to_owned()),
        ("MODEL_LICENCE", card.licence.clone()),
        (NOMENCLATURE, card.output.nomenclature.clone()),
        ("CLASSES", frame.legend(card)),
    ];
    let cog = |bands: Vec<Band>, mask: Option<usize>, is_mixed: bool| Cog {
        crs: stack.crs(),
        grid: &frame.grid,
        window: frame.plan.extent,
        bands,
        mask,
        sources: &sources,
        is_mixed,
        is_packed: frame.is_packed(),
        metadata: metadata.clone(),
    };
    let plain = |(of, name): (usize, String)| Band {
        of,
        name,
        nodata: None,
        colours: Vec::new(),
    };
    let layout = &frame.layout;
    let bands = layout.published().map(plain).collect();
    let probabilities = cog(bands, Some(layout.mask()), layout.has_all());
    probabilities.write(&prediction.probabilities, job.folder())?;
    let classes = Band {
        of: layout.class(),
        name: "class".to_owned(),
        nodata: Some(NO_CLASS),
        colours: frame.colours(),
    };
    let classes = cog(vec![classes], None, false);
    if let Some(path) = &prediction.classes {
        classes.write(path, job.folder())?;
    }
    if let Some(path) = &prediction.quick_look {
        let overview = Overview::read(&classes.recipe_in(job.folder(), "classes")?, 0)?;
        let colours = frame.colours();
        let colour = |value: u8| {
            let [red, green, blue, _] = colours[usize::from(value)];
            [red, green, blue]
        };
        let pixels = overview.picture(colour);
        write_png(path, overview.width, overview.height, &pixels)?;
    }
    for &code in &prediction.heat_maps {
        let of = layout.heat_band(code);
        let heated = cog(
            vec![plain((of, code.to_string()))],
            Some(layout.mask()),
            true,
        );
        let recipe = heated.recipe_in(job.folder(), &format!("heat-{code}"))?;
        let overview = Overview::read(&recipe, 0)?;
        let path = heat_map(&prediction.probabilities, code);
        write_png(
            &path,
            overview.width,
            overview.height,
            &overview.picture(heat),
        )?;
    }
    areas(&sources, frame)
}

/// The file of the heat map of a class, beside the probabilities.
pub fn heat_map(probabilities: &Path, code: i64) -> PathBuf {
    let name = probabilities
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    probabilities.with_file_name(format!("{name}-{code}.png"))
}

/// The pixels of each class in the parts.
fn areas(sources: &[Source], frame: &Frame) -> Result<Vec<(i64, u64)>> {
    let mut counts = [0u64; 256];
    for source in sources {
        for value in crate::raster::read_bytes(&source.path, frame.layout.class())? {
            counts[usize::from(value)] += 1;
        }
    }
    let known = frame.classes.iter().map(|(code, _)| code);
    let count = |code: i64| {
        (
            code,
            usize::try_from(code).map_or(0, |n| counts[n.min(255)]),
        )
    };
    Ok(known.map(count).filter(|&(_, count)| count > 0).collect())
}

impl Frame<'_> {
    /// Whether the parts are compressed.
    fn is_packed(&self) -> bool {
        self.plan.extent.pixels() * self.layout.bands() as u64 > PLAIN
    }

    /// The colours of the values of a raster of classes.
    fn colours(&self) -> Vec<[u8; 4]> {
        let mut colours = vec![[0; 4]; 256];
        for (code, class) in self.classes.iter() {
            let place = usize::try_from(code).ok().filter(|&n| n < 255);
            if let Some(place) = place {
                let [red, green, blue] = class.colour;
                colours[place] = [red, green, blue, 255];
            }
        }
        colours
    }

    /// The classes of a model, in words.
    fn legend(&self, card: &Card) -> String {
        let name = |code: &i64| {
            let label = self.classes.get(*code).map_or("", |c| c.label_fr.as_str());
            format!("{code} {label}")
        };
        let names: Vec<String> = card.output.channels.iter().map(name).collect();
        names.join(", ")
    }
}
