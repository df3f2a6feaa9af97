//! The account as Parquet, so that its indicators can be computed again, here or in any engine that
//! reads SQL: `OUT/account/NAME.parquet` is the table NAME of `indicators/*.sql`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use polars::prelude::{Column, DataFrame, DataType, NamedFrom, Series};
use rayon::prelude::*;

use super::Staging;
use super::ledger::batch;
use crate::error::{Error, Result};
use crate::indicators::Account;

/// The folder of the account among the outputs.
pub const FOLDER: &str = "account";

/// Writes every table of an account.
pub fn write(staging: &Staging, account: &Account) -> Result<()> {
    for (name, frame) in account.tables() {
        let path = staging.path(format!("{FOLDER}/{name}.parquet"))?;
        let arrays = frame
            .columns()
            .iter()
            .map(|column| Ok((column.name().as_str(), array(column)?, true)))
            .collect::<Result<Vec<(&str, ArrayRef, bool)>>>()?;
        batch(&path, arrays)?;
    }
    Ok(())
}

/// The values of a column, as Arrow has them.
pub(super) fn array(column: &Column) -> Result<ArrayRef> {
    let failed = |e: polars::error::PolarsError| Error::Internal(format!("an account: {e}"));
    Ok(match column.dtype() {
        DataType::String => {
            let values = column.str().map_err(failed)?;
            Arc::new(values.iter().collect::<StringArray>())
        }
        DataType::Boolean => {
            let values = column.bool().map_err(failed)?;
            Arc::new(values.iter().collect::<BooleanArray>())
        }
        DataType::Float64 => {
            let values = column.f64().map_err(failed)?;
            Arc::new(values.iter().collect::<Float64Array>())
        }
        _ => {
            let column = column.cast(&DataType::Int64).map_err(failed)?;
            let values = column.i64().map_err(failed)?;
            Arc::new(values.iter().collect::<Int64Array>())
        }
    })
}

/// Reads the account of the outputs of a run.
pub fn read(out: &Path) -> Result<Account> {
    let folder = out.join(FOLDER);
    let entries = std::fs::read_dir(&folder).map_err(|e| {
        Error::input(
            folder.display(),
            format!("cannot be read: {e}"),
            "give the folder of the outputs of `millesime run`",
        )
    })?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "parquet"))
        .collect();
    paths.sort();
    let mut account = Account::default();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        account.insert(&name, frame(&path)?);
    }
    account.require(&folder.display().to_string())?;
    Ok(account)
}

fn frame(path: &Path) -> Result<DataFrame> {
    let damaged = |e: &dyn std::fmt::Display| Error::unreadable(path, e);
    let file = File::open(path).map_err(|e| damaged(&e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| damaged(&e))?;
    let schema = builder.schema().clone();
    let batches = builder
        .build()
        .map_err(|e| damaged(&e))?
        .collect::<std::result::Result<Vec<RecordBatch>, _>>()
        .map_err(|e| damaged(&e))?;
    let whole = concat_batches(&schema, &batches).map_err(|e| damaged(&e))?;
    let columns = schema
        .fields()
        .par_iter()
        .zip(whole.columns())
        .map(|(field, array)| {
            let name = field.name().as_str().into();
            Ok(match array.data_type() {
                ArrowType::Utf8 => {
                    let values: Vec<Option<&str>> = array.as_string::<i32>().iter().collect();
                    Series::new(name, values)
                }
                ArrowType::Boolean => {
                    let values: Vec<Option<bool>> = array.as_boolean().iter().collect();
                    Series::new(name, values)
                }
                ArrowType::Float64 => {
                    let values = array.as_primitive::<Float64Type>();
                    Series::new(name, values.iter().collect::<Vec<Option<f64>>>())
                }
                ArrowType::Int64 => {
                    let values = array.as_primitive::<Int64Type>();
                    Series::new(name, values.iter().collect::<Vec<Option<i64>>>())
                }
                other => return Err(damaged(&format!("a column of {other} is not ours"))),
            }
            .into())
        })
        .collect::<Result<Vec<Column>>>()?;
    DataFrame::new(whole.num_rows(), columns).map_err(|e| damaged(&e))
}
