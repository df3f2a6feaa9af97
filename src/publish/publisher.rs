//! Writes tables as they are computed.

use std::thread::JoinHandle;

use super::dictionary::Package;
use super::workbook::{LONGEST, Sheets};
use super::{Staging, dictionary, tables, wide};
use crate::error::{Error, Result};
use crate::indicators::Table;

/// Writes tables one by one, and keeps of them what is written of all together.
pub struct Publisher<'a> {
    staging: &'a Staging,
    kept: Vec<Table>,
    /// How many of them are in the workbooks so far.
    bound: usize,
    /// Workbooks that are being written, while the tables of other levels are computed.
    workbooks: Vec<JoinHandle<Result<()>>>,
}

impl<'a> Publisher<'a> {
    /// Begins.
    pub fn new(staging: &'a Staging) -> Self {
        Self {
            staging,
            kept: Vec::new(),
            bound: 0,
            workbooks: Vec::new(),
        }
    }

    /// Writes a table as CSV and as Parquet. Of a long one, no more than its columns is kept. The tables of a level
    /// come one after the other.
    pub fn add(&mut self, mut table: Table) -> Result<()> {
        let is_other = self
            .kept
            .last()
            .is_some_and(|last| last.level != table.level);
        if is_other {
            self.bind()?;
        }
        tables::write(self.staging, &table)?;
        if table.rows > LONGEST && table.indicator.name != wide::STOCK {
            table.frame = table.frame.slice(0, 0);
        }
        self.kept.push(table);
        Ok(())
    }

    /// Starts the workbook of the level whose tables have all come.
    fn bind(&mut self) -> Result<()> {
        let tables = &self.kept[self.bound..];
        if let Some(first) = tables.first() {
            let sheets = Sheets::new(self.staging, first.level.as_deref(), tables)?;
            self.workbooks.push(std::thread::spawn(|| sheets.write()));
        }
        self.bound = self.kept.len();
        Ok(())
    }

    /// Writes what is of all tables: the dictionary, and a workbook for each level.
    pub fn finish(mut self, about: &Package) -> Result<Vec<Table>> {
        self.bind()?;
        dictionary::write(self.staging, about, &self.kept)?;
        for workbook in self.workbooks {
            let written = workbook.join();
            written
                .map_err(|_| Error::Internal("a workbook could not be written".to_owned()))??;
        }
        Ok(self.kept)
    }
}
