//! What every column of every table is.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};

const COLUMNS: &str = include_str!("../../indicators/columns.csv");

/// What a column is.
#[derive(Clone, Debug, Deserialize)]
pub struct Meaning {
    column: String,
    /// Its unit; empty for what has none.
    pub unit: String,
    /// Its label in French,
    pub label_fr: String,
    /// and in English.
    pub label_en: String,
}

/// The columns of our tables.
pub struct Dictionary(BTreeMap<String, Meaning>);

impl Dictionary {
    /// Reads our own.
    pub fn load() -> Result<Self> {
        let rows = csv::Reader::from_reader(COLUMNS.as_bytes())
            .deserialize()
            .collect::<std::result::Result<Vec<Meaning>, _>>()
            .map_err(|e| Error::Internal(format!("indicators/columns.csv: {e}")))?;
        let named = rows.into_iter().map(|m| (m.column.clone(), m));
        Ok(Self(named.collect()))
    }

    /// What a column is; nothing for one of an indicator of the user's, unless it has a name of ours.
    pub fn meaning(&self, column: &str) -> Option<&Meaning> {
        self.0.get(column)
    }
}
