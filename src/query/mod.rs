//! The polygons behind a figure: a filter on the faces of a run.

mod degrees;
mod faces;
mod files;
mod filter;
mod format;
mod place;
mod store;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::datatypes::SchemaRef;
use serde_json::Value;

use crate::error::{Error, Result, suggest};
pub(crate) use degrees::{Degrees, through};
pub(crate) use faces::{Batch, FaceFile, Need};
use filter::LOOKED_AT;
pub use filter::{Filter, Kind, Pattern, Transition, Zone};
pub use place::{Region, plain};
pub(crate) use place::{former, is_part};
use store::Faces;
pub(crate) use store::Store;

/// How the faces of an answer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GeoJSON in WGS 84.
    GeoJson,
    /// CSV without geometry.
    Csv,
    /// Aligned text.
    Table,
    /// GeoPackage, in the CRS of the run.
    GeoPackage,
    /// FlatGeobuf, in the CRS of the run.
    FlatGeobuf,
    /// GeoParquet, in the CRS of the run.
    Parquet,
}

impl Format {
    /// Whether it is a file of layers rather than text.
    fn is_file(self) -> bool {
        matches!(self, Self::GeoPackage | Self::FlatGeobuf | Self::Parquet)
    }
}

/// An order of faces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: String,
    /// The largest first.
    pub is_descending: bool,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Outputs of a run: a folder, or the address of one (`https://`, `s3://` …).
    pub out: PathBuf,
    /// Which faces.
    pub filter: Filter,
    /// In which order; that of the files, when `None`.
    pub order: Option<Order>,
    /// No more than so many.
    pub limit: Option<usize>,
}

/// How many faces answer, and their area in half square centimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Faces.
    pub faces: usize,
    /// Their area.
    pub area: i64,
    /// Periods that they are of.
    pub periods: usize,
    /// Whether any of the ground that was looked through is compared with that of another date.
    pub is_compared: bool,
}

/// Faces of one file that answer a question.
struct Found {
    period: String,
    /// The CRS of the geometry.
    projjson: Value,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// How many faces answer, and how large they are.
pub fn total(question: &Question) -> Result<Total> {
    let mut columns = LOOKED_AT.to_vec();
    columns.push("area_half_cm2");
    if question.filter.region.is_some() {
        columns.extend(["bbox", "geometry"]);
    }
    Ok(sum(&find(question, Some(&columns))?))
}

/// Writes the faces that answer as text.
pub fn write(question: &Question, format: Format, into: &mut dyn Write) -> Result<Total> {
    if format.is_file() {
        return Err(Error::input(
            "--format",
            "this format is not text",
            "name a file with --to",
        ));
    }
    let found = find(question, None)?;
    format::write(&found, format, into)?;
    Ok(sum(&found))
}

/// Writes the faces that answer into a file.
pub fn save(question: &Question, format: Format, path: &Path) -> Result<Total> {
    let found = find(question, None)?;
    if format.is_file() {
        files::write(&found, format, path)?;
    } else {
        let mut text = Vec::new();
        format::write(&found, format, &mut text)?;
        std::fs::write(path, text).map_err(|e| Error::unwritable(path, e))?;
    }
    Ok(sum(&found))
}

/// Whether a period is from a vintage to itself: ground that nothing is compared with.
pub(crate) fn is_one_date(period: &str) -> bool {
    period
        .split_once('-')
        .is_some_and(|(before, after)| before == after)
}

/// The CRS of the faces of a run, as PROJJSON.
pub(crate) fn projjson(store: &Store) -> Result<Value> {
    match store.faces()?.first() {
        Some(faces) => Ok(FaceFile::open(store, &faces.file)?.projjson),
        None => Err(Error::Internal("a run without faces".to_owned())),
    }
}

/// The commune of a code or a name.
pub fn commune(out: &Path, given: &str) -> Result<BTreeSet<String>> {
    place::commune(out, given)
}

/// The communes of a territory of a level, by its code or its name.
pub fn communes_of(out: &Path, level: &str, territory: &str) -> Result<BTreeSet<String>> {
    place::communes_of(out, level, territory)
}

fn sum(found: &[Found]) -> Total {
    let mut total = Total::default();
    let with_faces = found.iter().filter(|part| !part.batches.is_empty());
    let periods: BTreeSet<&str> = with_faces.map(|part| part.period.as_str()).collect();
    total.periods = periods.len();
    total.is_compared = found.iter().any(|part| !is_one_date(&part.period));
    for batch in found.iter().flat_map(|part| &part.batches) {
        total.faces += batch.num_rows();
        total.area += areas(batch).map_or(0, |areas| areas.values().iter().sum());
    }
    total
}

fn areas(batch: &RecordBatch) -> Option<&Int64Array> {
    batch.column_by_name("area_half_cm2")?.as_primitive_opt()
}

/// Faces that answer, file by file, in the order that is asked for.
fn find(question: &Question, columns: Option<&[&str]>) -> Result<Vec<Found>> {
    let Question { out, filter, .. } = question;
    filter.require_known()?;
    let store = Store::new(out);
    let files = chosen(out, filter, store.faces()?)?;
    let mut columns = columns.map(<[&str]>::to_vec);
    if let (Some(columns), Some(order)) = (&mut columns, &question.order) {
        columns.push(&order.column);
    }
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    let mut is_any_found = false;
    for faces in files {
        let file = FaceFile::open(&store, &faces.file)?;
        known.extend(file.communes());
        let part = answer(file, faces, filter, columns.as_deref())?;
        is_any_found |= !part.batches.is_empty();
        found.push(part);
    }
    // What the files have faces of needs no table to be known.
    for commune in filter.communes.iter().flatten() {
        if !known.contains(commune) {
            require_listed(out, "commune", commune)?;
        }
    }
    if !is_any_found {
        require_listed(out, "series", &filter.series)?;
    }
    order(&mut found, question)?;
    Ok(found)
}

/// The files of faces that a filter speaks of.
fn chosen(out: &Path, filter: &Filter, mut files: Vec<Faces>) -> Result<Vec<Faces>> {
    if let Some(period) = &filter.period {
        let periods: BTreeSet<String> = files.iter().map(|f| f.period.clone()).collect();
        files.retain(|f| f.period == *period);
        if files.is_empty() {
            return Err(Error::input(
                out.display(),
                format!("has no period {period}"),
                suggest(period, periods.iter().map(String::as_str)),
            ));
        }
    }
    if let Some(departements) = &filter.departements {
        let known: BTreeSet<String> = files.iter().map(|f| f.departement.clone()).collect();
        if let Some(other) = departements.iter().find(|d| !known.contains(*d)) {
            return Err(Error::input(
                out.display(),
                format!("has no département {other}"),
                suggest(other, known.iter().map(String::as_str)),
            ));
        }
        files.retain(|f| departements.contains(&f.departement));
    }
    Ok(files)
}

/// Codes and names of the communes of a run: the table of stocks lists all.
fn listed(out: &Path) -> Result<BTreeSet<(String, String)>> {
    Ok(column(out, "commune")?.into_iter().collect())
}

/// The values of a column of the table of stocks, each with the name of its commune.
fn column(out: &Path, wanted: &str) -> Result<Vec<(String, String)>> {
    let file = "tables/stock.csv";
    let store = Store::new(out);
    let path = store.place(file);
    let text = store.text(file)?;
    let mut reader = crate::publish::reader(&text);
    let headers = reader.headers().map_err(|e| Error::unreadable(&path, e))?;
    let place = |wanted: &str| headers.iter().position(|h| h == wanted).unwrap_or(0);
    let (value, name) = (place(wanted), place("name"));
    let rows = reader.records().map(|row| {
        let row = row.map_err(|e| Error::unreadable(&path, e))?;
        let cell = |n: usize| row.get(n).unwrap_or_default().to_owned();
        Ok((cell(value), cell(name)))
    });
    rows.collect()
}

/// Refuses a commune or a series that the run does not have: the table of stocks lists all.
pub(crate) fn require_listed(out: &Path, name: &str, asked: &str) -> Result<()> {
    let values = column(out, name)?;
    let known: BTreeSet<&str> = values.iter().map(|(value, _)| value.as_str()).collect();
    if known.contains(asked) {
        return Ok(());
    }
    if name == "commune"
        && let Some(former) = place::former(out, asked)
    {
        return Err(former.refused(out));
    }
    let lists = format!("tables/stock.csv lists all {}", known.len());
    let advice = match crate::error::nearest(asked, known.iter().copied()) {
        Some(near) if name == "commune" => {
            let called = values.iter().find(|(value, _)| value == near);
            let called = called.map_or("", |(_, name)| name.as_str());
            format!("did you mean {near} ({called})? {lists}")
        }
        Some(near) => format!("did you mean {near}? {lists}"),
        None if known.len() > 10 => lists,
        None => {
            let known: Vec<&str> = known.into_iter().collect();
            format!("it has {}", known.join(", "))
        }
    };
    Err(Error::input(
        out.display(),
        format!("has no {name} {asked}"),
        advice,
    ))
}

/// The faces of one file that answer.
fn answer(
    file: FaceFile,
    faces: Faces,
    filter: &Filter,
    columns: Option<&[&str]>,
) -> Result<Found> {
    let region = match &filter.region {
        Some(region) => Some(region.projected(&file.projjson)?),
        None => None,
    };
    let need = Need {
        communes: filter.communes.as_ref(),
        changes_only: filter.kind.is_change(),
        bounds: region.as_ref().and_then(Region::bounds),
        columns,
    };
    let mut found = Found {
        period: faces.period,
        projjson: file.projjson.clone(),
        schema: file.schema.clone(),
        batches: Vec::new(),
    };
    let mut batches = file.read(need)?;
    while let Some(batch) = batches.next()? {
        let mask = filter.mask(&batch, region.as_ref())?;
        let kept = arrow::compute::filter_record_batch(&batch.rows, &mask.into())
            .map_err(|e| Error::unreadable(batch.path(), e))?;
        if kept.num_rows() > 0 {
            found.batches.push(kept);
        }
    }
    Ok(found)
}

/// A value to order faces by: numbers before text, nothing last.
#[derive(PartialEq, PartialOrd)]
enum Rank {
    Number(f64),
    Text(String),
    Nothing,
}

/// Puts the faces in the order that is asked for, and keeps as many as are.
fn order(found: &mut Vec<Found>, question: &Question) -> Result<()> {
    let limit = question.limit.unwrap_or(usize::MAX);
    let Some(order) = &question.order else {
        let mut left = limit;
        for batch in found.iter_mut().flat_map(|part| &mut part.batches) {
            *batch = batch.slice(0, batch.num_rows().min(left));
            left -= batch.num_rows();
        }
        return Ok(());
    };
    let internal = |e| Error::Internal(format!("order of an answer: {e}"));
    let mut ranked: Vec<(Rank, usize, u32)> = Vec::new();
    for (n, part) in found.iter_mut().enumerate() {
        let schema = match part.batches.first() {
            Some(first) => first.schema(),
            None => continue,
        };
        let whole = arrow::compute::concat_batches(&schema, &part.batches).map_err(internal)?;
        let rank = ranks(&whole, part, order)?;
        ranked.extend(
            rank.into_iter()
                .enumerate()
                .map(|(row, r)| (r, n, row as u32)),
        );
        part.batches = vec![whole];
    }
    ranked.sort_by(|p, q| {
        let values = p.0.partial_cmp(&q.0).unwrap_or(std::cmp::Ordering::Equal);
        let is_missing = matches!(p.0, Rank::Nothing) || matches!(q.0, Rank::Nothing);
        let values = match order.is_descending && !is_missing {
            true => values.reverse(),
            false => values,
        };
        values.then_with(|| (p.1, p.2).cmp(&(q.1, q.2)))
    });
    ranked.truncate(limit);
    // Stretches of one file at a time, so that the order runs across files.
    let mut ordered: Vec<Found> = Vec::new();
    for stretch in ranked.chunk_by(|p, q| p.1 == q.1) {
        let part = &found[stretch[0].1];
        let rows: UInt32Array = stretch.iter().map(|r| Some(r.2)).collect();
        let rows = arrow::compute::take_record_batch(&part.batches[0], &rows).map_err(internal)?;
        ordered.push(Found {
            period: part.period.clone(),
            projjson: part.projjson.clone(),
            schema: part.schema.clone(),
            batches: vec![rows],
        });
    }
    if ordered.is_empty() {
        found.iter_mut().for_each(|part| part.batches.clear());
    } else {
        *found = ordered;
    }
    Ok(())
}

fn ranks(batch: &RecordBatch, part: &Found, order: &Order) -> Result<Vec<Rank>> {
    if order.column == "period" {
        return Ok((0..batch.num_rows())
            .map(|_| Rank::Text(part.period.clone()))
            .collect());
    }
    let schema = batch.schema();
    let columns = format::attributes(&schema);
    let Some((column, _)) = columns.iter().find(|(_, name)| *name == order.column) else {
        let known = format::attributes(&part.schema);
        return Err(Error::input(
            "--sort",
            format!("faces have no column {}", order.column),
            suggest(&order.column, known.iter().map(|(_, name)| name.as_str())),
        ));
    };
    let rank = |row| match format::value(batch, *column, row) {
        Value::Number(n) => Rank::Number(n.as_f64().unwrap_or(0.0)),
        Value::Bool(flag) => Rank::Number(f64::from(u8::from(flag))),
        Value::String(text) => Rank::Text(text),
        _ => Rank::Nothing,
    };
    Ok((0..batch.num_rows()).map(rank).collect())
}
