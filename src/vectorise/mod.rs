//! From a class raster to linework: the edges between pixels of different labels, each once.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::partition::{Builder, ItemId};
use crate::raster::{Mosaic, Pixel};

/// The items that cover a pixel, at most two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Label([Option<ItemId>; 2]);

impl Label {
    /// The label of these items.
    pub fn of(items: &[ItemId]) -> Self {
        Self([items.first().copied(), items.get(1).copied()])
    }

    /// Items of one label or of the other, not of both.
    fn differences(self, other: Self) -> impl Iterator<Item = ItemId> {
        let mine = self.0.into_iter().flatten();
        let theirs = other.0.into_iter().flatten();
        mine.filter(move |i| !other.0.contains(&Some(*i)))
            .chain(theirs.filter(move |i| !self.0.contains(&Some(*i))))
    }
}

/// Rows read at a time, at most,
const ROWS: usize = 256;
/// and pixels.
const PIXELS: usize = 1 << 24;

/// Adds to `builder` the boundaries of the items that `label` gives to the pixels of `mosaic`:
/// maximal straight runs along pixel edges that separate the same two labels, so that boundaries
/// meet at their ends. Pixels that touch at a corner only are not connected. `label` is `None`
/// for a value that is not known; `unknown` then makes the error, from the value and the file.
pub fn trace(
    mosaic: &Mosaic,
    label: impl Fn(i64, bool) -> Option<Label>,
    builder: &mut Builder,
    unknown: impl Fn(i32, String) -> Error,
) -> Result<()> {
    let width = mosaic.width();
    let mut tracer = Tracer {
        mosaic,
        builder,
        above: vec![Label::default(); width],
        // The row where the current vertical run left of each column starts.
        starts: vec![0; width + 1],
    };
    let mut pixels = Vec::new();
    let mut below = vec![Label::default(); width];
    let step = (PIXELS / width.max(1)).clamp(1, ROWS);
    let mut before = 0..0;
    for top in (0..mosaic.height()).step_by(step) {
        let rows = step.min(mosaic.height() - top);
        // Where no tile reaches, neither here nor just above, there is nothing to trace.
        let columns = mosaic.columns(top, rows);
        mosaic.read(&columns, top, rows, &mut pixels)?;
        let reached = around(&before, &columns);
        below[reached.clone()].fill(Label::default());
        for line in 0..rows {
            let values = &pixels[line * columns.len()..(line + 1) * columns.len()];
            let mut last = (Pixel::Outside, Label::default());
            for (column, &pixel) in columns.clone().zip(values) {
                if pixel != last.0 {
                    let found = match pixel {
                        Pixel::Outside => Some(Label::default()),
                        Pixel::Nodata => label(0, true),
                        Pixel::Value(value) => label(i64::from(value), false),
                    };
                    let value = if let Pixel::Value(v) = pixel { v } else { 0 };
                    let found =
                        found.ok_or_else(|| unknown(value, mosaic.file_at(column, top + line)))?;
                    last = (pixel, found);
                }
                below[column] = last.1;
            }
            tracer.row(
                top + line,
                &below,
                if line == 0 { &reached } else { &columns },
            )?;
        }
        before = columns;
    }
    below.fill(Label::default());
    tracer.row(mosaic.height(), &below, &before)
}

/// The range that holds both.
fn around(p: &Range<usize>, q: &Range<usize>) -> Range<usize> {
    match (p.is_empty(), q.is_empty()) {
        (true, _) => q.clone(),
        (_, true) => p.clone(),
        _ => p.start.min(q.start)..p.end.max(q.end),
    }
}

struct Tracer<'a> {
    mosaic: &'a Mosaic,
    builder: &'a mut Builder,
    above: Vec<Label>,
    starts: Vec<usize>,
}

impl Tracer<'_> {
    /// Takes the labels of `row`, and ends the runs that end at its upper edge. Beyond `columns`,
    /// both this row and the one above have no label.
    fn row(&mut self, row: usize, below: &[Label], columns: &Range<usize>) -> Result<()> {
        if columns.is_empty() {
            return Ok(());
        }
        let at = |labels: &[Label], column: usize| labels.get(column).copied().unwrap_or_default();
        let pair = |labels: &[Label], column: usize| {
            let left = if column == 0 {
                Label::default()
            } else {
                at(labels, column - 1)
            };
            (left, at(labels, column))
        };
        let mut from = columns.start;
        for column in columns.start + 1..=columns.end {
            let (up, down) = (self.above[column - 1], below[column - 1]);
            let is_last = column == columns.end;
            if is_last || (at(&self.above, column), at(below, column)) != (up, down) {
                self.run((from, row), (column, row), up, down)?;
                from = column;
            }
        }
        for column in columns.start..=columns.end {
            let (left, right) = pair(&self.above, column);
            if (left, right) != pair(below, column) {
                self.run((column, self.starts[column]), (column, row), left, right)?;
                self.starts[column] = row;
            }
        }
        self.above[columns.clone()].copy_from_slice(&below[columns.clone()]);
        Ok(())
    }

    /// A run between two pixel corners that separates two labels.
    fn run(&mut self, from: (usize, usize), to: (usize, usize), p: Label, q: Label) -> Result<()> {
        if p == q {
            return Ok(());
        }
        let corner = |(column, row): (usize, usize)| {
            self.mosaic.corner(column, row).ok_or_else(|| {
                Error::input(
                    self.mosaic.file_at(column, row),
                    "lies beyond ±10 737 km of the origin of its CRS",
                    "check its georeference",
                )
            })
        };
        let (a, b) = (corner(from)?, corner(to)?);
        for item in p.differences(q) {
            self.builder.segment(item, a, b);
        }
        Ok(())
    }
}
