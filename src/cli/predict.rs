//! `millesime predict`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use millesime::error::{Error, Result};
use millesime::predict::{Blend, Device, Engine, Imagery, Prediction, Summary, predict};
use millesime::reference::Reference;

use super::Outcome;
use super::progress::Bar;

/// Most threads that are asked of ONNX Runtime.
const MOST_THREADS: usize = 1_024;
/// More windows than anybody looks at together.
const MOST_WINDOWS: usize = 1_024;

#[derive(Clone, Copy, ValueEnum)]
enum StitchFlag {
    /// In the middle of what two windows share, one passes smoothly into the other.
    Weighted,
    /// Each pixel is taken from the window in whose middle it lies.
    Centre,
}

#[derive(Clone, Copy, ValueEnum)]
enum DeviceFlag {
    Cpu,
    Cuda,
}

#[derive(Args)]
pub struct Flags {
    /// The model, an ONNX file, with its card: a TOML file beside it, or keys inside it.
    #[arg(long)]
    model: PathBuf,
    /// The card of the model, when it is elsewhere.
    #[arg(long)]
    card: Option<PathBuf>,
    /// Image of red, green, blue, maybe infrared, maybe height: files, patterns or VRT mosaics.
    #[arg(long, required = true, num_args = 1..)]
    image: Vec<String>,
    /// Names of the bands of the image, when they are others or in another order.
    #[arg(long, value_delimiter = ',')]
    image_bands: Vec<String>,
    /// Infrared image: infrared, red, green (IRC); or infrared alone.
    #[arg(long, num_args = 1..)]
    ir: Vec<String>,
    /// Heights of the surface (MNS), m.
    #[arg(long, num_args = 1.., requires = "dtm")]
    dsm: Vec<String>,
    /// Heights of the bare ground (MNT), m.
    #[arg(long, num_args = 1.., requires = "dsm")]
    dtm: Vec<String>,
    /// Bring images of other pixels to the model's resolution, on the grid of the origin of the CRS: finer
    /// pixels are averaged.
    #[arg(long)]
    resample: bool,
    /// CRS of the images, when they do not say it.
    #[arg(long)]
    crs: Option<String>,
    /// Where the probabilities go (GeoTIFF).
    #[arg(short, long)]
    output: PathBuf,
    /// Where the classes go (GeoTIFF with the colours of the nomenclature).
    #[arg(long)]
    classes: Option<PathBuf>,
    /// Where a picture of the classes goes (PNG).
    #[arg(long)]
    quick_look: Option<PathBuf>,
    /// Code of a class of which a heat map (carte de chaleur, PNG) is made beside the probabilities.
    #[arg(long)]
    heat_map: Vec<i64>,
    /// Keep the probabilities of all classes, not of the first two alone.
    #[arg(long)]
    all_classes: bool,
    /// West,south,east,north in the CRS of the images: only this part is delivered. What lies around
    /// it is looked at all the same.
    #[arg(long, value_parser = bounds, allow_hyphen_values = true)]
    extent: Option<[f64; 4]>,
    /// How results of overlapping windows are put together.
    #[arg(long, value_enum, default_value = "weighted")]
    stitch: StitchFlag,
    /// Side of the windows in pixels, for a model that takes any.
    #[arg(long)]
    window: Option<usize>,
    /// Pixels at the edge of windows that do not count in full; windows overlap by twice as much.
    #[arg(long)]
    margin: Option<usize>,
    /// What the model runs on.
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceFlag,
    /// How many times the model is loaded, to look at several windows at once: faster, and more memory. Else twice on
    /// the processor, once on a graphics card.
    #[arg(long)]
    sessions: Option<usize>,
    /// Threads in all; else all processors.
    #[arg(long)]
    threads: Option<usize>,
    /// How many windows a model looks at together, where its graph takes any number: pays on graphics cards.
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Begin anew, whatever a stopped run has left.
    #[arg(long)]
    restart: bool,
    /// Folder of tables that replace those of `reference/`.
    #[arg(long)]
    reference: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let start = Instant::now();
    let reference = Reference::load(flags.reference.as_deref())?;
    let prediction = prediction(flags)?;
    let summary = predict(&prediction, &reference, &Bar::new())?;
    super::printed(print(&prediction, &summary, &reference, start))?;
    Ok(Outcome::Done)
}

/// Four numbers with commas between them.
fn bounds(text: &str) -> std::result::Result<[f64; 4], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    let numbers: Option<[f64; 4]> = numbers.and_then(|numbers| numbers.try_into().ok());
    match numbers {
        Some(bounds) if bounds.iter().any(|at| at.abs() > 1e8 || at.is_nan()) => {
            Err("these are no places: coordinates are metres of the images' CRS".to_owned())
        }
        Some([west, south, east, north]) if west < east && south < north => {
            Ok([west, south, east, north])
        }
        Some(_) => Err("west must be less than east, and south than north".to_owned()),
        _ => Err("give west,south,east,north, such as 805888,6545408,806912,6546432".to_owned()),
    }
}

fn prediction(flags: Flags) -> Result<Prediction> {
    let device = match flags.device {
        DeviceFlag::Cpu => Device::Cpu,
        DeviceFlag::Cuda => Device::Cuda,
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = flags.threads.unwrap_or(processors);
    let sessions = flags.sessions.unwrap_or(1);
    if !(1..=MOST_THREADS).contains(&threads) || !(1..=threads).contains(&sessions) {
        return Err(Error::input(
            "--threads, --sessions",
            format!("{threads} threads for {sessions} sessions cannot be"),
            format!("give 1 to {MOST_THREADS} threads, and no more sessions than threads"),
        ));
    }
    if !(1..=MOST_WINDOWS).contains(&flags.batch) {
        return Err(Error::input(
            "--batch",
            format!("a model cannot look at {} windows together", flags.batch),
            format!("give 1 to {MOST_WINDOWS}"),
        ));
    }
    Ok(Prediction {
        model: flags.model,
        card: flags.card,
        imagery: Imagery {
            image: flags.image,
            image_bands: flags.image_bands,
            infrared: flags.ir,
            surface: flags.dsm,
            terrain: flags.dtm,
            crs: flags.crs,
            resample: flags.resample,
        },
        probabilities: flags.output,
        classes: flags.classes,
        quick_look: flags.quick_look,
        heat_maps: flags.heat_map,
        has_all_classes: flags.all_classes,
        extent: flags.extent,
        blend: match flags.stitch {
            StitchFlag::Weighted => Blend::Weighted,
            StitchFlag::Centre => Blend::Centre,
        },
        window: flags.window,
        margin: flags.margin,
        engine: Engine {
            batch: flags.batch,
            ..Engine::new(device, flags.threads, flags.sessions)
        },
        is_anew: flags.restart,
    })
}

fn print(
    prediction: &Prediction,
    summary: &Summary,
    reference: &Reference,
    start: Instant,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let seconds = start.elapsed().as_secs_f64();
    writeln!(out, "{}", summary.model)?;
    let labels = reference.rasters.get(&summary.nomenclature);
    let all: u64 = summary.areas.iter().map(|&(_, count)| count).sum();
    for &(code, count) in &summary.areas {
        let label = labels.and_then(|list| list.get(code));
        writeln!(
            out,
            "{code:>4} {:<24} {:>12.2} ha {:>6.2} %",
            label.map_or("", |class| class.label_fr.as_str()),
            count as f64 * summary.pixel * summary.pixel / 10_000.0,
            100.0 * count as f64 / all.max(1) as f64
        )?;
    }
    writeln!(
        out,
        "{:.2} Mpx in {seconds:.1} s; {} windows, {:.2} pixels looked at for each delivered; in {}",
        summary.pixels as f64 / 1e6,
        summary.windows,
        summary.pixels_in as f64 / summary.pixels_made.max(1) as f64,
        prediction.probabilities.display(),
    )
}
