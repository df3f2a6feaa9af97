//! The compact form of probabilities, as it is written, read again.

use std::path::Path;

use gdal::raster::GdalDataType;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::raster::{Image, PixelGrid, Window};

/// The number of bands: the first class, its probability, the second class, its probability, entropy.
const BANDS: usize = 5;

/// Refuses an image that is not in the compact form.
pub fn require_compact(image: &Image) -> Result<()> {
    let refuse = |what: String| {
        let advice = "give what `millesime predict` writes without --all-classes";
        Err(Error::input(image.file(), what, advice))
    };
    if image.bands() != BANDS {
        return refuse(format!(
            "has {} bands; the compact form of probabilities has {BANDS}",
            image.bands()
        ));
    }
    if image.kind() != GdalDataType::UInt8 {
        return refuse(format!(
            "holds {} numbers; probabilities are bytes, 255 is sure",
            image.kind()
        ));
    }
    Ok(())
}

/// A band of the compact form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompactBand {
    /// The most probable class,
    First = 0,
    /// and its probability, 255 being sure.
    FirstProbability = 1,
    /// The class that comes second,
    Second = 2,
    /// and its probability.
    SecondProbability = 3,
}

/// What a model saw: of each pixel the two most probable classes, and how probable they are.
pub struct Compact {
    image: Image,
    path: String,
}

impl Compact {
    /// Opens a file in the CRS `told` or its own, which must be `crs`.
    pub fn open(path: &Path, told: Option<&str>, crs: &Crs) -> Result<Self> {
        let image = Image::open_one(path, told, crs, "probabilities")?;
        require_compact(&image)?;
        let path = path.display().to_string();
        Ok(Self { image, path })
    }

    /// The file, to name it in messages.
    pub fn file(&self) -> &str {
        &self.path
    }

    /// The pixel grid.
    pub fn grid(&self) -> &PixelGrid {
        self.image.grid()
    }

    /// All pixels.
    pub fn window(&self) -> Window {
        self.image.window()
    }

    /// Bands of a window, one after the other and row by row, and which of its pixels are there; the
    /// others are 0.
    pub fn read(&self, window: &Window, bands: &[CompactBand]) -> Result<(Vec<f32>, Vec<bool>)> {
        let pixels = window.width * window.height;
        let bands: Vec<usize> = bands.iter().map(|&band| band as usize).collect();
        let (mut values, mut valid) = (vec![0.0; bands.len() * pixels], vec![false; pixels]);
        self.image.read(window, &bands, &mut values, &mut valid)?;
        Ok((values, valid))
    }
}
