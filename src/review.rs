//! The faces that are most worth a person's look: those that alignment judged with the most doubt,
//! over the most ground. They are written as draft corrections, to be sent back once looked at.

use std::path::Path;

use arrow::array::Array;

use crate::align::ALIGNED;
use crate::corrections::{Draft, write_template};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::Polygon;
use crate::query::{FaceFile, Need, Store};
use crate::reference::Reference;
use crate::vector::polygons;

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
    let store = Store::new(out);
    for faces in store.faces()? {
        let year = faces
            .period
            .split('-')
            .next_back()
            .and_then(|y| y.parse().ok());
        let year = year.ok_or_else(|| {
            Error::input(
                store.place(&faces.file).display(),
                "is not of a period",
                "give the folder of a run",
            )
        })?;
        crs = Some(judged(&store, &faces.file, year, reference, &mut found)?);
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
fn judged(
    store: &Store,
    file: &str,
    year: u16,
    reference: &Reference,
    found: &mut Vec<Judged>,
) -> Result<Crs> {
    let file = FaceFile::open(store, file)?;
    let crs = file.crs()?;
    let mut batches = file.read(Need::default())?;
    while let Some(batch) = batches.next()? {
        let (series, verdicts) = (batch.text("series")?, batch.text("verdict")?);
        let (cs_before, us_before) = (batch.text("cs_before")?, batch.text("us_before")?);
        let (cs_after, us_after) = (batch.text("cs_observed")?, batch.text("us_observed")?);
        let (areas, shapes) = (batch.area()?, batch.geometry()?);
        for n in (0..batch.rows.num_rows()).filter(|&n| verdicts.is_valid(n)) {
            if series.value(n) != ALIGNED {
                continue;
            }
            let verdict = verdicts.value(n);
            let doubt = reference.doubt(verdict);
            let polygon = polygon(shapes.value(n))
                .ok_or_else(|| Error::unreadable(batch.path(), "a polygon is broken"))?;
            found.push(Judged {
                weight: doubt * areas.value(n) as f64,
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
