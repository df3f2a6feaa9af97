//! What a territory file may not say.

use super::{AlignMode, Changes, Territory, Vintage, flight_day};
use crate::crs::Crs;
use crate::error::{Error, Result, suggest};
use crate::levels::{self, BUILT_IN};

impl Territory {
    /// Refuses what contradicts itself.
    pub(super) fn check(&self, place: &str) -> Result<()> {
        let bad = |what: String, advice: &str| Err(Error::input(place, what, advice));
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b".+-".contains(&b);
        if let Some(licence) = &self.licence
            && (licence.is_empty() || !licence.bytes().all(is_plain))
        {
            return bad(
                format!("`licence = \"{licence}\"` is no identifier of a licence"),
                "write one of SPDX, such as \"etalab-2.0\"",
            );
        }
        Crs::parse(&self.crs, &format!("{place}, key crs"))?
            .require_metres(&format!("{place}, key crs"))?;
        if !self.has_ground() && self.enaf.is_none() {
            return bad(
                "has neither [[vintages]] nor [[changes]], nor [enaf]".to_owned(),
                "add at least one vintage; `millesime run --example` shows how",
            );
        }
        let departements = self.vintages.iter().map(|v| &v.departement);
        let departements = departements.chain(self.changes.iter().map(|c| &c.departement));
        if let Some(wrong) = departements
            .flatten()
            .find(|d| !crate::communes::is_plain(d))
        {
            return bad(
                format!("`departement = \"{wrong}\"` is not a code"),
                "write it as in \"33\", \"2A\" or \"974\"",
            );
        }
        self.check_levels(place)?;
        self.check_crossings(place)?;
        self.check_years(place)?;
        if self.enaf.is_none() && self.trajectory.is_some() {
            return bad(
                "has [trajectory] and no [enaf]".to_owned(),
                "a trajectory is of consumption: give its table",
            );
        }
        for vintage in &self.vintages {
            let year = vintage.year;
            match (
                &vintage.product,
                vintage.classes.is_empty(),
                &vintage.nomenclature,
                &vintage.predict,
            ) {
                (Some(_), true, Some(_), None) if vintage.probabilities.is_none() => {
                    return bad(
                        format!("the vintage {year} is a product with a nomenclature of classes"),
                        "take `nomenclature` out: it is of `classes`, or of `probabilities`",
                    );
                }
                (Some(_), true, _, None) if vintage.is_seen_beside() => {}
                (Some(_), true, None, None)
                | (None, false, Some(_), None)
                | (None, true, None, Some(_)) => {}
                (None, false, None, None) => {
                    return bad(
                        format!("the vintage {year} has classes without a nomenclature"),
                        "add `nomenclature = \"odeon-naf\"`, or that of your classes",
                    );
                }
                _ => {
                    return bad(
                        format!("the vintage {year} is not given by one source"),
                        "give either `product`, or `classes` with `nomenclature`, or \
                         [vintages.predict]",
                    );
                }
            }
            if let Some(dates) = &vintage.dates {
                flight_day(dates).ok_or_else(|| {
                    let what = format!("`dates = \"{dates}\"` of the vintage {year} is not a date");
                    let advice = "write \"2018-06-15\" or \"2018-06-15/2018-08-20\"";
                    Error::input(place, what, advice)
                })?;
            }
            if vintage.decided.is_some() && self.align_mode() == AlignMode::None {
                return bad(
                    format!("the vintage {year} has the key `decided`, and nothing is aligned"),
                    "add [align] mode = \"change-first\": it is evidence for the aligned series",
                );
            }
            match vintage.product {
                None => vintage.require_only_raster_keys(place)?,
                Some(_) => vintage.require_no_production(place)?,
            }
            let same = |v: &&Vintage| {
                let apart = v.departement.as_ref().zip(vintage.departement.as_ref());
                v.year == year && apart.is_none_or(|(a, b)| a == b)
            };
            if self.vintages.iter().filter(same).count() > 1 {
                return bad(
                    format!("the vintage {year} is given twice"),
                    "keep one, or tell them apart with `departement`",
                );
            }
        }
        for changes in &self.changes {
            if changes.from >= changes.to {
                return bad(
                    format!("[[changes]] go from {} to {}", changes.from, changes.to),
                    "`from` must come before `to`",
                );
            }
            let years = [changes.from, changes.to];
            if !self.vintages.is_empty() {
                return bad(
                    "has both [[vintages]] and [[changes]]".to_owned(),
                    "a state of the ground cannot be compared with a layer of changes alone: give \
                     them territory files of their own",
                );
            }
            let is_other = |c: &&Changes| {
                let apart = c.departement.as_ref().zip(changes.departement.as_ref());
                apart.is_none_or(|(a, b)| a == b) && [c.from, c.to] != years
            };
            if let Some(other) = self.changes.iter().find(is_other) {
                return bad(
                    format!(
                        "[[changes]] of {}-{} and of {}-{} are of one ground",
                        changes.from, changes.to, other.from, other.to
                    ),
                    "what did not change in one of them is not known in the other: give each period \
                     a territory file of its own",
                );
            }
        }
        if !self.corrections.is_empty() && self.vintages.is_empty() {
            return bad(
                "has [[corrections]] and no [[vintages]]".to_owned(),
                "corrections amend a vintage: give it",
            );
        }
        let mut years: Vec<u16> = self.vintages.iter().map(|v| v.year).collect();
        years.extend(self.changes.iter().flat_map(|c| [c.from, c.to]));
        for &[from, to] in &self.run.periods {
            if from >= to || !years.contains(&from) || !years.contains(&to) {
                let known: Vec<String> = years.iter().map(u16::to_string).collect();
                return bad(
                    format!("the period {from}-{to} is not between two vintages"),
                    &suggest(&from.to_string(), known.iter().map(String::as_str)),
                );
            }
        }
        Ok(())
    }
}

impl Territory {
    /// Refuses years of tables that are none, and two tables of population of one year.
    fn check_years(&self, place: &str) -> Result<()> {
        let cogs = [
            self.communes.as_ref().and_then(|c| c.cog),
            self.enaf.as_ref().and_then(|e| e.cog),
        ];
        let population = self.population.iter().flat_map(|p| [Some(p.year), p.cog]);
        let mut years = cogs.into_iter().chain(population).flatten();
        if let Some(wrong) = years.find(|year| !(1900..=2200).contains(year)) {
            return Err(Error::input(
                place,
                format!("{wrong} is not a year"),
                "write `year` and `cog` as in 2021",
            ));
        }
        for (n, table) in self.population.iter().enumerate() {
            if self.population[..n].iter().any(|p| p.year == table.year) {
                return Err(Error::input(
                    place,
                    format!("[[population]] of {} is given twice", table.year),
                    "give one table for each year",
                ));
            }
        }
        Ok(())
    }

    /// Refuses crossings that have no name of their own, or no ground to cross.
    fn check_crossings(&self, place: &str) -> Result<()> {
        let crosses = !self.crossings.is_empty() || !self.official.is_empty();
        if crosses && !self.has_ground() {
            return Err(Error::input(
                place,
                "has [[crossings]] or [[official]] and no [[vintages]]",
                "they are crossed with what vintages say of the ground: give them",
            ));
        }
        for (n, official) in self.official.iter().enumerate() {
            if official.from >= official.to {
                return Err(Error::input(
                    place,
                    format!("[[official]] go from {} to {}", official.from, official.to),
                    "`from` must come before `to`",
                ));
            }
            let name = official.path.file_name();
            if self.official[..n]
                .iter()
                .any(|o| o.path.file_name() == name)
            {
                return Err(Error::input(
                    place,
                    format!("two of [[official]] are named {}", official.path.display()),
                    "give each once, and under a name of its own: the tables tell them apart by it",
                ));
            }
        }
        for (n, crossing) in self.crossings.iter().enumerate() {
            let is_taken = self.crossings[..n].iter().any(|c| c.name == crossing.name);
            if is_taken || !crate::communes::is_plain(&crossing.name) {
                return Err(Error::input(
                    place,
                    format!(
                        "the crossing `{}` is there already, or is not a name",
                        crossing.name
                    ),
                    "give each a name of its own, of letters, digits, `-` and `_`",
                ));
            }
        }
        Ok(())
    }

    /// Refuses levels that are not known, or given twice.
    fn check_levels(&self, place: &str) -> Result<()> {
        let built_in = &self.run.levels;
        if let Some(unknown) = built_in.iter().find(|l| !BUILT_IN.contains(&l.as_str())) {
            return Err(Error::input(
                place,
                format!("`{unknown}` in [run] levels is not a level that needs no table"),
                format!(
                    "{}; another level is a table of communes, in [[levels]]",
                    suggest(unknown, BUILT_IN)
                ),
            ));
        }
        let mut seen = vec!["commune", levels::WHOLE];
        let given = self.levels.iter().map(|table| &table.level);
        for level in built_in.iter().chain(given) {
            let is_taken = seen.iter().any(|other| other.eq_ignore_ascii_case(level));
            if !crate::communes::is_plain(level) || is_taken {
                return Err(Error::input(
                    place,
                    format!("the level `{level}` is there already, or is not a name"),
                    "give each level a name of its own, of letters, digits, `-` and `_`",
                ));
            }
            seen.push(level);
        }
        Ok(())
    }
}

impl Vintage {
    /// Refuses keys that a class raster does not know what to do with.
    pub(super) fn require_only_raster_keys(&self, place: &str) -> Result<()> {
        let of_products = [
            ("layer", self.layer.is_some()),
            ("cover", self.cover.is_some()),
            ("use", self.usage.is_some()),
            ("crosswalk", self.crosswalk.is_some()),
            ("zone_construite", self.zone_construite.is_some()),
            ("decided", self.decided.is_some()),
            ("encoding", self.encoding.is_some()),
        ];
        match of_products.iter().find(|(_, is_given)| *is_given) {
            Some((key, _)) => Err(Error::input(
                place,
                format!(
                    "the vintage {} is made from rasters, and has the key `{key}`",
                    self.year
                ),
                "that key is for a `product`: remove it",
            )),
            None => Ok(()),
        }
    }

    /// Refuses keys that a published product does not know what to do with.
    pub(super) fn require_no_production(&self, place: &str) -> Result<()> {
        let year = self.year;
        if self.produce.is_some() {
            return Err(Error::input(
                place,
                format!("the vintage {year} is a product, and has the key `produce`"),
                "that key is for a vintage that is made from classes: remove it",
            ));
        }
        if self.probabilities.is_some() && self.nomenclature.is_none() {
            return Err(Error::input(
                place,
                format!("the vintage {year} has probabilities without a nomenclature"),
                "add `nomenclature = \"odeon-naf\"`, or that of the classes of the model",
            ));
        }
        Ok(())
    }

    /// Whether a product comes with what a model saw at its date: evidence of changes.
    fn is_seen_beside(&self) -> bool {
        self.probabilities.is_some() && self.nomenclature.is_some()
    }
}
