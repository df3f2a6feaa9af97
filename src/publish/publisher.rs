//! Writes tables as they are computed.

use rayon::prelude::*;

use super::dictionary::Package;
use super::workbook::LONGEST;
use super::{Staging, dictionary, tables, wide, workbook};
use crate::error::Result;
use crate::indicators::Table;

/// Writes tables one by one, and keeps of them what is written of all together.
pub struct Publisher<'a> {
    staging: &'a Staging,
    kept: Vec<Table>,
}

impl<'a> Publisher<'a> {
    /// Begins.
    pub fn new(staging: &'a Staging) -> Self {
        Self {
            staging,
            kept: Vec::new(),
        }
    }

    /// Writes a table as CSV and as Parquet. Of a long one, no more than its columns is kept.
    pub fn add(&mut self, mut table: Table) -> Result<()> {
        tables::write(self.staging, &table)?;
        if table.rows > LONGEST && table.indicator.name != wide::STOCK {
            table.frame = table.frame.slice(0, 0);
        }
        self.kept.push(table);
        Ok(())
    }

    /// Writes what is of all tables: the dictionary, and a workbook for each level.
    pub fn finish(self, about: &Package, levels: &[&str]) -> Result<Vec<Table>> {
        dictionary::write(self.staging, about, &self.kept)?;
        let levels: Vec<Option<&str>> = std::iter::once(None)
            .chain(levels.iter().copied().map(Some))
            .collect();
        levels.par_iter().try_for_each(|&level| {
            let own = self.kept.iter().filter(|t| t.level.as_deref() == level);
            workbook::write(self.staging, level, &own.collect::<Vec<_>>())
        })?;
        Ok(self.kept)
    }
}
