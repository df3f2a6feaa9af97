//! What production would make of the true ground: the same vintages with the errors that real
//! ones have.
//!
//! - Outlines are drawn off by a smooth error of each date, and by a shift of each date, of the whole
//!   and of blocks of a kilometre; they follow the pixels of a raster.
//! - Specks smaller than any minimum unit bear the label of another class.
//! - Whole objects bear the label of a class that a classifier confuses with theirs, most of them at
//!   every date; others bear a wrong use.
//! - Verges are told apart along roads, here and there, at one date and not at the next.

use std::collections::BTreeMap;

use super::chance::{Chance, Draw, Subject, chance, mix};
use super::layout::Layout;
use super::palette::{Ground, cover, ground, usage};
use super::scene::{Object, Picture};
use crate::grid::Point;
use crate::partition::{Builder, FaceId};

/// How much is wrong. All of it is our choice; the share of right pixels that follows is about that
/// of IGN's models (83 %).
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise {
    seed: u64,
    /// The limit of the territory, which is not drawn but given: its corners, m.
    frame: [(f64, f64); 2],
}

/// Standard deviation of the error of an outline at each date, m,
pub(super) const JITTER: f64 = 1.0;
/// and the distance over which it changes, m.
const JITTER_LENGTH: f64 = 20.0;
/// What interpolation between independent errors leaves of their variance.
const INTERPOLATED: f64 = 4.0 / 9.0;
/// Standard deviation of the shift of a date, on each axis, m,
const SHIFT: f64 = 0.4;
/// and of a block, m.
const BLOCK_SHIFT: f64 = 0.2;
/// Side of a block, m.
const BLOCK: f64 = 1_000.0;
/// How near to the limit of the territory the errors fade, m.
const STEADY: f64 = 20.0;
/// Side of the pixels that outlines follow, cm.
const PIXEL: i64 = 50;
/// Longest piece of an outline between two vertices, m.
const STEP: f64 = 6.0;
/// Share of the ground covered by specks,
const SPECKS: f64 = 0.04;
/// and their radius, m.
const SPECK_RADIUS: (f64, f64) = (2.5, 6.0);
/// Share of objects whose class is wrong,
const WRONG_CLASS: f64 = 0.14;
/// whose use is,
const WRONG_USE: f64 = 0.03;
/// and of those, the share that is wrong at every date.
const REPEATED: f64 = 0.9;
/// Share of the long edges of roads along which a verge is told apart,
const VERGES: f64 = 0.1;
/// and its width, m.
const VERGE_WIDTH: (f64, f64) = (0.5, 1.5);
/// A long edge, m.
const LONG_EDGE: f64 = 15.0;

/// The ground of a cell at one date, as it was observed.
pub(super) struct Observed {
    pub(super) objects: Vec<Object>,
    /// Ground whose raw class is right, and all, in half square centimetres.
    pub(super) right: i64,
    pub(super) total: i64,
}

impl Noise {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            seed: layout.seed,
            frame: layout.frame().map(|corner| (corner.x, corner.y)),
        }
    }

    /// A number from −1 to 1 of a place and a date, about normal, of standard deviation 1.
    fn normal(self, date: usize, axis: usize, scale: usize, place: (i64, i64)) -> f64 {
        let names = [date, axis, scale].map(|n| n as u64);
        let places = [place.0 as u64, place.1 as u64];
        let key = names
            .into_iter()
            .chain(places)
            .fold(mix(self.seed ^ OBSERVED), |key, n| mix(key ^ mix(n)));
        // The sum of four uniform numbers, each of variance 1/12.
        let sum: f64 = (0..4)
            .map(|n| ((key >> (16 * n)) & 0xffff) as f64 / 65_536.0 - 0.5)
            .sum();
        sum * 3f64.sqrt()
    }

    /// A smooth field of unit variance, that changes over `length`.
    fn smooth(self, date: usize, axis: usize, scale: usize, length: f64, p: (f64, f64)) -> f64 {
        let (x, y) = (p.0 / length, p.1 / length);
        let (west, south) = (x.floor(), y.floor());
        let (u, v) = (x - west, y - south);
        let at = |dx: i64, dy: i64| {
            self.normal(date, axis, scale, (west as i64 + dx, south as i64 + dy))
        };
        let below = at(0, 0) * (1.0 - u) + at(1, 0) * u;
        let above = at(0, 1) * (1.0 - u) + at(1, 1) * u;
        (below * (1.0 - v) + above * v) / INTERPOLATED.sqrt()
    }

    /// Where a point is drawn at a date.
    fn drawn(self, date: usize, p: Point) -> Point {
        let place = p.metres();
        let off = |axis: usize| {
            JITTER * self.smooth(date, axis, 0, JITTER_LENGTH, place)
                + BLOCK_SHIFT * self.smooth(date, axis, 1, BLOCK, place)
                + SHIFT * self.normal(date, axis, 2, (0, 0))
        };
        let [(west, south), (east, north)] = self.frame;
        let to_frame = [
            place.0 - west,
            east - place.0,
            place.1 - south,
            north - place.1,
        ]
        .into_iter()
        .fold(f64::INFINITY, f64::min);
        if to_frame <= 0.0 {
            return p;
        }
        let share = (to_frame / STEADY).min(1.0);
        let on_pixels = |at: i32, off: f64, (least, most): (f64, f64)| {
            let moved = i64::from(at) + (off * share * 100.0).round() as i64;
            let drawn = (moved + PIXEL / 2).div_euclid(PIXEL) * PIXEL;
            drawn.clamp((least * 100.0) as i64, (most * 100.0) as i64) as i32
        };
        Point::new(
            on_pixels(p.x, off(0), (west, east)),
            on_pixels(p.y, off(1), (south, north)),
        )
    }

    /// A ring as it is drawn at a date, with vertices at every step.
    fn ring(self, date: usize, ring: &[Point]) -> Vec<Point> {
        let mut drawn = Vec::with_capacity(ring.len());
        for pair in ring.windows(2) {
            // Both sides of an outline are cut at the same places.
            let (a, b) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
            let (dx, dy) = (
                f64::from(b.x) - f64::from(a.x),
                f64::from(b.y) - f64::from(a.y),
            );
            let count = (dx.hypot(dy) / 100.0 / STEP).ceil().max(1.0) as i32;
            let at = |n: i32| {
                let share = f64::from(n) / f64::from(count);
                let along = |from: i32, by: f64| from + (by * share).round() as i32;
                self.drawn(date, Point::new(along(a.x, dx), along(a.y, dy)))
            };
            let forwards = pair[0] == a;
            drawn.extend((0..count).map(|n| at(if forwards { n } else { count - n })));
        }
        drawn.extend(drawn.first().copied());
        drawn
    }

    /// A road between cells, as it is drawn at a date.
    pub(super) fn road(self, date: usize, road: &Object) -> Object {
        let mut drawn = road.clone();
        drawn.polygon.exterior = self.ring(date, &road.polygon.exterior);
        drawn
    }

    /// A cell as it is observed at a date.
    pub(super) fn observe(self, picture: &Picture, date: usize) -> Observed {
        let objects = &picture.objects[date];
        let mut builder = Builder::new();
        let frame = builder.item();
        builder.ring(frame, &self.ring(date, &picture.outline));
        let first_object = builder.item_count();
        let mut labels: Vec<Label> = Vec::new();
        for object in objects {
            let item = builder.item();
            builder.ring(item, &self.ring(date, &object.polygon.exterior));
            for hole in &object.polygon.holes {
                builder.ring(item, &self.ring(date, hole));
            }
            labels.push(self.label(date, object));
        }
        let first = picture.outline.first().copied().unwrap_or(Point::new(0, 0));
        let place = [date, first.x as u32 as usize, first.y as u32 as usize];
        let mut draws = chance(self.seed ^ OBSERVED, Subject::Cell, &place);
        let verges = builder.item_count();
        for object in objects.iter().filter(|o| o.ground.usage == usage::ROAD) {
            for pair in object.polygon.exterior.windows(2) {
                if let Some(verge) = verge(self, date, pair[0], pair[1], &mut draws) {
                    let item = builder.item();
                    builder.ring(item, &verge);
                }
            }
        }
        let specks = builder.item_count();
        for speck in scatter(&picture.outline, &mut draws) {
            let item = builder.item();
            builder.ring(item, &speck);
        }
        let overlay = builder.build();
        let mut numbers: BTreeMap<(Ground, bool), u32> = BTreeMap::new();
        let mut known = Vec::new();
        let (mut right, mut total) = (0, 0);
        let mut keys: Vec<u32> = (0..overlay.partition.face_count() as FaceId)
            .map(|face| {
                let [0, items @ ..] = overlay.items(face) else {
                    return 0;
                };
                let Some(&item) = items.first().filter(|&&item| item < verges) else {
                    return FOLD;
                };
                let number = (item - first_object) as usize;
                let (object, label) = (&objects[number], &labels[number]);
                let (mut shown, mut is_right) = (label.shown, label.is_right);
                if items.iter().any(|&i| (verges..specks).contains(&i))
                    && shown.usage != usage::ROAD
                {
                    shown = VERGE;
                    is_right = false;
                }
                if let Some(&speck) = items.last().filter(|&&i| i >= specks) {
                    if let Some(other) = speckled(label.shown, speck) {
                        shown.cover = other;
                    }
                    is_right = false;
                }
                let area = overlay.partition.area(face);
                total += area;
                right += if is_right { area } else { 0 };
                let look = (shown, object.ossature);
                *numbers.entry(look).or_insert_with(|| {
                    known.push(look);
                    known.len() as u32
                })
            })
            .collect();
        // Where a drawing folds over itself it leaves ground to no one: a neighbour has it.
        for e in 0..overlay.partition.edge_count() {
            let (left, right) = overlay.partition.sides(e);
            for (face, other) in [(left, right), (right, left)] {
                let of_other = keys[other as usize];
                if keys[face as usize] == FOLD && of_other != 0 {
                    keys[face as usize] = of_other;
                }
            }
        }
        let merged = overlay.partition.dissolve(&keys);
        let objects = (0..merged.members.len() as FaceId)
            .filter_map(|face| {
                let key = keys[merged.members[face as usize] as usize];
                let (ground, ossature) = *known.get(key.checked_sub(1)? as usize)?;
                Some(Object {
                    ground,
                    ossature,
                    polygon: merged.partition.polygon(face)?,
                })
            })
            .collect();
        Observed {
            objects,
            right,
            total,
        }
    }

    /// What is told of an object at a date.
    fn label(self, date: usize, object: &Object) -> Label {
        let start = object.polygon.exterior.first();
        let start = start.copied().unwrap_or(Point::new(0, 0));
        let place = [start.x as u32 as usize, start.y as u32 as usize];
        let mut draws = chance(self.seed ^ OBSERVED, Subject::Crossing, &place);
        let mut shown = object.ground;
        let is_wrong = |share: f64, draws: &mut Chance| {
            let is_wrong = draws.happens(share);
            let is_repeated = draws.happens(REPEATED);
            // The others are wrong at every other date.
            let parity = draws.below(2);
            is_wrong && (is_repeated || date % 2 == parity)
        };
        let mut is_right = true;
        let choice = draws.below(1 << 16) as u32;
        if is_wrong(WRONG_CLASS, &mut draws) {
            is_right = false;
            shown.cover = confused(object.ground, choice).unwrap_or(shown.cover);
        }
        if is_wrong(WRONG_USE, &mut draws) {
            shown.usage = confused_use(object.ground, choice).unwrap_or(shown.usage);
        }
        Label { shown, is_right }
    }
}

/// The key of ground of the cell that no object covers.
const FOLD: u32 = u32::MAX;

/// Sets the draws of the observation apart from those of the ground.
const OBSERVED: u64 = 0x6f62_7365_7276_6564;

/// What a verge is taken for.
const VERGE: Ground = ground(cover::GRASS, usage::ROAD);

struct Label {
    shown: Ground,
    /// Whether the raw class is right: crops and meadows are confused too, though OCS GE does not
    /// tell them apart.
    is_right: bool,
}

/// The cover that a classifier may see instead.
fn confused(ground: Ground, choice: u32) -> Option<&'static str> {
    // Bare ground is the rarest of the three, so it is seen by mistake the least often.
    let is_bare = choice.is_multiple_of(5);
    match ground.cover {
        // Crops and meadows are confused with one another.
        cover::GRASS if ground.usage == usage::FARMING => None,
        cover::GRASS => Some(if is_bare { cover::BARE } else { cover::MINERAL }),
        cover::MINERAL => Some(if is_bare { cover::BARE } else { cover::GRASS }),
        cover::BARE => Some(if choice.is_multiple_of(2) {
            cover::MINERAL
        } else {
            cover::GRASS
        }),
        cover::BROADLEAF => Some(cover::SHRUB),
        cover::SHRUB => Some(cover::BROADLEAF),
        _ => None,
    }
}

/// The use that may be told instead.
fn confused_use(ground: Ground, choice: u32) -> Option<&'static str> {
    let one_of = |uses: [&'static str; 2]| Some(uses[choice as usize % 2]);
    match ground.usage {
        usage::SECONDARY => one_of([usage::TERTIARY, usage::RESIDENTIAL]),
        usage::TERTIARY => one_of([usage::SECONDARY, usage::RESIDENTIAL]),
        usage::RESIDENTIAL => one_of([usage::SECONDARY, usage::TERTIARY]),
        usage::FARMING if ground.cover == cover::GRASS => Some(usage::NONE),
        usage::NONE if ground.cover == cover::GRASS => Some(usage::FARMING),
        usage::FORESTRY => Some(usage::NONE),
        _ => None,
    }
}

/// The cover of a speck on ground.
fn speckled(ground: Ground, speck: u32) -> Option<&'static str> {
    match ground.cover {
        cover::GRASS => Some(if speck.is_multiple_of(2) {
            cover::BARE
        } else {
            cover::SHRUB
        }),
        cover::VINE => Some(cover::GRASS),
        cover::CONIFER | cover::MIXED => Some(cover::BROADLEAF),
        cover::PAVED | cover::COMPOSITE => Some(cover::MINERAL),
        _ => confused(ground, speck),
    }
}

/// A strip along the right side of an edge of a road, now and then.
fn verge(noise: Noise, date: usize, a: Point, b: Point, draws: &mut Chance) -> Option<Vec<Point>> {
    let ((ax, ay), (bx, by)) = (a.metres(), b.metres());
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx.hypot(dy);
    if length < LONG_EDGE || !draws.happens(VERGES) {
        return None;
    }
    let width = draws.between(VERGE_WIDTH.0, VERGE_WIDTH.1) / length;
    // Exteriors run counter-clockwise: the right side is outside.
    let corners = [
        (ax, ay),
        (ax + dy * width, ay - dx * width),
        (bx + dy * width, by - dx * width),
        (bx, by),
        (ax, ay),
    ];
    let ring: Option<Vec<Point>> = corners
        .into_iter()
        .map(|(x, y)| Point::from_metres(x, y))
        .collect();
    ring.map(|ring| noise.ring(date, &ring))
}

/// Specks all over the bounds of a cell.
fn scatter(outline: &[Point], draws: &mut Chance) -> Vec<Vec<Point>> {
    let bounds = |of: fn(&Point) -> i32| {
        let least = outline.iter().map(of).min().unwrap_or(0);
        let most = outline.iter().map(of).max().unwrap_or(0);
        (f64::from(least) / 100.0, f64::from(most) / 100.0)
    };
    let ((west, east), (south, north)) = (bounds(|p| p.x), bounds(|p| p.y));
    let (least, most) = SPECK_RADIUS;
    let mean = std::f64::consts::PI * (least * least + least * most + most * most) / 3.0;
    let count = (SPECKS * (east - west) * (north - south) / mean) as usize;
    (0..count)
        .filter_map(|_| {
            let (x, y) = (draws.between(west, east), draws.between(south, north));
            let radius = draws.between(least, most);
            let corners = (0..8).map(|n| {
                let angle = f64::from(n) * std::f64::consts::FRAC_PI_4;
                let reach = radius * draws.between(0.8, 1.2);
                Point::from_metres(x + reach * angle.cos(), y + reach * angle.sin())
            });
            corners.collect()
        })
        .collect()
}
