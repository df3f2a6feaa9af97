//! Rasters in and out: tiles of one pixel grid, read as one; windows on a grid that is anchored to the
//! origin of the CRS.

mod classes;
mod cog;
mod georeference;
mod grid;
mod image;
mod overview;

use std::path::{Path, PathBuf};

use gdal::{Dataset, DatasetOptions, GdalOpenFlags};

use crate::error::{Error, Result};

pub use classes::{Mosaic, Pixel};
pub use cog::{Band, Cog, Part, Source, write_png};
pub use georeference::Georeference;
pub use grid::{PixelGrid, Window};
pub use image::Image;
pub use overview::{Overview, for_each_row, heat};

/// The files that a path or pattern means: at least one.
pub fn find(pattern: &str, place: &str) -> Result<Vec<PathBuf>> {
    let found = glob::glob(pattern).map_err(|e| {
        let what = format!("`{pattern}` is not a pattern: {e}");
        Error::input(place, what, "mend it")
    })?;
    let paths: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
    if paths.is_empty() {
        return Err(Error::input(
            place,
            format!("no file is found by `{pattern}`"),
            "check the path: it is relative to the TOML file",
        ));
    }
    Ok(paths)
}

fn open(path: &Path) -> Result<Dataset> {
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_RASTER,
        ..DatasetOptions::default()
    };
    Dataset::open_ex(path, options).map_err(|e| Error::unreadable(path, e))
}
