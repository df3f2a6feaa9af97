//! Fields: one surface to the vintage, a patchwork of parcels from above.

use super::light::{Colour, Season, blend, scale};
use super::texture::{Frame, Grain, Turn, Window, key, part, ramp, range, stripe};
use crate::twin::chance::mix;

/// Step of the lattice of domains, the lands laid out in one direction, metres.
const DOMAIN: f64 = 620.0;
/// Least and most width of a parcel, metres.
const WIDTH: (f32, f32) = (65.0, 150.0);
/// Least and most length of a parcel, metres.
const LENGTH: (f32, f32) = (130.0, 300.0);
/// Share of its width or length by which the limit of a parcel may be moved.
const JITTER: f64 = 0.4;
/// Distance to the limit of a parcel up to which trees may line it, metres.
const LINED: f64 = 2.2;
/// Distance to the end of a parcel up to which it is worked crosswise, metres.
const HEADLAND: f64 = 9.0;
/// Half the width of the grass between two parcels, metres.
const BALK: f64 = 0.6;
/// Distance between the passes of the sprayer, metres.
const SPRAYER: f64 = 24.0;
/// Distance between the wheels of a tractor, metres.
const WHEELS: f64 = 1.9;
/// Share of parcels that are always meadow.
const MEADOWS: f32 = 0.22;
/// Share of the other parcels that are ploughed at a date.
const PLOUGHED: f32 = 0.45;

/// Share of the other parcels whose stubble was scraped: interpreters do not agree on them.
const SCRAPED: f32 = 0.13;

/// Lands laid out in one direction.
#[derive(Clone, Copy, Debug)]
struct Domain {
    x: f64,
    y: f64,
    turn: Turn,
    width: f64,
    length: f64,
    key: u64,
}

/// The parcels about a window.
pub(super) struct Parcels {
    domains: Vec<Domain>,
}

/// A place in its parcel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// What tells the parcel from others.
    key: u64,
    /// Metres along the parcel.
    along: f64,
    /// Metres across it.
    across: f64,
    /// Metres to the nearer end of the parcel.
    end: f64,
    /// Metres to the nearer side of the parcel.
    side: f64,
    /// Whether trees line the limit near which it lies.
    pub(super) is_lined: bool,
}

impl Parcels {
    /// The parcels of the places of a window, and `reach` metres about.
    pub(super) fn new(salt: u64, frame: &Frame, window: &Window, reach: f64) -> Self {
        // Beyond the nearest cells no domain is nearest: middles stay far from the limits of
        // their cells.
        let [columns, rows] = window.cells(frame, DOMAIN, reach + DOMAIN);
        let domain = |column, row| {
            let chance = key(salt, column, row);
            let own = mix(chance);
            let middle =
                |cell: i64, part: f32| (cell as f64 + f64::from(range(part, 0.2, 0.8))) * DOMAIN;
            Domain {
                x: middle(column, part(chance, 0)),
                y: middle(row, part(chance, 1)),
                turn: Turn::new(part(chance, 2)),
                width: range(part(own, 0), WIDTH.0, WIDTH.1).into(),
                length: range(part(own, 1), LENGTH.0, LENGTH.1).into(),
                key: own,
            }
        };
        let cells = rows.flat_map(|row| columns.clone().map(move |column| (column, row)));
        let mut domains: Vec<Domain> = cells.map(|(column, row)| domain(column, row)).collect();
        // Those that are farther from every place than another one are nearest to none.
        let west = frame.x(window.left) - reach;
        let east = frame.x(window.left + window.width) + reach;
        let north = frame.y(window.top) - reach;
        let south = frame.y(window.top + window.height) + reach;
        let most = |place: f64, low: f64, high: f64| (place - low).abs().max((place - high).abs());
        let farthest = |domain: &Domain| {
            most(domain.x, west, east).powi(2) + most(domain.y, north, south).powi(2)
        };
        let least = |place: f64, low: f64, high: f64| place - place.clamp(low, high);
        let nearest = |domain: &Domain| {
            least(domain.x, west, east).powi(2) + least(domain.y, north, south).powi(2)
        };
        let bound = domains.iter().map(farthest).fold(f64::INFINITY, f64::min);
        domains.retain(|domain| nearest(domain) <= bound);
        Self { domains }
    }

    /// The parcel of a place, and where the place lies in it.
    pub(super) fn spot(&self, x: f64, y: f64) -> Spot {
        let far = |domain: &Domain| {
            let (east, south) = (x - domain.x, y - domain.y);
            east * east + south * south
        };
        let mut nearest = (f64::INFINITY, None);
        for domain in &self.domains {
            let far = far(domain);
            if far < nearest.0 {
                nearest = (far, Some(domain));
            }
        }
        let Some(domain) = nearest.1 else {
            return Spot {
                key: 0,
                along: x,
                across: y,
                end: 0.0,
                side: 0.0,
                is_lined: false,
            };
        };
        let (along, across) = domain.turn.apply(x - domain.x, y - domain.y);
        let (strip, side, sides) = cut(domain.key, across / domain.width);
        let strip_key = mix(domain.key ^ strip as u64);
        let shift = f64::from(part(strip_key, 0));
        let (place, end, ends) = cut(strip_key, along / domain.length + shift);
        let (side, end) = (side * domain.width, end * domain.length);
        let limit = if side < end { sides } else { ends };
        Spot {
            key: key(strip_key, place, 1),
            along,
            across,
            end,
            side,
            is_lined: side.min(end) < LINED && part(limit, 2) < 0.3,
        }
    }
}

/// Cuts a line in pieces of about 1: the number of the piece of a place, the distance to its
/// nearer limit, and the key of that limit.
fn cut(salt: u64, place: f64) -> (i64, f64, u64) {
    let limit = |number: i64| {
        let key = key(salt, number, 0);
        (number as f64 + JITTER * f64::from(part(key, 0)), key)
    };
    let whole = place.floor() as i64;
    let (middle, middle_key) = limit(whole);
    let (piece, low, high) = match place < middle {
        true => (whole - 1, limit(whole - 1), (middle, middle_key)),
        false => (whole, (middle, middle_key), limit(whole + 1)),
    };
    let (from, to) = (place - low.0, high.0 - place);
    match from < to {
        true => (piece, from, low.1),
        false => (piece, to, high.1),
    }
}

/// What grows on a parcel at a date.
#[derive(Clone, Copy, Debug)]
struct Crop {
    is_ploughed: bool,
    /// Where it grows well.
    colour: Colour,
    /// Where it does not.
    poor: Colour,
    /// From 0, even, to 1, patchy.
    patches: f32,
    /// Distance between its rows, metres.
    rows: f64,
    /// How much lighter and darker rows make it.
    relief: f32,
    /// How much lighter and darker the passes of the tractor make it.
    passes: f32,
    /// How plain the marks of the wheels are.
    wheels: f32,
    /// Metres.
    height: f32,
}

/// Earth that shows between what grows.
const EARTH: Colour = [158.0, 134.0, 108.0, 140.0];
/// Dry grass.
pub(super) const STRAW: Colour = [176.0, 162.0, 120.0, 158.0];
/// Grass of the balks between parcels.
const GRASS: Colour = [128.0, 136.0, 92.0, 158.0];

impl Crop {
    /// What grows on a parcel.
    fn new(parcel: u64, season: &Season) -> Self {
        let chance = mix(parcel ^ season.key);
        let own = mix(chance);
        let light = range(part(own, 0), 0.9, 1.1);
        let crop = |colour: Colour, poor: Colour, patches, rows, height| Self {
            is_ploughed: false,
            colour: scale(colour, light),
            poor: scale(poor, light),
            patches,
            rows,
            relief: 0.05,
            passes: 0.05,
            wheels: 0.5 * part(own, 1),
            height,
        };
        if part(parcel, 1) < MEADOWS {
            let dry = (season.dryness * range(part(parcel, 2), 0.4, 1.1)).min(0.85);
            return Self {
                passes: 0.02,
                wheels: 0.0,
                ..crop(
                    blend([118.0, 132.0, 88.0, 166.0], STRAW, dry),
                    blend([142.0, 144.0, 98.0, 160.0], STRAW, dry),
                    0.9,
                    0.8,
                    0.15,
                )
            };
        }
        if part(chance, 2) < SCRAPED {
            return Self {
                is_ploughed: part(chance, 3) < PLOUGHED,
                relief: 0.1,
                passes: 0.08,
                ..crop(
                    [166.0, 146.0, 114.0, 156.0],
                    [182.0, 162.0, 126.0, 164.0],
                    0.8,
                    1.0,
                    0.05,
                )
            };
        }
        if part(chance, 0) < PLOUGHED {
            let colour = match part(chance, 1) {
                kind if kind < 0.45 => [150.0, 125.0, 102.0, 142.0],
                kind if kind < 0.7 => [121.0, 102.0, 86.0, 114.0],
                kind if kind < 0.88 => [184.0, 165.0, 140.0, 180.0],
                // Seedlings are up: the interpreter still sees ploughed land.
                _ => [143.0, 130.0, 98.0, 146.0],
            };
            return Self {
                is_ploughed: true,
                relief: range(part(own, 2), 0.05, 0.16),
                passes: range(part(own, 3), 0.03, 0.09),
                ..crop(
                    colour,
                    scale(colour, 1.16),
                    0.8,
                    range(part(own, 1), 0.8, 1.5).into(),
                    0.0,
                )
            };
        }
        // Harvest goes on from the first of the season to the last.
        match part(chance, 1) + 0.55 * (season.dryness - 0.5) {
            // Young cereals, beet, grass that is sown.
            kind if kind < 0.25 => crop(
                [100.0, 121.0, 76.0, 174.0],
                [124.0, 130.0, 86.0, 160.0],
                0.5,
                0.6,
                0.4,
            ),
            // Rape, sunflower.
            kind if kind < 0.38 => crop(
                [142.0, 144.0, 86.0, 168.0],
                [128.0, 134.0, 84.0, 158.0],
                0.4,
                0.6,
                1.0,
            ),
            // Cereals that ripen.
            kind if kind < 0.6 => crop(
                [180.0, 164.0, 116.0, 160.0],
                [150.0, 146.0, 92.0, 156.0],
                0.4,
                0.5,
                0.7,
            ),
            // Maize, as summer goes on.
            kind if kind < 0.78 => Self {
                relief: 0.13,
                wheels: 0.0,
                ..crop(
                    [92.0, 113.0, 72.0, 178.0],
                    [112.0, 124.0, 80.0, 160.0],
                    0.35,
                    0.8,
                    1.6,
                )
            },
            // Stubble.
            kind if kind < 1.05 => Self {
                passes: 0.1,
                ..crop(
                    [197.0, 180.0, 138.0, 172.0],
                    [178.0, 158.0, 122.0, 160.0],
                    0.4,
                    0.8,
                    0.15,
                )
            },
            // Weeds that grow on stubble.
            _ => crop(
                [150.0, 146.0, 106.0, 156.0],
                [176.0, 158.0, 124.0, 164.0],
                0.9,
                0.8,
                0.2,
            ),
        }
    }
}

/// Paints the fields of a date.
pub(super) struct Fields<'a> {
    parcels: &'a Parcels,
    season: &'a Season,
    /// The parcel of the last pixel, and what grows on it.
    last: Option<(u64, Crop)>,
}

/// A pixel of a field.
pub(super) struct Grown {
    pub(super) colour: Colour,
    /// Metres.
    pub(super) height: f32,
    pub(super) is_ploughed: bool,
}

impl<'a> Fields<'a> {
    /// The fields of these parcels at a date.
    pub(super) fn new(parcels: &'a Parcels, season: &'a Season) -> Self {
        Self {
            parcels,
            season,
            last: None,
        }
    }

    /// What a field is at a place.
    pub(super) fn grow(&mut self, frame: &Frame, (x, y): (f64, f64), grain: &Grain) -> Grown {
        let spot = self.parcels.spot(x, y);
        let crop = match self.last {
            Some((parcel, crop)) if parcel == spot.key => crop,
            _ => Crop::new(spot.key, self.season),
        };
        self.last = Some((spot.key, crop));
        let (along, across) = match spot.end < HEADLAND {
            true => (spot.across, spot.along),
            false => (spot.along, spot.across),
        };
        let patch = 0.5 + 0.45 * grain[4] + 0.35 * grain[3] + 0.2 * grain[2];
        let mut colour = blend(
            crop.colour,
            crop.poor,
            crop.patches * ramp(patch, 0.15, 0.95),
        );
        let salt = spot.key ^ self.season.key;
        // Rows waver, by a part of the distance between them.
        let rows = across + f64::from(0.12 * grain[2]) * crop.rows;
        let row = stripe(salt, rows, crop.rows / 2.0) * frame.clarity(crop.rows);
        let pass = stripe(!salt, across, 3.0) * frame.clarity(4.0).max(0.4);
        let wheels = 1.0 - 0.22 * crop.wheels * wheels(frame, across);
        let clods = 0.045 * grain[0] + 0.035 * grain[1] + 0.02 * grain[2] + 0.03 * grain[4];
        let slow = 0.03 * stripe(salt, along, 60.0);
        let light = 1.0 + crop.relief * row + crop.passes * pass + clods + slow;
        colour = scale(colour, light.max(0.3) * wheels);
        if crop.wheels > 0.0 && wheels < 0.99 {
            colour = blend(colour, EARTH, 0.4 * crop.wheels);
        }
        let balk = (BALK - spot.side.min(spot.end)) as f32 + 0.3 * grain[1];
        Grown {
            colour: blend(colour, GRASS, 0.8 * ramp(balk, -0.2, 0.3)),
            height: (crop.height * (1.0 + 0.15 * row + 0.2 * grain[1])).max(0.0),
            is_ploughed: crop.is_ploughed,
        }
    }
}

/// How much of a place bears the marks of wheels.
fn wheels(frame: &Frame, across: f64) -> f32 {
    let place = (across / SPRAYER - (across / SPRAYER).floor()) * SPRAYER;
    let aside = ((place - SPRAYER / 2.0).abs() - WHEELS / 2.0).abs();
    // Never narrower than what a pixel tells.
    let half = (0.5 * frame.pixel).max(0.25);
    (0.25 / half) as f32 * ramp((half - aside) as f32, -0.1, 0.1)
}
