//! What noise leaves beside a change.

use std::collections::{BTreeMap, HashMap};

use super::change_first::{Codes, Step};
use super::verdict::Verdict;
use super::width::is_as_wide;
use crate::partition::{Dissolved, FaceId};

impl Step<'_> {
    /// Gives what noise leaves beside a change to the change: first patches of noise, along ground
    /// that was as they were; then connected ground of one code that is all noise, along ground that
    /// was so or becomes what it was to become.
    pub(super) fn absorb_remainders(
        &self,
        patches: &Dissolved,
        before: &[Option<Codes>],
        after: &[Option<Codes>],
        result: &mut [(u32, Option<Verdict>)],
    ) {
        let was_so = |f: usize, other: usize| before[f] == before[other];
        self.absorb(patches, patches, &was_so, result);
        let keys = self.numbers(result.iter().map(|(object, _)| self.codes(*object)));
        let states = self.ground.partition.dissolve(&keys);
        let is_so = |f: usize, other: usize| was_so(f, other) || after[f] == after[other];
        self.absorb(&states, patches, &is_so, result);
    }

    /// Gives pieces that are all noise, and smaller than their minimum unit or narrower than a patch
    /// may be, to the change along which they lie, where `is_alike` says so of a face and one beside.
    fn absorb(
        &self,
        pieces: &Dissolved,
        patches: &Dissolved,
        is_alike: &dyn Fn(usize, usize) -> bool,
        result: &mut [(u32, Option<Verdict>)],
    ) {
        let is_noise = |f: usize| result[f].1.is_some_and(Verdict::is_noise);
        let mut is_remainder = vec![true; pieces.members.len()];
        for f in 0..result.len() {
            if !is_noise(f) {
                is_remainder[pieces.merged[f] as usize] = false;
            }
        }
        let partition = &self.ground.partition;
        // Length of the outline, and of that with each change, with a face of this.
        let mut perimeters: HashMap<FaceId, f64> = HashMap::new();
        let mut borders: BTreeMap<(FaceId, FaceId), (f64, FaceId)> = BTreeMap::new();
        for e in 0..partition.edge_count() {
            let (left, right) = partition.sides(e);
            for (f, other) in [(left, right), (right, left)] {
                let piece = pieces.merged[f as usize];
                if !is_remainder[piece as usize] || piece == pieces.merged[other as usize] {
                    continue;
                }
                let length = partition.edge_length(e);
                *perimeters.entry(piece).or_default() += length;
                let is_change = matches!(
                    result[other as usize].1,
                    Some(Verdict::Kept | Verdict::Late)
                );
                let (f, other) = (f as usize, other as usize);
                if is_change && is_alike(f, other) {
                    let patch = patches.merged[other];
                    let face = other as FaceId;
                    let border = borders.entry((piece, patch)).or_insert((0.0, face));
                    border.0 += length;
                    border.1 = border.1.min(face);
                }
            }
        }
        // For each of them, the length with all changes, with the one that it shares most with, and
        // a face of that one.
        let mut heirs: BTreeMap<FaceId, (f64, f64, FaceId)> = BTreeMap::new();
        for ((piece, _), (length, face)) in borders {
            let heir = heirs.entry(piece).or_insert((0.0, length, face));
            heir.0 += length;
            if length > heir.1 {
                (heir.1, heir.2) = (length, face);
            }
        }
        heirs.retain(|&piece, (shared, _, _)| {
            if *shared < self.rules.remainder_border * perimeters[&piece] {
                return false;
            }
            let object = result[pieces.members[piece as usize] as usize].0;
            let unit = self
                .rules
                .unit(&self.ground.objects[object as usize], false);
            pieces.partition.area(piece) < unit
                || pieces
                    .partition
                    .polygon(piece)
                    .is_some_and(|polygon| !is_as_wide(&polygon, self.rules.patch_width))
        });
        for f in 0..result.len() {
            if let Some(&(_, _, heir)) = heirs.get(&pieces.merged[f]) {
                result[f] = (result[heir as usize].0, Some(Verdict::Remainder));
            }
        }
    }
}
