//! DATASET.toml: what a dataset is made from.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result, suggest};
use crate::predict::{BAND_NAMES, Imagery};
use crate::reference::{ClassCode, ClassList, Reference};

/// A commented file.
pub const EXAMPLE: &str = include_str!("example.toml");

/// What a dataset is made from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its licence.
    #[serde(default)]
    pub licence: String,
    /// The nomenclature of the annotations.
    pub nomenclature: String,
    /// The codes that are kept; ground of others counts as not annotated. All when not given.
    pub classes: Option<Vec<i64>>,
    /// Side of a pixel, m.
    pub resolution_m: f64,
    /// Side of a patch, in pixels.
    #[serde(default = "default_patch")]
    pub patch: usize,
    /// Side of a zone, in patches: a zone goes to one split as a whole.
    #[serde(default = "default_zone")]
    pub zone: usize,
    /// The least share of a patch that is annotated.
    #[serde(default = "default_labelled")]
    pub least_labelled: f64,
    /// The shares of training, validation and test.
    #[serde(default = "default_shares")]
    pub shares: [f64; 3],
    /// The bands of the patches, in their order.
    pub bands: Vec<String>,
    /// Metres of height to one step of the band `height`.
    pub height_per_dn_m: Option<f64>,
    /// Images with their annotations.
    pub domains: Vec<Domain>,
}

/// Images of one place and date, with their annotations.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Keys")]
pub struct Domain {
    /// Its name, such as D032_2019.
    pub name: String,
    /// The images.
    pub imagery: Imagery,
    /// The annotations: class rasters on the images' pixels,
    pub annotations: Vec<String>,
    /// or polygons that were drawn on them.
    pub drawn: Option<Drawn>,
}

/// Annotations that were drawn: a layer of polygons.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// The file.
    pub path: PathBuf,
    /// The layer, when it has several.
    pub layer: Option<String>,
    /// The column of the codes.
    #[serde(default = "default_column")]
    pub column: String,
    /// Its CRS, when it does not say it.
    pub crs: Option<String>,
}

/// A domain as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    name: String,
    image: Vec<String>,
    #[serde(default)]
    image_bands: Vec<String>,
    #[serde(default)]
    ir: Vec<String>,
    #[serde(default)]
    dsm: Vec<String>,
    #[serde(default)]
    dtm: Vec<String>,
    crs: Option<String>,
    #[serde(default)]
    resample: bool,
    #[serde(default)]
    annotations: Vec<String>,
    drawn: Option<Drawn>,
}

impl From<Keys> for Domain {
    fn from(keys: Keys) -> Self {
        Self {
            name: keys.name,
            imagery: Imagery {
                image: keys.image,
                image_bands: keys.image_bands,
                infrared: keys.ir,
                surface: keys.dsm,
                terrain: keys.dtm,
                crs: keys.crs,
                resample: keys.resample,
            },
            annotations: keys.annotations,
            drawn: keys.drawn,
        }
    }
}

fn default_column() -> String {
    "code".to_owned()
}

fn default_patch() -> usize {
    512
}

fn default_zone() -> usize {
    4
}

fn default_labelled() -> f64 {
    0.1
}

fn default_shares() -> [f64; 3] {
    [0.7, 0.15, 0.15]
}

impl Description {
    /// Reads and checks the file `path`. Paths in it are relative to it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::unreadable(path, e))?;
        let place = path.display().to_string();
        let mut found = Self::parse(&text, &place)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for domain in &mut found.domains {
            domain.imagery.anchor(folder);
            crate::raster::anchor(&mut domain.annotations, folder);
            if let Some(drawn) = &mut domain.drawn {
                drawn.path = folder.join(&drawn.path);
            }
        }
        Ok(found)
    }

    fn parse(text: &str, place: &str) -> Result<Self> {
        let found: Self = toml::from_str(text).map_err(|e| {
            Error::input(
                place,
                e.to_string().trim_end(),
                "mend the file; `millesime dataset --example` prints a correct one",
            )
        })?;
        found.check(place)?;
        Ok(found)
    }

    fn check(&self, place: &str) -> Result<()> {
        let bad = |what: String, advice: &str| Err(Error::input(place, what, advice));
        for (n, name) in self.bands.iter().enumerate() {
            if !BAND_NAMES.contains(&name.as_str()) {
                return bad(
                    format!("`{name}` is not a band"),
                    &suggest(name, BAND_NAMES),
                );
            }
            if self.bands[..n].contains(name) {
                return bad(
                    format!("the band {name} is given twice"),
                    "name each band once",
                );
            }
        }
        if self.bands.is_empty() || self.domains.is_empty() {
            return bad(
                "has no bands, or no [[domains]]".to_owned(),
                "`millesime dataset --example` prints a correct file",
            );
        }
        for (n, domain) in self.domains.iter().enumerate() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            if domain.name.is_empty() || !domain.name.chars().all(is_plain) {
                return bad(
                    format!("`{}` cannot be the name of a domain", domain.name),
                    "use letters, digits, - and _, such as D032_2019",
                );
            }
            if self.domains[..n]
                .iter()
                .any(|other| other.name == domain.name)
            {
                return bad(
                    format!("the domain {} is given twice", domain.name),
                    "give each a name of its own",
                );
            }
        }
        let has_one = |domain: &&Domain| domain.annotations.is_empty() == domain.drawn.is_some();
        if let Some(domain) = self.domains.iter().find(|domain| !has_one(domain)) {
            return bad(
                format!(
                    "the domain {} has no annotations, or two kinds",
                    domain.name
                ),
                "give each domain `annotations` (class rasters) or `drawn` (polygons)",
            );
        }
        let sum: f64 = self.shares.iter().sum();
        if self
            .shares
            .iter()
            .any(|&share| !(0.01..=0.98).contains(&share))
            || (sum - 1.0).abs() > 1e-6
        {
            return bad(
                format!("`shares` are {:?}", self.shares),
                "give the shares of training, validation and test, which sum to 1",
            );
        }
        if !(16..=4_096).contains(&self.patch) || !(1..=64).contains(&self.zone) {
            return bad(
                format!(
                    "patches of {} pixels, zones of {} patches",
                    self.patch, self.zone
                ),
                "give patches of 16 to 4096 pixels, and zones of 1 to 64 patches",
            );
        }
        if !(0.0..=1.0).contains(&self.least_labelled) {
            return bad(
                format!("`least_labelled` cannot be {}", self.least_labelled),
                "give a share from 0 to 1",
            );
        }
        Ok(())
    }

    /// The nomenclature of the annotations.
    pub fn nomenclature<'a>(&self, reference: &'a Reference, place: &str) -> Result<&'a ClassList> {
        let name = &self.nomenclature;
        let list = reference.raster_classes(name, place)?;
        if list
            .get(0)
            .is_some_and(|class| class.ground != ClassCode::Uncovered)
        {
            return Err(Error::input(
                place,
                format!(
                    "annotations in `{name}` cannot be cut: 0 is a class of it, and here it stands \
                     for what is not annotated"
                ),
                "number its classes from 1 on, in a table of your own",
            ));
        }
        match self
            .classes
            .iter()
            .flatten()
            .find(|&&code| list.get(code).is_none())
        {
            Some(code) => Err(Error::input(
                place,
                format!("`classes` has {code}, which the nomenclature has not"),
                "leave it out",
            )),
            None => Ok(list),
        }
    }

    /// Whether a code is kept.
    pub fn keeps(&self, code: i64) -> bool {
        self.classes
            .as_ref()
            .is_none_or(|kept| kept.contains(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_right() {
        let found = Description::parse(EXAMPLE, "example").unwrap();
        assert_eq!(found.domains.len(), 2);
        assert_eq!(found.shares, [0.7, 0.15, 0.15]);
    }

    #[test]
    fn mistakes_are_told() {
        let refusal = |from: &str, to: &str| {
            let found = Description::parse(&EXAMPLE.replace(from, to), "D.toml");
            found.unwrap_err().to_string()
        };
        assert!(refusal("\"infrared\"", "\"infra\"").contains("infrared"));
        assert!(refusal("nomenclature", "nomenklature").contains("nomenklature"));
        assert!(refusal("D032_2019", "D032_2016").contains("twice"));
        let drawn = "drawn = { path = \"a.gpkg\" }\nannotations = [\"2019";
        assert!(refusal("annotations = [\"2019", drawn).contains("two kinds"));
    }
}
