//! GeoTIFF written window by window.

use std::path::{Path, PathBuf};

use gdal::cpl::CslStringListEntry;
use gdal::raster::{
    Buffer, ColorEntry, ColorTable, GdalType, PaletteInterpretation, RasterCreationOptions,
};
use gdal::{Dataset, Metadata};

use super::cog::{driver, require_readable};
use super::grid::{PixelGrid, Window};
use crate::crs::Crs;
use crate::error::{Error, Result};

/// A GeoTIFF being written.
pub struct Tiff {
    dataset: Dataset,
    path: PathBuf,
    window: Window,
}

impl Tiff {
    /// Starts a file of numbers of `T` for the pixels of `window`, with so many bands.
    pub fn create<T: GdalType + Copy>(
        path: &Path,
        (crs, grid, window): (&Crs, &PixelGrid, Window),
        bands: usize,
        nodata: Option<f64>,
    ) -> Result<Self> {
        let options = [
            ("TILED", "YES"),
            ("BLOCKXSIZE", "512"),
            ("BLOCKYSIZE", "512"),
            ("COMPRESS", "DEFLATE"),
            ("ZLEVEL", "1"),
            ("PREDICTOR", "2"),
            ("BIGTIFF", "IF_SAFER"),
            ("NUM_THREADS", "ALL_CPUS"),
        ];
        let options: RasterCreationOptions =
            options.into_iter().map(CslStringListEntry::from).collect();
        let failed = |e| Error::unwritable(path, e);
        let (width, height) = (window.width, window.height);
        let mut dataset = driver("GTiff")?
            .create_with_band_type_with_options::<T, _>(path, width, height, bands, &options)
            .map_err(failed)?;
        dataset
            .set_spatial_ref(&crs.spatial_ref()?)
            .map_err(failed)?;
        dataset
            .set_geo_transform(&grid.transform(window.column, window.row))
            .map_err(failed)?;
        for band in 1..=bands {
            let mut band = dataset.rasterband(band).map_err(failed)?;
            band.set_no_data_value(nodata).map_err(failed)?;
        }
        Ok(Self {
            dataset,
            path: path.to_owned(),
            window,
        })
    }

    /// Gives the values of the only band colours.
    pub fn colour(&mut self, colours: impl Iterator<Item = (u16, [u8; 3])>) -> Result<()> {
        let mut table = ColorTable::new(PaletteInterpretation::Rgba);
        for (value, colour) in colours {
            let [red, green, blue] = colour.map(i16::from);
            table.set_color_entry(value, &ColorEntry::rgba(red, green, blue, 255));
        }
        let failed = |e| Error::unwritable(&self.path, e);
        let mut band = self.dataset.rasterband(1).map_err(failed)?;
        band.set_color_table(&table);
        Ok(())
    }

    /// Makes the file tell something of itself.
    pub fn tell(&mut self, key: &str, value: &str) -> Result<()> {
        let failed = |e| Error::unwritable(&self.path, e);
        self.dataset
            .set_metadata_item(key, value, "")
            .map_err(failed)
    }

    /// Writes the pixels of a window, which must lie in the file's.
    pub fn write<T: GdalType + Copy>(
        &mut self,
        band: usize,
        window: &Window,
        values: Vec<T>,
    ) -> Result<()> {
        let failed = |e| Error::unwritable(&self.path, e);
        let corner = (
            (window.column - self.window.column) as isize,
            (window.row - self.window.row) as isize,
        );
        let shape = (window.width, window.height);
        let mut band = self.dataset.rasterband(band + 1).map_err(failed)?;
        band.write(corner, shape, &mut Buffer::new(shape, values))
            .map_err(failed)
    }

    /// Ends the file.
    pub fn finish(self) -> Result<()> {
        let path = self.path;
        self.dataset
            .close()
            .map_err(|e| Error::unwritable(&path, e))?;
        require_readable(&path)
    }
}
