//! Precision, recall, and errors of stocks and fluxes.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Method, Period};
use crate::align::{Ground, NONE, Series, Verdict, is_as_wide};
use crate::grid::{HALF_CM2_PER_M2, STEPS_PER_METRE};
use crate::ledger::{State, commune_code};
use crate::partition::{Dissolved, FaceId};
use crate::reference::Reference;
use crate::vintage::Object;

/// How well one kind of change is found. Areas are in half square centimetres.
#[derive(Clone, Debug)]
pub struct Score {
    /// Years before and after.
    pub years: (u16, u16),
    /// The method.
    pub method: Method,
    /// `change`, `artificialisation`, `desartificialisation`, or the cover that ground changes to.
    pub kind: String,
    /// True changes: connected ground of the kind, of at least the least unit; and those of which
    /// at least half is seen.
    pub true_objects: u64,
    /// Of these, those of which at least half is seen to change.
    pub found_objects: u64,
    /// Changes that are seen,
    pub seen_objects: u64,
    /// and those of which at least half truly changed.
    pub right_objects: u64,
    /// Ground that truly changed,
    pub true_area: i64,
    /// that is seen to change,
    pub seen_area: i64,
    /// and both.
    pub common_area: i64,
    /// Ground that is missed, further than two standard deviations from an outline,
    pub missed_off_outlines: i64,
    /// and that is wrongly seen there.
    pub false_off_outlines: i64,
}

impl Score {
    /// Ground that is wrongly seen to change.
    pub fn false_area(&self) -> i64 {
        self.seen_area - self.common_area
    }

    /// Share of true changes that are found, by object.
    pub fn recall_by_object(&self) -> f64 {
        self.found_objects as f64 / self.true_objects as f64
    }

    /// Share of changes seen that are true, by object.
    pub fn precision_by_object(&self) -> f64 {
        self.right_objects as f64 / self.seen_objects as f64
    }

    /// Share of the true area that is found, away from outlines.
    pub fn recall_by_area(&self) -> f64 {
        let found = self.common_area as f64;
        found / (found + self.missed_off_outlines as f64)
    }

    /// Share of the area seen that is true, away from outlines.
    pub fn precision_by_area(&self) -> f64 {
        let right = self.common_area as f64;
        right / (right + self.false_off_outlines as f64)
    }
}

/// What is told of a commune. Areas are in half square centimetres.
#[derive(Clone, Debug)]
pub struct CommuneScore {
    /// Years before and after.
    pub years: (u16, u16),
    /// The method.
    pub method: Method,
    /// The commune.
    pub commune: Arc<str>,
    /// Artificialised ground after, in truth and as seen.
    pub stock: [i64; 2],
    /// Ground artificialised, in truth and as seen.
    pub gained: [i64; 2],
    /// Ground désartificialised, in truth and as seen.
    pub lost: [i64; 2],
}

impl CommuneScore {
    /// Net artificialisation, in truth and as seen.
    pub fn net(&self) -> [i64; 2] {
        [0, 1].map(|n| self.gained[n] - self.lost[n])
    }
}

/// What a verdict is about: ground of one transition, as it was observed. Areas are in half square
/// centimetres.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerdictScore {
    /// Years before and after.
    pub years: (u16, u16),
    /// The verdict.
    pub verdict: Verdict,
    /// Codes before, aligned, and after, observed.
    pub codes: [String; 4],
    /// Ground that truly changed,
    pub true_area: i64,
    /// and that did not.
    pub false_area: i64,
}

/// One period by one method, against the truth.
pub(super) struct Comparison<'a> {
    pub(super) ground: &'a Ground,
    pub(super) departement: u32,
    pub(super) method: Method,
    pub(super) truth: &'a Period,
    pub(super) seen: &'a Period,
    /// Smaller objects are not counted, m².
    pub(super) least_area: f64,
    /// Standard deviation of an outline, m.
    pub(super) deviation: f64,
}

/// A kind of change, by what a face is before and after.
type Kind<'a> = Box<dyn Fn(&[State; 2]) -> bool + Sync + 'a>;

impl Comparison<'_> {
    fn is_here(&self, face: usize) -> bool {
        self.ground.departement[face] == self.departement && self.ground.commune[face] != NONE
    }

    /// The scores of all change, of both ways of the decree, and of each cover.
    pub(super) fn scores(&self, reference: &Reference) -> Vec<Score> {
        let status = |b, a| -> Kind {
            Box::new(move |[before, after]: &[State; 2]| (before.last, after.last) == (b, a))
        };
        let mut kinds: Vec<(String, Kind)> = vec![
            ("change".to_owned(), Box::new(|_| true)),
            (
                "artificialisation".to_owned(),
                status(Some(false), Some(true)),
            ),
            (
                "desartificialisation".to_owned(),
                status(Some(true), Some(false)),
            ),
        ];
        let cover = &reference.cover;
        for code in cover.codes().filter(|&c| cover.leaves(c).count() == 1) {
            let to = move |[_, after]: &[State; 2]| after.codes.is_some_and(|c| c.0 == code);
            kinds.push((cover.text(code).to_owned(), Box::new(to)));
        }
        let scores = kinds.par_iter().map(|(name, kind)| self.score(name, kind));
        scores
            .filter(|s| s.true_area > 0 || s.seen_area > 0)
            .collect()
    }

    /// True changes of a kind against all that is seen, and changes seen against all true ones: a
    /// change that is found under another name is found.
    fn score(&self, name: &str, kind: &Kind) -> Score {
        let faces = self.truth.faces.len();
        let here = |period: &Period, f: usize| self.is_here(f) && period.is_changed[f];
        let is_true: Vec<bool> = (0..faces).map(|f| here(self.truth, f)).collect();
        let is_seen: Vec<bool> = (0..faces).map(|f| here(self.seen, f)).collect();
        let of_kind = |period: &Period, f: usize| here(period, f) && kind(&period.faces[f]);
        let true_kind: Vec<bool> = (0..faces).map(|f| of_kind(self.truth, f)).collect();
        let seen_kind: Vec<bool> = (0..faces).map(|f| of_kind(self.seen, f)).collect();
        let (true_objects, found_objects) = self.matched(&true_kind, &is_seen);
        let (seen_objects, right_objects) = self.matched(&seen_kind, &is_true);
        let area = |keep: &dyn Fn(usize) -> bool| -> i64 {
            let kept = (0..faces).filter(|&f| keep(f));
            kept.map(|f| self.ground.partition.area(f as FaceId)).sum()
        };
        Score {
            years: self.truth.years,
            method: self.method,
            kind: name.to_owned(),
            true_objects,
            found_objects,
            seen_objects,
            right_objects,
            true_area: area(&|f| true_kind[f]),
            seen_area: area(&|f| seen_kind[f]),
            common_area: area(&|f| true_kind[f] && is_seen[f]),
            missed_off_outlines: self.off_outlines(|f| true_kind[f] && !is_seen[f]),
            false_off_outlines: self.off_outlines(|f| seen_kind[f] && !is_true[f]),
        }
    }

    fn pieces(&self, keep: impl Fn(usize) -> bool) -> (Vec<u32>, Dissolved) {
        let keys: Vec<u32> = (0..self.truth.faces.len())
            .map(|f| u32::from(keep(f)))
            .collect();
        let merged = self.ground.partition.dissolve(&keys);
        (keys, merged)
    }

    /// Connected pieces of `of`, of the least area or more, and those of which at least half is
    /// `by`.
    fn matched(&self, of: &[bool], by: &[bool]) -> (u64, u64) {
        let (keys, merged) = self.pieces(|f| of[f]);
        let mut common = vec![0i64; merged.members.len()];
        for f in (0..of.len()).filter(|&f| of[f] && by[f]) {
            common[merged.merged[f] as usize] += self.ground.partition.area(f as FaceId);
        }
        let least = (self.least_area * HALF_CM2_PER_M2 as f64) as i64;
        let (mut all, mut matched) = (0, 0);
        for (piece, &member) in merged.members.iter().enumerate() {
            let area = merged.partition.area(piece as FaceId);
            if keys[member as usize] == 1 && area >= least {
                all += 1;
                matched += u64::from(2 * common[piece] >= area);
            }
        }
        (all, matched)
    }

    /// Area of the pieces that reach further than two standard deviations from their outline, which
    /// is one of the truth or of what is seen.
    fn off_outlines(&self, keep: impl Fn(usize) -> bool) -> i64 {
        let (keys, merged) = self.pieces(keep);
        let width = 2.0 * 2.0 * self.deviation * STEPS_PER_METRE;
        let is_off = |&piece: &FaceId| {
            keys[merged.members[piece as usize] as usize] == 1
                && merged
                    .partition
                    .polygon(piece)
                    .is_some_and(|polygon| is_as_wide(&polygon, width))
        };
        let pieces = (0..merged.members.len() as FaceId).filter(is_off);
        pieces.map(|piece| merged.partition.area(piece)).sum()
    }

    /// What each verdict of `aligned` is about.
    pub(super) fn verdicts(
        &self,
        aligned: &Series,
        (before, after): (usize, usize),
        observed: &Series,
        reference: &Reference,
    ) -> Vec<VerdictScore> {
        let text = |object: Option<&Object>| {
            object.map_or(["", ""], |o| {
                [reference.cover.text(o.cover), reference.usage.text(o.usage)]
            })
        };
        let mut sums: BTreeMap<(Verdict, [&str; 4]), [i64; 2]> = BTreeMap::new();
        for f in (0..self.truth.faces.len()).filter(|&f| self.is_here(f)) {
            let face = f as FaceId;
            let Some(verdict) = aligned.verdict(after, face) else {
                continue;
            };
            let [cs_before, us_before] = text(aligned.versions[before].at(self.ground, face));
            let [cs_after, us_after] = text(observed.versions[after].at(self.ground, face));
            let key = (verdict, [cs_before, us_before, cs_after, us_after]);
            let sum = sums.entry(key).or_default();
            sum[usize::from(!self.truth.is_changed[f])] += self.ground.partition.area(face);
        }
        let score = |((verdict, codes), [true_area, false_area]): ((_, [&str; 4]), [i64; 2])| {
            VerdictScore {
                years: self.truth.years,
                verdict,
                codes: codes.map(str::to_owned),
                true_area,
                false_area,
            }
        };
        sums.into_iter().map(score).collect()
    }

    /// What is told of each commune.
    pub(super) fn communes(&self) -> Vec<CommuneScore> {
        let mut found: BTreeMap<u32, CommuneScore> = BTreeMap::new();
        for f in (0..self.truth.faces.len()).filter(|&f| self.is_here(f)) {
            let commune = self.ground.commune[f];
            let score = found.entry(commune).or_insert_with(|| CommuneScore {
                years: self.truth.years,
                method: self.method,
                commune: commune_code(self.ground, commune),
                stock: [0; 2],
                gained: [0; 2],
                lost: [0; 2],
            });
            let area = self.ground.partition.area(f as FaceId);
            for (n, period) in [self.truth, self.seen].into_iter().enumerate() {
                let [before, after] = period.faces[f];
                match (before.last, after.last) {
                    (Some(false), Some(true)) => score.gained[n] += area,
                    (Some(true), Some(false)) => score.lost[n] += area,
                    _ => {}
                }
                if after.last == Some(true) {
                    score.stock[n] += area;
                }
            }
        }
        found.into_values().collect()
    }
}
