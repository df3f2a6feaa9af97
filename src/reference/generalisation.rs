//! How well ground goes into its neighbours, and what hardly occurs.

use serde::Deserialize;

use super::fusion::is_within;
use super::{Code, Nomenclature, rows, table_error};
use crate::error::Result;

/// The tables of generalisation.
#[derive(Clone, Debug)]
pub struct Generalisation {
    cover: Affinities,
    usage: Affinities,
    /// Covers and uses, by prefixes, that hardly occur together, and why.
    improbable: Vec<(String, String, String)>,
}

/// How well a code goes into another: one row per code.
#[derive(Clone, Debug)]
struct Affinities {
    codes: Vec<Code>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct AffinityRow {
    #[serde(alias = "cover", alias = "use")]
    code: String,
    neighbour: String,
    affinity: f64,
}

#[derive(Deserialize)]
struct ImprobableRow {
    cover: String,
    #[serde(rename = "use")]
    usage: String,
    reason: String,
}

impl Affinities {
    fn parse(text: &str, place: &str, nomenclature: &Nomenclature) -> Result<Self> {
        let table = rows::<AffinityRow>(text, place)?;
        for row in &table {
            let known =
                |code: &str| matches!(code, "CS" | "US") || nomenclature.code(code).is_some();
            if !known(&row.code) || !known(&row.neighbour) || !(0.0..=1.0).contains(&row.affinity) {
                let what = format!(
                    "{} × {} with {} is not a couple of codes and a share",
                    row.code, row.neighbour, row.affinity
                );
                return Err(table_error(place, what));
            }
        }
        let codes: Vec<Code> = nomenclature.codes().collect();
        let value = |a: Code, b: Code| {
            let (a, b) = (nomenclature.text(a), nomenclature.text(b));
            let matching = table
                .iter()
                .filter(|row| is_within(a, &row.code) && is_within(b, &row.neighbour));
            // The finest line decides.
            let finest = matching.max_by_key(|row| row.code.len() + row.neighbour.len());
            match finest {
                _ if a == b => 1.0,
                Some(row) => row.affinity,
                None => 0.0,
            }
        };
        let pairs = codes
            .iter()
            .flat_map(|&a| codes.iter().map(move |&b| (a, b)));
        let values = pairs.map(|(a, b)| value(a, b)).collect();
        Ok(Self { codes, values })
    }

    fn of(&self, a: Code, b: Code) -> f64 {
        let place = |code| self.codes.binary_search(&code).unwrap_or(0);
        self.values[place(a) * self.codes.len() + place(b)]
    }
}

impl Generalisation {
    /// Reads the tables, which `text` gives by name.
    pub(super) fn parse(
        text: &dyn Fn(&str) -> Result<String>,
        cover: &Nomenclature,
        usage: &Nomenclature,
    ) -> Result<Self> {
        let place = "generalisation/affinity.csv";
        let covers = Affinities::parse(&text(place)?, place, cover)?;
        let place = "generalisation/affinity_use.csv";
        let usages = Affinities::parse(&text(place)?, place, usage)?;
        let place = "generalisation/improbable.csv";
        let improbable = rows::<ImprobableRow>(&text(place)?, place)?
            .into_iter()
            .map(|row| (row.cover, row.usage, row.reason))
            .collect();
        Ok(Self {
            cover: covers,
            usage: usages,
            improbable,
        })
    }

    /// How well ground goes into a neighbour, from 0 (never) to 1.
    pub fn affinity(&self, (cover, usage): (Code, Code), neighbour: (Code, Code)) -> f64 {
        self.cover.of(cover, neighbour.0) * self.usage.of(usage, neighbour.1)
    }

    /// Why a cover and a use hardly occur together, where they do.
    pub fn improbable(&self, cover: &str, usage: &str) -> Option<&str> {
        let is_it =
            |(c, u, _): &&(String, String, String)| is_within(cover, c) && is_within(usage, u);
        self.improbable.iter().find(is_it).map(|row| row.2.as_str())
    }
}
