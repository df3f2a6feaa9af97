//! The territory beside others: those of its département, its neighbours, those like it; and what it was
//! before.

use serde_json::{Value, json};

use super::COMMUNE;
use super::charts;
use super::content::Content;
use super::tables::Row;
use crate::error::Result;
use crate::french::{self, text};

/// The day from which the consumption of ENAF is measured: what communes were before is no matter here.
const MEASURED_SINCE: &str = "2009-01-01";
/// What ranks of a département are among.
const DEPARTEMENT: &str = "departement";
/// Territories among which a rank says something.
const RANKED: usize = 5;

impl Content<'_> {
    /// The territory among those of its département.
    pub(super) fn comparison(&mut self) -> Result<Value> {
        self.figures.begin("Comparaison");
        let table = self.tables.table("comparison")?;
        let mut rows = self.rows(&table);
        let wider: Vec<Row> = rows
            .iter()
            .copied()
            .filter(|row| row.text("among") != DEPARTEMENT)
            .collect();
        rows.retain(|row| row.text("among") == DEPARTEMENT);
        let Some(own) = rows.into_iter().next_back() else {
            return Ok(Value::Null);
        };
        let (Some(share), Some(median)) =
            (own.number("artificial_share"), own.number("median_share"))
        else {
            return Ok(Value::Null);
        };
        let others: Vec<f64> = table
            .all()
            .filter(|row| {
                ["series", "departement", "year", "among"]
                    .iter()
                    .all(|column| row.text(column) == own.text(column))
            })
            .filter_map(|row| row.number("artificial_share"))
            .collect();
        if others.len() < RANKED {
            return Ok(Value::Null);
        }
        let title = "Part artificialisée, parmi les territoires de même niveau du département";
        let (neighbours, similar) = (self.neighbours()?, self.similar()?);
        let mut beside = vec![
            ("ici".to_owned(), Some(share)),
            ("médiane du département".to_owned(), Some(median)),
        ];
        for (label, of) in [
            ("médiane des voisins", &neighbours),
            ("médiane des semblables", &similar),
        ] {
            let exact = of["median"]["exact"].as_str();
            beside.push((label.to_owned(), exact.and_then(|text| text.parse().ok())));
        }
        let beside: Vec<(String, f64)> = beside
            .into_iter()
            .filter_map(|(label, share)| Some((label, share?)))
            .collect();
        let medians = (beside.len() > 2).then(|| {
            charts::shares(
                "Part artificialisée, ici et là où l’on peut comparer",
                &beside,
            )
        });
        Ok(json!({
            "neighbours": neighbours,
            "similar": similar,
            "wider": wider
                .iter()
                .filter(|row| row.text("year") == own.text("year"))
                .map(|row| json!({
                    "among": match row.text("among") {
                        "region" => "de la région",
                        _ => "de France",
                    },
                    "rank": row.text("rank"),
                    "ranked": row.text("ranked"),
                }))
                .collect::<Vec<_>>(),
            "medians": medians,
            "year": own.text("year"),
            "share": self.figures.share("Part artificialisée", own.text("year"), own.text("artificial_share")),
            "median": self.figures.share("Médiane du département", own.text("year"), own.text("median_share")),
            "rank": own.text("rank"),
            "ranked": own.text("ranked"),
            "chart": charts::ranks(title, share, median, &others),
        }))
    }

    /// What the commune was before, in sentences: since consumption is measured.
    pub(super) fn movements(&self) -> Result<Vec<String>> {
        if self.territory.level != COMMUNE {
            return Ok(Vec::new());
        }
        let table = self.tables.table("movements")?;
        let rows: Vec<Row> = table
            .all()
            .filter(|row| row.text("code_today") == self.territory.code)
            .filter(|row| row.text("date") >= MEASURED_SINCE)
            .collect();
        let mut said = Vec::new();
        let key = |row: &Row| {
            (
                row.text("date").to_owned(),
                row.text("code_after").to_owned(),
            )
        };
        for one in rows.chunk_by(|a, b| key(a) == key(b)) {
            let (first, day) = (&one[0], french::day(one[0].text("date")));
            let (was, is) = (first.text("name_before"), first.text("name_after"));
            said.push(match first.text("movement") {
                "merger" => {
                    let names: Vec<String> = one
                        .iter()
                        .map(|row| row.text("name_before").to_owned())
                        .collect();
                    format!("Le {day}, {is} a réuni {}.", french::list(&names))
                }
                "split" => format!("Le {day}, {is} a été séparée {}.", french::of_name(was)),
                "code" => format!(
                    "Son code était {} jusqu’au {day}.",
                    first.text("code_before")
                ),
                _ => format!("Elle s’appelait {was} jusqu’au {day}."),
            });
        }
        if !said.is_empty() {
            said.push(
                "Tous les chiffres sont ceux du territoire de la commune d’aujourd’hui, à toutes les dates."
                    .to_owned(),
            );
        }
        Ok(said.iter().map(|sentence| text(sentence)).collect())
    }

    /// The territory among those that are as densely inhabited.
    fn similar(&mut self) -> Result<Value> {
        let table = self.tables.table("similar")?;
        let Some(own) = self.rows(&table).into_iter().next_back() else {
            return Ok(Value::Null);
        };
        let year = own.text("year");
        let density = own.number("inhabitants_per_km2").unwrap_or(0.0);
        Ok(json!({
            "year": year,
            "count": own.text("similar"),
            "rank": own.text("rank"),
            "density": french::with_unit(density, 0, "habitants au km²"),
            "median": self.figures.share("Médiane des semblables", year, own.text("median_share")),
            "per_inhabitant": own.number("artificial_m2_per_inhabitant").map(french::square_metres),
            "median_per_inhabitant": own.number("median_m2_per_inhabitant").map(french::square_metres),
        }))
    }

    /// The territory among those that it touches.
    fn neighbours(&mut self) -> Result<Value> {
        let table = self.tables.table("neighbours")?;
        let Some(own) = self.rows(&table).into_iter().next_back() else {
            return Ok(Value::Null);
        };
        let year = own.text("year");
        Ok(json!({
            "year": year,
            "count": own.text("neighbours"),
            "rank": own.text("rank"),
            "median": self.figures.share("Médiane des voisins", year, own.text("median_share")),
        }))
    }
}
