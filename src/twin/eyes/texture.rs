//! Textures: noise and chance that follow from the seed and the place in the world alone, so that
//! a pixel looks the same whatever block it is painted in.

use super::paint::Block;
use crate::twin::chance::mix;

/// Number of octaves of the noise.
const OCTAVES: usize = 6;
/// Lengths of the waves of the noise, metres.
const WAVES: [f64; OCTAVES] = [0.5, 1.4, 4.0, 12.0, 45.0, 190.0];

/// The noise of a pixel: one number from -1 to 1 for each wave, the finest first.
pub(super) type Grain = [f32; OCTAVES];

/// Where the pixels of a block with its margin lie in the world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Column of the first pixel, from the origin of the world.
    pub(super) column: i64,
    /// Row of the first pixel, from the origin of the world, southward.
    pub(super) row: i64,
    /// Number of columns, margins included.
    pub(super) width: usize,
    /// Number of rows, margins included.
    pub(super) height: usize,
    /// Side of a pixel, metres.
    pub(super) pixel: f64,
}

impl Frame {
    /// The frame of a block.
    pub(super) fn new(block: &Block) -> Self {
        Self {
            column: block.column - block.margin as i64,
            row: block.row - block.margin as i64,
            width: block.width + 2 * block.margin,
            height: block.height + 2 * block.margin,
            pixel: block.pixel,
        }
    }

    /// Metres east of the origin of the world, at the middle of a column.
    pub(super) fn x(&self, column: usize) -> f64 {
        ((self.column + column as i64) as f64 + 0.5) * self.pixel
    }

    /// Metres south of the origin of the world, at the middle of a row.
    pub(super) fn y(&self, row: usize) -> f64 {
        ((self.row + row as i64) as f64 + 0.5) * self.pixel
    }

    /// The column that holds this place, and the row; none outside the frame.
    pub(super) fn pixel_at(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let column = usize::try_from((x / self.pixel).floor() as i64 - self.column).ok()?;
        let row = usize::try_from((y / self.pixel).floor() as i64 - self.row).ok()?;
        (column < self.width && row < self.height).then_some((column, row))
    }

    /// How sharply a pattern of this wave, in metres, is seen: 0 where pixels are too large to
    /// tell its stripes, which would show as moiré.
    pub(super) fn clarity(&self, wave: f64) -> f32 {
        ((wave / self.pixel - 2.0) / 1.6).clamp(0.0, 1.0) as f32
    }
}

/// A part of a frame, in its pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// First column.
    pub(super) left: usize,
    /// First row.
    pub(super) top: usize,
    /// Number of columns.
    pub(super) width: usize,
    /// Number of rows.
    pub(super) height: usize,
}

impl Window {
    /// This window, larger by these numbers of pixels west, north, east and south, as far as the
    /// frame goes.
    pub(super) fn grown(&self, frame: &Frame, by: [usize; 4]) -> Self {
        let [west, north, east, south] = by;
        let left = self.left.saturating_sub(west);
        let top = self.top.saturating_sub(north);
        Self {
            left,
            top,
            width: (self.left + self.width + east).min(frame.width) - left,
            height: (self.top + self.height + south).min(frame.height) - top,
        }
    }

    /// The index, in a raster of this window, of a pixel of the frame that lies in it.
    pub(super) fn index(&self, column: usize, row: usize) -> usize {
        (row - self.top) * self.width + column - self.left
    }

    /// The columns of the frame in it.
    pub(super) fn columns(&self) -> std::ops::Range<usize> {
        self.left..self.left + self.width
    }

    /// The rows of the frame in it.
    pub(super) fn rows(&self) -> std::ops::Range<usize> {
        self.top..self.top + self.height
    }

    /// The cells of a lattice of this step, in metres, that reach the window once it is grown by
    /// `reach` metres: columns, then rows.
    pub(super) fn cells(
        &self,
        frame: &Frame,
        step: f64,
        reach: f64,
    ) -> [std::ops::RangeInclusive<i64>; 2] {
        let cell = |place: f64| (place / step).floor() as i64;
        let [right, bottom] = [self.left + self.width, self.top + self.height];
        [
            cell(frame.x(self.left) - reach)..=cell(frame.x(right) + reach),
            cell(frame.y(self.top) - reach)..=cell(frame.y(bottom) + reach),
        ]
    }
}

/// The key of a place of a lattice.
pub(super) fn key(salt: u64, column: i64, row: i64) -> u64 {
    let column = (column as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let row = (row as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    mix(salt ^ column ^ row.rotate_left(29))
}

/// One of the four numbers, from 0 to 1, that a key holds.
pub(super) fn part(key: u64, number: u32) -> f32 {
    ((key >> (16 * (number % 4))) & 0xffff) as f32 / 65_536.0
}

/// A number from `low` to `high`, out of one from 0 to 1.
pub(super) fn range(part: f32, low: f32, high: f32) -> f32 {
    low + part * (high - low)
}

/// From 0 at `low` to 1 at `high`, and no further.
pub(super) fn ramp(value: f32, low: f32, high: f32) -> f32 {
    ((value - low) / (high - low)).clamp(0.0, 1.0)
}

/// A direction, as its cosine and sine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    cosine: f64,
    sine: f64,
}

impl Turn {
    /// A direction of the half-plane, out of a number from 0 to 1. By a rational parametrisation
    /// of the circle: sines differ from machine to machine, divisions do not.
    pub(super) fn new(part: f32) -> Self {
        let t = f64::from(part) * 2.0 - 1.0;
        let length = 1.0 + t * t;
        Self {
            cosine: (1.0 - t * t) / length,
            sine: 2.0 * t / length,
        }
    }

    /// A place of the world, in axes turned by this direction.
    pub(super) fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (
            x * self.cosine + y * self.sine,
            y * self.cosine - x * self.sine,
        )
    }

    /// A place given in axes turned by this direction, in the world.
    pub(super) fn back(&self, along: f64, across: f64) -> (f64, f64) {
        (
            along * self.cosine - across * self.sine,
            across * self.cosine + along * self.sine,
        )
    }
}

/// Noise along a line, from -1 to 1.
pub(super) fn stripe(salt: u64, place: f64, wave: f64) -> f32 {
    let (cell, weight) = cell(place, wave);
    let from = signed(key(salt, cell, 0));
    from + (signed(key(salt, cell + 1, 0)) - from) * weight
}

/// The noise of the pixels of a window, row by row.
pub(super) fn grains(salt: u64, frame: &Frame, window: &Window) -> Vec<Grain> {
    let mut grains = vec![Grain::default(); window.width * window.height];
    for (octave, &wave) in WAVES.iter().enumerate() {
        // What is finer than a pixel shows by its mean over the pixel alone.
        let strength = (wave / frame.pixel).min(1.0) as f32;
        let wave = wave.max(frame.pixel);
        lay(
            mix(salt ^ octave as u64),
            frame,
            window,
            wave,
            |index, noise| {
                grains[index][octave] = strength * noise;
            },
        );
    }
    grains
}

/// Gives the noise of one wave, in metres, at each pixel of a window, row by row.
pub(super) fn lay(
    salt: u64,
    frame: &Frame,
    window: &Window,
    wave: f64,
    mut give: impl FnMut(usize, f32),
) {
    let columns: Vec<(i64, f32)> = window
        .columns()
        .map(|column| cell(frame.x(column), wave))
        .collect();
    let (Some(&(first, _)), Some(&(last, _))) = (columns.first(), columns.last()) else {
        return;
    };
    let line = |row: i64| -> Vec<f32> {
        let value = |column| signed(key(salt, column, row));
        (first..=last + 1).map(value).collect()
    };
    let places: Vec<(usize, f32)> = columns
        .iter()
        .map(|&(column, weight)| ((column - first) as usize, weight))
        .collect();
    let (mut above, mut upper, mut lower) = (i64::MIN, Vec::new(), Vec::new());
    let mut mixed = Vec::new();
    let mut index = 0;
    for row in window.rows() {
        let (cell, weight) = cell(frame.y(row), wave);
        if cell != above {
            upper = match above.checked_add(1) == Some(cell) && !lower.is_empty() {
                true => lower,
                false => line(cell),
            };
            lower = line(cell + 1);
            above = cell;
        }
        let between = |(upper, lower): (&f32, &f32)| upper + (lower - upper) * weight;
        mixed.clear();
        mixed.extend(upper.iter().zip(&lower).map(between));
        for &(place, weight) in &places {
            let from = mixed[place];
            give(index, from + (mixed[place + 1] - from) * weight);
            index += 1;
        }
    }
}

/// The cell of a lattice that holds a place, and how far in it the place is, eased.
fn cell(place: f64, wave: f64) -> (i64, f32) {
    let place = place / wave;
    let cell = place.floor();
    let part = (place - cell) as f32;
    (cell as i64, part * part * (3.0 - 2.0 * part))
}

/// A number from -1 to 1, out of a key.
fn signed(key: u64) -> f32 {
    (key >> 40) as f32 / 8_388_608.0 - 1.0
}
