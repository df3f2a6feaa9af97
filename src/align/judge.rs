//! The rules that tell a change from noise, put to each patch.

use std::collections::HashMap;

use rayon::prelude::*;

use super::change_first::{Codes, Step};
use super::outlines::Surroundings;
use super::verdict::Verdict;
use super::width::is_as_wide;
use crate::fuse::Origin;
use crate::partition::{Dissolved, FaceId};
use crate::reference::Axis;
use crate::vintage::Object;

/// Connected ground of one code each.
struct States {
    merged: Dissolved,
    /// Their ground in the zone construite.
    in_zone: Vec<i64>,
}

/// What is told of a patch beside its codes.
#[derive(Clone, Copy, Default)]
pub(super) struct Testimony {
    /// How probable it is that its cover changed, by what a model saw.
    probability: Option<f64>,
    /// Of how much of it something else was decided, before the vintages were generalised.
    moved: Option<f64>,
}

fn is_kept(verdict: &Option<Verdict>) -> bool {
    *verdict == Some(Verdict::Kept)
}

impl Step<'_> {
    /// Judges each patch by itself; `None` for what is not one.
    pub(super) fn judge_patches(
        &self,
        patches: &Dissolved,
        keys: &[u32],
        around: &[Surroundings],
        becoming: &Dissolved,
        outline: f64,
    ) -> Vec<Option<Verdict>> {
        // A narrow patch beside something wide that becomes the same is the band along its outline;
        // one that is part of something narrow, such as a new track, is not.
        let is_part_of_wide = |member: FaceId| {
            let piece = becoming.merged[member as usize];
            let polygon = becoming.partition.polygon(piece);
            polygon.is_some_and(|polygon| is_as_wide(&polygon, outline))
        };
        let judge = |(patch, &member): (usize, &FaceId)| {
            if keys[member as usize] == 0 {
                return None;
            }
            if patches.partition.area(patch as FaceId) < self.rules.patch_area {
                return Some(Verdict::PatchArea);
            }
            let polygon = patches.partition.polygon(patch as FaceId)?;
            if !is_as_wide(&polygon, self.rules.patch_width) {
                return Some(Verdict::PatchWidth);
            }
            let around = around[patch];
            if around.is_between_outlines()
                && !is_as_wide(&polygon, outline)
                && (around.has_resulting || is_part_of_wide(member))
            {
                return Some(Verdict::Outline);
            }
            Some(Verdict::Kept)
        };
        patches.members.par_iter().enumerate().map(judge).collect()
    }

    /// What a model and the sources of both vintages tell of each patch.
    pub(super) fn testimonies(
        &self,
        patches: &Dissolved,
        before: &[Option<Codes>],
        after: &[Option<Codes>],
    ) -> Vec<Testimony> {
        let mut sums = vec![[(0i64, 0.0); 2]; patches.members.len()];
        if self.ground.evidence.is_empty() {
            return vec![Testimony::default(); sums.len()];
        }
        for f in 0..before.len() {
            let (Some(was), Some(is)) = (before[f], after[f]) else {
                continue;
            };
            let (cover, usage) = (was.0 != is.0, was.1 != is.1);
            if !cover && !usage {
                continue;
            }
            let face = f as FaceId;
            let told = self.witnesses(face).map(|(first, second)| {
                let moved = self.ground.evidence.moved(first, second, face);
                let moved = moved.map(|m| match (cover, usage) {
                    (true, true) => m.either,
                    (true, false) => m.cover,
                    _ => m.usage,
                });
                let probability = self.ground.evidence.probability(first, second, face);
                [probability.filter(|_| cover), moved]
            });
            let [mut probability, moved] = told.unwrap_or_default();
            if cover && self.is_of_one_layer(face) {
                probability = Some(1.0);
            }
            let area = self.ground.partition.area(face);
            let patch = &mut sums[patches.merged[f] as usize];
            for ((known, sum), told) in patch.iter_mut().zip([probability, moved]) {
                if let Some(told) = told {
                    *known += area;
                    *sum += area as f64 * told;
                }
            }
        }
        let of_patch = |(patch, sums): (usize, [(i64, f64); 2])| {
            let half = patches.partition.area(patch as FaceId) / 2;
            let mean = |(known, sum)| (known > half).then(|| sum / known as f64);
            let [probability, moved] = sums.map(mean);
            Testimony { probability, moved }
        };
        sums.into_iter().enumerate().map(of_patch).collect()
    }

    /// The two vintages that tell of a change of a face: the later one, and the last before it that says
    /// what the aligned one does.
    fn witnesses(&self, face: FaceId) -> Option<(usize, usize)> {
        let (&after, earlier) = self.chain.split_last()?;
        let says_so = |v: &&usize| {
            let object = self.placed.versions[**v].object_at(face);
            self.codes(object) == self.codes(self.before[face as usize])
        };
        let before = earlier.iter().rev().find(says_so).or(earlier.last())?;
        Some((*before, after))
    }

    /// Whether one reference layer tells what a face is at both dates.
    fn is_of_one_layer(&self, face: FaceId) -> bool {
        let objects = [self.before[face as usize], self.after.object_at(face)];
        let [was, is] = objects.map(|object| &*self.ground.objects[object as usize].source);
        let mut layers = Origin::ALL.iter().filter(|o| **o != Origin::Classification);
        was == is && layers.any(|origin| origin.name() == is)
    }

    /// Judges patches that are kept so far by what a model saw at both dates, and by what their sources
    /// said.
    pub(super) fn judge_testimonies(
        &self,
        testimonies: &[Testimony],
        of_patch: &mut [Option<Verdict>],
    ) {
        let judged = of_patch.iter_mut().zip(testimonies);
        for (verdict, told) in judged.filter(|(v, _)| is_kept(v)) {
            if told.moved.is_some_and(|m| m < self.rules.moved_least) {
                *verdict = Some(Verdict::Generalisation);
            } else if told
                .probability
                .is_some_and(|p| p < self.rules.probability_least)
            {
                *verdict = Some(Verdict::Unseen);
            }
        }
    }

    /// Judges patches that are kept so far by whether their codes are taken for one another.
    pub(super) fn judge_confusions(
        &self,
        patches: &Dissolved,
        testimonies: &[Testimony],
        before: &[Option<Codes>],
        after: &[Option<Codes>],
        of_patch: &mut [Option<Verdict>],
    ) {
        let mut known: HashMap<(Codes, Codes), bool> = HashMap::new();
        for (n, verdict) in of_patch.iter_mut().enumerate().filter(|(_, v)| is_kept(v)) {
            // Surely seen to be something else, whatever is taken for what.
            if testimonies[n]
                .probability
                .is_some_and(|p| p >= self.rules.probability_enough)
            {
                continue;
            }
            let f = patches.members[n] as usize;
            let (Some(was), Some(is)) = (before[f], after[f]) else {
                continue;
            };
            let is_confusion = *known.entry((was, is)).or_insert_with(|| {
                self.reference.is_confusable(Axis::Cover, was.0, is.0)
                    && self.reference.is_confusable(Axis::Use, was.1, is.1)
            });
            if is_confusion {
                *verdict = Some(Verdict::Confusion);
            }
        }
    }

    /// Judges patches that are kept so far by the connected ground of one code that they are part
    /// of, before and after: what results is to be as large as the minimum unit and as wide as the
    /// minimum width; and so large was what is taken up by ground that was there before.
    pub(super) fn judge_states(
        &self,
        patches: &Dissolved,
        before: &[Option<Codes>],
        after: &[Option<Codes>],
        of_patch: &mut [Option<Verdict>],
    ) {
        let later = self.states(after, self.zones[1]);
        let object = |face| self.after.object_at(later.merged.members[face as usize]);
        self.judge_side(patches, &later, of_patch, |face| {
            let object = &self.ground.objects[object(face) as usize];
            if self.is_below_unit(&later, face, object) {
                return Some(Verdict::StateArea);
            }
            let width = self.rules.width(object)?;
            let polygon = later.merged.partition.polygon(face)?;
            (!is_as_wide(&polygon, width)).then_some(Verdict::StateWidth)
        });
        // Ground of each later state that was so before.
        let mut old = vec![0i64; later.merged.members.len()];
        for f in (0..before.len()).filter(|&f| before[f] == after[f]) {
            old[later.merged.merged[f] as usize] += self.ground.partition.area(f as FaceId);
        }
        let mut grown: Vec<Option<Verdict>> = of_patch.to_vec();
        for (n, verdict) in grown.iter_mut().enumerate() {
            let state = later.merged.merged[patches.members[n] as usize];
            if 2 * old[state as usize] < later.merged.partition.area(state) {
                *verdict = None;
            }
        }
        let earlier = self.states(before, self.zones[0]);
        self.judge_side(patches, &earlier, &mut grown, |face| {
            let object = self.before[earlier.merged.members[face as usize] as usize];
            let object = &self.ground.objects[object as usize];
            self.is_below_unit(&earlier, face, object)
                .then_some(Verdict::StateBefore)
        });
        for (verdict, grown) in of_patch.iter_mut().zip(grown) {
            *verdict = grown.or(*verdict);
        }
    }

    /// Connected ground of the same codes.
    fn states(&self, codes: &[Option<Codes>], zone: Option<&[bool]>) -> States {
        let merged = self
            .ground
            .partition
            .dissolve(&self.numbers(codes.iter().copied()));
        let mut in_zone = vec![0; merged.members.len()];
        if let Some(zone) = zone {
            for f in (0..codes.len()).filter(|&f| zone[f]) {
                in_zone[merged.merged[f] as usize] += self.ground.partition.area(f as FaceId);
            }
        }
        States { merged, in_zone }
    }

    fn is_below_unit(&self, states: &States, face: FaceId, object: &Object) -> bool {
        let area = states.merged.partition.area(face);
        let share = states.in_zone[face as usize] as f64 / area as f64;
        area < self.rules.unit(object, share > self.rules.zone_share)
    }

    /// Judges patches that are kept so far by the states that they are part of, each once.
    fn judge_side(
        &self,
        patches: &Dissolved,
        states: &States,
        of_patch: &mut [Option<Verdict>],
        judge: impl Fn(FaceId) -> Option<Verdict> + Sync,
    ) {
        let state_of = |patch: usize| states.merged.merged[patches.members[patch] as usize];
        let mut wanted: Vec<FaceId> = (0..of_patch.len())
            .filter(|&n| is_kept(&of_patch[n]))
            .map(state_of)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let failures: HashMap<FaceId, Verdict> = wanted
            .into_par_iter()
            .filter_map(|face| Some((face, judge(face)?)))
            .collect();
        for (n, verdict) in of_patch.iter_mut().enumerate().filter(|(_, v)| is_kept(v)) {
            if let Some(&failure) = failures.get(&state_of(n)) {
                *verdict = Some(failure);
            }
        }
    }
}
