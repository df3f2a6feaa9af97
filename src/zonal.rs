//! Faces of a partition and the pixels whose centres lie in them: what a raster says of each face, and a
//! raster of what each face is.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::Result;
use crate::grid::{HALF_CM2_PER_M2, Point, STEPS_PER_METRE};
use crate::partition::{FaceId, OUTSIDE, Partition};
use crate::raster::{PixelGrid, Placing, Window};

/// Rows looked at together.
const ROWS: usize = 256;

/// The pixels of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally<const N: usize> {
    /// How many have values,
    pub pixels: u64,
    /// and the sum of each of their values.
    pub sums: [u64; N],
}

impl<const N: usize> Tally<N> {
    /// The mean of each value; `None` without any pixel.
    pub fn means(self) -> Option<[f64; N]> {
        (self.pixels > 0).then(|| self.sums.map(|sum| sum as f64 / self.pixels as f64))
    }
}

/// Where the pixels of a raster lie.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The place of the first pixel, and the side of all.
    pub placing: Placing,
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Pixels of a row, from a column to before another, that lie in a face.
struct Run {
    row: usize,
    columns: Range<usize>,
    face: FaceId,
}

impl Frame {
    /// The sums over each face of `partition`, of values that `read` gives for a range of rows, row by
    /// row; `None` where a pixel has none.
    pub fn tallies<const N: usize>(
        &self,
        partition: &Partition,
        mut read: impl FnMut(Range<usize>) -> Result<Vec<Option<[u8; N]>>>,
    ) -> Result<Vec<Tally<N>>> {
        let none = Tally {
            pixels: 0,
            sums: [0; N],
        };
        let mut tallies = vec![none; partition.face_count()];
        self.strips(partition, |rows, runs| {
            let values = read(rows.clone())?;
            for run in runs {
                let line = (run.row - rows.start) * self.width;
                let tally = &mut tallies[run.face as usize];
                let pixels = &values[line + run.columns.start..line + run.columns.end];
                for values in pixels.iter().flatten() {
                    tally.pixels += 1;
                    for (sum, &value) in tally.sums.iter_mut().zip(values) {
                        *sum += u64::from(value);
                    }
                }
            }
            Ok(())
        })?;
        Ok(tallies)
    }

    /// The value of the face in which each pixel lies, 0 outside all, given to `write` for a range of
    /// rows after the other.
    pub fn labels(
        &self,
        partition: &Partition,
        values: &[u16],
        mut write: impl FnMut(Range<usize>, Vec<u16>) -> Result<()>,
    ) -> Result<()> {
        self.strips(partition, |rows, runs| {
            let mut pixels = vec![0; rows.len() * self.width];
            for run in runs {
                let line = (run.row - rows.start) * self.width;
                pixels[line + run.columns.start..line + run.columns.end]
                    .fill(values[run.face as usize]);
            }
            write(rows, pixels)
        })
    }

    /// Calls `look` with the runs of some rows after the other.
    fn strips(
        &self,
        partition: &Partition,
        mut look: impl FnMut(Range<usize>, &[Run]) -> Result<()>,
    ) -> Result<()> {
        let mut edges: Vec<Vec<u32>> = vec![Vec::new(); self.height.div_ceil(ROWS)];
        for e in 0..partition.edge_count() {
            let rows = self.rows(partition, e);
            if !rows.is_empty() {
                let strips = &mut edges[rows.start / ROWS..=(rows.end - 1) / ROWS];
                strips.iter_mut().for_each(|strip| strip.push(e as u32));
            }
        }
        for (strip, edges) in edges.iter().enumerate() {
            let rows = strip * ROWS..((strip + 1) * ROWS).min(self.height);
            let mut crossings: Vec<(u32, f64, FaceId)> = edges
                .par_iter()
                .flat_map_iter(|&e| self.crossings(partition, e as usize, &rows))
                .collect();
            crossings.par_sort_unstable_by(|a, b| {
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
            });
            // Pixels whose centres lie from one outline to the next.
            let column = |x: f64| (x - 0.5).ceil().clamp(0.0, self.width as f64) as usize;
            let run = |n: usize| {
                let (row, x, face) = crossings[n];
                let next = crossings.get(n + 1).filter(|next| next.0 == row);
                let end = next.map_or(self.width as f64, |next| next.1);
                let columns = column(x)..column(end).max(column(x));
                let row = row as usize;
                (face != OUTSIDE && !columns.is_empty()).then_some(Run { row, columns, face })
            };
            let runs: Vec<Run> = (0..crossings.len())
                .into_par_iter()
                .filter_map(run)
                .collect();
            look(rows, &runs)?;
        }
        Ok(())
    }

    /// A place of the grid in pixels from the upper left corner.
    fn place(&self, point: Point) -> (f64, f64) {
        let (x, y) = (f64::from(point.x), f64::from(point.y));
        let pixel = self.placing.pixel * STEPS_PER_METRE;
        let (left, top) = self.placing.origin;
        (
            (x - left * STEPS_PER_METRE) / pixel,
            (top * STEPS_PER_METRE - y) / pixel,
        )
    }

    /// The rows whose centres an edge crosses.
    fn rows(&self, partition: &Partition, e: usize) -> Range<usize> {
        let (a, b) = partition.edge(e);
        let ((_, p), (_, q)) = (self.place(a), self.place(b));
        let row = |y: f64| (y - 0.5).ceil().clamp(0.0, self.height as f64) as usize;
        row(p.min(q))..row(p.max(q))
    }

    /// Where an edge crosses the middles of rows, and the face east of it.
    fn crossings<'a>(
        &'a self,
        partition: &'a Partition,
        e: usize,
        within: &Range<usize>,
    ) -> impl Iterator<Item = (u32, f64, FaceId)> + use<'a> {
        let (a, b) = partition.edge(e);
        let (left, right) = partition.sides(e);
        let east = if b.y > a.y { right } else { left };
        let ((ax, ay), (bx, by)) = (self.place(a), self.place(b));
        let rows = self.rows(partition, e);
        let rows = rows.start.max(within.start)..rows.end.min(within.end);
        rows.map(move |row| {
            let along = (row as f64 + 0.5 - ay) / (by - ay);
            (row as u32, ax + along * (bx - ax), east)
        })
    }
}

/// The means over each face of what `read` gives for the pixels of a window of a raster, as shares of 255;
/// `None` where less than half of a face has any.
pub fn shares<const N: usize>(
    partition: &Partition,
    grid: &PixelGrid,
    window: Window,
    read: impl Fn(&Window) -> Result<Vec<Option<[u8; N]>>>,
) -> Result<Vec<Option<[f32; N]>>> {
    let frame = Frame {
        placing: Placing {
            origin: grid.corner(window.column, window.row),
            pixel: grid.pixel,
        },
        width: window.width,
        height: window.height,
    };
    let tallies = frame.tallies(partition, |rows| {
        read(&Window {
            row: window.row + rows.start as i64,
            height: rows.len(),
            ..window
        })
    })?;
    let pixel = grid.pixel * grid.pixel * HALF_CM2_PER_M2 as f64;
    let share = |(face, tally): (usize, Tally<N>)| {
        let is_told = 2.0 * tally.pixels as f64 * pixel >= partition.area(face as FaceId) as f64;
        let means = tally.means().filter(|_| is_told)?;
        Some(means.map(|mean| (mean / 255.0) as f32))
    };
    Ok(tallies.into_iter().enumerate().map(share).collect())
}
