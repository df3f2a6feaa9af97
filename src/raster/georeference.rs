//! Where the pixels of a file lie.

use std::path::Path;

use gdal::Dataset;

use super::grid::{PixelGrid, Window};
use crate::crs::Crs;
use crate::error::{Error, Result};

/// How far from the pixel grid a tile may lie, as a share of a pixel.
pub(super) const TOLERANCE: f64 = 1e-3;

/// Farthest that anything may lie from the origin of a CRS, m.
const FARTHEST: f64 = 1e8;

/// Where the pixels of a file lie: north up, square.
#[derive(Clone, Debug)]
pub struct Georeference {
    /// The CRS.
    pub crs: Crs,
    /// Left edge, m.
    pub left: f64,
    /// Upper edge, m.
    pub top: f64,
    /// Side of a pixel, m.
    pub pixel: f64,
    /// Columns and rows.
    pub size: (usize, usize),
}

impl Georeference {
    /// Reads where the pixels of `dataset`, the file `path`, lie; in the CRS `told` or its own.
    /// `key` says how its CRS can be told.
    pub fn read(dataset: &Dataset, path: &Path, told: Option<&str>, key: &str) -> Result<Self> {
        let place = path.display().to_string();
        let transform = dataset.geo_transform().map_err(|_| {
            Error::input(
                &place,
                "is not georeferenced",
                "add a world file, or georeference it",
            )
        })?;
        if !transform.iter().all(|number| number.abs() <= FARTHEST) {
            return Err(Error::input(
                &place,
                format!("lies nowhere: its georeference is {transform:?}"),
                "georeference it anew",
            ));
        }
        let crs = match told {
            Some(told) => Crs::parse(told, &place)?,
            None => match dataset.spatial_ref() {
                Ok(system) => Crs::of(&system, &place)?,
                Err(_) => {
                    let what = "does not say its CRS";
                    return Err(Error::input(place, what, format!("give it with {key}")));
                }
            },
        };
        let [left, width, row_turn, top, column_turn, height] = transform;
        if width > 0.0 && height > 0.0 && row_turn == 0.0 && column_turn == 0.0 {
            return Err(Error::input(
                &place,
                "lies south up, or has no georeference but a trivial one",
                "warp it north up (gdalwarp), or georeference it",
            ));
        }
        if row_turn != 0.0
            || column_turn != 0.0
            || width <= 0.0
            || (width + height).abs() > 1e-6 * width
        {
            return Err(Error::input(
                &place,
                "its pixels are not square, or it is turned",
                "warp it to square pixels, north up",
            ));
        }
        if width < 0.01 {
            return Err(Error::input(
                &place,
                format!("its pixels of {width} m are finer than the grid of 1 cm"),
                "check its CRS, or resample it",
            ));
        }
        let size = dataset.raster_size();
        // The side is a round number but for what arithmetic has done to it, and so little that
        // the far edge stays where it is.
        let round = (width * 1e6).round() / 1e6;
        let drift = (round - width).abs() * size.0.max(size.1) as f64;
        let pixel = if drift < TOLERANCE * width {
            round
        } else {
            width
        };
        Ok(Self {
            crs,
            left,
            top,
            pixel,
            size,
        })
    }

    /// The pixel grid, and the file's pixels on it.
    pub fn window(&self) -> (PixelGrid, Window) {
        let (grid, column, row) = PixelGrid::of(self.left, self.top, self.pixel);
        let window = Window {
            column,
            row,
            width: self.size.0,
            height: self.size.1,
        };
        (grid, window)
    }
}
