//! Tables: of the account, of consumption, of population, by commune and by level.

use std::path::Path;

use serde::Serialize;
use serde_json::json;

use super::{Summary, inputs, parameters, write_manifest};
use crate::cog::Movements;
use crate::communes::{self, Commune};
use crate::crs::Crs;
use crate::enaf::{self, Enaf};
use crate::error::Result;
use crate::grid::HALF_CM2_PER_M2;
use crate::indicators::{self, Account, Consumption, Parts};
use crate::levels::{self, Levels};
use crate::ministry;
use crate::population;
use crate::progress::{Clock, Progress};
use crate::publish::{self, Package, Publisher, Staging};
use crate::reference::{OwnClasses, Reference};
use crate::territory::Territory;
use crate::trajectory;

/// The job of a territory file that has tables and no ground.
pub(super) fn tables_alone(
    path: &Path,
    territory: &Territory,
    crs: &Crs,
    out: &Path,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Summary> {
    let staging = Staging::new(out)?.separated_by(territory.run.separator.sign());
    let clock = Clock::new(progress);
    clock.phase("reading", None);
    let drawn = territory.communes.as_ref();
    let drawn = drawn.map(|c| communes::read(c, crs)).transpose()?;
    let (mut known, mut areas) = (Vec::new(), Vec::new());
    if let Some(drawn) = drawn {
        let half_cm2 = |m2: &f64| (m2 * HALF_CM2_PER_M2 as f64).round() as i64;
        areas = drawn.drawn.iter().map(half_cm2).collect();
        known = drawn.list;
    }
    let consumption = consumption(territory, &known, &areas)?;
    clock.phase("tables", None);
    let listed = consumption.as_ref().map(|c| c.communes.clone());
    let listed = listed.filter(|_| known.is_empty()).unwrap_or(known);
    let levels = levels::read(territory, &listed, reference)?;
    let parts = Parts::of(&listed, &areas, &levels);
    let told = write_tables(&staging, territory, parts, consumption, crs, reference)?;
    clock.phase("manifest", None);
    let manifest = json!({
        "program": publish::PROGRAM,
        "version": env!("CARGO_PKG_VERSION"),
        "territory": territory.name,
        "inputs": inputs(path, territory)?,
        "parameters": parameters(reference),
        "reference_folder": territory.run.reference,
        "levels": { "names": levels.names(), "communes_without": levels.missing },
        "enaf": told.enaf,
        "population": told.population,
        "seconds": clock.finish(),
    });
    write_manifest(&staging, &manifest)?;
    staging.finish()?;
    Ok(Summary {
        out: out.to_owned(),
        ground: None,
        stocks: Vec::new(),
        own_status: Vec::new(),
        ledgers: Vec::new(),
        revision: None,
        enaf: told.enaf,
    })
}

/// Refuses tables whose file or columns are not there.
pub(super) fn require_tables(territory: &Territory, reference: &Reference) -> Result<()> {
    levels::require(territory)?;
    territory
        .ministry
        .as_ref()
        .map_or(Ok(()), ministry::require)?;
    if let Some(path) = &territory.run.classes {
        OwnClasses::read(path, &reference.cover, &reference.usage)?;
    }
    if let Some(folder) = &territory.run.indicators {
        indicators::own(folder)?;
    }
    territory.enaf.as_ref().map_or(Ok(()), enaf::require)?;
    let trajectory = territory.trajectory.as_ref();
    territory
        .population
        .iter()
        .try_for_each(population::require)?;
    trajectory.map_or(Ok(()), trajectory::require)
}

/// Reads the consumption of ENAF of communes; of all that its table has, where none are known.
pub(super) fn consumption(
    territory: &Territory,
    known: &[Commune],
    areas: &[i64],
) -> Result<Option<Enaf>> {
    let Some(from) = &territory.enaf else {
        return Ok(None);
    };
    let movements = territory.cog.as_ref();
    let movements = movements
        .map(|cog| Movements::read(&cog.movements))
        .transpose()?;
    let cog = territory.communes.as_ref().and_then(|c| c.cog);
    Enaf::read(from, movements.as_ref(), known, (cog, areas)).map(Some)
}

/// Computes the tables, and writes them.
pub(super) fn write_tables(
    staging: &Staging,
    territory: &Territory,
    parts: Parts,
    enaf: Option<Enaf>,
    crs: &Crs,
    reference: &Reference,
) -> Result<Told> {
    let report = enaf.as_ref().map(|enaf| enaf.report.clone());
    let consumption = enaf
        .map(|enaf| of_territory(territory, enaf, parts.levels))
        .transpose()?;
    let cog = territory.communes.as_ref().and_then(|c| c.cog);
    let population = territory
        .population
        .iter()
        .map(|from| population::read(from, parts.communes, cog))
        .collect::<Result<Vec<_>>>()?;
    let ministry = territory.ministry.as_ref();
    let ministry = ministry.map(|from| ministry::read(from, parts.communes, parts.areas));
    let (stocks, ministry) = ministry.transpose()?.unzip();
    let stocks = stocks.unwrap_or_default();
    let found = Told {
        ministry,
        enaf: report,
        population: population.iter().map(|p| p.report.clone()).collect(),
    };
    let classes = territory.run.classes.as_deref();
    let classes = classes.map(|path| OwnClasses::read(path, &reference.cover, &reference.usage));
    let classes = classes.transpose()?;
    let movements = territory.cog.as_ref();
    let movements = movements.map(|cog| Movements::read(&cog.movements));
    let movements = movements.transpose()?.map_or(Vec::new(), |all| {
        let codes = parts.communes.iter().map(|c| &*c.code).collect();
        all.origins(&codes, cog)
    });
    let parts = Parts {
        movements: &movements,
        classes: classes.as_ref(),
        ministry: &stocks,
        population: &population,
        consumption: consumption.as_ref(),
        ..parts
    };
    let account = Account::new(parts, reference)?;
    publish::account(staging, &account)?;
    let mut asked = indicators::ours()?;
    if let Some(folder) = &territory.run.indicators {
        asked.extend(indicators::own(folder)?);
    }
    let levels = parts.levels.names();
    let mut publisher = Publisher::new(staging);
    indicators::compute(&account, &asked, &levels, &mut |table| publisher.add(table))?;
    let about = Package {
        title: territory.name.clone(),
        licence: territory.licence.clone(),
    };
    let tables = publisher.finish(&about)?;
    let outlines = parts.ground.filter(|_| territory.communes.is_some());
    let outlines = outlines.map(|ground| publish::Outlines { ground, crs });
    publish::wide(staging, &tables, parts.levels, outlines)?;
    Ok(found)
}

/// What was found in the tables that were given.
#[derive(Serialize)]
pub(super) struct Told {
    pub enaf: Option<enaf::Report>,
    pub ministry: Option<ministry::Report>,
    pub population: Vec<population::Report>,
}

/// Consumption, with what the territory file holds it against.
fn of_territory(territory: &Territory, enaf: Enaf, levels: &Levels) -> Result<Consumption> {
    let told = territory.trajectory.clone().unwrap_or_default();
    let objectives = told.objectives.as_deref();
    Ok(Consumption {
        periods: territory
            .enaf
            .as_ref()
            .map_or(Vec::new(), |e| e.periods.clone()),
        objectives: trajectory::objectives(objectives, &enaf.communes, levels)?,
        apart: match &told.apart {
            Some(path) => trajectory::apart(path, &enaf.communes)?,
            None => Vec::new(),
        },
        enaf,
    })
}
