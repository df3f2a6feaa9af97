//! What checked points say.

use std::collections::BTreeMap;
use std::path::Path;

use super::{COLUMNS, Kind, LAYER};
use crate::accuracy::{Estimate, Stratum, estimate};
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;
use crate::query;
use crate::vector::{Layer, Opening};

/// Fewer errors than this in a stratum, and the interval is not to be relied on.
const LEAST_ERRORS: usize = 10;

/// One figure of the account, as mapped and as the points correct it, in m².
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// As mapped.
    pub mapped: f64,
    /// As estimated.
    pub estimate: Estimate,
}

/// What the points of a file say.
#[derive(Clone, Debug)]
pub struct Accuracy {
    /// The period.
    pub period: String,
    /// The series.
    pub series: String,
    /// For each stratum: its ground in m², points, those checked, and those that disagree with the
    /// account.
    pub strata: BTreeMap<Kind, (f64, usize, usize, usize)>,
    /// Stocks, fluxes and the net balance; none where a stratum has fewer than two checked points.
    pub figures: Vec<Figure>,
}

impl Accuracy {
    /// The strata with too few errors for the intervals to be relied on.
    pub fn thin(&self) -> Vec<Kind> {
        let is_thin =
            |(_, (_, _, _, errors)): &(&Kind, &(f64, usize, usize, usize))| *errors < LEAST_ERRORS;
        self.strata
            .iter()
            .filter(is_thin)
            .map(|(&k, _)| k)
            .collect()
    }
}

/// Refuses points of the file `path` that were not drawn from the run in `out`.
pub fn require_drawn_from(path: &Path, accuracy: &Accuracy, out: &Path) -> Result<()> {
    let own = super::draw::strata(out, &accuracy.period, &accuracy.series)?;
    let is_same = own.len() == accuracy.strata.len()
        && own.iter().all(|(kind, area)| {
            let square_metres = *area as f64 / HALF_CM2_PER_M2 as f64;
            let of = accuracy.strata.get(kind);
            of.is_some_and(|of| of.0 == square_metres)
        });
    match is_same {
        true => Ok(()),
        false => Err(Error::input(
            path.display(),
            format!(
                "its points were drawn from another ground than that of {}",
                out.display()
            ),
            "draw them from this run with `millesime sample`, or give the run that they are of",
        )),
    }
}

/// What a checked point says: artificialised before and after.
type Seen = (bool, bool);

/// Reads the points of `path`.
pub fn accuracy(path: &Path) -> Result<Accuracy> {
    let opening = Opening {
        usual: &[LAYER],
        ..Opening::default()
    };
    let mut layer = Layer::open(path, opening)?;
    let place = layer.place();
    let columns = COLUMNS
        .iter()
        .map(|name| layer.require_column(name).map(Some))
        .collect::<Result<Vec<_>>>()?;
    let mut about: Option<(String, String)> = None;
    let mut total: Option<i64> = None;
    let mut points: BTreeMap<Kind, (f64, usize, Vec<Seen>)> = BTreeMap::new();
    layer.scan(&columns, |row| {
        let place = format!("{place}, row {}", row.number);
        let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let own = (value(0).to_owned(), value(1).to_owned());
        if *about.get_or_insert_with(|| own.clone()) != own {
            return Err(Error::input(
                &place,
                format!("is of {}, {}, and other points are not", own.0, own.1),
                "give the points of one draw",
            ));
        }
        let kind = Kind::ALL.into_iter().find(|k| k.name() == value(2));
        let area = |n: usize| value(n).parse::<i64>().ok().filter(|a| *a > 0);
        let (Some(kind), Some(area), Some(all)) = (kind, area(3), area(4)) else {
            return Err(Error::input(
                &place,
                format!(
                    "`{}`, `{}` is not a stratum and its ground",
                    value(2),
                    value(3)
                ),
                "leave the columns of the draw as `millesime sample` wrote them",
            ));
        };
        let seen = |n: usize| match value(n) {
            "" => Ok(None),
            "1" => Ok(Some(true)),
            "0" => Ok(Some(false)),
            other => Err(Error::input(
                &place,
                format!("`{other}` in the column {} is not an answer", COLUMNS[n]),
                "write 1 where the ground is artificialised, 0 where it is not, nothing where you \
                 cannot tell",
            )),
        };
        let square_metres = area as f64 / HALF_CM2_PER_M2 as f64;
        let entry = points
            .entry(kind)
            .or_insert_with(|| (square_metres, 0, Vec::new()));
        if entry.0 != square_metres || *total.get_or_insert(all) != all {
            return Err(Error::input(
                &place,
                "gives its stratum another ground than the points before",
                "leave the columns of the draw as `millesime sample` wrote them",
            ));
        }
        entry.1 += 1;
        let (before, after) = (seen(9)?, seen(10)?);
        // Ground of one date is looked at once.
        let before = match query::is_one_date(&own.0) {
            true => after,
            false => before,
        };
        entry.2.extend(before.zip(after));
        Ok(())
    })?;
    let (period, series) = about.ok_or_else(|| {
        Error::input(&place, "has no points", "draw some with `millesime sample`")
    })?;
    let there: f64 = points.values().map(|(area, ..)| area).sum();
    let all = total.map_or(0.0, |t| t as f64 / HALF_CM2_PER_M2 as f64);
    if (there - all).abs() > 1e-6 * all {
        return Err(Error::input(
            &place,
            "has no point of some strata: their ground would be left out",
            "give all points of the draw, checked or not",
        ));
    }
    let is_one_date = query::is_one_date(&period);
    let strata = points
        .iter()
        .map(|(&kind, (area, count, seen))| {
            let errors = seen.iter().filter(|&&s| s != kind.status()).count();
            (kind, (*area, *count, seen.len(), errors))
        })
        .collect();
    Ok(Accuracy {
        period,
        series,
        strata,
        figures: figures(&points, is_one_date),
    })
}

/// The stock at the later date.
const AFTER: &str = "artificial after";

fn figures(points: &BTreeMap<Kind, (f64, usize, Vec<Seen>)>, is_one_date: bool) -> Vec<Figure> {
    let as_number = |is: bool| f64::from(u8::from(is));
    let kinds: [(&'static str, &dyn Fn(Seen) -> f64); 5] = [
        ("artificial before", &|(before, _)| as_number(before)),
        (AFTER, &|(_, after)| as_number(after)),
        ("artificialised", &|(b, a)| as_number(!b && a)),
        ("désartificialised", &|(b, a)| as_number(b && !a)),
        ("net", &|(b, a)| as_number(a) - as_number(b)),
    ];
    let figure = |(name, value): (&'static str, &dyn Fn(Seen) -> f64)| {
        let strata: Vec<Stratum> = points
            .values()
            .map(|(area, _, seen)| Stratum {
                area: *area,
                values: seen.iter().map(|&s| value(s)).collect(),
            })
            .collect();
        let mapped = points
            .iter()
            .map(|(kind, (area, ..))| area * value(kind.status()));
        Some(Figure {
            name,
            mapped: mapped.sum(),
            estimate: estimate(&strata)?,
        })
    };
    let is_told = |kind: &(&'static str, &dyn Fn(Seen) -> f64)| !is_one_date || kind.0 == AFTER;
    kinds
        .into_iter()
        .filter(is_told)
        .filter_map(figure)
        .collect()
}
