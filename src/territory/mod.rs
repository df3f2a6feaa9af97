//! TERRITORY.toml: what a run is about, typed and checked before any work starts.

mod check;
mod keys;
mod tables;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::predict::Imagery;
pub use tables::{AreaUnit, Cog, Enaf, LevelTable, Ministry, Population, Trajectory};

/// A commented example of a territory file.
pub const EXAMPLE: &str = include_str!("example.toml");

/// A territory, its paths made absolute or relative to the working folder.
#[derive(Clone, Debug, Deserialize)]
pub struct Territory {
    /// Its name.
    pub name: String,
    /// Definition of its CRS.
    pub crs: String,
    /// The licence of what is published, an SPDX identifier.
    pub licence: Option<String>,
    /// Its communes; without them it is one, `00000`.
    pub communes: Option<Communes>,
    /// Groups of communes that figures are published for.
    #[serde(default)]
    pub levels: Vec<LevelTable>,
    /// Population of the communes, a table for each year.
    #[serde(default)]
    pub population: Vec<Population>,
    /// The ministry's table of communes, to be set beside ours.
    pub ministry: Option<Ministry>,
    /// Consumption of ENAF by commune.
    pub enaf: Option<Enaf>,
    /// What consumption is to be held against.
    pub trajectory: Option<Trajectory>,
    /// History of the communes.
    pub cog: Option<Cog>,
    /// How vintages are aligned.
    #[serde(default)]
    pub align: Align,
    /// Choices that the decree leaves open.
    #[serde(default)]
    pub decree: Decree,
    /// What to compute beside the default.
    #[serde(default)]
    pub run: Run,
    /// Reference layers for every vintage that is made here and has none of its own.
    pub produce: Option<Produce>,
    /// Vintages: states of the ground.
    #[serde(default)]
    pub vintages: Vec<Vintage>,
    /// Change layers.
    #[serde(default)]
    pub changes: Vec<Changes>,
    /// Producers' layers of changes that the account is set against.
    #[serde(default)]
    pub official: Vec<Changes>,
    /// Layers of zones that figures are crossed with.
    #[serde(default)]
    pub crossings: Vec<Crossing>,
    /// Exemptions from the decree's status.
    #[serde(default)]
    pub exemptions: Vec<Exemption>,
    /// Corrections of vintages.
    #[serde(default)]
    pub corrections: Vec<Corrections>,
    /// Archives that files were unpacked from; not a key of the file.
    #[serde(skip)]
    pub archives: Vec<PathBuf>,
}

/// The communes of a territory.
#[derive(Clone, Debug, Deserialize)]
pub struct Communes {
    /// The file.
    pub path: PathBuf,
    /// Its layer.
    pub layer: Option<String>,
    /// Column of the code.
    pub code: String,
    /// Column of the name.
    pub name: String,
    /// Column of the département.
    pub departement: Option<String>,
    /// Column of the official area.
    pub area: Option<String>,
    /// Year of the code officiel géographique.
    pub cog: Option<u16>,
    /// CRS, when the file does not say.
    pub crs: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// How vintages are aligned.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Align {
    /// The mode; what suits the vintages when not given (see [`Territory::align_mode`]).
    pub mode: Option<AlignMode>,
}

/// Modes of alignment.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum AlignMode {
    /// Vintages are compared as they are published, and no more.
    None,
    /// A series without the noise between vintages is added.
    ChangeFirst,
}

/// Choices that the decree leaves open.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Decree {
    /// Which variant of the forcing is published.
    #[serde(default)]
    pub forcing: crate::artificial::Forcing,
    /// Whose status is published, where a product carries its producer's.
    #[serde(default)]
    pub status: StatusFrom,
}

/// Whose status is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatusFrom {
    /// The producer's where it is given, else the one that is computed.
    #[default]
    Official,
    /// The one that is computed.
    Computed,
}

/// What to compute beside the default.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Run {
    /// Pairs of years, beside the consecutive ones.
    #[serde(default)]
    pub periods: Vec<[u16; 2]>,
    /// Levels that need no table: `departement`, `region`, `france`.
    #[serde(default)]
    pub levels: Vec<String>,
    /// Whether tables alone are written, without layers.
    #[serde(default)]
    pub tables_alone: bool,
    /// What separates the columns of tables of text.
    #[serde(default)]
    pub separator: Separator,
    /// Classes of the user's own, which tables are made by.
    pub classes: Option<PathBuf>,
    /// Folder of indicators of the user's own.
    pub indicators: Option<PathBuf>,
    /// Folder of reference tables that replace the embedded ones.
    pub reference: Option<PathBuf>,
}

/// What separates the columns of tables of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Separator {
    /// `,`
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// `;`
    #[serde(rename = ";")]
    Semicolon,
}

impl Separator {
    /// The sign.
    pub fn sign(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }
}

/// One vintage.
#[derive(Clone, Debug, Deserialize)]
pub struct Vintage {
    /// Its nominal year.
    pub year: u16,
    /// A published product…
    pub product: Option<PathBuf>,
    /// …its layer,
    pub layer: Option<String>,
    /// its column of cover,
    pub cover: Option<String>,
    /// its column of use,
    #[serde(rename = "use")]
    pub usage: Option<String>,
    /// the crosswalk from its nomenclature to that of OCS GE, where it is in another,
    pub crosswalk: Option<String>,
    /// and the file of its zone construite.
    pub zone_construite: Option<PathBuf>,
    /// Or class rasters (paths or patterns)…
    #[serde(default)]
    pub classes: Vec<String>,
    /// …with their nomenclature.
    pub nomenclature: Option<String>,
    /// Or imagery, and a model that sees classes on it.
    pub predict: Option<Predict>,
    /// How sure a model was of the classes: what `millesime predict` gives.
    pub probabilities: Option<PathBuf>,
    /// What was decided before a vintage made here was generalised: what `millesime produce` gives.
    pub decided: Option<PathBuf>,
    /// Makes a vintage to the specification of OCS GE, with the help of reference layers.
    pub produce: Option<Produce>,
    /// The only département that it is about.
    pub departement: Option<String>,
    /// Generation of the product, for the record.
    pub generation: Option<String>,
    /// Date or dates of flight: `2018-06-15` or `2018-06-15/2018-08-20`.
    pub dates: Option<String>,
    /// CRS, when the file does not say or says it wrong.
    pub crs: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// A model, and the imagery that it looks at.
#[derive(Clone, Debug, Deserialize)]
pub struct Predict {
    /// The model, an ONNX file.
    pub model: PathBuf,
    /// Its card; else the one beside it, or inside it.
    pub card: Option<PathBuf>,
    /// The images.
    #[serde(flatten)]
    pub imagery: Imagery,
}

/// The reference layers that a vintage is made with. Any may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Produce {
    /// BD TOPO: roads, railways, water, buildings, activities.
    pub bd_topo: Option<Source>,
    /// BD Forêt: forest stands.
    pub bd_foret: Option<Source>,
    /// RPG: declared crops.
    pub rpg: Option<Source>,
    /// Fichiers fonciers: parcels, and what is built on them.
    pub fichiers_fonciers: Option<Source>,
}

/// A reference layer.
#[derive(Clone, Debug, Deserialize)]
pub struct Source {
    /// A file, or a folder of files.
    pub path: PathBuf,
    /// The layer, where the file has several and it has not the usual name.
    pub layer: Option<String>,
    /// The year whose ground it shows. A layer older than the vintage does not overrule what is
    /// surely seen; one without a date is taken for as old as the vintage.
    pub date: Option<u16>,
    /// CRS, when the file does not say.
    pub crs: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

impl Produce {
    /// Its sources, with their keys.
    pub fn sources(&self) -> impl Iterator<Item = (&'static str, &Source)> {
        let all = [
            ("bd_topo", &self.bd_topo),
            ("bd_foret", &self.bd_foret),
            ("rpg", &self.rpg),
            ("fichiers_fonciers", &self.fichiers_fonciers),
        ];
        all.into_iter()
            .filter_map(|(key, source)| Some((key, source.as_ref()?)))
    }

    fn anchor(&mut self, folder: &Path) {
        let all = [
            &mut self.bd_topo,
            &mut self.bd_foret,
            &mut self.rpg,
            &mut self.fichiers_fonciers,
        ];
        for source in all.into_iter().flatten() {
            source.path = folder.join(&source.path);
        }
    }
}

/// One layer of changes between two dates.
#[derive(Clone, Debug, Deserialize)]
pub struct Changes {
    /// Year before.
    pub from: u16,
    /// Year after.
    pub to: u16,
    /// The file.
    pub path: PathBuf,
    /// Its layer.
    pub layer: Option<String>,
    /// Columns of cover before and after.
    pub cover: Option<[String; 2]>,
    /// Columns of use before and after.
    #[serde(rename = "use")]
    pub usage: Option<[String; 2]>,
    /// The only département that it is about.
    pub departement: Option<String>,
    /// CRS, when the file does not say.
    pub crs: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// A layer of zones that figures are crossed with: of a planning document, friches, perimeters.
#[derive(Clone, Debug, Deserialize)]
pub struct Crossing {
    /// The name of the layer in the tables.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Its layer.
    pub layer: Option<String>,
    /// Column of the code of a zone; else each row is one.
    pub code: Option<String>,
    /// Column of its kind (`typezone`: U, AUc, AUs, A, N).
    pub kind: Option<String>,
    /// Column of its name.
    pub label: Option<String>,
    /// CRS, when the file does not say.
    pub crs: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// Ground that the authority exempts.
#[derive(Clone, Debug, Deserialize)]
pub struct Exemption {
    /// What it is.
    pub kind: ExemptionKind,
    /// The file.
    pub path: PathBuf,
    /// Its layer.
    pub layer: Option<String>,
    /// First year that it applies to; always, when not given.
    pub from: Option<u16>,
    /// CRS, when the file does not say.
    pub crs: Option<String>,
}

/// A file of corrections, or a producer's patch.
#[derive(Clone, Debug, Deserialize)]
pub struct Corrections {
    /// The file.
    pub path: PathBuf,
    /// Its layer.
    pub layer: Option<String>,
    /// Year of the vintage that it amends, where its rows do not say.
    pub vintage: Option<u16>,
    /// CRS, when the file does not say.
    pub crs: Option<String>,
    /// Encoding of its text.
    pub encoding: Option<String>,
}

/// Kinds of exemption.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ExemptionKind {
    /// Public parks and gardens.
    Park,
    /// Photovoltaic installations.
    Photovoltaic,
}

impl Territory {
    /// Reads and checks the file at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            let advice = "give the path of a TERRITORY.toml; `millesime run --example` prints one";
            Error::input(path.display(), format!("cannot be read: {e}"), advice)
        })?;
        let mut territory = Self::parse(&text, &path.display().to_string())?;
        territory.anchor(path.parent().unwrap_or(Path::new("")));
        Ok(territory)
    }

    /// Parses and checks the text of a territory file, named `place` in messages.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let table: toml::Table = text.parse().map_err(|e| syntax(place, &e))?;
        keys::check(&table, text, place)?;
        let territory: Self = toml::from_str(text).map_err(|e| syntax(place, &e))?;
        territory.check(place)?;
        Ok(territory)
    }

    /// Whether it says anything of the ground: else it is tables alone.
    pub fn has_ground(&self) -> bool {
        !self.vintages.is_empty() || !self.changes.is_empty()
    }

    /// The mode of alignment: as told; else `change-first` where a vintage is made here from
    /// classes, and `none` between published products, whose figures stay the State's.
    pub fn align_mode(&self) -> AlignMode {
        let is_made_here = |vintage: &Vintage| vintage.product.is_none();
        match self.align.mode {
            Some(mode) => mode,
            None if self.vintages.iter().any(is_made_here) => AlignMode::ChangeFirst,
            None => AlignMode::None,
        }
    }

    /// The reference layers that a vintage is to be made with; `None` for a vintage that is taken as
    /// it is: a published product, or class rasters without `produce`.
    pub fn production_of(&self, vintage: &Vintage) -> Option<Produce> {
        if vintage.product.is_some() {
            return None;
        }
        let told = vintage.produce.as_ref().or(self.produce.as_ref());
        // What a model saw is no vintage yet.
        told.cloned()
            .or_else(|| vintage.predict.as_ref().map(|_| Produce::default()))
    }

    fn anchor(&mut self, folder: &Path) {
        let anchor = |path: &mut PathBuf| *path = folder.join(&*path);
        if let Some(produce) = &mut self.produce {
            produce.anchor(folder);
        }
        if let Some(communes) = &mut self.communes {
            anchor(&mut communes.path);
        }
        for vintage in &mut self.vintages {
            vintage.product.as_mut().map(anchor);
            vintage.zone_construite.as_mut().map(anchor);
            vintage.probabilities.as_mut().map(anchor);
            vintage.decided.as_mut().map(anchor);
            if let Some(produce) = &mut vintage.produce {
                produce.anchor(folder);
            }
            if let Some(file) = vintage
                .crosswalk
                .as_mut()
                .filter(|name| name.ends_with(".csv"))
            {
                *file = folder.join(&*file).to_string_lossy().into_owned();
            }
            crate::raster::anchor(&mut vintage.classes, folder);
            if let Some(predict) = &mut vintage.predict {
                anchor(&mut predict.model);
                predict.card.as_mut().map(anchor);
                predict.imagery.anchor(folder);
            }
        }
        for table in &mut self.levels {
            anchor(&mut table.path);
        }
        for population in &mut self.population {
            anchor(&mut population.path);
        }
        if let Some(enaf) = &mut self.enaf {
            anchor(&mut enaf.path);
        }
        if let Some(cog) = &mut self.cog {
            anchor(&mut cog.movements);
        }
        if let Some(trajectory) = &mut self.trajectory {
            trajectory.objectives.as_mut().map(anchor);
            trajectory.apart.as_mut().map(anchor);
        }
        for changes in &mut self.changes {
            anchor(&mut changes.path);
        }
        for official in &mut self.official {
            anchor(&mut official.path);
        }
        for crossing in &mut self.crossings {
            anchor(&mut crossing.path);
        }
        for exemption in &mut self.exemptions {
            anchor(&mut exemption.path);
        }
        for corrections in &mut self.corrections {
            anchor(&mut corrections.path);
        }
        self.run.indicators.as_mut().map(anchor);
        if let Some(ministry) = &mut self.ministry {
            anchor(&mut ministry.path);
        }
        self.run.classes.as_mut().map(anchor);
        self.run.reference.as_mut().map(anchor);
    }
}

/// The middle of a date or of a range of dates, in days from a fixed day.
pub fn flight_day(dates: &str) -> Option<f64> {
    match dates.split_once('/') {
        Some((first, last)) => {
            let (first, last) = (day(first)?, day(last)?);
            (first <= last).then(|| f64::from(first + last) / 2.0)
        }
        None => day(dates).map(f64::from),
    }
}

/// A date of the Gregorian calendar, in days from a fixed day.
fn day(date: &str) -> Option<i32> {
    let mut parts = date.trim().split('-');
    let (y, m, d): (u16, u8, u8) = (
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    );
    let is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let last = match m {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1900..=2200).contains(&y) || !(1..=last).contains(&d) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of its year.
    let (y, m, d) = (i32::from(y), i32::from(m), i32::from(d));
    let (y, m) = if m > 2 { (y, m - 3) } else { (y - 1, m + 9) };
    Some(y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + d)
}

fn syntax(place: &str, error: &toml::de::Error) -> Error {
    Error::input(
        place,
        error.to_string().trim_end(),
        "mend the file; `millesime run --example` prints a correct one",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Territory::parse(text, "T.toml").unwrap_err().to_string()
    }

    #[test]
    fn the_example_is_a_territory() {
        let territory = Territory::parse(EXAMPLE, "example").unwrap();
        assert_eq!(territory.vintages.len(), 2);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        let text = "name = \"x\"\ncrs = \"EPSG:2154\"\n[[vintages]]\nyer = 2018\n";
        let message = message(text);
        assert!(
            message.contains("`yer`") && message.contains("`year`"),
            "{message}"
        );
        assert!(message.contains("line 4"), "{message}");
    }

    #[test]
    fn degrees_are_refused() {
        let text =
            "name = \"x\"\ncrs = \"EPSG:4326\"\n[[vintages]]\nyear = 2018\nproduct = \"a\"\n";
        assert!(message(text).contains("not projected in metres"));
    }

    #[test]
    fn flights_are_dated() {
        let days = flight_day("2021-06-15").unwrap() - flight_day("2018-06-15").unwrap();
        assert_eq!(days, 1096.0);
        assert_eq!(
            flight_day("2018-06-01/2018-06-03"),
            flight_day("2018-06-02")
        );
        for wrong in [
            "2018",
            "2018-02-29",
            "2018-13-01",
            "99999999999-01-01",
            "2018-06-02/2018-06-01",
        ] {
            assert_eq!(flight_day(wrong), None, "{wrong}");
        }
    }
}
