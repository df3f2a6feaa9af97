//! The revised series: vintages as their validated corrections amend them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::series::{REVISED, Series, Version};
use super::{Ground, NONE};
use crate::corrections::{Correction, Corrections};
use crate::grid::format_m2;
use crate::partition::FaceId;

/// What corrections did. Areas are in m².
#[derive(Clone, Debug, Default, Serialize)]
pub struct RevisionReport {
    /// Ground that they amend.
    pub amended_m2: String,
    /// Ground where the vintage says already what they say: they are not applied twice.
    pub already_m2: String,
    /// Validated corrections of a vintage that is not of this run.
    pub other_vintages: u64,
    /// Validated corrections that meet no ground or object of their vintage: file and row.
    pub unmatched: Vec<String>,
    /// Corrections that disagree on some ground: the later one has it.
    pub conflicts: Vec<Conflict>,
}

/// Two corrections that disagree.
#[derive(Clone, Debug, Serialize)]
pub struct Conflict {
    /// The one that is not followed there: file and row,
    pub earlier: String,
    /// and the one that is.
    pub later: String,
    /// The ground, m².
    pub area_m2: String,
}

/// The series `base` as validated corrections amend it.
pub fn revise(
    ground: &mut Ground,
    base: &Series,
    corrections: &Corrections,
) -> (Series, RevisionReport) {
    let count = ground.partition.face_count() as FaceId;
    let mut report = RevisionReport::default();
    let mut is_matched = vec![false; corrections.list.len()];
    let mut conflicts: HashMap<(u32, u32), i64> = HashMap::new();
    let (mut amended, mut already) = (0i64, 0i64);
    let mut versions = Vec::with_capacity(base.versions.len());
    for (v, version) in base.versions.iter().enumerate() {
        let year = ground.vintages[v].year;
        let applies = |&c: &u32| {
            let correction = &corrections.list[c as usize];
            correction.applies() && correction.year == year
        };
        let mut of_object: HashMap<Arc<str>, Vec<u32>> = HashMap::new();
        for c in (0..corrections.list.len() as u32).filter(applies) {
            let correction = &corrections.list[c as usize];
            if let Some(id) = correction.id.as_ref().filter(|_| !correction.is_drawn) {
                of_object.entry(Arc::clone(id)).or_default().push(c);
            }
        }
        let mut objects: Vec<u32> = (0..count).map(|f| version.object_at(f)).collect();
        let mut known = HashMap::new();
        let mut drawn = ground.corrected.as_slice();
        for f in 0..count {
            let here = drawn.iter().take_while(|(face, _)| *face == f).count();
            let (here, rest) = drawn.split_at(here);
            drawn = rest;
            let object = objects[f as usize];
            if object == NONE {
                continue;
            }
            let id = &ground.objects[object as usize].id;
            let is_of = |c: &u32| {
                let own = &corrections.list[*c as usize].id;
                own.as_ref().is_none_or(|own| own == id)
            };
            let by_ground = here
                .iter()
                .map(|&(_, item)| corrections.owners[item as usize]);
            let mut found: Vec<u32> = by_ground.filter(applies).filter(is_of).collect();
            found.extend(of_object.get(id).into_iter().flatten());
            // By date, then by content, so that the order of the rows decides nothing.
            found.sort_by_key(|&c| rank(&corrections.list[c as usize]));
            found.dedup();
            let Some(&winner) = found.last() else {
                continue;
            };
            let area = ground.partition.area(f);
            // What a later correction leaves alone, an earlier one may still correct.
            let mut said = (None, None, None);
            let mut sayers = [None; 3];
            for &c in &found {
                is_matched[c as usize] = true;
                let correction = &corrections.list[c as usize];
                let differs = [
                    correction
                        .cover
                        .is_some_and(|v| said.0.is_some_and(|w| w != v)),
                    correction
                        .usage
                        .is_some_and(|v| said.1.is_some_and(|w| w != v)),
                    correction
                        .ossature
                        .is_some_and(|v| said.2.is_some_and(|w| w != v)),
                ];
                let mut against: Vec<u32> = (0..3)
                    .filter(|&n| differs[n])
                    .filter_map(|n| sayers[n])
                    .collect();
                against.dedup();
                for earlier in against {
                    *conflicts.entry((earlier, c)).or_default() += area;
                }
                let says = [
                    correction.cover.is_some(),
                    correction.usage.is_some(),
                    correction.ossature.is_some(),
                ];
                for (sayer, _) in sayers.iter_mut().zip(says).filter(|(_, says)| *says) {
                    *sayer = Some(c);
                }
                said.0 = correction.cover.or(said.0);
                said.1 = correction.usage.or(said.1);
                said.2 = correction.ossature.or(said.2);
            }
            let winning = &corrections.list[winner as usize];
            objects[f as usize] = *known.entry((object, said, winner)).or_insert_with(|| {
                let mut corrected = ground.objects[object as usize].clone();
                corrected.cover = said.0.unwrap_or(corrected.cover);
                corrected.usage = said.1.unwrap_or(corrected.usage);
                corrected.ossature = said.2.or(corrected.ossature);
                if corrected == ground.objects[object as usize] {
                    return object;
                }
                corrected.source = Arc::clone(&winning.source);
                // The producer's status was that of the codes before.
                corrected.official = None;
                ground.objects.push(corrected);
                ground.objects.len() as u32 - 1
            });
            if objects[f as usize] == object {
                already += area;
            } else {
                amended += area;
            }
        }
        versions.push(Version::new(&ground.partition, &objects));
    }
    let years: Vec<u16> = ground.vintages.iter().map(|v| v.year).collect();
    for (correction, is_matched) in corrections.list.iter().zip(is_matched) {
        if correction.applies() && !is_matched {
            if years.contains(&correction.year) {
                report.unmatched.push(correction.place.clone());
            } else {
                report.other_vintages += 1;
            }
        }
    }
    let mut conflicts: Vec<((u32, u32), i64)> = conflicts.into_iter().collect();
    conflicts.sort_unstable();
    let place = |c: u32| corrections.list[c as usize].place.clone();
    report.conflicts = conflicts
        .into_iter()
        .map(|((earlier, later), area)| Conflict {
            earlier: place(earlier),
            later: place(later),
            area_m2: format_m2(area),
        })
        .collect();
    report.amended_m2 = format_m2(amended);
    report.already_m2 = format_m2(already);
    let series = Series {
        name: REVISED,
        is_official: base.is_official,
        verdicts: vec![Vec::new(); versions.len()],
        judged: Vec::new(),
        versions,
    };
    (series, report)
}

/// The order in which corrections are followed, the last one most.
fn rank(c: &Correction) -> impl Ord + use<> {
    let says = (c.cover, c.usage, c.ossature);
    (c.date.clone(), says, c.source.clone(), c.id.clone())
}
