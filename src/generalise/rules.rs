//! The numbers and tables that generalisation follows.

use super::Plot;
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;
use crate::reference::{Code, Reference};

/// What plots must be like.
pub struct Rules<'a> {
    pub(super) reference: &'a Reference,
    unit_built: i64,
    unit_zone: i64,
    unit_elsewhere: i64,
    zone_share: f64,
    width_network: f64,
    width_elsewhere: f64,
    width_forestry: f64,
    pub(super) building_least: i64,
    pub(super) building_grown: f64,
    pub(super) zone_dilate: f64,
    pub(super) zone_erode: f64,
    pub(super) zone_least: f64,
    pub(super) zone_hole: f64,
    zone_parcel_most: i64,
    cut_least: i64,
    pub(super) tolerance: f64,
    forestry: Code,
    networks: Vec<Code>,
    water: Code,
    pub(super) built: Code,
}

impl<'a> Rules<'a> {
    /// Reads them.
    pub fn new(reference: &'a Reference) -> Result<Self> {
        let number = |name| reference.parameter(name);
        let area = |name| Ok((number(name)? * HALF_CM2_PER_M2 as f64) as i64);
        let missing =
            |code: &str| Error::input("nomenclature", format!("has no code {code}"), "add it");
        let usage = |code: &str| reference.usage.code(code).ok_or_else(|| missing(code));
        let cover = |code: &str| reference.cover.code(code).ok_or_else(|| missing(code));
        let is_network = |code: &Code| reference.usage.text(*code).starts_with("US4.1");
        Ok(Self {
            unit_built: area("unit_built")?,
            unit_zone: area("unit_zone_construite")?,
            unit_elsewhere: area("unit_elsewhere")?,
            zone_share: number("zone_construite_share")?,
            width_network: number("width_network")?,
            width_elsewhere: number("width_elsewhere")?,
            width_forestry: number("width_forestry")?,
            building_least: area("building_least")?,
            building_grown: number("building_grown")?,
            zone_dilate: number("zone_dilate")?,
            zone_erode: number("zone_erode")?,
            zone_least: number("zone_least")?,
            zone_hole: number("zone_hole")?,
            zone_parcel_most: area("zone_parcel_most")?,
            cut_least: area("cut_least")?,
            tolerance: number("tolerance_m")?,
            forestry: usage("US1.2")?,
            networks: reference.usage.codes().filter(is_network).collect(),
            water: cover("CS1.2.2")?,
            built: cover("CS1.1.1.1")?,
            reference,
        })
    }

    /// The least area of a building that counts, half cm².
    pub fn building_least(&self) -> i64 {
        self.building_least
    }

    /// The largest parcel that is zone construite as a whole where a building stands on it, half cm².
    pub fn zone_parcel_most(&self) -> i64 {
        self.zone_parcel_most
    }

    /// The least area of a plot of this area, half cm²: its unit, or less where it is the part of one that
    /// the limit of the territory cuts.
    pub fn least_area(&self, plot: &Plot, area: i64) -> i64 {
        let Some(beyond) = plot.beyond else {
            return self.unit(plot, area);
        };
        let whole = Plot {
            in_zone: plot.in_zone + beyond.in_zone,
            ..*plot
        };
        let unit = self.unit(&whole, area + beyond.area);
        (unit - beyond.area).max(self.cut_least.min(unit))
    }

    /// The minimum unit of a plot of this area, half cm².
    pub(super) fn unit(&self, plot: &Plot, area: i64) -> i64 {
        if plot.cover == self.built {
            self.unit_built
        } else if plot.in_zone as f64 > self.zone_share * area as f64 {
            self.unit_zone
        } else {
            self.unit_elsewhere
        }
    }

    /// The least width of a plot whatever its use, m; none for buildings, which have only an area.
    pub fn least_width(&self, plot: &Plot) -> Option<f64> {
        if plot.cover == self.built {
            None
        } else if self.networks.contains(&plot.usage) || plot.cover == self.water {
            Some(self.width_network)
        } else {
            Some(self.width_elsewhere)
        }
    }

    /// The least width that the use of a plot asks for, m.
    pub fn width_of_use(&self, plot: &Plot) -> Option<f64> {
        (plot.usage == self.forestry).then_some(self.width_forestry)
    }

    /// How well a plot goes into a neighbour.
    pub fn affinity(&self, plot: &Plot, neighbour: &Plot) -> f64 {
        let codes = |plot: &Plot| (plot.cover, plot.usage);
        let tables = &self.reference.generalisation;
        tables.affinity(codes(plot), codes(neighbour))
    }
}
