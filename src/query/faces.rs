//! The files of faces that a run wrote, read no further than a question needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, BinaryArray, BooleanArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::metadata::{FileMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::store::{Source, Store, damaged};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::publish::{INDEX, Index};
use crate::vector::geo_metadata;

/// What of a file is worth reading.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Need<'a> {
    /// These communes; all when `None`.
    pub(crate) communes: Option<&'a BTreeSet<String>>,
    /// Nothing that is unchanged.
    pub(crate) changes_only: bool,
    /// What touches a rectangle (west, south, east, north), in the CRS of the file.
    pub(crate) bounds: Option<[f64; 4]>,
    /// These columns; all when `None`.
    pub(crate) columns: Option<&'a [&'a str]>,
}

/// A file of faces, opened.
pub(crate) struct FaceFile {
    path: PathBuf,
    /// Its CRS, as PROJJSON.
    pub(crate) projjson: serde_json::Value,
    /// Its columns.
    pub(crate) schema: SchemaRef,
    builder: ParquetRecordBatchReaderBuilder<Source>,
}

impl FaceFile {
    /// Opens a file of the outputs of a run.
    pub(crate) fn open(store: &Store, file: &str) -> Result<Self> {
        let path = store.place(file);
        let builder = ParquetRecordBatchReaderBuilder::try_new(store.source(file)?)
            .map_err(damaged(&path))?;
        let geo = geo_metadata(builder.metadata().file_metadata())
            .ok_or_else(|| Error::unreadable(&path, "it has no geo metadata"))?;
        Ok(Self {
            projjson: geo["columns"]["geometry"]["crs"].clone(),
            schema: builder.schema().clone(),
            path,
            builder,
        })
    }

    /// The CRS of its geometry.
    pub(crate) fn crs(&self) -> Result<Crs> {
        Crs::parse(&self.projjson.to_string(), &self.path.display().to_string())
    }

    /// The communes that it has faces of, by its index.
    pub(crate) fn communes(&self) -> impl Iterator<Item = String> + use<> {
        let index = index(self.builder.metadata().file_metadata()).unwrap_or_default();
        index.communes.into_keys()
    }

    /// Reads what is needed, and as little more as the file allows.
    pub(crate) fn read(self, need: Need) -> Result<Batches> {
        let metadata = self.builder.metadata().clone();
        let mut first = 0;
        let mut groups = Vec::new();
        for (n, group) in metadata.row_groups().iter().enumerate() {
            let rows = group.num_rows().unsigned_abs();
            if is_worth(group, &need) {
                groups.push((n, first, rows));
            }
            first += rows;
        }
        let stretches = need.communes.and_then(|wanted| {
            let index = index(metadata.file_metadata())?;
            let own = wanted.iter().filter_map(|c| index.communes.get(c));
            let mut stretches: Vec<(u64, u64)> = own.flatten().copied().collect();
            if need.changes_only {
                stretches.retain(|s| s.0 < index.changes);
            }
            stretches.sort_unstable();
            Some(stretches)
        });
        let mut builder = self.builder;
        if let Some(stretches) = &stretches {
            // A row group without a row that is wanted is not read at all.
            groups.retain(|&(_, first, rows)| {
                let touches = |s: &(u64, u64)| s.0 < first + rows && first < s.0 + s.1;
                stretches.iter().any(touches)
            });
            builder = builder.with_row_selection(selection(&groups, stretches));
        }
        builder = builder.with_row_groups(groups.iter().map(|g| g.0).collect());
        if let Some(columns) = need.columns {
            let roots = self.schema.fields().iter().enumerate();
            let wanted = roots.filter(|(_, f)| columns.contains(&f.name().as_str()));
            let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.map(|(n, _)| n));
            builder = builder.with_projection(mask);
        }
        let reader = builder
            .with_batch_size(8_192)
            .build()
            .map_err(damaged(&self.path))?;
        Ok(Batches {
            path: self.path,
            reader,
        })
    }
}

fn index(metadata: &FileMetaData) -> Option<Index> {
    let mut values = metadata.key_value_metadata()?.iter();
    let value = values.find(|v| v.key == INDEX)?.value.as_deref()?;
    serde_json::from_str(value).ok()
}

/// Which rows of the groups that are read are in the stretches.
fn selection(groups: &[(usize, u64, u64)], stretches: &[(u64, u64)]) -> RowSelection {
    let mut selectors = Vec::new();
    for &(_, first, rows) in groups {
        let end = first + rows;
        let mut at = first;
        for &(start, length) in stretches {
            let (from, to) = (start.max(at), (start + length).min(end));
            if from < to {
                selectors.push(RowSelector::skip((from - at) as usize));
                selectors.push(RowSelector::select((to - from) as usize));
                at = to;
            }
        }
        selectors.push(RowSelector::skip((end - at) as usize));
    }
    selectors.into()
}

/// Whether a row group may hold what is needed, by its statistics.
fn is_worth(group: &RowGroupMetaData, need: &Need) -> bool {
    let statistics = |name: &str| {
        let mut columns = group.columns().iter();
        columns
            .find(|c| c.column_path().string() == name)?
            .statistics()
    };
    if need.changes_only
        && let Some(Statistics::ByteArray(causes)) = statistics("cause")
        && let (Some(least), Some(most)) = (causes.min_opt(), causes.max_opt())
        && least.data() == b"unchanged"
        && most.data() == b"unchanged"
    {
        return false;
    }
    if let Some([west, south, east, north]) = need.bounds {
        let extreme = |name: &str, is_least: bool| match statistics(name) {
            Some(Statistics::Double(v)) if is_least => v.min_opt().copied(),
            Some(Statistics::Double(v)) => v.max_opt().copied(),
            _ => None,
        };
        if extreme("bbox.xmin", true).is_some_and(|x| x > east)
            || extreme("bbox.ymin", true).is_some_and(|y| y > north)
            || extreme("bbox.xmax", false).is_some_and(|x| x < west)
            || extreme("bbox.ymax", false).is_some_and(|y| y < south)
        {
            return false;
        }
    }
    true
}

/// Faces of a file, some at a time.
pub(crate) struct Batches {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
}

impl Batches {
    /// The next faces.
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
    /// Some rows of a file.
    pub(super) fn new(path: PathBuf, rows: RecordBatch) -> Self {
        Self { path, rows }
    }

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

    /// A side of the rectangles that the faces lie in: `xmin`, `ymin`, `xmax` or `ymax`.
    pub(crate) fn side(&self, name: &str) -> Result<&Float64Array> {
        let column = self.rows.column_by_name("bbox");
        column
            .and_then(|c| c.as_struct_opt()?.column_by_name(name))
            .and_then(|c| c.as_primitive_opt::<Float64Type>())
            .ok_or_else(|| self.lacks("bbox"))
    }

    /// The area, in half square centimetres.
    pub(crate) fn area(&self) -> Result<&arrow::array::Int64Array> {
        let name = "area_half_cm2";
        let column = self.rows.column_by_name(name);
        column
            .and_then(|c| c.as_primitive_opt::<arrow::datatypes::Int64Type>())
            .ok_or_else(|| self.lacks(name))
    }

    /// The file that they are of.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn lacks(&self, name: &str) -> Error {
        Error::unreadable(&self.path, format!("it has no column {name}"))
    }
}
