//! What a report says of one territory: its figures, in words and numbers as they are printed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::charts::{self, End};
use super::figures::Figures;
use super::tables::{Row, Tables};
use super::{COMMUNE, Territory};
use crate::error::Result;
use crate::french::{percent, text};
use crate::reference::{Nomenclature, Reference};

/// Writes the report of one territory.
pub(super) struct Content<'a> {
    /// The territory.
    pub(super) territory: &'a Territory,
    /// The series that figures are of.
    pub(super) series: &'a str,
    /// Tables of the level of the territory.
    pub(super) tables: &'a Tables,
    /// Labels, colours, parameters.
    pub(super) reference: &'a Reference,
    /// The folder of the run, as questions name it.
    pub(super) out: &'a str,
    /// Whether the status that is computed is published where the producer gives its own.
    pub(super) is_computed: bool,
    /// The figures so far.
    pub(super) figures: Figures,
}

/// The latest period of a territory: the years as tables have them, and how they are said.
#[derive(Clone, Debug, Default)]
pub(super) struct Period {
    pub(super) before: String,
    pub(super) after: String,
}

impl Period {
    /// As folders of faces name it.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.before, self.after)
    }

    fn said(&self) -> String {
        format!("{}–{}", self.before, self.after)
    }
}

/// A value as a number; nothing where there is none.
pub(super) fn value(row: &Row, column: &str) -> f64 {
    row.number(column).unwrap_or(0.0)
}

impl Content<'_> {
    /// Rows of the territory in the series; where it lies in several départements, those of the whole.
    pub(super) fn rows<'t>(&self, table: &'t super::tables::Table) -> Vec<Row<'t>> {
        let is_own = |row: &Row| row.text("series").is_empty() || row.text("series") == self.series;
        let own: Vec<Row> = table.of(&self.territory.code).filter(is_own).collect();
        let whole = |row: &&Row| row.text("departement").is_empty();
        match own.iter().any(|row| whole(&row)) {
            true => own.into_iter().filter(|row| whole(&row)).collect(),
            false => own,
        }
    }

    /// Those of a period.
    fn rows_of<'t>(&self, table: &'t super::tables::Table, period: &Period) -> Vec<Row<'t>> {
        let mut rows = self.rows(table);
        rows.retain(|row| {
            row.text("year_before") == period.before && row.text("year_after") == period.after
        });
        rows
    }

    /// The question behind a figure of a period.
    pub(super) fn question(&self, period: &Period, rest: &str) -> Option<String> {
        let years = [&period.before, &period.after];
        if years.iter().any(|year| year.parse::<u16>().is_err()) {
            return None;
        }
        let place = match self.territory.level.as_str() {
            COMMUNE => format!(" --commune {}", self.territory.code),
            crate::levels::WHOLE => String::new(),
            level => format!(" --territory {level}:{}", self.territory.code),
        };
        let series = match self.series {
            crate::align::PUBLISHED => String::new(),
            other => format!(" --series {other}"),
        };
        Some(format!(
            "millesime query --out {}{place}{series} --period {} {rest}",
            self.out,
            period.name(),
        ))
    }

    /// The years of the last period that the territory has rows of.
    pub(super) fn period(&self) -> Result<Option<Period>> {
        let flux = self.tables.table("flux")?;
        let mut periods: Vec<Period> = self
            .rows(&flux)
            .iter()
            .filter(|row| !row.text("year_after").is_empty())
            .map(|row| Period {
                before: row.text("year_before").to_owned(),
                after: row.text("year_after").to_owned(),
            })
            .collect();
        // The latest; of those that end together, the shortest.
        periods.sort_by(|p, q| (&p.after, &p.before).cmp(&(&q.after, &q.before)));
        Ok(periods.pop())
    }

    /// The last date of a territory with no period, as a period from it to itself.
    pub(super) fn one_date(&self) -> Result<Option<Period>> {
        let stock = self.tables.table("stock")?;
        let rows = self.rows(&stock);
        let covered = rows.iter().filter(|row| value(row, "covered_m2") > 0.0);
        let years = covered.filter_map(|row| row.text("year").parse::<u16>().ok());
        Ok(years.max().map(|year| Period {
            before: year.to_string(),
            after: year.to_string(),
        }))
    }

    /// The report, without its maps.
    pub(super) fn write(&mut self) -> Result<Value> {
        let mut period = self.period()?;
        let one_date = match period {
            None => self.one_date()?,
            Some(_) => None,
        };
        let stock = self.stock(period.as_ref().or(one_date.as_ref()))?;
        let flux = self.flux(period.as_ref())?;
        if flux.as_array().is_some_and(Vec::is_empty) {
            period = None;
        }
        let (mut by_use, mut by_cover, mut zones, mut transitions) =
            (Value::Null, Value::Null, Value::Null, Value::Null);
        if let Some(period) = &period {
            by_use = self.by_code(period, "flux_by_use", "us", &self.reference.usage)?;
            by_cover = self.by_code(period, "flux_by_cover", "cs", &self.reference.cover)?;
            zones = self.zones(period)?;
            transitions = self.transitions(period)?;
        }
        let comparison = self.comparison()?;
        let enaf = self.enaf()?;
        let trajectory = self.trajectory()?;
        let quality = self.quality(period.as_ref())?;
        Ok(json!({
            "period": period.as_ref().map(Period::said),
            "stock": stock,
            "flux": flux,
            "by_use": by_use,
            "by_cover": by_cover,
            "zones": zones,
            "transitions": transitions,
            "comparison": comparison,
            "enaf": enaf,
            "trajectory": trajectory,
            "quality": quality,
        }))
    }

    /// What is artificialised and impermeable at each date.
    fn stock(&mut self, period: Option<&Period>) -> Result<Value> {
        self.figures.begin("Stock");
        let (table, basis) = (self.tables.table("stock")?, self.tables.table("basis")?);
        let basis: BTreeMap<String, String> = self
            .rows(&basis)
            .iter()
            .map(|row| (row.text("year").to_owned(), row.text("basis").to_owned()))
            .collect();
        let mut vintages = Vec::new();
        let mut bars = Vec::new();
        for row in self.rows(&table) {
            let year = match row.text("year") {
                "" => row.text("dates"),
                year => year,
            };
            let covered = value(&row, "covered_m2");
            if covered == 0.0 {
                vintages.push(json!({ "year": year, "covered": false }));
                continue;
            }
            let at = |period: &Period| match year {
                y if y == period.after => Some(("stock", "impermeable")),
                y if y == period.before => Some(("stock-before", "impermeable-before")),
                _ => None,
            };
            let kinds = period.and_then(|p| Some((p, at(p)?)));
            let ask =
                |kind: &str| kinds.and_then(|(p, _)| self.question(p, &format!("--kind {kind}")));
            let questions =
                kinds.map(|(_, (artificial, impermeable))| (ask(artificial), ask(impermeable)));
            let (artificial, impermeable) = questions.unwrap_or((None, None));
            let share = row.text("artificial_share");
            bars.push((
                year.to_owned(),
                value(&row, "artificial_m2"),
                value(&row, "impermeable_m2"),
            ));
            vintages.push(json!({
                "year": year,
                "covered": true,
                "artificial": self.figures.area("Sols artificialisés", year, row.text("artificial_m2"), artificial),
                "artificial_share": self.figures.share("Part artificialisée", year, share),
                "impermeable": self.figures.area("Sols imperméables", year, row.text("impermeable_m2"), impermeable),
                "impermeable_share": self.figures.share("Part imperméable", year, row.text("impermeable_share")),
                "area": self.figures.area("Surface couverte", year, row.text("covered_m2"), None),
                "has_rate": !share.is_empty(),
                "is_known": basis.get(year).is_none_or(|basis| basis != CHANGES_ONLY),
                "covered_share": percent(covered / value(&row, "area_m2").max(1.0)),
                "basis": basis.get(year),
            }));
        }
        if basis.values().any(|basis| basis == CHANGES_ONLY) {
            // What only changes cover has no stock.
            bars.clear();
        }
        let chart = (!bars.is_empty())
            .then(|| charts::stock("Sols artificialisés et imperméables à chaque date", &bars));
        Ok(json!({ "vintages": vintages, "chart": chart }))
    }

    /// What becomes artificialised and what ceases to be, over each period.
    fn flux(&mut self, latest: Option<&Period>) -> Result<Value> {
        self.figures.begin("Flux");
        let (table, variants) = (
            self.tables.table("flux")?,
            self.tables.table("flux_variants")?,
        );
        let variants = self.rows(&variants);
        let stock = self.tables.table("stock")?;
        let bare: Vec<String> = self
            .rows(&stock)
            .iter()
            .filter(|row| value(row, "covered_m2") == 0.0)
            .map(|row| row.text("year").to_owned())
            .collect();
        let mut periods = Vec::new();
        for row in self.rows(&table) {
            // Nothing is known of what a vintage does not cover.
            if ["year_before", "year_after"]
                .iter()
                .any(|y| bare.iter().any(|b| b == row.text(y)))
            {
                continue;
            }
            let own = Period {
                before: row.text("year_before").to_owned(),
                after: row.text("year_after").to_owned(),
            };
            // Years that differ from one département to another are told together.
            let said = match own.before.as_str() {
                "" => row.text("dates").to_owned(),
                _ => own.said(),
            };
            let ask = |kind: &str| self.question(&own, &format!("--kind {kind}"));
            let [gained, lost, sealed, unsealed] = [
                "artificialisation",
                "desartificialisation",
                "impermeabilisation",
                "desimpermeabilisation",
            ]
            .map(ask);
            let threshold = variants.iter().find(|v| {
                v.text("variant") == "published"
                    && v.text("year_before") == own.before
                    && v.text("year_after") == own.after
            });
            let moved = threshold.map_or(0.0, |v| {
                value(v, "threshold_artificialised_m2") + value(v, "threshold_desartificialised_m2")
            });
            let gross = value(&row, "artificialised_m2") + value(&row, "desartificialised_m2");
            let by_threshold = self.question(&own, "--cause threshold");
            let figures = &mut self.figures;
            let net = figures.balance("Solde", &said, row.text("net_m2"));
            periods.push(json!({
                "said": said,
                "is_latest": latest.is_some_and(|p| p.name() == own.name()),
                "artificialised": figures.area("Artificialisation", &said, row.text("artificialised_m2"), gained),
                "desartificialised": figures.area("Désartificialisation", &said, row.text("desartificialised_m2"), lost),
                "net": net,
                "per_year": figures.balance("Solde par an", &said, row.text("net_m2_per_year")),
                "revealed": figures.balance("Entré dans les données ou sorti d’elles", &said, row.text("revealed_m2")),
                "is_revealed": value(&row, "revealed_m2") != 0.0,
                "impermeabilised": figures.area("Imperméabilisation", &said, row.text("impermeabilised_m2"), sealed),
                "desimpermeabilised": figures.area("Désimperméabilisation", &said, row.text("desimpermeabilised_m2"), unsealed),
                "net_impermeable": figures.balance("Imperméabilisation nette", &said, row.text("net_impermeable_m2")),
                "threshold": figures.area("Effet de seuil", &said, &moved.to_string(), by_threshold),
                "threshold_share": (gross > 0.0).then(|| percent(moved / gross)),
                "is_mostly_threshold": gross > 0.0 && moved > gross / 2.0,
                "is_nothing": gross == 0.0,
            }));
        }
        Ok(json!(periods))
    }

    /// The flux by use or by cover.
    fn by_code(
        &mut self,
        period: &Period,
        name: &str,
        column: &str,
        nomenclature: &Nomenclature,
    ) -> Result<Value> {
        self.figures.begin(match column {
            "us" => "Flux par usage",
            _ => "Flux par couverture",
        });
        let table = self.tables.table(name)?;
        let mut rows = Vec::new();
        let mut bars = Vec::new();
        for row in self.rows_of(&table, period) {
            let (gained, lost) = (
                value(&row, "artificialised_m2"),
                value(&row, "desartificialised_m2"),
            );
            if gained == 0.0 && lost == 0.0 {
                continue;
            }
            let code = row.text(column);
            let label = label(nomenclature, code);
            let ask = |transition: String, kind: &str| {
                self.question(
                    period,
                    &format!("--kind {kind} --transition '{transition}'"),
                )
            };
            let (to, from) = (
                ask(format!("*>{code}"), "artificialisation"),
                ask(format!("{code}>*"), "desartificialisation"),
            );
            let said = period.said();
            rows.push((
                gained + lost,
                json!({
                    "code": code,
                    "label": label,
                    "colour": colour(nomenclature, code),
                    "artificialised": self.figures.area(&format!("Artificialisation, {label}"), &said, row.text("artificialised_m2"), to),
                    "desartificialised": self.figures.area(&format!("Désartificialisation, {label}"), &said, row.text("desartificialised_m2"), from),
                    "net": self.figures.balance(&format!("Solde, {label}"), &said, row.text("net_m2")),
                }),
            ));
            if gained.max(lost) >= SHOWN_M2 {
                bars.push((label, gained, lost));
            }
        }
        rows.sort_by(|p, q| q.0.total_cmp(&p.0));
        bars.sort_by(|p, q| (q.1 + q.2).total_cmp(&(p.1 + p.2)));
        let title = match column {
            "us" => "Artificialisation et désartificialisation par usage",
            _ => "Artificialisation et désartificialisation par couverture",
        };
        let chart = (!bars.is_empty()).then(|| charts::flux(title, &bars));
        let rows: Vec<Value> = rows.into_iter().map(|row| row.1).collect();
        Ok(json!({ "rows": rows, "chart": chart }))
    }

    /// Densification, extension, scattered: by place relative to the zone construite.
    fn zones(&mut self, period: &Period) -> Result<Value> {
        self.figures.begin("Zone construite");
        let table = self.tables.table("zone_construite")?;
        let mut rows = Vec::new();
        for row in self.rows_of(&table, period) {
            let label = match row.text("zone") {
                "inside" => "dans la zone construite (densification)",
                "extension" => "en extension de la zone construite",
                "outside" => "hors de la zone construite",
                _ => "sans zone construite connue",
            };
            if value(&row, "artificialised_m2") == 0.0 && value(&row, "desartificialised_m2") == 0.0
            {
                continue;
            }
            let ask = |kind: &str| match row.text("zone") {
                zone @ ("inside" | "extension" | "outside") => {
                    self.question(period, &format!("--kind {kind} --zone {zone}"))
                }
                _ => None,
            };
            let (gained, lost) = (ask("artificialisation"), ask("desartificialisation"));
            let said = period.said();
            rows.push(json!({
                "label": label,
                "artificialised": self.figures.area(&format!("Artificialisation {label}"), &said, row.text("artificialised_m2"), gained),
                "desartificialised": self.figures.area(&format!("Désartificialisation {label}"), &said, row.text("desartificialised_m2"), lost),
            }));
        }
        Ok(json!(rows))
    }

    /// What ground was and became, by cover and by use.
    fn transitions(&mut self, period: &Period) -> Result<Value> {
        self.figures.begin("Transitions");
        let table = self.tables.table("transitions")?;
        let mut by_cover: BTreeMap<(String, String), f64> = BTreeMap::new();
        let mut by_codes: BTreeMap<[String; 4], f64> = BTreeMap::new();
        for row in self.rows_of(&table, period) {
            if row.text("cause") != "change" {
                continue;
            }
            let area = value(&row, "area_m2");
            let codes = ["cs_before", "us_before", "cs_after", "us_after"]
                .map(|column| row.text(column).to_owned());
            if codes[0] != codes[2] {
                *by_cover
                    .entry((codes[0].clone(), codes[2].clone()))
                    .or_insert(0.0) += area;
            }
            *by_codes.entry(codes).or_insert(0.0) += area;
        }
        let cover = &self.reference.cover;
        let end = |code: &str| End {
            label: label(cover, code),
            colour: colour(cover, code),
        };
        let mut flows: Vec<(End, End, f64)> = by_cover
            .into_iter()
            .map(|((was, is), area)| (end(&was), end(&is), area))
            .collect();
        flows.sort_by(|p, q| q.2.total_cmp(&p.2));
        flows.truncate(12);
        let mut rows: Vec<([String; 4], f64)> = by_codes.into_iter().collect();
        rows.sort_by(|p, q| q.1.total_cmp(&p.1).then_with(|| p.0.cmp(&q.0)));
        rows.truncate(12);
        let said = period.said();
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|(codes, area)| {
                let [cs0, us0, cs1, us1] = &codes;
                let usage = &self.reference.usage;
                let (before, after) = (
                    format!("{} – {}", label(cover, cs0), label(usage, us0)),
                    format!("{} – {}", label(cover, cs1), label(usage, us1)),
                );
                let question = self.question(
                    period,
                    &format!("--cause change --transition '{cs0} {us0}>{cs1} {us1}'"),
                );
                json!({
                    "before": before,
                    "after": after,
                    "codes": format!("{cs0} {us0} → {cs1} {us1}"),
                    "area": self.figures.area(&format!("{before} → {after}"), &said, &format!("{area:.5}"), question),
                })
            })
            .collect();
        let chart = (!flows.is_empty()).then(|| {
            charts::flows(
                "Ce que le sol était et ce qu’il est devenu, par couverture (ha)",
                &flows,
            )
        });
        Ok(json!({ "rows": rows, "chart": chart }))
    }
}

/// What figures rest on where only a layer of changes is known.
const CHANGES_ONLY: &str = "changements seuls";
/// Less ground than this rounds to nothing, and is not charted.
const SHOWN_M2: f64 = 500.0;

/// The French label of a code.
fn label(nomenclature: &Nomenclature, code: &str) -> String {
    match nomenclature.code(code) {
        _ if code.is_empty() => "non couvert".to_owned(),
        Some(known) => text(&nomenclature.labels(known).label_fr),
        None => code.to_owned(),
    }
}

fn colour(nomenclature: &Nomenclature, code: &str) -> String {
    let known = nomenclature.code(code);
    known.map_or_else(
        || "#ffffff".to_owned(),
        |known| nomenclature.labels(known).colour.clone(),
    )
}
