//! The account of larger territories: that of their communes, added up.
//!
//! Communes that belong to the same territories at every level are added up first, once for all levels, where
//! that makes a large table much shorter.
//!
//! Every table of the account that is by commune becomes the same table by territory, which is then
//! read by the same SQL. A territory of one département has the years of that département. One that
//! lies in several has the rows of each, and rows for the whole, whose département is empty: for the
//! years that they have in common, and for their latest vintages (their latest but one …) where years
//! differ. These are told apart by years below zero on the way, and have no year in the end, but the
//! text of all of them.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Column, DataFrame, IntoLazy, NamedFrom, Series};
use polars::sql::SQLContext;

use super::account::{Account, scope_frame};
use super::columns::Columns;
use crate::error::{Error, Result};

/// Columns that are added up.
const SUMMED: [&str; 16] = [
    "ministry_half_cm2",
    "official_half_cm2",
    "official_known",
    "reference_half_cm2",
    "allowance_half_cm2",
    "guarantee_half_cm2",
    "area_half_cm2",
    "faces",
    "communes",
    "known_areas",
    "inhabitants_thousandths",
    "inhabitants_known",
    "households_thousandths",
    "households_known",
    "jobs_thousandths",
    "jobs_known",
];

/// Tables with fewer rows than this are lifted as they are.
pub(super) const LARGE: usize = 100_000;
/// Tables in which a commune is more than the sum of its rows.
const OWN: [&str; 5] = [
    "commune_periods",
    "commune_vintages",
    "communes",
    "neighbours",
    "population",
];

/// The large tables of an account by parts: communes that belong to the same territories at every level.
pub(super) struct ByParts {
    tables: BTreeMap<String, DataFrame>,
    /// The territories of each part, as `levels` has those of each commune.
    levels: DataFrame,
}

/// The account of the territories of one level.
pub(super) struct Lifted {
    pub account: Account,
    dates: Dates,
}

/// What the years of the whole of a territory stand for: by territory, year before and year after (one
/// for the other where a vintage is meant).
#[derive(Default)]
struct Dates(BTreeMap<(String, i64, i64), String>);

/// Vintages and consecutive periods of every département.
#[derive(Default)]
struct Calendar {
    vintages: BTreeMap<String, BTreeSet<i64>>,
    periods: BTreeMap<String, BTreeSet<(i64, i64)>>,
}

/// A département's years, and those under which the whole has them.
struct Entry {
    territory: String,
    departement: String,
    years: (i64, i64),
    as_departement: String,
    as_years: (i64, i64),
}

impl Account {
    /// The tables of so many rows or more by parts; `None` where it would not pay.
    pub(super) fn by_parts(&self, least: usize) -> Result<Option<ByParts>> {
        let large = |(name, frame): &(&String, &DataFrame)| {
            let is_own = OWN.contains(&name.as_str()) || *name == "levels";
            !is_own && frame.height() >= least && frame.column("commune").is_ok()
        };
        let large: Vec<(&String, &DataFrame)> = self.0.iter().filter(large).collect();
        let mut memberships: BTreeMap<String, Vec<(String, String, String)>> = BTreeMap::new();
        let territories = self.pairs("levels", "territory", "territory_name")?;
        for ((level, commune), (territory, name)) in self
            .pairs("levels", "level", "commune")?
            .into_iter()
            .zip(territories)
        {
            let of = memberships.entry(commune).or_default();
            of.push((level, territory, name));
        }
        let communes = memberships.len();
        let mut parts: BTreeMap<Vec<(String, String, String)>, Vec<String>> = BTreeMap::new();
        for (commune, mut of) in memberships {
            of.sort_unstable();
            parts.entry(of).or_default().push(commune);
        }
        if large.is_empty() || 2 * parts.len() > communes {
            return Ok(None);
        }
        let numbers = || (0..parts.len()).map(|n| n.to_string());
        let members: Vec<(String, &String)> = numbers()
            .zip(parts.values())
            .flat_map(|(part, communes)| communes.iter().map(move |c| (part.clone(), c)))
            .collect();
        let members = Columns::default()
            .texts("commune", members.iter().map(|m| Some(m.1.as_str())))
            .texts("territory", members.iter().map(|m| Some(m.0.as_str())))
            .texts("territory_name", members.iter().map(|m| Some(m.0.as_str())))
            .frame()?;
        let of: Vec<(String, &(String, String, String))> = numbers()
            .zip(parts.keys())
            .flat_map(|(part, of)| of.iter().map(move |one| (part.clone(), one)))
            .collect();
        let levels = Columns::default()
            .texts("level", of.iter().map(|o| Some(o.1.0.as_str())))
            .texts("territory", of.iter().map(|o| Some(o.1.1.as_str())))
            .texts("territory_name", of.iter().map(|o| Some(o.1.2.as_str())))
            .texts("commune", of.iter().map(|o| Some(o.0.as_str())))
            .frame()?;
        let mut context = SQLContext::new();
        context.register("members", members.lazy());
        let mut tables = BTreeMap::new();
        for (name, frame) in large {
            context.register(name, frame.clone().lazy());
            let sql = sum(name, frame, "members", ("", &[]));
            tables.insert(name.clone(), run(&mut context, &sql)?);
        }
        Ok(Some(ByParts { tables, levels }))
    }

    /// The account by the territories of a level, from parts where there are.
    pub(super) fn lifted(&self, level: &str, parts: Option<&ByParts>) -> Result<Lifted> {
        let calendar = Calendar::of(self)?;
        let departements = self.departements_of(level)?;
        let mut dates = Dates::default();
        let (mut vintages, mut periods) = (Vec::new(), Vec::new());
        for (territory, departements) in &departements {
            calendar.enter(
                territory,
                departements,
                &mut vintages,
                &mut periods,
                &mut dates,
            );
        }
        let mut context = SQLContext::new();
        let part = |name: &str| parts.and_then(|parts| parts.tables.get(name));
        for (name, frame) in &self.0 {
            let frame = part(name).unwrap_or(frame);
            context.register(name, frame.clone().lazy());
        }
        if let Some(parts) = parts {
            context.register("part_levels", parts.levels.clone().lazy());
        }
        let tables = [("levels", "members"), ("part_levels", "part_members")];
        for (levels, members) in tables.into_iter().take(1 + usize::from(parts.is_some())) {
            let sql = format!(
                "SELECT commune, territory, territory_name FROM {levels} WHERE level = '{level}'"
            );
            let found = run(&mut context, &sql)?;
            context.register(members, found.lazy());
        }
        context.register(
            "entered_departements",
            departement_entries(&departements)?.lazy(),
        );
        context.register("entered_vintages", entries(&vintages)?.lazy());
        context.register("entered_periods", entries(&periods)?.lazy());
        let mut lifted = Account::default();
        lifted.0.insert("scope".to_owned(), scope_frame(level)?);
        for (name, frame) in &self.0 {
            if name == "scope" {
                continue;
            }
            let is_by_commune = name != "levels" && frame.column("commune").is_ok();
            let frame = match is_by_commune {
                _ if name == "neighbours" => run(&mut context, TOUCHING)?,
                true => {
                    let members = part(name).map_or("members", |_| "part_members");
                    run(
                        &mut context,
                        &sum(name, frame, members, entered(name, frame)),
                    )?
                }
                false => frame.clone(),
            };
            lifted.0.insert(name.clone(), frame);
        }
        Ok(Lifted {
            account: lifted,
            dates,
        })
    }

    /// The départements of every territory of a level.
    fn departements_of(&self, level: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut departement = BTreeMap::new();
        for (commune, own) in self.pairs("communes", "commune", "departement")? {
            departement.insert(commune, own);
        }
        let levels = self.pairs("levels", "level", "territory")?;
        let communes = self.pairs("levels", "commune", "territory")?;
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for ((of, territory), (commune, _)) in levels.into_iter().zip(communes) {
            if of == level {
                let own = departement.get(&commune).cloned();
                found.entry(territory).or_default().extend(own);
            }
        }
        Ok(found)
    }

    /// Two text columns of a table.
    pub(super) fn pairs(&self, table: &str, a: &str, b: &str) -> Result<Vec<(String, String)>> {
        let frame = self.0.get(table);
        let frame = frame.ok_or_else(|| Error::Internal(format!("no table {table}")))?;
        let texts = |name: &str| -> Result<Vec<String>> {
            let column = frame.column(name).map_err(|e| internal(table, &e))?;
            let values = column.str().map_err(|e| internal(table, &e))?;
            Ok(values.iter().map(|v| v.unwrap_or("").to_owned()).collect())
        };
        Ok(texts(a)?.into_iter().zip(texts(b)?).collect())
    }

    /// Integers of a table.
    fn years(&self, table: &str, name: &str) -> Result<Vec<i64>> {
        let frame = self.0.get(table);
        let frame = frame.ok_or_else(|| Error::Internal(format!("no table {table}")))?;
        let column = frame.column(name).map_err(|e| internal(table, &e))?;
        let values = column.i64().map_err(|e| internal(table, &e))?;
        Ok(values.iter().map(|v| v.unwrap_or(0)).collect())
    }
}

/// Territories that touch: those of communes that do.
const TOUCHING: &str = "SELECT DISTINCT m.territory AS commune, o.other AS neighbour
  FROM neighbours AS n
  JOIN members AS m ON m.commune = n.commune
  JOIN (SELECT commune AS own, territory AS other FROM members) AS o ON o.own = n.neighbour
  WHERE m.territory <> o.other
  ORDER BY m.territory, o.other";

/// Where the départements or the years of a table are entered, and the columns of its years.
fn entered(name: &str, frame: &DataFrame) -> (&'static str, &'static [&'static str]) {
    let has = |column: &str| frame.column(column).is_ok();
    if !has("departement") {
        ("", &[])
    } else if ["communes", "population"].contains(&name) {
        ("entered_departements", &[])
    } else if has("year_before") {
        ("entered_periods", &["year_before", "year_after"])
    } else if has("year") {
        ("entered_vintages", &["year"])
    } else {
        ("", &[])
    }
}

/// The SQL that adds a table up by the territories of `members`.
fn sum(name: &str, frame: &DataFrame, members: &str, (entered, by): (&str, &[&str])) -> String {
    let (mut keys, mut sums) = (Vec::new(), Vec::new());
    for column in frame.columns() {
        let column = column.name().as_str();
        let source = match (name, column) {
            (_, "commune") => "m.territory".to_owned(),
            (_, "name") => "m.territory_name".to_owned(),
            // Rates per year are for a span that is one.
            ("commune_periods", "years") => {
                sums.push(
                    "CASE WHEN MIN(f.years) = MAX(f.years) THEN MIN(f.years) END AS years".into(),
                );
                continue;
            }
            ("commune_periods", "years_basis") => {
                sums.push(
                    "CASE WHEN MIN(f.years_basis) = MAX(f.years_basis) THEN MIN(f.years_basis) END \
                     AS years_basis"
                        .into(),
                );
                continue;
            }
            ("commune_vintages", "is_state") => {
                sums.push("SUM(CASE WHEN f.is_state THEN 0 ELSE 1 END) = 0 AS is_state".to_owned());
                continue;
            }
            (_, summed) if SUMMED.contains(&summed) => {
                sums.push(format!("SUM(f.{summed}) AS {summed}"));
                continue;
            }
            (_, "departement") if !entered.is_empty() => "e.as_departement".to_owned(),
            (_, "year_before") if !by.is_empty() => "e.as_before".to_owned(),
            (_, "year_after" | "year") if !by.is_empty() => "e.as_after".to_owned(),
            (_, other) => format!("f.{other}"),
        };
        keys.push((source, column.to_owned()));
    }
    let selected: Vec<String> = keys
        .iter()
        .map(|(source, column)| format!("{source} AS {column}"))
        .chain(sums)
        .collect();
    let grouped: Vec<&str> = keys.iter().map(|(source, _)| source.as_str()).collect();
    let mut sql = format!(
        "SELECT {} FROM {name} AS f JOIN {members} AS m ON m.commune = f.commune",
        selected.join(", ")
    );
    if !entered.is_empty() {
        let on: Vec<String> = by
            .iter()
            .map(|column| {
                let own = column.strip_prefix("year_").unwrap_or("after");
                format!(" AND e.{own} = f.{column}")
            })
            .collect();
        sql += &format!(
            " JOIN {entered} AS e ON e.territory = m.territory AND e.departement = f.departement{}",
            on.concat()
        );
    }
    format!("{sql} GROUP BY {}", grouped.join(", "))
}

impl Calendar {
    fn of(account: &Account) -> Result<Self> {
        let mut calendar = Self::default();
        let departements = account.pairs("commune_vintages", "departement", "commune")?;
        for ((departement, _), year) in departements
            .into_iter()
            .zip(account.years("commune_vintages", "year")?)
        {
            calendar
                .vintages
                .entry(departement)
                .or_default()
                .insert(year);
        }
        let departements = account.pairs("commune_periods", "departement", "commune")?;
        let before = account.years("commune_periods", "year_before")?;
        let after = account.years("commune_periods", "year_after")?;
        for ((departement, _), years) in departements.into_iter().zip(before.into_iter().zip(after))
        {
            calendar
                .periods
                .entry(departement)
                .or_default()
                .insert(years);
        }
        Ok(calendar)
    }

    /// Enters the years of a territory's départements, and those of the whole.
    fn enter(
        &self,
        territory: &str,
        departements: &BTreeSet<String>,
        vintages: &mut Vec<Entry>,
        periods: &mut Vec<Entry>,
        dates: &mut Dates,
    ) {
        let entry = |departement: &str, years, as_departement: &str, as_years| Entry {
            territory: territory.to_owned(),
            departement: departement.to_owned(),
            years,
            as_departement: as_departement.to_owned(),
            as_years,
        };
        for departement in departements {
            for &year in self.vintages.get(departement).into_iter().flatten() {
                let years = (year, year);
                vintages.push(entry(departement, years, departement, years));
            }
            for &years in self.periods.get(departement).into_iter().flatten() {
                periods.push(entry(departement, years, departement, years));
            }
        }
        let chains: Option<Vec<(&String, Vec<i64>)>> = departements
            .iter()
            .map(|d| Some((d, self.vintages.get(d)?.iter().rev().copied().collect())))
            .collect();
        let Some(chains) = chains.filter(|chains| chains.len() > 1) else {
            return;
        };
        let mut whole = |of: &mut Vec<Entry>, years: Vec<(i64, i64)>, as_years: (i64, i64)| {
            for ((departement, _), &own) in chains.iter().zip(&years) {
                of.push(entry(departement, own, "", as_years));
            }
            if as_years.1 < 0 || as_years.0 < 0 {
                let text = chains
                    .iter()
                    .zip(&years)
                    .map(|((departement, _), own)| match own {
                        (before, after) if before == after => format!("{after} ({departement})"),
                        (before, after) => format!("{before}-{after} ({departement})"),
                    });
                let text: Vec<String> = text.collect();
                let key = (territory.to_owned(), as_years.0, as_years.1);
                dates.0.insert(key, text.join(" · "));
            }
        };
        // What all have in common.
        let common = |year: &i64| chains.iter().all(|(_, chain)| chain.contains(year));
        for &year in chains[0].1.iter().filter(|y| common(y)) {
            whole(vintages, vec![(year, year); chains.len()], (year, year));
        }
        let none = BTreeSet::new();
        let of = |departement: &String| self.periods.get(departement).unwrap_or(&none);
        for &years in of(chains[0].0) {
            if chains.iter().all(|(d, _)| of(d).contains(&years)) {
                whole(periods, vec![years; chains.len()], years);
            }
        }
        // The latest of each, the latest but one …
        let shortest = chains
            .iter()
            .map(|(_, chain)| chain.len())
            .min()
            .unwrap_or(0);
        let ranked = |rank: usize| -> (Vec<i64>, i64) {
            let years: Vec<i64> = chains.iter().map(|(_, chain)| chain[rank]).collect();
            let is_one = years.iter().all(|y| *y == years[0]);
            let key = if is_one { years[0] } else { -1 - rank as i64 };
            (years, key)
        };
        for rank in 0..shortest {
            let (years, key) = ranked(rank);
            if key < 0 {
                whole(
                    vintages,
                    years.iter().map(|&y| (y, y)).collect(),
                    (key, key),
                );
            }
            if rank + 1 < shortest {
                let (before, key_before) = ranked(rank + 1);
                let pairs: Vec<(i64, i64)> = before.into_iter().zip(years).collect();
                let is_known = chains
                    .iter()
                    .zip(&pairs)
                    .all(|((d, _), p)| of(d).contains(p));
                if (key < 0 || key_before < 0) && is_known {
                    whole(periods, pairs, (key_before, key));
                }
            }
        }
    }
}

/// The départements of every territory, and, of one that lies in several, the whole.
fn departement_entries(territories: &BTreeMap<String, BTreeSet<String>>) -> Result<DataFrame> {
    let mut rows: Vec<(&str, &str, &str)> = Vec::new();
    for (territory, departements) in territories {
        for departement in departements {
            rows.push((territory, departement, departement));
            if departements.len() > 1 {
                rows.push((territory, departement, ""));
            }
        }
    }
    Columns::default()
        .texts("territory", rows.iter().map(|r| Some(r.0)))
        .texts("departement", rows.iter().map(|r| Some(r.1)))
        .texts("as_departement", rows.iter().map(|r| Some(r.2)))
        .frame()
}

fn entries(entries: &[Entry]) -> Result<DataFrame> {
    let rows = || entries.iter();
    Columns::default()
        .texts("territory", rows().map(|e| Some(e.territory.as_str())))
        .texts("departement", rows().map(|e| Some(e.departement.as_str())))
        .integers("before", rows().map(|e| e.years.0))
        .integers("after", rows().map(|e| e.years.1))
        .texts(
            "as_departement",
            rows().map(|e| Some(e.as_departement.as_str())),
        )
        .integers("as_before", rows().map(|e| e.as_years.0))
        .integers("as_after", rows().map(|e| e.as_years.1))
        .frame()
}

impl Lifted {
    /// A table by territory, as it is published: its level, and the text of its years.
    pub fn published(&self, level: &str, table: &DataFrame) -> Result<DataFrame> {
        let mut columns = vec![constant("level", level, table.height())];
        let territories = match table.column("commune") {
            Ok(column) => column.str().map_err(|e| internal(level, &e))?.clone(),
            Err(e) => return Err(internal(level, &e)),
        };
        // Only what is by département has years of its own.
        let has_dates = table.column("departement").is_ok();
        let years = |name: &str| match table.column(name).ok().filter(|_| has_dates) {
            Some(column) => column.i64().ok().cloned(),
            None => None,
        };
        let (before, after) = match (years("year_before"), years("year_after"), years("year")) {
            (Some(before), Some(after), _) => (Some(before), Some(after)),
            (_, _, Some(year)) => (Some(year.clone()), Some(year)),
            _ => (None, None),
        };
        for column in table.columns() {
            let mut column = column.clone();
            let name = column.name().to_string();
            match name.as_str() {
                "commune" => {
                    column.rename("territory".into());
                }
                "year" | "year_before" | "year_after" if has_dates => {
                    let years = column.i64().map_err(|e| internal(level, &e))?;
                    let shown: Vec<Option<i64>> =
                        years.iter().map(|y| y.filter(|y| *y >= 0)).collect();
                    column = Series::new(name.as_str().into(), shown).into();
                }
                _ => {}
            }
            columns.push(column);
            let is_last = matches!(name.as_str(), "year" | "year_after");
            if let (true, Some(before), Some(after)) = (is_last, &before, &after) {
                let rows = territories.iter().zip(before.iter().zip(after.iter()));
                let texts: Vec<Option<String>> = rows
                    .map(|(territory, (before, after))| {
                        Some(self.dates.text(territory?, before?, after?))
                    })
                    .collect();
                columns.push(Series::new("dates".into(), texts).into());
            }
        }
        DataFrame::new(table.height(), columns).map_err(|e| internal(level, &e))
    }
}

impl Dates {
    fn text(&self, territory: &str, before: i64, after: i64) -> String {
        match self.0.get(&(territory.to_owned(), before, after)) {
            Some(text) => text.clone(),
            None if before == after => after.to_string(),
            None => format!("{before}-{after}"),
        }
    }
}

fn constant(name: &str, value: &str, height: usize) -> Column {
    Column::new_scalar(
        name.into(),
        polars::prelude::Scalar::from(polars::prelude::PlSmallStr::from(value)),
        height,
    )
}

fn run(context: &mut SQLContext, sql: &str) -> Result<DataFrame> {
    let done = context.execute(sql).and_then(|lazy| lazy.collect());
    done.map_err(|e| Error::Internal(format!("{sql}: {e}")))
}

fn internal(table: &str, error: &polars::error::PolarsError) -> Error {
    Error::Internal(format!("{table}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six communes of two départements, in three territories of one level and two of another.
    fn account() -> Account {
        let communes = ["01001", "01002", "01003", "02001", "02002", "02003"];
        let departement = |commune: &str| commune[..2].to_owned();
        let of = |level: &str, n: usize| match level {
            "epci" => ["A", "A", "B", "B", "B", "C"][n],
            _ => ["N", "N", "S", "S", "S", "S"][n],
        };
        let departements: Vec<String> = communes.iter().map(|c| departement(c)).collect();
        let by_commune = || {
            Columns::default()
                .texts("commune", communes.iter().copied().map(Some))
                .texts("departement", departements.iter().map(|d| Some(d.as_str())))
        };
        let levels: Vec<(&str, &str, &str)> = ["epci", "scot"]
            .into_iter()
            .flat_map(|level| (0..6).map(move |n| (level, of(level, n), communes[n])))
            .collect();
        let years = [2018, 2021];
        let rows: Vec<(usize, i64)> = (0..6).flat_map(|n| years.map(|year| (n, year))).collect();
        let dated = |name: &str| {
            Columns::default()
                .texts("commune", rows.iter().map(|r| Some(communes[r.0])))
                .texts(
                    "departement",
                    rows.iter().map(|r| Some(departements[r.0].as_str())),
                )
                .integers(name, rows.iter().map(|r| r.1))
        };
        let stock = dated("year")
            .texts("cs", rows.iter().map(|r| (r.0 % 2 == 0).then_some("CS1")))
            .integers("area_half_cm2", rows.iter().map(|r| 7 * r.0 as i64 + r.1));
        // A table without a département, that names its communes.
        let named = Columns::default()
            .texts("commune", communes.iter().copied().map(Some))
            .texts("name", communes.iter().copied().map(Some))
            .integers("area_half_cm2", 0..6);
        let levels = Columns::default()
            .texts("level", levels.iter().map(|l| Some(l.0)))
            .texts("territory", levels.iter().map(|l| Some(l.1)))
            .texts("territory_name", levels.iter().map(|l| Some(l.1)))
            .texts("commune", levels.iter().map(|l| Some(l.2)));
        let periods = by_commune()
            .integers("year_before", [2018; 6].into_iter())
            .integers("year_after", [2021; 6].into_iter())
            .some_numbers("years", [Some(3.0); 6].into_iter());
        let vintages = dated("year").flags("is_state", rows.iter().map(|_| Some(true)));
        let mut account = Account::default();
        for (name, columns) in [
            ("communes", by_commune()),
            ("commune_periods", periods),
            ("commune_vintages", vintages),
            ("enaf", named),
            ("levels", levels),
            ("stock", stock),
        ] {
            account.0.insert(name.to_owned(), columns.frame().unwrap());
        }
        account
    }

    #[test]
    fn parts_add_up_to_what_communes_do() {
        let account = account();
        let parts = account
            .by_parts(0)
            .unwrap()
            .expect("four parts of six communes");
        assert_eq!(parts.tables.keys().collect::<Vec<_>>(), ["enaf", "stock"]);
        for level in ["epci", "scot"] {
            let by_communes = account.lifted(level, None).unwrap().account;
            let by_parts = account.lifted(level, Some(&parts)).unwrap().account;
            for (name, frame) in &by_communes.0 {
                let sorted = |frame: &DataFrame| {
                    let columns: Vec<String> = frame
                        .get_column_names()
                        .iter()
                        .map(|c| c.to_string())
                        .collect();
                    frame.sort(columns, Default::default()).unwrap()
                };
                let (ours, theirs) = (sorted(&by_parts.0[name]), sorted(frame));
                assert!(
                    ours.equals_missing(&theirs),
                    "{level} {name}: {ours} {theirs}"
                );
            }
        }
    }
}
