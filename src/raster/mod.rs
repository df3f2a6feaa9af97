//! Rasters in and out: tiles of one pixel grid, read as one; windows on a grid that is anchored to the
//! origin of the CRS.

mod beneath;
mod burn;
mod classes;
mod cog;
mod georeference;
mod grid;
mod image;
mod overview;
mod resample;
mod tiff;

use std::path::{Path, PathBuf};

use gdal::{Dataset, DatasetOptions, GdalOpenFlags, Metadata};

use crate::error::{Error, Result};

pub use beneath::Beneath;
pub use burn::burn;
pub use classes::{Mosaic, Pixel, Placing};
pub use cog::{Band, Cog, Part, Source, write_png};
pub use georeference::Georeference;
pub use grid::{PixelGrid, Window};
pub use image::Image;
pub use overview::{Overview, heat, read_bytes};
pub use tiff::Tiff;

/// The value of pixels of class rasters that have no class.
pub const NO_CLASS: u8 = 255;
/// The key of class rasters under which their nomenclature is written.
pub const NOMENCLATURE: &str = "NOMENCLATURE";
/// The key of rasters under which it is written that their ground does not exist.
pub const TERRITORY: &str = "TERRITORY";

/// The files that a path or pattern means: at least one.
pub fn find(pattern: &str, place: &str) -> Result<Vec<PathBuf>> {
    // A file whose name has letters that mean something in a pattern.
    if Path::new(pattern).is_file() {
        return Ok(vec![PathBuf::from(pattern)]);
    }
    let found = glob::glob(pattern).map_err(|e| {
        let what = format!("`{pattern}` is not a pattern: {e}");
        Error::input(place, what, "mend it")
    })?;
    let paths: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
    if paths.is_empty() {
        return Err(Error::input(
            place,
            format!("no file is found by `{pattern}`"),
            "check the path: in a TOML file it is relative to the file",
        ));
    }
    Ok(paths)
}

/// Bounds what GDAL keeps of rasters in memory, in bytes, for as long as this is held.
pub struct CacheLimit {
    before: i64,
}

impl CacheLimit {
    /// Bounds it; what is above the bound is let go.
    pub fn new(bytes: i64) -> Self {
        // SAFETY: both functions read and set one number, under a lock of GDAL's own.
        let before = unsafe { gdal_sys::GDALGetCacheMax64() };
        unsafe { gdal_sys::GDALSetCacheMax64(bytes) };
        Self { before }
    }
}

impl Drop for CacheLimit {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { gdal_sys::GDALSetCacheMax64(self.before) };
    }
}

/// Makes paths and patterns relative to a folder, whose letters may mean something in a pattern.
pub fn anchor(patterns: &mut [String], folder: &Path) {
    let folder = glob::Pattern::escape(&folder.to_string_lossy());
    for pattern in patterns {
        *pattern = Path::new(&folder)
            .join(&*pattern)
            .to_string_lossy()
            .into_owned();
    }
}

/// What a file tells of itself under a key.
pub fn metadata(path: &Path, key: &str) -> Result<Option<String>> {
    Ok(open(path)?.metadata_item(key, ""))
}

fn open(path: &Path) -> Result<Dataset> {
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_RASTER,
        ..DatasetOptions::default()
    };
    Dataset::open_ex(path, options).map_err(|e| Error::unreadable(path, e))
}

/// Refuses a raster that says that its classes are of another nomenclature than `name`.
pub fn require_nomenclature(path: &Path, name: &str) -> Result<()> {
    match metadata(path, NOMENCLATURE)? {
        Some(said) if said != name => Err(Error::input(
            path.display(),
            format!("says that its classes are of `{said}`, and the vintage of `{name}`"),
            "give the nomenclature of the raster",
        )),
        _ => Ok(()),
    }
}
