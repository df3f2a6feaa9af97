//! What stands above the ground: roofs, crowns, rows, cars; and the pools that lie between.

use super::crops::Parcels;
use super::light::TALLEST;
use super::paint::{Sight, Surface};
use super::texture::{Frame, Grain, Turn, Window, key, part, ramp, range};
use crate::twin::chance::mix;

/// Farthest that a crown goes from its middle, metres.
pub(super) const SPREAD: f64 = 5.0;
/// Farthest that a pool, and what must be free about it, goes from its middle, metres.
pub(super) const POOL_SPREAD: f64 = 6.0;
/// Step of the lattice of trees, metres.
const TREE_STEP: f64 = 3.4;
/// Share of woods that are young.
const YOUNG: f32 = 0.12;
/// Step of the lattice of bushes, metres.
const BUSH_STEP: f64 = 1.9;
/// Step of the lattice of places where a pool may be, metres.
const POOL_STEP: f64 = 15.0;
/// Half the length of a pool, metres.
const POOL_LENGTH: f64 = 4.0;
/// Half the width of a pool, metres.
const POOL_WIDTH: f64 = 2.0;
/// Width of the paving about a pool, metres.
const TERRACE: f64 = 0.7;
/// Height of vines, metres.
pub(super) const VINE: f32 = 1.2;
/// Least and most distance between rows of vines, metres.
const VINE_ROWS: (f32, f32) = (1.9, 2.5);
/// Share of the ground that vines cover.
const VINE_SHARE: f32 = 0.36;
/// Distance between the rows of an orchard, metres.
const ORCHARD_ROWS: f64 = 5.0;
/// Distance between the trees of a row of an orchard, metres.
const ORCHARD_TREES: f64 = 3.8;
/// Length of a place in a car park, metres.
const BAY_LENGTH: f64 = 5.0;
/// Width of a place in a car park, metres.
const BAY_WIDTH: f64 = 2.5;
/// Distance between the lanes of a car park: two bays and the lane, metres.
const LANES: f64 = 16.0;
/// Height of a car, metres.
const CAR: f32 = 1.5;
/// Distance between the windrows of a clear cut, metres.
const WINDROWS: f64 = 11.0;

/// What is seen from above at a pixel, where it is not the surface itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Thing {
    /// The surface, and what grows evenly on it.
    #[default]
    Surface,
    /// Crown of a broadleaved tree.
    Leaves,
    /// Crown of a conifer.
    Needles,
    /// Bush.
    Bush,
    /// Tree of an orchard.
    Fruit,
    /// Car.
    Car,
    /// Line of paint between the bays of a car park.
    Line,
    /// Swimming pool.
    Pool,
    /// Paving about a pool.
    Terrace,
}

/// The top of a pixel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Top {
    /// Metres above the ground.
    pub(super) height: f32,
    /// What it is.
    pub(super) thing: Thing,
    /// What tells it from others of its kind.
    pub(super) tone: u8,
}

/// What the tops of a block are raised from.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    /// What the chance of the territory follows from: the same at every date.
    pub(super) salt: u64,
    /// Where the sights lie.
    pub(super) frame: Frame,
    /// What the vintage has, over the frame.
    pub(super) sights: &'a [Sight],
    /// The parcels of its fields.
    pub(super) parcels: &'a Parcels,
}

impl Ground<'_> {
    /// What the vintage has at a pixel of the frame.
    pub(super) fn sight(&self, column: usize, row: usize) -> Sight {
        let index = row * self.frame.width + column;
        self.sights.get(index).copied().unwrap_or_default()
    }

    /// What the vintage has at a place; nothing outside the frame.
    fn sight_at(&self, x: f64, y: f64) -> Sight {
        let pixel = self.frame.pixel_at(x, y);
        pixel.map_or(Sight::default(), |(column, row)| self.sight(column, row))
    }

    /// The number that tells an object from others, well mixed.
    pub(super) fn object(&self, sight: Sight) -> u64 {
        mix(self.salt ^ u64::from(sight.variety))
    }

    /// Raises the tops of the pixels of a window, whose noise is given.
    pub(super) fn raise(&self, window: &Window, grains: &[Grain]) -> Vec<Top> {
        let mut tops = Vec::with_capacity(grains.len());
        let mut seen = [false; Surface::COUNT];
        let (mut last, mut object) = (Sight::default(), 0);
        for row in window.rows() {
            for column in window.columns() {
                let sight = self.sight(column, row);
                if sight != last || tops.is_empty() {
                    (last, object) = (sight, self.object(sight));
                    seen[sight.surface as usize] = true;
                }
                let grain = &grains[tops.len()];
                tops.push(self.stand(sight, object, (column, row), grain));
            }
        }
        let is_seen = |surface: Surface| seen[surface as usize];
        self.plant(window, grains, &mut tops, TREE_STEP, Self::tree);
        if is_seen(Surface::Shrub) {
            self.plant(window, grains, &mut tops, BUSH_STEP, Self::bush);
        }
        tops
    }

    /// What stands at a pixel by its own surface.
    fn stand(&self, sight: Sight, object: u64, pixel: (usize, usize), grain: &Grain) -> Top {
        let top = |height, thing, tone: f32| Top {
            height,
            thing,
            tone: (128.0 + 90.0 * tone) as u8,
        };
        let rough = 0.6 * grain[0] + grain[1];
        match sight.surface {
            Surface::Building => top(range(part(object, 3), 3.2, 9.5), Thing::Surface, 0.0),
            Surface::Hall => top(range(part(object, 3), 6.0, 12.0), Thing::Surface, 0.0),
            // Between the crowns, what grows under them.
            Surface::Broadleaf | Surface::Mixed => {
                let tall = if part(object, 3) < YOUNG { 1.8 } else { 3.2 };
                let height = tall * (1.0 + 0.45 * grain[2]) + rough;
                top(height.max(0.4), Thing::Leaves, grain[2])
            }
            Surface::Conifer => top(2.4 + grain[2] + 0.6 * rough, Thing::Needles, grain[2]),
            Surface::Reed => top(1.7 + 0.3 * grain[2] + 0.25 * rough, Thing::Surface, 0.0),
            Surface::Shrub => top(0.25 + 0.15 * grain[1], Thing::Surface, 0.0),
            Surface::Vine => top(self.vine(object, pixel, grain), Thing::Surface, 0.0),
            Surface::ClearCut => top(self.slash(object, pixel, grain), Thing::Surface, 0.0),
            Surface::Orchard => self.orchard(object, pixel, grain),
            Surface::Paved if has_cars(object) => self.car_park(object, pixel),
            _ => Top::default(),
        }
    }

    /// The place of a pixel, in axes turned as an object's rows are.
    fn turned(&self, object: u64, (column, row): (usize, usize)) -> (f64, f64) {
        let turn = Turn::new(part(object, 0));
        turn.apply(self.frame.x(column), self.frame.y(row))
    }

    /// Height of vines: full in the rows, 0 between.
    fn vine(&self, object: u64, pixel: (usize, usize), grain: &Grain) -> f32 {
        let rows = range(part(object, 1), VINE_ROWS.0, VINE_ROWS.1);
        let (_, across) = self.turned(object, pixel);
        let place = across / f64::from(rows);
        let aside = ((place - place.floor()) as f32 - 0.5).abs() * 2.0;
        let row = ramp(VINE_SHARE + 0.14 * grain[0] - aside, -0.12, 0.12);
        // A vine is missing here and there, and some places grow better than others.
        let vigour = (0.86 + 0.2 * grain[3] + 0.25 * grain[1].min(0.0)).clamp(0.0, 1.1);
        let clarity = self.frame.clarity(f64::from(rows));
        VINE * vigour * (VINE_SHARE + (row - VINE_SHARE) * clarity)
    }

    /// Height of what a felling leaves: heaps in rows.
    fn slash(&self, object: u64, pixel: (usize, usize), grain: &Grain) -> f32 {
        let (_, across) = self.turned(object, pixel);
        let place = across / WINDROWS + f64::from(0.12 * grain[2]);
        let aside = ((place - place.floor()) as f32 - 0.5).abs();
        let heap = ramp(0.13 + 0.05 * grain[1] - aside, 0.0, 0.1);
        (0.15 + 0.9 * heap) * (1.0 + 0.5 * grain[0] + 0.3 * grain[1]).max(0.0)
    }

    /// A tree of an orchard, or the grass between.
    fn orchard(&self, object: u64, pixel: (usize, usize), grain: &Grain) -> Top {
        let (along, across) = self.turned(object, pixel);
        let (along, across) = (along / ORCHARD_TREES, across / ORCHARD_ROWS);
        let tree = key(object, along.floor() as i64, across.floor() as i64);
        let east = (along - along.floor() - 0.5) * ORCHARD_TREES;
        let south = (across - across.floor() - 0.5) * ORCHARD_ROWS;
        let radius = range(part(tree, 0), 1.4, 1.9);
        let far = (east * east + south * south) as f32 / (radius * radius) + 0.3 * grain[0];
        if far > 1.0 || part(tree, 1) < 0.07 {
            return Top::default();
        }
        let tall = range(part(object, 2), 2.6, 4.2) * range(part(tree, 2), 0.85, 1.1);
        Top {
            height: tall * (0.5 + 0.5 * (1.0 - far.max(0.0)).sqrt()) + 0.3 * grain[0],
            thing: Thing::Fruit,
            tone: tree as u8,
        }
    }

    /// A car in its bay, a line of paint, or neither.
    fn car_park(&self, object: u64, pixel: (usize, usize)) -> Top {
        let (along, across) = self.turned(object, pixel);
        let (along, lane) = (along / BAY_WIDTH, across / LANES);
        // Two rows of bays, nose to nose, then the lane.
        let down = (lane - lane.floor()) * LANES;
        if down >= 2.0 * BAY_LENGTH {
            return Top::default();
        }
        let side = (down / BAY_LENGTH).floor();
        let bay = key(
            object,
            along.floor() as i64,
            2 * lane.floor() as i64 + side as i64,
        );
        let aside = (along - along.floor() - 0.5).abs() * BAY_WIDTH;
        let ahead = (down - (side + 0.5) * BAY_LENGTH).abs();
        let is_taken = part(bay, 0) < 0.55;
        if is_taken && aside < 0.9 && ahead < range(part(bay, 1), 1.9, 2.3).into() {
            return Top {
                // The bonnet is lower than the roof.
                height: if ahead > 1.2 { 0.65 * CAR } else { CAR },
                thing: Thing::Car,
                tone: bay as u8,
            };
        }
        let is_line = aside > BAY_WIDTH / 2.0 - 0.1 && self.frame.pixel < 0.5;
        let thing = if is_line { Thing::Line } else { Thing::Surface };
        Top {
            thing,
            ..Top::default()
        }
    }

    /// Stands on a window every crown of a lattice that `grow` gives.
    fn plant(
        &self,
        window: &Window,
        grains: &[Grain],
        tops: &mut [Top],
        step: f64,
        grow: impl Fn(&Self, u64, f64, f64) -> Option<Crown>,
    ) {
        let salt = mix(self.salt ^ step.to_bits());
        let [columns, rows] = window.cells(&self.frame, step, SPREAD);
        for row in rows {
            for column in columns.clone() {
                let chance = key(salt, column, row);
                let x = (column as f64 + 0.5 + f64::from(part(chance, 0) - 0.5) * 0.9) * step;
                let y = (row as f64 + 0.5 + f64::from(part(chance, 1) - 0.5) * 0.9) * step;
                if let Some(crown) = grow(self, chance, x, y) {
                    self.stamp(window, grains, tops, &crown);
                }
            }
        }
    }

    /// The tree of a place of the lattice, if any grows there.
    fn tree(&self, chance: u64, x: f64, y: f64) -> Option<Crown> {
        let sight = self.sight_at(x, y);
        let own = mix(chance);
        let conifers = match sight.surface {
            Surface::Broadleaf | Surface::Lawn | Surface::Field => 0.0,
            Surface::Conifer => 1.0,
            Surface::Mixed => 0.5,
            _ => return None,
        };
        let object = self.object(sight);
        let is_conifer = part(own, 0) < conifers;
        let density = match sight.surface {
            Surface::Lawn => 0.035 * part(object, 1) * part(object, 1),
            Surface::Field if self.parcels.spot(x, y).is_lined => 0.35,
            Surface::Field => 0.0,
            _ if is_conifer => 0.85,
            _ => 0.6,
        };
        if part(chance, 2) > density {
            return None;
        }
        let vigour = part(chance, 3);
        let age = part(object, 3);
        Some(if is_conifer {
            Crown {
                x,
                y,
                radius: range(vigour, 1.6, 2.4),
                height: range(age, 11.0, 18.0) + range(vigour, -2.0, 3.0),
                thing: Thing::Needles,
                home: sight.surface,
                tone: own as u8,
            }
        } else {
            let is_alone = matches!(sight.surface, Surface::Lawn | Surface::Field);
            let tall = match age {
                _ if is_alone => (6.0, 9.0),
                // Some woods are young: they are told from heath with trouble.
                _ if age < YOUNG => (3.4, 14.0),
                _ => (10.0, 16.5),
            };
            Crown {
                x,
                y,
                radius: range(vigour, 2.3, 4.2) * if age < YOUNG { 0.6 } else { 1.0 },
                height: range(age, tall.0, tall.1) * range(vigour, 0.8, 1.25),
                thing: Thing::Leaves,
                home: sight.surface,
                tone: own as u8,
            }
        })
    }

    /// The bush of a place of the lattice, if any grows there.
    fn bush(&self, chance: u64, x: f64, y: f64) -> Option<Crown> {
        let sight = self.sight_at(x, y);
        if sight.surface != Surface::Shrub {
            return None;
        }
        let object = self.object(sight);
        (part(chance, 2) < range(part(object, 1), 0.45, 0.85)).then(|| Crown {
            x,
            y,
            radius: range(part(chance, 3), 0.7, 1.7),
            height: range(part(chance, 3), 0.9, 2.6) * range(part(object, 2), 0.8, 1.15),
            thing: Thing::Bush,
            home: sight.surface,
            tone: mix(chance) as u8,
        })
    }

    /// Stands a crown on the pixels under it.
    fn stamp(&self, window: &Window, grains: &[Grain], tops: &mut [Top], crown: &Crown) {
        let pixels = |from: f64, first: i64, start: usize, count: usize, reach: f64| {
            let low = ((from - reach) / self.frame.pixel).floor() as i64 - first;
            let high = ((from + reach) / self.frame.pixel).ceil() as i64 - first;
            let clip = |place: i64| place.clamp(start as i64, (start + count) as i64) as usize;
            clip(low)..clip(high)
        };
        // Ragged edges go beyond the round.
        let reach = f64::from(crown.radius) * 1.12;
        let (frame, area) = (&self.frame, 1.0 / (crown.radius * crown.radius));
        let columns = pixels(crown.x, frame.column, window.left, window.width, reach);
        for row in pixels(crown.y, frame.row, window.top, window.height, reach) {
            let south = (frame.y(row) - crown.y) as f32;
            for column in columns.clone() {
                let east = (frame.x(column) - crown.x) as f32;
                let round = (east * east + south * south) * area;
                if round > 1.25 {
                    continue;
                }
                let index = window.index(column, row);
                let grain = &grains[index];
                let surface = self.sight(column, row).surface;
                if matches!(surface, Surface::None | Surface::Building | Surface::Hall) {
                    continue;
                }
                // Trees lean over other ground by a part of their crown only.
                let over = if surface == crown.home { 1.0 } else { 2.2 };
                let far = (round * over + 0.2 * grain[0] + 0.25 * grain[1]).max(0.0);
                if far >= 1.0 {
                    continue;
                }
                let height = crown.height * crown.profile(far);
                let rough = 0.06 * crown.radius * (1.3 * grain[0] + grain[1]);
                let height = (height + rough).clamp(0.3, TALLEST);
                if height > tops[index].height {
                    tops[index] = Top {
                        height,
                        thing: crown.thing,
                        tone: crown.tone,
                    };
                }
            }
        }
    }

    /// Digs the pools of the gardens in an area of a window.
    pub(super) fn dig(&self, window: &Window, area: &Window, tops: &mut [Top]) {
        let salt = mix(self.salt ^ 0x9001);
        let [columns, rows] = area.cells(&self.frame, POOL_STEP, POOL_SPREAD);
        for row in rows {
            for column in columns.clone() {
                let chance = key(salt, column, row);
                let x = (column as f64 + f64::from(part(chance, 0))) * POOL_STEP;
                let y = (row as f64 + f64::from(part(chance, 1))) * POOL_STEP;
                let sight = self.sight_at(x, y);
                let object = self.object(sight);
                // A garden that has no pool has none at any of its places.
                if sight.surface != Surface::Lawn || part(object, 0) > 0.3 || part(chance, 2) > 0.7
                {
                    continue;
                }
                let turn = Turn::new(part(object, 2));
                let (length, width) = (POOL_LENGTH + 1.0, POOL_WIDTH + 1.0);
                let around = [
                    (length, width),
                    (length, -width),
                    (-length, width),
                    (-length, -width),
                    (0.0, width),
                    (0.0, -width),
                ];
                let is_free = around.iter().all(|&(along, across)| {
                    let (east, south) = turn.back(along, across);
                    self.sight_at(x + east, y + south) == sight
                });
                if is_free {
                    self.dig_one((window, area), tops, (x, y), turn);
                }
            }
        }
    }

    /// Digs one pool, with the paving about it.
    fn dig_one(
        &self,
        (window, area): (&Window, &Window),
        tops: &mut [Top],
        (x, y): (f64, f64),
        turn: Turn,
    ) {
        let frame = &self.frame;
        let is_near = |place: f64, middle: f64| (place - middle).abs() <= POOL_SPREAD;
        for row in area.rows().filter(|&row| is_near(frame.y(row), y)) {
            for column in area.columns().filter(|&c| is_near(frame.x(c), x)) {
                let (along, across) = turn.apply(frame.x(column) - x, frame.y(row) - y);
                let beyond = (along.abs() - POOL_LENGTH).max(across.abs() - POOL_WIDTH);
                let thing = match beyond {
                    _ if beyond <= 0.0 => Thing::Pool,
                    _ if beyond <= TERRACE => Thing::Terrace,
                    _ => continue,
                };
                tops[window.index(column, row)] = Top {
                    thing,
                    ..Top::default()
                };
            }
        }
    }
}

/// A crown to be stood on the ground.
struct Crown {
    x: f64,
    y: f64,
    /// Metres.
    radius: f32,
    /// Metres.
    height: f32,
    thing: Thing,
    /// The surface that it grows on.
    home: Surface,
    tone: u8,
}

impl Crown {
    /// Share of its height that a crown has at a place of it: 0 in the middle, 1 at the edge, by
    /// the square of the distance.
    fn profile(&self, far: f32) -> f32 {
        match self.thing {
            Thing::Needles => 1.0 - 0.42 * far.sqrt(),
            Thing::Bush => 0.35 + 0.65 * (1.0 - far).sqrt(),
            _ => 0.66 + 0.34 * (1.0 - far).sqrt(),
        }
    }
}

/// Whether cars are parked on a paved object.
fn has_cars(object: u64) -> bool {
    part(object, 1) < 0.16
}
