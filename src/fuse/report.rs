//! What was read of a source.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::vintage::Repairs;

/// What was found in a layer of a source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceReport {
    /// The source.
    pub source: &'static str,
    /// File and layer.
    pub place: String,
    /// The year whose ground it shows, where that was told.
    pub date: Option<u16>,
    /// Rows read.
    pub rows: u64,
    /// Rows that lie outside the territory.
    pub elsewhere: u64,
    /// Columns that the rules look at and the file does not have.
    pub missing_columns: Vec<String>,
    /// Objects taken, by what they are evidence of.
    pub taken: BTreeMap<String, u64>,
    /// Objects that the rules leave out on purpose.
    pub left_out: u64,
    /// Objects that no rule knows, by what they say of themselves.
    pub unknown: BTreeMap<String, u64>,
    /// Points, which cover no ground.
    pub points: u64,
    /// Lines that do not say how wide they are.
    pub without_width: u64,
    /// Rows that repeat another one, geometry and all.
    pub duplicates: u64,
    /// Mended geometry.
    #[serde(flatten)]
    pub repairs: Repairs,
}
