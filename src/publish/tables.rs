//! Indicator tables as CSV and Parquet.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int64Type};
use polars::prelude::{AnyValue, Column, DataFrame, DataType};
use rayon::prelude::*;

use super::account::array;
use super::ledger::batch;
use super::{Staging, text};
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, format_m2};
use crate::indicators::Table;

/// Ending of columns in half square centimetres, and what they are published as.
pub(super) const EXACT: &str = "_half_cm2";
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
                    // A division by nothing has no figure.
                    AnyValue::Float64(n) if !n.is_finite() => Cell::Empty,
                    AnyValue::Float64(n) if exact.is_some() => {
                        Cell::Number(n / HALF_CM2_PER_M2 as f64)
                    }
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

/// A table to be written as CSV and as Parquet, beside each other, in the folder of its level.
pub struct Files {
    csv: PathBuf,
    parquet: PathBuf,
    separator: u8,
    frame: DataFrame,
}

impl Files {
    /// Those of a table.
    pub fn new(staging: &Staging, table: &Table) -> Result<Self> {
        let folder = match &table.level {
            Some(level) => format!("tables/{level}"),
            None => "tables".to_owned(),
        };
        let path = |ending| staging.path(format!("{folder}/{}.{ending}", table.indicator.name));
        Ok(Self {
            csv: path("csv")?,
            parquet: path("parquet")?,
            separator: staging.separator(),
            frame: table.frame.clone(),
        })
    }

    /// Writes them.
    pub fn write(&self) -> Result<()> {
        let failed = |e| Error::unwritable(&self.csv, e);
        let mut file = File::create(&self.csv).map_err(failed)?;
        write_frame(&mut file, &self.frame, self.separator)?.map_err(failed)?;
        let columns = self.frame.columns().iter().map(published);
        let arrays = columns.collect::<Result<Vec<(String, ArrayRef)>>>()?;
        let arrays = arrays
            .iter()
            .map(|(name, array)| (name.as_str(), Arc::clone(array), true));
        batch(&self.parquet, arrays.collect())
    }
}

/// Name and values of a column, as Parquet has them: areas in square metres.
fn published(column: &Column) -> Result<(String, ArrayRef)> {
    let name = column.name().as_str();
    let values = array(column)?;
    let Some(stem) = name.strip_suffix(EXACT) else {
        return Ok((name.to_owned(), values));
    };
    let half_cm2_per_m2 = HALF_CM2_PER_M2 as f64;
    let areas: Float64Array = match values.data_type() {
        ArrowType::Int64 => {
            let exact = values.as_primitive::<Int64Type>();
            exact.unary(|half_cm2| half_cm2 as f64 / half_cm2_per_m2)
        }
        _ => {
            let mean = values.as_primitive::<Float64Type>();
            mean.unary(|half_cm2: f64| half_cm2 / half_cm2_per_m2)
        }
    };
    Ok((format!("{stem}{PUBLISHED}"), Arc::new(areas)))
}

/// Rows that are made ready at a time by one thread.
const CHUNK: usize = 1 << 15;

/// Writes a frame as CSV; the outer error is ours, the inner that of what is written to.
fn write_frame(
    to: &mut impl Write,
    frame: &DataFrame,
    separator: u8,
) -> Result<std::io::Result<()>> {
    let starts: Vec<usize> = (0..frame.height()).step_by(CHUNK).collect();
    let header = write_csv(&mut *to, &cells(&frame.slice(0, 0))?, separator);
    if header.is_err() {
        return Ok(header);
    }
    for group in starts.chunks(rayon::current_num_threads().max(1)) {
        let texts = group
            .par_iter()
            .map(|&start| text::rows(&frame.slice(start as i64, CHUNK), separator))
            .collect::<Result<Vec<Vec<u8>>>>()?;
        for text in texts {
            if let Err(error) = to.write_all(&text) {
                return Ok(Err(error));
            }
        }
    }
    Ok(Ok(()))
}

/// Writes a table as CSV: UTF-8 without a byte order mark, commas, points, line feeds.
pub fn csv(mut to: impl Write, frame: &DataFrame) -> Result<()> {
    match write_frame(&mut to, frame, b',')? {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::input(
            "standard output",
            error,
            "check what reads it",
        )),
        _ => Ok(()),
    }
}

/// Writes columns as CSV.
pub(super) fn write_csv(
    to: impl Write,
    columns: &[(String, Vec<Cell>)],
    separator: u8,
) -> std::io::Result<()> {
    let mut writer = writer(to, separator);
    writer.write_record(columns.iter().map(|(name, _)| name))?;
    write_rows(&mut writer, columns)
}

/// A writer of tables of text.
pub(super) fn writer<W: Write>(to: W, separator: u8) -> csv::Writer<W> {
    csv::WriterBuilder::new()
        .delimiter(separator)
        .from_writer(to)
}

/// A reader of a table of text that a run wrote, whatever separates its columns.
pub fn reader(text: &str) -> csv::Reader<&[u8]> {
    let header = text.lines().next().unwrap_or_default();
    let separator = match header.contains(';') {
        true => b';',
        false => b',',
    };
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

fn write_rows<W: Write>(
    writer: &mut csv::Writer<W>,
    columns: &[(String, Vec<Cell>)],
) -> std::io::Result<()> {
    let rows = columns.first().map_or(0, |(_, values)| values.len());
    for row in 0..rows {
        writer.write_record(columns.iter().map(|(_, values)| values[row].text()))?;
    }
    writer.flush()
}
