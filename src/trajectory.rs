//! What the consumption of ENAF is held against: objectives of planning documents, and what is counted
//! apart. The arithmetic is SQL, in `indicators/trajectory.sql`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::communes::Commune;
use crate::error::{Error, Result, nearest, suggest};
use crate::levels::Levels;
use crate::territory::{self, AreaUnit};
use crate::vector::{Layer, Opening};

/// Documents that set an objective, each bound by those before it: the last one that speaks of a
/// territory is the one that applies there.
const DOCUMENTS: [&str; 3] = ["SRADDET", "SCoT", "PLU"];

/// What is counted apart from the consumption that an objective is held against.
const KINDS: [&str; 3] = ["projet-national", "renaturation", "photovoltaique"];

/// The level of communes.
const COMMUNE: &str = "commune";

/// The objective of one territory.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Its level,
    pub level: String,
    /// and its code.
    pub territory: String,
    /// Reduction against the decade of reference, 0 to 1; that of the nation where none is told.
    pub reduction: Option<f64>,
    /// Or the area that is allowed, in half square centimetres.
    pub allowance: Option<i64>,
    /// The document that says so.
    pub document: Option<String>,
    /// The territory around it that it follows: level and code.
    pub inherited_from: Option<String>,
    /// Whether the communal guarantee holds.
    pub has_guarantee: bool,
}

/// Ground counted apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    /// The commune.
    pub commune: String,
    /// The year.
    pub year: u16,
    /// What it is.
    pub kind: String,
    /// Its area, in half square centimetres.
    pub area: i64,
}

/// Refuses tables that are not there or lack a column.
pub fn require(trajectory: &territory::Trajectory) -> Result<()> {
    if let Some(path) = &trajectory.objectives {
        open(path, &OBJECTIVE_COLUMNS)?;
    }
    if let Some(path) = &trajectory.apart {
        open(path, &APART_COLUMNS)?;
    }
    Ok(())
}

const OBJECTIVE_COLUMNS: [&str; 6] = [
    "level",
    "territory",
    "document",
    "reduction",
    "allowance_ha",
    "guarantee",
];
/// Of these, what a table may lack.
const OPTIONAL: [&str; 3] = ["reduction", "allowance_ha", "guarantee"];
const APART_COLUMNS: [&str; 4] = ["commune", "year", "kind", "area_ha"];

fn open(path: &Path, names: &[&str]) -> Result<(Layer, Vec<Option<String>>)> {
    let layer = Layer::open(path, Opening::default())?;
    let column = |name: &&str| match OPTIONAL.contains(name) {
        true => Ok(layer.find_column(&[name])),
        false => layer.require_column(name).map(Some),
    };
    let columns = names.iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok((layer, columns))
}

/// The objective of every commune and of every territory of every level.
pub fn objectives(
    path: Option<&Path>,
    communes: &[Commune],
    levels: &Levels,
) -> Result<Vec<Objective>> {
    let mut members: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for commune in communes {
        members
            .entry((COMMUNE, &commune.code))
            .or_default()
            .insert(&commune.code);
    }
    for m in &levels.members {
        members
            .entry((&m.level, &m.territory))
            .or_default()
            .insert(&m.commune);
    }
    let told = path
        .map(|path| read(path, &members))
        .transpose()?
        .unwrap_or_default();
    let objective = |(&(level, territory), own): (&(&str, &str), &BTreeSet<&str>)| {
        let size = |o: &Objective| members[&(o.level.as_str(), o.territory.as_str())].len();
        let is_own = |o: &Objective| o.level == level && o.territory == territory;
        // A territory follows what is told of a larger one that it lies in. An area that is allowed to a
        // whole is not that of each of its parts.
        let is_followed = |o: &&Objective| {
            let whole = &members[&(o.level.as_str(), o.territory.as_str())];
            // Of an EPCI of which one commune is known, the commune is the part.
            let is_larger = whole.len() > own.len() || level == COMMUNE;
            let is_around = is_larger && o.level != COMMUNE && own.is_subset(whole);
            is_own(o) || (is_around && o.reduction.is_some())
        };
        // Its own objective, then that of the last document, of the smallest territory.
        let rank = |o: &&Objective| {
            let place = DOCUMENTS
                .iter()
                .position(|d| o.document.as_deref() == Some(d));
            let name = (o.level.clone(), o.territory.clone());
            (is_own(o), place, Reverse(size(o)), name)
        };
        let chosen = told.iter().filter(is_followed).max_by_key(rank);
        let follows = chosen.filter(|o| !is_own(o));
        Objective {
            level: level.to_owned(),
            territory: territory.to_owned(),
            reduction: chosen.and_then(|o| o.reduction),
            allowance: chosen.and_then(|o| o.allowance),
            document: chosen.and_then(|o| o.document.clone()),
            inherited_from: follows.map(|o| format!("{} {}", o.level, o.territory)),
            has_guarantee: chosen.is_none_or(|o| o.has_guarantee),
        }
    };
    Ok(members.iter().map(objective).collect())
}

fn read(path: &Path, known: &BTreeMap<(&str, &str), BTreeSet<&str>>) -> Result<Vec<Objective>> {
    let (mut layer, columns) = open(path, &OBJECTIVE_COLUMNS)?;
    let place = layer.place();
    let mut told: Vec<Objective> = Vec::new();
    layer.scan(&columns, |row| {
        let bad = |what: String, advice: &str| {
            Error::input(format!("{place}, row {}", row.number), what, advice)
        };
        let text = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let number = |n: usize| match text(n) {
            "" => Ok(None),
            text => match text.replace(',', ".").parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(Some(value)),
                _ => Err(bad(format!("`{text}` is not a number"), "mend the value")),
            },
        };
        let (level, territory) = (text(0), text(1));
        if !known.contains_key(&(level, territory)) {
            let levels: BTreeSet<&str> = known.keys().map(|(level, _)| *level).collect();
            let advice = match levels.contains(level) {
                true => near(
                    territory,
                    known.keys().filter(|(l, _)| *l == level).map(|(_, t)| *t),
                ),
                false => suggest(level, levels.iter().copied()),
            };
            return Err(bad(format!("there is no {level} `{territory}`"), &advice));
        }
        let document = DOCUMENTS.iter().find(|d| d.eq_ignore_ascii_case(text(2)));
        let document = document.ok_or_else(|| {
            bad(
                format!("`{}` is not a document that sets an objective", text(2)),
                "write SRADDET, SCoT or PLU",
            )
        })?;
        let (reduction, allowance) = (number(3)?, number(4)?);
        if reduction.is_some() == allowance.is_some() {
            return Err(bad(
                "must give either `reduction` or `allowance_ha`".to_owned(),
                "a reduction of 0.5 leaves half of what was consumed from 2011 to 2020",
            ));
        }
        if reduction.is_some_and(|r| !(0.0..=1.0).contains(&r)) {
            return Err(bad(
                "a `reduction` is from 0 to 1".to_owned(),
                "write 0.5 for half as much",
            ));
        }
        if allowance.is_some_and(|a| !(0.0..1e7).contains(&a)) {
            return Err(bad("`allowance_ha` is not an area".to_owned(), "mend it"));
        }
        let has_guarantee = match text(5).to_lowercase().as_str() {
            "" | "oui" | "yes" | "true" | "1" => true,
            "non" | "no" | "false" | "0" => false,
            other => {
                return Err(bad(
                    format!("`{other}` in `guarantee` is neither oui nor non"),
                    "write oui or non",
                ));
            }
        };
        let objective = Objective {
            level: level.to_owned(),
            territory: territory.to_owned(),
            reduction,
            allowance: allowance.map(|a| (a * AreaUnit::Ha.half_cm2()).round() as i64),
            document: Some((*document).to_owned()),
            inherited_from: None,
            has_guarantee,
        };
        let is_same = |o: &&Objective| {
            (&o.level, &o.territory, &o.document)
                == (&objective.level, &objective.territory, &objective.document)
        };
        if told.iter().any(|o| is_same(&o)) {
            return Err(bad(
                format!("the {document} of {level} {territory} is there already"),
                "keep one row",
            ));
        }
        told.push(objective);
        Ok(())
    })?;
    Ok(told)
}

/// What is counted apart; communes that are not known are refused.
pub fn apart(path: &Path, communes: &[Commune]) -> Result<Vec<Apart>> {
    let (mut layer, columns) = open(path, &APART_COLUMNS)?;
    let place = layer.place();
    let codes: BTreeSet<&str> = communes.iter().map(|c| &*c.code).collect();
    let mut rows = Vec::new();
    layer.scan(&columns, |row| {
        let bad = |what: String, advice: String| {
            Error::input(format!("{place}, row {}", row.number), what, advice)
        };
        let text = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
        let commune = text(0);
        if !codes.contains(commune) {
            let advice = near(commune, codes.iter().copied());
            return Err(bad(format!("there is no commune `{commune}`"), advice));
        }
        let year = text(1)
            .parse::<u16>()
            .ok()
            .filter(|y| (1900..=2200).contains(y));
        let year = year.ok_or_else(|| {
            bad(
                format!("`{}` is not a year", text(1)),
                "write 2022".to_owned(),
            )
        })?;
        let kind = text(2);
        if !KINDS.contains(&kind) {
            let what = format!("`{kind}` is not a kind of ground that is counted apart");
            return Err(bad(what, suggest(kind, KINDS)));
        }
        let area = text(3).replace(',', ".").parse::<f64>().ok();
        let area = area.filter(|a| (0.0..1e7).contains(a)).ok_or_else(|| {
            bad(
                format!("`{}` is not an area in ha", text(3)),
                "mend it".to_owned(),
            )
        })?;
        rows.push(Apart {
            commune: commune.to_owned(),
            year,
            kind: kind.to_owned(),
            area: (area * AreaUnit::Ha.half_cm2()).round() as i64,
        });
        Ok(())
    })?;
    Ok(rows)
}

/// The nearest of many codes.
fn near<'a>(code: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(code, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "check the code: codes are text, and keep their leading zero".to_owned(),
    }
}
