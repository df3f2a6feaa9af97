//! The tables that the SQL reads.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::beside::{
    canopy_frame, classed, classes_frame, communes_frame, consumption_frames, departements_frame,
    kinds_frame, levels_frame, ministry_frame, movements_frame, neighbours_frame,
    nomenclature_frame, parameters_frame, population_frame, urbanised_frame,
};
use super::columns::Columns;
use super::indicator::Subject;
use crate::align::{Ground, Verdict};
use crate::cog::Became;
use crate::communes::Commune;
use crate::enaf::Enaf;
use crate::error::{Error, Result};
use crate::ledger::{
    Canopy, Crossed, CrossedRow, Judged, Ledger, Returned, Revised, State, Stock, StockRow,
};
use crate::levels::Levels;
use crate::ministry::Published;
use crate::population::Population;
use crate::reference::{Code, Nomenclature, OwnClasses, Reference};
use crate::trajectory::{Apart, Objective};

/// Tables by name, as SQL reads them. Columns in `_half_cm2` are integers: half square centimetres,
/// 20 000 to the square metre.
///
/// `ledger` and `stock` are the account; `commune_periods` and `commune_vintages` every commune with
/// every period and vintage that concerns it, so that zeros appear; `crossed_ledger` and
/// `crossed_stock` the account by zone of the layers that figures are crossed with, `official_ledger`
/// that by what producers' layers of changes tell; `judged` what
/// alignment made of differences, `revised` what corrections moved, `returned` what changes back;
/// `canopy` the trees that models saw in the zone construite;
/// `communes`, `neighbours`, which of them touch, `movements`, what became them, `departements`, the région
/// of each, `ministry`, the stocks that the ministry publishes, `classes`, the class of one's own of every
/// pair of codes, `class_kinds`, what that is of where it is told, and `levels`, the communes of every
/// territory of every level; `enaf` the consumption of
/// every commune by year and destination, `enaf_communes` its communes, `enaf_table` the years of the
/// table (one row), `enaf_periods` those to add up, `enaf_apart` what is counted apart, `objectives` the
/// objective of every territory; `population` what the census counts, `population_won` what was won
/// between two years; `urbanised` whether ground of a cover and a use is; `scope` the level that is being
/// computed (one row); `nomenclature`, and `parameters` (one row).
#[derive(Clone, Default)]
pub struct Account(pub(super) BTreeMap<String, DataFrame>);

/// What an account is made of, with areas in half square centimetres.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// The account of every period,
    pub ledgers: &'a [Ledger],
    /// and the stock of every vintage.
    pub stocks: &'a [Stock],
    /// What alignment judged.
    pub judged: &'a [(Judged, i64)],
    /// What corrections moved.
    pub revised: &'a [(Revised, i64)],
    /// What changes and changes back.
    pub returned: &'a [(Returned, i64)],
    /// The stock by zone of every crossed layer,
    pub crossed_stocks: &'a [CrossedRow],
    /// the account of every period by zone,
    pub crossed_ledger: &'a [CrossedRow],
    /// and the ground whose zones they are.
    pub ground: Option<&'a Ground>,
    /// The trees that models saw.
    pub canopy: &'a [Canopy],
    /// The communes,
    pub communes: &'a [Commune],
    /// their areas,
    pub areas: &'a [i64],
    /// and the territories that they make.
    pub levels: &'a Levels,
    /// What became them.
    pub movements: &'a [Became],
    /// Classes of one's own that pairs of codes are of.
    pub classes: Option<&'a OwnClasses>,
    /// Stocks as the ministry publishes them.
    pub ministry: &'a [Published],
    /// Population of communes, a table for each year.
    pub population: &'a [Population],
    /// Consumption of ENAF, where there is a table of it.
    pub consumption: Option<&'a Consumption>,
}

/// Consumption of ENAF, and what it is held against.
#[derive(Default)]
pub struct Consumption {
    /// The table.
    pub enaf: Enaf,
    /// First and last year of the periods to add up, beside the usual ones.
    pub periods: Vec<[u16; 2]>,
    /// The objective of every territory.
    pub objectives: Vec<Objective>,
    /// What is counted apart.
    pub apart: Vec<Apart>,
}

impl<'a> Parts<'a> {
    /// Communes and what they make, of which nothing is told yet.
    pub fn of(communes: &'a [Commune], areas: &'a [i64], levels: &'a Levels) -> Self {
        Self {
            ledgers: &[],
            stocks: &[],
            judged: &[],
            revised: &[],
            returned: &[],
            crossed_stocks: &[],
            crossed_ledger: &[],
            ground: None,
            canopy: &[],
            communes,
            areas,
            levels,
            movements: &[],
            classes: None,
            ministry: &[],
            population: &[],
            consumption: None,
        }
    }
}

impl Account {
    /// The tables of an account.
    pub fn new(parts: Parts, reference: &Reference) -> Result<Self> {
        let communes = parts.communes;
        let classed = classed(parts.classes, reference);
        let tables = [
            ("ledger", ledger_frame(parts.ledgers, reference)?),
            ("stock", stock_frame(parts.stocks, reference)?),
            ("commune_periods", periods_frame(parts.ledgers, communes)?),
            ("commune_vintages", vintages_frame(parts.stocks, communes)?),
            (
                "crossed_stock",
                crossed_frame(
                    parts.crossed_stocks,
                    parts.ground,
                    reference,
                    Crossing::Stock,
                )?,
            ),
            (
                "crossed_ledger",
                crossed_frame(
                    parts.crossed_ledger,
                    parts.ground,
                    reference,
                    Crossing::Ledger,
                )?,
            ),
            (
                "official_ledger",
                crossed_frame(
                    parts.crossed_ledger,
                    parts.ground,
                    reference,
                    Crossing::Official,
                )?,
            ),
            ("judged", judged_frame(parts.judged, communes, reference)?),
            (
                "revised",
                revised_frame(parts.revised, communes, reference)?,
            ),
            (
                "returned",
                returned_frame(parts.returned, communes, reference)?,
            ),
            ("canopy", canopy_frame(parts.canopy)?),
            ("communes", communes_frame(parts.communes, parts.areas)?),
            ("levels", levels_frame(parts.levels)?),
            ("neighbours", neighbours_frame(parts.ground)?),
            ("movements", movements_frame(parts.movements)?),
            ("ministry", ministry_frame(parts.ministry, communes)?),
            ("classes", classes_frame(&classed)?),
            ("class_kinds", kinds_frame(&classed)?),
            (
                "departements",
                departements_frame(parts.communes, reference)?,
            ),
            ("scope", scope_frame("commune")?),
            ("urbanised", urbanised_frame(reference)?),
            ("nomenclature", nomenclature_frame(reference)?),
            ("parameters", parameters_frame(reference)?),
        ];
        let mut named: BTreeMap<String, DataFrame> = tables
            .into_iter()
            .map(|(name, frame)| (name.to_owned(), frame))
            .collect();
        named.extend(consumption_frames(parts.consumption, reference)?);
        named.insert("population".to_owned(), population_frame(parts)?);
        Ok(Self(named))
    }

    /// An account of nothing, with all its tables.
    fn empty() -> Result<Self> {
        let levels = Levels::default();
        let none = Parts::of(&[], &[], &levels);
        Self::new(none, &Reference::load(None)?)
    }

    /// Names of the tables of an account, and of their columns.
    pub fn schema() -> Result<Vec<(String, Vec<String>)>> {
        let columns = |frame: &DataFrame| {
            let names = frame.get_column_names();
            names.into_iter().map(|name| name.to_string()).collect()
        };
        let tables = Self::empty()?;
        Ok(tables
            .tables()
            .map(|(name, frame)| (name.to_owned(), columns(frame)))
            .collect())
    }

    /// Adds a table, or replaces it.
    pub fn insert(&mut self, name: &str, frame: DataFrame) {
        self.0.insert(name.to_owned(), frame);
    }

    /// Refuses an account, read from `place`, that lacks a table or a column of one.
    pub fn require(&self, place: &str) -> Result<()> {
        let whole = Self::empty()?;
        for (name, frame) in whole.tables() {
            let missing = match self.0.get(name) {
                None => Some(format!("has no table {name}.parquet")),
                Some(own) => frame
                    .get_column_names()
                    .into_iter()
                    .find(|column| own.column(column).is_err())
                    .map(|column| format!("{name}.parquet has no column `{column}`")),
            };
            if let Some(missing) = missing {
                return Err(Error::input(
                    place,
                    missing,
                    "it is of another version of millesime, or not whole: run the territory again",
                ));
            }
        }
        Ok(())
    }

    /// The levels that it has territories of.
    pub fn levels(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for (level, _) in self.pairs("levels", "level", "territory")? {
            if !names.contains(&level) {
                names.push(level);
            }
        }
        Ok(names)
    }

    /// Whether there is anything of a subject.
    pub fn has(&self, subject: Subject) -> bool {
        match subject {
            Subject::OcsGe => self.has_rows("commune_vintages"),
            Subject::Enaf => self.has_rows("enaf_table"),
            Subject::All => true,
        }
    }

    /// Whether a table has any row.
    pub(super) fn has_rows(&self, table: &str) -> bool {
        self.0.get(table).is_some_and(|frame| frame.height() > 0)
    }

    /// The tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &DataFrame)> {
        self.0.iter().map(|(name, frame)| (name.as_str(), frame))
    }
}

/// The level that is being computed.
pub(super) fn scope_frame(level: &str) -> Result<DataFrame> {
    let level = std::iter::once(Some(level));
    Columns::default().texts("level", level).frame()
}

/// Whether a code says anything: not every leaf is possible.
fn is_known(nomenclature: &Nomenclature, code: Code) -> bool {
    nomenclature.leaves(code).count() < nomenclature.leaf_count() as u32
}

fn ledger_frame(ledgers: &[Ledger], reference: &Reference) -> Result<DataFrame> {
    let rows: Vec<(&Ledger, &crate::ledger::Row)> = ledgers
        .iter()
        .flat_map(|ledger| ledger.rows.iter().map(move |row| (ledger, row)))
        .collect();
    // An SQL sum of Int64 wraps in silence; no sum of areas is larger than that of all of them.
    let total: i128 = rows.iter().map(|(_, row)| i128::from(row.area)).sum();
    if i64::try_from(total).is_err() {
        return Err(Error::Internal(
            "the sum of all areas does not fit 64 bits".to_owned(),
        ));
    }
    let cover = |s: &State| s.codes.map(|c| reference.cover.text(c.0));
    let usage = |s: &State| s.codes.map(|c| reference.usage.text(c.1));
    let before = || rows.iter().map(|(_, row)| row.key.before);
    let after = || rows.iter().map(|(_, row)| row.key.after);
    Columns::default()
        .texts("series", rows.iter().map(|(l, _)| Some(l.series)))
        .texts(
            "commune",
            rows.iter().map(|(_, row)| Some(&*row.key.commune)),
        )
        .texts(
            "departement",
            rows.iter().map(|(l, _)| Some(&*l.departement)),
        )
        .integers(
            "year_before",
            rows.iter().map(|(l, _)| i64::from(l.years.0)),
        )
        .integers("year_after", rows.iter().map(|(l, _)| i64::from(l.years.1)))
        .texts("cs_before", before().map(|s| cover(&s)))
        .texts("us_before", before().map(|s| usage(&s)))
        .texts("cs_after", after().map(|s| cover(&s)))
        .texts("us_after", after().map(|s| usage(&s)))
        .flags("matrix_before", before().map(|s| s.matrix))
        .flags("matrix_after", after().map(|s| s.matrix))
        .flags("final_before", before().map(|s| s.last))
        .flags("final_after", after().map(|s| s.last))
        .flags("official_before", before().map(|s| s.official))
        .flags("official_after", after().map(|s| s.official))
        .flags("impermeable_before", before().map(|s| s.impermeable))
        .flags("impermeable_after", after().map(|s| s.impermeable))
        .flags("threshold_before", before().map(|s| s.threshold))
        .flags("threshold_after", after().map(|s| s.threshold))
        .flags("zc_before", before().map(|s| s.zone))
        .flags("zc_after", after().map(|s| s.zone))
        .flags("exempted_before", before().map(|s| s.exempted))
        .flags("exempted_after", after().map(|s| s.exempted))
        .texts(
            "cause",
            rows.iter().map(|(_, row)| Some(row.key.cause.name())),
        )
        .integers("area_half_cm2", rows.iter().map(|(_, row)| row.area))
        .integers("faces", rows.iter().map(|(_, row)| row.faces))
        .frame()
}

fn stock_frame(stocks: &[Stock], reference: &Reference) -> Result<DataFrame> {
    let rows: Vec<(&Stock, &StockRow)> = stocks
        .iter()
        .flat_map(|stock| stock.rows.iter().map(move |row| (stock, row)))
        .collect();
    let states = || rows.iter().map(|(_, (_, state, _))| *state);
    let cover = |s: State| s.codes.map(|c| reference.cover.text(c.0));
    let usage = |s: State| s.codes.map(|c| reference.usage.text(c.1));
    Columns::default()
        .texts("series", rows.iter().map(|(s, _)| Some(s.series)))
        .texts("commune", rows.iter().map(|(_, row)| Some(&*row.0)))
        .texts(
            "departement",
            rows.iter().map(|(stock, _)| Some(&*stock.departement)),
        )
        .integers("year", rows.iter().map(|(stock, _)| i64::from(stock.year)))
        .texts("cs", states().map(cover))
        .texts("us", states().map(usage))
        .flags(
            "cover_known",
            states().map(|s| s.codes.map(|c| is_known(&reference.cover, c.0))),
        )
        .flags(
            "use_known",
            states().map(|s| {
                let known = |u| is_known(&reference.usage, u) && !reference.is_unknown_use(u);
                s.codes.map(|c| known(c.1))
            }),
        )
        .flags("matrix", states().map(|s| s.matrix))
        .flags("final", states().map(|s| s.last))
        .flags("official", states().map(|s| s.official))
        .flags("computed", states().map(|s| s.computed))
        .flags("other_forcing", states().map(|s| s.other_forcing))
        .flags("exempted", states().map(|s| s.exempted))
        .flags("impermeable", states().map(|s| s.impermeable))
        .flags("threshold", states().map(|s| s.threshold))
        .flags("edge", states().map(|s| s.edge))
        .flags("zc", states().map(|s| s.zone))
        .integers("area_half_cm2", rows.iter().map(|(_, row)| row.2))
        .frame()
}

/// What a table of crossed ground is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Crossing {
    /// Zones, at one date: one year, one state.
    Stock,
    /// Zones, over a period.
    Ledger,
    /// What producers' layers of changes tell, over their period.
    Official,
}

/// The account by zone.
fn crossed_frame(
    rows: &[CrossedRow],
    ground: Option<&Ground>,
    reference: &Reference,
    of: Crossing,
) -> Result<DataFrame> {
    let is_official =
        |row: &CrossedRow| ground.is_some_and(|g| g.crossings[row.place.crossing].period.is_some());
    let rows: Vec<&CrossedRow> = rows
        .iter()
        .filter(|row| is_official(row) == (of == Crossing::Official))
        .collect();
    let is_stock = of == Crossing::Stock;
    let zone = |row: &CrossedRow| ground.and_then(|g| row.place.zone_of(g));
    let layer = |row: &CrossedRow| ground.map(|g| g.crossings[row.place.crossing].name.as_str());
    let sides = |n: usize| rows.iter().map(move |row| row.sides[n]);
    let cover = |s: Crossed| s.codes.map(|c| reference.cover.text(c.0));
    let usage = |s: Crossed| s.codes.map(|c| reference.usage.text(c.1));
    let mut columns = Columns::default()
        .texts("series", rows.iter().map(|row| Some(row.series)))
        .texts("crossing", rows.iter().map(|row| layer(row)))
        .texts(
            "zone",
            rows.iter().map(|row| zone(row).map(|z| z.code.as_str())),
        )
        .texts(
            "zone_kind",
            rows.iter().map(|row| zone(row).map(|z| z.kind.as_str())),
        )
        .texts(
            "zone_name",
            rows.iter().map(|row| zone(row).map(|z| z.name.as_str())),
        )
        .texts("commune", rows.iter().map(|row| Some(&*row.commune)))
        .texts(
            "departement",
            rows.iter().map(|row| Some(&*row.departement)),
        );
    let ends: &[(usize, &str)] = match is_stock {
        true => &[(1, "")],
        false => &[(0, "_before"), (1, "_after")],
    };
    for &(n, end) in ends {
        let year = rows.iter().map(|row| [row.years.0, row.years.1][n]);
        columns = columns
            .integers(&format!("year{end}"), year.map(i64::from))
            .texts(&format!("cs{end}"), sides(n).map(cover))
            .texts(&format!("us{end}"), sides(n).map(usage))
            .flags(&format!("final{end}"), sides(n).map(|s| s.last))
            .flags(
                &format!("impermeable{end}"),
                sides(n).map(|s| s.impermeable),
            );
    }
    if !is_stock {
        columns = columns.texts("cause", rows.iter().map(|row| Some(row.cause.name())));
    }
    if of == Crossing::Official {
        columns = columns.flags("is_sliver", rows.iter().map(|row| Some(row.is_sliver)));
    }
    columns
        .integers("area_half_cm2", rows.iter().map(|row| row.area))
        .frame()
}

/// Every commune of a département, and ground outside all where the account has some.
fn listed<'a>(
    communes: &'a [Commune],
    departement: &'a str,
    has_outside: bool,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let outside = has_outside.then_some(("", "hors communes"));
    let of = communes
        .iter()
        .filter(move |c| &*c.departement == departement);
    outside.into_iter().chain(of.map(|c| (&*c.code, &*c.name)))
}

fn periods_frame(ledgers: &[Ledger], communes: &[Commune]) -> Result<DataFrame> {
    let rows: Vec<(&Ledger, (&str, &str))> = ledgers
        .iter()
        .flat_map(|ledger| {
            let has_outside = ledger.rows.iter().any(|row| row.key.commune.is_empty());
            listed(communes, &ledger.departement, has_outside).map(move |c| (ledger, c))
        })
        .collect();
    let basis = |l: &Ledger| {
        if l.by_flights {
            "flights"
        } else {
            "nominal years"
        }
    };
    Columns::default()
        .texts("series", rows.iter().map(|(l, _)| Some(l.series)))
        .texts("commune", rows.iter().map(|(_, c)| Some(c.0)))
        .texts("name", rows.iter().map(|(_, c)| Some(c.1)))
        .texts(
            "departement",
            rows.iter().map(|(l, _)| Some(&*l.departement)),
        )
        .integers(
            "year_before",
            rows.iter().map(|(l, _)| i64::from(l.years.0)),
        )
        .integers("year_after", rows.iter().map(|(l, _)| i64::from(l.years.1)))
        .numbers("years", rows.iter().map(|(l, _)| l.span))
        .texts("years_basis", rows.iter().map(|(l, _)| Some(basis(l))))
        .frame()
}

fn vintages_frame(stocks: &[Stock], communes: &[Commune]) -> Result<DataFrame> {
    let rows: Vec<(&Stock, (&str, &str))> = stocks
        .iter()
        .flat_map(|stock| {
            let codes: BTreeSet<&str> = stock.rows.iter().map(|row| &*row.0).collect();
            listed(communes, &stock.departement, codes.contains("")).map(move |c| (stock, c))
        })
        .collect();
    Columns::default()
        .texts("series", rows.iter().map(|(s, _)| Some(s.series)))
        .texts("commune", rows.iter().map(|(_, c)| Some(c.0)))
        .texts("name", rows.iter().map(|(_, c)| Some(c.1)))
        .texts(
            "departement",
            rows.iter().map(|(s, _)| Some(&*s.departement)),
        )
        .integers("year", rows.iter().map(|(s, _)| i64::from(s.year)))
        .flags("is_state", rows.iter().map(|(s, _)| Some(s.is_state)))
        .frame()
}

/// The names of communes, by code; that of ground outside all for the empty one.
fn names(communes: &[Commune]) -> BTreeMap<&str, &str> {
    let outside = ("", "hors communes");
    let all = communes.iter().map(|c| (&*c.code, &*c.name));
    all.chain([outside]).collect()
}

fn returned_frame(
    returned: &[(Returned, i64)],
    communes: &[Commune],
    reference: &Reference,
) -> Result<DataFrame> {
    let names = names(communes);
    let rows = || returned.iter().map(|(row, _)| row);
    let year = |n: usize| rows().map(move |r| i64::from(r.years[n]));
    Columns::default()
        .texts("commune", rows().map(|r| Some(&*r.commune)))
        .texts("name", rows().map(|r| names.get(&*r.commune).copied()))
        .texts("departement", rows().map(|r| Some(&*r.departement)))
        .integers("year_first", year(0))
        .integers("year_between", year(1))
        .integers("year_last", year(2))
        .texts("cs", rows().map(|r| Some(reference.cover.text(r.codes.0))))
        .texts("us", rows().map(|r| Some(reference.usage.text(r.codes.1))))
        .texts(
            "cs_between",
            rows().map(|r| Some(reference.cover.text(r.between.0))),
        )
        .texts(
            "us_between",
            rows().map(|r| Some(reference.usage.text(r.between.1))),
        )
        .integers("area_half_cm2", returned.iter().map(|(_, area)| *area))
        .frame()
}

fn judged_frame(
    judged: &[(Judged, i64)],
    communes: &[Commune],
    reference: &Reference,
) -> Result<DataFrame> {
    let names = names(communes);
    let rows = || judged.iter().map(|(row, _)| row);
    let cover = |when: usize| rows().map(move |r| r.codes[when].map(|c| reference.cover.text(c.0)));
    let usage = |when: usize| rows().map(move |r| r.codes[when].map(|c| reference.usage.text(c.1)));
    let is_kept = |v: Verdict| matches!(v, Verdict::Kept | Verdict::Remainder);
    Columns::default()
        .texts("of", rows().map(|r| Some(r.of)))
        .texts("commune", rows().map(|r| Some(&*r.commune)))
        .texts("name", rows().map(|r| names.get(&*r.commune).copied()))
        .texts("departement", rows().map(|r| Some(&*r.departement)))
        .integers("year_before", rows().map(|r| i64::from(r.years.0)))
        .integers("year_after", rows().map(|r| i64::from(r.years.1)))
        .texts("cs_before", cover(0))
        .texts("us_before", usage(0))
        .texts("cs_after", cover(1))
        .texts("us_after", usage(1))
        .texts("verdict", rows().map(|r| Some(r.verdict.name())))
        .flags("is_changed", rows().map(|r| Some(r.is_changed)))
        .flags("is_kept", rows().map(|r| Some(is_kept(r.verdict))))
        .flags("is_noise", rows().map(|r| Some(r.verdict.is_noise())))
        .flags("final_before", rows().map(|r| r.last[0]))
        .flags("final_after", rows().map(|r| r.last[1]))
        .integers("area_half_cm2", judged.iter().map(|(_, area)| *area))
        .frame()
}

fn revised_frame(
    revised: &[(Revised, i64)],
    communes: &[Commune],
    reference: &Reference,
) -> Result<DataFrame> {
    let names = names(communes);
    let rows = || revised.iter().map(|(row, _)| row);
    let cover =
        |series: usize| rows().map(move |r| r.codes[series].map(|c| reference.cover.text(c.0)));
    let usage =
        |series: usize| rows().map(move |r| r.codes[series].map(|c| reference.usage.text(c.1)));
    Columns::default()
        .texts("commune", rows().map(|r| Some(&*r.commune)))
        .texts("name", rows().map(|r| names.get(&*r.commune).copied()))
        .texts("departement", rows().map(|r| Some(&*r.departement)))
        .integers("year", rows().map(|r| i64::from(r.year)))
        .texts("cs_published", cover(0))
        .texts("us_published", usage(0))
        .texts("cs_revised", cover(1))
        .texts("us_revised", usage(1))
        .flags("final_published", rows().map(|r| r.last[0]))
        .flags("final_revised", rows().map(|r| r.last[1]))
        .integers("area_half_cm2", revised.iter().map(|(_, area)| *area))
        .frame()
}
