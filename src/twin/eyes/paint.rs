//! The painter of the twin: what an aerial photograph shows of what the vintage has, after the
//! BD ORTHO of IGN: colours, near infrared, height above ground, and what a photo-interpreter
//! would annotate.
//!
//! A pixel follows from the seed, the season, its place in the world and the sights about it, and
//! from nothing else: blocks that are painted apart join without a seam.

use super::crops::{Fields, Parcels};
use super::ground;
use super::light::{Colour, SHADOW, Season};
use super::roofs::{Roofs, SLOPE};
use super::texture::{Frame, Grain, Window, grains, lay};
use super::tops::{Ground, POOL_SPREAD, SPREAD, Thing, Top};
use crate::twin::chance::mix;

/// Weights of the blur of the lens, of about 0.7 pixel: the middle, and each side.
const BLUR: (f32, f32) = (0.58, 0.21);
/// Pixels about a block that its blur needs.
const RING: usize = 1;
/// Farthest that an outline of the interpreter goes astray, metres east and south.
const ASTRAY: f64 = 0.9;
/// Length over which the interpreter goes astray in one direction, metres.
const ASTRAY_WAVE: f64 = 9.0;
/// Half the distance over which slopes are measured, metres.
const SLOPE_STEP: f64 = 0.3;
/// Greatest error of a height, metres.
const HEIGHT_NOISE: f32 = 0.1;

/// What is seen on a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Surface {
    /// Nothing: beyond the territory.
    #[default]
    None,
    /// House, or other small building.
    Building,
    /// Workshop, warehouse, barn: large, under sheets.
    Hall,
    /// Road, street, car park.
    Paved,
    /// Gravel, ballast, beaten earth.
    Mineral,
    /// Yard of mixed materials.
    Composite,
    /// Rock, sand, quarry.
    Bare,
    /// River, pond, sea.
    Water,
    /// Swimming pool that the vintage has.
    Pool,
    /// Snow.
    Snow,
    /// Broadleaved wood, hedge.
    Broadleaf,
    /// Wood of conifers.
    Conifer,
    /// Wood of both.
    Mixed,
    /// Heath.
    Shrub,
    /// Orchard.
    Orchard,
    /// Vineyard.
    Vine,
    /// Farmed land, whatever grows on it.
    Field,
    /// Mown grass.
    Lawn,
    /// Grass of no use.
    Meadow,
    /// Wood that was felled.
    ClearCut,
    /// Reeds.
    Reed,
}

impl Surface {
    /// Number of surfaces.
    pub(super) const COUNT: usize = Surface::Reed as usize + 1;
}

/// A pixel as the vintage has it: its surface, and a number that tells its object from others,
/// the same at every date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) surface: Surface,
    pub(super) variety: u16,
}

/// A block to be painted, with its margin.
pub(super) struct Block<'a> {
    /// Row by row, from the north, margins included.
    pub(super) sights: &'a [Sight],
    /// Columns, without margin.
    pub(super) width: usize,
    /// Rows, without margin.
    pub(super) height: usize,
    /// Pixels on each side, at least those that `margin` gives.
    pub(super) margin: usize,
    /// Column of the first pixel without margin, from the origin of the coordinates, eastward.
    pub(super) column: i64,
    /// Row of the first pixel without margin, from the origin of the coordinates, southward.
    pub(super) row: i64,
    /// Side of a pixel, metres.
    pub(super) pixel: f64,
}

/// A painted block, without margin, row by row from the north.
#[derive(Debug, PartialEq)]
pub(super) struct Painted {
    pub(super) red: Vec<u8>,
    pub(super) green: Vec<u8>,
    pub(super) blue: Vec<u8>,
    pub(super) infrared: Vec<u8>,
    /// Metres above the ground.
    pub(super) height: Vec<f32>,
    /// Codes of the interpreter; 0 beyond the territory.
    pub(super) annotation: Vec<u8>,
}

/// Codes of what the interpreter annotates.
mod code {
    pub(super) const BUILDING: u8 = 1;
    pub(super) const PERMEABLE: u8 = 2;
    pub(super) const IMPERMEABLE: u8 = 3;
    pub(super) const POOL: u8 = 4;
    pub(super) const BARE: u8 = 5;
    pub(super) const WATER: u8 = 6;
    pub(super) const SNOW: u8 = 7;
    pub(super) const CONIFER: u8 = 8;
    pub(super) const CLEAR_CUT: u8 = 9;
    pub(super) const BROADLEAF: u8 = 10;
    pub(super) const SHRUB: u8 = 11;
    pub(super) const VINE: u8 = 12;
    pub(super) const CROP: u8 = 13;
    pub(super) const PLOUGHED: u8 = 14;
}

/// Pixels of margin that shadows, crowns and blur need.
pub(super) fn margin(pixel: f64) -> usize {
    let metres = (SHADOW + SPREAD).max(2.0 * POOL_SPREAD).max(2.0 * SLOPE);
    (metres / pixel).ceil() as usize + 2 * slope_step(pixel) + ring(pixel) + 2
}

/// Paints a block as it is at a season.
pub(super) fn paint(seed: u64, season: &Season, block: &Block) -> Painted {
    let salt = mix(seed ^ 0x0e7e_5000);
    let frame = Frame::new(block);
    let inner = Window {
        left: block.margin,
        top: block.margin,
        width: block.width,
        height: block.height,
    };
    let view = inner.grown(&frame, [ring(frame.pixel); 4]);
    let near = view.grown(&frame, [slope_step(frame.pixel); 4]);
    let window = near.grown(&frame, season.reach(frame.pixel));
    let parcels = Parcels::new(mix(salt ^ 1), &frame, &window, SPREAD);
    let ground = Ground {
        salt: mix(salt ^ 2),
        frame,
        sights: block.sights,
        parcels: &parcels,
    };
    let grains = grains(mix(salt ^ 3), &frame, &window);
    let mut tops = ground.raise(&window, &grains);
    let horizon = season.horizon(&frame, &window, &tops);
    // Pools are dug once shadows are cast: they cast none.
    ground.dig(&window, &near, &mut tops);
    let scene = Scene {
        ground,
        season,
        window,
        grains,
        tops,
        horizon,
        roofs: Roofs::new(&ground, view.grown(&frame, [roof_reach(frame.pixel); 4])),
    };
    scene.shoot(&inner, &view)
}

/// Pixels about a block that its blur and its annotation need.
fn ring(pixel: f64) -> usize {
    RING.max((ASTRAY / pixel).ceil() as usize)
}

/// Half the distance over which slopes are measured, in pixels.
fn slope_step(pixel: f64) -> usize {
    (SLOPE_STEP / pixel).round().max(1.0) as usize
}

/// Pixels about a view whose distances to the edges of their roofs it needs.
fn roof_reach(pixel: f64) -> usize {
    (1.2 * SLOPE / pixel).ceil() as usize + 2
}

/// All that stands in a block, ready to be seen.
struct Scene<'a> {
    ground: Ground<'a>,
    season: &'a Season,
    /// The window that noise, tops and horizon are of.
    window: Window,
    grains: Vec<Grain>,
    tops: Vec<Top>,
    horizon: Vec<f32>,
    roofs: Roofs,
}

impl Scene<'_> {
    /// What the camera and the interpreter make of a view, whose inner part is kept.
    fn shoot(&self, inner: &Window, view: &Window) -> Painted {
        let frame = &self.ground.frame;
        let count = inner.width * inner.height;
        let mut painted = Painted {
            red: Vec::with_capacity(count),
            green: Vec::with_capacity(count),
            blue: Vec::with_capacity(count),
            infrared: Vec::with_capacity(count),
            height: Vec::with_capacity(count),
            annotation: Vec::with_capacity(count),
        };
        let mut fields = Fields::new(self.ground.parcels, self.season);
        let mut seen = Vec::with_capacity(view.width * view.height);
        let mut codes = Vec::with_capacity(view.width * view.height);
        for row in view.rows() {
            for column in view.columns() {
                let pixel = self.see(&mut fields, column, row);
                if inner.columns().contains(&column) && inner.rows().contains(&row) {
                    painted.height.push(pixel.height);
                }
                seen.push(pixel.colour);
                codes.push(pixel.annotation);
            }
        }
        self.annotate(inner, view, &codes, &mut painted.annotation);
        for row in inner.rows() {
            for column in inner.columns() {
                let index = painted.red.len();
                let (east, south) = (frame.column + column as i64, frame.row + row as i64);
                let colour = blurred(&seen, view, column, row);
                let (levels, chance) = self.season.expose(colour, east, south);
                let is_ground = painted.annotation[index] != 0;
                let [red, green, blue, infrared] = if is_ground { levels } else { [0; 4] };
                painted.red.push(red);
                painted.green.push(green);
                painted.blue.push(blue);
                painted.infrared.push(infrared);
                if is_ground {
                    let error = (chance >> 40) as f32 / 8_388_608.0 - 1.0;
                    painted.height[index] += HEIGHT_NOISE * error;
                }
            }
        }
        painted
    }

    /// Writes what the interpreter draws of the codes of a view: outlines go a little astray,
    /// elsewhere at each date.
    fn annotate(&self, inner: &Window, view: &Window, codes: &[u8], annotation: &mut Vec<u8>) {
        let frame = &self.ground.frame;
        let pixels = (ASTRAY / frame.pixel) as f32;
        let astray = |number: u64| {
            let mut steps = Vec::with_capacity(inner.width * inner.height);
            let salt = mix(self.season.key ^ number);
            lay(salt, frame, inner, ASTRAY_WAVE, |_, noise| {
                steps.push((noise * pixels).round() as isize);
            });
            steps
        };
        let places = inner
            .rows()
            .flat_map(|row| inner.columns().map(move |column| (column, row)));
        for (((column, row), east), south) in places.zip(astray(4)).zip(astray(5)) {
            let own = codes[view.index(column, row)];
            let drawn = column
                .checked_add_signed(east)
                .zip(row.checked_add_signed(south))
                .filter(|(column, row)| {
                    view.columns().contains(column) && view.rows().contains(row)
                })
                .map_or(own, |(column, row)| codes[view.index(column, row)]);
            // The limit of the territory is no outline of his.
            annotation.push(if own == 0 || drawn == 0 { own } else { drawn });
        }
    }

    /// What is seen at a pixel, before the lens.
    fn see(&self, fields: &mut Fields, column: usize, row: usize) -> Seen {
        let frame = &self.ground.frame;
        let index = self.window.index(column, row);
        let (top, grain) = (&self.tops[index], &self.grains[index]);
        let sight = self.ground.sight(column, row);
        let mut height = top.height;
        let mut is_ploughed = false;
        let colour = match (ground::thing(top, self.season, grain), sight.surface) {
            (_, Surface::None) => {
                return Seen {
                    colour: [0.0; 4],
                    height: 0.0,
                    annotation: 0,
                };
            }
            (Some(colour), _) => colour,
            (None, Surface::Field) => {
                let place = (frame.x(column), frame.y(row));
                let grown = fields.grow(frame, place, grain);
                height += grown.height;
                is_ploughed = grown.is_ploughed;
                grown.colour
            }
            (None, Surface::Building | Surface::Hall) => {
                self.roofs
                    .colour(&self.ground, self.season, (column, row), grain)
            }
            (None, surface) => {
                let object = self.ground.object(sight);
                ground::surface(surface, object, self.season, top, grain)
            }
        };
        let shade = match is_rough(top.thing, sight.surface) {
            true => self.slope_light(column, row),
            false => 1.0,
        };
        let below = self.horizon[index] - top.height;
        Seen {
            colour: self.season.light(colour, shade, below),
            height,
            annotation: annotation(top.thing, sight.surface, is_ploughed),
        }
    }

    /// How the slope of what stands at a pixel is lit.
    fn slope_light(&self, column: usize, row: usize) -> f32 {
        let step = slope_step(self.ground.frame.pixel);
        let at = |column: usize, row: usize| {
            let column = column.clamp(self.window.left, self.window.columns().end - 1);
            let row = row.clamp(self.window.top, self.window.rows().end - 1);
            self.tops[self.window.index(column, row)].height
        };
        // Leaves let light through: what they show is softer than their slopes.
        let soft = 0.45 / (2.0 * step as f64 * self.ground.frame.pixel) as f32;
        let east = at(column + step, row) - at(column.saturating_sub(step), row);
        let south = at(column, row + step) - at(column, row.saturating_sub(step));
        self.season.shade(
            (soft * east).clamp(-1.2, 1.2),
            (soft * south).clamp(-1.2, 1.2),
        )
    }
}

/// A pixel before the lens.
struct Seen {
    colour: Colour,
    /// Metres.
    height: f32,
    annotation: u8,
}

/// Whether light tells the slopes of what is seen.
fn is_rough(thing: Thing, surface: Surface) -> bool {
    match thing {
        Thing::Leaves | Thing::Needles | Thing::Bush | Thing::Fruit => true,
        Thing::Surface => matches!(
            surface,
            Surface::Vine | Surface::ClearCut | Surface::Reed | Surface::Shrub
        ),
        _ => false,
    }
}

/// What the interpreter writes for what is seen.
fn annotation(thing: Thing, surface: Surface, is_ploughed: bool) -> u8 {
    match (thing, surface) {
        (Thing::Leaves, _) => code::BROADLEAF,
        (Thing::Needles, _) => code::CONIFER,
        (Thing::Bush | Thing::Fruit, _) => code::SHRUB,
        (Thing::Pool, _) => code::POOL,
        (Thing::Terrace, _) => code::IMPERMEABLE,
        // Cars and paint do not count: the ground under them does.
        (Thing::Surface | Thing::Car | Thing::Line, surface) => match surface {
            Surface::None => 0,
            Surface::Building | Surface::Hall => code::BUILDING,
            Surface::Paved => code::IMPERMEABLE,
            Surface::Mineral | Surface::Composite => code::PERMEABLE,
            Surface::Bare => code::BARE,
            Surface::Water => code::WATER,
            Surface::Pool => code::POOL,
            Surface::Snow => code::SNOW,
            Surface::Broadleaf | Surface::Mixed => code::BROADLEAF,
            Surface::Conifer => code::CONIFER,
            Surface::Shrub | Surface::Orchard | Surface::Reed => code::SHRUB,
            Surface::Vine => code::VINE,
            Surface::Field if is_ploughed => code::PLOUGHED,
            Surface::Field | Surface::Lawn | Surface::Meadow => code::CROP,
            Surface::ClearCut => code::CLEAR_CUT,
        },
    }
}

/// The colour of a pixel of a view, mixed with those about it.
fn blurred(seen: &[Colour], view: &Window, column: usize, row: usize) -> Colour {
    let across = |row: usize| -> Colour {
        let middle = view.index(column, row);
        let west = &seen[middle.saturating_sub(RING)];
        let east = &seen[(middle + RING).min(seen.len() - 1)];
        std::array::from_fn(|band| BLUR.0 * seen[middle][band] + BLUR.1 * (west[band] + east[band]))
    };
    let last = view.rows().end - 1;
    let north = across(row.saturating_sub(RING).max(view.top));
    let (own, south) = (across(row), across((row + RING).min(last)));
    std::array::from_fn(|band| BLUR.0 * own[band] + BLUR.1 * (north[band] + south[band]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 11;
    /// Far from the origin, as coordinates of France are.
    const COLUMN: i64 = 1_300_000;
    const ROW: i64 = -13_700_000;
    const SURFACES: [Surface; Surface::COUNT - 1] = [
        Surface::Building,
        Surface::Hall,
        Surface::Paved,
        Surface::Mineral,
        Surface::Composite,
        Surface::Bare,
        Surface::Water,
        Surface::Pool,
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

    /// Squares of 32 pixels of every surface, side by side.
    fn patchwork(column: i64, row: i64) -> Sight {
        let (across, down) = (column.div_euclid(32), row.div_euclid(32));
        let count = SURFACES.len() as i64;
        Sight {
            surface: SURFACES[(across + 7 * down).rem_euclid(count) as usize],
            variety: (across * 31 + down).rem_euclid(65_536) as u16,
        }
    }

    fn painted(
        pixel: f64,
        (column, row): (i64, i64),
        (width, height): (usize, usize),
        date: usize,
        sight: impl Fn(i64, i64) -> Sight,
    ) -> Painted {
        let margin = margin(pixel);
        let far = margin as i64;
        let columns = column - far..column + width as i64 + far;
        let sights: Vec<Sight> = (row - far..row + height as i64 + far)
            .flat_map(|row| columns.clone().map(move |column| (column, row)))
            .map(|(column, row)| sight(column, row))
            .collect();
        let block = Block {
            sights: &sights,
            width,
            height,
            margin,
            column,
            row,
            pixel,
        };
        paint(SEED, &Season::new(SEED, date), &block)
    }

    #[test]
    fn blocks_join_without_a_seam() {
        for (pixel, date) in [(0.2, 0), (0.5, 0), (0.5, 1), (1.0, 1)] {
            let whole = painted(pixel, (COLUMN, ROW), (256, 256), date, patchwork);
            for (left, top) in [(0, 0), (128, 0), (0, 128), (128, 128)] {
                let place = (COLUMN + left as i64, ROW + top as i64);
                let quarter = painted(pixel, place, (128, 128), date, patchwork);
                for row in 0..128 {
                    let from = (top + row) * 256 + left;
                    let (whole_row, own) = (from..from + 128, row * 128..(row + 1) * 128);
                    assert_eq!(whole.red[whole_row.clone()], quarter.red[own.clone()]);
                    assert_eq!(whole.green[whole_row.clone()], quarter.green[own.clone()]);
                    assert_eq!(whole.blue[whole_row.clone()], quarter.blue[own.clone()]);
                    let infrared = &whole.infrared[whole_row.clone()];
                    assert_eq!(infrared, &quarter.infrared[own.clone()]);
                    assert_eq!(whole.height[whole_row.clone()], quarter.height[own.clone()]);
                    assert_eq!(whole.annotation[whole_row], quarter.annotation[own]);
                }
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_dates_differ() {
        let paint = |date| painted(0.5, (COLUMN, ROW), (96, 96), date, patchwork);
        assert_eq!(paint(0), paint(0));
        assert_ne!(paint(0).red, paint(1).red);
    }

    #[test]
    fn all_ground_is_annotated_and_nothing_beyond_is() {
        let all = painted(0.5, (COLUMN, ROW), (700, 160), 0, patchwork);
        assert!(all.annotation.iter().all(|code| (1..=14).contains(code)));
        for code in 1..=12 {
            assert!(all.annotation.contains(&code), "{code}");
        }
        let nothing = painted(0.5, (COLUMN, ROW), (64, 64), 0, |_, _| Sight::default());
        assert!(nothing.annotation.iter().all(|&code| code == 0));
        assert!(nothing.height.iter().all(|&height| height == 0.0));
    }

    #[test]
    fn a_third_of_the_fields_is_ploughed() {
        let field = |_, _| Sight {
            surface: Surface::Field,
            variety: 0,
        };
        let blocks = (0..64).map(|number| (COLUMN + number % 8 * 3_000, ROW + number / 8 * 3_000));
        let codes: Vec<u8> = blocks
            .flat_map(|place| painted(0.5, place, (8, 8), 0, field).annotation)
            .collect();
        let count = codes.iter().filter(|&&c| c == code::PLOUGHED).count();
        let share = count as f64 / codes.len() as f64;
        assert!((0.2..0.5).contains(&share), "{share}");
    }

    #[test]
    fn plants_are_told_by_their_infrared() {
        // Mean of (infrared - red) / (infrared + red), and mean height.
        let measure = |surface, variety| {
            let seen = painted(0.5, (COLUMN, ROW), (128, 128), 0, |_, _| Sight {
                surface,
                variety,
            });
            let levels = seen.infrared.iter().zip(&seen.red);
            let index: f64 = levels
                .map(|(&infrared, &red)| {
                    let (infrared, red) = (f64::from(infrared), f64::from(red));
                    (infrared - red) / (infrared + red).max(1.0)
                })
                .sum();
            let height: f64 = seen.height.iter().map(|&height| f64::from(height)).sum();
            let count = seen.red.len() as f64;
            (index / count, height / count)
        };
        for variety in 1..6 {
            for surface in [Surface::Broadleaf, Surface::Conifer, Surface::Mixed] {
                let (index, height) = measure(surface, variety);
                assert!(index > 0.15, "{surface:?} {index}");
                assert!((2.0..22.0).contains(&height), "{surface:?} {height}");
            }
            for surface in [
                Surface::Paved,
                Surface::Mineral,
                Surface::Bare,
                Surface::Snow,
            ] {
                let (index, height) = measure(surface, variety);
                assert!(index.abs() < 0.12, "{surface:?} {index}");
                assert!(height < 0.6, "{surface:?} {height}");
            }
            let lawn = measure(Surface::Lawn, variety).0;
            assert!(lawn > measure(Surface::Composite, variety).0, "{lawn}");
            assert!(measure(Surface::Water, variety).0 < -0.3);
            assert!(measure(Surface::Building, variety).1 > 3.0);
        }
    }
}
