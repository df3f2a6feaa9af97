//! Runs `indicators/*.sql` on the ledger. Each file is one published table; the arithmetic is
//! there, not here.
//!
//! The tables that the SQL reads: `ledger` and `stock` (the account), `commune_periods` and
//! `commune_vintages` (every commune with every period and vintage that concerns it, so that
//! zeros appear), `judged` (what alignment made of differences), `revised` (what corrections moved), `returned` (what changes back), `basis` (the published table),
//! `nomenclature`, and `parameters` (one row). Columns in `_half_cm2` are integers: half square
//! centimetres, 20 000 to the square metre.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Column, DataFrame, IntoLazy, NamedFrom, Series};
use polars::sql::SQLContext;

use crate::align::Verdict;
use crate::communes::Commune;
use crate::error::{Error, Result};
use crate::ledger::{Judged, Ledger, Returned, Revised, State, Stock, StockRow};
use crate::reference::{Code, Nomenclature, Reference};

/// The table that the SQL of the tables after it may read too.
const BASIS: &str = "basis";

/// Name and text of each table's SQL.
pub const TABLES: [(&str, &str); 20] = [
    (BASIS, include_str!("../../indicators/basis.sql")),
    ("alignment", include_str!("../../indicators/alignment.sql")),
    (
        "alignment_balance",
        include_str!("../../indicators/alignment_balance.sql"),
    ),
    ("causes", include_str!("../../indicators/causes.sql")),
    (
        "composition",
        include_str!("../../indicators/composition.sql"),
    ),
    ("coverage", include_str!("../../indicators/coverage.sql")),
    ("doubtful", include_str!("../../indicators/doubtful.sql")),
    ("flux", include_str!("../../indicators/flux.sql")),
    (
        "flux_by_cover",
        include_str!("../../indicators/flux_by_cover.sql"),
    ),
    (
        "flux_by_use",
        include_str!("../../indicators/flux_by_use.sql"),
    ),
    (
        "impermeable_flux_by_cover",
        include_str!("../../indicators/impermeable_flux_by_cover.sql"),
    ),
    (
        "impermeable_flux_by_use",
        include_str!("../../indicators/impermeable_flux_by_use.sql"),
    ),
    (
        "nomenclature",
        include_str!("../../indicators/nomenclature.sql"),
    ),
    ("revisions", include_str!("../../indicators/revisions.sql")),
    ("stock", include_str!("../../indicators/stock.sql")),
    (
        "stock_by_cover",
        include_str!("../../indicators/stock_by_cover.sql"),
    ),
    (
        "stock_by_use",
        include_str!("../../indicators/stock_by_use.sql"),
    ),
    (
        "transitions",
        include_str!("../../indicators/transitions.sql"),
    ),
    ("variants", include_str!("../../indicators/variants.sql")),
    (
        "zone_construite",
        include_str!("../../indicators/zone_construite.sql"),
    ),
];

/// A computed table.
pub struct Table {
    /// Its name, that of its SQL file.
    pub name: &'static str,
    /// Its rows, in the order of the SQL's last clause.
    pub frame: DataFrame,
}

/// What lies between the series, with areas in half square centimetres.
#[derive(Clone, Copy)]
pub struct Amended<'a> {
    /// What alignment judged.
    pub judged: &'a [(Judged, i64)],
    /// What corrections moved.
    pub revised: &'a [(Revised, i64)],
    /// What changes and changes back.
    pub returned: &'a [(Returned, i64)],
}

/// Computes every table.
pub fn compute(
    ledgers: &[Ledger],
    stocks: &[Stock],
    amended: Amended,
    communes: &[Commune],
    reference: &Reference,
) -> Result<Vec<Table>> {
    let mut context = SQLContext::new();
    let tables = [
        ("ledger", ledger_frame(ledgers, reference)?),
        ("stock", stock_frame(stocks, reference)?),
        ("commune_periods", periods_frame(ledgers, communes)?),
        ("commune_vintages", vintages_frame(stocks, communes)?),
        ("judged", judged_frame(amended.judged, communes, reference)?),
        (
            "revised",
            revised_frame(amended.revised, communes, reference)?,
        ),
        (
            "returned",
            returned_frame(amended.returned, communes, reference)?,
        ),
        ("nomenclature", nomenclature_frame(reference)?),
        ("parameters", parameters_frame(reference)?),
    ];
    for (name, frame) in tables {
        context.register(name, frame.lazy());
    }
    TABLES
        .iter()
        .map(|&(name, sql)| {
            let frame = context
                .execute(sql)
                .and_then(|lazy| lazy.collect())
                .map_err(|e| Error::Internal(format!("indicators/{name}.sql: {e}")))?;
            if name == BASIS {
                context.register(name, frame.clone().lazy());
            }
            Ok(Table { name, frame })
        })
        .collect()
}

/// Columns of a frame, gathered row by row.
#[derive(Default)]
struct Columns(Vec<Column>);

impl Columns {
    fn texts<'a>(mut self, name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Self {
        let values: Vec<Option<&str>> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    fn flags(mut self, name: &str, values: impl Iterator<Item = Option<bool>>) -> Self {
        let values: Vec<Option<bool>> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    fn integers(mut self, name: &str, values: impl Iterator<Item = i64>) -> Self {
        let values: Vec<i64> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    fn numbers(mut self, name: &str, values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        self.0.push(Series::new(name.into(), values).into());
        self
    }

    fn frame(self) -> Result<DataFrame> {
        let height = self.0.first().map_or(0, Column::len);
        DataFrame::new(height, self.0).map_err(|e| Error::Internal(format!("a table: {e}")))
    }
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
