//! The minimum units and widths that a change must meet.

use crate::error::Result;
use crate::grid::{HALF_CM2_PER_M2, STEPS_PER_METRE};
use crate::reference::{Code, LeafSet, Reference};
use crate::vintage::Object;

/// The numbers of `reference/alignment/`, in half square centimetres and grid steps.
pub(super) struct Rules<'a> {
    reference: &'a Reference,
    unit_built: i64,
    unit_zone: i64,
    unit_elsewhere: i64,
    /// Share of the zone construite in what results.
    pub(super) zone_share: f64,
    width_network: f64,
    width_elsewhere: f64,
    width_forestry: f64,
    pub(super) patch_area: i64,
    pub(super) patch_width: f64,
    pub(super) outline_deviations: f64,
    pub(super) outline_least: f64,
    pub(super) outline_most: f64,
    pub(super) remainder_border: f64,
    pub(super) moved_least: f64,
    pub(super) probability_least: f64,
    pub(super) probability_enough: f64,
    water: Option<LeafSet>,
    transport: Option<LeafSet>,
    forestry: Option<Code>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(reference: &'a Reference) -> Result<Self> {
        let area = |name: &str| -> Result<i64> {
            Ok((reference.parameter(name)? * HALF_CM2_PER_M2 as f64).round() as i64)
        };
        let length =
            |name: &str| -> Result<f64> { Ok(reference.parameter(name)? * STEPS_PER_METRE) };
        let tolerance = reference.parameter("measure_tolerance")?;
        let enough = |unit: i64| (unit as f64 * tolerance) as i64;
        let cover = |code: &str| {
            reference
                .cover
                .code(code)
                .map(|c| reference.cover.leaves(c))
        };
        let usage = |code: &str| {
            reference
                .usage
                .code(code)
                .map(|c| reference.usage.leaves(c))
        };
        Ok(Self {
            reference,
            unit_built: enough(area("unit_built")?),
            unit_zone: enough(area("unit_zone_construite")?),
            unit_elsewhere: enough(area("unit_elsewhere")?),
            zone_share: reference.parameter("zone_construite_share")?,
            width_network: tolerance * length("width_network")?,
            width_elsewhere: tolerance * length("width_elsewhere")?,
            width_forestry: tolerance * length("width_forestry")?,
            patch_area: area("patch_area")?,
            patch_width: length("patch_width")?,
            outline_deviations: reference.parameter("outline_deviations")?,
            outline_least: length("outline_least")?,
            outline_most: length("outline_most")?,
            remainder_border: reference.parameter("remainder_border")?,
            moved_least: reference.parameter("moved_least")?,
            probability_least: reference.parameter("probability_least")?,
            probability_enough: reference.parameter("probability_enough")?,
            water: cover("CS1.2.2"),
            transport: usage("US4.1"),
            forestry: reference.usage.code("US1.2"),
        })
    }

    /// The least area of ground that is as `object` says, in or out of the zone construite.
    pub(super) fn unit(&self, object: &Object, is_in_zone: bool) -> i64 {
        if self.reference.is_building(object.cover) {
            self.unit_built
        } else if is_in_zone {
            self.unit_zone
        } else {
            self.unit_elsewhere
        }
    }

    /// The least inner width of such ground; buildings have none.
    pub(super) fn width(&self, object: &Object) -> Option<f64> {
        if self.reference.is_building(object.cover) {
            return None;
        }
        let within = |leaves: LeafSet, set: Option<LeafSet>| {
            set.and_then(|set| leaves.within(set)) == Some(true)
        };
        let is_network = object.ossature == Some(true)
            || within(self.reference.cover.leaves(object.cover), self.water)
            || within(self.reference.usage.leaves(object.usage), self.transport);
        Some(if is_network {
            self.width_network
        } else if Some(object.usage) == self.forestry {
            self.width_forestry
        } else {
            self.width_elsewhere
        })
    }
}
