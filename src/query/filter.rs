//! Which faces answer a question.

use std::collections::BTreeSet;
use std::str::FromStr;

use arrow::array::{Array, BooleanArray, StringArray};

use super::faces::Batch;
use super::place::Region;
use crate::align::Cause;
use crate::error::{Error, Result};
use crate::grid::HALF_CM2_PER_M2;

/// Which faces, by what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Status from not artificialised to artificialised.
    Artificialisation,
    /// Status from artificialised to not artificialised.
    Desartificialisation,
    /// From permeable to impermeable.
    Impermeabilisation,
    /// From impermeable to permeable.
    Desimpermeabilisation,
    /// Every change of code, status or coverage.
    All,
    /// What is artificialised at the later date, changed or not,
    Stock,
    /// or at the earlier.
    StockBefore,
    /// What is impermeable at the later date, changed or not,
    Impermeable,
    /// or at the earlier.
    ImpermeableBefore,
    /// Every face, changed or not.
    Any,
}

impl Kind {
    /// Whether it leaves out whatever is unchanged.
    pub(super) fn is_change(self) -> bool {
        !matches!(
            self,
            Self::Stock
                | Self::StockBefore
                | Self::Impermeable
                | Self::ImpermeableBefore
                | Self::Any
        )
    }
}

/// Place relative to the zone construite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// In it at both dates, or at the first.
    Inside,
    /// In it at the later date alone.
    Extension,
    /// In it at neither.
    Outside,
}

/// A pattern of codes: a code, `CS1.1.*` for a code and all below it, `*` for any, `-` for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Whatever the code.
    Any,
    /// Not covered.
    Nothing,
    /// This code.
    Code(String),
    /// This code and those below it.
    Below(String),
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let text = text.trim();
        match text {
            "*" => return Ok(Self::Any),
            "-" => return Ok(Self::Nothing),
            _ => {}
        }
        let code = text.strip_suffix(".*").or_else(|| text.strip_suffix('*'));
        let stem = code.unwrap_or(text);
        let is_code = stem.starts_with("CS") || stem.starts_with("US");
        let is_known = is_code || matches!(stem, "INDETERMINE" | "INCONNU");
        if !is_known || stem.contains('*') || stem.contains(char::is_whitespace) {
            return Err(format!(
                "`{text}` is no pattern of codes: write one such as CS1.1.1.1, CS2.2.*, US5, * or -"
            ));
        }
        Ok(match code {
            Some(stem) => Self::Below(stem.to_owned()),
            None => Self::Code(text.to_owned()),
        })
    }
}

impl Pattern {
    /// Whether a code is of the pattern; `None` is ground that is not covered.
    pub fn takes(&self, code: Option<&str>) -> bool {
        match (self, code) {
            (Self::Any, _) | (Self::Nothing, None) => true,
            (Self::Code(wanted), Some(code)) => wanted == code,
            (Self::Below(stem), Some(code)) => code
                .strip_prefix(stem.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
            _ => false,
        }
    }

    /// Whether it can only be a code of the other axis than `CS` or `US`.
    pub fn is_of_other_axis(&self, axis: &str) -> bool {
        matches!(self, Self::Code(code) | Self::Below(code)
            if ["CS", "US"].iter().any(|other| other != &axis && code.starts_with(other)))
    }

    /// Whether it can only be a use.
    fn is_use(&self) -> bool {
        matches!(self, Self::Code(code) | Self::Below(code) if code.starts_with("US"))
    }
}

/// What ground was and became: `CS2.2.1>CS1.1.*`, `US1.1>US5`, `CS2.1.3 US1.1>*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    before: Vec<Pattern>,
    after: Vec<Pattern>,
}

impl FromStr for Transition {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (before, after) = text.split_once('>').ok_or_else(|| {
            format!("`{text}` has no `>`: write what was and what became, such as CS2.2.1>CS1.1.*")
        })?;
        let side = |text: &str| -> std::result::Result<Vec<Pattern>, String> {
            let patterns: Vec<Pattern> = text
                .split_whitespace()
                .map(str::parse)
                .collect::<std::result::Result<_, _>>()?;
            if patterns.is_empty() {
                return Err("a side of a transition is empty: write * for any code".to_owned());
            }
            Ok(patterns)
        };
        Ok(Self {
            before: side(before)?,
            after: side(after)?,
        })
    }
}

/// Which faces: each condition that is given must hold.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The series.
    pub series: String,
    /// Period, such as `2015-2018`; all when `None`.
    pub period: Option<String>,
    /// By what became of them.
    pub kind: Kind,
    /// In one of these communes.
    pub communes: Option<BTreeSet<String>>,
    /// In one of these départements.
    pub departements: Option<BTreeSet<String>>,
    /// In, or partly in, a region.
    pub region: Option<Region>,
    /// Of one of these transitions.
    pub transitions: Vec<Transition>,
    /// Of one of these covers, at either date.
    pub cover: Vec<Pattern>,
    /// Of one of these uses, at either date.
    pub usage: Vec<Pattern>,
    /// For one of these causes.
    pub causes: Vec<String>,
    /// Of one of these sources, at either date.
    pub sources: Vec<String>,
    /// By place relative to the zone construite.
    pub zone: Option<Zone>,
    /// At least as large, in square metres.
    pub least_m2: Option<f64>,
    /// At most as large, in square metres.
    pub most_m2: Option<f64>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            series: crate::align::PUBLISHED.to_owned(),
            period: None,
            kind: Kind::All,
            communes: None,
            departements: None,
            region: None,
            transitions: Vec::new(),
            cover: Vec::new(),
            usage: Vec::new(),
            causes: Vec::new(),
            sources: Vec::new(),
            zone: None,
            least_m2: None,
            most_m2: None,
        }
    }
}

/// Columns that a filter looks at.
pub(super) const LOOKED_AT: [&str; 15] = [
    "series",
    "commune",
    "cause",
    "cs_before",
    "us_before",
    "cs_after",
    "us_after",
    "final_before",
    "final_after",
    "impermeable_before",
    "impermeable_after",
    "zc_before",
    "zc_after",
    "source_before",
    "source_after",
];

/// A value that may be missing.
fn some(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn flag(column: &BooleanArray, row: usize) -> Option<bool> {
    column.is_valid(row).then(|| column.value(row))
}

impl Filter {
    /// Which of some faces answer; `region` is that of the filter, in their CRS.
    pub(super) fn mask(&self, batch: &Batch, region: Option<&Region>) -> Result<Vec<bool>> {
        let (series, communes) = (batch.text("series")?, batch.text("commune")?);
        let causes = batch.text("cause")?;
        let codes = ["cs_before", "us_before", "cs_after", "us_after"].map(|name| batch.text(name));
        let [cs_before, us_before, cs_after, us_after] = codes;
        let (cs_before, us_before) = (cs_before?, us_before?);
        let (cs_after, us_after) = (cs_after?, us_after?);
        let (before, after) = match self.kind {
            Kind::Impermeabilisation
            | Kind::Desimpermeabilisation
            | Kind::Impermeable
            | Kind::ImpermeableBefore => ("impermeable_before", "impermeable_after"),
            _ => ("final_before", "final_after"),
        };
        let (before, after) = (batch.flag(before)?, batch.flag(after)?);
        let zones = match self.zone {
            Some(_) => Some((batch.flag("zc_before")?, batch.flag("zc_after")?)),
            None => None,
        };
        let sources = match self.sources.is_empty() {
            true => None,
            false => Some((batch.text("source_before")?, batch.text("source_after")?)),
        };
        let areas = batch.area()?;
        let large = |m2: Option<f64>| m2.map(|m2| m2 * HALF_CM2_PER_M2 as f64);
        let (least, most) = (large(self.least_m2), large(self.most_m2));
        let takes = |pattern: &Pattern, cover: Option<&str>, usage: Option<&str>| {
            pattern.takes(if pattern.is_use() { usage } else { cover })
        };
        let mut mask: Vec<bool> = (0..batch.rows.num_rows())
            .map(|n| {
                let status = (flag(before, n), flag(after, n));
                let is_kind = match self.kind {
                    Kind::Artificialisation | Kind::Impermeabilisation => {
                        status == (Some(false), Some(true))
                    }
                    Kind::Desartificialisation | Kind::Desimpermeabilisation => {
                        status == (Some(true), Some(false))
                    }
                    Kind::All => causes.value(n) != "unchanged",
                    Kind::Stock | Kind::Impermeable => status.1 == Some(true),
                    Kind::StockBefore | Kind::ImpermeableBefore => status.0 == Some(true),
                    Kind::Any => true,
                };
                if !is_kind || series.value(n) != self.series {
                    return false;
                }
                if let Some(wanted) = &self.communes
                    && !wanted.contains(communes.value(n))
                {
                    return false;
                }
                let was = (some(cs_before, n), some(us_before, n));
                let is = (some(cs_after, n), some(us_after, n));
                let moves = |transition: &Transition| {
                    transition.before.iter().all(|p| takes(p, was.0, was.1))
                        && transition.after.iter().all(|p| takes(p, is.0, is.1))
                };
                let area = areas.value(n) as f64;
                (self.transitions.is_empty() || self.transitions.iter().any(moves))
                    && either(&self.cover, was.0, is.0)
                    && either(&self.usage, was.1, is.1)
                    && (self.causes.is_empty() || self.causes.iter().any(|c| c == causes.value(n)))
                    && least.is_none_or(|least| area >= least)
                    && most.is_none_or(|most| area <= most)
                    && sources.is_none_or(|(before, after)| {
                        let is = |column| {
                            some(column, n).is_some_and(|s| self.sources.iter().any(|w| w == s))
                        };
                        is(before) || is(after)
                    })
                    && zones.is_none_or(|(before, after)| {
                        let zones = (flag(before, n), flag(after, n));
                        match self.zone {
                            Some(Zone::Inside) => zones.0 == Some(true),
                            Some(Zone::Extension) => zones == (Some(false), Some(true)),
                            _ => zones == (Some(false), Some(false)),
                        }
                    })
            })
            .collect();
        if let Some(region) = region {
            region.narrow(batch, &mut mask)?;
        }
        Ok(mask)
    }

    /// Refuses causes that are none.
    pub(super) fn require_known(&self) -> Result<()> {
        let names = Cause::ALL.map(Cause::name);
        match self.causes.iter().find(|c| !names.contains(&c.as_str())) {
            None => Ok(()),
            Some(cause) => Err(Error::input(
                "--cause",
                format!("`{cause}` is no cause"),
                crate::error::suggest(cause, names),
            )),
        }
    }
}

/// Whether one of the patterns takes a code of either date.
fn either(patterns: &[Pattern], before: Option<&str>, after: Option<&str>) -> bool {
    patterns.is_empty() || patterns.iter().any(|p| p.takes(before) || p.takes(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_codes_and_what_is_below_them() {
        let takes =
            |pattern: &str, code: Option<&str>| pattern.parse::<Pattern>().unwrap().takes(code);
        assert!(takes("CS1.1.*", Some("CS1.1.1.1")) && takes("CS1.1.*", Some("CS1.1")));
        assert!(!takes("CS1.1.*", Some("CS1.2")) && !takes("US2*", Some("US235")));
        assert!(takes("US2", Some("US2")) && !takes("US2", Some("US2.1")));
        assert!(
            takes("*", None) && takes("-", None) && !takes("CS1", None) && !takes("-", Some("CS1"))
        );
        for bad in ["1.1", "CS1.*.2", "", "cs1.1"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn transitions_have_two_sides() {
        let one: Transition = "CS2.2.1 US1.1>CS1.1.*".parse().unwrap();
        assert_eq!((one.before.len(), one.after.len()), (2, 1));
        assert!("CS2.2.1".parse::<Transition>().is_err());
        assert!(">CS1".parse::<Transition>().is_err());
    }
}
