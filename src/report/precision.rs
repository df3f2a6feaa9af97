//! How precise the figures are, where points were checked.

use std::path::Path;

use serde_json::{Value, json};

use super::content::Content;
use crate::error::{Error, Result};
use crate::french::{hectares, signed_hectares};
use crate::levels::WHOLE;
use crate::sample::{self, Accuracy, Figure};

/// What checked points say of a run.
pub(super) struct Precision(Accuracy);

impl Precision {
    /// Whether enough points were checked to say anything.
    pub(super) fn is_measured(&self) -> bool {
        !self.0.figures.is_empty()
    }

    /// Reads the points of `path`, which are of a series of the run in `out`.
    pub(super) fn read(path: &Path, out: &Path, series: &str) -> Result<Self> {
        let accuracy = sample::accuracy(path)?;
        if accuracy.series != series {
            return Err(Error::input(
                path.display(),
                format!(
                    "its points are of the series {}, and the reports of the series {series}",
                    accuracy.series
                ),
                format!(
                    "write the reports with --series {}, or draw points of the other series",
                    accuracy.series
                ),
            ));
        }
        sample::require_drawn_from(path, &accuracy, out)?;
        Ok(Self(accuracy))
    }
}

impl Content<'_> {
    /// What checked points say: of the whole territory, which they were drawn from; nothing where there are
    /// none.
    pub(super) fn precision(&mut self, precision: Option<&Precision>) -> Value {
        let Some(Precision(accuracy)) = precision else {
            return Value::Null;
        };
        self.figures.begin("Précision");
        let years = accuracy.period.split_once('-');
        let (before, after) = years.unwrap_or((&accuracy.period, &accuracy.period));
        let said = match before == after {
            true => after.to_owned(),
            false => format!("{before}–{after}"),
        };
        let is_own = self.territory.level == WHOLE;
        let rows: Vec<Value> = accuracy
            .figures
            .iter()
            .map(|figure| {
                let (label, when) = match figure.name {
                    "artificial before" => ("Sols artificialisés", before),
                    "artificial after" => ("Sols artificialisés", after),
                    "artificialised" => ("Artificialisation", said.as_str()),
                    "désartificialised" => ("Désartificialisation", said.as_str()),
                    _ => ("Solde", said.as_str()),
                };
                self.estimated(figure, label, when, is_own)
            })
            .collect();
        let (points, checked) = accuracy
            .strata
            .values()
            .fold((0, 0), |sum, s| (sum.0 + s.1, sum.1 + s.2));
        json!({
            "period": said,
            "points": points,
            "checked": checked,
            "is_measured": !rows.is_empty(),
            "is_own": is_own,
            "is_reliable": accuracy.thin().is_empty(),
            "rows": rows,
        })
    }

    fn estimated(&mut self, figure: &Figure, label: &str, when: &str, is_own: bool) -> Value {
        let half_width = figure.estimate.half_width();
        let write = match label {
            "Solde" => signed_hectares,
            _ => hectares,
        };
        let (mapped, estimate) = (write(figure.mapped), write(figure.estimate.area));
        let interval = format!("± {}", hectares(half_width));
        if is_own {
            for (what, m2) in [
                ("estimation", figure.estimate.area),
                ("± (95 %)", half_width),
            ] {
                let label = format!("{label}, {what}");
                self.figures.area(&label, when, &format!("{m2:.5}"), None);
            }
        }
        json!({
            "label": label,
            "when": when,
            "mapped": mapped,
            "estimate": estimate,
            "interval": interval,
        })
    }
}
