//! The tables that the SQL reads.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::columns::Columns;
use super::indicator::Subject;
use crate::align::{Ground, Verdict};
use crate::cog::Became;
use crate::communes::Commune;
use crate::enaf::{COUNTS, Counts, DESTINATIONS, Enaf};
use crate::error::{Error, Result};
use crate::ledger::{
    Crossed, CrossedRow, Judged, Ledger, Returned, Revised, State, Stock, StockRow, neighbours,
};
use crate::levels::Levels;
use crate::ministry::Published;
use crate::population::Population;
use crate::reference::{Code, Nomenclature, OwnClass, OwnClasses, Reference};
use crate::trajectory::{Apart, Objective};

/// Tables by name, as SQL reads them. Columns in `_half_cm2` are integers: half square centimetres,
/// 20 000 to the square metre.
///
/// `ledger` and `stock` are the account; `commune_periods` and `commune_vintages` every commune with
/// every period and vintage that concerns it, so that zeros appear; `crossed_ledger` and
/// `crossed_stock` the account by zone of the layers that figures are crossed with, `official_ledger`
/// that by what producers' layers of changes tell; `judged` what
/// alignment made of differences, `revised` what corrections moved, `returned` what changes back;
/// `communes`, `neighbours`, which of them touch, `movements`, what became them, `departements`, the région of each, `ministry`, the stocks that the ministry publishes, `classes`, the class of one's own of every pair of codes, `class_kinds`, what that is of where it is told, and `levels`, the communes of every territory of every level; `enaf` the consumption of
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
        let none = Parts {
            ledgers: &[],
            stocks: &[],
            judged: &[],
            revised: &[],
            returned: &[],
            crossed_stocks: &[],
            crossed_ledger: &[],
            ground: None,
            communes: &[],
            areas: &[],
            levels: &Levels::default(),
            movements: &[],
            classes: None,
            ministry: &[],
            population: &[],
            consumption: None,
        };
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

fn communes_frame(communes: &[Commune], areas: &[i64]) -> Result<DataFrame> {
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

/// The level that is being computed.
pub(super) fn scope_frame(level: &str) -> Result<DataFrame> {
    let level = std::iter::once(Some(level));
    Columns::default().texts("level", level).frame()
}

/// What is told of consumption; empty tables where nothing is.
fn consumption_frames(
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
fn population_frame(parts: Parts) -> Result<DataFrame> {
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
fn counted<'a, I: Iterator<Item = &'a Counts>>(
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

fn objectives_frame(objectives: &[Objective]) -> Result<DataFrame> {
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

fn neighbours_frame(ground: Option<&Ground>) -> Result<DataFrame> {
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

fn ministry_frame(stocks: &[Published], communes: &[Commune]) -> Result<DataFrame> {
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
type Classed<'a> = (&'a str, &'a str, &'a OwnClass);

fn classed<'a>(classes: Option<&'a OwnClasses>, reference: &'a Reference) -> Vec<Classed<'a>> {
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

fn classes_frame(rows: &[Classed]) -> Result<DataFrame> {
    Columns::default()
        .texts("cs", rows.iter().map(|row| Some(row.0)))
        .texts("us", rows.iter().map(|row| Some(row.1)))
        .texts("class", rows.iter().map(|row| Some(&*row.2.class)))
        .texts("class_label", rows.iter().map(|row| Some(&*row.2.label)))
        .frame()
}

fn kinds_frame(rows: &[Classed]) -> Result<DataFrame> {
    let told = || rows.iter().filter(|row| !row.2.kind.is_empty());
    Columns::default()
        .texts("cs", told().map(|row| Some(row.0)))
        .texts("us", told().map(|row| Some(row.1)))
        .texts("kind", told().map(|row| Some(&*row.2.kind)))
        .frame()
}

fn departements_frame(communes: &[Commune], reference: &Reference) -> Result<DataFrame> {
    let known: BTreeSet<&str> = communes.iter().map(|c| &*c.departement).collect();
    let region = |code: &&str| reference.departement(code).map(|d| d.region.as_str());
    Columns::default()
        .texts("departement", known.iter().map(|code| Some(*code)))
        .texts("region", known.iter().map(region))
        .frame()
}

fn movements_frame(movements: &[Became]) -> Result<DataFrame> {
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

fn levels_frame(levels: &Levels) -> Result<DataFrame> {
    let rows = || levels.members.iter();
    Columns::default()
        .texts("level", rows().map(|m| Some(m.level.as_str())))
        .texts("territory", rows().map(|m| Some(m.territory.as_str())))
        .texts("territory_name", rows().map(|m| Some(m.name.as_str())))
        .texts("commune", rows().map(|m| Some(m.commune.as_str())))
        .integers("communes", rows().map(|m| m.communes))
        .frame()
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

fn urbanised_frame(reference: &Reference) -> Result<DataFrame> {
    let rows = || reference.urbanised().iter();
    Columns::default()
        .texts("cs", rows().map(|r| Some(r.cover.as_str())))
        .texts("us", rows().map(|r| Some(r.usage.as_str())))
        .flags("zc", rows().map(|r| Some(r.zone_construite)))
        .flags("is_urbanised", rows().map(|r| Some(r.urbanised)))
        .frame()
}

fn nomenclature_frame(reference: &Reference) -> Result<DataFrame> {
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

fn parameters_frame(reference: &Reference) -> Result<DataFrame> {
    let mut columns = Columns::default();
    for parameter in reference.parameters() {
        columns = columns.numbers(&parameter.name, std::iter::once(parameter.value));
    }
    columns.frame()
}
