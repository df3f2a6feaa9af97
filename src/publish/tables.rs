//! Indicator tables as CSV and Parquet.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use polars::prelude::{AnyValue, DataFrame, DataType};

use super::Staging;
use super::ledger::batch;
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::indicators::Table;

/// Ending of columns in half square centimetres, and what they are published as.
const EXACT: &str = "_half_cm2";
const PUBLISHED: &str = "_m2";

/// One value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Empty,
    /// Text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// An area, in half square centimetres.
    Area(i64),
    /// Any other number.
    Number(f64),
}

impl Cell {
    /// As CSV has it: areas exactly, in square metres.
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(n) => n.to_string(),
            Self::Area(half_cm2) => format_m2(*half_cm2),
            Self::Number(n) => n.to_string(),
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Integer,
    Number,
}

/// Names and kinds of the columns of a frame, as they are published.
pub(super) fn columns(frame: &DataFrame) -> Vec<(String, Kind)> {
    let column = |column: &polars::prelude::Column| {
        let name = column.name().as_str();
        let (name, is_area) = match name.strip_suffix(EXACT) {
            Some(stem) => (format!("{stem}{PUBLISHED}"), true),
            None => (name.to_owned(), false),
        };
        let kind = match column.dtype() {
            DataType::String => Kind::Text,
            DataType::Boolean => Kind::Flag,
            DataType::Float64 => Kind::Number,
            _ if is_area => Kind::Number,
            _ => Kind::Integer,
        };
        (name, kind)
    };
    frame.columns().iter().map(column).collect()
}

/// Names and values of the columns of a frame, as they are published.
pub fn cells(frame: &DataFrame) -> Result<Vec<(String, Vec<Cell>)>> {
    frame
        .columns()
        .iter()
        .map(|column| {
            let name = column.name().as_str();
            let exact = name.strip_suffix(EXACT);
            let cell = |value: AnyValue| {
                Ok(match value {
                    AnyValue::Null => Cell::Empty,
                    AnyValue::String(text) => Cell::Text(text.to_owned()),
                    AnyValue::StringOwned(text) => Cell::Text(text.to_string()),
                    AnyValue::Boolean(flag) => Cell::Flag(flag),
                    AnyValue::Float64(n) => Cell::Number(n),
                    other => {
                        let n = other.try_extract::<i64>().map_err(|e| {
                            Error::Internal(format!("column {name} of a table: {e}"))
                        })?;
                        if exact.is_some() {
                            Cell::Area(n)
                        } else {
                            Cell::Integer(n)
                        }
                    }
                })
            };
            let values = (0..column.len())
                .map(|row| {
                    let value = column
                        .get(row)
                        .map_err(|e| Error::Internal(format!("column {name}: {e}")))?;
                    cell(value)
                })
                .collect::<Result<Vec<Cell>>>()?;
            let name = match exact {
                Some(stem) => format!("{stem}{PUBLISHED}"),
                None => name.to_owned(),
            };
            Ok((name, values))
        })
        .collect()
}

/// Writes a table as CSV and as Parquet, beside each other, in the folder of its level.
pub fn write(staging: &Staging, table: &Table) -> Result<()> {
    let folder = match &table.level {
        Some(level) => format!("tables/{level}"),
        None => "tables".to_owned(),
    };
    let csv = staging.path(format!("{folder}/{}.csv", table.indicator.name))?;
    let parquet = staging.path(format!("{folder}/{}.parquet", table.indicator.name))?;
    let frame = &table.frame;
    let columns = cells(frame)?;
    let file = std::fs::File::create(&csv).map_err(|e| Error::unwritable(&csv, e))?;
    write_csv(file, &columns).map_err(|e| Error::unwritable(&csv, e))?;
    let arrays: Vec<(&str, ArrayRef, bool)> = columns
        .iter()
        .zip(frame.dtypes())
        .map(|((name, values), kind)| (name.as_str(), array(name, &kind, values), true))
        .collect();
    batch(&parquet, arrays)
}

/// Writes a table as CSV: UTF-8 without a byte order mark, commas, points, line feeds.
pub fn csv(to: impl std::io::Write, frame: &DataFrame) -> Result<()> {
    match write_csv(to, &cells(frame)?) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::input(
            "standard output",
            error,
            "check what reads it",
        )),
        _ => Ok(()),
    }
}

pub(super) fn write_csv(
    to: impl std::io::Write,
    columns: &[(String, Vec<Cell>)],
) -> std::io::Result<()> {
    let mut writer = csv::WriterBuilder::new().from_writer(to);
    writer.write_record(columns.iter().map(|(name, _)| name))?;
    let rows = columns.first().map_or(0, |(_, values)| values.len());
    for row in 0..rows {
        writer.write_record(columns.iter().map(|(_, values)| values[row].text()))?;
    }
    writer.flush()
}

/// The values as Arrow has them; areas in square metres.
fn array(name: &str, kind: &DataType, values: &[Cell]) -> ArrayRef {
    let values = values.iter();
    match kind {
        DataType::String => Arc::new(
            values
                .map(|v| {
                    if let Cell::Text(t) = v {
                        Some(t.as_str())
                    } else {
                        None
                    }
                })
                .collect::<StringArray>(),
        ),
        DataType::Boolean => Arc::new(
            values
                .map(|v| {
                    if let Cell::Flag(f) = v {
                        Some(*f)
                    } else {
                        None
                    }
                })
                .collect::<BooleanArray>(),
        ),
        DataType::Float64 => Arc::new(
            values
                .map(|v| {
                    if let Cell::Number(n) = v {
                        Some(*n)
                    } else {
                        None
                    }
                })
                .collect::<Float64Array>(),
        ),
        _ if name.ends_with(PUBLISHED) => Arc::new(
            values
                .map(|v| match v {
                    Cell::Area(half_cm2) => Some(*half_cm2 as f64 / HALF_CM2_PER_M2 as f64),
                    _ => None,
                })
                .collect::<Float64Array>(),
        ),
        _ => Arc::new(
            values
                .map(|v| {
                    if let Cell::Integer(n) = v {
                        Some(*n)
                    } else {
                        None
                    }
                })
                .collect::<Int64Array>(),
        ),
    }
}
