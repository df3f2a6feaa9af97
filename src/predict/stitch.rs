//! Results of overlapping windows, put together window by window: what a window shares with its right
//! and lower neighbours is kept until they come, and nothing else is. All is done row by row, while the
//! numbers of a row are in the nearest caches: going through whole windows waits for memory.

use super::probabilities::Rows;
use super::windows::{Plan, Tile};
use crate::error::Result;
use crate::raster::Window;

/// Puts the results of the windows of a strip together. They come row by row, each row from west
/// to east.
pub(super) struct Stitcher {
    plan: Plan,
    channels: usize,
    /// How much a pixel counts, along one axis,
    weights: Vec<f32>,
    /// and where it counts in full: from the first of these pixels to before the second.
    whole: (usize, usize),
    /// The first column of windows of the strip.
    first: i64,
    /// Pixels from the west to the east of the strip.
    width: usize,
    /// By channel, the lower edges of the windows above, row by row over the whole strip.
    above: Vec<f32>,
    /// By channel, the right edge of the window before, row by row.
    left: Vec<f32>,
    /// By channel, and how much they count, the row at hand of the window.
    line: Vec<f32>,
}

/// What a model gave for a window, or for what was left of one that was cut.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// Channel by channel, row by row,
    pub(super) numbers: &'a [f32],
    /// for these pixels.
    pub(super) window: Window,
}

impl Given<'_> {
    /// Copies the row of a number, from the first of the pixels `output` on, into `line`, channel by channel; 0 for
    /// what was cut.
    fn copy(&self, row: usize, output: &Window, line: &mut [f32]) {
        let of = &self.window;
        let skipped = (of.column - output.column) as usize;
        let row = output.row + row as i64;
        let is_cut = of.width < output.width || !of.rows().contains(&row);
        if is_cut {
            line.fill(0.0);
        }
        if !of.rows().contains(&row) {
            return;
        }
        let start = (row - of.row) as usize * of.width;
        let channels = self.numbers.chunks_exact(of.width * of.height);
        for (line, numbers) in line.chunks_exact_mut(output.width).zip(channels) {
            line[skipped..skipped + of.width].copy_from_slice(&numbers[start..start + of.width]);
        }
    }
}

impl Stitcher {
    /// For the windows of these columns.
    pub(super) fn new(
        plan: Plan,
        channels: usize,
        weights: Vec<f32>,
        columns: &std::ops::Range<i64>,
    ) -> Self {
        let width = (columns.end - columns.start) as usize * plan.stride;
        let ramp = 2 * plan.margin;
        // Beside the channels, how much all windows count together.
        let planes = channels + 1;
        let is_whole = |weight: &f32| *weight == 1.0;
        let start = weights.iter().position(is_whole).unwrap_or(weights.len());
        let end = weights.iter().rposition(is_whole).map_or(start, |n| n + 1);
        Self {
            channels,
            whole: (start, end),
            first: columns.start,
            width,
            above: vec![0.0; planes * ramp * width],
            left: vec![0.0; planes * ramp * weights.len()],
            line: vec![0.0; planes * weights.len()],
            plan,
            weights,
        }
    }

    /// Begins a row of windows.
    pub(super) fn begin_row(&mut self) {
        self.left.fill(0.0);
    }

    /// Takes what a model gave for a window, or that it was not looked at, and what makes probabilities of that.
    /// Gives those of the tile that it finishes to `finish`, row by row.
    pub(super) fn add(
        &mut self,
        window: Tile,
        given: Option<Given>,
        activate: impl Fn(&mut [f32]) -> Result<()>,
        mut finish: impl FnMut(usize, &Rows),
    ) -> Result<()> {
        let at = (window.0 - self.first) as usize * self.plan.stride;
        let output = self.plan.output(window);
        let (stride, side) = (self.plan.stride, self.weights.len());
        for row in 0..side {
            match given {
                Some(given) => {
                    let values = &mut self.line[..self.channels * side];
                    given.copy(row, &output, values);
                    activate(values)?;
                    self.weigh(row);
                }
                None => self.line.fill(0.0),
            }
            for plane in 0..=self.channels {
                self.add_plane(plane, row, at);
            }
            if row < stride {
                self.normalise();
                let rows = Rows {
                    values: &self.line[..self.channels * side],
                    pitch: side,
                    width: stride,
                };
                finish(row, &rows);
            }
        }
        Ok(())
    }

    /// Makes the probabilities of a row of a window count as much as they do, and writes down how much that is.
    fn weigh(&mut self, row: usize) {
        let side = self.weights.len();
        let (values, counts) = self.line.split_at_mut(self.channels * side);
        let of_row = self.weights[row];
        for (count, weight) in counts.iter_mut().zip(&self.weights) {
            *count = weight * of_row;
        }
        let (start, end) = match of_row == 1.0 {
            true => self.whole,
            false => (side, side),
        };
        for values in values.chunks_exact_mut(side) {
            for range in [0..start, end..side] {
                for (value, count) in values[range.clone()].iter_mut().zip(&counts[range]) {
                    *value *= count;
                }
            }
        }
    }

    /// Adds to one channel of the row of a window what its neighbours gave for it, and keeps what it shares with
    /// those that are to come.
    fn add_plane(&mut self, plane: usize, row: usize, at: usize) {
        let (stride, side) = (self.plan.stride, self.weights.len());
        let ramp = side - stride;
        let left = (plane * side + row) * ramp;
        let left = &mut self.left[left..left + ramp];
        let (core, right) = self.line[plane * side..(plane + 1) * side].split_at_mut(stride);
        for (at, left) in core.iter_mut().zip(left.iter()) {
            *at += left;
        }
        left.copy_from_slice(right);
        let above = |row: usize| (plane * ramp + row) * self.width + at;
        if row >= stride {
            let above = above(row - stride);
            self.above[above..above + stride].copy_from_slice(core);
        } else if row < ramp {
            let above = above(row);
            for (at, above) in core.iter_mut().zip(&self.above[above..above + stride]) {
                *at += above;
            }
        }
    }

    /// Divides by how much all windows count together: less than one where some were not looked at.
    fn normalise(&mut self) {
        let (stride, side) = (self.plan.stride, self.weights.len());
        let (values, counts) = self.line.split_at_mut(self.channels * side);
        let counts = &mut counts[..stride];
        if counts.iter().all(|&count| count == 1.0) {
            return;
        }
        for count in counts.iter_mut() {
            *count = if *count > 0.0 { 1.0 / *count } else { 0.0 };
        }
        for values in values.chunks_exact_mut(side) {
            for (value, share) in values.iter_mut().zip(counts.iter()) {
                *value *= share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::windows::Blend;
    use super::*;

    /// The tile of a window for which these probabilities of one class are given.
    fn add(stitcher: &mut Stitcher, window: Tile, given: Option<&[f32]>) -> Vec<f32> {
        let mut tile = Vec::new();
        let given = given.map(|numbers| Given {
            numbers,
            window: stitcher.plan.output(window),
        });
        let finish = |_, row: &Rows| tile.extend_from_slice(row.channel(0));
        stitcher
            .add(window, given, |_| Ok(()), finish)
            .expect("all are right");
        tile
    }

    /// Windows that all give the same for a pixel leave it as it is.
    #[test]
    fn agreeing_windows_give_what_they_agree_on() {
        let extent = Window {
            column: 5,
            row: -7,
            width: 50,
            height: 40,
        };
        let value = |column: i64, row: i64| ((column * 7 + row * 13).rem_euclid(64)) as f32 / 64.0;
        for blend in [Blend::Weighted, Blend::Centre] {
            let plan = Plan::new(16, 16, 2, extent).unwrap();
            let columns = plan.columns().start - 1..plan.columns().end;
            let mut stitcher = Stitcher::new(plan, 1, plan.weights(blend, 0), &columns);
            for row in plan.rows().start - 1..plan.rows().end {
                stitcher.begin_row();
                for column in columns.clone() {
                    let input = plan.input((column, row));
                    let given: Vec<f32> = input
                        .rows()
                        .flat_map(|r| input.columns().map(move |c| value(c, r)))
                        .collect();
                    let found = add(&mut stitcher, (column, row), Some(&given));
                    if column < plan.columns().start || row < plan.rows().start {
                        continue;
                    }
                    let tile = plan.tile((column, row));
                    let truth = tile
                        .rows()
                        .flat_map(|r| tile.columns().map(move |c| value(c, r)));
                    for (found, truth) in found.iter().zip(truth) {
                        assert!((found - truth).abs() < 1e-6, "{blend:?}: {found} {truth}");
                    }
                }
            }
        }
    }

    /// A window that is not looked at leaves its edges to its neighbours.
    #[test]
    fn a_window_left_out_is_made_up_for() {
        let extent = Window {
            column: 0,
            row: 0,
            width: 20,
            height: 8,
        };
        let plan = Plan::new(12, 12, 2, extent).unwrap();
        let mut stitcher = Stitcher::new(plan, 1, plan.weights(Blend::Weighted, 0), &(0..2));
        stitcher.begin_row();
        add(&mut stitcher, (0, 0), Some(&[0.5; 144]));
        let tile = add(&mut stitcher, (1, 0), None);
        assert_eq!(tile[2 * 8], 0.5);
    }
}
