//! The rows of a frame as CSV, straight from its columns: what a country has of them is too much for values one by one.

use std::io::Write;

use polars::prelude::{Column, DataFrame, DataType};

use super::tables::{EXACT, writer};
use crate::error::{Error, Result};
use crate::grid::{HALF_CM2_PER_M2, format_m2};

/// Appends the text of the next value of a column; nothing where there is none.
type Field<'a> = Box<dyn FnMut(&mut Vec<u8>) + 'a>;

/// The rows of a frame, as [`super::tables::Cell::text`] has each value.
pub(super) fn rows(frame: &DataFrame, separator: u8) -> Result<Vec<u8>> {
    let internal = |e: csv::Error| Error::Internal(format!("a table: {e}"));
    let mut fields = frame
        .columns()
        .iter()
        .map(field)
        .collect::<Result<Vec<Field>>>()?;
    let (mut text, mut value) = (Vec::new(), Vec::new());
    let mut out = writer(&mut text, separator);
    for _ in 0..frame.height() {
        for field in &mut fields {
            value.clear();
            field(&mut value);
            out.write_field(&value).map_err(internal)?;
        }
        out.write_record(None::<&[u8]>).map_err(internal)?;
    }
    out.flush()
        .map_err(|e| Error::Internal(format!("a table: {e}")))?;
    drop(out);
    Ok(text)
}

/// The values of a column.
fn field(column: &Column) -> Result<Field<'_>> {
    let name = column.name().as_str();
    let failed = |e: polars::error::PolarsError| Error::Internal(format!("column {name}: {e}"));
    let is_area = name.ends_with(EXACT);
    Ok(match column.dtype() {
        DataType::Null => Box::new(|_: &mut Vec<u8>| ()),
        DataType::String => {
            let mut values = column.str().map_err(failed)?.iter();
            Box::new(move |to| {
                if let Some(Some(text)) = values.next() {
                    to.extend_from_slice(text.as_bytes());
                }
            })
        }
        DataType::Boolean => {
            let mut values = column.bool().map_err(failed)?.iter();
            Box::new(move |to| {
                if let Some(Some(flag)) = values.next() {
                    append(to, flag);
                }
            })
        }
        DataType::Float64 => {
            let mut values = column.f64().map_err(failed)?.iter();
            let unit = if is_area { HALF_CM2_PER_M2 as f64 } else { 1.0 };
            Box::new(move |to| match values.next() {
                // A division by nothing has no figure.
                Some(Some(number)) if number.is_finite() => append(to, number / unit),
                _ => {}
            })
        }
        _ => {
            let whole = column.strict_cast(&DataType::Int64).map_err(failed)?;
            let whole = whole.i64().map_err(failed)?.rechunk().into_owned();
            let mut row = 0;
            Box::new(move |to| {
                let value = whole.get(row);
                row += 1;
                match value {
                    Some(area) if is_area => to.extend_from_slice(format_m2(area).as_bytes()),
                    Some(number) => append(to, number),
                    None => {}
                }
            })
        }
    })
}

fn append(to: &mut Vec<u8>, value: impl std::fmt::Display) {
    // A list in memory takes all that is written.
    let _ = write!(to, "{value}");
}

#[cfg(test)]
mod tests {
    use polars::prelude::{NamedFrom, Series};

    use super::super::tables::{cells, write_csv};
    use super::*;

    #[test]
    fn a_frame_reads_as_its_values_do() {
        let columns: Vec<Column> = vec![
            Series::new("text".into(), [Some("a;b"), None, Some("d\"e, f")]).into(),
            Series::new("flag".into(), [Some(true), Some(false), None]).into(),
            Series::new("share".into(), [Some(0.1), Some(f64::NAN), None]).into(),
            Series::new("mean_half_cm2".into(), [Some(3.0), None, Some(1e12)]).into(),
            Series::new(
                "area_half_cm2".into(),
                [Some(-1i64), None, Some(444_090_000)],
            )
            .into(),
            Series::new("count".into(), [Some(3u32), None, Some(7)]).into(),
            Series::full_null("nothing".into(), 3, &DataType::Null).into(),
        ];
        let whole = DataFrame::new(3, columns).unwrap();
        for separator in *b",;" {
            // A column alone is quoted where it has no value.
            for frame in [whole.clone(), whole.select(["text"]).unwrap()] {
                let mut by_values = Vec::new();
                write_csv(&mut by_values, &cells(&frame).unwrap(), separator).unwrap();
                let first = by_values.iter().position(|&b| b == b'\n').unwrap() + 1;
                let ours = rows(&frame, separator).unwrap();
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                assert_eq!(text(&ours), text(&by_values[first..]));
            }
        }
    }
}
