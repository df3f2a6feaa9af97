//! Layers that figures are crossed with: zones of a planning document, friches, perimeters of any
//! outline. They are laid on the same partition as everything else, so that what lies in each zone is
//! a sum of faces, and the zones and what is outside them make the commune, exactly.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::partition::Builder;
use crate::reference::Reference;
use crate::territory;
use crate::vector::{Layer, Opening};
use crate::vintage::{self, Intake, Repairs, Told};

/// A zone of a layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zone {
    /// Its code; the number of its row where no column tells.
    pub code: String,
    /// What kind of zone it is: U, AUc, N …
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A layer of zones, as it was read.
pub struct CrossingLayer {
    /// Its name.
    pub name: String,
    /// Its zones, sorted.
    pub zones: Vec<Zone>,
    /// Its linework,
    pub builder: Builder,
    /// and the zone of each item of it.
    pub owners: Vec<u32>,
    /// The period, where it is a producer's layer of changes: its zones are what it tells.
    pub period: Option<(u16, u16)>,
    /// What was found.
    pub report: Report,
}

/// What was found in a layer of zones.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// The file.
    pub source: String,
    /// Number of zones.
    pub zones: usize,
    /// Of a producer's layer of changes: its ground that is in no account, outside all communes or where
    /// its period is none of ours, m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_no_account_m2: Option<String>,
    /// What was mended. Ground that several zones claim goes to the smallest polygon.
    pub read: Repairs,
}

/// A layer of zones on the ground.
#[derive(Clone)]
pub struct Crossing {
    /// Its name.
    pub name: String,
    /// Its zones, sorted.
    pub zones: Vec<Zone>,
    /// The period, where it is a producer's layer of changes.
    pub period: Option<(u16, u16)>,
    /// The zone of each face of the ground, or [`crate::align::NONE`].
    pub zone: Vec<u32>,
}

/// Refuses a layer that is not there, or lacks a column.
pub fn require(from: &territory::Crossing) -> Result<()> {
    columns(&open(from)?, from).map(drop)
}

fn open(from: &territory::Crossing) -> Result<Layer> {
    let opening = Opening {
        layer: from.layer.as_deref(),
        usual: &["zone_urba", "zonage"],
        encoding: from.encoding.as_deref(),
    };
    Layer::open(&from.path, opening)
}

/// The columns of code, kind and name, where they are told.
fn columns(layer: &Layer, from: &territory::Crossing) -> Result<[Option<String>; 3]> {
    let column = |name: &Option<String>| {
        let name = name.as_ref();
        name.map(|n| layer.require_column(n)).transpose()
    };
    Ok([
        column(&from.code)?,
        column(&from.kind)?,
        column(&from.label)?,
    ])
}

/// Reads a layer of zones into the CRS `target`.
pub fn read(from: &territory::Crossing, target: &Crs) -> Result<CrossingLayer> {
    let mut layer = open(from)?;
    let place = layer.place();
    let columns = columns(&layer, from)?;
    let mut intake = Intake::new(&layer, from.crs.as_deref(), target)?;
    let mut found: BTreeMap<Zone, Vec<std::ops::Range<u32>>> = BTreeMap::new();
    layer.scan(&columns, |row| {
        let text = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let first = intake.add(row.number, row.geometry)?;
        let items = first..intake.builder.item_count();
        if items.is_empty() {
            return Ok(());
        }
        let code = match text(0) {
            "" => row.number.to_string(),
            code => code.to_owned(),
        };
        let zone = Zone {
            code,
            kind: text(1).to_owned(),
            name: text(2).to_owned(),
        };
        found.entry(zone).or_default().push(items);
        Ok(())
    })?;
    if found.is_empty() {
        return Err(Error::input(
            place,
            "has no polygon",
            "give a layer of zones, or remove it from [[crossings]]",
        ));
    }
    let intake = intake.finish()?;
    let mut owners = vec![0; intake.builder.item_count() as usize];
    let mut zones = Vec::with_capacity(found.len());
    for (n, (zone, ranges)) in found.into_iter().enumerate() {
        for item in ranges.into_iter().flatten() {
            owners[item as usize] = n as u32;
        }
        zones.push(zone);
    }
    Ok(CrossingLayer {
        name: from.name.clone(),
        report: Report {
            name: from.name.clone(),
            source: place,
            zones: zones.len(),
            in_no_account_m2: None,
            read: intake.repairs,
        },
        zones,
        builder: intake.builder,
        owners,
        period: None,
    })
}

/// Reads a producer's layer of changes, so that the account can be set against it: its zones are what
/// it tells of the status.
pub fn read_official(
    from: &territory::Changes,
    target: &Crs,
    reference: &Reference,
) -> Result<CrossingLayer> {
    let (intake, told) = vintage::told(from, target, reference)?;
    let kinds: BTreeSet<Told> = told.iter().copied().collect();
    let kinds: Vec<Told> = kinds.into_iter().collect();
    // Every kind that is told is in the list.
    let owner = |t: &Told| kinds.binary_search(t).unwrap_or(0) as u32;
    let file = from.path.file_name().unwrap_or_default().to_string_lossy();
    Ok(CrossingLayer {
        name: file.into_owned(),
        owners: told.iter().map(owner).collect(),
        zones: kinds
            .iter()
            .map(|kind| Zone {
                kind: kind.name().to_owned(),
                ..Zone::default()
            })
            .collect(),
        report: Report {
            name: "official".to_owned(),
            source: from.path.display().to_string(),
            zones: kinds.len(),
            in_no_account_m2: None,
            read: intake.repairs,
        },
        builder: intake.builder,
        period: Some((from.from, from.to)),
    })
}
