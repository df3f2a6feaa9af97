//! Corrections of a vintage: what people found wrong in it, or its producer did.
//!
//! Two kinds of layer. A *corrections file* has one row per correction: a polygon, or the identifier
//! of an object; the corrected cover, use, or both; who says so, when, and why; and whether it was
//! validated. A *patch* (IGN's `PATCH_CORR`) repeats objects of the vintage with corrected codes
//! beside their own, `RAS` where there is nothing to correct.

mod template;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

pub use template::{Draft, write as write_template};

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::partition::Builder;
use crate::reference::{Code, Nomenclature, Reference};
use crate::territory;
use crate::vector::{Layer, Opening};
use crate::vintage::{Intake, Repairs};

/// Names of the columns of a corrections file, the one that we write first.
const YEAR: &[&str] = &["vintage", "millesime"];
const ID: &[&str] = &["id_ocs", "id"];
const COVER: &[&str] = &["cs", "code_cs"];
const USE: &[&str] = &["us", "code_us"];
const STATUS: &[&str] = &["status", "statut"];
const DATE: &[&str] = &["date"];
const SOURCE: &[&str] = &["source"];
const CONTRIBUTOR: &[&str] = &["contributor", "contributeur"];
const REASON: &[&str] = &["reason", "motif"];
/// Names of the columns of a patch.
const PATCH_COVER: &[&str] = &["cs_corr"];
const PATCH_USE: &[&str] = &["us_corr"];
const PATCH_OSSATURE: &[&str] = &["os_corr"];
/// What a patch says where there is nothing to correct.
const NOTHING: &str = "RAS";
/// Usual names of the layers.
const LAYERS: &[&str] = &["corrections", "PATCH_CORR"];

/// Where a correction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Proposed.
    Submitted,
    /// Accepted: it amends the vintage.
    Validated,
    /// Refused.
    Rejected,
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        match text.to_lowercase().as_str() {
            "submitted" | "soumise" | "soumis" => Some(Self::Submitted),
            "validated" | "validée" | "validee" | "validé" => Some(Self::Validated),
            "rejected" | "rejetée" | "rejetee" | "rejeté" => Some(Self::Rejected),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Validated => "validated",
            Self::Rejected => "rejected",
        }
    }
}

/// One correction.
#[derive(Clone, Debug)]
pub struct Correction {
    /// File and row.
    pub place: String,
    /// Year of the vintage that it amends.
    pub year: u16,
    /// The only object that it amends.
    pub id: Option<Arc<str>>,
    /// Whether it has a polygon; else it amends all of its object.
    pub is_drawn: bool,
    /// The corrected cover,
    pub cover: Option<Code>,
    /// use,
    pub usage: Option<Code>,
    /// and part in the ossature.
    pub ossature: Option<bool>,
    /// Where it stands.
    pub status: Status,
    /// Its day, as in 2024-06-15; empty when it has none.
    pub date: Arc<str>,
    /// How it was found.
    pub source: Arc<str>,
}

impl Correction {
    /// Whether it amends its vintage: it is validated, and says something.
    pub fn applies(&self) -> bool {
        let says = self.cover.is_some() || self.usage.is_some() || self.ossature.is_some();
        self.status == Status::Validated && says
    }
}

/// Corrections as they were read.
#[derive(Default)]
pub struct Corrections {
    /// The corrections.
    pub list: Vec<Correction>,
    /// Their linework,
    pub builder: Builder,
    /// and the correction of each item of it.
    pub owners: Vec<u32>,
    /// What was read, file by file.
    pub reports: Vec<Report>,
}

/// What was read of a file of corrections.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// File and layer.
    pub source: String,
    /// Whether it is a patch.
    pub is_patch: bool,
    /// Rows.
    pub rows: u64,
    /// Rows by status.
    pub statuses: BTreeMap<&'static str, u64>,
    /// Rows that correct nothing.
    pub empty: u64,
    /// Rows without contributor, date or reason, of a corrections file.
    pub unsigned: u64,
    /// Mended geometry.
    pub repairs: Repairs,
}

impl Corrections {
    /// Reads one more file into the CRS `target`. The ground is drawn of those corrections only
    /// that amend a vintage of one of these `years`: a proposal leaves no trace in the account.
    pub fn read(
        &mut self,
        file: &territory::Corrections,
        target: &Crs,
        reference: &Reference,
        years: &dyn Fn(u16) -> bool,
    ) -> Result<()> {
        let mut layer = open(file)?;
        let is_patch = is_patch(&layer);
        let columns = columns(&layer, is_patch)?;
        let mut intake = Intake::new(&layer, file.crs.as_deref(), target)?;
        let place = layer.place();
        let mut report = Report {
            source: place.clone(),
            is_patch,
            ..Report::default()
        };
        let list = &mut self.list;
        let mut owners = Vec::new();
        layer.scan(&columns, |row| {
            report.rows += 1;
            let place = format!("{place}, row {}", row.number);
            let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
            let code = |nomenclature: &Nomenclature, text: &str| match text {
                "" => Ok(None),
                text if text.eq_ignore_ascii_case(NOTHING) => Ok(None),
                text => nomenclature.code(text).map(Some).ok_or_else(|| {
                    let what = format!("`{text}` is not a {} code", nomenclature.axis().prefix());
                    Error::input(&place, what, nomenclature.advice(text))
                }),
            };
            let status = match (is_patch, value(4)) {
                (true, _) => Status::Validated,
                (false, text) => Status::parse(text).ok_or_else(|| {
                    Error::input(
                        &place,
                        format!("`{text}` is not a status"),
                        "a correction is `submitted`, `validated` or `rejected`",
                    )
                })?,
            };
            *report.statuses.entry(status.name()).or_default() += 1;
            let cover = code(&reference.cover, value(2))?;
            let usage = code(&reference.usage, value(3))?;
            let ossature = match value(9) {
                "1" => Some(true),
                "0" => Some(false),
                _ => None,
            };
            let year = match value(0) {
                "" => file.vintage.ok_or_else(|| {
                    Error::input(
                        &place,
                        "does not say which vintage it amends",
                        "give its year in the column `vintage`, or with `vintage = …` in \
                         [[corrections]]",
                    )
                })?,
                text => year(text).ok_or_else(|| {
                    Error::input(
                        &place,
                        format!("`{text}` is not the year of a vintage"),
                        "write it as in 2018",
                    )
                })?,
            };
            let date = match value(5) {
                "" => String::new(),
                text => day(text).ok_or_else(|| {
                    Error::input(
                        &place,
                        format!("`{text}` is not a date"),
                        "write it as in 2024-06-15: of two corrections of one ground the later is \
                         followed",
                    )
                })?,
            };
            let is_empty = cover.is_none() && usage.is_none() && ossature.is_none();
            report.empty += u64::from(is_empty);
            let first = intake.builder.item_count();
            let is_drawn = row.geometry.is_some();
            if is_drawn && status == Status::Validated && !is_empty && years(year) {
                intake.add(row.number, row.geometry)?;
                if intake.builder.item_count() == first {
                    return Err(Error::input(
                        &place,
                        "its geometry covers no ground",
                        "draw a polygon, or none to amend the object named in `id_ocs`",
                    ));
                }
            }
            let items = intake.builder.item_count() - first;
            if !is_drawn && value(1).is_empty() {
                return Err(Error::input(
                    &place,
                    "has neither a polygon nor the identifier of an object",
                    "draw it, or name the object in the column `id_ocs`",
                ));
            }
            let is_signed = [5, 7, 8].iter().all(|&n| !value(n).is_empty());
            report.unsigned += u64::from(!is_patch && !is_signed);
            owners.extend((0..items).map(|_| list.len() as u32));
            list.push(Correction {
                place,
                year,
                id: (!value(1).is_empty()).then(|| value(1).into()),
                is_drawn,
                cover,
                usage,
                ossature,
                status,
                date: date.into(),
                source: match (is_patch, value(6)) {
                    (true, _) => "PATCH_CORR".into(),
                    (false, "") => "correction".into(),
                    (false, source) => source.into(),
                },
            });
            Ok(())
        })?;
        report.repairs = intake.repairs.clone();
        if intake.builder.item_count() > 0 {
            self.builder.append(intake.finish()?.builder);
            self.owners.extend(owners);
        }
        self.reports.push(report);
        Ok(())
    }
}

/// Refuses corrections whose file, layer or columns are not there.
pub fn require(file: &territory::Corrections) -> Result<()> {
    let layer = open(file)?;
    columns(&layer, is_patch(&layer)).map(drop)
}

/// Reads a file as corrections, to tell what it holds.
pub fn check(file: &territory::Corrections, reference: &Reference) -> Result<Corrections> {
    require(file)?;
    let layer = open(file)?;
    let place = layer.place();
    let declared = match &file.crs {
        Some(told) => Some(Crs::parse(told, &place)?),
        None => layer.crs().cloned(),
    };
    let declared = declared
        .ok_or_else(|| Error::input(&place, "does not say its CRS", "save it with its CRS"))?;
    // What is drawn in degrees is read in metres, as a run does.
    let target = match declared.require_metres(&place) {
        Ok(()) => declared,
        Err(_) => Crs::parse("EPSG:2154", &place)?,
    };
    let mut corrections = Corrections::default();
    corrections.read(file, &target, reference, &|_| true)?;
    Ok(corrections)
}

fn is_patch(layer: &Layer) -> bool {
    let of_patches = [PATCH_COVER, PATCH_USE, PATCH_OSSATURE];
    of_patches
        .iter()
        .any(|names| layer.find_column(names).is_some())
}

/// The year of a vintage: `2018`, or a number or a date that starts with it.
fn year(text: &str) -> Option<u16> {
    let (year, rest) = text.split_at_checked(4)?;
    let ends = !rest.starts_with(|c: char| c.is_ascii_digit());
    year.parse()
        .ok()
        .filter(|y| ends && (1900..=2200).contains(y))
}

/// A day as text that sorts: from `2024-06-15`, `2024/06/15` or `15/06/2024`, of one digit or two,
/// with or without an hour.
fn day(text: &str) -> Option<String> {
    let text = text.split(['T', ' ']).next()?;
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let [a, b, c] = parts[..] else { return None };
    let (y, m, d) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    let number = |text: &str| text.parse::<u16>().ok();
    let (y, m, d) = (number(y)?, number(m)?, number(d)?);
    let iso = format!("{y:04}-{m:02}-{d:02}");
    territory::flight_day(&iso).map(|_| iso)
}

fn open(file: &territory::Corrections) -> Result<Layer> {
    let opening = Opening {
        layer: file.layer.as_deref(),
        usual: LAYERS,
        encoding: file.encoding.as_deref(),
    };
    Layer::open(&file.path, opening)
}

/// The columns of year, identifier, cover, use, status, date, source, contributor, reason and
/// ossature.
fn columns(layer: &Layer, is_patch: bool) -> Result<Vec<Option<String>>> {
    let find = |names: &[&str]| layer.find_column(names);
    if is_patch {
        // A patch without the identifiers of the objects that it amends says nothing.
        let id = Some(layer.require_column("id_ocs")?);
        let of_patch = [find(PATCH_COVER), find(PATCH_USE)];
        let mut columns = vec![find(&["millesime"]), id];
        columns.extend(of_patch);
        columns.extend([None, None, None, None, None, find(PATCH_OSSATURE)]);
        return Ok(columns);
    }
    let status = find(STATUS).map_or_else(|| layer.require_column(STATUS[0]), Ok)?;
    if find(COVER).is_none() && find(USE).is_none() {
        layer.require_column(COVER[0])?;
    }
    Ok(vec![
        find(YEAR),
        find(ID),
        find(COVER),
        find(USE),
        Some(status),
        find(DATE),
        find(SOURCE),
        find(CONTRIBUTOR),
        find(REASON),
        None,
    ])
}
