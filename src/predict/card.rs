//! The card of a model: what it expects and what it gives. A TOML file beside the model, or keys
//! inside it; where both say something, the file counts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::error::{Error, Result, suggest};
use crate::reference::{ClassList, Reference};

/// The key inside a model under which its whole card may be.
const CARD_KEY: &str = "millesime_card";
/// Sides that a window may have, in pixels.
pub(super) const WINDOWS: std::ops::RangeInclusive<usize> = 16..=8_192;
/// Names of bands that imagery can give.
pub const BAND_NAMES: [&str; 5] = ["red", "green", "blue", "infrared", "height"];

/// What a model expects and what it gives.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// What it is, and what it is not.
    #[serde(default)]
    pub description: String,
    /// Its licence.
    #[serde(default)]
    pub licence: String,
    /// What it was made from, and by whom.
    #[serde(default)]
    pub source: String,
    /// What it expects.
    pub input: Input,
    /// What it gives.
    pub output: Output,
}

/// What a model expects.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Side of a pixel on the ground, m.
    pub resolution_m: f64,
    /// Side of a window, in pixels, for a graph that takes any.
    #[serde(default = "default_window")]
    pub window: usize,
    /// What the side of a window must be a multiple of.
    #[serde(default = "default_multiple")]
    pub multiple: usize,
    /// How far from the edge of a window its results begin to count in full, in pixels: windows
    /// overlap by twice as much. A sixteenth of the window when not given.
    pub margin: Option<usize>,
    /// How far around a pixel the model looks to tell what it is, in pixels, where that is known:
    /// half of its receptive field.
    pub reach: Option<usize>,
    /// Metres of height that one step of the band `height` stands for.
    pub height_per_dn_m: Option<f64>,
    /// The channels, in the model's order.
    pub bands: Vec<InputBand>,
}

/// A channel that a model expects.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InputBand {
    /// Which band: one of [`BAND_NAMES`].
    pub name: String,
    /// Mean of its values, which is subtracted.
    pub mean: f64,
    /// Standard deviation of its values, by which they are divided.
    pub std: f64,
}

/// What a model gives.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Which output of the graph, when it has several; else the first.
    pub tensor: Option<String>,
    /// Whether the numbers are logits or probabilities.
    pub values: Values,
    /// What makes probabilities of them.
    #[serde(default)]
    pub activation: Activation,
    /// The nomenclature of the classes: a table of `reference/nomenclature`.
    pub nomenclature: String,
    /// The code of each channel in the nomenclature.
    pub channels: Vec<i64>,
    /// The codes that may be found, when the model was not trained for all its channels.
    pub active: Option<Vec<i64>>,
}

/// What the numbers that a model gives are.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Values {
    /// Logits.
    Logits,
    /// Probabilities.
    Probabilities,
}

/// What ties the channels of a pixel together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// Classes exclude one another: the probabilities of a pixel sum to one.
    #[default]
    Softmax,
    /// Each class is there or not; where none has a probability of one half, there is no class.
    Sigmoid,
}

fn default_window() -> usize {
    512
}

fn default_multiple() -> usize {
    1
}

/// A card as it is found: some keys may be missing.
pub struct Found {
    /// The keys.
    table: Table,
    /// Where they were found.
    pub place: String,
}

impl Found {
    /// The card of the model `path`: the file `told`, or the one beside the model, over what the
    /// model says itself under the keys that `metadata` looks up.
    pub fn read(
        path: &Path,
        told: Option<&Path>,
        metadata: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let inside = match metadata(CARD_KEY) {
            Some(text) => {
                let place = format!("{}, key {CARD_KEY}", path.display());
                parse(&text, &place)?
            }
            None => of_deepness(metadata),
        };
        let beside = path.with_extension("toml");
        let file: Option<PathBuf> = match told {
            Some(told) => Some(told.to_owned()),
            None => beside.is_file().then_some(beside),
        };
        let Some(file) = file else {
            let place = format!("{}, its own card", path.display());
            return Ok(Self {
                table: inside,
                place,
            });
        };
        let text = std::fs::read_to_string(&file).map_err(|e| Error::unreadable(&file, e))?;
        let place = file.display().to_string();
        let mut table = inside;
        put_over(&mut table, parse(&text, &place)?);
        Ok(Self { table, place })
    }

    /// The keys that a card must have and this one has not.
    pub fn missing(&self) -> Vec<&'static str> {
        let lacks = |key: &&str| {
            let mut steps = key.split('.');
            let first = steps.next().and_then(|step| self.table.get(step));
            steps.fold(first, |at, step| at?.get(step)).is_none()
        };
        let keys = [
            "name",
            "input.resolution_m",
            "input.bands",
            "output.values",
            "output.nomenclature",
            "output.channels",
        ];
        let mut missing: Vec<&str> = keys.into_iter().filter(|key| lacks(key)).collect();
        let bands = self.table.get("input").and_then(|input| input.get("bands"));
        let bands = bands.and_then(Value::as_array);
        let is_unnamed = |band: &Value| band.get("name").is_none();
        if bands.is_some_and(|bands| bands.iter().any(is_unnamed)) {
            missing.push("input.bands.name");
        }
        missing
    }

    /// The whole card, checked by itself and against the nomenclatures.
    pub fn complete(self, reference: &Reference) -> Result<Card> {
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(Error::input(
                &self.place,
                format!("the card lacks {}", missing.join(", ")),
                "add the keys to a TOML file beside the model; docs/models.md explains each",
            ));
        }
        let card: Card = self.table.try_into().map_err(|e: toml::de::Error| {
            let what = e.to_string();
            Error::input(
                &self.place,
                what.trim_end(),
                "docs/models.md explains each key",
            )
        })?;
        card.check(reference, &self.place)?;
        Ok(card)
    }

    /// The keys as TOML.
    pub fn text(&self) -> String {
        self.table.to_string()
    }
}

impl Card {
    fn check(&self, reference: &Reference, place: &str) -> Result<()> {
        let bad = |what: String, advice: &str| Err(Error::input(place, what, advice));
        let input = &self.input;
        if !(0.01..=1_000.0).contains(&input.resolution_m) {
            return bad(
                format!("input.resolution_m cannot be {}", input.resolution_m),
                "give the side of a pixel in metres, such as 0.2",
            );
        }
        if input.bands.is_empty() {
            return bad(
                "input.bands is empty".to_owned(),
                "name the bands in the model's order",
            );
        }
        for (n, band) in input.bands.iter().enumerate() {
            if !BAND_NAMES.contains(&band.name.as_str()) {
                return bad(
                    format!("`{}` is not a band", band.name),
                    &suggest(&band.name, BAND_NAMES),
                );
            }
            if input.bands[..n].iter().any(|other| other.name == band.name) {
                return bad(
                    format!("the band {} is given twice", band.name),
                    "name each channel of the model once",
                );
            }
            let is_number = band.mean.is_finite() && band.std.is_finite() && band.std > 0.0;
            if !is_number {
                return bad(
                    format!(
                        "the band {} cannot have the mean {} and the standard deviation {}",
                        band.name, band.mean, band.std
                    ),
                    "give the figures that the model was trained with, on values of 0 to 255",
                );
            }
        }
        if let Some(step) = input.height_per_dn_m
            && !(step > 0.0 && step.is_finite())
        {
            return bad(
                format!("input.height_per_dn_m cannot be {step}"),
                "IGN's models have 0.2",
            );
        }
        let is_plain = !self.name.trim().is_empty() && !self.name.contains(char::is_control);
        let texts = [&self.description, &self.licence, &self.source];
        let has_nul = |text: &&String| text.contains('\0');
        if !is_plain || texts.iter().any(has_nul) {
            return bad(
                "its name is empty, or a text has signs that cannot be printed".to_owned(),
                "give it a name of one line",
            );
        }
        if input.multiple == 0 || !WINDOWS.contains(&input.window) {
            return bad(
                format!(
                    "a window of {} pixels, a multiple of {}, cannot be",
                    input.window, input.multiple
                ),
                "give a window of 16 to 8192 pixels, and a multiple of 1 or more",
            );
        }
        let output = &self.output;
        let classes = self.classes(reference, place)?;
        for (n, &code) in output.channels.iter().enumerate() {
            if classes.get(code).is_none() || !(0..=254).contains(&code) {
                let known: Vec<String> = classes.iter().map(|(code, _)| code.to_string()).collect();
                return bad(
                    format!(
                        "output.channels has {code}, which `{}` has not",
                        output.nomenclature
                    ),
                    &format!("its codes are {}", known.join(", ")),
                );
            }
            if output.channels[..n].contains(&code) {
                return bad(
                    format!("output.channels has {code} twice"),
                    "give one code to each channel",
                );
            }
        }
        if output.channels.is_empty() {
            return bad(
                "output.channels is empty".to_owned(),
                "give the code of each channel",
            );
        }
        let active = output.active.iter().flatten();
        if let Some(code) = active.clone().find(|code| !output.channels.contains(code)) {
            return bad(
                format!("output.active has {code}, which is the code of no channel"),
                "leave it out",
            );
        }
        if output.active.as_ref().is_some_and(Vec::is_empty) {
            return bad(
                "output.active is empty".to_owned(),
                "leave the key out when every class may be found",
            );
        }
        Ok(())
    }

    /// The nomenclature of the classes.
    pub fn classes<'a>(&self, reference: &'a Reference, place: &str) -> Result<&'a ClassList> {
        reference.raster_classes(&self.output.nomenclature, place)
    }

    /// By channel, whether its class may be found.
    pub fn active(&self) -> Vec<bool> {
        let is_active = |code: &i64| match &self.output.active {
            Some(active) => active.contains(code),
            None => true,
        };
        self.output.channels.iter().map(is_active).collect()
    }
}

fn parse(text: &str, place: &str) -> Result<Table> {
    text.parse::<Table>().map_err(|e| {
        let what = e.to_string();
        Error::input(
            place,
            what.trim_end(),
            "mend the card; docs/models.md explains it",
        )
    })
}

/// Puts the keys of `upper` over those of `lower`.
fn put_over(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => put_over(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

/// What the keys of Deepness and GeoDeep, whose values are JSON, say of a model.
fn of_deepness(metadata: impl Fn(&str) -> Option<String>) -> Table {
    let json =
        |key: &str| -> Option<serde_json::Value> { serde_json::from_str(&metadata(key)?).ok() };
    let numbers = |key: &str| -> Option<Vec<f64>> {
        json(key)?
            .as_array()?
            .iter()
            .map(serde_json::Value::as_f64)
            .collect()
    };
    let mut input = Table::new();
    // Centimetres to the pixel.
    if let Some(resolution) = json("resolution").and_then(|value| value.as_f64()) {
        input.insert("resolution_m".to_owned(), Value::Float(resolution / 100.0));
    }
    let side = json("tiles_size").and_then(|value| value.as_i64());
    if let Some(side) = side {
        input.insert("window".to_owned(), Value::Integer(side));
    }
    // A share of the window, in percent; half of it is trimmed on each side.
    if let (Some(side), Some(overlap)) = (side, json("tiles_overlap").and_then(|v| v.as_f64())) {
        let margin = (side as f64 * overlap / 200.0).round() as i64;
        input.insert("margin".to_owned(), Value::Integer(margin));
    }
    // Of values of 0 to 1.
    if let (Some(means), Some(deviations)) = (
        numbers("standardization_mean"),
        numbers("standardization_std"),
    ) {
        let band = |(mean, std): (f64, f64)| {
            Value::Table(Table::from_iter([
                ("mean".to_owned(), Value::Float(mean * 255.0)),
                ("std".to_owned(), Value::Float(std * 255.0)),
            ]))
        };
        let bands = means.into_iter().zip(deviations).map(band).collect();
        input.insert("bands".to_owned(), Value::Array(bands));
    }
    let mut table = Table::new();
    if !input.is_empty() {
        table.insert("input".to_owned(), Value::Table(input));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "name = \"x\"\n[input]\nresolution_m = 0.5\nbands = [{ name = \"red\", \
        mean = 100.0, std = 50.0 }]\n[output]\nvalues = \"logits\"\nnomenclature = \
        \"odeon-naf\"\nchannels = [1, 3]\n";

    fn found(text: &str) -> Found {
        Found {
            table: text.parse().unwrap(),
            place: "card".to_owned(),
        }
    }

    fn refusal(from: &str, to: &str) -> String {
        let reference = Reference::load(None).unwrap();
        let card = found(&CARD.replace(from, to)).complete(&reference);
        card.unwrap_err().to_string()
    }

    #[test]
    fn a_card_is_checked() {
        let reference = Reference::load(None).unwrap();
        let card = found(CARD).complete(&reference).unwrap();
        assert_eq!(card.active(), [true, true]);
        assert!(refusal("red", "redd").contains("did you mean `red`"));
        assert!(refusal("[1, 3]", "[1, 33]").contains("which `odeon-naf` has not"));
        assert!(refusal("[1, 3]", "[1, 1]").contains("twice"));
        assert!(refusal("odeon-naf", "odeon").contains("odeon-naf"));
        assert!(refusal("std = 50.0", "std = 0.0").contains("standard deviation"));
        assert!(refusal("values = \"logits\"\n", "").contains("output.values"));
        assert!(refusal("channels = [1, 3]", "channels = [1]\nactive = [2]").contains("active"));
    }

    #[test]
    fn the_keys_of_deepness_are_read() {
        let metadata = |key: &str| {
            let value = match key {
                "resolution" => "20",
                "tiles_size" => "512",
                "tiles_overlap" => "12.5",
                "standardization_mean" => "[0.5, 0.25]",
                "standardization_std" => "[0.2, 0.1]",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let found = Found {
            table: of_deepness(metadata),
            place: "model".to_owned(),
        };
        let input = &found.table["input"];
        assert_eq!(input["resolution_m"].as_float(), Some(0.2));
        assert_eq!(input["margin"].as_integer(), Some(32));
        assert_eq!(input["bands"][1]["mean"].as_float(), Some(63.75));
        let missing = found.missing();
        assert!(missing.contains(&"input.bands.name"), "{missing:?}");
        assert!(missing.contains(&"output.nomenclature"), "{missing:?}");
    }

    #[test]
    fn the_file_counts_over_the_model() {
        let mut lower: Table = CARD.parse().unwrap();
        put_over(&mut lower, "[input]\nresolution_m = 1.0".parse().unwrap());
        assert_eq!(lower["input"]["resolution_m"].as_float(), Some(1.0));
        assert!(lower["input"].get("bands").is_some());
    }
}
