//! The aligned series: the first vintage, and the changes that are proved.
//!
//! Every difference between the last aligned state and the next vintage is a candidate; touching
//! candidates of one transition form a patch. A patch is a change when it, and the ground that
//! results from it, are as large and as wide as the rules ask, and when it is not merely the band
//! between two drawings of one outline. Everything else stays as it was.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use serde::Serialize;

use super::rules::Rules;
use super::series::{ALIGNED, Series, Version};
use super::verdict::Verdict;
use super::width::is_as_wide;
use super::{Cause, Ground, NONE, cause};
use crate::error::Result;
use crate::grid::STEPS_PER_METRE;
use crate::partition::{Dissolved, FaceId, OUTSIDE};
use crate::reference::{Axis, Code, Reference};
use crate::vintage::Object;

/// What alignment found between two vintages of a département.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// The département.
    pub departement: String,
    /// Year before.
    pub year_before: u16,
    /// Year after.
    pub year_after: u16,
    /// Patches of candidates.
    pub patches: u64,
    /// Standard deviation of the distance between the two drawings of an outline, m.
    pub outline_deviation_m: f64,
    /// Patches along an outline of both vintages are noise up to this width, m.
    pub outline_width_m: f64,
    /// Patches by what became of them.
    pub verdicts: BTreeMap<&'static str, u64>,
}

/// The series `base` without the noise between its vintages, and what was found on the way.
/// `placed` is the same series with its vintages moved to where the first one is drawn.
pub fn change_first(
    ground: &Ground,
    base: &Series,
    placed: &Series,
    reference: &Reference,
) -> Result<(Series, Vec<StepReport>)> {
    let rules = Rules::new(reference)?;
    let count = ground.partition.face_count() as FaceId;
    let mut objects: Vec<Vec<u32>> = placed
        .versions
        .iter()
        .map(|version| (0..count).map(|f| version.object_at(f)).collect())
        .collect();
    let mut verdicts: Vec<Vec<Option<Verdict>>> = vec![Vec::new(); objects.len()];
    let mut reports = Vec::new();
    for departement in 0..ground.departements.len() {
        for pair in ground.chain(departement).windows(2) {
            let (before, after) = (pair[0], pair[1]);
            let step = Step {
                ground,
                rules: &rules,
                reference,
                departement: departement as u32,
                before: &objects[before],
                base_before: &base.versions[before],
                after: &placed.versions[after],
                is_state: [before, after].iter().all(|&v| ground.vintages[v].is_state),
                zones: [before, after].map(|v| ground.vintages[v].zone.as_deref()),
            };
            let outcome = step.decide();
            reports.push(StepReport {
                departement: ground.departements[departement].to_string(),
                year_before: ground.vintages[before].year,
                year_after: ground.vintages[after].year,
                ..outcome.report
            });
            let judged = &mut verdicts[after];
            judged.resize(count as usize, None);
            for (face, (object, verdict)) in outcome.faces {
                objects[after][face as usize] = object;
                judged[face as usize] = verdict;
            }
        }
    }
    let versions = objects
        .into_par_iter()
        .map(|objects| Version::new(&ground.partition, &objects))
        .collect();
    let series = Series {
        name: ALIGNED,
        is_official: false,
        versions,
        verdicts,
    };
    Ok((series, reports))
}

/// From one vintage to the next, in a département.
struct Step<'a> {
    ground: &'a Ground,
    rules: &'a Rules<'a>,
    reference: &'a Reference,
    departement: u32,
    /// The aligned object of each face of the ground at the date before.
    before: &'a [u32],
    base_before: &'a Version,
    after: &'a Version,
    /// Whether both vintages describe the state of the ground, and not only where it changed.
    is_state: bool,
    /// The zone construite before and after.
    zones: [Option<&'a [bool]>; 2],
}

/// The aligned object of each face of the département at the date after, and what was judged.
struct Outcome {
    faces: Vec<(FaceId, (u32, Option<Verdict>))>,
    report: StepReport,
}

type Codes = (Code, Code);

/// Connected ground of one code each.
struct States {
    merged: Dissolved,
    /// Their ground in the zone construite.
    in_zone: Vec<i64>,
}

fn is_kept(verdict: &Option<Verdict>) -> bool {
    *verdict == Some(Verdict::Kept)
}

/// A patch of candidates, as its surroundings tell of it.
#[derive(Clone, Copy, Default)]
struct Surroundings {
    /// Its outline, in grid steps.
    perimeter: f64,
    /// It touches ground that is, and stays, what it was: the later outline runs there.
    has_unchanged: bool,
    /// It touches ground that was, and is, what it becomes: the earlier outline runs there.
    has_resulting: bool,
    /// It touches ground that becomes what it becomes, and was something else: an earlier outline
    /// runs there too, though it may be that of something else.
    has_becoming: bool,
}

impl Surroundings {
    /// Whether both vintages draw an outline along it.
    fn is_between_outlines(self) -> bool {
        self.has_unchanged && (self.has_resulting || self.has_becoming)
    }
}

impl Step<'_> {
    fn codes(&self, object: u32) -> Option<Codes> {
        (object != NONE).then(|| {
            let object = &self.ground.objects[object as usize];
            (object.cover, object.usage)
        })
    }

    fn decide(&self) -> Outcome {
        let count = self.ground.partition.face_count() as FaceId;
        let is_here = |f: FaceId| self.ground.departement[f as usize] == self.departement;
        let faces: Vec<FaceId> = (0..count).filter(|&f| f != OUTSIDE && is_here(f)).collect();
        let (before, after) = self.both_codes(count);
        // Transitions are numbered as they come: the numbers go no further than this step.
        let mut transitions: HashMap<(Codes, Codes), u32> = HashMap::new();
        let mut keys = vec![0; count as usize];
        for &f in &faces {
            let (Some(b), Some(a)) = (before[f as usize], after[f as usize]) else {
                continue;
            };
            if b != a {
                let next = transitions.len() as u32 + 1;
                let number = *transitions.entry((b, a)).or_insert_with(|| {
                    let is_change = cause(self.reference, Some(b), Some(a), false) == Cause::Change;
                    if is_change { next } else { 0 }
                });
                keys[f as usize] = number;
            }
        }
        let patches = self.ground.partition.dissolve(&keys);
        let is_candidate = |f: FaceId| keys[f as usize] != 0;
        let (around, deviation) = self.surroundings(&patches, &keys, &before, &after);
        let rules = self.rules;
        let outline = (rules.outline_deviations * deviation).clamp(
            rules.outline_least,
            rules.outline_most.max(rules.outline_least),
        );

        // Ground that becomes the same, whatever it was.
        let becoming = self.numbers((0..count as usize).map(|f| after[f].filter(|_| keys[f] != 0)));
        let becoming = self.ground.partition.dissolve(&becoming);
        let mut of_patch = self.judge_patches(&patches, &keys, &around, &becoming, outline);
        // Of a layer of changes, the producer has judged what a change is, and the ground around is
        // not known.
        if self.is_state {
            self.judge_confusions(&patches, &before, &after, &mut of_patch);
            self.judge_states(&patches, &before, &after, &mut of_patch);
        }

        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for verdict in of_patch.iter().flatten() {
            *counts.entry(verdict.name()).or_default() += 1;
        }
        let mut result: Vec<(u32, Option<Verdict>)> = (0..count)
            .map(|f| self.outcome(f, &of_patch, &patches, is_candidate(f), &before, &after))
            .collect();
        self.absorb_remainders(&patches, &before, &after, &mut result);
        Outcome {
            faces: faces.iter().map(|&f| (f, result[f as usize])).collect(),
            report: StepReport {
                departement: String::new(),
                year_before: 0,
                year_after: 0,
                patches: of_patch.iter().flatten().count() as u64,
                outline_deviation_m: deviation / STEPS_PER_METRE,
                outline_width_m: outline / STEPS_PER_METRE,
                verdicts: counts,
            },
        }
    }

    /// The codes of each face of the ground before, aligned, and after.
    fn both_codes(&self, count: FaceId) -> (Vec<Option<Codes>>, Vec<Option<Codes>>) {
        let faces = 0..count as usize;
        let before = faces.clone().map(|f| self.codes(self.before[f])).collect();
        let after = faces
            .map(|f| self.codes(self.after.object_at(f as FaceId)))
            .collect();
        (before, after)
    }

    /// What surrounds each patch; and the standard deviation of the distance between the drawings
    /// of one outline, in grid steps: the distance that 68 % of the outlines' length keep within.
    fn surroundings(
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
            let (a, b) = partition.edge(e);
            let length = f64::from(a.x - b.x).hypot(f64::from(a.y - b.y));
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

    /// Judges each patch by itself; `None` for what is not one.
    fn judge_patches(
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

    /// Judges patches that are kept so far by whether their codes are taken for one another.
    fn judge_confusions(
        &self,
        patches: &Dissolved,
        before: &[Option<Codes>],
        after: &[Option<Codes>],
        of_patch: &mut [Option<Verdict>],
    ) {
        let mut known: HashMap<(Codes, Codes), bool> = HashMap::new();
        for (n, verdict) in of_patch.iter_mut().enumerate().filter(|(_, v)| is_kept(v)) {
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
    fn judge_states(
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

    /// A number for the codes of each face of the département; 0 for all else.
    fn numbers(&self, codes: impl Iterator<Item = Option<Codes>>) -> Vec<u32> {
        let mut numbers: HashMap<Codes, u32> = HashMap::new();
        let departements = self.ground.departement.iter();
        codes
            .zip(departements)
            .map(
                |(codes, &d)| match codes.filter(|_| d == self.departement) {
                    None => 0,
                    Some(codes) => {
                        let next = numbers.len() as u32 + 1;
                        *numbers.entry(codes).or_insert(next)
                    }
                },
            )
            .collect()
    }

    /// The aligned object of a face at the date after, and what was judged.
    fn outcome(
        &self,
        f: FaceId,
        of_patch: &[Option<Verdict>],
        patches: &Dissolved,
        is_candidate: bool,
        before: &[Option<Codes>],
        after: &[Option<Codes>],
    ) -> (u32, Option<Verdict>) {
        let (was, is) = (before[f as usize], after[f as usize]);
        let base = self.codes(self.base_before.object_at(f));
        let later = self.after.object_at(f);
        if was.is_none() || is.is_none() {
            return (later, None);
        }
        if !is_candidate {
            let is_return = base.is_some()
                && base != is
                && cause(self.reference, base, is, false) == Cause::Change;
            let object = if was == is {
                self.before[f as usize]
            } else {
                later
            };
            return (object, is_return.then_some(Verdict::Return));
        }
        match of_patch[patches.merged[f as usize] as usize] {
            Some(Verdict::Kept) if base == is => (later, Some(Verdict::Late)),
            Some(verdict) if verdict.is_noise() => (self.before[f as usize], Some(verdict)),
            verdict => (later, verdict),
        }
    }

    /// Gives what noise leaves beside a change to the change: first patches of noise, along ground
    /// that was as they were; then connected ground of one code that is all noise, along ground that
    /// was so or becomes what it was to become.
    fn absorb_remainders(
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
                let (a, b) = partition.edge(e);
                let length = f64::from(a.x - b.x).hypot(f64::from(a.y - b.y));
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

/// Share of a normal distribution within a standard deviation of its mean.
const NORMAL_WITHIN_ONE_DEVIATION: f64 = 0.6827;
