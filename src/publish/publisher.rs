//! Writes tables as they are computed.

use std::collections::VecDeque;
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
    workbooks: VecDeque<JoinHandle<Result<()>>>,
}

/// Workbooks that are written at a time: each is in memory as a whole.
const AT_A_TIME: usize = 2;

impl<'a> Publisher<'a> {
    /// Begins.
    pub fn new(staging: &'a Staging) -> Self {
        Self {
            staging,
            kept: Vec::new(),
            bound: 0,
            workbooks: VecDeque::new(),
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
            if self.workbooks.len() == AT_A_TIME {
                self.wait()?;
            }
            let workbook = std::thread::spawn(|| sheets.write());
            self.workbooks.push_back(workbook);
        }
        self.bound = self.kept.len();
        Ok(())
    }

    /// Waits for the workbook that was begun first.
    fn wait(&mut self) -> Result<()> {
        let Some(workbook) = self.workbooks.pop_front() else {
            return Ok(());
        };
        workbook
            .join()
            .map_err(|_| Error::Internal("a workbook could not be written".to_owned()))?
    }

    /// Writes what is of all tables, the dictionary, and ends the workbooks, one for each level that has tables.
    pub fn finish(mut self, about: &Package) -> Result<Vec<Table>> {
        self.bind()?;
        dictionary::write(self.staging, about, &self.kept)?;
        while !self.workbooks.is_empty() {
            self.wait()?;
        }
        Ok(std::mem::take(&mut self.kept))
    }
}

impl Drop for Publisher<'_> {
    /// Nothing writes any longer into a folder that may be given up.
    fn drop(&mut self) {
        for workbook in self.workbooks.drain(..) {
            // What stopped the rest is told already.
            let _ = workbook.join();
        }
    }
}
