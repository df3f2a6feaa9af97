//! What was found when everything was laid on one partition.

use std::collections::BTreeMap;

use serde::Serialize;

use super::NONE;
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::partition::{FaceId, Partition};
use crate::vintage::{Part, Vintage};

/// What was found when a vintage was laid on the ground. Areas are in m².
#[derive(Clone, Debug, Default, Serialize)]
pub struct LaidReport {
    /// Ground that the vintage's data reach.
    pub extent_m2: String,
    /// Ground that it covers.
    pub covered_m2: String,
    /// Sum of its objects' areas less that of their union.
    pub overlaps_m2: String,
    /// Faces that several of its parts claim: the smallest part has them.
    pub overlap_faces: u64,
    /// Holes in it that it encloses on all sides.
    pub gaps_m2: String,
    /// Their number.
    pub gap_faces: u64,
    /// Ground that it covers outside all communes.
    pub outside_communes_m2: String,
    /// Ground that it covers outside the only département that it is about: in no account.
    pub other_departements_m2: String,
    /// Parts whose rings cross themselves or one another, and cover what an odd number of rings
    /// enclose: their area is not the one drawn.
    pub redrawn_parts: u64,
    /// How far the areas of these parts differ from those drawn, in all.
    pub redrawn_m2: f64,
    /// These parts, the first hundred.
    pub redrawn: Vec<Mended>,
    /// Parts that are too thin for the grid, and cover nothing.
    pub collapsed_parts: u64,
    /// Their area as drawn, in all.
    pub collapsed_m2: f64,
    /// These parts, the first hundred.
    pub collapsed: Vec<Mended>,
}

/// A part that is not laid as it was drawn.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Mended {
    /// Identifier of the object; empty where it has none.
    pub id: String,
    /// Area as drawn.
    pub drawn_m2: f64,
    /// Area as laid.
    pub laid_m2: f64,
}

/// What the overlay found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OverlayReport {
    /// Faces of the partition.
    pub faces: u64,
    /// Edges of the partition.
    pub edges: u64,
    /// Passes of the noding that moved an edge.
    pub noding_passes: u32,
    /// No point of an input edge has moved further than this, rounding to the grid included, m.
    pub drift_bound_m: f64,
    /// The difference between the area of each commune as laid and as drawn, m².
    pub commune_differences_m2: BTreeMap<String, f64>,
    /// Ground that several communes claim, m²: the smallest code has it.
    pub commune_overlaps_m2: String,
}

/// Parts that the report lists.
const LISTED: usize = 100;

/// A part whose area on the grid differs from the drawn one by more than this has rings that
/// cross: rounding to the grid alone moves less.
const REDRAWN_M2: f64 = 5.0;

/// A vintage as it was laid: what its report is made from.
pub(super) struct Laid<'a> {
    pub(super) partition: &'a Partition,
    pub(super) vintage: &'a Vintage,
    /// The area that each part covers.
    pub(super) areas: &'a [i64],
    /// For each face: the object, whether the data reach it, the commune, the département.
    pub(super) object: &'a [u32],
    pub(super) reached: &'a [bool],
    pub(super) commune: &'a [u32],
    pub(super) departement: &'a [u32],
    /// The only département that the vintage is about.
    pub(super) own_departement: Option<u32>,
    /// Sum of the objects' areas less that of their union, and the faces of that.
    pub(super) overlaps: i64,
    pub(super) overlap_faces: u64,
}

impl Laid<'_> {
    pub(super) fn report(&self) -> LaidReport {
        let object = self.object;
        let sum = |keep: &dyn Fn(usize) -> bool| -> i64 {
            (1..object.len())
                .filter(|&f| keep(f))
                .map(|f| self.partition.area(f as FaceId))
                .sum()
        };
        let covered = sum(&|f| object[f] != NONE);
        let gaps: Vec<FaceId> = enclosed_gaps(self.partition, object);
        let parts = || {
            let drawn = self
                .vintage
                .parts
                .iter()
                .zip(&self.vintage.drawn)
                .enumerate();
            drawn.filter_map(|(n, (part, &drawn))| match part {
                Part::Object(o) if drawn.is_finite() => Some((*o, drawn, self.areas[n])),
                _ => None,
            })
        };
        let mended = |(o, drawn, laid): (u32, f64, i64)| Mended {
            id: self.vintage.objects[o as usize].id.to_string(),
            drawn_m2: drawn,
            laid_m2: laid as f64 / HALF_CM2_PER_M2 as f64,
        };
        let collapsed: Vec<Mended> = parts()
            .filter(|(_, _, laid)| *laid == 0)
            .map(mended)
            .collect();
        let redrawn: Vec<Mended> = parts()
            .filter(|(_, _, laid)| *laid != 0)
            .map(mended)
            .filter(|m| (m.laid_m2 - m.drawn_m2).abs() > REDRAWN_M2)
            .collect();
        let elsewhere = sum(&|f| {
            object[f] != NONE
                && self.departement[f] != NONE
                && self
                    .own_departement
                    .is_some_and(|d| d != self.departement[f])
        });
        LaidReport {
            extent_m2: format_m2(sum(&|f| self.reached[f])),
            covered_m2: format_m2(covered),
            overlaps_m2: format_m2(self.overlaps),
            overlap_faces: self.overlap_faces,
            gaps_m2: format_m2(gaps.iter().map(|&f| self.partition.area(f)).sum()),
            gap_faces: gaps.len() as u64,
            outside_communes_m2: format_m2(sum(&|f| object[f] != NONE && self.commune[f] == NONE)),
            other_departements_m2: format_m2(elsewhere),
            redrawn_parts: redrawn.len() as u64,
            redrawn_m2: redrawn.iter().map(|m| (m.laid_m2 - m.drawn_m2).abs()).sum(),
            redrawn: redrawn.into_iter().take(LISTED).collect(),
            collapsed_parts: collapsed.len() as u64,
            collapsed_m2: collapsed.iter().map(|m| m.drawn_m2).sum(),
            collapsed: collapsed.into_iter().take(LISTED).collect(),
        }
    }
}

/// Connected pieces of uncovered ground that do not reach the outside.
pub(super) fn enclosed_gaps(partition: &Partition, object: &[u32]) -> Vec<FaceId> {
    let covered: Vec<u32> = object.iter().map(|&o| u32::from(o != NONE)).collect();
    let dissolved = partition.dissolve(&covered);
    // Faces of `partition` that lie in a merged, uncovered face other than the outside.
    (1..covered.len() as FaceId)
        .filter(|&f| covered[f as usize] == 0 && dissolved.merged[f as usize] != 0)
        .collect()
}
