//! The tables of a run, row by row of each territory.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use csv::StringRecord;

use crate::error::{Error, Result};

/// A table, by territory.
#[derive(Default)]
pub(super) struct Table {
    columns: HashMap<String, usize>,
    rows: BTreeMap<String, Vec<StringRecord>>,
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    record: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// A value as text; empty where there is none, or no such column.
    pub(super) fn text(&self, column: &str) -> &'a str {
        let place = self.columns.get(column);
        place.and_then(|&n| self.record.get(n)).unwrap_or_default()
    }

    /// A value as a number.
    pub(super) fn number(&self, column: &str) -> Option<f64> {
        self.text(column).parse().ok()
    }

    /// A value as yes or no.
    pub(super) fn flag(&self, column: &str) -> Option<bool> {
        self.text(column).parse().ok()
    }
}

/// The tables of a level.
pub(super) struct Tables {
    folder: PathBuf,
    read: Mutex<HashMap<String, Arc<Table>>>,
}

impl Tables {
    /// The tables of the communes of a run, or of another level.
    pub(super) fn new(out: &Path, level: &str) -> Self {
        let tables = out.join("tables");
        Self {
            folder: match level {
                super::COMMUNE => tables,
                level => tables.join(level),
            },
            read: Mutex::default(),
        }
    }

    /// A table; empty where the run has none of that name.
    pub(super) fn table(&self, name: &str) -> Result<Arc<Table>> {
        let mut read = self
            .read
            .lock()
            .map_err(|e| Error::Internal(format!("tables of a report: {e}")))?;
        if let Some(table) = read.get(name) {
            return Ok(Arc::clone(table));
        }
        let table = Arc::new(load(&self.folder.join(format!("{name}.csv")))?);
        read.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }
}

impl Table {
    /// The rows of a territory.
    pub(super) fn of<'a>(&'a self, territory: &str) -> impl Iterator<Item = Row<'a>> {
        let rows = self.rows.get(territory).into_iter().flatten();
        rows.map(|record| Row {
            columns: &self.columns,
            record,
        })
    }

    /// Every row.
    pub(super) fn all(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.values().flatten().map(|record| Row {
            columns: &self.columns,
            record,
        })
    }
}

fn load(path: &Path) -> Result<Table> {
    if !path.exists() {
        return Ok(Table::default());
    }
    let unreadable = |e: csv::Error| Error::unreadable(path, e);
    let text = std::fs::read_to_string(path).map_err(|e| Error::unreadable(path, e))?;
    let mut reader = crate::publish::reader(&text);
    let headers = reader.headers().map_err(unreadable)?.clone();
    let columns: HashMap<String, usize> = headers
        .iter()
        .enumerate()
        .map(|(n, name)| (name.to_owned(), n))
        .collect();
    // Tables of larger territories name theirs `territory`.
    let commune = columns.get("commune").or_else(|| columns.get("territory"));
    let commune = commune.copied();
    let mut rows: BTreeMap<String, Vec<StringRecord>> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let own = commune.and_then(|n| record.get(n)).unwrap_or_default();
        rows.entry(own.to_owned()).or_default().push(record);
    }
    Ok(Table { columns, rows })
}
