//! Displacements of blocks of a vintage, beside that of the whole.
//!
//! Each block of a kilometre tells a displacement of its own, and its quarters tell how exactly. Where
//! blocks differ by clearly more than they are exact, each is moved by its own displacement, drawn to
//! that of the whole as far as it is not exact; between the middles of blocks the displacement goes over
//! from one to the next, so that outlines stay whole.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::shift::{Correction, Pair, solve};

/// Side of a block, m.
const BLOCK: f64 = 1_000.0;
/// Fewer outlines tell nothing of a block, or of a quarter of one.
const LEAST: usize = 50;
const LEAST_OF_QUARTER: usize = 12;
/// Where a block is, counted from the origin of the CRS.
pub(super) type Block = (i64, i64);

/// By how much blocks are displaced beside the whole, m.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Blocks(BTreeMap<Block, (f64, f64)>);

/// What the outlines of each block tell: a displacement, where there are enough of them.
pub(super) fn told(pairs: &[Pair]) -> BTreeMap<Block, ((f64, f64), Vec<Pair>)> {
    let mut of: BTreeMap<Block, Vec<Pair>> = BTreeMap::new();
    for pair in pairs {
        let block = |v: f64| (v / BLOCK).floor() as i64;
        let key = (block(pair.at.0), block(pair.at.1));
        of.entry(key).or_default().push(*pair);
    }
    let enough: Vec<(Block, Vec<Pair>)> = of
        .into_iter()
        .filter(|(_, own)| own.len() >= LEAST)
        .collect();
    let told = enough.into_par_iter();
    told.filter_map(|(block, own)| Some((block, (solve(&own)?, own))))
        .collect()
}

impl Blocks {
    /// The displacements of blocks beside that of the `whole`, and their standard deviation beyond their
    /// error, m; none where blocks do not differ clearly.
    pub(super) fn new(
        told: &BTreeMap<Block, ((f64, f64), Vec<Pair>)>,
        whole: (f64, f64),
        correction: &Correction,
    ) -> (Self, f64) {
        let none = (Self::default(), 0.0);
        let errors: Vec<f64> = told
            .par_iter()
            .filter_map(|(_, (_, own))| variance_of_quarters(own))
            .collect();
        if (errors.len() as f64) < correction.blocks_least || errors.is_empty() {
            return none;
        }
        let error = errors.iter().sum::<f64>() / errors.len() as f64;
        let off = |(x, y): (f64, f64)| (x - whole.0, y - whole.1);
        let squares = told
            .values()
            .map(|(own, _)| off(*own))
            .map(|(x, y)| (x * x + y * y) / 2.0);
        let variance = squares.sum::<f64>() / told.len() as f64;
        let beyond = (variance - error).max(0.0);
        let is_clear = variance >= correction.blocks_ratio * error;
        if !is_clear || beyond == 0.0 || beyond.sqrt() < correction.blocks_deviation {
            return none;
        }
        let share = beyond / variance;
        let moves = told.iter().map(|(&block, (own, _))| {
            let (x, y) = off(*own);
            (block, (share * x, share * y))
        });
        (Self(moves.collect()), beyond.sqrt())
    }

    /// Whether no block is displaced.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The displacement of a place beside that of the whole, m.
    pub(super) fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        // From the middle of one block to that of the next.
        let (across, up) = (x / BLOCK - 0.5, y / BLOCK - 0.5);
        let (west, south) = (across.floor(), up.floor());
        let (u, v) = (across - west, up - south);
        let mut sum = (0.0, 0.0);
        for (dx, dy, weight) in [
            (0, 0, (1.0 - u) * (1.0 - v)),
            (1, 0, u * (1.0 - v)),
            (0, 1, (1.0 - u) * v),
            (1, 1, u * v),
        ] {
            let block = (west as i64 + dx, south as i64 + dy);
            let (east, north) = self.0.get(&block).copied().unwrap_or_default();
            sum = (sum.0 + weight * east, sum.1 + weight * north);
        }
        sum
    }

    /// Both displacements, one after the other.
    pub(super) fn and(mut self, other: &Self) -> Self {
        for (&block, &(east, north)) in &other.0 {
            let own = self.0.entry(block).or_default();
            *own = (own.0 + east, own.1 + north);
        }
        self
    }
}

/// The variance of a block's displacement on one axis, from how far its quarters agree, m².
fn variance_of_quarters(pairs: &[Pair]) -> Option<f64> {
    let mut quarters: [Vec<Pair>; 4] = Default::default();
    for pair in pairs {
        let half = |v: f64| usize::from(v.rem_euclid(BLOCK) >= BLOCK / 2.0);
        quarters[2 * half(pair.at.1) + half(pair.at.0)].push(*pair);
    }
    let enough = quarters.iter().filter(|own| own.len() >= LEAST_OF_QUARTER);
    let told: Vec<(f64, f64)> = enough.filter_map(|own| solve(own)).collect();
    let count = told.len() as f64;
    if told.len() < 3 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| told.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let squares = told.iter().map(|p| (p.0 - x).powi(2) + (p.1 - y).powi(2));
    Some(squares.sum::<f64>() / 2.0 / (count - 1.0) / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outlines of every direction in so many blocks a side, displaced as told, with errors that repeat.
    fn outlines(side: i64, displaced: impl Fn(Block) -> (f64, f64), error: f64) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for n in 0..side * side * 400 {
            let block = ((n / 400) % side, n / 400 / side);
            let within = |a: i64| (n * a % 997) as f64 / 997.0 * BLOCK;
            let (sine, cosine) = (n as f64 * 2.4).sin_cos();
            let (east, north) = displaced(block);
            pairs.push(Pair {
                at: (
                    block.0 as f64 * BLOCK + within(37),
                    block.1 as f64 * BLOCK + within(101),
                ),
                normal: (cosine, sine),
                distance: east * cosine + north * sine + error * (n as f64 * 1.7).sin(),
            });
        }
        pairs
    }

    #[test]
    fn blocks_that_differ_are_told_and_others_are_not() -> crate::error::Result<()> {
        let correction = Correction::new(&crate::reference::Reference::load(None)?)?;
        // A chessboard, around a displacement of the whole.
        let chess = |(x, y): Block| {
            if (x + y) % 2 == 0 {
                (0.5, 0.1)
            } else {
                (0.1, -0.3)
            }
        };
        let pairs = outlines(4, chess, 0.3);
        let (blocks, deviation) = Blocks::new(&told(&pairs), (0.3, -0.1), &correction);
        assert_eq!(blocks.len(), 16);
        assert!((deviation - 0.2).abs() < 0.02, "{deviation}");
        let near = |p: (f64, f64), q: (f64, f64)| (p.0 - q.0).hypot(p.1 - q.1) < 0.03;
        assert!(
            near(blocks.at((500.0, 500.0)), (0.2, 0.2)),
            "{:?}",
            blocks.at((500.0, 500.0))
        );
        assert!(near(blocks.at((1_500.0, 500.0)), (-0.2, -0.2)));
        assert!(near(blocks.at((1_000.0, 500.0)), (0.0, 0.0)));
        // Beyond the blocks that tell, it fades.
        assert_eq!(blocks.at((-600.0, -600.0)), (0.0, 0.0));
        let twice = blocks.clone().and(&blocks);
        assert!(near(twice.at((500.0, 500.0)), (0.4, 0.4)));
        // All blocks alike, or too few of them.
        let (blocks, deviation) = Blocks::new(
            &told(&outlines(4, |_| (0.3, -0.1), 0.3)),
            (0.3, -0.1),
            &correction,
        );
        assert!(blocks.is_empty() && deviation == 0.0);
        let (blocks, _) = Blocks::new(&told(&outlines(2, chess, 0.3)), (0.3, -0.1), &correction);
        assert!(blocks.is_empty());
        Ok(())
    }
}
