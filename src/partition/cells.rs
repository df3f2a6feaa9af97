//! Square cells over a set of segments: which segments come near which ground.
//!
//! Two levels: blocks of one size over everything, each cut in cells as small as its own segments
//! call for, so that a far outlier, or towns with nothing between them, cost nothing.

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
        // The line passes between the two corners that lie furthest to its sides.
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

/// Squares of one size in columns and rows; coordinates beyond them count as at their edge.
#[derive(Clone, Copy)]
struct Grid {
    west: i64,
    south: i64,
    power: u32,
    columns: i64,
    rows: i64,
}

impl Grid {
    fn column(&self, x: i64) -> i64 {
        ((x - self.west) >> self.power).clamp(0, self.columns - 1)
    }

    fn row(&self, y: i64) -> i64 {
        ((y - self.south) >> self.power).clamp(0, self.rows - 1)
    }

    /// The number of a square: up each column, column after column.
    fn number(&self, column: i64, row: i64) -> usize {
        (column * self.rows + row) as usize
    }

    fn square(&self, number: usize) -> Square {
        let number = number as i64;
        Square {
            west: self.west + ((number / self.rows) << self.power),
            south: self.south + ((number % self.rows) << self.power),
            power: self.power,
        }
    }

    /// Visits the squares that a segment, widened by one step, may cross.
    fn crossed(&self, (a, b): (Point, Point), mut visit: impl FnMut(usize)) {
        let (ax, ay) = (i64::from(a.x), i64::from(a.y));
        let (bx, by) = (i64::from(b.x), i64::from(b.y));
        let (low, high) = (ay.min(by), ay.max(by));
        let (first, last) = (self.column(ax - 1), self.column(bx + 1));
        let (bottom, top) = (self.row(low - 1), self.row(high + 1));
        for column in first..=last {
            let (mut from, mut to) = (bottom, top);
            if ax != bx && first != last && bottom != top {
                // The part of the segment within this column, widened by one step, gives the rows.
                let west = self.west + (column << self.power) - 1;
                let east = west + (1 << self.power) + 2;
                let at = |x: i64| {
                    // Differences are below 2³¹: the product fits.
                    ay + ((by - ay) * (x.clamp(ax, bx) - ax)).div_euclid(bx - ax)
                };
                // Squares beyond the grid's sides count in its outermost columns.
                let p = if column == 0 { ay } else { at(west) };
                let q = if column == self.columns - 1 {
                    by
                } else {
                    at(east)
                };
                from = self.row(p.min(q).max(low) - 1);
                to = self.row((p.max(q) + 1).min(high) + 1);
            }
            for row in from..=to {
                visit(self.number(column, row));
            }
        }
    }
}

/// A block: its first cell, and the size of its cells.
#[derive(Clone, Copy)]
struct Block {
    first: u32,
    power: u32,
}

/// Where the cells are.
struct Layout {
    top: Grid,
    blocks: Vec<Block>,
    /// Number of cells.
    cells: u32,
}

/// Segments listed by cell. A segment is listed in every cell that it, widened by one grid step,
/// may cross.
pub(super) struct Cells {
    layout: Layout,
    /// The segments of cell `c` are `segments[starts[c]..starts[c + 1]]`, in no order.
    starts: Vec<u32>,
    segments: Vec<u32>,
}

/// Segments in a block, about.
const BLOCK: usize = 64;

impl Layout {
    /// Cells that suit `segments`.
    fn new(segments: &[(Point, Point)]) -> Self {
        let (top, length) = blocks_over(segments);
        let counts = zeros((top.columns * top.rows) as usize);
        segments.par_iter().for_each(|&segment| {
            top.crossed(segment, |block| {
                counts[block].fetch_add(1, Ordering::Relaxed);
            });
        });
        // No cell much shorter than the average segment: lists stay in proportion to segments.
        let smallest = (length / 2).max(4).ilog2().min(top.power);
        let mut cells = 0;
        let blocks = counts.into_iter().map(|count| {
            let halvings = count.into_inner().max(1).ilog2().div_ceil(2);
            let power = top.power.saturating_sub(halvings).max(smallest);
            let block = Block {
                first: cells,
                power,
            };
            cells += 1 << (2 * (top.power - power));
            block
        });
        let blocks = blocks.collect();
        Self { top, blocks, cells }
    }

    /// The cells of a block.
    fn inner(&self, block: usize) -> Grid {
        let Square { west, south, power } = self.top.square(block);
        let across = 1 << (power - self.blocks[block].power);
        Grid {
            west,
            south,
            power: self.blocks[block].power,
            columns: across,
            rows: across,
        }
    }

    fn crossed(&self, segment: (Point, Point), mut visit: impl FnMut(usize)) {
        self.top.crossed(segment, |block| {
            let first = self.blocks[block].first as usize;
            self.inner(block)
                .crossed(segment, |cell| visit(first + cell));
        });
    }
}

impl Cells {
    /// Lists `segments` (each with its lexicographically smaller end first) in cells that suit
    /// them.
    pub(super) fn new(segments: &[(Point, Point)]) -> Self {
        let layout = Layout::new(segments);
        let counts = zeros(layout.cells as usize + 1);
        segments.par_iter().for_each(|&segment| {
            layout.crossed(segment, |cell| {
                counts[cell].fetch_add(1, Ordering::Relaxed);
            });
        });
        let mut total = 0;
        for count in &counts {
            total += count.load(Ordering::Relaxed);
            count.store(total, Ordering::Relaxed);
        }
        // Each cell's list is filled from its end down, which leaves its start in its count.
        let places = zeros(total as usize);
        segments.par_iter().enumerate().for_each(|(n, &segment)| {
            layout.crossed(segment, |cell| {
                let place = counts[cell].fetch_sub(1, Ordering::Relaxed) - 1;
                places[place as usize].store(n as u32, Ordering::Relaxed);
            });
        });
        Self {
            layout,
            starts: counts.into_iter().map(AtomicU32::into_inner).collect(),
            segments: places.into_iter().map(AtomicU32::into_inner).collect(),
        }
    }

    /// Segments listed in `cell`.
    fn segments(&self, cell: usize) -> &[u32] {
        &self.segments[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }

    /// The ground of every cell, with the segments listed there.
    pub(super) fn squares(&self) -> impl ParallelIterator<Item = (Square, &[u32])> {
        (0..self.layout.blocks.len())
            .into_par_iter()
            .flat_map(move |block| {
                let (inner, first) = (
                    self.layout.inner(block),
                    self.layout.blocks[block].first as usize,
                );
                let count = (inner.columns * inner.rows) as usize;
                (0..count)
                    .into_par_iter()
                    .with_min_len(BLOCK * BLOCK)
                    .map(move |n| (inner.square(n), self.segments(first + n)))
            })
    }

    /// The cells at and straight below a point, downwards: the lowest `y` of each, and the
    /// segments listed there.
    pub(super) fn downwards(&self, p: Point) -> impl Iterator<Item = (i64, &[u32])> {
        let (x, y) = (i64::from(p.x), i64::from(p.y));
        let column = self.layout.top.column(x);
        (0..=self.layout.top.row(y)).rev().flat_map(move |row| {
            let block = self.layout.top.number(column, row);
            let (inner, first) = (
                self.layout.inner(block),
                self.layout.blocks[block].first as usize,
            );
            let column = inner.column(x);
            (0..=inner.row(y)).rev().map(move |row| {
                let bottom = inner.south + (row << inner.power);
                (bottom, self.segments(first + inner.number(column, row)))
            })
        })
    }
}

fn zeros(count: usize) -> Vec<AtomicU32> {
    std::iter::repeat_with(AtomicU32::default)
        .take(count)
        .collect()
}

/// Blocks over all segments, and the average length of these.
fn blocks_over(segments: &[(Point, Point)]) -> (Grid, i64) {
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
        let nothing = Grid {
            west: 0,
            south: 0,
            power: 0,
            columns: 1,
            rows: 1,
        };
        return (nothing, 0);
    }
    let (width, height) = (bounds[2] - bounds[0] + 3, bounds[3] - bounds[1] + 3);
    let blocks = (segments.len() / BLOCK).max(1) as f64;
    let side = (width as f64 * height as f64 / blocks).sqrt() as i64;
    // A long and narrow ground has no fewer blocks than a square one.
    let power = side.max(4).ilog2();
    let grid = Grid {
        west: bounds[0] - 1,
        south: bounds[1] - 1,
        power,
        columns: (width >> power) + 1,
        rows: (height >> power) + 1,
    };
    (grid, length / segments.len() as i64)
}

fn around(p: [i64; 4], q: [i64; 4]) -> [i64; 4] {
    [
        p[0].min(q[0]),
        p[1].min(q[1]),
        p[2].max(q[2]),
        p[3].max(q[3]),
    ]
}
