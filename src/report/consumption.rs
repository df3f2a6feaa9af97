//! Consumption of ENAF and its trajectory, as a report tells them.

use serde_json::{Value, json};

use super::charts::{self, Trajectory};
use super::content::{Content, value};
use crate::error::Result;
use crate::french::{self, percent};

impl Content<'_> {
    /// Consumption of ENAF, by year and by destination.
    pub(super) fn enaf(&mut self) -> Result<Value> {
        self.figures.begin("Consommation d’ENAF");
        let (by_year, periods) = (
            self.tables.table("enaf_by_year")?,
            self.tables.table("enaf_periods")?,
        );
        let years: Vec<Value> = self
            .rows(&by_year)
            .iter()
            .map(|row| {
                let year = row.text("year");
                json!({
                    "year": year,
                    "consumed": self.figures.area("Consommation d’ENAF", year, row.text("consumed_m2"), None),
                    "share": row.number("consumed_share").map(|share| french::with_unit(share * 100.0, 2, "%")),
                })
            })
            .collect();
        if years.is_empty() {
            return Ok(Value::Null);
        }
        let mut vintage = String::new();
        let mut rows = Vec::new();
        for row in self.rows(&periods) {
            vintage = row.text("vintage").replace('-', "–");
            let said = format!("{}–{}", row.text("year_first"), row.text("year_last"));
            let mut part =
                |label: &str, column: &str| self.figures.area(label, &said, row.text(column), None);
            rows.push(json!({
                "said": said,
                "consumed": part("Consommation d’ENAF", "consumed_m2"),
                "housing": part("dont habitat", "housing_m2"),
                "activity": part("dont activité", "activity_m2"),
                "mixed": part("dont mixte", "mixed_m2"),
                "road": part("dont routes", "road_m2"),
                "rail": part("dont ferroviaire", "rail_m2"),
                "unknown": part("dont inconnu", "unknown_m2"),
                "per_year": part("Consommation par an", "consumed_m2_per_year"),
                "share": row.number("consumed_share").map(|share| french::with_unit(share * 100.0, 2, "%")),
            }));
        }
        Ok(json!({ "years": years, "periods": rows, "vintage": vintage }))
    }

    /// Consumption held against the objective of the decade.
    pub(super) fn trajectory(&mut self) -> Result<Value> {
        self.figures.begin("Trajectoire à 2031");
        let (table, by_year) = (
            self.tables.table("trajectory")?,
            self.tables.table("enaf_by_year")?,
        );
        let Some(row) = self.rows(&table).into_iter().next() else {
            return Ok(Value::Null);
        };
        let years: Vec<(i32, f64)> = self
            .rows(&by_year)
            .iter()
            .filter_map(|r| Some((r.text("year").parse().ok()?, r.number("consumed_m2")?)))
            .collect();
        let year = |name: &str| self.reference.parameter(name).map(|year| year as i32);
        let decade = (year("objective_first")?, year("objective_last")?);
        let chart = charts::trajectory(
            "Consommation d’ENAF : ce qui compte depuis 2021, et ce qui est permis d’ici 2031",
            &Trajectory {
                years,
                decade,
                allowed: value(&row, "allowance_with_guarantee_m2"),
                counted: value(&row, "counted_m2"),
                projected: value(&row, "projected_m2"),
            },
        );
        let since = format!("{}–{}", row.text("year_first"), row.text("year_last"));
        let mut part = |label: &str, period: &str, column: &str| {
            self.figures.area(label, period, row.text(column), None)
        };
        Ok(json!({
            "reference": part("Consommé sur la décennie de référence", "2011–2020", "reference_m2"),
            "reduction": row.number("reduction").map(percent),
            "status": row.text("objective_status"),
            "document": row.text("document"),
            "inherited_from": row.text("inherited_from"),
            "allowed": part("Surface permise, garantie comprise", "2021–2030", "allowance_with_guarantee_m2"),
            "guarantee": part("Garantie communale", "2021–2030", "guarantee_m2"),
            "has_guarantee": value(&row, "guarantee_m2") > 0.0,
            "counted": part("Compté depuis 2021", &since, "counted_m2"),
            "national": part("Projets d’envergure nationale, comptés à part", &since, "national_projects_m2"),
            "renaturation": part("Renaturation", &since, "renaturation_m2"),
            "has_apart": value(&row, "national_projects_m2") + value(&row, "renaturation_m2") > 0.0,
            "projected": part("Projection à 2031 au rythme actuel", "2021–2030", "projected_m2"),
            "room": self.figures.balance("Marge restante", "2021–2030", row.text("room_m2")),
            "used": row.number("used_share").map(percent),
            "since": since,
            "exhaustion": row.text("exhaustion_year"),
            "is_within": row.flag("is_within"),
            "is_projected_within": row.flag("is_projected_within"),
            "chart": chart,
        }))
    }
}
