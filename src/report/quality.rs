//! How far the figures of a report can be trusted, and on what they hang.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::content::{Content, Period, value};
use crate::error::Result;
use crate::french::{self, hectares, percent, signed_hectares, text};
use crate::indicators::Dictionary;

impl Content<'_> {
    /// How far the figures can be trusted, and on what they hang.
    pub(super) fn quality(&mut self, period: Option<&Period>) -> Result<Value> {
        self.figures.begin("Qualité");
        let coverage = self.tables.table("coverage")?;
        let rows: Vec<Value> = self
            .rows(&coverage)
            .iter()
            .map(|row| {
                let year = row.text("year");
                json!({
                    "year": year,
                    "covered": row.number("covered_share").map(percent),
                    "unknown_use": self.figures.area("Usage inconnu", year, row.text("unknown_use_m2"), None),
                    "unknown_status": self.figures.area("Statut inconnu", year, row.text("unknown_status_m2"), None),
                    "edge": self.figures.area("Au bord des données, sans seuil", year, row.text("edge_m2"), None),
                })
            })
            .collect();
        let revisions = self.tables.table("revisions")?;
        let own = self.rows(&revisions);
        let revised: f64 = own.iter().map(|row| value(row, "area_m2")).sum();
        let revised_net: f64 = own.iter().map(|row| value(row, "net_artificial_m2")).sum();
        let alignment = self.tables.table("alignment")?;
        let mut noise: BTreeMap<String, f64> = BTreeMap::new();
        let (mut changed, mut kept) = (0.0, 0.0);
        for row in alignment.of(&self.territory.code) {
            if period.is_some_and(|p| {
                row.text("year_after") != p.after || row.text("year_before") != p.before
            }) || row.text("of") == "revised" && self.series == "published"
            {
                continue;
            }
            changed += value(&row, "changed_m2");
            kept += value(&row, "kept_m2");
            let dropped = value(&row, "noise_m2");
            if dropped > 0.0 {
                *noise.entry(row.text("verdict").to_owned()).or_insert(0.0) += dropped;
            }
        }
        let mut noise: Vec<(String, f64)> = noise.into_iter().collect();
        noise.sort_by(|p, q| q.1.total_cmp(&p.1));
        let dictionary = Dictionary::load()?;
        let rule = |verdict: &str| {
            let said = dictionary.value("verdict", verdict).unwrap_or(verdict);
            text(said)
        };
        let noise: Vec<Value> = noise
            .into_iter()
            .map(|(verdict, m2)| json!({ "rule": rule(&verdict), "area": hectares(m2) }))
            .collect();
        Ok(json!({
            "coverage": rows,
            "is_revised": revised > 0.0,
            "revised": hectares(revised),
            "revised_net": signed_hectares(revised_net),
            "is_aligned": changed > 0.0,
            "changed": hectares(changed),
            "kept": hectares(kept),
            "noise": noise,
            "parameters": self.parameters()?,
        }))
    }

    /// What parameters and choices of uncertain standing moved here.
    fn parameters(&mut self) -> Result<Value> {
        self.figures.begin("Paramètres");
        let variants = self.tables.table("variants")?;
        let Some(row) = self.rows(&variants).into_iter().next_back() else {
            return Ok(json!([]));
        };
        let year = row.text("year");
        let mut rows = Vec::new();
        let patch = self.reference.parameter("patch_minimum")?;
        let building = self.reference.parameter("building_minimum")?;
        let moved = |column: &str| (value(&row, column) - value(&row, "computed_m2")).abs();
        let exempted = (value(&row, "with_exemptions_m2") - value(&row, "published_m2")).abs();
        for (label, m2, what) in [
            (
                "Seuils du décret",
                value(&row, "moved_by_thresholds_m2"),
                format!(
                    "ensembles de moins de {} d’un même statut, qui prennent l’autre ; bâti d’au moins {}, toujours artificialisé",
                    french::square_metres(patch),
                    french::square_metres(building),
                ),
            ),
            (
                "Autre lecture du forçage",
                moved("other_forcing_m2"),
                "le bâti seul (retenu), ou le bâti et ce qui le touche : la méthode publiée ne tranche pas".to_owned(),
            ),
            (
                "Exemptions",
                exempted,
                "parcs publics et photovoltaïque au sol, mis à part".to_owned(),
            ),
            (
                "Statut du producteur",
                value(&row, "official_differs_m2"),
                format!(
                    "statut calculé ici, autre que celui du producteur (c’est le {} qui est publié)",
                    if self.is_computed { "nôtre" } else { "sien" },
                ),
            ),
        ] {
            if m2 >= 0.5 {
                rows.push(json!({
                    "label": label,
                    "what": text(&what),
                    "area": self.figures.area(label, year, &format!("{m2:.5}"), None),
                }));
            }
        }
        Ok(json!(rows))
    }
}
