//! GeoParquet 1.1: WKB polygons, the CRS as PROJJSON, a `bbox` covering column, Hilbert order.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Float64Array, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use serde_json::json;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::Polygon;
use crate::vector::{wkb, wkb_of_all};

/// Rows of a row group.
const ROW_GROUP: usize = 65_536;
/// Rows made ready at a time by one thread.
const CHUNK: usize = 8_192;

/// A file being written.
pub struct GeoParquet {
    path: PathBuf,
    writer: ArrowWriter<File>,
    schema: Arc<Schema>,
    crs: serde_json::Value,
    bounds: [f64; 4],
    kind: &'static str,
}

/// The geometry of a row.
pub trait Shape {
    /// Its type, as the metadata names it.
    const KIND: &'static str;
    /// As well-known binary.
    fn wkb(&self) -> Vec<u8>;
    /// The points of its outer rings.
    fn outline(&self) -> impl Iterator<Item = &Point>;
}

impl Shape for Polygon {
    const KIND: &'static str = "Polygon";

    fn wkb(&self) -> Vec<u8> {
        wkb(self)
    }

    fn outline(&self) -> impl Iterator<Item = &Point> {
        self.exterior.iter()
    }
}

impl Shape for Vec<Polygon> {
    const KIND: &'static str = "MultiPolygon";

    fn wkb(&self) -> Vec<u8> {
        wkb_of_all(self)
    }

    fn outline(&self) -> impl Iterator<Item = &Point> {
        self.iter().flat_map(|polygon| &polygon.exterior)
    }
}

/// How Parquet files are compressed: at the level that zstd itself takes. Higher ones save a tenth, and take
/// three times as long.
pub(crate) fn compression() -> Result<Compression> {
    let level = ZstdLevel::try_new(3).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Compression::ZSTD(level))
}

impl GeoParquet {
    /// Starts a file of these columns, a `bbox` and a `geometry`.
    pub fn create(path: &Path, columns: Vec<Field>, crs: &Crs) -> Result<Self> {
        let mut fields = columns;
        fields.push(Field::new("bbox", DataType::Struct(bbox_fields()), false));
        fields.push(Field::new("geometry", DataType::Binary, false));
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(compression()?)
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_created_by(format!("millesime {}", env!("CARGO_PKG_VERSION")))
            .build();
        let file = File::create(path).map_err(|e| Error::unwritable(path, e))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|e| Error::unwritable(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            schema,
            kind: Polygon::KIND,
            crs: crs.projjson()?,
            bounds: [
                f64::INFINITY,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NEG_INFINITY,
            ],
        })
    }

    /// Writes rows along a Hilbert curve through the `centres` of their polygons: `columns` makes
    /// the columns of some rows, `shape` the geometry of one.
    pub fn write<C, P, S>(&mut self, centres: &[Point], columns: C, shape: P) -> Result<()>
    where
        C: Fn(&[usize]) -> Vec<ArrayRef> + Sync,
        P: Fn(usize) -> S + Sync,
        S: Shape,
    {
        self.write_in_order(&hilbert_order(centres), columns, shape)
    }

    /// Writes these rows, in this order.
    pub fn write_in_order<C, P, S>(&mut self, order: &[usize], columns: C, shape: P) -> Result<()>
    where
        C: Fn(&[usize]) -> Vec<ArrayRef> + Sync,
        P: Fn(usize) -> S + Sync,
        S: Shape,
    {
        self.kind = S::KIND;
        let schema = &self.schema;
        let threads = rayon::current_num_threads().max(1);
        for group in order.chunks(CHUNK * threads) {
            let batches: Vec<(RecordBatch, [f64; 4])> = group
                .par_chunks(CHUNK)
                .map(|rows| batch(schema, rows, &columns, &shape))
                .collect::<Result<_>>()?;
            for (batch, bounds) in batches {
                for n in 0..2 {
                    self.bounds[n] = self.bounds[n].min(bounds[n]);
                    self.bounds[n + 2] = self.bounds[n + 2].max(bounds[n + 2]);
                }
                self.writer
                    .write(&batch)
                    .map_err(|e| Error::unwritable(&self.path, e))?;
            }
        }
        Ok(())
    }

    /// Ends a row group.
    pub fn end_group(&mut self) -> Result<()> {
        self.writer
            .flush()
            .map_err(|e| Error::unwritable(&self.path, e))
    }

    /// Notes something of the file in its metadata.
    pub fn note(&mut self, key: &str, value: String) {
        self.writer
            .append_key_value_metadata(KeyValue::new(key.to_owned(), value));
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<()> {
        let mut column = json!({
            "encoding": "WKB",
            "geometry_types": [self.kind],
            "crs": self.crs,
            "orientation": "counterclockwise",
            "edges": "planar",
            "covering": { "bbox": {
                "xmin": ["bbox", "xmin"], "ymin": ["bbox", "ymin"],
                "xmax": ["bbox", "xmax"], "ymax": ["bbox", "ymax"],
            } },
        });
        if self.bounds[0].is_finite() {
            column["bbox"] = json!(self.bounds);
        }
        let geo = json!({
            "version": "1.1.0",
            "primary_column": "geometry",
            "columns": { "geometry": column },
        });
        self.writer
            .append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_string()));
        let path = self.path;
        self.writer
            .close()
            .map_err(|e| Error::unwritable(&path, e))?;
        Ok(())
    }
}

/// The rows of one batch, and their bounds.
fn batch<C, P, S>(
    schema: &Arc<Schema>,
    rows: &[usize],
    columns: &C,
    shape: &P,
) -> Result<(RecordBatch, [f64; 4])>
where
    C: Fn(&[usize]) -> Vec<ArrayRef>,
    P: Fn(usize) -> S,
    S: Shape,
{
    let mut corners: [Vec<f64>; 4] = Default::default();
    let mut wkbs: Vec<Vec<u8>> = Vec::with_capacity(rows.len());
    for &row in rows {
        let shape = shape(row);
        for (corner, value) in corners.iter_mut().zip(bounds(&shape)) {
            corner.push(value);
        }
        wkbs.push(shape.wkb());
    }
    let extreme = [
        corners[0].iter().copied().fold(f64::INFINITY, f64::min),
        corners[1].iter().copied().fold(f64::INFINITY, f64::min),
        corners[2].iter().copied().fold(f64::NEG_INFINITY, f64::max),
        corners[3].iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ];
    let bbox: Vec<ArrayRef> = corners
        .into_iter()
        .map(|corner| Arc::new(Float64Array::from(corner)) as ArrayRef)
        .collect();
    let mut arrays = columns(rows);
    arrays.push(Arc::new(StructArray::new(bbox_fields(), bbox, None)));
    arrays.push(Arc::new(BinaryArray::from_iter_values(wkbs)));
    let batch = RecordBatch::try_new(Arc::clone(schema), arrays)
        .map_err(|e| Error::Internal(format!("columns of a GeoParquet file: {e}")))?;
    Ok((batch, extreme))
}

fn bbox_fields() -> Fields {
    ["xmin", "ymin", "xmax", "ymax"]
        .into_iter()
        .map(|name| Field::new(name, DataType::Float64, false))
        .collect()
}

fn bounds(shape: &impl Shape) -> [f64; 4] {
    let mut bounds = [i32::MAX, i32::MAX, i32::MIN, i32::MIN];
    for p in shape.outline() {
        bounds[0] = bounds[0].min(p.x);
        bounds[1] = bounds[1].min(p.y);
        bounds[2] = bounds[2].max(p.x);
        bounds[3] = bounds[3].max(p.y);
    }
    let (low, high) = (
        Point::new(bounds[0], bounds[1]),
        Point::new(bounds[2], bounds[3]),
    );
    let ((x0, y0), (x1, y1)) = (low.metres(), high.metres());
    [x0, y0, x1, y1]
}

/// Rows along a Hilbert curve through their centres; ties keep their order.
pub fn hilbert_order(centres: &[Point]) -> Vec<usize> {
    let west = centres.iter().map(|p| p.x).min().unwrap_or(0);
    let south = centres.iter().map(|p| p.y).min().unwrap_or(0);
    let mut keyed: Vec<(u64, usize)> = centres
        .par_iter()
        .enumerate()
        .map(|(n, p)| {
            // Differences of grid coordinates are below 2³¹: a curve of that order holds them.
            let (x, y) = (
                p.x.wrapping_sub(west) as u32,
                p.y.wrapping_sub(south) as u32,
            );
            (fast_hilbert::xy2h(x, y, 32), n)
        })
        .collect();
    keyed.par_sort_unstable();
    keyed.into_iter().map(|(_, n)| n).collect()
}
