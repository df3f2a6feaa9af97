//! The decree's status of every vintage, on its own partition.

use crate::align::{Ground, NONE, OnGround, Series, Version};
use crate::artificial::{Face, Forcing, Status, Thresholds, status};
use crate::error::Result;
use crate::grid::HALF_CM2_PER_M2;
use crate::partition::FaceId;
use crate::reference::Reference;
use crate::territory::{Decree, StatusFrom};

/// The status of one face of a vintage, as it is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// By the matrix.
    pub matrix: Option<bool>,
    /// The final one: the producer's own where the product carries it and the territory follows it, else
    /// the computed one.
    pub last: Option<bool>,
    /// The producer's own.
    pub official: Option<bool>,
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

/// Decides the status of every vintage of a series.
pub fn decide(
    ground: &Ground,
    series: &Series,
    reference: &Reference,
    decree: Decree,
) -> Result<Vec<VintageStatus>> {
    let half_cm2 = |name: &str| -> Result<i64> {
        Ok((reference.parameter(name)? * HALF_CM2_PER_M2 as f64).round() as i64)
    };
    let thresholds = Thresholds {
        patch: half_cm2("patch_minimum")?,
        building: half_cm2("building_minimum")?,
    };
    let rule = Rule {
        ground,
        is_official: series.is_official,
        reference,
        decree,
        thresholds,
    };
    let vintages = ground.vintages.iter().zip(&series.versions);
    let decide_one = |(vintage, version)| VintageStatus {
        faces: rule.faces(vintage, version),
        exempted: rule.exempted(vintage, version),
    };
    Ok(vintages.map(decide_one).collect())
}

/// What the status depends on, but for the vintage.
struct Rule<'a> {
    ground: &'a Ground,
    is_official: bool,
    reference: &'a Reference,
    decree: Decree,
    thresholds: Thresholds,
}

impl Rule<'_> {
    fn before_thresholds(&self, object: u32) -> Face {
        if object == NONE {
            return Face::Uncovered;
        }
        let object = &self.ground.objects[object as usize];
        Face::Covered {
            matrix: self.reference.is_artificial(object.cover, object.usage),
            building: self.reference.is_building(object.cover),
        }
    }

    fn faces(&self, vintage: &OnGround, version: &Version) -> Vec<Decided> {
        let before: Vec<Face> = version
            .object
            .iter()
            .map(|&object| self.before_thresholds(object))
            .collect();
        let other = match self.decree.forcing {
            Forcing::Building => Forcing::BuildingAndAdjoining,
            Forcing::BuildingAndAdjoining => Forcing::Building,
        };
        let statuses = if vintage.is_state {
            status(&version.partition, &before, self.thresholds)
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
        let decide = |(status, &object): (&Status, &u32)| {
            if object == NONE {
                return Decided::default();
            }
            let object = &self.ground.objects[object as usize];
            let official = object.official.filter(|_| self.is_official);
            let computed = status.by(self.decree.forcing);
            let followed = official.filter(|_| self.decree.status == StatusFrom::Official);
            let last = followed.map_or(computed, |o| Some(o.artificial));
            Decided {
                matrix: status.matrix,
                last,
                official: official.map(|o| o.artificial),
                computed,
                other_forcing: status.by(other),
                threshold: match followed {
                    Some(official) if official.threshold.is_some() => official.threshold,
                    _ => last.zip(status.matrix).map(|(l, m)| l != m),
                },
                edge: Some(status.edge),
                impermeable: self.reference.is_impermeable(object.cover),
            }
        };
        statuses.iter().zip(&version.object).map(decide).collect()
    }

    /// The final status once the vegetated ground that is exempted at the vintage's date is set
    /// aside: it is not artificial by the matrix, and the thresholds are computed anew.
    fn exempted(&self, vintage: &OnGround, version: &Version) -> Option<Vec<Option<bool>>> {
        let ground = self.ground;
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
        let cover = &self.reference.cover;
        let vegetated = cover.code("CS2").map(|c| cover.leaves(c));
        let keys: Vec<u32> = (0..count)
            .map(|f| 2 * version.face[f as usize] + u32::from(is_exempt(f)))
            .collect();
        let dissolved = ground.partition.dissolve(&keys);
        let before: Vec<Face> = dissolved
            .members
            .iter()
            .map(|&member| {
                let object = version.object_at(member);
                match self.before_thresholds(object) {
                    Face::Covered { matrix, building } if is_exempt(member) => {
                        let leaves = cover.leaves(ground.objects[object as usize].cover);
                        let is_vegetated = vegetated.and_then(|v| leaves.within(v)) == Some(true);
                        let matrix = if is_vegetated { Some(false) } else { matrix };
                        Face::Covered { matrix, building }
                    }
                    other => other,
                }
            })
            .collect();
        let statuses = status(&dissolved.partition, &before, self.thresholds);
        let last =
            |f: FaceId| statuses[dissolved.merged[f as usize] as usize].by(self.decree.forcing);
        Some((0..count).map(last).collect())
    }
}
