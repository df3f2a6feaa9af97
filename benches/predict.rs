//! Prediction beside its bound: the same model on the same kind of windows, already in memory. One JSON
//! line for each measure. The bound is taken before and after, so that a machine that slows down shows.
//!
//! ```text
//! predict MODEL OUT.tif IMAGE [IR DSM DTM]
//! ```

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use millesime::predict::{Device, Imagery, Model, Patch, Prediction, Stack, Windows, predict};
use millesime::progress::Progress;
use millesime::raster::Window;
use millesime::reference::Reference;

/// Windows of the bound that are in memory.
const WINDOWS: usize = 24;

/// Remembers when each phase began.
struct Phases(Mutex<Vec<(String, Instant)>>);

impl Progress for Phases {
    fn phase(&self, name: &str, _: Option<u64>) {
        let mut phases = self.0.lock().expect("no one failed with it");
        phases.push((name.to_owned(), Instant::now()));
    }

    fn advance(&self, _: u64) {}
}

/// Highest memory of the process so far, MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    number.expect("Linux tells") / 1_024
}

/// Seconds of a window already in memory, the mean of `rounds` times all of them.
fn bound(model: &mut Model, patches: &[Vec<f32>], rounds: usize) -> f64 {
    let mut found = Vec::new();
    let (height, width) = (model.side, model.side);
    let mut forward = |values: &[f32]| {
        let windows = Windows {
            values,
            count: 1,
            height,
            width,
        };
        model
            .forward(windows, &mut found)
            .expect("the model was tried")
    };
    // The first run makes room.
    forward(&patches[0]);
    let start = Instant::now();
    for _ in 0..rounds {
        for patch in patches {
            forward(patch);
        }
    }
    start.elapsed().as_secs_f64() / (rounds * patches.len()) as f64
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let [model, out, image, more @ ..] = &arguments[..] else {
        eprintln!("usage: predict MODEL OUT.tif IMAGE [IR DSM DTM]");
        std::process::exit(2);
    };
    let more = |n: usize| more.get(n).cloned().into_iter().collect::<Vec<String>>();
    let imagery = Imagery {
        image: vec![image.clone()],
        infrared: more(0),
        surface: more(1),
        terrain: more(2),
        ..Imagery::default()
    };
    let reference = Reference::load(None).expect("our own tables are right");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let model = PathBuf::from(model);
    let load = || Model::load(&model, None, None, &reference, (Device::Cpu, threads));
    let mut bare = load().expect("a model with its card");
    let side = bare.side;
    let input = bare.card.input.clone();
    let read = |stack: &Stack, n: usize| {
        let whole = stack.window();
        let across = (whole.width / side).max(1);
        let at = Window {
            column: whole.column + (n % across * side) as i64,
            row: whole.row + (n / across % (whole.height / side).max(1) * side) as i64,
            width: side,
            height: side,
        };
        let mut patch = Patch::default();
        stack.read(&at, &mut patch).expect("imagery that is whole");
        patch.values
    };
    let patches = || {
        let stack = Stack::open(&imagery, &input).expect("imagery that fits");
        (0..WINDOWS).map(|n| read(&stack, n)).collect::<Vec<_>>()
    };
    let before = bound(&mut bare, &patches(), 2);
    drop(bare);
    // From here on the memory is that of the prediction.
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux counts anew");
    let prediction = Prediction {
        is_anew: true,
        ..Prediction::new(model.clone(), imagery.clone(), Path::new(out).to_owned())
    };
    let start = Instant::now();
    let phases = Phases(Mutex::new(Vec::new()));
    let summary = predict(&prediction, &reference, &phases).expect("a prediction");
    let seconds = start.elapsed().as_secs_f64();
    let phases = phases.0.into_inner().expect("no one failed with it");
    let ends = phases
        .iter()
        .skip(1)
        .map(|(_, begun)| *begun)
        .chain([Instant::now()]);
    let spent: Vec<String> = phases
        .iter()
        .zip(ends)
        .map(|((name, begun), end)| format!("\"{name}\":{:.3}", (end - *begun).as_secs_f64()))
        .collect();
    let memory = peak();
    let mut bare = load().expect("a model with its card");
    let after = bound(&mut bare, &patches(), 2);
    // Windows that are cut count for what they have left.
    let looked = summary.pixels_in as f64 / (side * side) as f64;
    let of_bound = looked * before.midpoint(after);
    println!(
        "{{\"peer\":\"millesime\",\"operation\":\"predict\",\"model\":\"{}\",\"pixels\":{},\"windows\":{},\
         \"seconds\":{seconds:.3},\"bound_seconds\":{of_bound:.3},\"of_bound\":{:.4},\
         \"window_seconds\":[{before:.4},{after:.4}],\"redundancy\":{:.4},\"peak_mib\":{memory},\
         \"phases\":{{{}}}}}",
        summary.model,
        summary.pixels,
        summary.windows,
        of_bound / seconds,
        summary.pixels_in as f64 / summary.pixels_made as f64,
        spent.join(","),
    );
}
