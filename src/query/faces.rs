//! The files of faces that a run wrote.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, BinaryArray, BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::partitions;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::vector::geo_metadata;

/// The files of faces of a run, each with its period.
pub(crate) fn face_files(out: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for (period, folder) in partitions(&out.join("faces"), "period=")? {
        for (_, folder) in partitions(&folder, "departement=")? {
            files.push((period.clone(), folder.join("faces.parquet")));
        }
    }
    Ok(files)
}

/// A file of faces, opened to be read batch by batch.
pub(crate) struct FaceFile {
    path: PathBuf,
    /// The CRS of its geometry.
    pub(crate) crs: Crs,
    /// Its columns.
    pub(crate) schema: SchemaRef,
    reader: ParquetRecordBatchReader,
}

impl FaceFile {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let damaged = |e: &dyn std::fmt::Display| Error::unreadable(path, e);
        let file = File::open(path).map_err(|e| damaged(&e))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| damaged(&e))?;
        let geo = geo_metadata(builder.metadata().file_metadata())
            .ok_or_else(|| damaged(&"it has no geo metadata"))?;
        let crs = geo["columns"]["geometry"]["crs"].to_string();
        Ok(Self {
            path: path.to_owned(),
            crs: Crs::parse(&crs, &path.display().to_string())?,
            schema: builder.schema().clone(),
            reader: builder.build().map_err(|e| damaged(&e))?,
        })
    }

    /// The next batch of faces.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>> {
        let batch = self.reader.next().transpose();
        let batch = batch.map_err(|e| Error::unreadable(&self.path, e))?;
        let path = self.path.clone();
        Ok(batch.map(|rows| Batch { path, rows }))
    }
}

/// Some faces.
pub(crate) struct Batch {
    path: PathBuf,
    /// Their columns.
    pub(crate) rows: RecordBatch,
}

impl Batch {
    /// A column of text.
    pub(crate) fn text(&self, name: &str) -> Result<&StringArray> {
        let column = self.rows.column_by_name(name);
        column
            .and_then(|c| c.as_string_opt::<i32>())
            .ok_or_else(|| self.lacks(name))
    }

    /// A column of flags.
    pub(crate) fn flag(&self, name: &str) -> Result<&BooleanArray> {
        let column = self.rows.column_by_name(name);
        column
            .and_then(|c| c.as_boolean_opt())
            .ok_or_else(|| self.lacks(name))
    }

    /// The geometry, as WKB.
    pub(crate) fn geometry(&self) -> Result<&BinaryArray> {
        let column = self.rows.column_by_name("geometry");
        column
            .and_then(|c| c.as_binary_opt::<i32>())
            .ok_or_else(|| self.lacks("geometry"))
    }

    /// The area, in half square centimetres.
    pub(crate) fn area(&self) -> Result<&arrow::array::Int64Array> {
        let name = "area_half_cm2";
        let column = self.rows.column_by_name(name);
        column
            .and_then(|c| c.as_primitive_opt::<arrow::datatypes::Int64Type>())
            .ok_or_else(|| self.lacks(name))
    }

    fn lacks(&self, name: &str) -> Error {
        Error::unreadable(&self.path, format!("it has no column {name}"))
    }
}
