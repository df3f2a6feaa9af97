//! Trees that a model saw in the zone construite: finer than objects of OCS GE, in which a tree alone, or a
//! hedge in a garden, is no object of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{commune_code, period};
use crate::align::{Ground, NONE, Series};
use crate::crs::Crs;
use crate::error::Result;
use crate::partition::FaceId;
use crate::produce::seen_covers;
use crate::reference::{Code, Reference};
use crate::territory;

/// Covers that are trees: this one, and what is below it.
const TREES: &str = "CS2.1.1";

/// What a model saw of a commune's zone construite at a vintage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canopy {
    /// Code of the commune; empty outside all.
    pub commune: Arc<str>,
    /// The département.
    pub departement: Arc<str>,
    /// The year.
    pub year: u16,
    /// Ground of the zone construite that was looked at, in half square centimetres.
    pub seen: i64,
    /// How much of it is under trees: each face by the mean of the probabilities of its pixels.
    pub trees: i64,
}

/// What models saw of the vintages of `ground`, as `published`, that come with probabilities and a zone
/// construite; `vintages` are those of the territory file.
pub fn canopy(
    ground: &Ground,
    published: &Series,
    vintages: &[territory::Vintage],
    crs: &Crs,
    reference: &Reference,
) -> Result<Vec<Canopy>> {
    let is_tree = |cover: Code| {
        let text = reference.cover.text(cover);
        text.strip_prefix(TREES)
            .is_some_and(|below| below.is_empty() || below.starts_with('.'))
    };
    let mut sums: BTreeMap<(usize, u32, u32), (i64, i64)> = BTreeMap::new();
    for (v, laid) in ground.vintages.iter().enumerate() {
        let is_it = |from: &&territory::Vintage| {
            (from.year, &from.departement) == (laid.year, &laid.departement)
        };
        let (Some(zone), Some(from)) = (&laid.zone, vintages.iter().find(is_it)) else {
            continue;
        };
        let Some(seen) = seen_covers(from, crs, reference)? else {
            continue;
        };
        let places = period::places(ground);
        let version = &published.versions[v];
        let probable = seen.probable(&ground.partition, is_tree)?;
        for (face, probability) in probable.into_iter().enumerate() {
            let departement = ground.departement[face];
            let is_of = places.contains(&(v, departement as usize));
            let has_object = version.object[version.face[face] as usize] != NONE;
            let Some(probability) = probability.filter(|_| is_of && has_object && zone[face])
            else {
                continue;
            };
            let area = ground.partition.area(face as FaceId);
            let sum = sums
                .entry((v, departement, ground.commune[face]))
                .or_default();
            sum.0 += area;
            sum.1 += (area as f64 * f64::from(probability)).round() as i64;
        }
    }
    let row =
        |((v, departement, commune), (seen, trees)): ((usize, u32, u32), (i64, i64))| Canopy {
            commune: commune_code(ground, commune),
            departement: ground.departements[departement as usize].clone(),
            year: ground.vintages[v].year,
            seen,
            trees,
        };
    Ok(sums.into_iter().map(row).collect())
}
