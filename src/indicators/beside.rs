//! The tables that the SQL reads beside the account: communes and what they make, consumption, population,
//! nomenclatures, parameters.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::account::{Consumption, Parts};
use super::columns::Columns;
use crate::align::Ground;
use crate::cog::Became;
use crate::communes::Commune;
use crate::enaf::{COUNTS, Counts, DESTINATIONS};
use crate::error::Result;
use crate::ledger::{Canopy, neighbours};
use crate::levels::Levels;
use crate::ministry::Published;
use crate::reference::{Code, Nomenclature, OwnClass, OwnClasses, Reference};
use crate::trajectory::Objective;

pub(super) fn communes_frame(communes: &[Commune], areas: &[i64]) -> Result<DataFrame> {
    let rows = || communes.iter();
    Columns::default()
        .texts("commune", rows().map(|c| Some(&*c.code)))
        .texts("name", rows().map(|c| Some(&*c.name)))
        .texts("departement", rows().map(|c| Some(&*c.departement)))
        .integers("communes", rows().map(|_| 1))
        .some_integers(
            "area_half_cm2",
            (0..communes.len()).map(|n| areas.get(n).copied()),
        )
        .integers(
            "official_known",
            rows().map(|c| i64::from(c.official.is_some())),
        )
        .integers("official_half_cm2", rows().map(|c| c.official.unwrap_or(0)))
        .frame()
}

/// What is told of consumption; empty tables where nothing is.
pub(super) fn consumption_frames(
    consumption: Option<&Consumption>,
    reference: &Reference,
) -> Result<BTreeMap<String, DataFrame>> {
    let none = Consumption::default();
    let told = consumption.unwrap_or(&none);
    let enaf = &told.enaf;
    let kinds = DESTINATIONS.len();
    let per_commune = enaf.years.len() * kinds;
    let commune = |n: usize| &enaf.communes[n];
    let flows = || 0..enaf.flows.len();
    let flow_frame = Columns::default()
        .texts(
            "commune",
            flows().map(|n| Some(&*commune(n / per_commune).code)),
        )
        .texts(
            "name",
            flows().map(|n| Some(&*commune(n / per_commune).name)),
        )
        .integers(
            "year",
            flows().map(|n| i64::from(enaf.years[n % per_commune / kinds])),
        )
        .texts(
            "destination",
            flows().map(|n| Some(DESTINATIONS[n % kinds].0)),
        )
        .integers("area_half_cm2", enaf.flows.iter().copied())
        .frame()?;
    let communes = || enaf.communes.iter();
    let commune_frame = Columns::default()
        .texts("commune", communes().map(|c| Some(&*c.code)))
        .texts("name", communes().map(|c| Some(&*c.name)))
        .integers("communes", communes().map(|_| 1))
        .integers(
            "known_areas",
            enaf.areas.iter().map(|area| i64::from(area.is_some())),
        )
        .integers(
            "area_half_cm2",
            enaf.areas.iter().map(|area| area.unwrap_or(0)),
        )
        .frame()?;
    let year = |year: Option<&u16>| year.map_or(0, |y| i64::from(*y));
    let one = || consumption.into_iter();
    let table = Columns::default()
        .texts(
            "vintage",
            one().map(|c| Some(c.enaf.report.vintage.as_str())),
        )
        .integers("year_first", one().map(|c| year(c.enaf.years.first())))
        .integers("year_last", one().map(|c| year(c.enaf.years.last())))
        .frame()?;
    let won = || enaf.won.iter();
    let won_frame = Columns::default()
        .texts("commune", won().map(|w| Some(&*commune(w.0).code)))
        .texts("name", won().map(|w| Some(&*commune(w.0).name)))
        .integers("year_first", won().map(|w| i64::from(w.1[0])))
        .integers("year_last", won().map(|w| i64::from(w.1[1])));
    let won_frame = counted(won_frame, || won().map(|w| &w.2));
    let apart = || told.apart.iter();
    let apart = Columns::default()
        .texts("commune", apart().map(|a| Some(a.commune.as_str())))
        .integers("year", apart().map(|a| i64::from(a.year)))
        .texts("kind", apart().map(|a| Some(a.kind.as_str())))
        .integers("area_half_cm2", apart().map(|a| a.area))
        .frame()?;
    let periods = told.periods(reference)?;
    let period = |n: usize| periods.iter().map(move |p| i64::from(p[n]));
    let periods_frame = Columns::default()
        .integers("year_first", period(0))
        .integers("year_last", period(1))
        .frame()?;
    let frames = [
        ("enaf", flow_frame),
        ("enaf_communes", commune_frame),
        ("enaf_table", table),
        ("enaf_periods", periods_frame),
        ("enaf_apart", apart),
        ("objectives", objectives_frame(&told.objectives)?),
        ("population_won", won_frame.frame()?),
    ];
    Ok(frames
        .into_iter()
        .map(|(name, frame)| (name.to_owned(), frame))
        .collect())
}

/// The population of every commune and year: of the tables of population, else of that of consumption.
pub(super) fn population_frame(parts: Parts) -> Result<DataFrame> {
    let mut departement: BTreeMap<&str, &str> = BTreeMap::new();
    let enaf = parts.consumption.map(|c| &c.enaf);
    let communes = enaf.into_iter().flat_map(|e| &e.communes);
    departement.extend(
        communes
            .chain(parts.communes)
            .map(|c| (&*c.code, &*c.departement)),
    );
    let mut known: BTreeMap<(&str, u16), Counts> = BTreeMap::new();
    if let Some(enaf) = enaf {
        let counts = enaf.counts.iter();
        known.extend(counts.map(|(n, year, own)| ((&*enaf.communes[*n].code, *year), *own)));
    }
    for table in parts.population {
        let counts = table.counts.iter();
        known.extend(counts.map(|(code, own)| ((code.as_str(), table.year), *own)));
    }
    let columns = Columns::default()
        .texts("commune", known.keys().map(|(code, _)| Some(*code)))
        .texts(
            "departement",
            known.keys().map(|(code, _)| departement.get(code).copied()),
        )
        .integers("year", known.keys().map(|(_, year)| i64::from(*year)));
    counted(columns, || known.values()).frame()
}

/// Adds what is counted, and of how many communes it is known.
pub(super) fn counted<'a, I: Iterator<Item = &'a Counts>>(
    mut columns: Columns,
    counts: impl Fn() -> I,
) -> Columns {
    for (what, (name, _)) in COUNTS.iter().enumerate() {
        columns = columns
            .integers(
                &format!("{name}_thousandths"),
                counts().map(|c| c[what].unwrap_or(0)),
            )
            .integers(
                &format!("{name}_known"),
                counts().map(|c| i64::from(c[what].is_some())),
            );
    }
    columns
}

pub(super) fn objectives_frame(objectives: &[Objective]) -> Result<DataFrame> {
    let rows = || objectives.iter();
    Columns::default()
        .texts("level", rows().map(|o| Some(o.level.as_str())))
        .texts("territory", rows().map(|o| Some(o.territory.as_str())))
        .some_numbers("reduction", rows().map(|o| o.reduction))
        .some_integers("allowance", rows().map(|o| o.allowance))
        .texts("document", rows().map(|o| o.document.as_deref()))
        .texts(
            "inherited_from",
            rows().map(|o| o.inherited_from.as_deref()),
        )
        .flags("has_guarantee", rows().map(|o| Some(o.has_guarantee)))
        .frame()
}

impl Consumption {
    /// First and last year of the periods to add up: the whole table, the decade of reference, what
    /// came since, and those that are asked for; as far as the table goes.
    fn periods(&self, reference: &Reference) -> Result<BTreeSet<[u16; 2]>> {
        let (Some(&first), Some(&last)) = (self.enaf.years.first(), self.enaf.years.last()) else {
            return Ok(BTreeSet::new());
        };
        let year = |name: &str| reference.parameter(name).map(|y| y as u16);
        let usual = [
            [first, last],
            [year("reference_first")?, year("reference_last")?],
            [year("objective_first")?, last.min(year("objective_last")?)],
        ];
        let is_there = |p: &[u16; 2]| first <= p[0] && p[0] <= p[1] && p[1] <= last;
        let all = usual.into_iter().chain(self.periods.iter().copied());
        Ok(all.filter(is_there).collect())
    }
}

pub(super) fn neighbours_frame(ground: Option<&Ground>) -> Result<DataFrame> {
    let pairs = ground.map(neighbours).unwrap_or_default();
    let code = |commune: u32| {
        let commune = ground.and_then(|ground| ground.communes.get(commune as usize));
        commune.map(|commune| &*commune.code)
    };
    Columns::default()
        .texts("commune", pairs.iter().map(|pair| code(pair.0)))
        .texts("neighbour", pairs.iter().map(|pair| code(pair.1)))
        .frame()
}

pub(super) fn canopy_frame(rows: &[Canopy]) -> Result<DataFrame> {
    // Under trees, and not.
    let halves = || rows.iter().flat_map(|row| [(row, true), (row, false)]);
    let area = |(row, is_tree): (&Canopy, bool)| match is_tree {
        true => row.trees,
        false => row.seen - row.trees,
    };
    Columns::default()
        .texts("commune", halves().map(|(row, _)| Some(&*row.commune)))
        .texts(
            "departement",
            halves().map(|(row, _)| Some(&*row.departement)),
        )
        .integers("year", halves().map(|(row, _)| i64::from(row.year)))
        .flags("is_tree", halves().map(|(_, is_tree)| Some(is_tree)))
        .integers("area_half_cm2", halves().map(area))
        .frame()
}

pub(super) fn ministry_frame(stocks: &[Published], communes: &[Commune]) -> Result<DataFrame> {
    let of = |stock: &Published| communes.get(stock.commune);
    Columns::default()
        .texts("commune", stocks.iter().map(|s| of(s).map(|c| &*c.code)))
        .texts(
            "departement",
            stocks.iter().map(|s| of(s).map(|c| &*c.departement)),
        )
        .integers("year", stocks.iter().map(|s| i64::from(s.year)))
        .integers("communes", stocks.iter().map(|_| 1))
        .integers(
            "known_areas",
            stocks.iter().map(|s| i64::from(s.area.is_some())),
        )
        .integers("area_half_cm2", stocks.iter().map(|s| s.area.unwrap_or(0)))
        .integers("ministry_half_cm2", stocks.iter().map(|s| s.artificial))
        .frame()
}

/// A cover, a use, and the class of one's own that they are of.
pub(super) type Classed<'a> = (&'a str, &'a str, &'a OwnClass);

pub(super) fn classed<'a>(
    classes: Option<&'a OwnClasses>,
    reference: &'a Reference,
) -> Vec<Classed<'a>> {
    let axes = [&reference.cover, &reference.usage];
    let mut rows = Vec::new();
    if let Some(classes) = classes {
        for cover in axes[0].codes() {
            for usage in axes[1].codes() {
                if let Some(class) = classes.of((cover, usage), axes) {
                    rows.push((axes[0].text(cover), axes[1].text(usage), class));
                }
            }
        }
    }
    rows
}

pub(super) fn classes_frame(rows: &[Classed]) -> Result<DataFrame> {
    Columns::default()
        .texts("cs", rows.iter().map(|row| Some(row.0)))
        .texts("us", rows.iter().map(|row| Some(row.1)))
        .texts("class", rows.iter().map(|row| Some(&*row.2.class)))
        .texts("class_label", rows.iter().map(|row| Some(&*row.2.label)))
        .frame()
}

pub(super) fn kinds_frame(rows: &[Classed]) -> Result<DataFrame> {
    let told = || rows.iter().filter(|row| !row.2.kind.is_empty());
    Columns::default()
        .texts("cs", told().map(|row| Some(row.0)))
        .texts("us", told().map(|row| Some(row.1)))
        .texts("kind", told().map(|row| Some(&*row.2.kind)))
        .frame()
}

pub(super) fn departements_frame(communes: &[Commune], reference: &Reference) -> Result<DataFrame> {
    let known: BTreeSet<&str> = communes.iter().map(|c| &*c.departement).collect();
    let region = |code: &&str| reference.departement(code).map(|d| d.region.as_str());
    Columns::default()
        .texts("departement", known.iter().map(|code| Some(*code)))
        .texts("region", known.iter().map(region))
        .frame()
}

pub(super) fn movements_frame(movements: &[Became]) -> Result<DataFrame> {
    let of =
        |value: for<'a> fn(&'a Became) -> &'a str| movements.iter().map(move |m| Some(value(m)));
    Columns::default()
        .texts("date", of(|m| &m.date))
        .texts("movement", of(|m| m.kind))
        .texts("code_before", of(|m| &m.before[0]))
        .texts("name_before", of(|m| &m.before[1]))
        .texts("code_after", of(|m| &m.after[0]))
        .texts("name_after", of(|m| &m.after[1]))
        .texts("code_today", of(|m| &m.today))
        .frame()
}

pub(super) fn levels_frame(levels: &Levels) -> Result<DataFrame> {
    let rows = || levels.members.iter();
    Columns::default()
        .texts("level", rows().map(|m| Some(m.level.as_str())))
        .texts("territory", rows().map(|m| Some(m.territory.as_str())))
        .texts("territory_name", rows().map(|m| Some(m.name.as_str())))
        .texts("commune", rows().map(|m| Some(m.commune.as_str())))
        .integers("communes", rows().map(|m| m.communes))
        .frame()
}

pub(super) fn urbanised_frame(reference: &Reference) -> Result<DataFrame> {
    // A code of a territory's own is what the one above it is.
    let of = |axis: &'_ Nomenclature, text: &str| -> Vec<Code> {
        let own = axis.code(text);
        axis.codes()
            .filter(|&code| Some(axis.base(code)) == own)
            .collect()
    };
    let mut rows = Vec::new();
    for row in reference.urbanised() {
        for cover in of(&reference.cover, &row.cover) {
            for usage in of(&reference.usage, &row.usage) {
                let codes = (reference.cover.text(cover), reference.usage.text(usage));
                rows.push((codes, row));
            }
        }
    }
    Columns::default()
        .texts("cs", rows.iter().map(|r| Some(r.0.0)))
        .texts("us", rows.iter().map(|r| Some(r.0.1)))
        .flags("zc", rows.iter().map(|r| Some(r.1.zone_construite)))
        .flags("is_urbanised", rows.iter().map(|r| Some(r.1.urbanised)))
        .frame()
}

pub(super) fn nomenclature_frame(reference: &Reference) -> Result<DataFrame> {
    let axes = [&reference.cover, &reference.usage];
    let rows: Vec<(&Nomenclature, Code)> = axes
        .into_iter()
        .flat_map(|n| n.codes().map(move |code| (n, code)))
        .collect();
    let labels = || rows.iter().map(|&(n, code)| n.labels(code));
    Columns::default()
        .texts("axis", rows.iter().map(|(n, _)| Some(n.axis().prefix())))
        .integers("place", 0..rows.len() as i64)
        .texts("code", rows.iter().map(|&(n, code)| Some(n.text(code))))
        .texts("label_fr", labels().map(|l| Some(&*l.label_fr)))
        .texts("label_en", labels().map(|l| Some(&*l.label_en)))
        .texts("colour", labels().map(|l| Some(&*l.colour)))
        .frame()
}

pub(super) fn parameters_frame(reference: &Reference) -> Result<DataFrame> {
    let mut columns = Columns::default();
    for parameter in reference.parameters() {
        columns = columns.numbers(&parameter.name, std::iter::once(parameter.value));
    }
    columns.frame()
}
