//! Chance that is the same on every machine: every draw follows from the seed and from the name
//! of the thing drawn, never from the order of work.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A source of draws for one thing.
pub(super) type Chance = Pcg64Mcg;

/// Things that are drawn apart, each with draws of its own.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    Node,
    Seam,
    Road,
    CommuneLimit,
    Communes,
    Names,
    Rota,
    Growth,
    Line,
    Crossing,
    Cell,
    Building,
    Way,
    Pond,
    Zone,
    Service,
    Premises,
    Tax,
    Parcel,
    Stand,
}

/// The draws of the thing of this subject and these numbers.
pub(super) fn chance(seed: u64, subject: Subject, numbers: &[usize]) -> Chance {
    let start = mix(seed ^ mix(subject as u64 + 1));
    let key = numbers
        .iter()
        .fold(start, |key, &n| mix(key ^ mix(n as u64 + 1)));
    Chance::seed_from_u64(key)
}

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
pub(super) fn mix(mut key: u64) -> u64 {
    key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// What is asked of chance here.
pub(super) trait Draw {
    /// A number from `low` to `high`.
    fn between(&mut self, low: f64, high: f64) -> f64;
    /// Whether something of this probability happens.
    fn happens(&mut self, probability: f64) -> bool;
    /// A whole number below `count`; 0 when there is none.
    fn below(&mut self, count: usize) -> usize;
}

impl Draw for Chance {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.random::<f64>() * (high - low)
    }

    fn happens(&mut self, probability: f64) -> bool {
        self.random::<f64>() < probability
    }

    fn below(&mut self, count: usize) -> usize {
        // Through 64 bits, so that machines of any word size draw the same.
        (self.random::<u64>() % count.max(1) as u64) as usize
    }
}
