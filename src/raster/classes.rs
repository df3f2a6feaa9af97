//! Class rasters: tiles of one pixel grid, read as one.

use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;

use gdal::Dataset;
use gdal::raster::{GdalDataType, ResampleAlg};

use super::georeference::{Georeference, TOLERANCE};
use super::{find, open};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::Point;

/// Tiles of one pixel grid. Tiles may overlap where they agree.
pub struct Mosaic {
    tiles: Vec<Tile>,
    /// Upper left corner, in metres.
    origin: (f64, f64),
    /// Size of a pixel, in metres.
    pixel: f64,
    width: usize,
    height: usize,
}

/// Where the pixels of a mosaic lie.
#[derive(Clone, Copy, Debug)]
pub struct Placing {
    /// The upper left corner of the first pixel, m.
    pub origin: (f64, f64),
    /// Side of a pixel, m.
    pub pixel: f64,
}

impl Placing {
    /// The grid point so many columns and rows from the upper left corner; `None` beyond the grid.
    pub fn at(&self, column: f64, row: f64) -> Option<Point> {
        Point::from_metres(
            self.origin.0 + column * self.pixel,
            self.origin.1 - row * self.pixel,
        )
    }
}

struct Tile {
    path: PathBuf,
    /// Open while its rows are read: a territory may have more tiles than a process may open files.
    dataset: RefCell<Option<Dataset>>,
    nodata: Option<f64>,
    /// Of its upper left pixel, in the mosaic.
    column: usize,
    row: usize,
    width: usize,
    height: usize,
}

/// A pixel of a mosaic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pixel {
    /// No tile reaches here.
    #[default]
    Outside,
    /// The tile has its nodata value here.
    Nodata,
    /// A value.
    Value(i32),
}

struct Header {
    path: PathBuf,
    nodata: Option<f64>,
    left: f64,
    top: f64,
    pixel: f64,
    size: (usize, usize),
}

impl Mosaic {
    /// Opens the files of `patterns`, in the CRS `told` or their own, which must be `target`.
    pub fn open(
        patterns: &[String],
        told: Option<&str>,
        target: &Crs,
        place: &str,
    ) -> Result<Self> {
        let mut paths = Vec::new();
        for pattern in patterns {
            paths.extend(find(pattern, place)?);
        }
        paths.sort();
        paths.dedup();
        let headers: Vec<Header> = paths
            .into_iter()
            .map(|path| header(path, told, target))
            .collect::<Result<_>>()?;
        let first = &headers[0];
        let pixel = first.pixel;
        for other in &headers[1..] {
            if ((other.pixel - pixel) / pixel).abs() > 1e-6 {
                return Err(Error::input(
                    other.path.display(),
                    format!(
                        "its pixels are {} m, those of {} are {pixel} m",
                        other.pixel,
                        first.path.display()
                    ),
                    "give tiles of one resolution",
                ));
            }
            let off = |a: f64, b: f64| ((a - b) / pixel - ((a - b) / pixel).round()).abs();
            if off(other.left, first.left) > TOLERANCE || off(other.top, first.top) > TOLERANCE {
                return Err(Error::input(
                    other.path.display(),
                    format!("is not on the pixel grid of {}", first.path.display()),
                    "give tiles of one grid, or resample them beforehand",
                ));
            }
        }
        let left = headers.iter().map(|h| h.left).fold(f64::INFINITY, f64::min);
        let top = headers
            .iter()
            .map(|h| h.top)
            .fold(f64::NEG_INFINITY, f64::max);
        let tiles: Vec<Tile> = headers
            .into_iter()
            .map(|h| Tile {
                nodata: h.nodata,
                column: ((h.left - left) / pixel).round() as usize,
                row: ((top - h.top) / pixel).round() as usize,
                width: h.size.0,
                height: h.size.1,
                path: h.path,
                dataset: RefCell::new(None),
            })
            .collect();
        Ok(Self {
            width: tiles.iter().map(|t| t.column + t.width).max().unwrap_or(0),
            height: tiles.iter().map(|t| t.row + t.height).max().unwrap_or(0),
            tiles,
            origin: (left, top),
            pixel,
        })
    }

    /// West, south, east, north, m.
    pub fn bounds(&self) -> [f64; 4] {
        let (west, north) = self.origin;
        let (width, height) = (self.width as f64, self.height as f64);
        let south = north - height * self.pixel;
        [west, south, west + width * self.pixel, north]
    }

    /// Refuses tiles that say that their classes are of another nomenclature.
    pub fn require_nomenclature(&self, name: &str) -> Result<()> {
        for tile in &self.tiles {
            super::require_nomenclature(&tile.path, name)?;
        }
        Ok(())
    }

    /// Columns of pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Number of pixels of all tiles.
    pub fn pixels(&self) -> u64 {
        self.tiles.iter().map(|t| (t.width * t.height) as u64).sum()
    }

    /// The files read.
    pub fn files(&self) -> Vec<String> {
        self.tiles
            .iter()
            .map(|t| t.path.display().to_string())
            .collect()
    }

    /// The file that holds a pixel; where none does, one of the files.
    fn file_at(&self, column: usize, row: usize) -> String {
        let holds = |t: &&Tile| {
            (t.column..t.column + t.width).contains(&column)
                && (t.row..t.row + t.height).contains(&row)
        };
        let found = self.tiles.iter().find(holds).or(self.tiles.first());
        found.map_or_else(String::new, |t| t.path.display().to_string())
    }

    /// What is said of the value of a pixel that its nomenclature does not have.
    pub fn not_of(&self, nomenclature: &str, value: i32, column: usize, row: usize) -> Error {
        Error::input(
            self.file_at(column, row),
            format!("holds the value {value}, which `{nomenclature}` does not know"),
            "add it to the table of the nomenclature, in a folder of reference tables",
        )
    }

    /// Where its pixels lie.
    pub fn placing(&self) -> Placing {
        Placing {
            origin: self.origin,
            pixel: self.pixel,
        }
    }

    /// The columns that tiles reach in `count` rows from `row` on.
    pub fn columns(&self, row: usize, count: usize) -> Range<usize> {
        let here = |t: &&Tile| t.row < row + count && row < t.row + t.height;
        let tiles = || self.tiles.iter().filter(here);
        let first = tiles().map(|t| t.column).min().unwrap_or(0);
        first..tiles().map(|t| t.column + t.width).max().unwrap_or(first)
    }

    /// Reads these `columns` of `count` rows from `row` on, row by row, into `pixels`. Reading
    /// downwards opens every tile once.
    pub fn read(
        &self,
        columns: &Range<usize>,
        row: usize,
        count: usize,
        pixels: &mut Vec<Pixel>,
    ) -> Result<()> {
        pixels.clear();
        pixels.resize(columns.len() * count, Pixel::Outside);
        for tile in &self.tiles {
            let first = row.max(tile.row);
            let last = (row + count).min(tile.row + tile.height);
            if first >= last {
                tile.dataset.replace(None);
                continue;
            }
            let rows = last - first;
            let mut dataset = tile.dataset.borrow_mut();
            let dataset = match &mut *dataset {
                Some(dataset) => dataset,
                closed => closed.insert(open(&tile.path)?),
            };
            let band = dataset
                .rasterband(1)
                .map_err(|e| Error::unreadable(&tile.path, e))?;
            let values = band
                .read_as::<i32>(
                    (0, (first - tile.row) as isize),
                    (tile.width, rows),
                    (tile.width, rows),
                    None::<ResampleAlg>,
                )
                .map_err(|e| Error::unreadable(&tile.path, format!("band 1: {e}")))?;
            for (n, &value) in values.data().iter().enumerate() {
                let (column, line) = (tile.column + n % tile.width, n / tile.width);
                let at = &mut pixels[(first - row + line) * columns.len() + column - columns.start];
                let is_nodata = tile.nodata.is_some_and(|nodata| nodata == f64::from(value));
                let pixel = if is_nodata {
                    Pixel::Nodata
                } else {
                    Pixel::Value(value)
                };
                match *at {
                    Pixel::Outside | Pixel::Nodata => *at = pixel,
                    Pixel::Value(_) if *at == pixel || is_nodata => {}
                    Pixel::Value(other) => {
                        return Err(Error::input(
                            tile.path.display(),
                            format!(
                                "overlaps another tile and disagrees with it: {value} against \
                                 {other} at column {column}, row {}",
                                first + line
                            ),
                            "give tiles that agree where they overlap",
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

fn header(path: PathBuf, told: Option<&str>, target: &Crs) -> Result<Header> {
    let dataset = open(&path)?;
    let place = path.display().to_string();
    let key = "`crs = \"EPSG:…\"` of the vintage";
    let at = Georeference::read(&dataset, &path, told, key)?;
    if !at.crs.is_same(target) {
        return Err(Error::input(
            place,
            format!(
                "is in {}, the territory in {}",
                at.crs.name(),
                target.name()
            ),
            "a class raster is not resampled here: give the territory its CRS, or warp it",
        ));
    }
    if dataset.raster_count() != 1 {
        return Err(Error::input(
            &place,
            format!(
                "has {} bands; a class raster has one",
                dataset.raster_count()
            ),
            "give the band of the classes alone (gdal_translate -b)",
        ));
    }
    let band = dataset
        .rasterband(1)
        .map_err(|e| Error::unreadable(&path, e))?;
    let kind = band.band_type();
    if !matches!(
        kind,
        GdalDataType::UInt8 | GdalDataType::UInt16 | GdalDataType::Int16 | GdalDataType::Int32
    ) {
        return Err(Error::input(
            &place,
            format!("band 1 holds {kind} numbers; classes are whole numbers of at most 32 bits"),
            "convert it (gdal_translate -ot Byte)",
        ));
    }
    let nodata = band.no_data_value();
    Ok(Header {
        nodata,
        left: at.left,
        top: at.top,
        pixel: at.pixel,
        size: at.size,
        path,
    })
}
