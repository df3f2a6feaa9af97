//! The threads of a job: reading, running the model, putting together and writing, all at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::bands::{Patch, Stack};
use super::job::Job;
use super::model::{Model, Outcome, Windows};
use super::probabilities::{Ranking, Rows, activate};
use super::stitch::{Given, Stitcher};
use super::windows::{Blend, Plan, Tile};
use super::{Frame, ended};
use crate::error::Result;
use crate::progress::Progress;
use crate::raster::{Part, Source, Window};

/// Columns of windows in a strip: what is kept of a row of windows grows with it, and the windows
/// looked at twice, one in so many, shrink.
const STRIP: usize = 32;

/// What a run did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    /// Windows looked at.
    pub(super) windows: u64,
    /// Pixels that went into the model.
    pub(super) pixels_in: u64,
    /// Pixels written.
    pub(super) pixels: u64,
}

/// A row of windows of a strip.
#[derive(Clone, Copy, Debug)]
struct Step {
    strip: usize,
    row: i64,
    /// Whether its tiles are kept: else it is looked at for what it shares with the next row.
    is_kept: bool,
}

/// A window on its way.
struct Item {
    number: usize,
    step: Step,
    window: Tile,
    /// The pixels that go into the model,
    input: Window,
    /// and what they are.
    patch: Patch,
    /// What comes out; nothing where there is nothing to look at.
    found: Option<Outcome>,
    /// Whether the model is to look at it: its core has data.
    has_core: bool,
    /// Where the tile has data; empty when there is nothing at all.
    valid: Vec<bool>,
}

/// Room that is used again and again: what is freed and asked for anew must be cleared anew.
struct Room<T>(Mutex<Vec<T>>);

impl<T: Default> Room<T> {
    fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn take(&self) -> T {
        let kept = self.0.lock().ok().and_then(|mut kept| kept.pop());
        kept.unwrap_or_default()
    }

    fn give(&self, used: T) {
        if let Ok(mut kept) = self.0.lock() {
            kept.push(used);
        }
    }
}

/// The strips: columns of tiles.
fn strips(plan: &Plan) -> Vec<Range<i64>> {
    let columns = plan.columns();
    let starts = columns.clone().step_by(STRIP);
    starts
        .map(|start| start..(start + STRIP as i64).min(columns.end))
        .collect()
}

/// The pixels of the part that is a row of a strip.
fn part_window(plan: &Plan, columns: &Range<i64>, row: i64) -> Window {
    let first = plan.tile((columns.start, row));
    let last = plan.tile((columns.end - 1, row));
    first.hull(&last).intersection(&plan.extent)
}

/// The parts of the whole.
pub(super) fn parts(frame: &Frame, job: &Job) -> Vec<Source> {
    let plan = &frame.plan;
    let mut parts = Vec::new();
    for (strip, columns) in strips(plan).iter().enumerate() {
        for row in plan.rows() {
            parts.push(Source {
                path: job.part(strip, row),
                window: part_window(plan, columns, row),
            });
        }
    }
    parts
}

/// The rows that are still to be done, each after the row above it.
fn steps(plan: &Plan, job: &Job) -> Vec<Step> {
    let mut steps = Vec::new();
    for strip in 0..strips(plan).len() {
        let mut is_above_known = false;
        for row in plan.rows() {
            if job.has(strip, row) {
                is_above_known = false;
                continue;
            }
            if !is_above_known && plan.needs_before(row, plan.part_rows(row)) {
                steps.push(Step {
                    strip,
                    row: row - 1,
                    is_kept: false,
                });
            }
            steps.push(Step {
                strip,
                row,
                is_kept: true,
            });
            is_above_known = true;
        }
    }
    steps
}

/// Does what is left of a job, with a model and, for more sessions, what loads it again.
pub(super) fn run(
    (model, sessions, load): (Model, usize, &(dyn Fn() -> Result<Model> + Sync)),
    stack: &Stack,
    frame: &Frame,
    (blend, batch): (Blend, usize),
    job: &Job,
    progress: &dyn Progress,
) -> Result<Done> {
    let plan = &frame.plan;
    let strips = strips(plan);
    let steps = steps(plan, job);
    // The window before the first of a strip shares its edge with it.
    let windows: Vec<Range<i64>> = strips
        .iter()
        .map(|columns| {
            let pixels = part_window(plan, columns, plan.rows().start).columns();
            let before = i64::from(plan.needs_before(columns.start, pixels));
            columns.start - before..columns.end
        })
        .collect();
    let count = steps
        .iter()
        .map(|step| windows[step.strip].end - windows[step.strip].start);
    let count = count.sum::<i64>() as u64;
    progress.phase("predicting", Some(count));
    let sessions = sessions.min(usize::try_from(count).unwrap_or(sessions));
    let (values, what) = (model.card.output.values, model.card.output.activation);
    let active = model.card.active();
    let reach = model.card.input.reach.unwrap_or(0);
    let batch = match model.is_batched {
        true => batch.max(1),
        false => 1,
    };
    let (to_models, read) = sync_channel::<Item>(batch * sessions + 1);
    let (to_writer, run) = sync_channel::<Item>(batch * sessions);
    let read = Mutex::new(read);
    let patches = &Room::new();
    let sense = model.sense();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| reading(stack, plan, &steps, &windows, to_models, patches));
        // The first is at work while the others are loaded.
        let again = std::iter::repeat_with(|| None).take(sessions.saturating_sub(1));
        let runners: Vec<_> = [Some(model)]
            .into_iter()
            .chain(again)
            .map(|model| {
                let (read, to_writer) = (&read, to_writer.clone());
                scope.spawn(move || {
                    // Where it cannot be loaded again, for want of memory, the first does all.
                    let Some(model) = model.or_else(|| load().ok()) else {
                        return Ok(());
                    };
                    // Without the windows of this one those of the others could not be put together.
                    let letting_go = LetGo(read);
                    running((model, batch), read, to_writer, patches)?;
                    std::mem::forget(letting_go);
                    Ok(())
                })
            })
            .collect();
        drop(to_writer);
        let writer = Writer {
            frame,
            job,
            blend,
            reach,
            strips: &strips,
            windows: &windows,
            progress,
            activate: &|of: &mut [f32]| {
                sense(of)?;
                activate(of, values, what, &active);
                Ok(())
            },
            channels: active.len(),
        };
        let letting_go = LetGo(&read);
        let written = writer.write(run);
        // A writer that failed has let go of what it was sent: the others end, and are listened to
        // first, as what they say is nearer to the cause.
        let mut outcome = Ok(());
        for runner in runners {
            outcome = outcome.and(ended(runner.join()));
        }
        // Nobody waits for what the reader still sends.
        drop(letting_go);
        ended(reader.join()).and(outcome).and(written)
    })
}

/// With its end, be it by a failure of the thread, nothing more is taken of what the reader sends: else the others would
/// wait for one another.
struct LetGo<'a>(&'a Mutex<Receiver<Item>>);

impl Drop for LetGo<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sync_channel(0).1;
    }
}

/// Reads windows, in order.
fn reading(
    stack: &Stack,
    plan: &Plan,
    steps: &[Step],
    windows: &[Range<i64>],
    to_models: SyncSender<Item>,
    patches: &Room<Patch>,
) -> Result<()> {
    let mut number = 0;
    for &step in steps {
        for column in windows[step.strip].clone() {
            let window = (column, step.row);
            let mut patch = patches.take();
            let input = plan.input(window);
            let (has_core, valid) = read_window(stack, plan, (window, &input), &mut patch)?;
            let item = Item {
                number,
                step,
                window,
                input,
                patch,
                found: None,
                has_core,
                valid,
            };
            number += 1;
            if to_models.send(item).is_err() {
                // The model has failed, and says why.
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads what goes into the model; says whether its core has data, and where the tile has.
fn read_window(
    stack: &Stack,
    plan: &Plan,
    (window, input): (Tile, &Window),
    patch: &mut Patch,
) -> Result<(bool, Vec<bool>)> {
    if stack.is_outside(input) || !stack.read(input, patch)? {
        return Ok((false, Vec::new()));
    }
    let mut valid = vec![false; plan.stride * plan.stride];
    lay(&patch.valid, input, &mut valid, &plan.core(window));
    let has_core = valid.contains(&true);
    valid.fill(false);
    lay(&patch.valid, input, &mut valid, &plan.tile(window));
    Ok((has_core, valid))
}

/// Copies what two windows share from the values of one to those of the other.
fn lay(from: &[bool], of: &Window, to: &mut [bool], at: &Window) {
    let shared = of.intersection(at);
    if shared.is_empty() {
        return;
    }
    for row in shared.rows() {
        let start = |window: &Window| {
            let line = (row - window.row) as usize * window.width;
            line + (shared.column - window.column) as usize
        };
        let (from_start, to_start) = (start(of), start(at));
        to[to_start..to_start + shared.width]
            .copy_from_slice(&from[from_start..from_start + shared.width]);
    }
}

/// Runs a model on the windows that come, `batch` of them together.
fn running(
    (mut model, batch): (Model, usize),
    read: &Mutex<Receiver<Item>>,
    to_writer: SyncSender<Item>,
    patches: &Room<Patch>,
) -> Result<()> {
    let mut items = Vec::new();
    loop {
        let taken = read.lock().unwrap_or_else(PoisonError::into_inner);
        items.extend(taken.iter().take(batch));
        drop(taken);
        if items.is_empty() {
            return Ok(());
        }
        let alike = |p: &Item, q: &Item| {
            let shape = |item: &Item| (item.has_core, item.input.width, item.input.height);
            shape(p) == shape(q)
        };
        for items in items.chunk_by_mut(alike) {
            look(&mut model, items)?;
        }
        for item in &mut items {
            patches.give(std::mem::take(&mut item.patch));
        }
        for item in items.drain(..) {
            if to_writer.send(item).is_err() {
                return Ok(());
            }
        }
    }
}

/// Runs a model on windows of one shape.
fn look(model: &mut Model, items: &mut [Item]) -> Result<()> {
    let input = match items.first() {
        Some(item) if item.has_core => item.input,
        _ => return Ok(()),
    };
    let together: Vec<f32>;
    let values = match &*items {
        [item] => &item.patch.values,
        items => {
            let values = items.iter().flat_map(|item| &item.patch.values);
            together = values.copied().collect();
            &together
        }
    };
    let windows = Windows {
        values,
        count: items.len(),
        height: input.height,
        width: input.width,
    };
    let outcome = model.forward(windows)?;
    model.require_sides(&outcome.shape, items.len(), &input)?;
    let outcomes = outcome.split(items.len());
    for (item, outcome) in items.iter_mut().zip(outcomes) {
        item.found = Some(outcome);
    }
    Ok(())
}

/// Puts results together and writes them.
struct Writer<'a> {
    frame: &'a Frame<'a>,
    job: &'a Job,
    blend: Blend,
    reach: usize,
    strips: &'a [Range<i64>],
    windows: &'a [Range<i64>],
    progress: &'a dyn Progress,
    activate: &'a dyn Fn(&mut [f32]) -> Result<()>,
    channels: usize,
}

impl Writer<'_> {
    fn write(&self, run: Receiver<Item>) -> Result<Done> {
        let plan = &self.frame.plan;
        let mut done = Done::default();
        let mut waiting: BTreeMap<usize, Item> = BTreeMap::new();
        let mut next = 0;
        let mut strip: Option<(usize, Stitcher)> = None;
        let mut part: Option<Part> = None;
        let mut tile = TileBytes::default();
        for item in run {
            waiting.insert(item.number, item);
            while let Some(item) = waiting.remove(&next) {
                next += 1;
                let columns = &self.strips[item.step.strip];
                let windows = &self.windows[item.step.strip];
                let stitcher = match &mut strip {
                    Some((number, stitcher)) if *number == item.step.strip => stitcher,
                    other => {
                        let weights = plan.weights(self.blend, self.reach);
                        let stitcher = Stitcher::new(*plan, self.channels, weights, windows);
                        &mut other.insert((item.step.strip, stitcher)).1
                    }
                };
                let pixels = part_window(plan, columns, item.step.row);
                if item.window.0 == windows.start {
                    stitcher.begin_row();
                    if item.step.is_kept {
                        let path = self.job.part(item.step.strip, item.step.row);
                        let shape = (pixels.width, pixels.height);
                        part = Some(Part::create(
                            &path,
                            shape,
                            self.frame.layout.bands(),
                            self.frame.is_packed(),
                        )?);
                    }
                }
                if item.found.is_some() {
                    done.windows += 1;
                    done.pixels_in += item.input.pixels();
                }
                let asked = columns
                    .contains(&item.window.0)
                    .then(|| plan.tile(item.window).intersection(&pixels));
                let kept = part.as_mut().zip(asked);
                let asked = kept.as_ref().map(|(_, asked)| *asked);
                tile.begin(asked, self.frame.layout.bands());
                self.add(stitcher, &item, &mut tile)?;
                if let Some((part, asked)) = kept {
                    tile.write(part, &asked, &pixels)?;
                }
                if item.window.0 == windows.end - 1
                    && let Some(part) = part.take()
                {
                    part.finish()?;
                    done.pixels += pixels.pixels();
                }
                self.progress.advance(1);
            }
        }
        Ok(done)
    }

    /// Adds a window to what is put together, and keeps what was asked for of the tile that it finishes.
    fn add(&self, stitcher: &mut Stitcher, item: &Item, kept: &mut TileBytes) -> Result<()> {
        let Frame { plan, layout, .. } = self.frame;
        let tile = plan.tile(item.window);
        let nothing = vec![false; tile.width];
        let finish = |row: usize, probabilities: &Rows| {
            if let Some((asked, ranking, bands)) = kept.row(tile.row + row as i64) {
                let skipped = (asked.column - tile.column) as usize;
                let valid = match item.valid.is_empty() {
                    true => &nothing,
                    false => &item.valid[row * tile.width..],
                };
                let valid = &valid[skipped..][..asked.width];
                let probabilities = probabilities.part(skipped, asked.width);
                layout.keep(&probabilities, valid, ranking, bands);
            }
        };
        let given = item.found.as_ref().map(|found| Given {
            numbers: found.numbers(),
            window: item.input.within(plan.crop),
        });
        stitcher.add(item.window, given, self.activate, finish)
    }
}

/// The bytes of the pixels of a tile that were asked for, band by band.
#[derive(Default)]
struct TileBytes {
    asked: Option<Window>,
    bands: Vec<Vec<u8>>,
    ranking: Ranking,
}

impl TileBytes {
    /// Begins a tile of which `asked` is asked for.
    fn begin(&mut self, asked: Option<Window>, bands: usize) {
        self.asked = asked;
        self.bands.resize_with(bands, Vec::new);
        let size = asked.map_or(0, |asked| asked.width * asked.height);
        for band in &mut self.bands {
            band.resize(size, 0);
        }
    }

    /// When a row is asked for: the pixels of all rows that are, room to rank its channels, and its places in the
    /// bands.
    fn row(&mut self, row: i64) -> Option<(Window, &mut Ranking, impl Iterator<Item = &mut [u8]>)> {
        let asked = self.asked.filter(|asked| asked.rows().contains(&row))?;
        let start = (row - asked.row) as usize * asked.width;
        let of = start..start + asked.width;
        let bands = self.bands.iter_mut().map(move |band| &mut band[of.clone()]);
        Some((asked, &mut self.ranking, bands))
    }

    /// Writes the bytes, of the pixels `asked`, into a part of the pixels `whole`.
    fn write(&mut self, part: &mut Part, asked: &Window, whole: &Window) -> Result<()> {
        let corner = (
            (asked.column - whole.column) as usize,
            (asked.row - whole.row) as usize,
        );
        for (number, bytes) in self.bands.iter_mut().enumerate() {
            part.write(number, corner, (asked.width, asked.height), bytes)?;
        }
        Ok(())
    }
}
