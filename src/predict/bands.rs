//! Images in: the channels that a model expects, from the files that were given.

use std::ops::Range;

use gdal::raster::GdalDataType;
use serde::Deserialize;

use super::card::{BAND_NAMES, Input, InputBand};
use super::mirror;
use crate::crs::Crs;
use crate::error::{Error, Result, suggest};
use crate::raster::{Image, PixelGrid, Window};

/// The images that were given. Each is a list of files or patterns.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Imagery {
    /// The image: red, green, blue, maybe infrared, maybe height.
    pub image: Vec<String>,
    /// The bands of the image, when they are others or in another order.
    #[serde(default)]
    pub image_bands: Vec<String>,
    /// The infrared image, as IGN gives it: infrared, red, green; or infrared alone.
    #[serde(default, rename = "ir")]
    pub infrared: Vec<String>,
    /// The surface with all that stands on it (MNS), m.
    #[serde(default, rename = "dsm")]
    pub surface: Vec<String>,
    /// The bare ground (MNT), m.
    #[serde(default, rename = "dtm")]
    pub terrain: Vec<String>,
    /// The CRS of all, for files that do not say theirs.
    pub crs: Option<String>,
    /// Whether images of other pixels are brought to those that are expected.
    #[serde(default)]
    pub resample: bool,
}

impl Imagery {
    /// Makes all paths relative to a folder.
    pub fn anchor(&mut self, folder: &std::path::Path) {
        for patterns in [
            &mut self.image,
            &mut self.infrared,
            &mut self.surface,
            &mut self.terrain,
        ] {
            crate::raster::anchor(patterns, folder);
        }
    }
}

/// Where a channel comes from.
#[derive(Debug)]
enum Channel {
    /// A band of an image.
    Band { image: usize, band: usize },
    /// What stands on the ground, in steps of so many metres.
    Height {
        surface: usize,
        terrain: usize,
        step: f32,
    },
}

/// The channels of a model, on one pixel grid.
pub struct Stack {
    images: Vec<Image>,
    channels: Vec<Channel>,
    /// Mean and standard deviation of each channel.
    norms: Vec<(f32, f32)>,
}

/// What a window holds. It may be read into again.
#[derive(Default)]
pub struct Patch {
    /// The normalised values, channel by channel and row by row, with the mirror image of the data
    /// where there are none.
    pub values: Vec<f32>,
    /// Where there are data.
    pub valid: Vec<bool>,
    /// The bands of one image.
    read: Vec<f32>,
    /// Where this image has data.
    is_there: Vec<bool>,
}

impl Stack {
    /// Opens the images, and sees that they give what is expected.
    pub fn open(imagery: &Imagery, input: &Input) -> Result<Self> {
        let mut images: Vec<Image> = Vec::new();
        let mut add = |patterns: &[String], flag: &str| -> Result<Option<usize>> {
            if patterns.is_empty() {
                return Ok(None);
            }
            let mut image = Image::open(patterns, imagery.crs.as_deref(), flag)?;
            if imagery.resample {
                image = image.resampled(input.resolution_m)?;
            }
            images.push(image);
            Ok(Some(images.len() - 1))
        };
        let image = add(&imagery.image, "--image")?;
        let infrared = add(&imagery.infrared, "--ir")?;
        let surface = add(&imagery.surface, "--dsm")?;
        let terrain = add(&imagery.terrain, "--dtm")?;
        let Some(image) = image else {
            return Err(Error::input(
                "--image",
                "is empty",
                "give at least one file",
            ));
        };
        for (number, flag) in [(Some(image), "--image"), (infrared, "--ir")] {
            if let Some(number) = number {
                require_bytes(&images[number], flag)?;
            }
        }
        for number in [surface, terrain].into_iter().flatten() {
            require_one_band(&images[number])?;
        }
        if let Some(number) = infrared
            && ![1, 3].contains(&images[number].bands())
        {
            return Err(Error::input(
                images[number].file(),
                format!(
                    "has {} bands; an infrared image has three (infrared, red, green) or one",
                    images[number].bands()
                ),
                "give IGN's IRC, or the infrared band alone",
            ));
        }
        for other in &images[1..] {
            require_fit(&images[0], other)?;
        }
        require_resolution(&images[0], input)?;
        let names = band_names(&images[image], &imagery.image_bands)?;
        let mut is_used = vec![false; images.len()];
        let mut channels = Vec::new();
        for band in &input.bands {
            let own = names.iter().position(|name| *name == band.name);
            let channel = match (own, band.name.as_str(), infrared, surface, terrain) {
                (_, "height", _, Some(surface), Some(terrain)) => {
                    let step = input.height_per_dn_m.ok_or_else(|| {
                        Error::input(
                            "height_per_dn_m",
                            "is not given: how is height to be encoded?",
                            "add `height_per_dn_m = 0.2`, as IGN's models have it, or another step",
                        )
                    })?;
                    is_used[surface] = true;
                    is_used[terrain] = true;
                    Channel::Height {
                        surface,
                        terrain,
                        step: step as f32,
                    }
                }
                (_, "infrared", Some(image), _, _) => {
                    is_used[image] = true;
                    Channel::Band { image, band: 0 }
                }
                (Some(band), ..) => {
                    is_used[image] = true;
                    Channel::Band { image, band }
                }
                (None, name, ..) => return Err(lacking(name, &images[image], &names)),
            };
            channels.push(channel);
        }
        if let Some(unused) = is_used.iter().position(|is_used| !is_used) {
            let bands: Vec<&str> = input.bands.iter().map(|b| b.name.as_str()).collect();
            return Err(Error::input(
                images[unused].file(),
                format!("is not looked at: {} are taken", bands.join(", ")),
                "leave it out",
            ));
        }
        let norm = |band: &InputBand| (band.mean as f32, band.std as f32);
        Ok(Self {
            images,
            channels,
            norms: input.bands.iter().map(norm).collect(),
        })
    }

    /// The CRS.
    pub fn crs(&self) -> &Crs {
        self.images[0].crs()
    }

    /// The pixel grid.
    pub fn grid(&self) -> &PixelGrid {
        self.images[0].grid()
    }

    /// The pixels of the image.
    pub fn window(&self) -> Window {
        self.images[0].window()
    }

    /// All images.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// Whether the image has no file in a window.
    pub fn is_outside(&self, window: &Window) -> bool {
        self.images[0].is_outside(window)
    }

    /// Reads a window into `patch`; false when there is nothing in it.
    pub fn read(&self, window: &Window, patch: &mut Patch) -> Result<bool> {
        let size = window.width * window.height;
        let Patch {
            values,
            valid,
            read,
            is_there,
        } = patch;
        values.resize(self.channels.len() * size, 0.0);
        valid.clear();
        valid.resize(size, true);
        is_there.resize(size, false);
        for (channel, values) in self.channels.iter().zip(values.chunks_exact_mut(size)) {
            if let Channel::Height { .. } = channel {
                values.fill(0.0);
            }
        }
        for (number, image) in self.images.iter().enumerate() {
            let bands = self.bands_of(number);
            let apart = self.channels_of(number);
            let to = match &apart {
                Some(channels) => &mut values[channels.start * size..channels.end * size],
                None => {
                    read.resize(bands.len() * size, 0.0);
                    &mut read[..]
                }
            };
            image.read(window, &bands, to, is_there)?;
            for (valid, &is_there) in valid.iter_mut().zip(is_there.iter()) {
                *valid &= is_there;
            }
            if apart.is_some() {
                continue;
            }
            for (channel, values) in self.channels.iter().zip(values.chunks_exact_mut(size)) {
                let of = |band: usize| {
                    let at = bands.iter().position(|&b| b == band).unwrap_or(0);
                    &read[at * size..(at + 1) * size]
                };
                match *channel {
                    Channel::Band { image, band } if image == number => {
                        values.copy_from_slice(of(band));
                    }
                    Channel::Height { surface, .. } if surface == number => {
                        add(values, of(0), 1.0);
                    }
                    Channel::Height { terrain, .. } if terrain == number => {
                        add(values, of(0), -1.0);
                    }
                    _ => {}
                }
            }
        }
        for (channel, values) in self.channels.iter().zip(values.chunks_exact(size)) {
            if let Channel::Height { .. } = channel {
                // Heights that nothing on Earth has are holes that the file does not tell.
                for (valid, value) in valid.iter_mut().zip(values) {
                    *valid &= value.abs() <= TALLEST;
                }
            }
        }
        if !valid.contains(&true) {
            return Ok(false);
        }
        for (channel, values) in self.channels.iter().zip(values.chunks_exact_mut(size)) {
            if let Channel::Height { step, .. } = channel {
                // As models were given it: whole steps of 0 to 255.
                for value in values {
                    *value = (*value / step).round().clamp(0.0, 255.0);
                }
            }
        }
        mirror::fill(values, valid, window.width, window.height);
        for (&(mean, deviation), values) in self.norms.iter().zip(values.chunks_exact_mut(size)) {
            for value in values {
                *value = (*value - mean) / deviation;
            }
        }
        Ok(true)
    }

    /// The channels that are bands of an image, when nothing else comes from it and they follow one another: it can
    /// be read in its place.
    fn channels_of(&self, number: usize) -> Option<Range<usize>> {
        let is_band =
            |channel: &Channel| matches!(channel, Channel::Band { image, .. } if *image == number);
        let count = self.bands_of(number).len();
        let start = self.channels.iter().position(is_band)?;
        let channels = self.channels.get(start..start + count)?;
        channels.iter().all(is_band).then_some(start..start + count)
    }

    /// The bands of an image that are looked at, from 0.
    fn bands_of(&self, number: usize) -> Vec<usize> {
        let band = |channel: &Channel| match *channel {
            Channel::Band { image, band } => (image == number).then_some(band),
            Channel::Height {
                surface, terrain, ..
            } => (surface == number || terrain == number).then_some(0),
        };
        self.channels.iter().filter_map(band).collect()
    }
}

/// More than anything stands above the ground, or lies below it, m.
const TALLEST: f32 = 5_000.0;

fn add(values: &mut [f32], others: &[f32], factor: f32) {
    for (value, other) in values.iter_mut().zip(others) {
        *value += factor * other;
    }
}

fn require_bytes(image: &Image, flag: &str) -> Result<()> {
    if image.kind() == GdalDataType::UInt8 {
        return Ok(());
    }
    Err(Error::input(
        image.file(),
        format!(
            "{flag} holds {} numbers; models are trained on bytes of 0 to 255",
            image.kind()
        ),
        "stretch it to bytes as the model's images were (gdal_translate -ot Byte -scale …)",
    ))
}

fn require_one_band(image: &Image) -> Result<()> {
    if image.bands() == 1 {
        return Ok(());
    }
    Err(Error::input(
        image.file(),
        format!("has {} bands; a model of heights has one", image.bands()),
        "give the band of heights alone (gdal_translate -b)",
    ))
}

/// Refuses an image that is not of the pixel grid of the first, or covers less.
fn require_fit(first: &Image, other: &Image) -> Result<()> {
    let (mine, theirs) = (other.file(), first.file());
    let refuse = |what: String, advice: &str| Err(Error::input(&mine, what, advice));
    if !other.crs().is_same(first.crs()) {
        return refuse(
            format!(
                "is in {}, {theirs} in {}",
                other.crs().name(),
                first.crs().name()
            ),
            "give images of one CRS, or warp them beforehand",
        );
    }
    if !other.grid().has_pixel_of(first.grid().pixel) {
        return refuse(
            format!(
                "its pixels are {} m, those of {theirs} are {} m",
                other.grid().pixel,
                first.grid().pixel
            ),
            "give images of one resolution, or let them be resampled: --resample",
        );
    }
    if !other.grid().is_same(first.grid()) {
        return refuse(
            format!("is not on the pixel grid of {theirs}"),
            "give images of one grid, or let them be resampled: --resample",
        );
    }
    if other.window().intersection(&first.window()) != first.window() {
        return refuse(
            format!(
                "covers {}, less than {theirs}: {}",
                extent(other),
                extent(first)
            ),
            "give images of the same ground",
        );
    }
    Ok(())
}

fn extent(image: &Image) -> String {
    let window = image.window();
    let (left, top) = image.grid().corner(window.column, window.row);
    let (right, bottom) = image.grid().corner(window.columns().end, window.rows().end);
    format!("x {left:.2}–{right:.2}, y {bottom:.2}–{top:.2}")
}

fn require_resolution(image: &Image, input: &Input) -> Result<()> {
    if image.grid().has_pixel_of(input.resolution_m) {
        return Ok(());
    }
    Err(Error::input(
        image.file(),
        format!(
            "its pixels are {} m, and {} m are expected",
            image.grid().pixel,
            input.resolution_m
        ),
        "give imagery of this resolution, or let it be resampled: --resample, `resample = true`",
    ))
}

/// The names of the bands of the image.
fn band_names(image: &Image, told: &[String]) -> Result<Vec<String>> {
    if let Some(wrong) = told
        .iter()
        .find(|name| !BAND_NAMES.contains(&name.as_str()))
    {
        return Err(Error::input(
            "--image-bands",
            format!("`{wrong}` is not a band"),
            suggest(wrong, BAND_NAMES),
        ));
    }
    let count = image.bands();
    let is_usual = told.is_empty() && (3..=BAND_NAMES.len()).contains(&count);
    let says = |name: &str| image.names().iter().position(|own| *own == Some(name));
    let places = ["red", "green", "blue"].map(says);
    if is_usual && places.iter().all(Option::is_some) && places != [Some(0), Some(1), Some(2)] {
        let order: Vec<&str> = image.names().iter().map(|own| own.unwrap_or("?")).collect();
        return Err(Error::input(
            image.file(),
            format!("says that its bands are {}", order.join(", ")),
            "name them in their order with --image-bands, whether that is right or not",
        ));
    }
    if is_usual {
        return Ok(BAND_NAMES[..count].iter().map(|&n| n.to_owned()).collect());
    }
    if told.len() == count {
        return Ok(told.to_vec());
    }
    let advice = "name them in their order, such as --image-bands infrared,red,green";
    Err(Error::input(
        image.file(),
        match told.len() {
            0 => format!("has {count} bands, of which it is not known what they are"),
            named => format!("has {count} bands, of which {named} are named"),
        },
        advice,
    ))
}

/// The error for a band that no image gives.
fn lacking(name: &str, image: &Image, names: &[String]) -> Error {
    let advice = match name {
        "infrared" => "give the infrared image with --ir, or an image with a fourth band",
        "height" => {
            "give the surface and the ground with --dsm and --dtm, or an image with a fifth band"
        }
        _ => "give an image that has it, or name its bands with --image-bands",
    };
    Error::input(
        image.file(),
        format!(
            "has no band {name}, which is expected; it has {}",
            names.join(", ")
        ),
        advice,
    )
}
