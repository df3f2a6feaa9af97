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
use super::{Cause, Ground, NONE, cause};
use crate::error::Result;
use crate::grid::STEPS_PER_METRE;
use crate::partition::{Dissolved, FaceId, OUTSIDE};
use crate::reference::{Code, Reference};

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
    let judged = objects.clone();
    let mut verdicts: Vec<Vec<Option<Verdict>>> = vec![Vec::new(); objects.len()];
    let mut reports = Vec::new();
    for departement in 0..ground.departements.len() {
        let chain = ground.chain(departement);
        for (n, pair) in chain.windows(2).enumerate() {
            let (before, after) = (pair[0], pair[1]);
            let step = Step {
                ground,
                rules: &rules,
                reference,
                departement: departement as u32,
                before: &objects[before],
                placed,
                chain: &chain[..n + 2],
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
            let own = &mut verdicts[after];
            own.resize(count as usize, None);
            for (face, (object, verdict)) in outcome.faces {
                objects[after][face as usize] = object;
                own[face as usize] = verdict;
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
        judged,
    };
    Ok((series, reports))
}

/// From one vintage to the next, in a département.
pub(super) struct Step<'a> {
    pub(super) ground: &'a Ground,
    pub(super) rules: &'a Rules<'a>,
    pub(super) reference: &'a Reference,
    pub(super) departement: u32,
    /// The aligned object of each face of the ground at the date before.
    pub(super) before: &'a [u32],
    base_before: &'a Version,
    /// All vintages as they were judged,
    pub(super) placed: &'a Series,
    /// and those of the département up to this step.
    pub(super) chain: &'a [usize],
    pub(super) after: &'a Version,
    /// Whether both vintages describe the state of the ground, and not only where it changed.
    pub(super) is_state: bool,
    /// The zone construite before and after.
    pub(super) zones: [Option<&'a [bool]>; 2],
}

/// The aligned object of each face of the département at the date after, and what was judged.
struct Outcome {
    faces: Vec<(FaceId, (u32, Option<Verdict>))>,
    report: StepReport,
}

pub(super) type Codes = (Code, Code);

impl Step<'_> {
    pub(super) fn codes(&self, object: u32) -> Option<Codes> {
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
            let testimonies = self.testimonies(&patches, &before, &after);
            self.judge_testimonies(&testimonies, &mut of_patch);
            self.judge_confusions(&patches, &testimonies, &before, &after, &mut of_patch);
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

    /// A number for the codes of each face of the département; 0 for all else.
    pub(super) fn numbers(&self, codes: impl Iterator<Item = Option<Codes>>) -> Vec<u32> {
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
}
