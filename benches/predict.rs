//! Prediction beside its bound: the same model on the same kind of windows, already in memory. One JSON
//! line for each measure. The bound is taken before and after, so that a machine that slows down shows.
//!
//! ```text
//! predict MODEL OUT.tif IMAGE [IR DSM DTM]
//! ```

use std::path::{Path, PathBuf};
use std::time::Instant;

use millesime::memory::peak;
use millesime::predict::{Device, Imagery, Model, Patch, Prediction, Stack, Windows, predict};
use millesime::progress::{Clock, Quiet};
use millesime::raster::Window;
use millesime::reference::Reference;

/// Windows of the bound that are in memory.
const WINDOWS: usize = 24;

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
    let clock = Clock::new(&Quiet);
    let summary = predict(&prediction, &reference, &clock).expect("a prediction");
    let seconds = start.elapsed().as_secs_f64();
    let phases = clock.finish();
    let spent: Vec<String> = phases
        .iter()
        .map(|(name, seconds)| format!("\"{name}\":{seconds:.3}"))
        .collect();
    let memory = peak().expect("Linux tells");
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
