//! What is published of départements, against what was known when this program was made, and what was
//! fetched.

use std::path::Path;

use super::catalogue::{Offer, Product, offers};
use super::{Fetched, read};
use crate::error::{Error, Result};
use crate::reference::Reference;

/// What is known of one archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was known when this program was made.
    Known,
    /// It was not.
    New,
    /// It is in the folder.
    Here,
    /// What is in the folder was published on an earlier day, or under another name.
    Republished {
        /// What is there.
        file: String,
        /// The day on which that was published, where it is known.
        published: Option<String>,
    },
    /// It was known, and is not offered.
    Gone,
}

/// One line of what is told.
#[derive(Clone, Debug)]
pub struct Line {
    /// The département.
    pub departement: String,
    /// What it is.
    pub product: Product,
    /// The year; the earlier and the later of a difference.
    pub years: (u16, Option<u16>),
    /// The day on which it was last published.
    pub published: String,
    /// The name of its archive.
    pub name: String,
    /// What is known of it; nothing of what is no state, which is not listed in advance.
    pub standing: Option<Standing>,
}

/// Tells what the service at `base` offers of a département, or of all; `into` is a folder of archives.
pub fn status(
    base: &str,
    departement: Option<&str>,
    into: Option<&Path>,
    reference: &Reference,
) -> Result<Vec<Line>> {
    if let Some(departement) = departement {
        super::known(departement, reference)?;
    }
    let offered = offers(base, departement)?.ok_or_else(|| {
        Error::input(
            base,
            "gave no catalogue of OCS GE: it has none, refuses, or does not answer",
            "check the address and the connection; `millesime fetch --list` tells what was known when this \
             program was made",
        )
    })?;
    if let Some(folder) = into.filter(|folder| !folder.is_dir()) {
        return Err(Error::input(
            folder.display(),
            "is no folder",
            "give the one that `millesime fetch` filled",
        ));
    }
    let here = into.map(read).transpose()?.unwrap_or_default();
    let known = |departement: &str, year: u16| {
        let mut all = reference.vintages().iter();
        all.any(|v| v.departement == departement && v.year == year)
    };
    let mut lines: Vec<Line> = offered
        .iter()
        .map(|offer| Line {
            departement: offer.departement.clone(),
            product: offer.product,
            years: offer.years,
            published: offer.published.clone(),
            name: offer.name.clone(),
            standing: match offer.product {
                Product::State => Some(standing(offer, &offered, &here, known)),
                _ => None,
            },
        })
        .collect();
    for vintage in reference.vintages() {
        let is_asked = departement.is_none_or(|code| code == vintage.departement);
        let is_offered = offered.iter().any(|o| {
            o.product == Product::State
                && o.departement == vintage.departement
                && o.years.0 == vintage.year
        });
        if is_asked && !is_offered {
            lines.push(Line {
                departement: vintage.departement.clone(),
                product: Product::State,
                years: (vintage.year, None),
                published: String::new(),
                name: String::new(),
                standing: Some(Standing::Gone),
            });
        }
    }
    lines.sort_by(|a, b| {
        let key = |l: &Line| (l.departement.clone(), l.product, l.years, l.name.clone());
        key(a).cmp(&key(b))
    });
    Ok(lines)
}

fn standing(
    offer: &Offer,
    offered: &[Offer],
    here: &[Fetched],
    known: impl Fn(&str, u16) -> bool,
) -> Standing {
    let own = here.iter().find(|archive| {
        archive.year == offer.years.0 && super::departement_in(&archive.file) == offer.departement
    });
    if let Some(own) = own {
        let is_same = own.file == format!("{}.7z", offer.name);
        let is_later = own
            .published
            .as_ref()
            .is_some_and(|day| *day < offer.published);
        // A vintage may be offered in two formats: the other one is no news.
        let is_other_format = own.file.contains("GPKG") != offer.is_geopackage;
        // What is here may be offered too, and be the newer of both.
        let is_older = offered.iter().any(|other| {
            own.file == format!("{}.7z", other.name) && other.published >= offer.published
        });
        return match (
            is_same && !is_later,
            is_other_format || (!is_same && is_older),
        ) {
            (true, _) => Standing::Here,
            (_, true) => Standing::Known,
            _ => Standing::Republished {
                file: own.file.clone(),
                published: own.published.clone(),
            },
        };
    }
    match known(&offer.departement, offer.years.0) {
        true => Standing::Known,
        false => Standing::New,
    }
}
