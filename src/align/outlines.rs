//! How exactly the outlines of two vintages are drawn, and which patches lie along them.

use super::change_first::{Codes, Step};
use crate::partition::{Dissolved, FaceId};

/// A patch of candidates, as its surroundings tell of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Surroundings {
    /// Its outline, in grid steps.
    perimeter: f64,
    /// It touches ground that is, and stays, what it was: the later outline runs there.
    has_unchanged: bool,
    /// It touches ground that was, and is, what it becomes: the earlier outline runs there.
    pub(super) has_resulting: bool,
    /// It touches ground that becomes what it becomes, and was something else: an earlier outline
    /// runs there too, though it may be that of something else.
    has_becoming: bool,
}

impl Surroundings {
    /// Whether both vintages draw an outline along it.
    pub(super) fn is_between_outlines(self) -> bool {
        self.has_unchanged && (self.has_resulting || self.has_becoming)
    }
}

impl Step<'_> {
    /// What surrounds each patch; and the standard deviation of the distance between the drawings
    /// of one outline, in grid steps: the distance that 68 % of the outlines' length keep within.
    pub(super) fn surroundings(
        &self,
        patches: &Dissolved,
        keys: &[u32],
        before: &[Option<Codes>],
        after: &[Option<Codes>],
    ) -> (Vec<Surroundings>, f64) {
        let partition = &self.ground.partition;
        let mut around = vec![Surroundings::default(); patches.members.len()];
        // Length of the outlines that both vintages draw at the same place.
        let mut common = 0.0;
        for e in 0..partition.edge_count() {
            let (left, right) = partition.sides(e);
            let (l, r) = (left as usize, right as usize);
            let is_stable = |f: usize| before[f] == after[f];
            let is_outline = is_stable(l) && is_stable(r) && before[l] != before[r];
            let is_within = patches.merged[l] == patches.merged[r];
            let is_of_patch = (keys[l] != 0 || keys[r] != 0) && !is_within;
            if !is_of_patch && !is_outline {
                continue;
            }
            let length = partition.edge_length(e);
            if is_outline && before[l].is_some() && before[r].is_some() {
                common += length;
            }
            for (f, other) in [(l, r), (r, l)] {
                if keys[f] != 0 {
                    let patch = &mut around[patches.merged[f] as usize];
                    patch.perimeter += length;
                    patch.has_unchanged |= before[other] == before[f] && is_stable(other);
                    if after[other] == after[f] && before[other] != before[f] {
                        patch.has_resulting |= is_stable(other);
                        patch.has_becoming |= !is_stable(other);
                    }
                }
            }
        }
        // A band has half its outline on each side, and its area over that is its mean width.
        let mut distances: Vec<(f64, f64)> = around
            .iter()
            .enumerate()
            .filter(|(_, patch)| patch.is_between_outlines())
            .map(|(n, patch)| {
                let half = patch.perimeter / 2.0;
                let area = patches.partition.area(n as FaceId) as f64 / 2.0;
                (area / half, half)
            })
            .collect();
        distances.sort_by(|p, q| p.0.total_cmp(&q.0));
        let total = common + distances.iter().map(|(_, length)| length).sum::<f64>();
        let mut reached = common;
        let within = |&(_, length): &(f64, f64)| {
            reached += length;
            reached >= NORMAL_WITHIN_ONE_DEVIATION * total
        };
        let deviation = if common >= NORMAL_WITHIN_ONE_DEVIATION * total {
            0.0
        } else {
            distances.iter().copied().find(within).map_or(0.0, |d| d.0)
        };
        (around, deviation)
    }
}

/// Share of a normal distribution within a standard deviation of its mean.
const NORMAL_WITHIN_ONE_DEVIATION: f64 = 0.6827;
