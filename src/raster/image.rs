//! Images: tiles of one pixel grid with the same bands, read as one.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gdal::Dataset;
use gdal::raster::{ColorInterpretation, GdalDataType, RasterBand, ResampleAlg};

use super::georeference::Georeference;
use super::grid::{PixelGrid, Window};
use super::resample::resampled;
use super::{find, open};
use crate::crs::Crs;
use crate::error::{Error, Result};

/// Images of one pixel grid, read as one. They may overlap where they agree.
pub struct Image {
    tiles: Vec<Tile>,
    crs: Crs,
    grid: PixelGrid,
    window: Window,
    bands: usize,
    names: Vec<Option<&'static str>>,
    kind: GdalDataType,
}

struct Tile {
    path: PathBuf,
    /// Open while its rows are read: a territory may have more tiles than a process may open files.
    dataset: Mutex<Option<Opened>>,
    /// Whether it stays open: it is no file, and could not be opened again.
    is_kept: bool,
    window: Window,
    /// By band.
    nodata: Vec<Option<f64>>,
    /// Whether GDAL knows of a mask that tells which pixels are there,
    has_mask: bool,
    /// and the band of opacity, from 1, if there is one.
    alpha: Option<usize>,
}

/// A dataset, and what it reads from when it is no file: the latter is closed after it.
struct Opened(
    Dataset,
    #[expect(dead_code, reason = "held open")] Vec<Dataset>,
);

impl Image {
    /// Opens the files of `patterns`, in the CRS `told` or their own. `place` says who asks.
    pub fn open(patterns: &[String], told: Option<&str>, place: &str) -> Result<Self> {
        let mut paths = Vec::new();
        for pattern in patterns {
            paths.extend(find(pattern, place)?);
        }
        paths.sort();
        paths.dedup();
        let mut image: Option<Self> = None;
        for path in paths {
            let one = Self::of_file(path, told)?;
            match &mut image {
                None => image = Some(one),
                Some(all) => all.add(one)?,
            }
        }
        image.ok_or_else(|| Error::Internal("a pattern has no file".to_owned()))
    }

    /// Opens one file, in the CRS `told` or its own, which must be `crs`.
    pub fn open_one(path: &Path, told: Option<&str>, crs: &Crs, place: &str) -> Result<Self> {
        let pattern = glob::Pattern::escape(&path.to_string_lossy());
        let image = Self::open(&[pattern], told, place)?;
        if image.crs.is_same(crs) {
            return Ok(image);
        }
        Err(Error::input(
            path.display(),
            format!(
                "is in {}, the territory in {}",
                image.crs.name(),
                crs.name()
            ),
            "give it in the CRS of the territory",
        ))
    }

    /// The same in pixels of another side, on the grid of the origin of the CRS; as it is, when it
    /// is so.
    pub fn resampled(self, pixel: f64) -> Result<Self> {
        let (goal, ..) = PixelGrid::of(0.0, 0.0, pixel);
        if self.grid.is_same(&goal) {
            return Ok(self);
        }
        let paths: Vec<PathBuf> = self.files().cloned().collect();
        let (dataset, from) = resampled(&paths, self.grid.pixel, pixel)?;
        let path = paths.into_iter().next().unwrap_or_default();
        let told = Some(self.crs.definition());
        let mut image = Self::of(dataset, path, told, from)?;
        // The sides that GDAL gives back are rounded.
        image.grid = goal;
        Ok(image)
    }

    fn of_file(path: PathBuf, told: Option<&str>) -> Result<Self> {
        let dataset = open(&path)?;
        Self::of(dataset, path, told, Vec::new())
    }

    fn of(dataset: Dataset, path: PathBuf, told: Option<&str>, from: Vec<Dataset>) -> Result<Self> {
        // What a file says of itself counts; what is told is for those that do not say.
        let says = dataset.spatial_ref().is_ok();
        let at = Georeference::read(
            &dataset,
            &path,
            told.filter(|_| !says),
            "`crs = \"EPSG:…\"` in the territory file, or `--crs EPSG:…`",
        )?;
        let place = path.display().to_string();
        if let Some(told) = told.filter(|_| says)
            && !at.crs.is_same(&Crs::parse(told, &place)?)
        {
            return Err(Error::input(
                place,
                format!(
                    "is in {}, by what it says, and {told} is told",
                    at.crs.name()
                ),
                "leave the CRS out where files say theirs; mend a wrong one with gdal_edit.py -a_srs",
            ));
        }
        at.crs.require_metres(&place)?;
        let unreadable = |e| Error::unreadable(&path, e);
        let all = dataset
            .rasterbands()
            .collect::<std::result::Result<Vec<RasterBand>, _>>()
            .map_err(unreadable)?;
        let Some(first) = all.first() else {
            return Err(Error::input(
                path.display(),
                "has no band",
                "give an image of its own file",
            ));
        };
        let is_alpha =
            |band: &RasterBand| band.color_interpretation() == ColorInterpretation::AlphaBand;
        let kept: Vec<&RasterBand> = all.iter().filter(|band| !is_alpha(band)).collect();
        let kind = first.band_type();
        if let Some(other) = kept.iter().find(|band| band.band_type() != kind) {
            return Err(Error::input(
                path.display(),
                format!("has bands of {kind} and of {} numbers", other.band_type()),
                "give bands of one kind (gdal_translate -ot)",
            ));
        }
        let flags = first.mask_flags().map_err(unreadable)?;
        let alpha = all.iter().position(is_alpha).map(|n| n + 1);
        let names = kept.iter().map(|band| name(band)).collect();
        let (grid, window) = at.window();
        let (bands, nodata) = (
            kept.len(),
            kept.iter().map(|band| band.no_data_value()).collect(),
        );
        drop(all);
        Ok(Self {
            crs: at.crs,
            grid,
            window,
            bands,
            names,
            kind,
            tiles: vec![Tile {
                window,
                nodata,
                has_mask: flags.is_per_dataset() || flags.is_alpha(),
                alpha,
                is_kept: !from.is_empty(),
                dataset: Mutex::new((!from.is_empty()).then_some(Opened(dataset, from))),
                path,
            }],
        })
    }

    /// Adds a tile, which must be of the same kind.
    fn add(&mut self, other: Self) -> Result<()> {
        let (mine, theirs) = (self.file(), other.file());
        let refuse = |what: String, advice: &str| Err(Error::input(&theirs, what, advice));
        if !self.crs.is_same(&other.crs) {
            return refuse(
                format!("is in {}, {mine} in {}", other.crs.name(), self.crs.name()),
                "give images of one CRS, or warp them beforehand",
            );
        }
        if !self.grid.has_pixel_of(other.grid.pixel) {
            return refuse(
                format!(
                    "its pixels are {} m, those of {mine} are {} m",
                    other.grid.pixel, self.grid.pixel
                ),
                "give tiles of one resolution",
            );
        }
        if !self.grid.is_same(&other.grid) {
            return refuse(
                format!("is not on the pixel grid of {mine}"),
                "give tiles of one grid, or resample them beforehand",
            );
        }
        if (self.bands, self.kind) != (other.bands, other.kind) {
            return refuse(
                format!(
                    "has {} bands of {} numbers, {mine} {} of {}",
                    other.bands, other.kind, self.bands, self.kind
                ),
                "give tiles with the same bands",
            );
        }
        self.window = self.window.hull(&other.window);
        self.tiles.extend(other.tiles);
        Ok(())
    }

    /// The first file, to name the image in messages.
    pub fn file(&self) -> String {
        let first = self.tiles.first();
        first.map_or_else(String::new, |t| t.path.display().to_string())
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.tiles.iter().map(|tile| &tile.path)
    }

    /// The CRS.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// The pixel grid.
    pub fn grid(&self) -> &PixelGrid {
        &self.grid
    }

    /// The smallest window that holds all tiles.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Number of bands; one of transparency is not counted.
    pub fn bands(&self) -> usize {
        self.bands
    }

    /// What the first file says that the bands are.
    pub fn names(&self) -> &[Option<&'static str>] {
        &self.names
    }

    /// The kind of numbers of the bands.
    pub fn kind(&self) -> GdalDataType {
        self.kind
    }

    /// Whether no file reaches a window.
    pub fn is_outside(&self, window: &Window) -> bool {
        let reaches = |tile: &Tile| !tile.window.intersection(window).is_empty();
        !self.tiles.iter().any(reaches)
    }

    /// Reads `bands` (from 0) of a window into `values`, band by band and row by row, and says in
    /// `valid` where a file has data; elsewhere values are 0. Reading downwards opens every file
    /// once.
    pub fn read(
        &self,
        window: &Window,
        bands: &[usize],
        values: &mut [f32],
        valid: &mut [bool],
    ) -> Result<()> {
        let pixels = window.width * window.height;
        let (mut read, mut is_there) = (Vec::new(), Vec::new());
        let mut is_first = true;
        let covers = |tile: &Tile| tile.window.intersection(window) == *window;
        let reaches = |tile: &&Tile| !tile.window.intersection(window).is_empty();
        if !self.tiles.iter().find(reaches).is_some_and(covers) {
            values.fill(0.0);
            valid.fill(false);
        }
        for tile in &self.tiles {
            let part = tile.window.intersection(window);
            if part.height == 0 && !tile.is_kept {
                *tile.dataset.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            if part.is_empty() {
                continue;
            }
            if part == *window && std::mem::take(&mut is_first) {
                // Most windows lie in one file.
                tile.read(&part, bands, values, valid)?;
                for (n, _) in valid.iter().enumerate().filter(|(_, valid)| !**valid) {
                    for band in 0..bands.len() {
                        values[band * pixels + n] = 0.0;
                    }
                }
                continue;
            }
            is_first = false;
            let size = part.width * part.height;
            read.clear();
            read.resize(bands.len() * size, 0.0);
            is_there.resize(size, false);
            tile.read(&part, bands, &mut read, &mut is_there)?;
            for line in 0..part.height {
                let row = (part.row - window.row) as usize + line;
                let to = row * window.width + (part.column - window.column) as usize;
                let from = line * part.width;
                for n in 0..part.width {
                    if !is_there[from + n] {
                        continue;
                    }
                    let was_there = std::mem::replace(&mut valid[to + n], true);
                    for band in 0..bands.len() {
                        let value = read[band * size + from + n];
                        let at = &mut values[band * pixels + to + n];
                        if was_there && *at != value {
                            return Err(Error::input(
                                tile.path.display(),
                                format!(
                                    "overlaps another image and disagrees with it: band {}, \
                                     column {}, row {}: {value} against {at}",
                                    bands[band] + 1,
                                    part.column - tile.window.column + n as i64,
                                    part.row - tile.window.row + line as i64,
                                ),
                                "give images that agree where they overlap",
                            ));
                        }
                        *at = value;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a band says that it is: a colour.
fn name(band: &RasterBand) -> Option<&'static str> {
    match band.color_interpretation() {
        ColorInterpretation::RedBand => Some("red"),
        ColorInterpretation::GreenBand => Some("green"),
        ColorInterpretation::BlueBand => Some("blue"),
        _ => None,
    }
}

impl Tile {
    /// Reads a part of the tile.
    fn read(
        &self,
        part: &Window,
        bands: &[usize],
        values: &mut [f32],
        is_there: &mut [bool],
    ) -> Result<()> {
        let mut dataset = self.dataset.lock().unwrap_or_else(PoisonError::into_inner);
        let Opened(dataset, _) = match &mut *dataset {
            Some(opened) => opened,
            closed => closed.insert(Opened(open(&self.path)?, Vec::new())),
        };
        let corner = (
            (part.column - self.window.column) as isize,
            (part.row - self.window.row) as isize,
        );
        let shape = (part.width, part.height);
        let size = part.width * part.height;
        is_there.fill(false);
        for (&band, values) in bands.iter().zip(values.chunks_exact_mut(size)) {
            let failed = |e| Error::unreadable(&self.path, format!("band {}: {e}", band + 1));
            let from = dataset.rasterband(band + 1).map_err(failed)?;
            from.read_into_slice(corner, shape, shape, values, None::<ResampleAlg>)
                .map_err(failed)?;
            // A pixel is missing where all its bands are.
            let nodata = self.nodata[band].map(|value| value as f32);
            if nodata.is_none() && from.band_type().is_integer() {
                is_there.fill(true);
                continue;
            }
            for (there, &value) in is_there.iter_mut().zip(values.iter()) {
                *there |= value.is_finite() && nodata != Some(value);
            }
        }
        if self.has_mask || self.alpha.is_some() {
            let failed = |e| Error::unreadable(&self.path, format!("mask: {e}"));
            let first = dataset
                .rasterband(self.alpha.unwrap_or(1))
                .map_err(failed)?;
            let apart = match self.alpha {
                Some(_) => None,
                None => Some(first.open_mask_band().map_err(failed)?),
            };
            let mask = apart
                .as_ref()
                .unwrap_or(&first)
                .read_as::<u8>(corner, shape, shape, None::<ResampleAlg>)
                .map_err(failed)?;
            for (there, &mask) in is_there.iter_mut().zip(mask.data()) {
                *there &= mask != 0;
            }
        }
        Ok(())
    }
}
