//! Answers as files of layers: GeoPackage, FlatGeobuf, GeoParquet.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use gdal::vector::{
    Feature, FieldDefn, Geometry, LayerAccess, LayerOptions, OGRFieldType, OGRwkbGeometryType,
};
use gdal::{DriverManager, errors::GdalError};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::json;

use super::format::attributes;
use super::{Format, Found};
use crate::crs::Crs;
use crate::error::{Error, Result};

/// The layer of the answer.
const LAYER: &str = "faces";

/// Writes the faces that were found into a file, aside first: it appears whole.
pub(super) fn write(found: &[Found], format: Format, path: &Path) -> Result<()> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let Some(name) = name else {
        return Err(Error::unwritable(path, "it has no name"));
    };
    let aside = path.with_file_name(format!(".partial.{name}"));
    // What an interrupted query left; it may not be there.
    let _ = std::fs::remove_file(&aside);
    let written = match format {
        Format::Parquet => parquet(found, &aside),
        Format::GeoPackage => ogr(found, "GPKG", &aside),
        _ => ogr(found, "FlatGeobuf", &aside),
    };
    let written = written
        .and_then(|()| std::fs::rename(&aside, path).map_err(|e| Error::unwritable(path, e)));
    if written.is_err() {
        let _ = std::fs::remove_file(&aside);
    }
    written
}

/// The columns of the answer, with the period before those of the faces.
fn with_period(part: &Found, batch: &RecordBatch, schema: &Arc<Schema>) -> Result<RecordBatch> {
    let periods = std::iter::repeat_n(Some(part.period.as_str()), batch.num_rows());
    let period: ArrayRef = Arc::new(periods.collect::<StringArray>());
    let columns = std::iter::once(period).chain(batch.columns().iter().cloned());
    RecordBatch::try_new(Arc::clone(schema), columns.collect())
        .map_err(|e| Error::Internal(format!("columns of an answer: {e}")))
}

fn parquet(found: &[Found], path: &Path) -> Result<()> {
    let unwritable = |e: &dyn std::fmt::Display| Error::unwritable(path, e);
    let Some(first) = found.first() else {
        return Err(Error::Internal("an answer of no file".to_owned()));
    };
    let period = Arc::new(Field::new("period", DataType::Utf8, false));
    let fields = std::iter::once(period).chain(first.schema.fields().iter().cloned());
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let properties = WriterProperties::builder()
        .set_compression(crate::publish::compression()?)
        .set_created_by(format!("millesime {}", env!("CARGO_PKG_VERSION")))
        .build();
    let file = std::fs::File::create(path).map_err(|e| unwritable(&e))?;
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
        .map_err(|e| unwritable(&e))?;
    for part in found {
        for batch in &part.batches {
            writer
                .write(&with_period(part, batch, &schema)?)
                .map_err(|e| unwritable(&e))?;
        }
    }
    let geo = json!({
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": { "geometry": {
            "encoding": "WKB",
            "geometry_types": ["Polygon"],
            "crs": first.projjson,
            "orientation": "counterclockwise",
            "edges": "planar",
            "covering": { "bbox": {
                "xmin": ["bbox", "xmin"], "ymin": ["bbox", "ymin"],
                "xmax": ["bbox", "xmax"], "ymax": ["bbox", "ymax"],
            } },
        } },
    });
    writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_string()));
    writer.close().map_err(|e| unwritable(&e))?;
    Ok(())
}

fn ogr(found: &[Found], driver: &str, path: &Path) -> Result<()> {
    let Some(first) = found.first() else {
        return Err(Error::Internal("an answer of no file".to_owned()));
    };
    let crs = Crs::parse(&first.projjson.to_string(), "the CRS of the faces")?;
    let system = crs.spatial_ref()?;
    let columns = attributes(&first.schema);
    let write = || -> std::result::Result<(), GdalError> {
        crate::publish::fix_settings()?;
        let mut dataset = DriverManager::get_driver_by_name(driver)?.create_vector_only(path)?;
        let layer = dataset.create_layer(LayerOptions {
            name: LAYER,
            srs: Some(&system),
            ty: OGRwkbGeometryType::wkbPolygon,
            options: None,
        })?;
        FieldDefn::new("period", OGRFieldType::OFTString)?.add_to_layer(&layer)?;
        for (column, name) in &columns {
            let kind = match first.schema.field(*column).data_type() {
                DataType::Int64 => OGRFieldType::OFTInteger64,
                DataType::Float64 => OGRFieldType::OFTReal,
                DataType::Boolean => OGRFieldType::OFTInteger,
                _ => OGRFieldType::OFTString,
            };
            FieldDefn::new(name, kind)?.add_to_layer(&layer)?;
        }
        for part in found {
            for batch in &part.batches {
                let Some(shapes) = batch
                    .column_by_name("geometry")
                    .and_then(|c| c.as_binary_opt::<i32>())
                else {
                    continue;
                };
                for row in 0..batch.num_rows() {
                    let mut feature = Feature::new(layer.defn())?;
                    feature.set_geometry(Geometry::from_wkb(shapes.value(row))?)?;
                    feature.set_field_string(0, &part.period)?;
                    for (place, (column, _)) in columns.iter().enumerate() {
                        set(&mut feature, place + 1, batch.column(*column), row)?;
                    }
                    feature.create(&layer)?;
                }
            }
        }
        dataset.close()
    };
    write().map_err(|e| Error::unwritable(path, e))
}

/// Sets a field of a feature, unless there is no value.
fn set(
    feature: &mut Feature,
    place: usize,
    column: &ArrayRef,
    row: usize,
) -> std::result::Result<(), GdalError> {
    if column.is_null(row) {
        return feature.set_field_null(place);
    }
    match column.data_type() {
        DataType::Int64 => {
            feature.set_field_integer64(place, column.as_primitive::<Int64Type>().value(row))
        }
        DataType::Float64 => {
            feature.set_field_double(place, column.as_primitive::<Float64Type>().value(row))
        }
        DataType::Boolean => {
            feature.set_field_integer(place, i32::from(column.as_boolean().value(row)))
        }
        _ => feature.set_field_string(place, column.as_string::<i32>().value(row)),
    }
}
