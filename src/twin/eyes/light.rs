//! Light and lens: the sun of a date, the shadows that it casts, and what the camera makes of it.

use super::texture::{Frame, Window, key, part, range};
use super::tops::Top;
use crate::twin::chance::mix;

/// Greatest height of anything that stands, metres.
pub(super) const TALLEST: f32 = 22.0;
/// Least tangent of the height of the sun: flights are made about noon in summer.
const LOWEST_SUN: f32 = 1.12;
/// How far the shadow of the tallest goes, metres.
pub(super) const SHADOW: f64 = (TALLEST / LOWEST_SUN) as f64 + 0.5;
/// Depth under the edge of a shadow at which it is full, metres.
const PENUMBRA: f32 = 0.7;
/// What is left of the light in full shadow, in each band: the sky is blue.
const SKY: Colour = [0.40, 0.45, 0.54, 0.34];
/// Standard deviation of the noise of the sensor, in grey levels.
const SENSOR_NOISE: f32 = 2.4;
/// Standard deviation of the sum of two bytes drawn evenly.
const TWO_BYTES: f32 = 104.5;

/// Grey levels of red, green, blue and near infrared, from 0 to 255, in full sun on flat ground.
pub(super) type Colour = [f32; 4];

/// A colour between two.
pub(super) fn blend(from: Colour, to: Colour, share: f32) -> Colour {
    std::array::from_fn(|band| from[band] + (to[band] - from[band]) * share)
}

/// A colour, lighter or darker.
pub(super) fn scale(colour: Colour, factor: f32) -> Colour {
    colour.map(|level| level * factor)
}

/// How a date looks: the season of its flight, its sun, its camera.
#[derive(Clone, Copy, Debug)]
pub(super) struct Season {
    /// What the chance of the date follows from.
    pub(super) key: u64,
    /// From 0, late spring, to 1, the end of a dry summer.
    pub(super) dryness: f32,
    /// Columns eastward for a row southward, on the way to the sun.
    lean: f64,
    /// Toward the sun: east, south, up; of length 1.
    sun: [f32; 3],
    /// Tangent of the height of the sun.
    rise: f32,
    gain: Colour,
    bias: Colour,
}

impl Season {
    /// The season of a date.
    pub(super) fn new(seed: u64, date: usize) -> Self {
        let own = mix(seed ^ mix(0x5ea5_0000 + date as u64));
        let [first, second, third] = [mix(own ^ 1), mix(own ^ 2), mix(own ^ 3)];
        // Dates that follow each other must not look alike.
        let (low, high) = if date.is_multiple_of(2) {
            (0.1, 0.4)
        } else {
            (0.55, 0.9)
        };
        let lean = range(part(first, 0), 0.25, 0.8) * if first >> 63 == 0 { 1.0 } else { -1.0 };
        let rise = range(part(first, 1), LOWEST_SUN, 1.6);
        let flat = (1.0 + lean * lean).sqrt();
        let length = (1.0 + rise * rise).sqrt();
        let haze = range(part(first, 2), 0.0, 1.0);
        let exposure = range(part(second, 3), 0.92, 1.08);
        let gain =
            |number| exposure * range(part(second, number), 0.95, 1.05) * (1.0 - 0.06 * haze);
        let bias = |number| range(part(third, number), -4.0, 4.0);
        Self {
            key: own,
            dryness: range(part(first, 3), low, high),
            lean: f64::from(lean),
            sun: [lean / flat / length, 1.0 / flat / length, rise / length],
            rise,
            gain: [gain(0), gain(1), gain(2), range(part(third, 3), 0.88, 1.08)],
            bias: [
                bias(0) + 4.0 * haze,
                bias(1) + 7.0 * haze,
                bias(2) + 12.0 * haze,
                range(part(own, 0), 0.0, 4.0),
            ],
        }
    }

    /// How many pixels west, north, east and south of a pixel its shadow may come from.
    pub(super) fn reach(&self, pixel: f64) -> [usize; 4] {
        let pixels = |metres: f64| (metres / pixel).ceil() as usize + 1;
        let south = SHADOW / (1.0 + self.lean * self.lean).sqrt();
        let side = pixels(south * self.lean.abs());
        match self.lean > 0.0 {
            true => [1, 1, side, pixels(south)],
            false => [side, 1, 1, pixels(south)],
        }
    }

    /// The height under which each pixel of a window is in shadow: at least its own.
    ///
    /// Each row takes it from the next, to the south, along lines that follow from the numbers of
    /// the rows in the world, lower by what the sun rises. Nothing that stands is so tall that it
    /// counts beyond `SHADOW`.
    pub(super) fn horizon(&self, frame: &Frame, window: &Window, tops: &[Top]) -> Vec<f32> {
        let mut horizon: Vec<f32> = tops.iter().map(|top| top.height).collect();
        let fall = (frame.pixel * (1.0 + self.lean * self.lean).sqrt()) as f32 * self.rise;
        let offset = |row: i64| (row as f64 * self.lean).floor() as i64;
        let columns = window.width as i64;
        for row in (0..window.height.saturating_sub(1)).rev() {
            let world = frame.row + (window.top + row) as i64;
            let shift = offset(world + 1) - offset(world);
            let (north, south) = horizon.split_at_mut((row + 1) * window.width);
            let north = &mut north[row * window.width..];
            let start = (-shift).clamp(0, columns) as usize;
            let from = shift.clamp(0, columns) as usize;
            for (own, beyond) in north[start..].iter_mut().zip(&south[from..window.width]) {
                *own = own.max(beyond - fall);
            }
        }
        horizon
    }

    /// How a slope is lit, beside flat ground: rise eastward and southward, without unit.
    pub(super) fn shade(&self, east: f32, south: f32) -> f32 {
        let [sun_east, sun_south, sun_up] = self.sun;
        let lit = sun_up - east * sun_east - south * sun_south;
        let length = (1.0 + east * east + south * south).sqrt();
        (0.3 + 0.7 * (lit / (length * sun_up)).max(0.0)).min(1.5)
    }

    /// A colour in the light that reaches it, `below` metres under the edge of the shadow.
    pub(super) fn light(&self, colour: Colour, shade: f32, below: f32) -> Colour {
        let shadow = (below / PENUMBRA).clamp(0.0, 1.0);
        std::array::from_fn(|band| colour[band] * shade * (1.0 - shadow * (1.0 - SKY[band])))
    }

    /// What the sensor gives of a colour at a pixel of the world, and what is left of chance.
    pub(super) fn expose(&self, colour: Colour, column: i64, row: i64) -> ([u8; 4], u64) {
        let chance = key(self.key, column, row);
        let noise = chance.to_le_bytes();
        let levels = std::array::from_fn(|band| {
            let two = f32::from(noise[2 * band]) + f32::from(noise[2 * band + 1]) - 255.0;
            let level = colour[band] * self.gain[band] + self.bias[band];
            // Numbers of floating point saturate when cast: no level goes round.
            (level + two * (SENSOR_NOISE / TWO_BYTES) + 0.5) as u8
        });
        (levels, mix(chance))
    }
}
