//! Prediction beside its bound: the same model on the same kind of windows, already in memory. One JSON
//! line for each measure. The bound is taken before and after, so that a machine that slows down shows.
//!
//! ```text
//! predict MODEL OUT.tif IMAGE [IR DSM DTM]
//! ```

use std::path::{Path, PathBuf};
use std::time::Instant;

use millesime::memory::peak;
use millesime::predict::{
    Device, Engine, Imagery, Model, Patch, Prediction, Stack, Windows, predict,
};
use millesime::progress::{Clock, Quiet};
use millesime::raster::Window;
use millesime::reference::Reference;

/// Windows of the bound that are in memory.
const WINDOWS: usize = 24;

/// Seconds of a window already in memory: the mean of as many sessions as a prediction has, side by side, each of
/// which looks at all of them.
fn bound(models: &mut [Model], patches: &[Vec<f32>]) -> f64 {
    let forward = |model: &mut Model, values: &[f32]| {
        let windows = Windows {
            values,
            count: 1,
            height: model.side,
            width: model.side,
        };
        drop(model.forward(windows).expect("the model was tried"));
    };
    // The first run makes room.
    models
        .iter_mut()
        .for_each(|model| forward(model, &patches[0]));
    let count = models.len() * patches.len();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for model in models {
            scope.spawn(|| patches.iter().for_each(|patch| forward(model, patch)));
        }
    });
    start.elapsed().as_secs_f64() / count as f64
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
    let engine = Engine::new(Device::Cpu, None, None);
    let model = PathBuf::from(model);
    let load = || {
        let how = (engine.device, engine.threads);
        let one =
            |_| Model::load(&model, None, None, &reference, how).expect("a model with its card");
        (0..engine.sessions).map(one).collect::<Vec<_>>()
    };
    let mut bare = load();
    let side = bare[0].side;
    let input = bare[0].card.input.clone();
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
    let before = bound(&mut bare, &patches());
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
    let after = bound(&mut load(), &patches());
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
