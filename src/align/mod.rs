//! Several vintages and the communes on one partition of the ground.
//!
//! One overlay of all their linework, in which overlaps within a layer are resolved by content,
//! never by the order of the input. The vintages as they are make the *published* series; the
//! *aligned* one (`mode = "change-first"`) leaves the noise between them out.

mod blocks;
mod cause;
mod change_first;
mod departements;
mod evidence;
mod judge;
mod lay;
mod outlines;
mod remainders;
mod report;
mod revise;
mod rules;
mod series;
mod shift;
mod verdict;
mod width;

use std::sync::Arc;

pub use cause::{Cause, cause};
pub use change_first::{StepReport, change_first};
pub use evidence::{Evidence, EvidenceReport};
pub use lay::{Beside, ExemptedLayer, lay};
pub use report::{LaidReport, Mended, OverlayReport};
pub use revise::{Conflict, RevisionReport, revise};
pub use series::{ALIGNED, PUBLISHED, REVISED, Series, Version};
pub use shift::Shift;
pub use verdict::Verdict;
pub use width::is_as_wide;

use shift::{Correction, shift};

use crate::communes::Commune;
use crate::crossings::Crossing;
use crate::error::Result;
use crate::partition::{FaceId, ItemId, Partition};
use crate::reference::Reference;
use crate::vintage::{Object, Report, Vintage};

/// No commune, no object, no département.
pub const NONE: u32 = u32::MAX;

/// The ground: one partition, and what every face of it is.
pub struct Ground {
    /// The faces.
    pub partition: Partition,
    /// The communes, sorted by code.
    pub communes: Vec<Commune>,
    /// The commune of each face, or [`NONE`].
    pub commune: Vec<u32>,
    /// The départements, sorted.
    pub departements: Vec<Arc<str>>,
    /// The département of each face; [`NONE`] for what is not in the frame.
    pub departement: Vec<u32>,
    /// The objects of all vintages.
    pub objects: Vec<Object>,
    /// The vintages, by year and département.
    pub vintages: Vec<OnGround>,
    /// The layers that figures are crossed with.
    pub crossings: Vec<Crossing>,
    /// Exempted ground, by the first year that it applies to.
    pub exempted: Vec<(u16, Vec<bool>)>,
    /// Ground that corrections are drawn on: faces, increasing, and items of the corrections.
    pub corrected: Vec<(FaceId, ItemId)>,
    /// What a model saw of changes between vintages.
    pub evidence: Evidence,
    /// What the overlay found.
    pub report: OverlayReport,
}

impl Ground {
    /// The same ground with the vintages of one territory file only, and their series.
    pub fn only(&self, series: &Series, of: usize) -> (Self, Series) {
        let (vintages, versions) = self
            .vintages
            .iter()
            .zip(&series.versions)
            .filter(|(vintage, _)| vintage.of == of)
            .map(|(vintage, version)| (vintage.clone(), version.clone()))
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let series = Series {
            name: series.name,
            is_official: series.is_official,
            verdicts: vec![Vec::new(); versions.len()],
            judged: Vec::new(),
            versions,
        };
        let ground = Self {
            partition: self.partition.clone(),
            communes: self.communes.clone(),
            commune: self.commune.clone(),
            departements: self.departements.clone(),
            departement: self.departement.clone(),
            objects: self.objects.clone(),
            vintages,
            crossings: self.crossings.clone(),
            exempted: self.exempted.clone(),
            corrected: self.corrected.clone(),
            // Its vintages are numbered anew.
            evidence: Evidence::default(),
            report: self.report.clone(),
        };
        (ground, series)
    }

    /// The vintages that are about a département, in the order of years.
    pub fn chain(&self, departement: usize) -> Vec<usize> {
        let name = &self.departements[departement];
        let is_about = |v: &usize| {
            let own = self.vintages[*v].departement.as_deref();
            own.is_none_or(|own| own == &**name)
        };
        (0..self.vintages.len()).filter(is_about).collect()
    }
}

/// A vintage on the partition.
#[derive(Clone)]
pub struct OnGround {
    /// Nominal year.
    pub year: u16,
    /// Which territory file it is of, where several are laid together.
    pub of: usize,
    /// The only département that it is about.
    pub departement: Option<String>,
    /// Day of flight.
    pub flight: Option<f64>,
    /// Whether it describes the state of the ground, and not only where it changed.
    pub is_state: bool,
    /// For each face of the ground, whether it lies in the zone construite, where that is known.
    pub zone: Option<Vec<bool>>,
    /// What was found when reading it.
    pub report: Report,
    /// What was found when laying it.
    pub laid: LaidReport,
}

/// Puts vintages in the order in which they are laid: by territory file, year and département.
pub fn order(vintages: &mut [Vintage]) {
    vintages.sort_by(|a, b| (a.of, a.year, &a.departement).cmp(&(b.of, b.year, &b.departement)));
}

/// The displacement of each of ordered vintages against the first of its chain, where it can be
/// told: of the same territory file, and about the same ground.
pub fn shifts(vintages: &[Vintage], reference: &Reference) -> Result<Vec<Option<Shift>>> {
    let correction = Correction::new(reference)?;
    let mut found: Vec<Option<Shift>> = Vec::with_capacity(vintages.len());
    for (n, vintage) in vintages.iter().enumerate() {
        let is_before = |v: &usize| {
            let (of, departement) = (vintages[*v].of, &vintages[*v].departement);
            let is_one = departement.is_none() || vintage.departement.is_none();
            of == vintage.of && (is_one || *departement == vintage.departement)
        };
        let before = (0..n).rev().find(is_before);
        let own = before
            .filter(|&v| vintages[v].is_state && vintage.is_state)
            .and_then(|v| Some((v, shift(&vintages[v], vintage, &correction)?)));
        // A shift is told against the vintage before as it is drawn, which may be shifted too.
        found.push(own.map(|(v, own)| match &found[v] {
            Some(before) => own.after(before),
            None => own,
        }));
    }
    Ok(found)
}
