//! Consumption of natural, agricultural and forest ground (ENAF), from Cerema's table of the Fichiers
//! fonciers. It is another measure than that of OCS GE, of other things, with a clock of its own: year
//! AA is from 1 January AA to 1 January AA+1. The two are never added up.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::cog::Movements;
use crate::communes::{Commune, departement_of, is_plain};
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;
use crate::territory;
use crate::vector::{Layer, Opening};

/// What ground was consumed for: the name here, and that of Cerema's columns.
pub const DESTINATIONS: [(&str, &str); 6] = [
    ("activité", "act"),
    ("ferroviaire", "fer"),
    ("habitat", "hab"),
    ("inconnu", "inc"),
    ("mixte", "mix"),
    ("route", "rou"),
];

/// What the census counts, and the beginning of Cerema's columns.
pub const COUNTS: [(&str, &str); 3] = [
    ("inhabitants", "pop"),
    ("households", "men"),
    ("jobs", "emp"),
];

/// Inhabitants, households, jobs, in thousandths: a census that is a survey counts parts of people.
pub type Counts = [Option<i64>; 3];

/// A table of consumption.
#[derive(Default)]
pub struct Enaf {
    /// Its communes, sorted by code.
    pub communes: Vec<Commune>,
    /// The years of its flows.
    pub years: Vec<u16>,
    /// For each commune, year and destination, in that order: the area, in half square centimetres.
    pub flows: Vec<i64>,
    /// For each commune, its area as the table gives it, in half square centimetres.
    pub areas: Vec<Option<i64>>,
    /// What the table counts of each commune: year, and inhabitants, households, jobs.
    pub counts: Vec<(usize, u16, Counts)>,
    /// What it says was won or lost between two years: commune, first and last year, inhabitants,
    /// households, jobs. Figures of years are rounded, so these are not always their difference.
    pub won: Vec<(usize, [u16; 2], Counts)>,
    /// What was found.
    pub report: Report,
}

/// What was found in a table of consumption.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The table.
    pub source: String,
    /// The years that it is about: "2009-2024" for flows from 1 January 2009 to 1 January 2024.
    pub vintage: String,
    /// The code officiel géographique of its communes.
    pub cog: Option<u16>,
    /// The one that they were carried to.
    pub carried_to: Option<u16>,
    /// Sum of all flows, m².
    pub total_m2: String,
    /// Communes of the territory that it does not have.
    pub missing: Vec<String>,
    /// Communes that the table has in part only, under the codes of another year; they have no figures.
    pub incomplete: Vec<String>,
    /// Flows below zero, which are kept: differences of rounding in the table.
    pub below_zero: usize,
    /// Communes and years whose total is not the sum of its destinations, m²: code, year, difference.
    pub unequal: Vec<(String, u16, f64)>,
}

/// The columns of a table, by what they hold.
struct Columns {
    names: Vec<Option<String>>,
    /// Place of the total of each year,
    totals: BTreeMap<u16, usize>,
    /// and of each destination.
    destinations: BTreeMap<(u16, usize), usize>,
    /// Place of the count of each year,
    counts: BTreeMap<(u16, usize), usize>,
    /// and of what was won between two.
    won: BTreeMap<([u16; 2], usize), usize>,
    area: Option<(u16, usize)>,
}

/// Below zero, a flow is a difference of rounding: of so many square metres at most.
const LARGEST_ROUNDING: f64 = 100.0;
/// Most people that are counted.
const MOST: f64 = 1e9;

const CODE: usize = 0;
const NAME: usize = 1;

impl Enaf {
    /// Reads the table. Communes that are not of `known` are left out, where some are known.
    pub fn read(
        from: &territory::Enaf,
        movements: Option<&Movements>,
        known: &[Commune],
        (cog, areas): (Option<u16>, &[i64]),
    ) -> Result<Self> {
        let mut layer = open(from)?;
        let place = layer.place();
        let columns = Columns::of(&layer, from)?;
        let years: Vec<u16> = columns.totals.keys().copied().collect();
        for period in &from.periods {
            let is_there = years.contains(&period[0]) && years.contains(&period[1]);
            if !is_there || period[0] > period[1] {
                return Err(Error::input(
                    "[enaf] periods",
                    format!(
                        "{}-{} is not between two years of the table",
                        period[0], period[1]
                    ),
                    format!(
                        "it has the years {} to {}, both included",
                        years.first().unwrap_or(&0),
                        years.last().unwrap_or(&0)
                    ),
                ));
            }
        }
        let scale = from.unit.half_cm2();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut figures: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut given_areas: BTreeMap<String, i64> = BTreeMap::new();
        let mut counts: BTreeMap<String, Vec<(u16, Counts)>> = BTreeMap::new();
        let mut won: BTreeMap<String, Vec<([u16; 2], Counts)>> = BTreeMap::new();
        let mut report = Report {
            source: place.clone(),
            vintage: vintage(&years),
            cog: from.cog.or(columns.area.map(|(year, _)| year)),
            ..Report::default()
        };
        layer.scan(&columns.names, |row| {
            let place = || format!("{place}, row {}", row.number);
            let text = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
            let column = |n: usize| columns.names[n].as_deref().unwrap_or("");
            let number = |n: usize| match text(n) {
                "" => Ok(None),
                text => match text.replace(',', ".").parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(Some(value)),
                    _ => Err(Error::input(
                        place(),
                        format!("`{text}` in the column `{}` is not a number", column(n)),
                        "give Cerema's table as it is published",
                    )),
                },
            };
            let area = |n: usize| -> Result<i64> {
                let value = number(n)?.ok_or_else(|| {
                    Error::input(
                        place(),
                        format!("has no value in the column `{}`", column(n)),
                        "a commune without figures is to have no row: it is then told as missing",
                    )
                })?;
                let area = value * scale;
                let least = -LARGEST_ROUNDING * HALF_CM2_PER_M2 as f64;
                if !(least..1e16).contains(&area) {
                    return Err(Error::input(
                        place(),
                        format!("`{value}` in the column `{}` is not an area", column(n)),
                        "give Cerema's table as it is published",
                    ));
                }
                Ok(area.round() as i64)
            };
            let code = text(CODE).to_owned();
            if known.is_empty() && departement_of(&code).is_none() {
                return Err(Error::input(
                    place(),
                    format!("`{code}` is not an INSEE code of five characters"),
                    "a code read as a number has lost its leading zero; a row of totals is to be removed",
                ));
            }
            if !is_plain(&code) {
                return Err(Error::input(
                    place(),
                    format!("`{code}` is not the code of a commune"),
                    "name the column of the codes with `commune`",
                ));
            }
            let mut flows = Vec::with_capacity(years.len() * DESTINATIONS.len());
            for &year in &years {
                let own = (0..DESTINATIONS.len())
                    .map(|d| area(columns.destinations[&(year, d)]))
                    .collect::<Result<Vec<i64>>>()?;
                report.below_zero += own.iter().filter(|flow| **flow < 0).count();
                let difference = area(columns.totals[&year])? - own.iter().sum::<i64>();
                if difference != 0 {
                    let difference = difference as f64 / HALF_CM2_PER_M2 as f64;
                    report.unequal.push((code.clone(), year, difference));
                }
                flows.extend(own);
            }
            if let Some((_, n)) = columns.area
                && let Some(value) = number(n)?
            {
                let area = (value * HALF_CM2_PER_M2 as f64).round() as i64;
                require_plausible(&flows, area, &code, &place())?;
                given_areas.insert(code.clone(), area);
            }
            let count = |n: usize| -> Result<Option<i64>> {
                let value = number(n)?;
                match value.filter(|v| v.abs() > MOST) {
                    None => Ok(value.map(|v| (v * 1000.0).round() as i64)),
                    Some(value) => Err(Error::input(
                        place(),
                        format!("`{value}` in the column `{}` is not a number of people", column(n)),
                        "give Cerema's table as it is published",
                    )),
                }
            };
            let mut own: BTreeMap<u16, Counts> = BTreeMap::new();
            for (&(year, what), &n) in &columns.counts {
                own.entry(year).or_default()[what] = count(n)?;
            }
            counts.insert(code.clone(), own.into_iter().collect());
            let mut own: BTreeMap<[u16; 2], Counts> = BTreeMap::new();
            for (&(span, what), &n) in &columns.won {
                own.entry(span).or_default()[what] = count(n)?;
            }
            won.insert(code.clone(), own.into_iter().collect());
            names.insert(code.clone(), text(NAME).to_owned());
            match figures.insert(code.clone(), flows) {
                Some(_) => Err(Error::input(
                    place(),
                    format!("the commune {code} is there already"),
                    "give each commune one row",
                )),
                None => Ok(()),
            }
        })?;
        if figures.is_empty() {
            return Err(Error::input(
                place,
                "has no row",
                "check that the file is complete",
            ));
        }
        require_unit(&figures, &given_areas, &place)?;
        if let (Some(of), Some(to)) = (report.cog, cog)
            && of != to
        {
            let movements = movements.ok_or_else(|| {
                Error::input(
                    &place,
                    format!("has the communes of {of}, and [communes] those of {to}"),
                    "give INSEE's file of movements in [cog], or the communes of the same year",
                )
            })?;
            let areas = known.iter().zip(areas).map(|(c, area)| (&*c.code, *area));
            let carried = movements.carry(figures, [of, to], &areas.collect())?;
            figures = carried.figures;
            // What else the table tells is not shared: it is kept of communes that are the same.
            counts.retain(|code, _| carried.same.contains(code));
            won.retain(|code, _| carried.same.contains(code));
            report.incomplete = carried.incomplete.into_iter().collect();
            given_areas.clear();
            report.carried_to = Some(to);
        }
        let mut enaf = Self {
            years,
            report,
            ..Self::default()
        };
        let listed: BTreeMap<&str, &Commune> = known.iter().map(|c| (&*c.code, c)).collect();
        for (code, flows) in figures {
            let commune = match listed.get(code.as_str()) {
                Some(commune) => (*commune).clone(),
                None if !known.is_empty() => continue,
                None => Commune {
                    name: names.get(&code).map_or("", String::as_str).into(),
                    departement: departement_of(&code).unwrap_or_default().into(),
                    code: code.as_str().into(),
                    official: None,
                },
            };
            let n = enaf.communes.len();
            let own = counts.get(&code).into_iter().flatten();
            enaf.won.extend(
                won.get(&code)
                    .into_iter()
                    .flatten()
                    .map(|&(span, counts)| (n, span, counts)),
            );
            enaf.counts
                .extend(own.map(|&(year, counts)| (n, year, counts)));
            enaf.communes.push(commune);
            enaf.flows.extend(flows);
            enaf.areas.push(given_areas.get(&code).copied());
        }
        let have: BTreeSet<&str> = enaf.communes.iter().map(|c| &*c.code).collect();
        let missing = known.iter().filter(|c| !have.contains(&*c.code));
        enaf.report.missing = missing.map(|c| c.code.to_string()).collect();
        if enaf.communes.is_empty() {
            return Err(Error::input(
                place,
                format!("has none of the {} communes of the territory", known.len()),
                "check the column of the commune, and the year of its codes",
            ));
        }
        let total: i64 = enaf.flows.iter().sum();
        enaf.report.total_m2 = crate::grid::format_m2(total);
        Ok(enaf)
    }
}

/// Refuses a table that is not there, or whose columns are not those of consumption.
pub fn require(from: &territory::Enaf) -> Result<()> {
    Columns::of(&open(from)?, from).map(drop)
}

fn open(from: &territory::Enaf) -> Result<Layer> {
    let opening = Opening {
        layer: from.layer.as_deref(),
        usual: &[],
        encoding: from.encoding.as_deref(),
    };
    Layer::open(&from.path, opening)
}

fn vintage(years: &[u16]) -> String {
    match years {
        [first, .., last] | [first @ last] => format!("{first}-{}", last + 1),
        [] => String::new(),
    }
}

impl Columns {
    fn of(layer: &Layer, from: &territory::Enaf) -> Result<Self> {
        let code = match &from.commune {
            Some(name) => Some(layer.require_column(name)?),
            None => layer.find_column(&["idcom", "codgeo", "commune", "insee"]),
        };
        let code = code.ok_or_else(|| {
            Error::input(
                layer.place(),
                "has no column `idcom`",
                "name the column of the code of the commune with `commune`",
            )
        })?;
        let name = layer.find_column(&["idcomtxt", "libgeo", "nom", "name"]);
        let mut columns = Self {
            names: vec![Some(code), name],
            totals: BTreeMap::new(),
            destinations: BTreeMap::new(),
            counts: BTreeMap::new(),
            won: BTreeMap::new(),
            area: None,
        };
        for name in layer.columns() {
            let place = columns.names.len();
            let lower = name.to_ascii_lowercase();
            if let Some(year) = flow(&lower, "naf", "art") {
                columns.totals.insert(year, place);
            } else if let Some((year, d)) = DESTINATIONS
                .iter()
                .enumerate()
                .find_map(|(d, (_, own))| Some((flow(&lower, "art", own)?, d)))
            {
                columns.destinations.insert((year, d), place);
            } else if let Some((span, what)) = COUNTS
                .iter()
                .enumerate()
                .find_map(|(n, (_, own))| Some((span(layer, &lower, own)?, n)))
            {
                columns.won.insert((span, what), place);
            } else if let Some((year, what)) = COUNTS
                .iter()
                .enumerate()
                .find_map(|(n, (_, own))| Some((year(lower.strip_prefix(own)?)?, n)))
            {
                columns.counts.insert((year, what), place);
            } else if let Some(year) = lower.strip_prefix("surfcom").and_then(year) {
                columns.area = Some((year, place));
            } else {
                continue;
            }
            columns.names.push(Some(name.clone()));
        }
        if columns.totals.is_empty() {
            return Err(Error::input(
                layer.place(),
                "has no column of yearly consumption, such as `naf11art12`",
                "give Cerema's table of consumption by commune as it is published",
            ));
        }
        let years: Vec<u16> = columns.totals.keys().copied().collect();
        if let Some(gap) = years.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            return Err(Error::input(
                layer.place(),
                format!("has no consumption between {} and {}", gap[0], gap[1]),
                "give a table of successive years",
            ));
        }
        for &year in &years {
            for (d, (_, own)) in DESTINATIONS.iter().enumerate() {
                if !columns.destinations.contains_key(&(year, d)) {
                    let (a, b) = (year % 100, (year + 1) % 100);
                    return Err(Error::input(
                        layer.place(),
                        format!("has no column `art{a:02}{own}{b:02}`"),
                        "give Cerema's table with its six destinations of every year",
                    ));
                }
            }
        }
        Ok(columns)
    }
}

/// The years of a column of what was won: `pop1521`, beside `pop15` and `pop21`.
fn span(layer: &Layer, name: &str, start: &str) -> Option<[u16; 2]> {
    let (first, last) = name.strip_prefix(start)?.split_at_checked(2)?;
    let is_there = |year: &str| layer.find_column(&[&format!("{start}{year}")]).is_some();
    let span = [year(first)?, year(last)?];
    (last.len() == 2 && is_there(first) && is_there(last)).then_some(span)
}

/// The year of a column of yearly flow: `naf11art12`, `art11hab12`.
fn flow(name: &str, start: &str, middle: &str) -> Option<u16> {
    let (first, last) = name.strip_prefix(start)?.split_once(middle)?;
    let (first, last) = (year(first)?, year(last)?);
    (last == first + 1).then_some(first)
}

/// A year of two or four digits.
fn year(digits: &str) -> Option<u16> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        2 => digits
            .parse::<u16>()
            .ok()
            .map(|y| if y < 70 { 2000 + y } else { 1900 + y }),
        4 => digits.parse().ok().filter(|y| (2000..2100).contains(y)),
        _ => None,
    }
}

/// Refuses flows that are larger than the commune: they are not in the unit that is told.
fn require_plausible(flows: &[i64], area: i64, code: &str, place: &str) -> Result<()> {
    let consumed: i64 = flows.iter().sum();
    if consumed <= area {
        return Ok(());
    }
    let hectares = |a: i64| a as f64 / HALF_CM2_PER_M2 as f64 / 1e4;
    Err(Error::input(
        place,
        format!(
            "the commune {code} would have consumed {:.1} ha of its {:.1} ha",
            hectares(consumed),
            hectares(area)
        ),
        "tell the unit of the table with `unit = \"m2\"` or `unit = \"ha\"`",
    ))
}

/// Refuses a table whose consumption is so small that it cannot be in the unit that is told: over all
/// its communes, less than a hundred-thousandth of the ground.
fn require_unit(
    figures: &BTreeMap<String, Vec<i64>>,
    areas: &BTreeMap<String, i64>,
    place: &str,
) -> Result<()> {
    const ENOUGH: usize = 20;
    if areas.len() < figures.len() || areas.len() < ENOUGH {
        return Ok(());
    }
    let consumed: i64 = figures.values().flatten().sum();
    let ground: i64 = areas.values().sum();
    if consumed == 0 || consumed as f64 >= ground as f64 * 1e-5 {
        return Ok(());
    }
    Err(Error::input(
        place,
        format!(
            "{} communes together would have consumed {} m²",
            figures.len(),
            crate::grid::format_m2(consumed)
        ),
        "if the table is in hectares, tell it: `unit = \"ha\"`",
    ))
}
