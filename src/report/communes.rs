//! The communes of a larger territory, one by one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::content::{Content, Period, value};
use super::tables::{Row, Tables};
use crate::error::Result;
use crate::french::text;

/// A report of more communes than this does not list them: the tables of the run do.
const LISTED: usize = 1000;

impl Content<'_> {
    /// The stock and the flux of each commune of the territory; nothing of too many, or of one.
    pub(super) fn communes(
        &mut self,
        period: Option<&Period>,
        members: &BTreeSet<String>,
        tables: &Tables,
    ) -> Result<Value> {
        if members.len() < 2 || members.len() > LISTED {
            return Ok(Value::Null);
        }
        self.figures.begin("Communes");
        let (stock, flux) = (tables.table("stock")?, tables.table("flux")?);
        let is_own = |row: &Row| row.text("series") == self.series;
        let mut rows = Vec::new();
        for code in members {
            let last = stock.of(code).filter(is_own).last();
            let Some(last) = last.filter(|row| value(row, "covered_m2") > 0.0) else {
                continue;
            };
            let name = text(last.text("name"));
            let year = last.text("year");
            let has_rate = !last.text("artificial_share").is_empty();
            let moved = flux.of(code).filter(is_own).find(|row| {
                period.is_some_and(|p| {
                    row.text("year_before") == p.before && row.text("year_after") == p.after
                })
            });
            let figures = &mut self.figures;
            let mut of = |what: &str, column: &str| {
                let row = moved?;
                let when = format!("{}–{}", row.text("year_before"), row.text("year_after"));
                let label = format!("{what}, {name}");
                let exact = row.text(column);
                Some(match what {
                    "Solde" => figures.balance(&label, &when, exact),
                    _ => figures.area(&label, &when, exact, None),
                })
            };
            let (gained, lost, net) = (
                of("Artificialisation", "artificialised_m2"),
                of("Désartificialisation", "desartificialised_m2"),
                of("Solde", "net_m2"),
            );
            let artificial = has_rate.then(|| {
                let label = format!("Sols artificialisés, {name}");
                figures.area(&label, year, last.text("artificial_m2"), None)
            });
            let share = has_rate.then(|| {
                let label = format!("Part artificialisée, {name}");
                figures.share(&label, year, last.text("artificial_share"))
            });
            rows.push((
                name.clone(),
                json!({
                    "code": code, "name": name, "year": year,
                    "artificial": artificial, "share": share,
                    "artificialised": gained, "desartificialised": lost, "net": net,
                }),
            ));
        }
        rows.sort_by_key(|row| crate::query::plain(&row.0));
        let rows: Vec<Value> = rows.into_iter().map(|row| row.1).collect();
        Ok(match rows.is_empty() {
            true => Value::Null,
            false => json!({ "rows": rows }),
        })
    }
}
