//! What alignment judged, beside the series that it aligned.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{VintageStatus, commune_code, period};
use crate::align::{Cause, Ground, Series, Verdict, cause};
use crate::partition::FaceId;
use crate::reference::{Code, Reference};

/// Ground of one commune, one transition and one verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Judged {
    /// The series that was aligned.
    pub of: &'static str,
    /// The commune; empty outside all.
    pub commune: Arc<str>,
    /// The département.
    pub departement: Arc<str>,
    /// Years before and after.
    pub years: (u16, u16),
    /// Cover and use before and after: in the series that was aligned where they change there,
    /// else in the aligned one.
    pub codes: [Option<(Code, Code)>; 2],
    /// The final status before and after, in the series that was aligned.
    pub last: [Option<bool>; 2],
    /// Whether the series that was aligned has a change here.
    pub is_changed: bool,
    /// What was judged.
    pub verdict: Verdict,
}

/// What was judged of the ground of every period from one vintage to the next, with its area in
/// half square centimetres, sorted.
pub fn judged(
    ground: &Ground,
    (base, decided): (&Series, &[VintageStatus]),
    aligned: &Series,
    reference: &Reference,
) -> Vec<(Judged, i64)> {
    let mut sums: BTreeMap<Judged, i64> = BTreeMap::new();
    for (d, departement) in ground.departements.iter().enumerate() {
        for pair in ground.chain(d).windows(2) {
            let (before, after) = (pair[0], pair[1]);
            let years = (ground.vintages[before].year, ground.vintages[after].year);
            for face in 0..ground.partition.face_count() as FaceId {
                let f = face as usize;
                if ground.departement[f] != d as u32 {
                    continue;
                }
                let at = |v: usize| {
                    base.versions[v]
                        .at(ground, face)
                        .map(|o| (o.cover, o.usage))
                };
                let codes = [at(before), at(after)];
                let is_changed = cause(reference, codes[0], codes[1], false) == Cause::Change;
                // Where the vintage was moved before it was judged, it may say something else.
                let moved = aligned.judged_at(ground, after, face);
                let is_moved = moved.map(|o| (o.cover, o.usage)) != codes[1];
                let verdict = match aligned.verdict(after, face) {
                    Some(verdict) => verdict,
                    None if is_changed && is_moved => Verdict::Displacement,
                    None if is_changed => Verdict::Return,
                    None => continue,
                };
                let of_aligned = |v: usize| {
                    let object = aligned.versions[v].at(ground, face);
                    object.map(|o| (o.cover, o.usage))
                };
                let state = |v| period::state(ground, base, decided, v, face);
                let judged = Judged {
                    of: base.name,
                    commune: commune_code(ground, ground.commune[f]),
                    departement: departement.clone(),
                    years,
                    codes: if is_changed {
                        codes
                    } else {
                        [of_aligned(before), of_aligned(after)]
                    },
                    last: [state(before).last, state(after).last],
                    is_changed,
                    verdict,
                };
                *sums.entry(judged).or_default() += ground.partition.area(face);
            }
        }
    }
    sums.into_iter().collect()
}
