//! Roofs: their slopes, out of the outline of the buildings.

use super::light::{Colour, Season, blend, scale};
use super::paint::{Sight, Surface};
use super::texture::{Grain, Window, part, ramp, range};
use super::tops::Ground;

/// Farthest that the slope of a roof goes from its edge, metres.
pub(super) const SLOPE: f64 = 7.0;
/// Rise of a roof of tiles.
const PITCH: f32 = 0.45;
/// Lengths of a step aside, and of a step across a corner.
const STEPS: (u16, u16) = (5, 7);

/// How far each pixel of a window lies from the edge of its building, in fifths of a pixel, up to
/// the end of the slope; 0 elsewhere.
pub(super) struct Roofs {
    window: Window,
    far: Vec<u16>,
    /// Pixels between the places whose difference tells the slope.
    step: usize,
}

impl Roofs {
    /// The roofs of a window.
    pub(super) fn new(ground: &Ground, window: Window) -> Self {
        let most = (SLOPE / ground.frame.pixel * f64::from(STEPS.0)) as u16;
        let mut far = Vec::with_capacity(window.width * window.height);
        let mut is_any = false;
        for row in window.rows() {
            far.extend(window.columns().map(|column| {
                let is_roof = is_roof(ground.sight(column, row));
                is_any |= is_roof;
                if is_roof { most } else { 0 }
            }));
        }
        let mut roofs = Self {
            window,
            far,
            step: (0.6 / ground.frame.pixel).round().max(1.0) as usize,
        };
        if is_any {
            roofs.measure(ground);
        }
        roofs
    }

    /// Carries distances from pixel to pixel, down then up.
    fn measure(&mut self, ground: &Ground) {
        let window = self.window;
        for (column, row) in window
            .rows()
            .flat_map(|r| window.columns().map(move |c| (c, r)))
        {
            self.lower(ground, (column, row), [(-1, 0), (-1, -1), (0, -1), (1, -1)]);
        }
        let up = window.rows().rev();
        for (column, row) in up.flat_map(|r| window.columns().rev().map(move |c| (c, r))) {
            self.lower(ground, (column, row), [(1, 0), (1, 1), (0, 1), (-1, 1)]);
        }
    }

    /// Lowers the distance of a pixel to what its neighbours allow.
    fn lower(
        &mut self,
        ground: &Ground,
        (column, row): (usize, usize),
        neighbours: [(isize, isize); 4],
    ) {
        let index = self.window.index(column, row);
        let mut least = self.far[index];
        if least == 0 {
            return;
        }
        let sight = ground.sight(column, row);
        for (east, south) in neighbours {
            let (Some(column), Some(row)) = (
                column.checked_add_signed(east),
                row.checked_add_signed(south),
            ) else {
                continue;
            };
            if !self.window.columns().contains(&column) || !self.window.rows().contains(&row) {
                continue;
            }
            let step = if east == 0 || south == 0 {
                STEPS.0
            } else {
                STEPS.1
            };
            let far = match ground.sight(column, row) == sight {
                true => self.far[self.window.index(column, row)].saturating_add(step),
                false => step / 2,
            };
            least = least.min(far);
        }
        self.far[index] = least;
    }

    /// The slope of the roof at a pixel, without unit: rise eastward and southward, of length 1 on
    /// a slope and 0 on a ridge.
    fn slope(&self, ground: &Ground, (column, row): (usize, usize)) -> (f32, f32) {
        let sight = ground.sight(column, row);
        let own = self.far[self.window.index(column, row)];
        let at = |column: usize, row: usize| {
            let is_in = self.window.columns().contains(&column)
                && self.window.rows().contains(&row)
                && ground.sight(column, row) == sight;
            // Beyond the edge the slope goes on.
            match is_in {
                true => f32::from(self.far[self.window.index(column, row)]),
                false => f32::from(own) - f32::from(STEPS.0) * self.step as f32,
            }
        };
        let (step, reach) = (self.step, 2.0 * f32::from(STEPS.0) * self.step as f32);
        let east = at(column + step, row) - at(column.saturating_sub(step), row);
        let south = at(column, row + step) - at(column, row.saturating_sub(step));
        (
            (east / reach).clamp(-1.0, 1.0),
            (south / reach).clamp(-1.0, 1.0),
        )
    }

    /// The colour of a roof in the sun, its slopes told apart.
    pub(super) fn colour(
        &self,
        ground: &Ground,
        season: &Season,
        pixel: (usize, usize),
        grain: &Grain,
    ) -> Colour {
        let sight = ground.sight(pixel.0, pixel.1);
        let object = ground.object(sight);
        let is_hall = sight.surface == Surface::Hall;
        let (colour, pitch) = cover(object, is_hall);
        let (east, south) = self.slope(ground, pixel);
        let light = season.shade(pitch * east, pitch * south);
        // Lichen and repairs, in patches; old roofs have more.
        let age = part(object, 2);
        let worn = blend(
            colour,
            scale(colour, 0.8),
            age * ramp(grain[2] + 0.6 * grain[1], 0.0, 1.2),
        );
        let rough = 1.0 + 0.05 * grain[0] + 0.03 * grain[1] + 0.03 * grain[3];
        scale(worn, light * rough * range(age, 1.05, 0.92))
    }
}

/// Whether a pixel is of a building.
fn is_roof(sight: Sight) -> bool {
    matches!(sight.surface, Surface::Building | Surface::Hall)
}

/// What a roof is covered with, and how steep it is.
fn cover(object: u64, is_hall: bool) -> (Colour, f32) {
    let kind = part(object, 0);
    if is_hall {
        return match kind {
            _ if kind < 0.35 => ([214.0, 216.0, 219.0, 205.0], 0.1),
            _ if kind < 0.6 => ([160.0, 163.0, 167.0, 152.0], 0.12),
            _ if kind < 0.75 => ([118.0, 132.0, 144.0, 128.0], 0.1),
            // Fibre cement.
            _ if kind < 0.9 => ([182.0, 178.0, 170.0, 168.0], 0.2),
            _ => ([176.0, 128.0, 104.0, 150.0], 0.3),
        };
    }
    match kind {
        _ if kind < 0.32 => ([186.0, 131.0, 102.0, 154.0], PITCH),
        _ if kind < 0.52 => ([196.0, 158.0, 132.0, 166.0], PITCH),
        _ if kind < 0.66 => ([146.0, 106.0, 88.0, 122.0], PITCH),
        _ if kind < 0.88 => ([104.0, 108.0, 118.0, 98.0], 0.7),
        // Flat, under gravel.
        _ => ([168.0, 164.0, 156.0, 152.0], 0.0),
    }
}
