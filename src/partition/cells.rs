//! A uniform grid of square cells over a set of segments: which segments come near which cell.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::grid::{Point, delta};

/// A square of grid points, its left and bottom sides included.
#[derive(Clone, Copy)]
pub(super) struct Square {
    west: i64,
    south: i64,
    /// Its side is 2 to this power.
    pub(super) power: u32,
}

impl Square {
    /// Whether a point lies in it.
    pub(super) fn holds(self, p: Point) -> bool {
        (i64::from(p.x) - self.west) >> self.power == 0
            && (i64::from(p.y) - self.south) >> self.power == 0
    }

    /// Its quarters, when its side is more than a step.
    pub(super) fn quarters(self) -> [Self; 4] {
        let half = 1 << (self.power - 1);
        [(0, 0), (0, half), (half, 0), (half, half)].map(|(east, north)| Self {
            west: self.west + east,
            south: self.south + north,
            power: self.power - 1,
        })
    }

    /// Whether a segment, its lexicographically smaller end first, comes within a step of it.
    pub(super) fn is_near(self, (a, b): (Point, Point)) -> bool {
        let side = 1 << self.power;
        let (x0, y0) = (self.west - 1, self.south - 1);
        let (x1, y1) = (self.west + side, self.south + side);
        let (ax, ay) = (i64::from(a.x), i64::from(a.y));
        let (dx, dy) = delta(a, b);
        if ax > x1 || ax + dx < x0 || ay.max(ay + dy) < y0 || ay.min(ay + dy) > y1 {
            return false;
        }
        // The line passes between two corners: the two that lie furthest to its sides tell.
        let side_of = |x: i64, y: i64| {
            i128::from(dx) * i128::from(y - ay) - i128::from(dy) * i128::from(x - ax)
        };
        let (low, high) = if dy >= 0 {
            (side_of(x1, y0), side_of(x0, y1))
        } else {
            (side_of(x0, y0), side_of(x1, y1))
        };
        low <= 0 && high >= 0
    }
}

/// Segments listed by cell. A segment is listed in every cell that it, widened by one grid step,
/// may cross; cells are numbered up each column, column after column.
pub(super) struct Cells {
    origin: (i64, i64),
    /// The side of a cell is 2 to this power.
    power: u32,
    columns: i64,
    rows: i64,
    /// The segments of cell `c` are `segments[starts[c]..starts[c + 1]]`, in no order.
    starts: Vec<u32>,
    segments: Vec<u32>,
}

impl Cells {
    /// Lists `segments` (each with its lexicographically smaller end first).
    pub(super) fn new(segments: &[(Point, Point)]) -> Self {
        let mut cells = Self::layout(segments);
        let counts: Vec<AtomicU32> = std::iter::repeat_with(AtomicU32::default)
            .take((cells.columns * cells.rows) as usize + 1)
            .collect();
        segments.par_iter().for_each(|&(a, b)| {
            cells.crossed(a, b, |cell| {
                counts[cell as usize].fetch_add(1, Ordering::Relaxed);
            });
        });
        let mut total = 0;
        for count in &counts {
            total += count.load(Ordering::Relaxed);
            count.store(total, Ordering::Relaxed);
        }
        // Each cell's list is filled from its end down, which leaves its start in its count.
        let places: Vec<AtomicU32> = std::iter::repeat_with(AtomicU32::default)
            .take(total as usize)
            .collect();
        segments.par_iter().enumerate().for_each(|(n, &(a, b))| {
            cells.crossed(a, b, |cell| {
                let place = counts[cell as usize].fetch_sub(1, Ordering::Relaxed) - 1;
                places[place as usize].store(n as u32, Ordering::Relaxed);
            });
        });
        cells.starts = counts.into_iter().map(AtomicU32::into_inner).collect();
        cells.segments = places.into_iter().map(AtomicU32::into_inner).collect();
        cells
    }

    /// Cells about as many as the segments, and none much shorter than the average segment: both
    /// keep the lists in proportion to the number of segments.
    fn layout(segments: &[(Point, Point)]) -> Self {
        let start = || ([i64::MAX, i64::MAX, i64::MIN, i64::MIN], 0);
        let (bounds, length) = segments
            .par_iter()
            .fold(start, |(bounds, length), (a, b)| {
                let (ax, ay) = (i64::from(a.x), i64::from(a.y));
                let (bx, by) = (i64::from(b.x), i64::from(b.y));
                let own = [ax, ay.min(by), bx, ay.max(by)];
                (around(bounds, own), length + (bx - ax) + (by - ay).abs())
            })
            .reduce(start, |p, q| (around(p.0, q.0), p.1 + q.1));
        if segments.is_empty() {
            return Self {
                origin: (0, 0),
                power: 0,
                columns: 1,
                rows: 1,
                starts: Vec::new(),
                segments: Vec::new(),
            };
        }
        let (width, height) = (bounds[2] - bounds[0] + 3, bounds[3] - bounds[1] + 3);
        let by_density = ((width as f64 * height as f64) / segments.len() as f64).sqrt() as i64;
        let by_length = length / segments.len() as i64;
        let side = by_density.min(4 * by_length).max(by_length / 2).max(4);
        let power = side.ilog2();
        Self {
            origin: (bounds[0] - 1, bounds[1] - 1),
            power,
            columns: (width >> power) + 1,
            rows: (height >> power) + 1,
            starts: Vec::new(),
            segments: Vec::new(),
        }
    }

    fn column(&self, x: i64) -> i64 {
        ((x - self.origin.0) >> self.power).clamp(0, self.columns - 1)
    }

    /// Row of `y`, clamped to the grid.
    pub(super) fn row(&self, y: i64) -> i64 {
        ((y - self.origin.1) >> self.power).clamp(0, self.rows - 1)
    }

    /// Lowest `y` of a row.
    pub(super) fn row_bottom(&self, row: i64) -> i64 {
        self.origin.1 + (row << self.power)
    }

    /// The ground of `cell`.
    pub(super) fn square(&self, cell: usize) -> Square {
        Square {
            west: self.origin.0 + ((cell as i64 / self.rows) << self.power),
            south: self.row_bottom(cell as i64 % self.rows),
            power: self.power,
        }
    }

    /// The cell of column `x` in a given row.
    pub(super) fn at(&self, x: i32, row: i64) -> usize {
        (self.column(i64::from(x)) * self.rows + row) as usize
    }

    fn crossed(&self, a: Point, b: Point, mut visit: impl FnMut(i64)) {
        let (ax, ay) = (i64::from(a.x), i64::from(a.y));
        let (bx, by) = (i64::from(b.x), i64::from(b.y));
        let (low, high) = (ay.min(by), ay.max(by));
        let (first, last) = (self.column(ax - 1), self.column(bx + 1));
        let (bottom, top) = (self.row(low - 1), self.row(high + 1));
        for column in first..=last {
            let (mut from, mut to) = (bottom, top);
            if ax != bx && first != last && bottom != top {
                // The part of the segment within this column, widened by one step, gives the rows.
                let west = self.origin.0 + (column << self.power) - 1;
                let east = west + (1 << self.power) + 2;
                let at = |x: i64| -> i64 {
                    // Differences are below 2³¹: the product fits.
                    ay + ((by - ay) * (x.clamp(ax, bx) - ax)).div_euclid(bx - ax)
                };
                let (p, q) = (at(west), at(east));
                from = self.row(p.min(q).max(low) - 1);
                to = self.row((p.max(q) + 1).min(high) + 1);
            }
            for row in from..=to {
                visit(column * self.rows + row);
            }
        }
    }

    /// Number of cells.
    pub(super) fn count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Segments listed in `cell`.
    pub(super) fn segments(&self, cell: usize) -> &[u32] {
        &self.segments[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}

fn around(p: [i64; 4], q: [i64; 4]) -> [i64; 4] {
    [
        p[0].min(q[0]),
        p[1].min(q[1]),
        p[2].max(q[2]),
        p[3].max(q[3]),
    ]
}
