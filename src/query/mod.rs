//! The polygons behind a figure: a filter on the faces of a run.

mod faces;
mod format;

use std::path::{Path, PathBuf};

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::datatypes::SchemaRef;

use crate::crs::Crs;
use crate::error::{Error, Result, suggest};
pub(crate) use faces::{Batch, FaceFile, face_files};

/// Which faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Status from not artificialised to artificialised.
    Artificialisation,
    /// Status from artificialised to not artificialised.
    Desartificialisation,
    /// Every change of code, status or coverage.
    All,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GeoJSON in WGS 84.
    GeoJson,
    /// CSV without geometry.
    Csv,
    /// Aligned text.
    Table,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Folder of the outputs of a run.
    pub out: PathBuf,
    /// Code of the commune.
    pub commune: String,
    /// The series.
    pub series: String,
    /// Period, such as `2015-2018`; all when `None`.
    pub period: Option<String>,
    /// Which faces.
    pub kind: Kind,
}

/// Faces of one file that answer a question.
struct Found {
    period: String,
    crs: Crs,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// Answers a question as text.
pub fn answer(question: &Question, format: Format) -> Result<String> {
    let faces = question.out.join("faces");
    let periods = partitions(&faces, "period=")?;
    if periods.is_empty() {
        return Err(Error::input(
            question.out.display(),
            "holds no faces of a run",
            "give the folder that `millesime run` wrote, with --out",
        ));
    }
    let known = || periods.iter().map(|(name, _)| name.as_str());
    if let Some(period) = &question.period
        && !known().any(|name| name == period)
    {
        return Err(Error::input(
            question.out.display(),
            format!("has no period {period}"),
            suggest(period, known()),
        ));
    }
    require_listed(&question.out, "series", &question.series)?;
    require_listed(&question.out, "commune", &question.commune)?;
    let mut found = Vec::new();
    for (period, folder) in &periods {
        if question.period.as_ref().is_some_and(|p| p != period) {
            continue;
        }
        for (_, folder) in partitions(folder, "departement=")? {
            let path = folder.join("faces.parquet");
            found.push(filter(&path, period, question)?);
        }
    }
    format::write(&found, format)
}

/// Folders `KEY=VALUE` of a folder, by value.
fn partitions(folder: &Path, key: &str) -> Result<Vec<(String, PathBuf)>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let value = path.file_name()?.to_str()?.strip_prefix(key)?.to_owned();
            Some((value, path))
        })
        .collect();
    found.sort();
    Ok(found)
}

/// Refuses a commune or a series that the run does not have: the table of stocks lists all.
pub(crate) fn require_listed(out: &Path, name: &str, asked: &str) -> Result<()> {
    let path = out.join("tables/stock.csv");
    let mut reader = csv::Reader::from_path(&path).map_err(|e| Error::unreadable(&path, e))?;
    let headers = reader.headers().map_err(|e| Error::unreadable(&path, e))?;
    let column = headers.iter().position(|h| h == name).unwrap_or(0);
    let mut known: Vec<String> = reader
        .records()
        .filter_map(|r| Some(r.ok()?.get(column)?.to_owned()))
        .collect();
    known.sort();
    known.dedup();
    if known.iter().any(|k| k == asked) {
        return Ok(());
    }
    let near = crate::error::nearest(asked, known.iter().map(String::as_str));
    let advice = match near {
        Some(near) => format!(
            "did you mean {near}? tables/stock.csv lists all {}",
            known.len()
        ),
        None if known.len() > 10 => format!("tables/stock.csv lists all {}", known.len()),
        None => format!("it has {}", known.join(", ")),
    };
    Err(Error::input(
        out.display(),
        format!("has no {name} {asked}"),
        advice,
    ))
}

fn filter(path: &Path, period: &str, question: &Question) -> Result<Found> {
    let mut file = FaceFile::open(path)?;
    let mut batches = Vec::new();
    while let Some(batch) = file.next()? {
        let (series, commune) = (batch.text("series")?, batch.text("commune")?);
        let cause = batch.text("cause")?;
        let (before, after) = (batch.flag("final_before")?, batch.flag("final_after")?);
        let status = |column: &BooleanArray, n: usize| column.is_valid(n).then(|| column.value(n));
        let wanted: Vec<bool> = (0..batch.rows.num_rows())
            .map(|n| {
                let statuses = (status(before, n), status(after, n));
                series.value(n) == question.series
                    && commune.value(n) == question.commune
                    && match question.kind {
                        Kind::Artificialisation => statuses == (Some(false), Some(true)),
                        Kind::Desartificialisation => statuses == (Some(true), Some(false)),
                        Kind::All => cause.value(n) != "unchanged",
                    }
            })
            .collect();
        let kept = arrow::compute::filter_record_batch(&batch.rows, &wanted.into())
            .map_err(|e| Error::unreadable(path, e))?;
        if kept.num_rows() > 0 {
            batches.push(kept);
        }
    }
    Ok(Found {
        period: period.to_owned(),
        crs: file.crs,
        schema: file.schema,
        batches,
    })
}
