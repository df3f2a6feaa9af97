//! Frames, gathered column by column.

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use crate::error::{Error, Result};

/// Columns of a frame, gathered row by row.
#[derive(Default)]
pub(super) struct Columns(Vec<Column>);

impl Columns {
    pub(super) fn texts<'a>(
        mut self,
        name: &str,
        values: impl Iterator<Item = Option<&'a str>>,
    ) -> Self {
        let values: Vec<Option<&str>> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    pub(super) fn flags(mut self, name: &str, values: impl Iterator<Item = Option<bool>>) -> Self {
        let values: Vec<Option<bool>> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    pub(super) fn integers(mut self, name: &str, values: impl Iterator<Item = i64>) -> Self {
        let values: Vec<i64> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    pub(super) fn numbers(mut self, name: &str, values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    pub(super) fn some_integers(
        mut self,
        name: &str,
        values: impl Iterator<Item = Option<i64>>,
    ) -> Self {
        let values: Vec<Option<i64>> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    pub(super) fn some_numbers(
        mut self,
        name: &str,
        values: impl Iterator<Item = Option<f64>>,
    ) -> Self {
        let values: Vec<Option<f64>> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    pub(super) fn frame(self) -> Result<DataFrame> {
        let height = self.0.first().map_or(0, Column::len);
        DataFrame::new(height, self.0).map_err(|e| Error::Internal(format!("a table: {e}")))
    }
}
