//! Population of communes, for figures per inhabitant, household and job.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::communes::{self, Commune};
use crate::enaf::Counts;
use crate::error::{Error, Result};
use crate::territory;
use crate::vector::{Layer, Opening};

/// The population of communes in one year.
pub struct Population {
    /// The year.
    pub year: u16,
    /// Inhabitants, households and jobs of communes, by code.
    pub counts: BTreeMap<String, Counts>,
    /// What was found.
    pub report: Report,
}

/// What was found in a table of population.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The table.
    pub source: String,
    /// The year.
    pub year: u16,
    /// Communes of the territory that it does not have.
    pub missing: Vec<String>,
}

/// Refuses a table that is not there, or lacks a column.
pub fn require(from: &territory::Population) -> Result<()> {
    columns(&open(from)?, from).map(drop)
}

fn open(from: &territory::Population) -> Result<Layer> {
    let opening = Opening {
        layer: from.layer.as_deref(),
        usual: &[],
        encoding: from.encoding.as_deref(),
    };
    Layer::open(&from.path, opening)
}

/// The columns of commune, inhabitants, households and jobs.
fn columns(layer: &Layer, from: &territory::Population) -> Result<[Option<String>; 4]> {
    let column = |name: &Option<String>| {
        let name = name.as_ref();
        name.map(|n| layer.require_column(n)).transpose()
    };
    Ok([
        Some(layer.require_column(&from.commune)?),
        column(&from.inhabitants)?,
        column(&from.households)?,
        column(&from.jobs)?,
    ])
}

/// Reads the population of the communes of the territory, whose codes are of the year `cog`.
pub fn read(
    from: &territory::Population,
    communes: &[Commune],
    cog: Option<u16>,
) -> Result<Population> {
    let mut layer = open(from)?;
    let place = layer.place();
    if let (Some(own), Some(cog)) = (from.cog, cog)
        && own != cog
    {
        return Err(Error::input(
            place,
            format!("has the communes of {own}, and [communes] those of {cog}"),
            "people are not shared by area: give the population of the same communes",
        ));
    }
    let columns = columns(&layer, from)?;
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    layer.scan(&columns, |row| {
        let place = || format!("{place}, row {}", row.number);
        let text = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let number = |n: usize| match text(n) {
            "" => Ok(None),
            text => match text.replace(',', ".").parse::<f64>() {
                Ok(value) if (0.0..1e9).contains(&value) => {
                    Ok(Some((value * 1000.0).round() as i64))
                }
                _ => Err(Error::input(
                    place(),
                    format!("`{text}` is not a number of people"),
                    "mend the value, or leave it empty where it is not known",
                )),
            },
        };
        let own = [number(1)?, number(2)?, number(3)?];
        let code = text(0).to_owned();
        match counts.insert(code.clone(), own) {
            Some(_) => Err(Error::input(
                place(),
                format!("the commune `{code}` is there already"),
                "give each commune one row",
            )),
            None => Ok(()),
        }
    })?;
    let missing = communes::missing(communes, &place, |code| counts.contains_key(code))?;
    let known: std::collections::BTreeSet<&str> = communes.iter().map(|c| &*c.code).collect();
    counts.retain(|code, _| known.contains(code.as_str()));
    Ok(Population {
        year: from.year,
        counts,
        report: Report {
            source: place,
            year: from.year,
            missing,
        },
    })
}
