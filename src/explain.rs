//! Why a produced vintage says what it says at a place.

use std::path::Path;

use crate::error::{Error, Result};
use crate::produce::{self, DECISIONS};
use crate::vector::{Layer, Opening, polygons};

/// What is said of a place, by the columns of a layer.
pub type Told = Vec<(String, String)>;

/// What was decided at a place before it was generalised, and what it became.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Cover, use, what decided them and what else spoke.
    pub decided: Told,
    /// The object of the vintage there; none outside the vintage.
    pub object: Option<Told>,
}

const DECIDED: [&str; 11] = [
    "code_cs",
    "cover_by",
    "seen_cs",
    "seen_class",
    "confidence",
    "cover_others",
    "code_us",
    "use_rule",
    "use_by",
    "use_others",
    "in_zone",
];
const OBJECT: [&str; 8] = [
    "id",
    "code_cs",
    "code_us",
    "source",
    "ossature",
    "id_origine",
    "code_or",
    "area_m2",
];

/// Explains the vintage in the folder `out` at a place in its CRS; `None` where nothing was decided.
pub fn explain(out: &Path, place: (f64, f64)) -> Result<Option<Explanation>> {
    let decisions = out.join(DECISIONS);
    if !decisions.exists() {
        return Err(Error::input(
            out.display(),
            "is not the folder of a produced vintage",
            "give the folder that `millesime produce` wrote, with --out and --vintage",
        ));
    }
    let Some(decided) = at(&decisions, &DECIDED, place)? else {
        return Ok(None);
    };
    let object = at(&produce::results(out).objects, &OBJECT, place)?;
    Ok(Some(Explanation { decided, object }))
}

/// What the polygon of a file at a place says.
fn at(path: &Path, columns: &[&str], place: (f64, f64)) -> Result<Option<Told>> {
    let mut layer = Layer::open(path, Opening::default())?;
    let asked: Vec<Option<String>> = columns.iter().map(|c| Some((*c).to_owned())).collect();
    let mut found = None;
    layer.scan(&asked, |row| {
        let shape = row.geometry.and_then(polygons).unwrap_or_default();
        let crossings = shape
            .polygons
            .iter()
            .flatten()
            .map(|ring| crossings(ring, place));
        if found.is_none() && crossings.sum::<usize>() % 2 == 1 {
            let values = row.values.iter().map(|v| v.clone().unwrap_or_default());
            let names = columns.iter().map(|c| (*c).to_owned());
            found = Some(names.zip(values).collect());
        }
        Ok(())
    })?;
    Ok(found)
}

/// How often a ray eastwards crosses a ring.
fn crossings(ring: &[(f64, f64)], (x, y): (f64, f64)) -> usize {
    let crosses = |pair: &&[(f64, f64)]| {
        let (a, b) = (pair[0], pair[1]);
        (a.1 > y) != (b.1 > y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0)
    };
    ring.windows(2).filter(crosses).count()
}
