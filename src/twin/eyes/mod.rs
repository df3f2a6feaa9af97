//! The twin's eyes: aerial imagery of each date, the heights of ground and surface, and what a
//! photo-interpreter would note, pixel by pixel.

mod crops;
mod ground;
mod light;
mod paint;
mod roofs;
mod texture;
mod tops;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::CAVEAT;
use super::chance::mix;
use super::layout::Layout;
use super::palette::{Ground, cover, usage};
use super::relief::Relief;
use super::scene::{Object, Picture};
use super::shapes::Vector;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::partition::Polygon;
use crate::progress::Progress;
use crate::publish::Staging;
use crate::raster::{self, PixelGrid, Tiff, Window, burn};
use crate::reference::Reference;
use light::Season;
use paint::{Block, Painted, Sight, Surface, paint};

/// Sides of pixels that imagery can have, m.
pub(super) const PIXELS: std::ops::RangeInclusive<f64> = 0.2..=1.0;
/// Most pixels of one date.
pub(super) const MOST: u64 = 1 << 30;
/// The nomenclature of the annotations.
pub(super) const NOMENCLATURE: &str = "odeon-naf";
/// Side of a block, in pixels.
const BLOCK: usize = 1_024;
/// Heights where there is no ground.
const NO_HEIGHT: f64 = -9_999.0;

/// All that is to be seen of a territory.
pub(super) struct Eyes {
    grid: PixelGrid,
    window: Window,
    /// The objects of each date, by the block in which they are.
    dates: Vec<BTreeMap<(i64, i64), Vec<Seen>>>,
}

/// An object as it is seen.
#[derive(Clone)]
struct Seen {
    polygon: std::sync::Arc<Polygon>,
    number: i32,
}

/// The images of a date.
struct Images {
    visible: Tiff,
    infrared: Tiff,
    surface: Tiff,
    annotations: Tiff,
}

impl Eyes {
    /// For a territory, in pixels of this side.
    pub(super) fn new(layout: &Layout, pixel: f64, dates: usize) -> Result<Self> {
        if !PIXELS.contains(&pixel) {
            return Err(Error::input(
                "--imagery",
                format!("pixels cannot be {pixel} m"),
                "give their side in metres, from 0.2 to 1",
            ));
        }
        let [south_west, north_east] = layout.frame();
        let (grid, ..) = PixelGrid::of(0.0, 0.0, pixel);
        let window = grid.window([south_west.x, south_west.y, north_east.x, north_east.y]);
        if window.pixels() > MOST {
            return Err(Error::input(
                "--imagery",
                format!(
                    "images of {} by {} pixels are more than this twin paints",
                    window.width, window.height
                ),
                "give larger pixels, up to 1 m, or a smaller territory: 1 000 km² at 1 m will do",
            ));
        }
        Ok(Self {
            grid,
            window,
            dates: vec![BTreeMap::new(); dates],
        })
    }

    /// Looks at some cells and the roads between them.
    pub(super) fn see(&mut self, pictures: &[Picture], roads: &[Object]) {
        for (date, blocks) in self.dates.iter_mut().enumerate() {
            let objects = pictures.iter().flat_map(|picture| &picture.objects[date]);
            for object in objects.chain(roads) {
                let window = reach(&self.grid, &object.polygon);
                let seen = Seen {
                    polygon: std::sync::Arc::new(object.polygon.clone()),
                    number: number(object),
                };
                // What is just outside a block casts its shadow into it.
                let margin = paint::margin(self.grid.pixel) as i64;
                let block = |pixel: i64| pixel.div_euclid(BLOCK as i64);
                let (columns, rows) = (window.columns(), window.rows());
                for row in block(rows.start - margin)..=block(rows.end + margin) {
                    for column in block(columns.start - margin)..=block(columns.end + margin) {
                        blocks.entry((column, row)).or_default().push(seen.clone());
                    }
                }
            }
        }
    }

    /// Paints all that was seen, at these years.
    pub(super) fn write(
        self,
        layout: &Layout,
        years: &[u16],
        crs: &Crs,
        staging: &Staging,
        progress: &dyn Progress,
    ) -> Result<()> {
        let at = (crs, &self.grid, self.window);
        let reference = Reference::load(None)?;
        let blocks = self.blocks();
        progress.phase(
            "taking photographs",
            Some((blocks.len() * years.len()) as u64),
        );
        let terrain = staging.path("dtm.tif")?;
        let mut terrain = Tiff::create::<f32>(&terrain, at, 1, Some(NO_HEIGHT))?;
        for (date, year) in years.iter().enumerate() {
            let season = Season::new(layout.seed, date);
            let mut images = Images::create(staging, *year, at, &reference)?;
            for some in blocks.chunks(2 * rayon::current_num_threads()) {
                let painted: Vec<Photograph> = some
                    .par_iter()
                    .map(|&block| self.photograph(layout, &season, date, block))
                    .collect::<Result<_>>()?;
                for photograph in painted {
                    let window = photograph.window;
                    if date == 0 {
                        terrain.write(0, &window, photograph.terrain.clone())?;
                    }
                    images.write(&window, photograph)?;
                    progress.advance(1);
                }
            }
            images.finish()?;
        }
        terrain.finish()
    }

    /// The blocks of the territory, by column and row, row by row.
    fn blocks(&self) -> Vec<(i64, i64)> {
        let range = |pixels: std::ops::Range<i64>| {
            pixels.start.div_euclid(BLOCK as i64)..=(pixels.end - 1).div_euclid(BLOCK as i64)
        };
        let columns = range(self.window.columns());
        range(self.window.rows())
            .flat_map(|row| columns.clone().map(move |column| (column, row)))
            .collect()
    }

    fn photograph(
        &self,
        layout: &Layout,
        season: &Season,
        date: usize,
        block: (i64, i64),
    ) -> Result<Photograph> {
        let whole = Window {
            column: block.0 * BLOCK as i64,
            row: block.1 * BLOCK as i64,
            width: BLOCK,
            height: BLOCK,
        };
        let window = whole.intersection(&self.window);
        let margin = paint::margin(self.grid.pixel);
        let around = Window {
            column: window.column - margin as i64,
            row: window.row - margin as i64,
            width: window.width + 2 * margin,
            height: window.height + 2 * margin,
        };
        let none = Vec::new();
        let seen = self.dates[date].get(&block).unwrap_or(&none);
        let shapes: Vec<(&Polygon, i32)> = seen
            .iter()
            .map(|seen| (&*seen.polygon, seen.number))
            .collect();
        let burnt = burn(&self.grid, &around, &shapes)?;
        let sights: Vec<Sight> = burnt.iter().map(|&number| sight(number)).collect();
        let painted = paint(
            layout.seed,
            season,
            &Block {
                sights: &sights,
                width: window.width,
                height: window.height,
                margin,
                column: window.column,
                row: window.row,
                pixel: self.grid.pixel,
            },
        );
        let is_ground = |n: usize| painted.annotation[n] != 0;
        let terrain = (0..window.width * window.height).map(|n| {
            if !is_ground(n) {
                return NO_HEIGHT as f32;
            }
            let (column, row) = (
                window.column + (n % window.width) as i64,
                window.row + (n / window.width) as i64,
            );
            elevation(layout.relief(), self.grid.corner(column, row))
        });
        Ok(Photograph {
            window,
            terrain: terrain.collect(),
            painted,
        })
    }
}

/// A block at a date.
struct Photograph {
    window: Window,
    terrain: Vec<f32>,
    painted: Painted,
}

/// The ground's height above the sea, to the centimetre, m.
fn elevation(relief: &Relief, (x, y): (f64, f64)) -> f32 {
    to_centimetre(relief.elevation(Vector::new(x, y)) as f32)
}

fn to_centimetre(height: f32) -> f32 {
    (height * 100.0).round() / 100.0
}

impl Images {
    fn create(
        staging: &Staging,
        year: u16,
        at: (&Crs, &PixelGrid, Window),
        reference: &Reference,
    ) -> Result<Self> {
        let path = |name: &str| staging.path(format!("{name}-{year}.tif"));
        let bytes =
            |name: &str, bands: usize| Tiff::create::<u8>(&path(name)?, at, bands, Some(0.0));
        let mut annotations = bytes("annotations", 1)?;
        let classes = reference.rasters.get(NOMENCLATURE);
        let classes = classes.into_iter().flat_map(|list| list.iter());
        annotations.colour(classes.map(|(code, class)| (code as u16, class.colour)))?;
        annotations.tell(raster::NOMENCLATURE, NOMENCLATURE)?;
        annotations.tell(raster::TERRITORY, CAVEAT)?;
        Ok(Self {
            visible: bytes("rgb", 3)?,
            infrared: bytes("irc", 3)?,
            surface: Tiff::create::<f32>(&path("dsm")?, at, 1, Some(NO_HEIGHT))?,
            annotations,
        })
    }

    fn write(&mut self, window: &Window, photograph: Photograph) -> Result<()> {
        let Photograph {
            terrain, painted, ..
        } = photograph;
        let is_ground: Vec<bool> = painted.annotation.iter().map(|&code| code != 0).collect();
        // 0 stands for no data; the darkest ground is 1.
        let seen = |band: &[u8]| -> Vec<u8> {
            let pixel = |(&value, &is_ground): (&u8, &bool)| {
                if is_ground { value.max(1) } else { 0 }
            };
            band.iter().zip(&is_ground).map(pixel).collect()
        };
        let (red, green) = (seen(&painted.red), seen(&painted.green));
        let surface = terrain
            .iter()
            .zip(&painted.height)
            .map(|(&ground, &height)| {
                if ground == NO_HEIGHT as f32 {
                    ground
                } else {
                    to_centimetre(ground + height)
                }
            });
        self.surface.write(0, window, surface.collect())?;
        self.infrared.write(0, window, seen(&painted.infrared))?;
        self.infrared.write(1, window, red.clone())?;
        self.infrared.write(2, window, green.clone())?;
        self.visible.write(0, window, red)?;
        self.visible.write(1, window, green)?;
        self.visible.write(2, window, seen(&painted.blue))?;
        self.annotations.write(0, window, painted.annotation)
    }

    fn finish(self) -> Result<()> {
        self.visible.finish()?;
        self.infrared.finish()?;
        self.surface.finish()?;
        self.annotations.finish()
    }
}

/// The pixels around a polygon.
fn reach(grid: &PixelGrid, polygon: &Polygon) -> Window {
    let mut bounds = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    for point in &polygon.exterior {
        let (x, y) = point.metres();
        bounds = [
            bounds[0].min(x),
            bounds[1].min(y),
            bounds[2].max(x),
            bounds[3].max(y),
        ];
    }
    grid.window(bounds)
}

/// Surfaces by the number under which they are burnt, from 1 on.
const SURFACES: [Surface; 20] = [
    Surface::Building,
    Surface::Hall,
    Surface::Pool,
    Surface::Paved,
    Surface::Mineral,
    Surface::Composite,
    Surface::Bare,
    Surface::Water,
    Surface::Snow,
    Surface::Broadleaf,
    Surface::Conifer,
    Surface::Mixed,
    Surface::Shrub,
    Surface::Orchard,
    Surface::Vine,
    Surface::Field,
    Surface::Lawn,
    Surface::Meadow,
    Surface::ClearCut,
    Surface::Reed,
];

/// What an object is burnt as: its surface, and a number of its own that it keeps from date to date.
fn number(object: &Object) -> i32 {
    let surface = surface(object.ground);
    let place = SURFACES.iter().position(|s| *s == surface).unwrap_or(0) + 1;
    let first = object.polygon.exterior.first();
    let first = first.map_or(0, |p| (p.x as u32 as u64) << 32 | p.y as u32 as u64);
    let variety = (mix(first) >> 48) as i32;
    variety << 8 | place as i32
}

fn sight(number: i32) -> Sight {
    let place = (number & 0xff) as usize;
    match place.checked_sub(1).and_then(|n| SURFACES.get(n)) {
        Some(&surface) => Sight {
            surface,
            variety: (number >> 8) as u16,
        },
        None => Sight::default(),
    }
}

/// How ground looks from above.
fn surface(ground: Ground) -> Surface {
    match (ground.cover, ground.usage) {
        (cover::BUILT, usage::RESIDENTIAL | usage::MIXED) => Surface::Building,
        (cover::BUILT, _) => Surface::Hall,
        (cover::PAVED, _) => Surface::Paved,
        (cover::MINERAL, _) => Surface::Mineral,
        (cover::COMPOSITE, _) => Surface::Composite,
        (cover::BARE, _) => Surface::Bare,
        (cover::WATER, usage::RESIDENTIAL) => Surface::Pool,
        (cover::WATER, _) => Surface::Water,
        (cover::SNOW, _) => Surface::Snow,
        (cover::BROADLEAF, _) => Surface::Broadleaf,
        (cover::CONIFER, _) => Surface::Conifer,
        (cover::MIXED, _) => Surface::Mixed,
        (cover::SHRUB, usage::FARMING) => Surface::Orchard,
        (cover::SHRUB, _) => Surface::Shrub,
        (cover::VINE, _) => Surface::Vine,
        (cover::REED, _) => Surface::Reed,
        (_, usage::FARMING) => Surface::Field,
        (_, usage::FORESTRY) => Surface::ClearCut,
        (_, usage::NONE) => Surface::Meadow,
        _ => Surface::Lawn,
    }
}
