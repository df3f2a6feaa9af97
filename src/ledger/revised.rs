//! What a revision moved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{VintageStatus, commune_code, period};
use crate::align::{Ground, Series};
use crate::partition::FaceId;
use crate::reference::Code;

/// Ground of one commune and vintage, as published and as revised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revised {
    /// The commune; empty outside all.
    pub commune: Arc<str>,
    /// The département.
    pub departement: Arc<str>,
    /// The year of the vintage.
    pub year: u16,
    /// Cover and use as published and as revised.
    pub codes: [Option<(Code, Code)>; 2],
    /// The final status as published and as revised.
    pub last: [Option<bool>; 2],
}

/// Ground whose codes or status differ between two series, with its area in half square
/// centimetres, sorted.
pub fn revised(
    ground: &Ground,
    published: (&Series, &[VintageStatus]),
    revised: (&Series, &[VintageStatus]),
) -> Vec<(Revised, i64)> {
    let mut sums: BTreeMap<Revised, i64> = BTreeMap::new();
    for (v, d) in super::places(ground) {
        for face in 0..ground.partition.face_count() as FaceId {
            let f = face as usize;
            if ground.departement[f] != d as u32 {
                continue;
            }
            let states = [published, revised]
                .map(|(series, status)| period::state(ground, series, status, v, face));
            let codes = states.map(|s| s.codes);
            let last = states.map(|s| s.last);
            if codes[0] == codes[1] && last[0] == last[1] {
                continue;
            }
            let key = Revised {
                commune: commune_code(ground, ground.commune[f]),
                departement: ground.departements[d].clone(),
                year: ground.vintages[v].year,
                codes,
                last,
            };
            *sums.entry(key).or_default() += ground.partition.area(face);
        }
    }
    sums.into_iter().collect()
}
