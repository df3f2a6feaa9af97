//! What every column of every table is.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};

const COLUMNS: &str = include_str!("../../indicators/columns.csv");
/// What the values of columns that are no codes, names or numbers are in French.
pub const VALUES: &str = include_str!("../../indicators/values.csv");

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

#[derive(Deserialize)]
struct Value {
    column: String,
    value: String,
    label_fr: String,
}

/// The columns of our tables, and what their values are.
pub struct Dictionary {
    columns: BTreeMap<String, Meaning>,
    values: BTreeMap<(String, String), String>,
}

impl Dictionary {
    /// Reads our own.
    pub fn load() -> Result<Self> {
        let rows = csv::Reader::from_reader(COLUMNS.as_bytes())
            .deserialize()
            .collect::<std::result::Result<Vec<Meaning>, _>>()
            .map_err(|e| Error::Internal(format!("indicators/columns.csv: {e}")))?;
        let values = csv::Reader::from_reader(VALUES.as_bytes())
            .deserialize()
            .collect::<std::result::Result<Vec<Value>, _>>()
            .map_err(|e| Error::Internal(format!("indicators/values.csv: {e}")))?;
        Ok(Self {
            columns: rows.into_iter().map(|m| (m.column.clone(), m)).collect(),
            values: values
                .into_iter()
                .map(|v| ((v.column, v.value), v.label_fr))
                .collect(),
        })
    }

    /// A value of a column in French; nothing where it is said as it is.
    pub fn value(&self, column: &str, value: &str) -> Option<&str> {
        let key = (column.to_owned(), value.to_owned());
        self.values.get(&key).map(String::as_str)
    }

    /// What a column of a table is, where it is another thing there than elsewhere (`table.column`), else what
    /// it is in all; nothing for one of an indicator of the user's, unless it has a name of ours.
    pub fn meaning(&self, table: &str, column: &str) -> Option<&Meaning> {
        let own = self.columns.get(&format!("{table}.{column}"));
        own.or_else(|| self.columns.get(column))
    }
}
