//! GeoParquet layers.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, LargeBinaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::FileMetaData;
use serde_json::Value;

use super::Row;
use crate::crs::Crs;
use crate::error::{Error, Result};

pub(super) struct Reader {
    path: PathBuf,
    /// The `geo` metadata of the file.
    geo: Value,
    geometry: String,
    columns: Vec<String>,
    rows: u64,
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let builder = builder(path)?;
        let metadata = builder.metadata().file_metadata();
        let geo = geo_metadata(metadata).ok_or_else(|| {
            Error::input(
                path.display(),
                "is a Parquet file without `geo` metadata",
                "write it as GeoParquet 1.0 or 1.1",
            )
        })?;
        let geometry = geo["primary_column"]
            .as_str()
            .unwrap_or("geometry")
            .to_owned();
        let encoding = geo["columns"][&geometry]["encoding"]
            .as_str()
            .unwrap_or("WKB");
        if encoding != "WKB" {
            return Err(Error::input(
                path.display(),
                format!("its geometry is encoded as {encoding}"),
                "write it with the WKB encoding",
            ));
        }
        let columns: Vec<String> = builder
            .schema()
            .fields()
            .iter()
            .map(|f| f.name().clone())
            .filter(|name| *name != geometry)
            .collect();
        let rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
        Ok(Self {
            path: path.to_owned(),
            geo,
            geometry,
            columns,
            rows,
        })
    }

    pub(super) fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn crs(&self) -> Result<Option<Crs>> {
        let place = self.path.display().to_string();
        match self.geo["columns"][&self.geometry].get("crs") {
            // The specification: no `crs` means longitude and latitude, null means unknown.
            None => Crs::parse("OGC:CRS84", &place).map(Some),
            Some(Value::Null) => Ok(None),
            Some(projjson) => Crs::parse(&projjson.to_string(), &place).map(Some),
        }
    }

    pub(super) fn scan(
        &mut self,
        columns: &[Option<String>],
        visit: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let damaged = |e: &dyn std::fmt::Display| Error::unreadable(&self.path, e);
        let builder = builder(&self.path)?;
        let wanted = columns.iter().flatten().chain([&self.geometry]);
        let mask = ProjectionMask::columns(builder.parquet_schema(), wanted.map(String::as_str));
        let reader = builder
            .with_projection(mask)
            .build()
            .map_err(|e| damaged(&e))?;
        let mut number = 0;
        let mut values = vec![None; columns.len()];
        for batch in reader {
            let batch = batch.map_err(|e| damaged(&e))?;
            let texts: Vec<Option<StringArray>> = columns
                .iter()
                .map(|name| {
                    let Some(column) = name.as_ref().and_then(|n| batch.column_by_name(n)) else {
                        return Ok(None);
                    };
                    let text = cast(column, &DataType::Utf8).map_err(|e| damaged(&e))?;
                    Ok(Some(text.as_string::<i32>().clone()))
                })
                .collect::<Result<_>>()?;
            let geometry = batch
                .column_by_name(&self.geometry)
                .ok_or_else(|| damaged(&"it has no geometry column"))?;
            let wkb = cast(geometry, &DataType::LargeBinary).map_err(|e| damaged(&e))?;
            let wkb: &LargeBinaryArray = wkb.as_binary();
            for n in 0..batch.num_rows() {
                number += 1;
                for (value, text) in values.iter_mut().zip(&texts) {
                    *value = text
                        .as_ref()
                        .filter(|t| t.is_valid(n))
                        .map(|t| t.value(n).to_owned());
                }
                visit(Row {
                    number,
                    geometry: wkb.is_valid(n).then(|| wkb.value(n)),
                    values: &values,
                })?;
            }
        }
        Ok(())
    }
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).map_err(|e| Error::unreadable(path, e))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| Error::unreadable(path, e))
}

/// The `geo` metadata of a GeoParquet file.
pub fn geo_metadata(metadata: &FileMetaData) -> Option<Value> {
    let pairs = metadata.key_value_metadata()?;
    let pair = pairs.iter().find(|pair| pair.key == "geo")?;
    serde_json::from_str(pair.value.as_deref()?).ok()
}
