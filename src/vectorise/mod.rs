//! From a class raster to linework: the edges between pixels of different labels, each once.

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

/// Rows read at a time.
const ROWS: usize = 256;

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
    for top in (0..mosaic.height()).step_by(ROWS) {
        let rows = ROWS.min(mosaic.height() - top);
        mosaic.read(top, rows, &mut pixels)?;
        for (line, values) in pixels.chunks_exact(width.max(1)).enumerate() {
            let mut last = (Pixel::Outside, Label::default());
            for (column, &pixel) in values.iter().enumerate() {
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
            tracer.row(top + line, &below)?;
        }
    }
    below.fill(Label::default());
    tracer.row(mosaic.height(), &below)
}

struct Tracer<'a> {
    mosaic: &'a Mosaic,
    builder: &'a mut Builder,
    above: Vec<Label>,
    starts: Vec<usize>,
}

impl Tracer<'_> {
    /// Takes the labels of `row`, and ends the runs that end at its upper edge.
    fn row(&mut self, row: usize, below: &[Label]) -> Result<()> {
        let width = below.len();
        let at = |labels: &[Label], column: usize| labels.get(column).copied().unwrap_or_default();
        let pair = |labels: &[Label], column: usize| {
            let left = if column == 0 {
                Label::default()
            } else {
                at(labels, column - 1)
            };
            (left, at(labels, column))
        };
        let mut from = 0;
        for column in 1..=width {
            let (up, down) = (self.above[column - 1], below[column - 1]);
            if column == width || (at(&self.above, column), at(below, column)) != (up, down) {
                self.run((from, row), (column, row), up, down)?;
                from = column;
            }
        }
        for column in 0..=width {
            let (left, right) = pair(&self.above, column);
            if (left, right) != pair(below, column) {
                self.run((column, self.starts[column]), (column, row), left, right)?;
                self.starts[column] = row;
            }
        }
        self.above.copy_from_slice(below);
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
