//! The twin: a territory that does not exist, but could, in vintages whose true changes are known.
//!
//! The ground is cut in cells of about two kilometres (`layout`), each painted on its own for all
//! dates at once (`cell`, `scene`) and joined by the roads between them (`edges`). Everything
//! follows from the seed: the same seed gives the same bytes, whatever the number of threads.
//!
//! Beside the true vintages a twin may have what others make of the ground: vintages as production
//! would observe them (`observe`), aerial imagery (`eyes`), and the reference layers that
//! production starts from (`register`, `sources`).

mod cadastre;
mod canvas;
mod cell;
mod chance;
mod communes;
mod contour;
mod countryside;
mod edges;
mod eyes;
mod houses;
mod layout;
mod lines;
mod observe;
mod palette;
mod plan;
mod register;
mod relief;
mod scene;
mod shapes;
mod shore;
mod sites;
mod sources;
mod village;
mod write;

use std::path::Path;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::publish::{Staging, require_new};
use edges::Edges;
use eyes::Eyes;
use layout::{Cell, Layout};
use observe::{Noise, Observed};
use scene::{Object, Picture};
use sources::Sources;

/// What every figure of a twin is to be read with: it is of a territory that does not exist.
pub const CAVEAT: &str = "sur territoire fictif";

/// Least and most size of a twin, km².
pub const SIZES: std::ops::RangeInclusive<u32> = 1..=10_000;

/// Years that a vintage may bear.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=2100;

/// The kind of country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landscape {
    /// Plain and hills.
    Inland,
    /// The sea along the south.
    Shore,
    /// Summits in the north.
    Mountain,
}

/// A territory to be made.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Its size, km².
    pub km2: u32,
    /// What all chance follows from.
    pub seed: u64,
    /// The years of its vintages, increasing.
    pub years: Vec<u16>,
    /// The kind of country.
    pub landscape: Landscape,
    /// Whether the vintages are also given as production would make them, with the errors of real
    /// ones.
    pub is_observed: bool,
    /// Side of the pixels of aerial imagery, m; none is painted when not given.
    pub imagery: Option<f64>,
    /// Whether the reference layers that production starts from are also given, with their faults:
    /// BD TOPO, BD Forêt, RPG and Fichiers fonciers of each date, in the folder `sources`.
    pub has_sources: bool,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Number of communes.
    pub communes: usize,
    /// Number of objects of each vintage.
    pub objects: Vec<usize>,
    /// Share of the ground that bears its true class in what is observed.
    pub right_share: Option<f64>,
}

impl Twin {
    /// Makes the territory in the folder `out`, which must be absent or empty.
    pub fn write(&self, out: &Path, progress: &dyn Progress) -> Result<Summary> {
        self.check(out)?;
        let layout = Layout::new(self.km2, self.seed, self.landscape);
        let eyes = |pixel: f64| Eyes::new(&layout, pixel, self.years.len());
        let mut eyes = self.imagery.map(eyes).transpose()?;
        let plans = plan::plan(&layout, &self.years);
        let staging = Staging::new(out)?;
        let mut files = write::Files::create(&staging, &self.years)?;
        let mut observed = match self.is_observed {
            true => Some(write::ObservedFiles::create(&staging, &self.years)?),
            false => None,
        };
        let mut sources = match self.has_sources {
            true => Some(Sources::create(&layout, &staging, &self.years)?),
            false => None,
        };
        let noise = Noise::new(&layout);
        let (mut right, mut total) = (0i64, 0i64);
        let mut edges = Edges::default();
        progress.phase("painting", Some(layout.rows as u64));
        for row in 0..layout.rows {
            let cells = layout.cells(row);
            let paint = |&cell: &Cell| cell::paint(&layout, plans.get(&cell), cell, &self.years);
            let pictures: Vec<Picture> = cells.par_iter().map(paint).collect();
            for (&cell, picture) in cells.iter().zip(&pictures) {
                edges.add(&layout, cell, &picture.outline);
            }
            let roads = edges.roads(&layout, row);
            files.write(&pictures, &roads)?;
            if let Some(eyes) = &mut eyes {
                eyes.see(&pictures, &roads);
            }
            if let Some(sources) = &mut sources {
                sources.write(&layout, &cells, &pictures)?;
            }
            for date in 0..self.years.len() {
                let Some(files) = &mut observed else { continue };
                let observe = |picture: &Picture| noise.observe(picture, date);
                let cells: Vec<Observed> = pictures.par_iter().map(observe).collect();
                right += cells.iter().map(|cell| cell.right).sum::<i64>();
                total += cells.iter().map(|cell| cell.total).sum::<i64>();
                let drawn: Vec<Object> = roads.iter().map(|r| noise.road(date, r)).collect();
                let objects = cells.iter().flat_map(|cell| &cell.objects).chain(&drawn);
                let zones = pictures.iter().flat_map(|picture| &picture.zones[date]);
                files.write(date, objects, zones)?;
            }
            progress.advance(1);
        }
        let objects = files.finish()?;
        let communes = communes::communes(&layout, &edges);
        write::communes(&staging, &communes)?;
        write::territory(&staging, self)?;
        if let Some(files) = observed {
            files.finish()?;
            write::observed_territory(&staging, self)?;
        }
        if let Some(sources) = sources {
            sources.finish()?;
        }
        if let Some(eyes) = eyes {
            let crs = write::crs()?;
            eyes.write(&layout, &self.years, &crs, &staging, progress)?;
        }
        staging.finish()?;
        Ok(Summary {
            communes: communes.len(),
            objects,
            right_share: (total > 0).then(|| right as f64 / total as f64),
        })
    }

    fn check(&self, out: &Path) -> Result<()> {
        if !SIZES.contains(&self.km2) {
            return Err(Error::input(
                "--km2",
                format!("{} km² is not a size that a twin can have", self.km2),
                format!(
                    "give a whole number from {} to {}",
                    SIZES.start(),
                    SIZES.end()
                ),
            ));
        }
        let is_increasing = self.years.windows(2).all(|pair| pair[0] < pair[1]);
        if self.years.is_empty() || !is_increasing || !self.years.iter().all(|y| YEARS.contains(y))
        {
            let years: Vec<String> = self.years.iter().map(u16::to_string).collect();
            return Err(Error::input(
                "--years",
                format!(
                    "`{}` are not the years of successive vintages",
                    years.join(",")
                ),
                "give one year or more, increasing, such as 2016,2019,2022",
            ));
        }
        require_new(out)
    }
}
