//! OCS GE vintages: every published variant in, one clean form out.

mod changes;
mod classes;
mod intake;
mod product;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

pub use changes::{Told, read as read_changes, require as require_changes, told};
pub use classes::read as read_classes;
pub use intake::{Intake, Repairs};
pub use product::{object_columns, open as open_product, read as read_product};

use crate::crs::Crs;
use crate::error::Result;
use crate::partition::Builder;
use crate::progress::Progress;
use crate::reference::{Code, Reference};
use crate::territory;

/// What a vintage says of one object, or of one class of a raster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// Cover.
    pub cover: Code,
    /// Use.
    pub usage: Code,
    /// Identifier of the object in its source; empty for a class.
    pub id: Arc<str>,
    /// How it was produced.
    pub source: Arc<str>,
    /// Whether it belongs to the ossature.
    pub ossature: Option<bool>,
    /// Identifier of the object that it comes from.
    pub id_origine: Arc<str>,
    /// Code in the nomenclature that it comes from; the raw code of a class.
    pub code_or: Arc<str>,
    /// The producer's own status, where the product carries it.
    pub official: Option<Official>,
}

/// The producer's own status of an object (`artif`, `crit_seuil`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Official {
    /// Artificialised or not.
    pub artificial: bool,
    /// Whether a threshold decided.
    pub threshold: Option<bool>,
}

/// What an item of a vintage's linework stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A part of an object, by its index.
    Object(u32),
    /// A part of the zone construite.
    ZoneConstruite,
    /// Ground that the vintage's data reach, covered or not.
    Extent,
}

/// Refuses a vintage whose files, layers, columns or nomenclature are not there; the number of rows
/// to read.
pub fn require(vintage: &territory::Vintage, reference: &Reference) -> Result<u64> {
    match vintage.product {
        Some(_) => product::require(vintage, reference),
        None => classes::require(vintage, reference),
    }
}

/// Reads all vintages, each on a thread and with a GDAL dataset of its own.
pub fn read_all(
    territory: &territory::Territory,
    crs: &Crs,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Vec<Vintage>> {
    let mut vintages: Vec<Vintage> = territory
        .vintages
        .par_iter()
        .map(|vintage| match vintage.product {
            Some(_) => read_product(vintage, crs, reference, progress),
            None => read_classes(vintage, crs, reference),
        })
        .collect::<Result<_>>()?;
    // Layers between the same years are two halves of one comparison.
    let mut groups: BTreeMap<(u16, u16, Option<&str>), Vec<&territory::Changes>> = BTreeMap::new();
    for changes in &territory.changes {
        let key = (changes.from, changes.to, changes.departement.as_deref());
        groups.entry(key).or_default().push(changes);
    }
    for layers in groups.into_values() {
        vintages.extend(read_changes(&layers, crs, reference, progress)?);
    }
    Ok(vintages)
}

/// One vintage as it was read, not yet a partition.
pub struct Vintage {
    /// Nominal year.
    pub year: u16,
    /// Which territory file it is of, where several are laid together.
    pub of: usize,
    /// The only département that it is about.
    pub departement: Option<String>,
    /// Day of flight, in days from a fixed day.
    pub flight: Option<f64>,
    /// Whether it describes the state of the ground, and not only where it changed.
    pub is_state: bool,
    /// Whether it has a zone construite.
    pub has_zone_construite: bool,
    /// Its objects.
    pub objects: Vec<Object>,
    /// Its linework,
    pub builder: Builder,
    /// what each item of it stands for,
    pub parts: Vec<Part>,
    /// and its area as it was drawn, m²; not a number where nothing was drawn.
    pub drawn: Vec<f64>,
    /// What was read and mended.
    pub report: Report,
}

/// What was read of a vintage, and what was found on the way.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Files and layers read.
    pub sources: Vec<String>,
    /// Rows read.
    pub rows: u64,
    /// Rows whose cover or use is empty, taken as INCONNU.
    pub null_codes: u64,
    /// Rows with a code that is known but is not a leaf, by code.
    pub codes_above_leaves: BTreeMap<String, u64>,
    /// Rows that say they are of another millésime.
    pub other_millesime: u64,
    /// Mended geometry.
    #[serde(flatten)]
    pub repairs: Repairs,
}

/// Keeps one copy of each text.
#[derive(Default)]
struct Texts(std::collections::HashSet<Arc<str>>);

impl Texts {
    fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.0.get(text) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = text.into();
        self.0.insert(Arc::clone(&kept));
        kept
    }
}
