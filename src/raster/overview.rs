//! Quick looks: a raster at the size of a screen.

use std::path::Path;

use gdal::raster::ResampleAlg;

use super::open;
use crate::error::{Error, Result};

/// The longest side of a quick look, in pixels.
const LONGEST: usize = 2_048;

/// A band of a raster at the size of a screen.
pub struct Overview {
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// The values, row by row.
    pub values: Vec<u8>,
    /// Where there are data.
    pub is_there: Vec<bool>,
}

impl Overview {
    /// Reads `band` (from 0) of a raster of bytes, every so many pixels.
    pub fn read(path: &Path, band: usize) -> Result<Self> {
        let dataset = open(path)?;
        let failed = |e| Error::unreadable(path, e);
        let (width, height) = dataset.raster_size();
        let step = width.max(height).div_ceil(LONGEST).max(1);
        let (columns, rows) = (width.div_ceil(step), height.div_ceil(step));
        let band = dataset.rasterband(band + 1).map_err(failed)?;
        let nearest = Some(ResampleAlg::NearestNeighbour);
        let whole = |band: &gdal::raster::RasterBand| {
            band.read_as::<u8>((0, 0), (width, height), (columns, rows), nearest)
        };
        let values = whole(&band).map_err(failed)?;
        let mask = whole(&band.open_mask_band().map_err(failed)?).map_err(failed)?;
        Ok(Self {
            width: columns,
            height: rows,
            values: values.data().to_vec(),
            is_there: mask.data().iter().map(|&m| m != 0).collect(),
        })
    }

    /// The picture in which each value has its colour; pixels without data are clear.
    pub fn picture(&self, colour: impl Fn(u8) -> [u8; 3]) -> Vec<[u8; 4]> {
        let pixel = |(&value, &is_there): (&u8, &bool)| {
            let [red, green, blue] = colour(value);
            if is_there {
                [red, green, blue, 255]
            } else {
                [0; 4]
            }
        };
        self.values.iter().zip(&self.is_there).map(pixel).collect()
    }
}

/// A band (from 0) of a raster of bytes that is small enough to be read at once.
pub fn read_bytes(path: &Path, band: usize) -> Result<Vec<u8>> {
    let dataset = open(path)?;
    let failed = |e| Error::unreadable(path, e);
    let band = dataset.rasterband(band + 1).map_err(failed)?;
    let read = band.read_band_as::<u8>().map_err(failed)?;
    Ok(read.into_shape_and_vec().1)
}

/// Colours of a heat map, from none to certain: dark blue, violet, red, yellow, white.
const HEAT: [[u8; 3]; 5] = [
    [0, 0, 40],
    [90, 20, 140],
    [220, 50, 60],
    [250, 190, 50],
    [255, 255, 230],
];

/// The colour of a probability of 0 to 255 on a heat map.
pub fn heat(value: u8) -> [u8; 3] {
    let place = usize::from(value) * (HEAT.len() - 1);
    let (below, share) = (place / 255, place % 255);
    let (from, to) = (HEAT[below], HEAT[(below + 1).min(HEAT.len() - 1)]);
    std::array::from_fn(|n| {
        let (a, b) = (usize::from(from[n]), usize::from(to[n]));
        ((a * (255 - share) + b * share) / 255) as u8
    })
}
