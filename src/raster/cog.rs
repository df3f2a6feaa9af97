//! Rasters out: parts while they are made, one cloud optimized GeoTIFF of them at the end.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gdal::cpl::CslStringListEntry;
use gdal::raster::{Buffer, RasterCreationOptions};
use gdal::{Dataset, DriverManager};

use super::grid::{PixelGrid, Window};
use super::open;
use crate::crs::Crs;
use crate::error::{Error, Result};

/// Side of the blocks of a part.
const PART_BLOCK: usize = 256;
/// Side of the blocks of the whole.
const BLOCK: usize = 512;

/// A part of a raster of bytes, being written.
pub struct Part {
    dataset: Dataset,
    path: PathBuf,
    aside: PathBuf,
}

impl Part {
    /// Starts the part that will be `path`, compressed if `is_packed`.
    pub fn create(
        path: &Path,
        (width, height): (usize, usize),
        bands: usize,
        is_packed: bool,
    ) -> Result<Self> {
        let aside = path.with_extension("tif.partial");
        let driver = driver("GTiff")?;
        let block = PART_BLOCK.to_string();
        let options = [
            ("TILED", "YES"),
            ("BLOCKXSIZE", &block),
            ("BLOCKYSIZE", &block),
            ("INTERLEAVE", "BAND"),
            ("BIGTIFF", "IF_SAFER"),
        ];
        let packed = [("COMPRESS", "ZSTD"), ("ZSTD_LEVEL", "1")];
        let packed = packed.into_iter().filter(|_| is_packed);
        let options: RasterCreationOptions = options
            .into_iter()
            .chain(packed)
            .map(CslStringListEntry::from)
            .collect();
        let dataset = driver
            .create_with_band_type_with_options::<u8, _>(&aside, width, height, bands, &options)
            .map_err(|e| Error::unwritable(&aside, e))?;
        Ok(Self {
            dataset,
            path: path.to_owned(),
            aside,
        })
    }

    /// Writes a rectangle of one band (from 0).
    pub fn write(
        &mut self,
        band: usize,
        corner: (usize, usize),
        shape: (usize, usize),
        values: &mut Vec<u8>,
    ) -> Result<()> {
        let failed = |e| Error::unwritable(&self.aside, e);
        let mut band = self.dataset.rasterband(band + 1).map_err(failed)?;
        let corner = (corner.0 as isize, corner.1 as isize);
        // GDAL's crate takes the values for its own; they come back, as room for others.
        let mut buffer = Buffer::new(shape, std::mem::take(values));
        let written = band.write(corner, shape, &mut buffer).map_err(failed);
        *values = buffer.into_shape_and_vec().1;
        written
    }

    /// Ends the part: from now on it is there, whole.
    pub fn finish(self) -> Result<()> {
        let aside = self.aside;
        // What GDAL could not write for want of space it says when it closes.
        self.dataset
            .close()
            .map_err(|e| Error::unwritable(&aside, e))?;
        require_readable(&aside)?;
        std::fs::rename(&aside, &self.path).map_err(|e| Error::unwritable(&self.path, e))
    }
}

/// A disk that is full is not always reported: the file must be read again.
pub(super) fn require_readable(path: &Path) -> Result<()> {
    let dataset = open(path).map_err(|e| Error::unwritable(path, e))?;
    for band in 1..=dataset.raster_count() {
        let failed = |e| Error::unwritable(path, format!("it is not complete: {e}"));
        let band = dataset.rasterband(band).map_err(failed)?;
        let (width, height) = band.size();
        let corner = (width as isize - 1, height as isize - 1);
        band.read_as::<f64>(corner, (1, 1), (1, 1), None)
            .map_err(failed)?;
        let mask = band.open_mask_band().map_err(failed)?;
        mask.read_as::<u8>(corner, (1, 1), (1, 1), None)
            .map_err(failed)?;
    }
    Ok(())
}

/// Where a part lies in the whole.
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// Its pixels.
    pub window: Window,
}

/// A band of the whole.
pub struct Band {
    /// The band of the parts, from 0.
    pub of: usize,
    /// Its name.
    pub name: String,
    /// The value of pixels without data.
    pub nodata: Option<u8>,
    /// The colours of the values, from 0 on.
    pub colours: Vec<[u8; 4]>,
}

/// A raster to be put together from parts.
pub struct Cog<'a> {
    /// Its CRS.
    pub crs: &'a Crs,
    /// Its pixel grid.
    pub grid: &'a PixelGrid,
    /// Its pixels.
    pub window: Window,
    /// Its bands.
    pub bands: Vec<Band>,
    /// The band of the parts, from 0, that says where there are data (255) and where not (0).
    pub mask: Option<usize>,
    /// The parts. They need not fill it.
    pub sources: &'a [Source],
    /// Whether overviews may mix values; classes may not.
    pub is_mixed: bool,
    /// Whether the parts are compressed.
    pub is_packed: bool,
    /// What is told of it, by name.
    pub metadata: Vec<(&'static str, String)>,
}

impl Cog<'_> {
    /// Writes the raster `path`, with overviews; `aside` is a folder for what is there meanwhile.
    pub fn write(&self, path: &Path, aside: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let whole = aside.join(&*name);
        let (driver_name, options, factors) = self.how();
        let parts = open(&self.recipe_with(&factors, aside, &name)?)?;
        let options: RasterCreationOptions = options
            .iter()
            .map(|(key, value)| CslStringListEntry::from((*key, value.as_str())))
            .collect();
        let settings = [
            // A mask belongs into the file, not beside it.
            ("GDAL_TIFF_INTERNAL_MASK", "YES"),
            // ZSTD, which the file of overviews has by itself, clears more memory for each tile than the tile has, and
            // takes a third of the time of all writing.
            ("COG_TMP_COMPRESSION", "PACKBITS"),
        ];
        for (key, value) in settings {
            gdal::config::set_thread_local_config_option(key, value)
                .map_err(|e| Error::Internal(format!("GDAL takes no option: {e}")))?;
        }
        let copy = parts
            .create_copy(&driver(driver_name)?, &whole, &options)
            .map_err(|e| Error::unwritable(&whole, e))?;
        copy.close().map_err(|e| Error::unwritable(&whole, e))?;
        require_readable(&whole)?;
        move_to(&whole, path)
    }

    /// GDAL's driver that writes the whole, its options, and the overviews that it finds in the parts.
    ///
    /// The one for cloud optimized files makes overviews in a file of its own first, and mixes the bands of a block.
    /// Where the parts can be read again and again for nothing, the one for all GeoTIFF takes overviews from there as
    /// it writes: the file is cloud optimized as well, a tenth smaller and sooner done, and a band is read alone.
    fn how(&self) -> (&'static str, Vec<(&'static str, String)>, Vec<usize>) {
        let text = |(key, value): (&'static str, &str)| (key, value.to_owned());
        let block = BLOCK.to_string();
        let common = [
            ("COMPRESS", "DEFLATE"),
            ("BIGTIFF", "IF_SAFER"),
            ("NUM_THREADS", "ALL_CPUS"),
        ];
        let factors = self.factors();
        // Overviews of a narrow raster end where it has no width left, but not those of the other driver.
        let narrow = self.window.width.min(self.window.height);
        let is_narrow = factors.last().is_some_and(|&last| narrow < last);
        if self.is_packed || self.is_mixed || is_narrow {
            let resampling = if self.is_mixed { "AVERAGE" } else { "NEAREST" };
            let own = [
                ("LEVEL", "1"),
                ("BLOCKSIZE", &block),
                ("OVERVIEWS", "IGNORE_EXISTING"),
                ("RESAMPLING", resampling),
            ];
            let options = common.into_iter().chain(own).map(text);
            return ("COG", options.collect(), Vec::new());
        }
        let own = [
            ("ZLEVEL", "1"),
            ("TILED", "YES"),
            ("BLOCKXSIZE", &block),
            ("BLOCKYSIZE", &block),
            ("INTERLEAVE", "BAND"),
            ("COPY_SRC_OVERVIEWS", "YES"),
        ];
        let options = common.into_iter().chain(own).map(text);
        ("GTiff", options.collect(), factors)
    }

    /// How many times smaller the overviews are: the last fits into a block.
    fn factors(&self) -> Vec<usize> {
        let side = self.window.width.max(self.window.height);
        let halves = std::iter::successors(Some(2), |factor| Some(2 * factor));
        halves
            .take_while(|factor| side / (factor / 2) > BLOCK)
            .collect()
    }

    /// Writes the whole as a mosaic of its parts (VRT) into the folder `aside`.
    pub fn recipe_in(&self, aside: &Path, name: &str) -> Result<PathBuf> {
        self.recipe_with(&[], aside, name)
    }

    fn recipe_with(&self, factors: &[usize], aside: &Path, name: &str) -> Result<PathBuf> {
        let path = aside.join(format!("{name}.vrt"));
        let recipe = self.recipe(factors)?;
        std::fs::write(&path, recipe).map_err(|e| Error::unwritable(&path, e))?;
        Ok(path)
    }

    /// The whole as GDAL describes a mosaic, with overviews so many times smaller.
    fn recipe(&self, factors: &[usize]) -> Result<String> {
        let Window { width, height, .. } = self.window;
        let srs = self
            .crs
            .spatial_ref()?
            .to_wkt()
            .map_err(|e| Error::Internal(format!("a CRS has no WKT: {e}")))?;
        let transform = self.grid.transform(self.window.column, self.window.row);
        let transform: Vec<String> = transform.iter().map(f64::to_string).collect();
        let mut text = format!(
            "<VRTDataset rasterXSize=\"{width}\" rasterYSize=\"{height}\">\n<SRS>{}</SRS>\n\
             <GeoTransform>{}</GeoTransform>\n<Metadata>\n",
            escaped(&srs),
            transform.join(", ")
        );
        for (key, value) in &self.metadata {
            let _ = writeln!(text, "<MDI key=\"{key}\">{}</MDI>", escaped(value));
        }
        text += "</Metadata>\n";
        for (number, band) in self.bands.iter().enumerate() {
            let _ = writeln!(
                text,
                "<VRTRasterBand dataType=\"Byte\" band=\"{}\">\n<Description>{}</Description>",
                number + 1,
                escaped(&band.name)
            );
            if let Some(nodata) = band.nodata {
                let _ = writeln!(text, "<NoDataValue>{nodata}</NoDataValue>");
            }
            if !band.colours.is_empty() {
                text += "<ColorInterp>Palette</ColorInterp>\n<ColorTable>\n";
                for [red, green, blue, alpha] in &band.colours {
                    let _ = writeln!(
                        text,
                        "<Entry c1=\"{red}\" c2=\"{green}\" c3=\"{blue}\" c4=\"{alpha}\"/>"
                    );
                }
                text += "</ColorTable>\n";
            }
            self.write_sources(&mut text, band.of);
            text += "</VRTRasterBand>\n";
        }
        if let Some(mask) = self.mask {
            text += "<MaskBand>\n<VRTRasterBand dataType=\"Byte\">\n";
            self.write_sources(&mut text, mask);
            text += "</VRTRasterBand>\n</MaskBand>\n";
        }
        if !factors.is_empty() {
            let factors: Vec<String> = factors.iter().map(usize::to_string).collect();
            let _ = writeln!(
                text,
                "<OverviewList resampling=\"nearest\">{}</OverviewList>",
                factors.join(" ")
            );
        }
        text += "</VRTDataset>\n";
        Ok(text)
    }

    fn write_sources(&self, text: &mut String, band: usize) {
        for source in self.sources {
            let Window { width, height, .. } = source.window;
            let _ = writeln!(
                text,
                "<SimpleSource><SourceFilename relativeToVRT=\"0\">{}</SourceFilename>\
                 <SourceBand>{}</SourceBand><SourceProperties RasterXSize=\"{width}\" \
                 RasterYSize=\"{height}\" DataType=\"Byte\" BlockXSize=\"{PART_BLOCK}\" \
                 BlockYSize=\"{PART_BLOCK}\"/><SrcRect xOff=\"0\" yOff=\"0\" xSize=\"{width}\" \
                 ySize=\"{height}\"/><DstRect xOff=\"{}\" yOff=\"{}\" xSize=\"{width}\" \
                 ySize=\"{height}\"/></SimpleSource>",
                escaped(&source.path.to_string_lossy()),
                band + 1,
                source.window.column - self.window.column,
                source.window.row - self.window.row,
            );
        }
    }
}

/// Puts a file in its place, which may be on another disk.
fn move_to(from: &Path, to: &Path) -> Result<()> {
    if std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let aside = to.with_file_name(format!(".{name}.partial"));
    std::fs::copy(from, &aside)
        .and_then(|_| std::fs::rename(&aside, to))
        .and_then(|()| std::fs::remove_file(from))
        .map_err(|e| Error::unwritable(to, e))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

pub(super) fn driver(name: &str) -> Result<gdal::Driver> {
    DriverManager::get_driver_by_name(name).map_err(|_| {
        Error::input(
            "GDAL",
            format!("the one of this system does not write {name}"),
            "install GDAL 3.4 or later, with its usual drivers",
        )
    })
}

/// Writes a picture of red, green, blue and opacity, pixel by pixel, as PNG.
pub fn write_png(path: &Path, width: usize, height: usize, pixels: &[[u8; 4]]) -> Result<()> {
    let failed = |e| Error::unwritable(path, e);
    let memory = driver("MEM")?
        .create_with_band_type::<u8, _>("", width, height, 4)
        .map_err(failed)?;
    for n in 0..4 {
        let values: Vec<u8> = pixels.iter().map(|pixel| pixel[n]).collect();
        let mut band = memory.rasterband(n + 1).map_err(failed)?;
        band.write(
            (0, 0),
            (width, height),
            &mut Buffer::new((width, height), values),
        )
        .map_err(failed)?;
    }
    let aside = path.with_extension("png.partial");
    memory
        .create_copy(&driver("PNG")?, &aside, &RasterCreationOptions::default())
        .and_then(Dataset::close)
        .map_err(failed)?;
    std::fs::rename(&aside, path).map_err(|e| Error::unwritable(path, e))
}
