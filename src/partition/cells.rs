//! A uniform grid of cells over a set of segments: which segments come near which cell.

use rayon::prelude::*;

use crate::grid::Point;

/// Segments bucketed by square cell. A segment is listed in every cell that it, widened by one
/// grid step, may cross.
pub(super) struct Cells {
    origin: (i64, i64),
    size: i64,
    columns: i64,
    rows: i64,
    /// (cell, segment), sorted.
    entries: Vec<(u64, u32)>,
}

impl Cells {
    /// Buckets `segments` (each with its lexicographically smaller end first).
    pub(super) fn new(segments: &[(Point, Point)]) -> Self {
        let bounds = segments
            .par_iter()
            .map(|(a, b)| {
                let (y0, y1) = (a.y.min(b.y), a.y.max(b.y));
                [a.x, y0, b.x, y1].map(i64::from)
            })
            .reduce(
                || [i64::MAX, i64::MAX, i64::MIN, i64::MIN],
                |p, q| {
                    [
                        p[0].min(q[0]),
                        p[1].min(q[1]),
                        p[2].max(q[2]),
                        p[3].max(q[3]),
                    ]
                },
            );
        if segments.is_empty() {
            return Self {
                origin: (0, 0),
                size: 1,
                columns: 1,
                rows: 1,
                entries: Vec::new(),
            };
        }
        let (width, height) = (bounds[2] - bounds[0] + 1, bounds[3] - bounds[1] + 1);
        // About one segment per cell, and no cell much shorter than the average segment: both
        // keep the number of entries proportional to the number of segments.
        let length: i64 = segments
            .par_iter()
            .map(|(a, b)| {
                (i64::from(b.x) - i64::from(a.x)).abs() + (i64::from(b.y) - i64::from(a.y)).abs()
            })
            .sum();
        let by_density = ((width as f64 * height as f64) / segments.len() as f64).sqrt() as i64;
        let by_length = length / segments.len() as i64;
        let size = by_density.min(4 * by_length).max(by_length / 2).max(4);
        let mut cells = Self {
            origin: (bounds[0] - 1, bounds[1] - 1),
            size,
            columns: (width + 2) / size + 1,
            rows: (height + 2) / size + 1,
            entries: Vec::new(),
        };
        let mut entries: Vec<(u64, u32)> = segments
            .par_iter()
            .enumerate()
            .fold(Vec::new, |mut found, (index, &(a, b))| {
                cells.crossed(a, b, |cell| found.push((cell, index as u32)));
                found
            })
            .flatten()
            .collect();
        entries.par_sort_unstable();
        cells.entries = entries;
        cells
    }

    fn column(&self, x: i64) -> i64 {
        ((x - self.origin.0).div_euclid(self.size)).clamp(0, self.columns - 1)
    }

    /// Row of `y`, clamped to the grid.
    pub(super) fn row(&self, y: i64) -> i64 {
        ((y - self.origin.1).div_euclid(self.size)).clamp(0, self.rows - 1)
    }

    /// Lowest `y` of a row.
    pub(super) fn row_bottom(&self, row: i64) -> i64 {
        self.origin.1 + row * self.size
    }

    /// The cell that holds a point.
    pub(super) fn of(&self, p: Point) -> u64 {
        (self.row(i64::from(p.y)) * self.columns + self.column(i64::from(p.x))) as u64
    }

    /// The cell of column `x` in a given row.
    pub(super) fn at(&self, x: i32, row: i64) -> u64 {
        (row * self.columns + self.column(i64::from(x))) as u64
    }

    fn crossed(&self, a: Point, b: Point, mut visit: impl FnMut(u64)) {
        let (ax, ay, bx, by) = (
            i64::from(a.x),
            i64::from(a.y),
            i64::from(b.x),
            i64::from(b.y),
        );
        let (low, high) = (ay.min(by), ay.max(by));
        for row in self.row(low - 1)..=self.row(high + 1) {
            // The part of the segment within this row, widened by one step, gives the columns.
            let bottom = self.row_bottom(row) - 1;
            let top = self.row_bottom(row + 1) + 1;
            let (mut x0, mut x1) = (ax, bx);
            if ay != by {
                let at = |y: i64| -> i64 {
                    let y = y.clamp(low, high);
                    let run = i128::from(bx - ax) * i128::from(y - ay);
                    ax + run.div_euclid(i128::from(by - ay)) as i64
                };
                let (p, q) = (at(bottom), at(top));
                x0 = p.min(q).max(ax);
                x1 = (p.max(q) + 1).min(bx);
            }
            for column in self.column(x0 - 1)..=self.column(x1 + 1) {
                visit((row * self.columns + column) as u64);
            }
        }
    }

    /// Segments listed in `cell`.
    pub(super) fn segments(&self, cell: u64) -> &[(u64, u32)] {
        let start = self.entries.partition_point(|e| e.0 < cell);
        let length = self.entries[start..].partition_point(|e| e.0 == cell);
        &self.entries[start..start + length]
    }

    /// Non-empty cells with their segments, in order.
    pub(super) fn groups(&self) -> Vec<&[(u64, u32)]> {
        self.entries.chunk_by(|p, q| p.0 == q.0).collect()
    }
}
