//! A systematic displacement between two vintages, told from the outlines that both draw.
//!
//! Every outline of the earlier vintage that the later one draws again, of ground of the same codes,
//! nearly parallel and near, tells how far it has moved across itself. The displacement that agrees
//! best with all of them is found robustly; how far blocks of a kilometre agree on it tells whether
//! it is to be believed.

use rayon::prelude::*;
use serde::Serialize;

use super::blocks::{self, Blocks};
use crate::error::Result;
use crate::grid::{LIMIT, Point, STEPS_PER_METRE};
use crate::reference::{Code, Reference};
use crate::vintage::{Part, Vintage};

/// A displacement of a vintage against the one before.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shift {
    /// Eastwards, m.
    pub east_m: f64,
    /// Northwards, m.
    pub north_m: f64,
    /// Standard error of either, m.
    pub error_m: f64,
    /// Outlines that both vintages draw.
    pub outlines: u64,
    /// Blocks of a kilometre that have enough of them.
    pub blocks: u64,
    /// Whether it is large enough, and sure enough, to be corrected.
    pub is_significant: bool,
    /// By how much blocks are displaced beside the whole: standard deviation beyond their error, m; 0
    /// where they do not differ clearly.
    pub blocks_deviation_m: f64,
    /// Blocks that are moved by a displacement of their own.
    pub blocks_corrected: u64,
    /// These displacements.
    #[serde(skip)]
    pub(super) of_blocks: Blocks,
}

impl Shift {
    /// Whether the vintage is to be moved back, or a part of it.
    pub(super) fn is_corrected(&self) -> bool {
        self.is_significant || !self.of_blocks.is_empty()
    }

    /// Where a point goes when the vintage is moved back.
    pub(super) fn undone(&self, point: Point) -> Option<Point> {
        let (east, north) = self.of_blocks.at(point.metres());
        let whole = |metres: f64| if self.is_significant { metres } else { 0.0 };
        let moved = |at: i32, metres: f64| {
            let by = -(metres * STEPS_PER_METRE).round() as i32;
            at.checked_add(by).filter(|at| at.abs() <= LIMIT)
        };
        Some(Point::new(
            moved(point.x, whole(self.east_m) + east)?,
            moved(point.y, whole(self.north_m) + north)?,
        ))
    }

    /// The displacement against the first vintage of a chain: that of `before` against it, then this one.
    pub(super) fn after(mut self, before: &Self) -> Self {
        if before.is_significant {
            // What is not sure is not added to what is.
            let sure = if self.is_significant { 1.0 } else { 0.0 };
            self.east_m = before.east_m + sure * self.east_m;
            self.north_m = before.north_m + sure * self.north_m;
            self.is_significant = true;
        }
        self.of_blocks = self.of_blocks.and(&before.of_blocks);
        self.blocks_corrected = self.of_blocks.len() as u64;
        self
    }
}

/// Shorter segments say little of a direction, m.
const SHORTEST: f64 = 2.0;
/// Outlines further apart than this are not taken for one, m.
const FURTHEST: f64 = 4.0;
/// Sine of the largest angle between two drawings of one outline.
const ANGLE: f64 = 0.2;
/// Segments of the earlier vintage that are looked at, about.
const LOOKED_AT: usize = 800_000;
/// Least number of outlines from which a displacement is told.
const LEAST: usize = 200;
/// From when on a displacement is corrected: numbers of `reference/alignment/`.
pub(super) struct Correction {
    /// The least displacement, m, and how many of its standard errors it is to be.
    least: f64,
    errors: f64,
    /// How many blocks are to tell of themselves at least, how many times their error their variance is to
    /// be, and the least standard deviation beyond that, m.
    pub(super) blocks_least: f64,
    pub(super) blocks_ratio: f64,
    pub(super) blocks_deviation: f64,
}

impl Correction {
    pub(super) fn new(reference: &Reference) -> Result<Self> {
        let number = |name| reference.parameter(name);
        Ok(Self {
            least: number("displacement_least")?,
            errors: number("displacement_errors")?,
            blocks_least: number("blocks_least")?,
            blocks_ratio: number("blocks_ratio")?,
            blocks_deviation: number("blocks_deviation_least")?,
        })
    }
}

/// A segment of an outline, in metres.
#[derive(Clone, Copy)]
struct Outline {
    codes: (Code, Code),
    a: (f64, f64),
    b: (f64, f64),
}

impl Outline {
    fn middle(&self) -> (f64, f64) {
        ((self.a.0 + self.b.0) / 2.0, (self.a.1 + self.b.1) / 2.0)
    }

    fn length(&self) -> f64 {
        (self.b.0 - self.a.0).hypot(self.b.1 - self.a.1)
    }

    /// Unit vector across it.
    fn normal(&self) -> (f64, f64) {
        let length = self.length();
        (
            (self.a.1 - self.b.1) / length,
            (self.b.0 - self.a.0) / length,
        )
    }

    /// How far across itself another drawing of it lies; `None` when the other is none.
    fn distance(&self, other: &Self) -> Option<f64> {
        let (p, q) = (self.normal(), other.normal());
        let sine = p.0 * q.1 - p.1 * q.0;
        if self.codes != other.codes || sine.abs() > ANGLE {
            return None;
        }
        // The other's middle lies beside this one, not beyond its ends.
        let (m, o) = (self.middle(), other.middle());
        let (dx, dy) = (o.0 - m.0, o.1 - m.1);
        let (along, across) = (dx * p.1 - dy * p.0, dx * p.0 + dy * p.1);
        (along.abs() <= self.length() / 2.0 + 1.0 && across.abs() <= FURTHEST).then_some(across)
    }
}

/// An outline that both vintages draw: where, its normal, and how far it has moved along that.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) at: (f64, f64),
    pub(super) normal: (f64, f64),
    pub(super) distance: f64,
}

/// The displacement of `after` against `before`; `None` where too few outlines are drawn by both.
pub(super) fn shift(before: &Vintage, after: &Vintage, correction: &Correction) -> Option<Shift> {
    let pairs = pairs(before, after);
    if pairs.len() < LEAST {
        return None;
    }
    let (east, north) = solve(&pairs)?;
    let told = blocks::told(&pairs);
    let mut differences: Vec<f64> = told
        .values()
        .flat_map(|((x, y), _)| [(x - east).abs(), (y - north).abs()])
        .collect();
    let count = told.len();
    // One block has nothing to agree with.
    let error = match count {
        0 | 1 => f64::INFINITY,
        _ => median(&mut differences) * MEDIAN_TO_DEVIATION / (count as f64).sqrt(),
    };
    let size = east.hypot(north);
    let (of_blocks, deviation) = Blocks::new(&told, (east, north), correction);
    Some(Shift {
        east_m: east,
        north_m: north,
        error_m: error,
        outlines: pairs.len() as u64,
        blocks: count as u64,
        is_significant: size >= correction.least && size > correction.errors * error,
        blocks_deviation_m: deviation,
        blocks_corrected: of_blocks.len() as u64,
        of_blocks,
    })
}

/// Standard deviation of a normal distribution over the median of its absolute values.
const MEDIAN_TO_DEVIATION: f64 = 1.4826;

fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    match values {
        [] => 0.0,
        _ => *values.select_nth_unstable_by(middle, f64::total_cmp).1,
    }
}

/// The outlines of a vintage.
fn outlines(vintage: &Vintage) -> impl ParallelIterator<Item = Outline> {
    vintage.builder.segments().filter_map(|(item, a, b)| {
        let Part::Object(object) = vintage.parts[item as usize] else {
            return None;
        };
        let object = &vintage.objects[object as usize];
        let (a, b): (Point, Point) = (a, b);
        let outline = Outline {
            codes: (object.cover, object.usage),
            a: a.metres(),
            b: b.metres(),
        };
        (outline.length() >= SHORTEST).then_some(outline)
    })
}

fn cell((x, y): (f64, f64)) -> (i64, i64) {
    ((x / FURTHEST).floor() as i64, (y / FURTHEST).floor() as i64)
}

fn pairs(before: &Vintage, after: &Vintage) -> Vec<Pair> {
    let total = outlines(before).count();
    let every = (total / LOOKED_AT).max(1);
    // By place, not by the order of the input: a cell is looked at or not.
    let is_looked_at = |o: &Outline| {
        let (x, y) = cell(o.middle());
        let key = (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).rotate_left(32);
        key.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 & 0xffff < 0x1_0000 / every as u64
    };
    // Sorted by cell: some millions of outlines, most cells with one or none.
    let mut near: Vec<((i64, i64), Outline)> = outlines(after)
        .map(|outline| (cell(outline.middle()), outline))
        .collect();
    near.par_sort_by_key(|(cell, _)| *cell);
    let within = |at: (i64, i64)| {
        let start = near.partition_point(|(cell, _)| *cell < at);
        let of_cell = near[start..]
            .iter()
            .take_while(move |(cell, _)| *cell == at);
        of_cell.map(|(_, outline)| outline)
    };
    let looked_at: Vec<Outline> = outlines(before).filter(is_looked_at).collect();
    let mut pairs: Vec<Pair> = looked_at
        .par_iter()
        .filter_map(|outline| {
            let (x, y) = cell(outline.middle());
            let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
            let others = around.flat_map(within);
            let distances = others.filter_map(|other| outline.distance(other));
            let distance = distances.min_by(|a, b| a.abs().total_cmp(&b.abs()))?;
            Some(Pair {
                at: outline.middle(),
                normal: outline.normal(),
                distance,
            })
        })
        .collect();
    // Sums of floating-point numbers depend on their order.
    pairs.sort_by(|p, q| {
        p.at.0
            .total_cmp(&q.at.0)
            .then(p.at.1.total_cmp(&q.at.1))
            .then(p.distance.total_cmp(&q.distance))
    });
    pairs
}

/// The displacement that agrees best with `pairs`: least squares, in which what disagrees counts
/// less and less.
pub(super) fn solve(pairs: &[Pair]) -> Option<(f64, f64)> {
    let (mut east, mut north) = (0.0, 0.0);
    for _ in 0..20 {
        let off = |p: &Pair| p.distance - (p.normal.0 * east + p.normal.1 * north);
        let mut sizes: Vec<f64> = pairs.iter().map(|p| off(p).abs()).collect();
        let scale = (median(&mut sizes) * MEDIAN_TO_DEVIATION).max(0.01);
        let (mut xx, mut xy, mut yy, mut xd, mut yd) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for pair in pairs {
            // Tukey's weight: none beyond five deviations.
            let share = (off(pair) / (5.0 * scale)).powi(2);
            let weight = (1.0 - share).max(0.0).powi(2);
            let (x, y) = pair.normal;
            xx += weight * x * x;
            xy += weight * x * y;
            yy += weight * y * y;
            xd += weight * x * pair.distance;
            yd += weight * y * pair.distance;
        }
        let determinant = xx * yy - xy * xy;
        // Outlines of one direction say nothing of a move along themselves.
        if determinant <= 0.01 * (xx + yy).powi(2) {
            return None;
        }
        let next = (
            (xd * yy - yd * xy) / determinant,
            (yd * xx - xd * xy) / determinant,
        );
        let moved = (next.0 - east).hypot(next.1 - north);
        (east, north) = next;
        if moved < 1e-4 {
            break;
        }
    }
    Some((east, north))
}
