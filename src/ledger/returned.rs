//! Ground that changes and changes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::commune_code;
use crate::align::{Cause, Ground, Series, cause};
use crate::partition::FaceId;
use crate::reference::{Code, Reference};

/// Ground of one commune that is at the third of three successive vintages what it was at the
/// first, and something else between.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Returned {
    /// The commune; empty outside all.
    pub commune: Arc<str>,
    /// The département.
    pub departement: Arc<str>,
    /// The years of the three vintages.
    pub years: [u16; 3],
    /// Cover and use at the first and the third vintage,
    pub codes: (Code, Code),
    /// and between.
    pub between: (Code, Code),
}

/// All such ground of a series, with its area in half square centimetres, sorted.
pub fn returned(ground: &Ground, series: &Series, reference: &Reference) -> Vec<(Returned, i64)> {
    let mut sums: BTreeMap<Returned, i64> = BTreeMap::new();
    for (d, departement) in ground.departements.iter().enumerate() {
        for vintages in ground.chain(d).windows(3) {
            for face in 0..ground.partition.face_count() as FaceId {
                if ground.departement[face as usize] != d as u32 {
                    continue;
                }
                let at = |n: usize| {
                    let object = series.versions[vintages[n]].at(ground, face)?;
                    Some((object.cover, object.usage))
                };
                let (Some(codes), Some(between), Some(last)) = (at(0), at(1), at(2)) else {
                    continue;
                };
                let is_change = |p, q| cause(reference, Some(p), Some(q), false) == Cause::Change;
                if codes != last || !is_change(codes, between) || !is_change(between, last) {
                    continue;
                }
                let key = Returned {
                    commune: commune_code(ground, ground.commune[face as usize]),
                    departement: departement.clone(),
                    years: [0, 1, 2].map(|n| ground.vintages[vintages[n]].year),
                    codes,
                    between,
                };
                *sums.entry(key).or_default() += ground.partition.area(face);
            }
        }
    }
    sums.into_iter().collect()
}
