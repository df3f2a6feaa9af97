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
    /// The files of tables that are being written, while the next tables are computed,
    files: Writing,
    /// and workbooks, while those of other levels are.
    workbooks: Writing,
}

/// What is written at a time: each is in memory as a whole.
const TABLES_AT_A_TIME: usize = 2;
const WORKBOOKS_AT_A_TIME: usize = 2;

/// What threads of their own are writing, the first begun first.
struct Writing {
    threads: VecDeque<JoinHandle<Result<()>>>,
    at_a_time: usize,
}

impl Writing {
    fn new(at_a_time: usize) -> Self {
        Self {
            threads: VecDeque::new(),
            at_a_time,
        }
    }

    /// Begins another, when there is room.
    fn begin(&mut self, write: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
        if self.threads.len() == self.at_a_time {
            self.wait()?;
        }
        let thread = std::thread::Builder::new().spawn(write);
        let thread = thread.map_err(|e| Error::Internal(format!("no thread to write in: {e}")))?;
        self.threads.push_back(thread);
        Ok(())
    }

    /// Waits for the one that was begun first.
    fn wait(&mut self) -> Result<()> {
        let Some(thread) = self.threads.pop_front() else {
            return Ok(());
        };
        thread
            .join()
            .map_err(|_| Error::Internal("tables could not be written".to_owned()))?
    }

    /// Waits for all.
    fn end(&mut self) -> Result<()> {
        while !self.threads.is_empty() {
            self.wait()?;
        }
        Ok(())
    }
}

impl Drop for Writing {
    /// Nothing writes any longer into a folder that may be given up.
    fn drop(&mut self) {
        for thread in self.threads.drain(..) {
            // What stopped the rest is told already.
            let _ = thread.join();
        }
    }
}

impl<'a> Publisher<'a> {
    /// Begins.
    pub fn new(staging: &'a Staging) -> Self {
        Self {
            staging,
            kept: Vec::new(),
            bound: 0,
            files: Writing::new(TABLES_AT_A_TIME),
            workbooks: Writing::new(WORKBOOKS_AT_A_TIME),
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
        let files = tables::Files::new(self.staging, &table)?;
        self.files.begin(move || files.write())?;
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
            self.workbooks.begin(move || sheets.write())?;
        }
        self.bound = self.kept.len();
        Ok(())
    }

    /// Writes what is of all tables, the dictionary, and ends the workbooks, one for each level that has tables.
    pub fn finish(mut self, about: &Package) -> Result<Vec<Table>> {
        self.bind()?;
        dictionary::write(self.staging, about, &self.kept)?;
        self.files.end()?;
        self.workbooks.end()?;
        Ok(std::mem::take(&mut self.kept))
    }
}
