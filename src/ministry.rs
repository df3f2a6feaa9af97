//! The stock of communes as the ministry publishes it, to be set beside ours.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::communes::{self, Commune};
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;
use crate::territory;
use crate::vector::{Layer, Opening};

/// Names of the column of the commune.
const COMMUNE: [&str; 3] = ["commune_code", "code", "insee"];
/// Vintages that a table may have.
const VINTAGES: std::ops::RangeInclusive<usize> = 1..=12;

/// The stock of a commune at a vintage, areas in half square centimetres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its place among the communes of the territory.
    pub commune: usize,
    /// The year.
    pub year: u16,
    /// Artificialised ground.
    pub artificial: i64,
    /// The area of the commune, where the table tells it.
    pub area: Option<i64>,
}

/// What was found in a table.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The table.
    pub source: String,
    /// Communes of the territory that it does not have.
    pub missing: Vec<String>,
}

fn open(from: &territory::Ministry) -> Result<Layer> {
    let opening = Opening {
        layer: from.layer.as_deref(),
        usual: &[],
        encoding: from.encoding.as_deref(),
    };
    Layer::open(&from.path, opening)
}

/// The columns of the commune, of its area, and of year and stock of every vintage.
fn columns(layer: &Layer, from: &territory::Ministry) -> Result<Vec<Option<String>>> {
    let commune = match &from.commune {
        Some(name) => layer.require_column(name)?,
        None => match layer.find_column(&COMMUNE) {
            Some(name) => name,
            None => layer.require_column(COMMUNE[0])?,
        },
    };
    let mut columns = vec![Some(commune), layer.find_column(&["commune_surface"])];
    for n in VINTAGES {
        let (year, stock) = (format!("millesimes_{n}"), format!("surface_artif_{n}"));
        match (layer.find_column(&[&year]), layer.find_column(&[&stock])) {
            (Some(year), Some(stock)) => columns.extend([Some(year), Some(stock)]),
            _ if n == 1 => {
                layer.require_column(&year)?;
                layer.require_column(&stock)?;
            }
            _ => break,
        }
    }
    Ok(columns)
}

/// Refuses a table that is not there, or lacks a column.
pub fn require(from: &territory::Ministry) -> Result<()> {
    columns(&open(from)?, from).map(drop)
}

/// Reads the stocks of the communes of the territory.
pub fn read(
    from: &territory::Ministry,
    communes: &[Commune],
    areas: &[i64],
) -> Result<(Vec<Published>, Report)> {
    let mut layer = open(from)?;
    let place = layer.place();
    let columns = columns(&layer, from)?;
    let numbers: BTreeMap<&str, usize> = communes
        .iter()
        .enumerate()
        .map(|(n, commune)| (&*commune.code, n))
        .collect();
    let mut stocks: BTreeMap<(usize, u16), Published> = BTreeMap::new();
    let mut is_found = vec![false; communes.len()];
    layer.scan(&columns, |row| {
        let place = || format!("{place}, row {}", row.number);
        let text = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let Some(&commune) = numbers.get(text(0)) else {
            return Ok(());
        };
        let area = |text: &str| match text {
            "" => Ok(None),
            text => match text.replace(',', ".").parse::<f64>() {
                Ok(m2) if (0.0..1e12).contains(&m2) => {
                    Ok(Some((m2 * HALF_CM2_PER_M2 as f64).round() as i64))
                }
                _ => Err(Error::input(
                    place(),
                    format!("`{text}` is no area in square metres"),
                    "give the table as it was published",
                )),
            },
        };
        if std::mem::replace(&mut is_found[commune], true) {
            return Err(Error::input(
                place(),
                format!("the commune `{}` is there already", text(0)),
                "give a table of communes, a row for each",
            ));
        }
        let whole = area(text(1))?;
        for n in (2..columns.len()).step_by(2) {
            let (told, stock) = (text(n), area(text(n + 1))?);
            let (false, Some(artificial)) = (told.is_empty(), stock) else {
                continue;
            };
            let year = told.parse::<u16>().ok();
            let year = year
                .filter(|year| (1990..2200).contains(year))
                .ok_or_else(|| {
                    Error::input(
                        place(),
                        format!("`{told}` is no year"),
                        "give a table of communes, each of one year at a time, such as 2018",
                    )
                })?;
            let stock = Published {
                commune,
                year,
                artificial,
                area: whole,
            };
            if stocks.insert((commune, year), stock).is_some() {
                return Err(Error::input(
                    place(),
                    format!("the year {year} is there twice"),
                    "give the table as it was published",
                ));
            }
        }
        Ok(())
    })?;
    require_square_metres(&place, &stocks, areas)?;
    let is_there = |code: &str| numbers.get(code).is_some_and(|&n| is_found[n]);
    let missing = communes::missing(communes, &place, is_there)?;
    let report = Report {
        source: place,
        missing,
    };
    Ok((stocks.into_values().collect(), report))
}

/// Refuses areas that are in another unit, by those of the communes as they are drawn.
fn require_square_metres(
    place: &str,
    stocks: &BTreeMap<(usize, u16), Published>,
    areas: &[i64],
) -> Result<()> {
    let told: BTreeMap<usize, i64> = stocks
        .values()
        .filter_map(|stock| Some((stock.commune, stock.area?)))
        .collect();
    let drawn = told.keys().filter_map(|n| areas.get(*n));
    let (told, drawn): (i64, i64) = (told.values().sum(), drawn.sum());
    let ratio = told as f64 / drawn as f64;
    if told == 0 || drawn == 0 || (0.5..2.0).contains(&ratio) {
        return Ok(());
    }
    Err(Error::input(
        place,
        format!("its communes are {ratio:.4} times as large as they are drawn"),
        "give areas in square metres, as the ministry does",
    ))
}
