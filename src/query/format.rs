//! Answers as GeoJSON, CSV or a table to read.

use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema};
use serde_json::{Map, Value, json};

use super::degrees::Degrees;
use super::{Format, Found};
use crate::error::{Error, Result};
use crate::grid::format_m2;
use crate::vector::{Ring, polygons};

/// Columns that are not attributes of a face.
const GEOMETRY: [&str; 2] = ["bbox", "geometry"];

/// Writes the faces that were found as text.
pub(super) fn write(found: &[Found], format: Format, into: &mut dyn Write) -> Result<()> {
    match format {
        Format::GeoJson => geojson(found, into),
        Format::Csv => csv(found, into),
        _ => printed(into.write_all(table(found).as_bytes())),
    }
}

/// A failure of whoever reads the answer.
fn printed(outcome: std::io::Result<()>) -> Result<()> {
    outcome.map_err(|e| Error::Output(e.to_string(), e.kind()))
}

/// The value of a column as JSON.
pub(super) fn value(batch: &RecordBatch, column: usize, row: usize) -> Value {
    let array = batch.column(column);
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Utf8 => json!(array.as_string::<i32>().value(row)),
        DataType::Boolean => json!(array.as_boolean().value(row)),
        DataType::Int64 => json!(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => json!(array.as_primitive::<Float64Type>().value(row)),
        _ => Value::Null,
    }
}

/// Names and numbers of the attribute columns.
pub(super) fn attributes(schema: &Schema) -> Vec<(usize, String)> {
    let names = schema.fields().iter().map(|f| f.name().clone()).enumerate();
    names
        .filter(|(_, name)| !GEOMETRY.contains(&name.as_str()))
        .collect()
}

fn geojson(found: &[Found], into: &mut dyn Write) -> Result<()> {
    let mut separator = "\n";
    printed(into.write_all(b"{\"type\":\"FeatureCollection\",\"features\":["))?;
    for part in found {
        if part.batches.is_empty() {
            continue;
        }
        let way = Degrees::of(&part.projjson)?;
        for batch in &part.batches {
            let geometry = batch
                .column_by_name("geometry")
                .and_then(|c| c.as_binary_opt::<i32>())
                .ok_or_else(|| Error::Internal("faces without geometry".to_owned()))?;
            for row in 0..batch.num_rows() {
                let mut properties = Map::new();
                properties.insert("period".to_owned(), json!(part.period));
                for (column, name) in attributes(&batch.schema()) {
                    properties.insert(name, value(batch, column, row));
                }
                let rings = polygons(geometry.value(row))
                    .and_then(|shape| shape.polygons.into_iter().next())
                    .ok_or_else(|| Error::Internal("a face that is no polygon".to_owned()))?;
                let rings: Vec<Value> = rings
                    .into_iter()
                    .map(|ring| to_degrees(ring, &way))
                    .collect::<Result<_>>()?;
                let feature = json!({
                    "type": "Feature",
                    "properties": properties,
                    "geometry": { "type": "Polygon", "coordinates": rings },
                });
                printed(write!(into, "{separator}{feature}"))?;
                separator = ",\n";
            }
        }
    }
    printed(into.write_all(b"\n]}\n"))
}

/// Longitudes and latitudes of a ring, to a tenth of a millimetre or so.
fn to_degrees(mut ring: Ring, way: &Degrees) -> Result<Value> {
    way.to(&mut ring)?;
    let round = |v: f64| (v * 1e9).round() / 1e9;
    Ok(ring
        .into_iter()
        .map(|(x, y)| json!([round(x), round(y)]))
        .collect())
}

/// A value as CSV has it.
fn text(batch: &RecordBatch, column: usize, name: &str, row: usize) -> String {
    if name == "area_m2"
        && let Some(exact) = batch.column_by_name("area_half_cm2")
    {
        return format_m2(exact.as_primitive::<Int64Type>().value(row));
    }
    match value(batch, column, row) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn csv(found: &[Found], into: &mut dyn Write) -> Result<()> {
    let failed = |e: csv::Error| match e.into_kind() {
        csv::ErrorKind::Io(e) => Error::Output(e.to_string(), e.kind()),
        other => Error::Internal(format!("CSV: {other:?}")),
    };
    let mut writer = csv::Writer::from_writer(into);
    if let Some(first) = found.first() {
        let columns = attributes(&first.schema);
        let names = columns.iter().map(|(_, name)| name.as_str());
        writer
            .write_record(std::iter::once("period").chain(names))
            .map_err(failed)?;
    }
    for part in found {
        for batch in &part.batches {
            let columns = attributes(&batch.schema());
            for row in 0..batch.num_rows() {
                let values = columns.iter().map(|(c, name)| text(batch, *c, name, row));
                writer
                    .write_record(std::iter::once(part.period.clone()).chain(values))
                    .map_err(failed)?;
            }
        }
    }
    printed(writer.flush())
}

/// Columns of the table to read.
const SHOWN: [&str; 9] = [
    "commune",
    "cs_before",
    "us_before",
    "cs_after",
    "us_after",
    "final_before",
    "final_after",
    "cause",
    "area_m2",
];

fn table(found: &[Found]) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut total = 0;
    for part in found {
        for batch in &part.batches {
            let columns = attributes(&batch.schema());
            for row in 0..batch.num_rows() {
                if let Some(exact) = batch.column_by_name("area_half_cm2") {
                    total += exact.as_primitive::<Int64Type>().value(row);
                }
                let cell = |wanted: &&str| {
                    let column = columns.iter().find(|(_, name)| name == wanted);
                    column.map_or_else(String::new, |(c, name)| text(batch, *c, name, row))
                };
                let cells = SHOWN.iter().map(cell);
                rows.push(std::iter::once(part.period.clone()).chain(cells).collect());
            }
        }
    }
    let header: Vec<String> = std::iter::once("period")
        .chain(SHOWN)
        .map(str::to_owned)
        .collect();
    let count = rows.len();
    rows.insert(0, header);
    let widths: Vec<usize> = (0..=SHOWN.len())
        .map(|c| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in &rows {
        let last = row.len() - 1;
        for (c, cell) in row.iter().enumerate() {
            let line = if c == last {
                format!("{cell:>width$}\n", width = widths[c])
            } else {
                format!("{cell:<width$}  ", width = widths[c])
            };
            out.push_str(&line);
        }
    }
    out + &format!("{count} faces, {} m²\n", format_m2(total))
}
