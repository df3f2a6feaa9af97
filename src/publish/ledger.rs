//! The ledger as Parquet.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};
use crate::ledger::{Ledger, Row, State};
use crate::reference::Reference;

/// Writes the ledger of one period and département, in each series.
pub fn write(path: &Path, ledgers: &[Ledger], reference: &Reference) -> Result<()> {
    let rows = || ledgers.iter().flat_map(|ledger| &ledger.rows);
    let series = ledgers
        .iter()
        .flat_map(|ledger| ledger.rows.iter().map(|_| Some(ledger.series)));
    let texts = |of: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows().map(of).collect::<StringArray>())
    };
    let flags = |of: fn(&Row) -> Option<bool>| -> ArrayRef {
        Arc::new(rows().map(of).collect::<BooleanArray>())
    };
    let cover = |s: &State| s.codes.map(|c| reference.cover.text(c.0).to_owned());
    let usage = |s: &State| s.codes.map(|c| reference.usage.text(c.1).to_owned());
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("series", Arc::new(series.collect::<StringArray>()), false),
        (
            "commune",
            texts(&|r| Some(r.key.commune.to_string())),
            false,
        ),
        ("cs_before", texts(&|r| cover(&r.key.before)), true),
        ("us_before", texts(&|r| usage(&r.key.before)), true),
        ("cs_after", texts(&|r| cover(&r.key.after)), true),
        ("us_after", texts(&|r| usage(&r.key.after)), true),
        (
            "cause",
            texts(&|r| Some(r.key.cause.name().to_owned())),
            false,
        ),
        ("matrix_before", flags(|r| r.key.before.matrix), true),
        ("matrix_after", flags(|r| r.key.after.matrix), true),
        ("final_before", flags(|r| r.key.before.last), true),
        ("final_after", flags(|r| r.key.after.last), true),
        ("threshold_before", flags(|r| r.key.before.threshold), true),
        ("threshold_after", flags(|r| r.key.after.threshold), true),
        ("zc_before", flags(|r| r.key.before.zone), true),
        ("zc_after", flags(|r| r.key.after.zone), true),
        (
            "impermeable_before",
            flags(|r| r.key.before.impermeable),
            true,
        ),
        (
            "impermeable_after",
            flags(|r| r.key.after.impermeable),
            true,
        ),
        ("edge_before", flags(|r| r.key.before.edge), true),
        ("edge_after", flags(|r| r.key.after.edge), true),
        ("official_before", flags(|r| r.key.before.official), true),
        ("official_after", flags(|r| r.key.after.official), true),
        ("computed_before", flags(|r| r.key.before.computed), true),
        ("computed_after", flags(|r| r.key.after.computed), true),
        (
            "other_forcing_before",
            flags(|r| r.key.before.other_forcing),
            true,
        ),
        (
            "other_forcing_after",
            flags(|r| r.key.after.other_forcing),
            true,
        ),
        ("exempted_before", flags(|r| r.key.before.exempted), true),
        ("exempted_after", flags(|r| r.key.after.exempted), true),
        (
            "area_half_cm2",
            Arc::new(rows().map(|r| Some(r.area)).collect::<Int64Array>()),
            false,
        ),
        (
            "faces",
            Arc::new(rows().map(|r| Some(r.faces)).collect::<Int64Array>()),
            false,
        ),
    ];
    batch(path, columns)
}

/// Writes columns (name, values, whether they may be null) as one Parquet file.
pub(super) fn batch(path: &Path, columns: Vec<(&str, ArrayRef, bool)>) -> Result<()> {
    let internal = |e: &dyn std::fmt::Display| Error::Internal(format!("{}: {e}", path.display()));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(|e| internal(&e))?;
    let properties = WriterProperties::builder()
        .set_compression(super::geoparquet::compression()?)
        .set_created_by(format!("millesime {}", env!("CARGO_PKG_VERSION")))
        .build();
    let file = File::create(path).map_err(|e| Error::unwritable(path, e))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))
        .map_err(|e| Error::unwritable(path, e))?;
    writer
        .write(&batch)
        .map_err(|e| Error::unwritable(path, e))?;
    writer.close().map_err(|e| Error::unwritable(path, e))?;
    Ok(())
}
