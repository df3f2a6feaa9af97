//! A model: an ONNX graph with its card, ready to run.

use std::path::Path;

use half::f16;
use ort::ep;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{Tensor, TensorElementType, TensorRef, ValueType};

use super::card::{self, Card, Found, Values};
use super::runtime;
use crate::error::{Error, Result};
use crate::raster::Window;
use crate::reference::Reference;

/// Where a model runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// On the processor.
    Cpu,
    /// On an NVIDIA card.
    Cuda,
}

/// A graph, loaded.
pub struct Graph {
    session: Session,
    place: String,
}

/// One input or output of a graph.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The kind of its numbers.
    pub kind: String,
    /// Its sides; `None` where any will do.
    pub shape: Vec<Option<usize>>,
}

impl Graph {
    /// Loads the graph of the file `path`, to run on `device` with so many threads.
    pub fn load(path: &Path, device: Device, threads: usize) -> Result<Self> {
        let place = path.display().to_string();
        if !path.is_file() {
            let advice = "check the path of the model";
            return Err(Error::input(place, "is not a file", advice));
        }
        let environment = runtime::environment()?;
        let failed = |e: ort::Error| {
            let what = format!("ONNX Runtime cannot run this model: {}", e.message());
            Error::input(
                &place,
                what,
                "check that the file is whole, and that it has standard operators only",
            )
        };
        let mut builder = Session::builder(&environment)
            .and_then(|b| Ok(b.with_optimization_level(GraphOptimizationLevel::All)?))
            .and_then(|b| Ok(b.with_intra_threads(threads.max(1))?))
            // Threads that wait busily would take the time of those that read and write.
            .and_then(|b| Ok(b.with_intra_op_spinning(false)?))
            // A plan of the memory of a window is kept beside that of the window before it: a third more, for nothing.
            .and_then(|b| Ok(b.with_memory_pattern(false)?))
            .map_err(failed)?;
        if device == Device::Cuda {
            let cuda = ep::CUDA::default().build().error_on_failure();
            builder = builder.with_execution_providers([cuda]).map_err(|e| {
                let what = format!("ONNX Runtime finds no NVIDIA card here: {}", e.message());
                Error::input(
                    "--device cuda",
                    what,
                    "give it the library of `onnxruntime-gpu` in ORT_DYLIB_PATH, or leave the flag out",
                )
            })?;
        }
        let session = builder.commit_from_file(path).map_err(failed)?;
        Ok(Self { session, place })
    }

    /// What the graph takes.
    pub fn inputs(&self) -> Vec<Port> {
        self.session.inputs().iter().map(port).collect()
    }

    /// What the graph gives.
    pub fn outputs(&self) -> Vec<Port> {
        self.session.outputs().iter().map(port).collect()
    }

    /// A key of the model's own.
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.session.metadata().ok()?.custom(key)
    }
}

fn port(outlet: &ort::value::Outlet) -> Port {
    let (kind, shape) = match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => {
            let side = |&n: &i64| usize::try_from(n).ok().filter(|&n| n > 0);
            (ty.to_string(), shape.iter().map(side).collect())
        }
        other => (format!("{other:?}"), Vec::new()),
    };
    Port {
        name: outlet.name().to_owned(),
        kind,
        shape,
    }
}

/// Windows that a model looks at together.
#[derive(Clone, Copy, Debug)]
pub struct Windows<'a> {
    /// Normalised values, window by window, band by band and row by row.
    pub values: &'a [f32],
    /// How many windows,
    pub count: usize,
    /// of how many rows each,
    pub height: usize,
    /// and of how many columns.
    pub width: usize,
}

/// What a graph gives for windows: for one of float32 as it gave it, without a copy.
pub struct Outcome {
    /// The sides, as the graph has them: windows, channels, rows and columns.
    pub shape: Vec<usize>,
    numbers: Numbers,
}

enum Numbers {
    /// The runtime's own.
    Given(Tensor<f32>),
    /// Made of others: of float16, or a part.
    Made(Vec<f32>),
}

impl Outcome {
    /// The numbers, window by window, channel by channel and row by row.
    pub fn numbers(&self) -> &[f32] {
        match &self.numbers {
            Numbers::Given(tensor) => tensor.extract_tensor().1,
            Numbers::Made(numbers) => numbers,
        }
    }

    /// The outcomes of `count` windows one by one.
    pub fn split(self, count: usize) -> Vec<Self> {
        if count < 2 {
            return vec![self];
        }
        let all = self.numbers();
        let shape = [&[1], &self.shape[1..]].concat();
        let one = |numbers: &[f32]| Self {
            shape: shape.clone(),
            numbers: Numbers::Made(numbers.to_vec()),
        };
        all.chunks_exact(all.len() / count).map(one).collect()
    }
}

/// A graph and its card that agree.
pub struct Model {
    graph: Graph,
    /// The card.
    pub card: Card,
    /// Side of what goes in, in pixels.
    pub side: usize,
    /// Side of what comes out, centred in what goes in.
    pub side_out: usize,
    /// The least side of windows, where they may have others than `side`.
    pub least_side: Option<usize>,
    /// Whether it looks at several windows at once.
    pub is_batched: bool,
    is_half: bool,
    input: String,
    output: String,
}

impl Model {
    /// Reads the model `path` with its card, the file `card` or what is found; `window` stands for
    /// the card's own.
    pub fn load(
        path: &Path,
        card: Option<&Path>,
        window: Option<usize>,
        reference: &Reference,
        (device, threads): (Device, usize),
    ) -> Result<Self> {
        let graph = Graph::load(path, device, threads)?;
        let found = Found::read(path, card, |key| graph.metadata(key))?;
        let place = found.place.clone();
        let mut card = found.complete(reference)?;
        if let Some(window) = window
            && (!card::WINDOWS.contains(&window) || !window.is_multiple_of(card.input.multiple))
        {
            return Err(Error::input(
                "--window",
                format!("{window} pixels cannot be the side of a window of this model"),
                format!(
                    "give {} to {} pixels, a multiple of {}",
                    card::WINDOWS.start(),
                    card::WINDOWS.end(),
                    card.input.multiple
                ),
            ));
        }
        card.input.window = window.unwrap_or(card.input.window);
        let model = Self::of(graph, card, &place)?;
        match window {
            Some(window) if window != model.side => Err(Error::input(
                path.display(),
                format!("takes windows of {} pixels, and no others", model.side),
                "leave --window out",
            )),
            _ => Ok(model),
        }
    }

    /// Sees that graph and card agree, by a trial on nothing.
    fn of(graph: Graph, card: Card, place: &str) -> Result<Self> {
        let refuse = |what: String, advice: &str| Err(Error::input(&graph.place, what, advice));
        let inputs = graph.session.inputs();
        let [input] = inputs else {
            return refuse(
                format!(
                    "takes {} inputs; models of one image are run here",
                    inputs.len()
                ),
                "export it with one input of [batch, bands, rows, columns]",
            );
        };
        let is_half = match input.dtype().tensor_type() {
            Some(TensorElementType::Float32) => false,
            Some(TensorElementType::Float16) => true,
            _ => {
                return refuse(
                    format!("takes {}, not floating-point numbers", port(input).kind),
                    "export it with an input of float32 or float16",
                );
            }
        };
        let shape = port(input).shape;
        let [batch, bands, rows, columns] = shape[..] else {
            return refuse(
                format!("takes {} dimensions, not 4", shape.len()),
                "export it with an input of [batch, bands, rows, columns]",
            );
        };
        if batch.is_some_and(|batch| batch != 1) {
            return refuse(
                format!("takes {} images at a time", batch.unwrap_or(0)),
                "export it with a batch of one, or of any size",
            );
        }
        let told = card.input.bands.len();
        if bands.is_some_and(|bands| bands != told) {
            return refuse(
                format!(
                    "takes {} bands, its card ({place}) names {told}",
                    bands.unwrap_or(0)
                ),
                "name the bands of the model in its card, in its order",
            );
        }
        if rows != columns {
            return refuse(
                "takes windows that are not square".to_owned(),
                "export it for square windows",
            );
        }
        let side = rows.unwrap_or(card.input.window);
        if !side.is_multiple_of(card.input.multiple) {
            return refuse(
                format!(
                    "a window of {side} pixels is not a multiple of {}, as the card asks",
                    card.input.multiple
                ),
                "mend `window` or `multiple` in the card",
            );
        }
        let outputs = graph.session.outputs();
        let names: Vec<&str> = outputs.iter().map(|o| o.name()).collect();
        let output = match &card.output.tensor {
            Some(name) => outputs.iter().find(|o| o.name() == name).ok_or_else(|| {
                Error::input(
                    place,
                    format!("output.tensor is `{name}`, which the graph has not"),
                    suggest_names(name, &names),
                )
            })?,
            None => outputs.first().ok_or_else(|| {
                Error::input(&graph.place, "gives nothing", "export it with an output")
            })?,
        };
        let kind = output.dtype().tensor_type();
        let is_number = matches!(
            kind,
            Some(TensorElementType::Float32 | TensorElementType::Float16)
        );
        if !is_number {
            return refuse(
                format!("gives {}, not logits or probabilities", port(output).kind),
                "export it without its last step (argmax)",
            );
        }
        let (input, output) = (input.name().to_owned(), output.name().to_owned());
        let mut model = Self {
            graph,
            card,
            side,
            side_out: side,
            least_side: None,
            is_batched: batch.is_none(),
            is_half,
            input,
            output,
        };
        let is_open = rows.is_none() && columns.is_none();
        if is_open && let Some((side_out, least)) = model.try_small(side)? {
            model.side_out = side_out;
            model.least_side = Some(least);
            return Ok(model);
        }
        let shape = model.try_window(side, side)?;
        model.side_out = model.out_side(&shape)?;
        if is_open {
            let multiple = model.card.input.multiple;
            let sides = [1, 3].map(|n| side.saturating_sub(n * multiple));
            let crop = side - model.side_out;
            let wanted = sides.map(|n| n.saturating_sub(crop));
            let is_flexible = wanted.iter().all(|&n| n > 0)
                && model
                    .try_window(sides[0], sides[1])
                    .is_ok_and(|shape| shape.ends_with(&wanted));
            model.least_side = is_flexible.then_some(sides[1]);
        }
        Ok(model)
    }

    /// The side of what comes out for windows of `side`, and the least side tried, when a small window of two sides that
    /// are no rounder than any other tells them: a graph that says that it takes any sides may hold steps that do not.
    /// A whole window would tell as much, and take many times as long.
    fn try_small(&mut self, side: usize) -> Result<Option<(usize, usize)>> {
        let multiple = self.card.input.multiple;
        let steps = SMALL.div_ceil(multiple).max(5) | 1;
        let [rows, columns] = [steps, (2 * steps / 3) | 1].map(|steps| steps * multiple);
        if rows >= side {
            return Ok(None);
        }
        let Ok(shape) = self.try_window(rows, columns) else {
            return Ok(None);
        };
        let [1, channels, rows_out, columns_out] = shape[..] else {
            return Ok(None);
        };
        let crop = rows.saturating_sub(rows_out);
        let other = columns.saturating_sub(columns_out);
        // A part is smaller by as much on both sides; coarser pixels are fewer by as many times.
        if crop > 0 && other > 0 && crop.abs_diff(other) > (rows - columns) / 4 {
            return Err(Error::input(
                &self.graph.place,
                format!(
                    "gives {rows_out} by {columns_out} pixels for {rows} by {columns}: coarser ones, not a part"
                ),
                "export it with a last step that brings them to the size of the image",
            ));
        }
        let is_centred = rows_out + crop == rows && columns_out + crop == columns;
        let is_told = channels == self.card.output.channels.len();
        let is_part = is_centred && is_told && crop.is_multiple_of(2);
        Ok(is_part.then(|| (side - crop, columns)))
    }

    /// The shape of what comes out for a window of nothing.
    fn try_window(&mut self, height: usize, width: usize) -> Result<Vec<usize>> {
        let nothing = vec![0.0; self.card.input.bands.len() * height * width];
        let windows = Windows {
            values: &nothing,
            count: 1,
            height,
            width,
        };
        let outcome = self.forward(windows)?;
        require_sense(
            outcome.numbers(),
            self.card.output.values,
            &self.graph.place,
        )?;
        Ok(outcome.shape)
    }

    /// The side of what comes out, from its shape.
    fn out_side(&self, shape: &[usize]) -> Result<usize> {
        let place = &self.graph.place;
        let told = self.card.output.channels.len();
        let (channels, rows, columns) = match *shape {
            [1, channels, rows, columns] => (channels, rows, columns),
            // A single class may come without a dimension of its own.
            [1, rows, columns] => (1, rows, columns),
            _ => {
                let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
                return Err(Error::input(
                    place,
                    format!(
                        "gives [{}], not a value of each class for each pixel",
                        shape.join(", ")
                    ),
                    "give a model that segments images, with an output of [batch, classes, rows, \
                     columns]",
                ));
            }
        };
        if channels != told {
            return Err(Error::input(
                place,
                format!("gives {channels} channels, its card has codes for {told}"),
                "give `output.channels` one code for each channel, in the model's order",
            ));
        }
        if rows != columns || rows > self.side || !(self.side - rows).is_multiple_of(2) {
            return Err(Error::input(
                place,
                format!(
                    "gives {rows} by {columns} pixels for a window of {}: they cannot be centred in it",
                    self.side
                ),
                "give a model whose output is as large as its input, or smaller by an even number \
                 of pixels",
            ));
        }
        Ok(rows)
    }

    /// Runs the graph on windows.
    pub fn forward(&mut self, windows: Windows) -> Result<Outcome> {
        let Windows {
            values,
            count,
            height,
            width,
        } = windows;
        let place = &self.graph.place;
        let failed = |e: ort::Error| {
            Error::input(
                place,
                format!(
                    "failed on a window of {width} by {height} pixels: {}",
                    e.message()
                ),
                "check `window` and `multiple` in its card, and the memory of this machine",
            )
        };
        let shape = [count, self.card.input.bands.len(), height, width];
        let halves: Vec<f16>;
        let inputs = if self.is_half {
            halves = values.iter().map(|&value| f16::from_f32(value)).collect();
            let tensor = TensorRef::from_array_view((shape, &halves[..])).map_err(failed)?;
            ort::inputs![self.input.as_str() => tensor]
        } else {
            let tensor = TensorRef::from_array_view((shape, values)).map_err(failed)?;
            ort::inputs![self.input.as_str() => tensor]
        };
        let mut outputs = self.graph.session.run(inputs).map_err(failed)?;
        let Some(output) = outputs.remove(&self.output) else {
            return Err(Error::Internal(format!("no output {}", self.output)));
        };
        let sides = |shape: &[i64]| shape.iter().map(|&n| n.max(0) as usize).collect();
        if let Ok((shape, halves)) = output.try_extract_tensor::<f16>() {
            return Ok(Outcome {
                shape: sides(shape),
                numbers: Numbers::Made(halves.iter().map(|half| half.to_f32()).collect()),
            });
        }
        let (shape, _) = output.try_extract_tensor::<f32>().map_err(failed)?;
        Ok(Outcome {
            shape: sides(shape),
            numbers: Numbers::Given(output.downcast().map_err(failed)?),
        })
    }
}

impl Model {
    /// Refuses numbers that came out when they are none, or probabilities that are none.
    pub(super) fn sense(&self) -> impl Fn(&[f32]) -> Result<()> + use<> {
        let (values, place) = (self.card.output.values, self.graph.place.clone());
        move |numbers| require_sense(numbers, values, &place)
    }

    /// Refuses what comes out when it is not of as many windows as went in, or not as much smaller than they as it
    /// was when tried.
    pub(super) fn require_sides(
        &self,
        shape: &[usize],
        count: usize,
        window: &Window,
    ) -> Result<()> {
        let crop = self.side - self.side_out;
        let wanted = [window.height, window.width].map(|n| n.saturating_sub(crop));
        let channels = self.card.output.channels.len();
        let is_whole = shape.iter().product::<usize>() == count * channels * wanted[0] * wanted[1];
        if is_whole && shape.starts_with(&[count]) && shape.ends_with(&wanted) {
            return Ok(());
        }
        let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
        Err(Error::input(
            &self.graph.place,
            format!(
                "gives [{}] for {count} windows of {} rows and {} columns, not {count} times {} rows and {} columns",
                sides.join(", "),
                window.height,
                window.width,
                wanted[0],
                wanted[1]
            ),
            "export it for windows of one size, one at a time",
        ))
    }
}

/// Pixels of the sides of a small window, about.
const SMALL: usize = 96;

/// Refuses what comes out of the model `place` when it holds numbers that are none, or probabilities that are none.
fn require_sense(found: &[f32], values: Values, place: &str) -> Result<()> {
    if found.iter().fold(false, |is_none, v| is_none | v.is_nan()) {
        return Err(Error::input(
            place,
            "gives what is no number (NaN)",
            "check `mean` and `std` in its card, and the export: float16 may overflow",
        ));
    }
    if values != Values::Probabilities {
        return Ok(());
    }
    let off = |most: f32, v: &f32| most.max((v - 0.5).abs());
    if found.iter().fold(0.0, off) > 0.501 {
        return Err(Error::input(
            place,
            "gives numbers below 0 or above 1, and its card says that they are probabilities",
            "write `values = \"logits\"` in its card, with the activation that it was trained for",
        ));
    }
    Ok(())
}

fn suggest_names(name: &str, names: &[&str]) -> String {
    crate::error::suggest(name, names.iter().copied())
}
