//! Lists of the classes that an image is sorted into: what each value of a class raster means.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Code, Nomenclature, rows, table_error};
use crate::error::Result;

/// What a value of a class raster stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassCode {
    /// Nothing: the ground is not covered.
    Uncovered,
    /// A cover and a use.
    Ground(Code, Code),
}

/// A class of a [`ClassList`].
#[derive(Clone, Debug)]
pub struct Class {
    /// What it stands for.
    pub ground: ClassCode,
    /// The use that ground of this class most likely has, where no one tells it.
    pub likely_use: Option<Code>,
    /// Its name in French.
    pub label_fr: String,
    /// Its name in English.
    pub label_en: String,
    /// Its colour: red, green, blue.
    pub colour: [u8; 3],
}

/// The classes of one nomenclature of images, by the value that they have in rasters.
#[derive(Clone, Debug)]
pub struct ClassList {
    classes: BTreeMap<i64, Class>,
}

#[derive(Deserialize)]
struct Row {
    code: i64,
    label_fr: String,
    #[serde(default)]
    label_en: String,
    #[serde(default)]
    colour: String,
    cover: String,
    #[serde(rename = "use")]
    usage: String,
    #[serde(default)]
    likely_use: String,
}

impl ClassList {
    /// Reads the list from CSV text. Tables without names in English or colours will do.
    pub(super) fn parse(
        text: &str,
        place: &str,
        cover: &Nomenclature,
        usage: &Nomenclature,
    ) -> Result<Self> {
        let mut classes = BTreeMap::new();
        for row in rows::<Row>(text, place)? {
            let ground = if row.cover.is_empty() {
                ClassCode::Uncovered
            } else {
                let (Some(c), Some(u)) = (cover.code(&row.cover), usage.code(&row.usage)) else {
                    let what = format!("{} × {} is not in the nomenclature", row.cover, row.usage);
                    return Err(table_error(place, what));
                };
                ClassCode::Ground(c, u)
            };
            let colour = match row.colour.as_str() {
                "" => grey(row.code),
                text => colour(text).ok_or_else(|| {
                    let what = format!("`{text}` is not a colour such as #db0e9a");
                    table_error(place, what)
                })?,
            };
            let likely_use = match row.likely_use.as_str() {
                "" => None,
                text => Some(usage.code(text).ok_or_else(|| {
                    table_error(place, format!("{text} is not in the nomenclature"))
                })?),
            };
            let class = Class {
                ground,
                likely_use,
                label_fr: row.label_fr,
                label_en: row.label_en,
                colour,
            };
            if classes.insert(row.code, class).is_some() {
                return Err(table_error(place, format!("{} is given twice", row.code)));
            }
        }
        Ok(Self { classes })
    }

    /// The class of a value.
    pub fn get(&self, code: i64) -> Option<&Class> {
        self.classes.get(&code)
    }

    /// All classes, by increasing value.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Class)> {
        self.classes.iter().map(|(&code, class)| (code, class))
    }
}

/// A colour written `#rrggbb`.
fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|d| d.len() == 6)?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some([red, green, blue])
}

/// The colour of a class that was given none.
fn grey(code: i64) -> [u8; 3] {
    [(code.wrapping_mul(37).rem_euclid(200) + 28) as u8; 3]
}
