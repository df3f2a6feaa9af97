//! The faces that are most worth a person's look: those that alignment judged with the most doubt,
//! over the most ground. They are written as draft corrections, to be sent back once looked at.

use std::path::Path;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::align::ALIGNED;
use crate::corrections::{Draft, write_template};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::Polygon;
use crate::query;
use crate::reference::Reference;
use crate::vector::{geo_metadata, polygons};

/// What was written.
pub struct Summary {
    /// Faces that alignment judged.
    pub judged: usize,
    /// Faces written, those most worth a look first.
    pub written: usize,
}

/// A face that was judged.
struct Judged {
    weight: f64,
    draft: Draft,
}

/// Writes the `count` faces of the run in `out` that are most worth a look into the corrections file
/// `path`.
pub fn review(out: &Path, path: &Path, count: usize, reference: &Reference) -> Result<Summary> {
    let mut found = Vec::new();
    let mut crs = None;
    for (period, file) in query::face_files(out)? {
        let year = period.split('-').next_back().and_then(|y| y.parse().ok());
        let year = year.ok_or_else(|| {
            Error::input(
                file.display(),
                "is not of a period",
                "give the folder of a run",
            )
        })?;
        crs = Some(judged(&file, year, reference, &mut found)?);
    }
    let Some(crs) = crs else {
        return Err(Error::input(
            out.display(),
            "holds no period of a run",
            "give the folder of a run of two vintages or more, with --out",
        ));
    };
    if found.is_empty() {
        return Err(Error::input(
            out.display(),
            "holds nothing that alignment judged",
            "run the territory with `[align] mode = \"change-first\"`",
        ));
    }
    // Weights, then places, so that the choice does not depend on the order of the files.
    found.sort_by(|p, q| {
        let place = |j: &Judged| j.draft.polygon.exterior.first().copied();
        q.weight
            .total_cmp(&p.weight)
            .then_with(|| place(p).cmp(&place(q)))
    });
    let judged = found.len();
    let drafts: Vec<Draft> = found.into_iter().take(count).map(|j| j.draft).collect();
    write_template(path, &crs, &drafts)?;
    Ok(Summary {
        judged,
        written: drafts.len(),
    })
}

/// Reads the judged faces of a file; returns its CRS.
fn judged(path: &Path, year: u16, reference: &Reference, found: &mut Vec<Judged>) -> Result<Crs> {
    let damaged = |e: &dyn std::fmt::Display| Error::unreadable(path, e);
    let file = std::fs::File::open(path).map_err(|e| damaged(&e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| damaged(&e))?;
    let geo = geo_metadata(builder.metadata().file_metadata())
        .ok_or_else(|| damaged(&"it has no geo metadata"))?;
    let crs = geo["columns"]["geometry"]["crs"].to_string();
    let crs = Crs::parse(&crs, &path.display().to_string())?;
    for batch in builder.build().map_err(|e| damaged(&e))? {
        let batch = batch.map_err(|e| damaged(&e))?;
        let text = |name: &str| -> Result<&StringArray> {
            let column = batch.column_by_name(name);
            column
                .and_then(|c| c.as_string_opt::<i32>())
                .ok_or_else(|| damaged(&format!("it has no column {name}")))
        };
        let (series, verdicts) = (text("series")?, text("verdict")?);
        let codes = ["cs_before", "us_before", "cs_observed", "us_observed"].map(text);
        let [cs_before, us_before, cs_after, us_after] = codes;
        let (cs_before, us_before) = (cs_before?, us_before?);
        let (cs_after, us_after) = (cs_after?, us_after?);
        let areas = batch
            .column_by_name("area_m2")
            .and_then(|c| c.as_primitive_opt::<Float64Type>())
            .ok_or_else(|| damaged(&"it has no column area_m2"))?;
        let shapes = batch
            .column_by_name("geometry")
            .and_then(|c| c.as_binary_opt::<i32>())
            .ok_or_else(|| damaged(&"it has no column geometry"))?;
        for n in (0..batch.num_rows()).filter(|&n| verdicts.is_valid(n)) {
            if series.value(n) != ALIGNED {
                continue;
            }
            let verdict = verdicts.value(n);
            let doubt = reference.doubt(verdict);
            let polygon =
                polygon(shapes.value(n)).ok_or_else(|| damaged(&"a polygon is broken"))?;
            found.push(Judged {
                weight: doubt * areas.value(n),
                draft: Draft {
                    vintage: year,
                    codes: [cs_after.value(n).to_owned(), us_after.value(n).to_owned()],
                    reason: format!(
                        "{verdict}: {} {} > {} {}",
                        cs_before.value(n),
                        us_before.value(n),
                        cs_after.value(n),
                        us_after.value(n),
                    ),
                    polygon,
                },
            });
        }
    }
    Ok(crs)
}

/// The first polygon of a geometry, on the grid.
fn polygon(wkb: &[u8]) -> Option<Polygon> {
    let mut rings = polygons(wkb)?
        .polygons
        .into_iter()
        .next()?
        .into_iter()
        .map(|ring| {
            ring.into_iter()
                .map(|p| Point::from_metres(p.0, p.1))
                .collect::<Option<Vec<Point>>>()
        });
    Some(Polygon {
        exterior: rings.next()??,
        holes: rings.collect::<Option<_>>()?,
    })
}
