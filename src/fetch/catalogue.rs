//! What a download service offers: its catalogue, an Atom feed (RFC 4287) as the Géoplateforme writes it.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use crate::error::{Error, Result};
use crate::remote::Remote;

/// The resources that archives of OCS GE are of.
pub(super) const RESOURCES: [&str; 2] = ["OCSGE", "OCSGE-ARTIFICIALISATION"];
/// Entries of a page; the service gives no more.
const PAGE: usize = 50;
/// Pages that are read of one resource, at most.
const PAGES: usize = 200;

/// What an archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    /// Cover, use and zone construite at a date.
    State,
    /// What differs between two dates.
    Difference,
    /// The status at a date.
    Artificialisation,
    /// What became of the status between two dates.
    ArtificialisationDifference,
    /// Corrections of an earlier vintage.
    Patch,
}

impl Product {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Difference => "difference",
            Self::Artificialisation => "artificialisation",
            Self::ArtificialisationDifference => "artificialisation difference",
            Self::Patch => "corrections",
        }
    }
}

/// An archive that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The resource that it is of.
    pub resource: &'static str,
    /// Its name, without an ending.
    pub name: String,
    /// What it holds.
    pub product: Product,
    /// The département.
    pub departement: String,
    /// The year; the earlier and the later of a difference.
    pub years: (u16, Option<u16>),
    /// Whether it is a GeoPackage.
    pub is_geopackage: bool,
    /// The day on which it was last published.
    pub published: String,
}

/// The archives that the service at `base` offers, of one département or of all; `None` where the server has
/// no catalogue.
pub fn offers(base: &str, departement: Option<&str>) -> Result<Option<Vec<Offer>>> {
    let base = base.trim_end_matches('/');
    let root = base.strip_suffix("/download").unwrap_or(base);
    let zone = departement.map_or(String::new(), |code| format!("zone=D{code:0>3}&"));
    let mut all: BTreeMap<String, Offer> = BTreeMap::new();
    let mut is_any = false;
    for resource in RESOURCES {
        for page in 1..=PAGES {
            let url = format!("{root}/resource/{resource}?{zone}page={page}&limit={PAGE}");
            let Some(text) = Remote::text(&url)? else {
                if page == 1 {
                    break;
                }
                // What is not whole would tell as gone what is there.
                return Err(Error::input(
                    url,
                    format!("page {page} of the catalogue did not come"),
                    "try again later",
                ));
            };
            is_any = true;
            let (entries, pages) = read(&text, resource, &url)?;
            for offer in entries {
                if departement.is_none_or(|code| code == offer.departement) {
                    all.insert(offer.name.clone(), offer);
                }
            }
            if page >= pages {
                break;
            }
        }
    }
    let mut offers: Vec<Offer> = all.into_values().collect();
    offers.sort_by(|a, b| {
        let key = |o: &Offer| (o.departement.clone(), o.product, o.years, o.name.clone());
        key(a).cmp(&key(b))
    });
    Ok(is_any.then_some(offers))
}

/// The entries of a page that are archives of OCS GE, and the number of pages.
fn read(text: &str, resource: &'static str, url: &str) -> Result<(Vec<Offer>, usize)> {
    let document = Document::parse(text).map_err(|e| {
        Error::input(
            url,
            format!("is no catalogue: {e}"),
            "check the address: it is that of a download service such as the Géoplateforme's",
        )
    })?;
    let feed = document.root_element();
    if !feed.has_tag_name_of("feed") {
        return Err(Error::input(
            url,
            "is no catalogue, but a page of another kind",
            "try again later: the server may be at rest",
        ));
    }
    let pages = feed.attributes().find(|a| a.name() == "pagecount");
    let pages = pages.and_then(|a| a.value().parse().ok()).unwrap_or(1);
    let entries = feed.children().filter(|n| n.has_tag_name_of("entry"));
    Ok((entries.filter_map(|e| offer(e, resource)).collect(), pages))
}

/// Whether an element has a name, in whatever namespace.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn offer(entry: Node, resource: &'static str) -> Option<Offer> {
    let child = |name: &str| entry.children().find(|n| n.has_tag_name_of(name));
    let text = |name: &str| child(name).and_then(|n| n.text()).map(str::trim);
    let term = |name: &str| child(name).and_then(|n| n.attribute("term")).map(str::trim);
    let name = text("title").filter(|name| name.starts_with("OCS-GE") && is_plain(name))?;
    let zone = term("zone").or_else(|| zone_of(name))?;
    let (product, years) = named(name)?;
    let day = |text: &str| text.get(..10).map(str::to_owned);
    Some(Offer {
        resource,
        name: name.to_owned(),
        product,
        departement: departement_of(zone)?,
        years,
        is_geopackage: term("format").unwrap_or(name).contains("GPKG"),
        published: text("updated").and_then(day).unwrap_or_default(),
    })
}

/// Whether a name can be that of a file, in any folder and in any text: it names no other place.
pub(super) fn is_plain(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    name.len() <= 128 && !name.contains("..") && name.bytes().all(is_plain)
}

/// The zone in the name of an archive.
pub(super) fn zone_of(name: &str) -> Option<&str> {
    let is_zone = |part: &&str| {
        let rest = part.strip_prefix('D').unwrap_or_default();
        let begins = rest.starts_with(|c: char| c.is_ascii_digit());
        begins && (3..=4).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    name.split('_').find(is_zone)
}

/// `D032`, `D02A`, `D971` and `D0971` as codes of départements.
pub(super) fn departement_of(zone: &str) -> Option<String> {
    let code = zone.strip_prefix('D')?;
    let code = match code.len() {
        3 | 4 => code.strip_prefix('0').unwrap_or(code),
        _ => return None,
    };
    let is_plain = code.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_plain && (2..=3).contains(&code.len())).then(|| code.to_owned())
}

/// What an archive of this name holds, and of when.
fn named(name: &str) -> Option<(Product, (u16, Option<u16>))> {
    let is_status = name.contains("ARTIFICIALISATION");
    let product = match name.contains("DIFF") {
        _ if name.contains("PATCHCORRECTIF") => Product::Patch,
        true if is_status => Product::ArtificialisationDifference,
        true => Product::Difference,
        false if is_status => Product::Artificialisation,
        false => Product::State,
    };
    let year = |text: &str| {
        let year = text.parse::<u16>().ok()?;
        (2000..2100).contains(&year).then_some(year)
    };
    // `2018-2021`, `DIFF-2018-2021`, or `2019-01-01`.
    let years = name.split('_').find_map(|part| {
        let part = part.strip_prefix("DIFF-").unwrap_or(part);
        let pieces: Vec<&str> = part.split('-').collect();
        match pieces.as_slice() {
            [a, b] => Some((year(a)?, Some(year(b)?))),
            [a, _, _] => Some((year(a)?, None)),
            _ => None,
        }
    });
    Some((product, years?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_archives_hold() {
        let told = |name: &str| {
            let (product, years) = named(name)?;
            Some((product, years, departement_of(zone_of(name)?)?))
        };
        let is = |product, first, last, code: &str| Some((product, (first, last), code.to_owned()));
        for (name, expected) in [
            (
                "OCS-GE_2-0__GPKG_LAMB93_D032_2019-01-01",
                is(Product::State, 2019, None, "32"),
            ),
            (
                "OCS-GE_2-0_DIFF-2018-2021_GPKG_LAMB93_D091_2025-08-04",
                is(Product::Difference, 2018, Some(2021), "91"),
            ),
            (
                "OCS-GE_2-0_DIFF_SHP_LAMB93_D001_2018-2021",
                is(Product::Difference, 2018, Some(2021), "01"),
            ),
            (
                "OCS-GE_2-0__SHP_LAMB93_D011_DIFF_2018-2021",
                is(Product::Difference, 2018, Some(2021), "11"),
            ),
            (
                "OCS-GE_2-0_ARTIFICIALISATION_GPKG_LAMB93_D095_2021-01-01",
                is(Product::Artificialisation, 2021, None, "95"),
            ),
            (
                "OCS-GE-ARTIFICIALISATION_2-0_DIFF-2018-2021_GPKG_LAMB93_D095_2025-09-16",
                is(Product::ArtificialisationDifference, 2018, Some(2021), "95"),
            ),
            (
                "OCS-GE_2-0_PATCHCORRECTIF_GPKG_LAMB93_D02A_2019-01-01",
                is(Product::Patch, 2019, None, "2A"),
            ),
            (
                "OCS-GE_2-0__GPKG_RGAF09UTM20_D0971_2017-01-01",
                is(Product::State, 2017, None, "971"),
            ),
            (
                "OCS-GE_2-0__SHP_RGR92UTM40S_D974_2017-01-01",
                is(Product::State, 2017, None, "974"),
            ),
        ] {
            assert_eq!(told(name), expected, "{name}");
        }
        assert_eq!(named("OCS-GE_notice"), None);
    }

    #[test]
    fn feeds_are_read_page_by_page() {
        let text = "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" \
            xmlns:gpf_dl=\"https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd\" \
            gpf_dl:pagecount=\"3\" gpf_dl:totalentries=\"120\"><entry>\
            <title>OCS-GE_2-0__GPKG_LAMB93_D032_2019-01-01</title>\
            <updated>2025-07-23T14:59:00+01:00</updated>\
            <gpf_dl:zone term=\"D032\" label=\"D032 Gers\"/><gpf_dl:format term=\"GPKG\"/>\
            </entry><entry><title>Autre chose</title></entry></feed>";
        let (offers, pages) = read(text, "OCSGE", "here").unwrap();
        assert_eq!((offers.len(), pages), (1, 3));
        assert_eq!(offers[0].published, "2025-07-23");
        assert!(offers[0].is_geopackage);
        assert!(read("<html>", "OCSGE", "here").is_err());
        assert!(read("<html/>", "OCSGE", "here").is_err());
        let sly = text.replace("2019-01-01<", "2019-01-01/../../x_2019<");
        assert!(read(&sly, "OCSGE", "here").unwrap().0.is_empty());
    }
}
