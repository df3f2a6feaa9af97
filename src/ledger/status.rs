//! The decree's status of every vintage, on its own partition.

use crate::align::{Ground, NONE, OnGround};
use crate::artificial::{Face, Forcing, Status, Thresholds, status};
use crate::error::Result;
use crate::grid::HALF_CM2_PER_M2;
use crate::partition::FaceId;
use crate::reference::Reference;

/// The status of one face of a vintage, as it is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// By the matrix.
    pub matrix: Option<bool>,
    /// The final one: the producer's own where the product carries it, else the computed one.
    pub last: Option<bool>,
    /// The computed one.
    pub computed: Option<bool>,
    /// The computed one by the variant of the forcing that is not published.
    pub other_forcing: Option<bool>,
    /// Whether a threshold decided.
    pub threshold: Option<bool>,
    /// Whether the threshold was not put, at the edge of the data.
    pub edge: Option<bool>,
    /// Whether the cover is impermeable.
    pub impermeable: Option<bool>,
}

/// The status of a vintage.
pub struct VintageStatus {
    /// Of each face of the vintage's own partition.
    pub faces: Vec<Decided>,
    /// Of each face of the ground once exempted ground is set aside; `None` when none is.
    pub exempted: Option<Vec<Option<bool>>>,
}

/// Decides the status of every vintage of the ground.
pub fn decide(
    ground: &Ground,
    reference: &Reference,
    forcing: Forcing,
) -> Result<Vec<VintageStatus>> {
    let half_cm2 = |name: &str| -> Result<i64> {
        Ok((reference.parameter(name)? * HALF_CM2_PER_M2 as f64).round() as i64)
    };
    let thresholds = Thresholds {
        patch: half_cm2("patch_minimum")?,
        building: half_cm2("building_minimum")?,
    };
    let decide_one = |vintage: &OnGround| VintageStatus {
        faces: faces(vintage, reference, forcing, thresholds),
        exempted: exempted(ground, vintage, reference, forcing, thresholds),
    };
    Ok(ground.vintages.iter().map(decide_one).collect())
}

fn before_thresholds(vintage: &OnGround, reference: &Reference, object: u32) -> Face {
    if object == NONE {
        return Face::Uncovered;
    }
    let object = &vintage.objects[object as usize];
    Face::Covered {
        matrix: reference.is_artificial(object.cover, object.usage),
        building: reference.is_building(object.cover),
    }
}

fn faces(
    vintage: &OnGround,
    reference: &Reference,
    forcing: Forcing,
    thresholds: Thresholds,
) -> Vec<Decided> {
    let before: Vec<Face> = vintage
        .object
        .iter()
        .map(|&object| before_thresholds(vintage, reference, object))
        .collect();
    let other = match forcing {
        Forcing::Building => Forcing::BuildingAndAdjoining,
        Forcing::BuildingAndAdjoining => Forcing::Building,
    };
    let statuses = if vintage.is_state {
        status(&vintage.partition, &before, thresholds)
    } else {
        // Of the ground around a change nothing is known: everything is at the edge of the data.
        let keep = |face: &Face| match *face {
            Face::Covered { matrix, .. } => Status {
                matrix,
                building: matrix,
                adjoining: matrix,
                edge: true,
            },
            Face::Uncovered => Status::default(),
        };
        before.iter().map(keep).collect()
    };
    let decide = |(n, status): (usize, &Status)| {
        let object = vintage.object[n];
        if object == NONE {
            return Decided::default();
        }
        let object = &vintage.objects[object as usize];
        let computed = status.by(forcing);
        let last = object.official.map_or(computed, |o| Some(o.artificial));
        Decided {
            matrix: status.matrix,
            last,
            computed,
            other_forcing: status.by(other),
            threshold: match object.official {
                Some(official) if official.threshold.is_some() => official.threshold,
                _ => last.zip(status.matrix).map(|(l, m)| l != m),
            },
            edge: Some(status.edge),
            impermeable: reference.is_impermeable(object.cover),
        }
    };
    statuses.iter().enumerate().map(decide).collect()
}

/// The final status once the vegetated ground that is exempted at the vintage's date is set
/// aside: it is not artificial by the matrix, and the thresholds are computed anew.
fn exempted(
    ground: &Ground,
    vintage: &OnGround,
    reference: &Reference,
    forcing: Forcing,
    thresholds: Thresholds,
) -> Option<Vec<Option<bool>>> {
    if ground.exempted.is_empty() || !vintage.is_state {
        return None;
    }
    let count = ground.partition.face_count() as FaceId;
    let is_exempt = |f: FaceId| {
        let layers = ground
            .exempted
            .iter()
            .filter(|(from, _)| *from <= vintage.year);
        layers.into_iter().any(|(_, layer)| layer[f as usize])
    };
    let vegetated = reference
        .cover
        .code("CS2")
        .map(|c| reference.cover.leaves(c));
    let keys: Vec<u32> = (0..count)
        .map(|f| 2 * vintage.face[f as usize] + u32::from(is_exempt(f)))
        .collect();
    let dissolved = ground.partition.dissolve(&keys);
    let before: Vec<Face> = dissolved
        .members
        .iter()
        .map(|&member| {
            let object = vintage.object[vintage.face[member as usize] as usize];
            match before_thresholds(vintage, reference, object) {
                Face::Covered { matrix, building } if is_exempt(member) => {
                    let cover = vintage.objects[object as usize].cover;
                    let leaves = reference.cover.leaves(cover);
                    let is_vegetated = vegetated.and_then(|v| leaves.within(v)) == Some(true);
                    let matrix = if is_vegetated { Some(false) } else { matrix };
                    Face::Covered { matrix, building }
                }
                other => other,
            }
        })
        .collect();
    let statuses = status(&dissolved.partition, &before, thresholds);
    let last = |f: FaceId| statuses[dissolved.merged[f as usize] as usize].by(forcing);
    Some((0..count).map(last).collect())
}
