//! Confronting sources: what the classification and the objects of reference layers tell of each face
//! of the ground, and which of them is believed.
//!
//! Every object is *evidence* of a kind (`reference/fusion/` says which, and what it tells). On one
//! partition of the classification and all objects, [`Judge::decide`] takes the cover of the evidence
//! that stands first in the order of precedence, then the use by the first rule that applies.

mod decide;
mod find;
mod parcels;
mod read;
mod report;

use std::sync::Arc;

pub use decide::{Candidate, Decision, Judge, Seen, Verdict};
pub use find::require;
pub use read::Gathering;
pub use report::SourceReport;

use crate::partition::{Builder, ItemId};
use crate::reference::{Code, Kind};

/// Where evidence comes from, in the order in which sources are confronted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// What a model sees on imagery, or classes given.
    Classification,
    /// BD TOPO.
    BdTopo,
    /// BD Forêt.
    BdForet,
    /// RPG.
    Rpg,
    /// Fichiers fonciers.
    FichiersFonciers,
}

impl Origin {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Classification,
        Self::BdTopo,
        Self::BdForet,
        Self::Rpg,
        Self::FichiersFonciers,
    ];

    /// Its name, as the attribute `source` of a product has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "IA",
            Self::BdTopo => "BD TOPO",
            Self::BdForet => "BD Forêt",
            Self::Rpg => "RPG",
            Self::FichiersFonciers => "Fichiers fonciers",
        }
    }
}

/// What an object tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// What it is evidence of.
    pub kind: Kind,
    /// The cover that it tells.
    pub cover: Option<Code>,
    /// The use that it tells.
    pub usage: Option<Code>,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it belongs to the ossature.
    pub ossature: bool,
    /// Whether it is older than the vintage.
    pub is_older: bool,
    /// Its identifier in its source.
    pub id: Arc<str>,
    /// Its code in the nomenclature of its source.
    pub code: Arc<str>,
}

/// The evidence of all sources.
#[derive(Default)]
pub struct Gathered {
    /// Its linework,
    pub builder: Builder,
    /// the evidence of each item of it,
    pub owners: Vec<u32>,
    /// and all evidence.
    pub evidence: Vec<Evidence>,
    /// What was read.
    pub reports: Vec<SourceReport>,
}

impl Gathered {
    /// The evidence of an item.
    pub fn of(&self, item: ItemId) -> &Evidence {
        &self.evidence[self.owners[item as usize] as usize]
    }
}
