//! Runs `indicators/*.sql` on the account. Each file is one published table; the arithmetic is
//! there, not here. The same SQL is read for communes and for every larger territory.

mod account;
mod beside;
mod columns;
mod dictionary;
mod indicator;
mod lift;
mod own;

use polars::prelude::{DataFrame, IntoLazy};
use polars::sql::SQLContext;

pub use account::{Account, Consumption, Parts};
pub use dictionary::{Dictionary, Meaning, VALUES};
pub use indicator::{Header, Indicator, Subject};
pub use own::{named, own};

use crate::error::Result;

/// Tables that the SQL of those after them may read too.
const FEEDING: [&str; 4] = ["basis", "comparison", GUARANTEE, "per_inhabitant"];
/// A table of communes that is added up for larger territories, and not computed anew.
const GUARANTEE: &str = "guarantee";

macro_rules! tables {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../indicators/", $name, ".sql")))),*]
    };
}

/// Name and text of each table's SQL, in the order in which they are read.
const TABLES: &[(&str, &str)] = &tables![
    "basis",
    "alignment",
    "alignment_balance",
    "causes",
    "class_transitions",
    "comparison",
    "composition",
    "coverage",
    "ecarts_ministere",
    "ecarts_officiel",
    "doubtful",
    "guarantee",
    "enaf",
    "enaf_by_class",
    "enaf_by_year",
    "enaf_efficiency",
    "enaf_periods",
    "flux",
    "flux_by_cover",
    "flux_by_use",
    "flux_variants",
    "impermeable_flux_by_cover",
    "impermeable_flux_by_use",
    "movements",
    "neighbours",
    "nomenclature",
    "per_inhabitant",
    "revisions",
    "similar",
    "stock",
    "stock_by_class",
    "stock_by_cover",
    "stock_by_use",
    "territories",
    "trajectory",
    "transitions",
    "trees",
    "urbanised",
    "variants",
    "zone_construite",
    "zone_flux",
    "zone_stock",
    "zoning_flux",
    "zoning_stock",
];

/// A computed table.
#[derive(Clone)]
pub struct Table {
    /// What it is.
    pub indicator: Indicator,
    /// The level of its territories; `None` for communes, or for what is not by territory.
    pub level: Option<String>,
    /// Its rows, in the order of the SQL's last clause.
    pub frame: DataFrame,
    /// How many they are.
    pub rows: usize,
}

/// Our indicators.
pub fn ours() -> Result<Vec<Indicator>> {
    let parse = |&(name, sql): &(&str, &str)| {
        Indicator::parse(name, &format!("indicators/{name}.sql"), sql)
    };
    TABLES.iter().map(parse).collect()
}

/// Whether the SQL of other indicators reads the table of this one.
pub fn is_read_by_others(name: &str) -> bool {
    FEEDING.contains(&name)
}

/// Computes indicators, by commune and by each of these levels, and gives each table to `take`. What is
/// of an account that is not there is left out.
pub fn compute(
    account: &Account,
    indicators: &[Indicator],
    levels: &[&str],
    take: &mut dyn FnMut(Table) -> Result<()>,
) -> Result<()> {
    let mut with_guarantee = account.clone();
    compute_at(account, indicators, |_| true, &mut |table| {
        if table.indicator.name == GUARANTEE {
            with_guarantee.insert(GUARANTEE, table.frame.clone());
        }
        take(table)
    })?;
    let parts = match levels.len() {
        0 | 1 => None,
        _ => with_guarantee.by_parts(lift::LARGE)?,
    };
    for level in levels {
        let lifted = with_guarantee.lifted(level, parts.as_ref())?;
        let is_asked = |name: &str| name != GUARANTEE;
        compute_at(&lifted.account, indicators, is_asked, &mut |mut table| {
            if table.frame.column("commune").is_err() {
                // It is not by territory: the same at every level.
                return Ok(());
            }
            table.frame = lifted.published(level, &table.frame)?;
            table.level = Some((*level).to_owned());
            take(table)
        })?;
    }
    Ok(())
}

fn compute_at(
    account: &Account,
    indicators: &[Indicator],
    is_asked: impl Fn(&str) -> bool,
    take: &mut dyn FnMut(Table) -> Result<()>,
) -> Result<()> {
    let mut context = SQLContext::new();
    for (name, frame) in account.tables() {
        context.register(name, frame.clone().lazy());
    }
    for indicator in indicators {
        let name = indicator.name.as_str();
        let header = &indicator.header;
        let is_told = account.has(header.subject)
            && (header.needs.is_empty() || account.has_rows(&header.needs));
        if !is_asked(name) || !is_told {
            continue;
        }
        let frame = own::execute(&mut context, indicator)?;
        if FEEDING.contains(&name) {
            context.register(name, frame.clone().lazy());
        }
        take(Table {
            indicator: indicator.clone(),
            level: None,
            rows: frame.height(),
            frame,
        })?;
    }
    Ok(())
}
