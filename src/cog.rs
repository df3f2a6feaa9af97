//! The code officiel géographique: which communes became which, from one year to another.
//!
//! A year's codes are those in force on its first of January. Figures of communes are carried from
//! one year's codes to another's: what merges is added up, what splits is shared by area. This is for
//! tables alone: ground is cut by the communes as they are drawn, and needs no history.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::{Error, Result};
use crate::vector::{Layer, Opening};

/// INSEE's movements of communes.
pub struct Movements {
    place: String,
    /// By date: (code before, code after), of communes alone.
    dated: BTreeMap<String, BTreeSet<(String, String)>>,
    /// The same, with the names.
    steps: Vec<Step>,
}

/// A commune before and after a movement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    date: String,
    before: [String; 2],
    after: [String; 2],
}

/// A commune that became, or became part of, one of today: code and name of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Became {
    /// The day.
    pub date: String,
    /// What happened: `merger`, `split`, `code` or `name`.
    pub kind: &'static str,
    /// What it was.
    pub before: [String; 2],
    /// What it was from that day on.
    pub after: [String; 2],
    /// The code of the commune of today that it is part of.
    pub today: String,
}

/// Where figures of a commune go: each with the part that goes there.
type Parts = BTreeMap<String, Vec<String>>;

impl Movements {
    /// Reads INSEE's file of movements (`mvtcommune_YYYY.csv`).
    pub fn read(path: &Path) -> Result<Self> {
        let mut layer = Layer::open(path, Opening::default())?;
        let columns = ["DATE_EFF", "TYPECOM_AV", "COM_AV", "TYPECOM_AP", "COM_AP"]
            .map(|name| layer.require_column(name).map(Some));
        let mut columns = columns.into_iter().collect::<Result<Vec<_>>>()?;
        columns.extend(["LIBELLE_AV", "LIBELLE_AP"].map(|name| layer.find_column(&[name])));
        let place = layer.place();
        let mut dated: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        let mut steps = Vec::new();
        layer.scan(&columns, |row| {
            let value = |n: usize| row.values[n].as_deref().map(str::trim).unwrap_or("");
            if value(1) != "COM" || value(3) != "COM" {
                return Ok(());
            }
            // GDAL gives a column of dates as 2024/01/01.
            let date = value(0).replace('/', "-");
            if date.len() != 10 {
                return Err(Error::input(
                    format!("{place}, row {}", row.number),
                    format!("`{}` is not a date such as 2024-01-01", value(0)),
                    "give INSEE's file of movements of communes as it is published",
                ));
            }
            let pair = (value(2).to_owned(), value(4).to_owned());
            steps.push(Step {
                date: date.clone(),
                before: [pair.0.clone(), value(5).to_owned()],
                after: [pair.1.clone(), value(6).to_owned()],
            });
            dated.entry(date).or_default().insert(pair);
            Ok(())
        })?;
        steps.sort();
        steps.dedup();
        Ok(Self {
            place,
            dated,
            steps,
        })
    }

    /// What became these communes, whose codes are those of the year `cog` (of the last that is told, where
    /// that is not known): the latest first.
    pub fn origins(&self, communes: &BTreeSet<&str>, cog: Option<u16>) -> Vec<Became> {
        let last = cog.map(|year| format!("{year}-01-01"));
        // What each code of the day that is looked at is part of today.
        let mut today: BTreeMap<String, BTreeSet<String>> = communes
            .iter()
            .map(|code| ((*code).to_owned(), BTreeSet::from([(*code).to_owned()])))
            .collect();
        let mut found = Vec::new();
        for steps in self.steps.chunk_by(|a, b| a.date == b.date).rev() {
            let date = &steps[0].date;
            if last.as_ref().is_some_and(|last| date > last) {
                continue;
            }
            let mut earlier = today.clone();
            for code in steps.iter().map(|step| &step.after[0]) {
                earlier.remove(code);
            }
            for step in steps {
                let Some(of) = today.get(&step.after[0]) else {
                    continue;
                };
                let own = earlier.entry(step.before[0].clone()).or_default();
                own.extend(of.iter().cloned());
                let into_one = steps.iter().filter(|s| s.after[0] == step.after[0]).count() > 1;
                let into_several = steps
                    .iter()
                    .filter(|s| s.before[0] == step.before[0])
                    .count()
                    > 1;
                let kind = match (into_one, into_several) {
                    (true, _) => "merger",
                    (_, true) if step.before[0] == step.after[0] => continue,
                    (_, true) => "split",
                    _ if step.before[0] != step.after[0] => "code",
                    _ if step.before[1] != step.after[1] => "name",
                    _ => continue,
                };
                found.extend(of.iter().map(|today| Became {
                    date: date.clone(),
                    kind,
                    before: step.before.clone(),
                    after: step.after.clone(),
                    today: today.clone(),
                }));
            }
            today = earlier;
        }
        found
    }

    /// What each code of the year `from` is in the year `to`, a code being itself where no movement
    /// tells otherwise; several where it was split, or where it comes from several.
    fn parts(&self, codes: &BTreeSet<String>, from: u16, to: u16) -> Parts {
        let span = |first: u16, last: u16| {
            let (first, last) = (format!("{first}-01-01"), format!("{last}-01-01"));
            self.dated
                .iter()
                .filter(move |(date, _)| **date > first && **date <= last)
                .map(|(_, pairs)| pairs)
        };
        let step = |parts: &mut Parts, pairs: &BTreeSet<(String, String)>, is_forward: bool| {
            let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (before, after) in pairs {
                let (key, value) = match is_forward {
                    true => (before, after),
                    false => (after, before),
                };
                next.entry(key).or_default().push(value);
            }
            for codes in parts.values_mut() {
                let moved = |code: &String| match next.get(code.as_str()) {
                    Some(codes) => codes.iter().map(|c| (*c).to_owned()).collect(),
                    None => vec![code.clone()],
                };
                let all: BTreeSet<String> = codes.iter().flat_map(moved).collect();
                *codes = all.into_iter().collect();
            }
        };
        let mut parts: Parts = codes.iter().map(|c| (c.clone(), vec![c.clone()])).collect();
        if from <= to {
            span(from, to).for_each(|pairs| step(&mut parts, pairs, true));
        } else {
            let all: Vec<_> = span(to, from).collect();
            all.into_iter()
                .rev()
                .for_each(|pairs| step(&mut parts, pairs, false));
        }
        parts
    }

    /// Carries whole figures of communes from one year's codes to another's: sums where communes
    /// merged, parts in proportion to their area where they were split, the sum of the parts being the
    /// whole. Areas are those of the communes that are asked for; what concerns none of them is left out.
    pub fn carry(
        &self,
        figures: BTreeMap<String, Vec<i64>>,
        [from, to]: [u16; 2],
        areas: &BTreeMap<&str, i64>,
    ) -> Result<Carried> {
        let codes: BTreeSet<String> = figures.keys().cloned().collect();
        let parts = self.parts(&codes, from, to);
        let asked = areas.keys().map(|code| (*code).to_owned()).collect();
        let origins = self.parts(&asked, to, from);
        let is_same = |code: &String, origins: &[String]| {
            origins == std::slice::from_ref(code) && parts.get(code).is_none_or(|p| p == origins)
        };
        let mut carried = Carried {
            figures: BTreeMap::new(),
            same: origins
                .iter()
                .filter(|(code, origins)| is_same(code, origins))
                .map(|(code, _)| code.clone())
                .collect(),
            incomplete: origins
                .iter()
                .filter(|(_, origins)| origins.iter().any(|code| !codes.contains(code)))
                .map(|(code, _)| code.clone())
                .collect(),
        };
        for (code, values) in figures {
            let parts = &parts[&code];
            if parts.iter().all(|part| !areas.contains_key(part.as_str())) {
                continue;
            }
            let weights = match parts.as_slice() {
                [_] => vec![1],
                several => several
                    .iter()
                    .map(|part| {
                        areas.get(part.as_str()).copied().ok_or_else(|| {
                            Error::input(
                                &self.place,
                                format!(
                                    "{code} ({from}) is {} in {to}, and the area of {part} is not \
                                     known: its figures cannot be shared",
                                    several.join(", ")
                                ),
                                "give the outlines of all these communes in [communes]",
                            )
                        })
                    })
                    .collect::<Result<Vec<i64>>>()?,
            };
            for (n, value) in values.iter().enumerate() {
                for (part, share) in parts.iter().zip(shared(*value, &weights)) {
                    let of = carried
                        .figures
                        .entry(part.clone())
                        .or_insert_with(|| vec![0; values.len()]);
                    of[n] += share;
                }
            }
        }
        // A sum that lacks a part is not the commune's.
        let incomplete = &carried.incomplete;
        carried.figures.retain(|code, _| !incomplete.contains(code));
        Ok(carried)
    }
}

/// Figures of communes under another year's codes.
pub struct Carried {
    /// The figures.
    pub figures: BTreeMap<String, Vec<i64>>,
    /// Communes that are the same in both years.
    pub same: BTreeSet<String>,
    /// Communes that lack the figures of a part of them; they have none.
    pub incomplete: BTreeSet<String>,
}

/// A whole in parts in proportion to weights, their sum being the whole: the largest remainders get
/// what is left.
fn shared(whole: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if total == 0 {
        let mut parts = vec![0; weights.len()];
        parts[0] = whole;
        return parts;
    }
    let scaled = |w: &i64| i128::from(whole) * i128::from(*w);
    let mut parts: Vec<i64> = weights
        .iter()
        .map(|w| scaled(w).div_euclid(total) as i64)
        .collect();
    let left = whole - parts.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&n| (std::cmp::Reverse(scaled(&weights[n]).rem_euclid(total)), n));
    for &n in order.iter().take(left as usize) {
        parts[n] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movements() -> Movements {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let merger = [pair("01001", "01001"), pair("01002", "01001")];
        let split = [pair("01001", "01001"), pair("01001", "01009")];
        Movements {
            place: "movements".to_owned(),
            dated: [
                ("2019-01-01".to_owned(), merger.into_iter().collect()),
                ("2022-01-01".to_owned(), split.into_iter().collect()),
            ]
            .into(),
            steps: [
                ("2019-01-01", ["01001", "A"], ["01001", "AB"]),
                ("2019-01-01", ["01002", "B"], ["01001", "AB"]),
                ("2022-01-01", ["01001", "AB"], ["01001", "AB"]),
                ("2022-01-01", ["01001", "AB"], ["01009", "C"]),
            ]
            .map(|(date, before, after)| Step {
                date: date.to_owned(),
                before: before.map(str::to_owned),
                after: after.map(str::to_owned),
            })
            .into(),
        }
    }

    #[test]
    fn what_a_commune_comes_from_is_followed_through_every_movement() {
        let told = |codes: &[&str], cog| -> Vec<(String, &str, String, String)> {
            let became = movements().origins(&codes.iter().copied().collect(), cog);
            let told = became.into_iter();
            told.map(|b| (b.date, b.kind, b.before[1].clone(), b.today))
                .collect()
        };
        let row = |date: &str, kind, before: &str, today: &str| {
            (
                format!("{date}-01-01"),
                kind,
                before.to_owned(),
                today.to_owned(),
            )
        };
        assert_eq!(
            told(&["01009"], None),
            [
                row("2022", "split", "AB", "01009"),
                row("2019", "merger", "A", "01009"),
                row("2019", "merger", "B", "01009"),
            ]
        );
        assert_eq!(
            told(&["01001"], Some(2021)),
            [
                row("2019", "merger", "A", "01001"),
                row("2019", "merger", "B", "01001")
            ]
        );
        assert!(told(&["01003"], None).is_empty());
    }

    fn figures(pairs: &[(&str, i64)]) -> BTreeMap<String, Vec<i64>> {
        pairs
            .iter()
            .map(|(c, v)| ((*c).to_owned(), vec![*v]))
            .collect()
    }

    #[test]
    fn what_merges_is_added_up() {
        let areas = BTreeMap::from([("01001", 1), ("01003", 1)]);
        let given = figures(&[("01001", 5), ("01002", 7), ("01003", 1)]);
        let carried = movements().carry(given, [2018, 2020], &areas).unwrap();
        assert_eq!(carried.figures, figures(&[("01001", 12), ("01003", 1)]));
        assert_eq!(carried.same, BTreeSet::from(["01003".to_owned()]));
        // Without one of its parts a commune has no figures.
        let given = figures(&[("01001", 5), ("01003", 1)]);
        let carried = movements().carry(given, [2018, 2020], &areas).unwrap();
        assert_eq!(carried.figures, figures(&[("01003", 1)]));
        assert_eq!(carried.incomplete, BTreeSet::from(["01001".to_owned()]));
    }

    #[test]
    fn what_splits_is_shared_by_area_and_nothing_is_lost() {
        let given = figures(&[("01001", 10), ("01002", 0)]);
        let areas = BTreeMap::from([("01001", 2), ("01009", 1)]);
        let carried = movements().carry(given, [2018, 2024], &areas).unwrap();
        assert_eq!(carried.figures, figures(&[("01001", 7), ("01009", 3)]));
        // And back: a table newer than the communes.
        let given = || figures(&[("01001", 10), ("01009", 2)]);
        let areas = BTreeMap::from([("01001", 1), ("01002", 3)]);
        let back = movements().carry(given(), [2024, 2018], &areas).unwrap();
        assert_eq!(back.figures, figures(&[("01001", 4), ("01002", 8)]));
        let areas = BTreeMap::from([("01001", 1)]);
        let unknown = movements()
            .carry(given(), [2024, 2018], &areas)
            .err()
            .unwrap();
        assert!(unknown.to_string().contains("01002"));
        // What concerns no commune that is asked for is of no concern.
        let areas = BTreeMap::from([("01003", 1)]);
        let elsewhere = movements().carry(given(), [2024, 2018], &areas).unwrap();
        assert!(elsewhere.figures.is_empty());
    }
}
