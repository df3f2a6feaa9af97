//! Specks: groups of pixels too small to be drawn, given to what lies around them.

use std::collections::HashMap;

use super::arcs::NO_LABEL;

/// Rows that a speck may span. What is decided of a pixel depends on nothing farther away than
/// [`REACH`], so that rasters are sieved strip by strip.
const TALLEST: usize = 64;
/// How often specks are looked for: what lies among specks alone has no surroundings at first.
const ROUNDS: usize = 2;
/// How far, in rows, a pixel may depend on others.
pub(super) const REACH: usize = 2 * ROUNDS * TALLEST;

/// What a pixel may be instead: the label that comes second, and how likely it is, of 255.
pub type Second = (u16, u8);

/// A pixel of border counts as much as a pixel that surely is what lies behind it, by this share.
const BORDER: u64 = 255 / 4;

/// Rows to be sieved.
pub(super) struct Strip<'a> {
    pub(super) labels: &'a mut [u16],
    pub(super) width: usize,
    /// Whether the raster goes on above,
    pub(super) goes_on_above: bool,
    /// and below.
    pub(super) goes_on_below: bool,
    /// What pixels may be instead; empty when that is not known.
    pub(super) second: &'a [Second],
}

impl Strip<'_> {
    /// Gives groups of fewer than `least` pixels to the neighbour that is likeliest by what their
    /// pixels may be instead, and by the border with it.
    pub(super) fn sieve(&mut self, least: usize) {
        for _ in 0..ROUNDS {
            if !self.round(least) {
                return;
            }
        }
    }

    /// One round; whether anything changed.
    fn round(&mut self, least: usize) -> bool {
        let (groups, of) = self.groups();
        let rows = self.labels.len() / self.width;
        let is_speck: Vec<bool> = groups
            .iter()
            .map(|group| {
                let is_cut = (self.goes_on_above && group.top == 0)
                    || (self.goes_on_below && group.bottom + 1 == rows);
                let is_small = group.pixels < least && group.bottom - group.top < TALLEST;
                group.label != NO_LABEL && is_small && !is_cut
            })
            .collect();
        // How much speaks for each label in the place of each speck.
        let mut scores: HashMap<(u32, u16), u64> = HashMap::new();
        let mut meet = |p: usize, q: usize| {
            let (a, b) = (of[p], of[q]);
            for (speck, other) in [(a, b), (b, a)] {
                let label = groups[other as usize].label;
                if is_speck[speck as usize] && !is_speck[other as usize] && label != NO_LABEL {
                    *scores.entry((speck, label)).or_default() += BORDER;
                }
            }
        };
        for n in 0..self.labels.len() {
            if n % self.width + 1 < self.width && of[n] != of[n + 1] {
                meet(n, n + 1);
            }
            if n + self.width < self.labels.len() && of[n] != of[n + self.width] {
                meet(n, n + self.width);
            }
        }
        for (n, &(label, likely)) in self.second.iter().enumerate() {
            // Only what lies around a speck may take it.
            if is_speck[of[n] as usize]
                && let Some(score) = scores.get_mut(&(of[n], label))
            {
                *score += u64::from(likely);
            }
        }
        let mut best: HashMap<u32, (u64, std::cmp::Reverse<u16>)> = HashMap::new();
        for ((speck, label), score) in scores {
            let rank = (score, std::cmp::Reverse(label));
            let kept = best.entry(speck).or_insert(rank);
            *kept = rank.max(*kept);
        }
        for (label, group) in self.labels.iter_mut().zip(&of) {
            if let Some((_, std::cmp::Reverse(new))) = best.get(group) {
                *label = *new;
            }
        }
        !best.is_empty()
    }

    /// Connected pixels of one label, and the group of each pixel.
    fn groups(&self) -> (Vec<Group>, Vec<u32>) {
        let mut sets: Vec<u32> = Vec::with_capacity(self.labels.len());
        let find = |sets: &mut [u32], mut n: u32| {
            while sets[n as usize] != n {
                let up = sets[sets[n as usize] as usize];
                sets[n as usize] = up;
                n = up;
            }
            n
        };
        for (n, &label) in self.labels.iter().enumerate() {
            let left = (n % self.width > 0 && self.labels[n - 1] == label).then(|| n - 1);
            let above = n
                .checked_sub(self.width)
                .filter(|&a| self.labels[a] == label);
            sets.push(n as u32);
            for other in [left, above].into_iter().flatten() {
                let (a, b) = (find(&mut sets, other as u32), find(&mut sets, n as u32));
                let (low, high) = (a.min(b), a.max(b));
                sets[high as usize] = low;
            }
        }
        // A set is numbered at its first pixel, before any other of it comes.
        let mut groups: Vec<Group> = Vec::new();
        for n in 0..sets.len() {
            let first = sets[n] as usize;
            let row = n / self.width;
            let number = if first == n {
                groups.push(Group {
                    label: self.labels[n],
                    pixels: 0,
                    top: row,
                    bottom: row,
                });
                groups.len() as u32 - 1
            } else {
                // Pixels before this one hold the number of their group already.
                sets[first]
            };
            let group = &mut groups[number as usize];
            group.pixels += 1;
            group.bottom = row;
            sets[n] = number;
        }
        (groups, sets)
    }
}

struct Group {
    label: u16,
    pixels: usize,
    top: usize,
    bottom: usize,
}
