//! Which windows the model looks at: their places follow from the grid of the CRS alone, so that the
//! result for a pixel does not depend on the extent that was asked for.

use std::ops::Range;

use crate::raster::Window;

/// How results of overlapping windows are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blend {
    /// In the middle of what two windows share, one passes smoothly into the other.
    Weighted,
    /// Each pixel is taken from the window in whose middle it lies.
    Centre,
}

/// The windows of a job. Window (c, r) counts in full on its core, the pixels from c·stride to
/// before (c+1)·stride and likewise in rows; its results reach `margin` pixels further.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Side of what goes into the model.
    pub side: usize,
    /// How much more goes in than comes out, on each side.
    pub crop: usize,
    /// How far results reach beyond the core.
    pub margin: usize,
    /// Side of the core.
    pub stride: usize,
    /// The pixels asked for.
    pub extent: Window,
    /// How windows that reach far beyond the images are cut, if they are.
    pub trim: Option<Trim>,
}

/// How windows are cut.
#[derive(Clone, Copy, Debug)]
pub struct Trim {
    /// Where the images lie.
    pub images: Window,
    /// How far windows still reach beyond them, at least.
    pub beyond: usize,
    /// The pixels of what is cut are a multiple of this.
    pub multiple: usize,
    /// What is left has as many, at least.
    pub least: usize,
}

/// A square of pixels that is finished once its window has been looked at: it lies `margin` left
/// of and above the core of the window of its number.
pub type Tile = (i64, i64);

impl Plan {
    /// The windows of `extent`, for a model that gives `side_out` pixels for `side`. `None` when the
    /// margins leave nothing between them.
    pub fn new(side: usize, side_out: usize, margin: usize, extent: Window) -> Option<Self> {
        // A pixel lies in two windows along an axis, at most.
        let stride = side_out.checked_sub(margin.checked_mul(2)?);
        let stride = stride.filter(|&s| s > 0 && s >= 2 * margin)?;
        Some(Self {
            side,
            crop: (side - side_out) / 2,
            margin,
            stride,
            extent,
            trim: None,
        })
    }

    /// The same windows, cut where they reach further beyond the images than results need it that count when windows
    /// are put together so: mirrored ground is looked at no longer. Where they are cut depends on where the images
    /// lie, and on nothing else.
    pub fn trimmed(
        self,
        images: Window,
        (multiple, least): (usize, usize),
        (blend, reach): (Blend, usize),
    ) -> Self {
        let trim = Some(Trim {
            images,
            beyond: self.idle(blend, reach) + self.crop,
            multiple: multiple.max(1),
            least,
        });
        Self { trim, ..self }
    }

    /// The columns of tiles.
    pub fn columns(&self) -> Range<i64> {
        self.tiles(self.extent.columns())
    }

    /// The rows of tiles.
    pub fn rows(&self) -> Range<i64> {
        self.tiles(self.extent.rows())
    }

    fn tiles(&self, pixels: Range<i64>) -> Range<i64> {
        let tile = |pixel: i64| (pixel + self.margin as i64).div_euclid(self.stride as i64);
        tile(pixels.start)..tile(pixels.end - 1) + 1
    }

    /// Whether the window before the first of these tiles reaches into pixels asked for.
    pub fn needs_before(&self, first: i64, pixels: Range<i64>) -> bool {
        pixels.start < first * self.stride as i64 + self.margin as i64
    }

    /// The rows of pixels asked for in a row of tiles.
    pub fn part_rows(&self, row: i64) -> Range<i64> {
        self.tile((0, row))
            .rows()
            .start
            .max(self.extent.rows().start)..self.extent.rows().end
    }

    /// The pixels of a tile.
    pub fn tile(&self, (column, row): Tile) -> Window {
        self.square((column, row), -(self.margin as i64), self.stride)
    }

    /// The pixels of a window that count in full.
    pub fn core(&self, window: Tile) -> Window {
        self.square(window, 0, self.stride)
    }

    /// The pixels that a window has results for, when it is not cut.
    pub fn output(&self, window: Tile) -> Window {
        self.square(window, -(self.margin as i64), self.stride + 2 * self.margin)
    }

    /// The pixels that go into the model.
    pub fn input(&self, window: Tile) -> Window {
        let context = self.margin + self.crop;
        let whole = self.square(window, -(context as i64), self.side);
        let Some(trim) = self.trim else {
            return whole;
        };
        let (beyond, step) = (trim.beyond as i64, trim.multiple as i64);
        let cut = |whole: Range<i64>, images: Range<i64>| {
            let steps = |beyond: i64| beyond.max(0) / step * step;
            let spare = steps(self.side as i64 - trim.least as i64);
            let before = steps(images.start - beyond - whole.start).min(spare);
            let after = steps(whole.end - (images.end + beyond)).min(spare - before);
            let (start, end) = (whole.start + before, whole.end - after);
            start..end
        };
        let columns = cut(whole.columns(), trim.images.columns());
        let rows = cut(whole.rows(), trim.images.rows());
        Window {
            column: columns.start,
            row: rows.start,
            width: (columns.end - columns.start) as usize,
            height: (rows.end - rows.start) as usize,
        }
    }

    fn square(&self, (column, row): Tile, shift: i64, side: usize) -> Window {
        Window {
            column: column * self.stride as i64 + shift,
            row: row * self.stride as i64 + shift,
            width: side,
            height: side,
        }
    }

    /// How many of the outermost results of a window do not count: those nearer to its edge than `reach`, the distance
    /// from which the model takes what it says of a pixel, where the overlap leaves others, and those in the outer
    /// parts of the overlap, whatever the reach.
    fn idle(&self, blend: Blend, reach: usize) -> usize {
        match blend {
            Blend::Weighted => (3 * 2 * self.margin)
                .div_ceil(8)
                .max(reach)
                .min(self.margin),
            Blend::Centre => self.margin,
        }
    }

    /// How much the results of a window count along one axis, from its first pixel to its last.
    /// The weights of overlapping windows sum to one.
    pub fn weights(&self, blend: Blend, reach: usize) -> Vec<f32> {
        let side_out = self.stride + 2 * self.margin;
        let overlap = 2 * self.margin;
        let idle = self.idle(blend, reach);
        let ramp = overlap - 2 * idle;
        let at_start = |n: usize| match n.checked_sub(idle) {
            None => 0.0,
            Some(n) if n < ramp => (n as f32 + 0.5) / ramp as f32,
            Some(_) => 1.0,
        };
        (0..side_out)
            .map(|n| {
                if n < overlap {
                    at_start(n)
                } else if n >= self.stride {
                    1.0 - at_start(n - self.stride)
                } else {
                    1.0
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(column: i64, width: usize) -> Plan {
        let extent = Window {
            column,
            row: 0,
            width,
            height: 10,
        };
        Plan::new(128, 128, 16, extent).unwrap()
    }

    #[test]
    fn weights_sum_to_one() {
        for blend in [Blend::Weighted, Blend::Centre] {
            let plan = plan(0, 10);
            let weights = plan.weights(blend, 3);
            for n in 0..plan.stride {
                let next = weights.get(n + plan.stride).copied().unwrap_or(0.0);
                assert_eq!(weights[n] + next, 1.0, "{blend:?} {n}");
            }
        }
    }

    #[test]
    fn windows_are_cut_beyond_the_images_by_whole_steps() {
        let images = Window {
            column: 40,
            row: 0,
            width: 100,
            height: 400,
        };
        let plan = plan(40, 10).trimmed(images, (4, 32), (Blend::Weighted, 0));
        // Whole, it would look at columns -16 to 112; nearer than 12 to an edge nothing counts.
        let cut = plan.input((0, 1));
        assert_eq!(cut.columns(), 28..112);
        assert_eq!(cut.rows(), 80..208);
        assert_eq!(plan.input((1, 1)).columns(), 80..152);
        assert_eq!(plan.output((0, 1)).columns(), -16..112);
    }

    #[test]
    fn tiles_cover_the_extent() {
        for column in [-500, -17, -16, 0, 79, 80, 4_029_440] {
            let plan = plan(column, 300);
            let tiles = plan.columns();
            let first = plan.tile((tiles.start, 0));
            let last = plan.tile((tiles.end - 1, 0));
            assert!(first.columns().contains(&column));
            assert!(last.columns().contains(&(column + 299)));
        }
    }
}
