//! The lie of the land: where woods, heath, vines and snow come by nature. All are smooth random
//! fields over the whole territory, so that they pass from cell to cell unbroken.

use fastnoise_lite::{FastNoiseLite, FractalType, NoiseType};

use super::Landscape;
use super::chance::mix;
use super::shapes::Vector;

/// Altitude, between 0 (the plain) and 1 (the summits), above which no one lives.
const TREE_LINE: f64 = 0.60;
/// Altitude above which rock shows.
const ROCK_LINE: f64 = 0.72;
/// Altitude above which snow stays.
const SNOW_LINE: f64 = 0.84;

/// The fields of a territory.
pub(super) struct Relief {
    landscape: Landscape,
    origin: Vector,
    side: f64,
    region: FastNoiseLite,
    wood: FastNoiseLite,
    species: FastNoiseLite,
    terroir: FastNoiseLite,
    slope: FastNoiseLite,
}

impl Relief {
    pub(super) fn new(seed: u64, origin: Vector, side: f64, landscape: Landscape) -> Self {
        let field = |number: u64, octaves: i32, wave: f32, roughness: f32| {
            let mut noise = FastNoiseLite::with_seed(field_seed(seed, number));
            noise.set_noise_type(Some(NoiseType::Perlin));
            noise.set_fractal_type(Some(FractalType::FBm));
            noise.set_fractal_octaves(Some(octaves));
            noise.set_fractal_gain(Some(roughness));
            noise.set_frequency(Some(1.0 / wave));
            noise
        };
        Self {
            landscape,
            origin,
            side,
            region: field(1, 2, 9_000.0, 0.5),
            wood: field(2, 7, 1_500.0, 0.62),
            species: field(3, 4, 900.0, 0.5),
            terroir: field(4, 2, 5_000.0, 0.5),
            slope: field(5, 5, 3_000.0, 0.5),
        }
    }

    /// Positive where wood grows.
    pub(super) fn wood(&self, place: Vector) -> f64 {
        let bias = match self.landscape {
            Landscape::Inland => -0.09,
            Landscape::Shore => -0.04,
            Landscape::Mountain => 0.10,
        };
        let height = self
            .altitude(place)
            .map_or(0.0, |a| 3.0 * (a - TREE_LINE + 0.05).max(0.0));
        at(&self.wood, place) + 0.5 * at(&self.region, place) + bias - height
    }

    /// Above 0 where conifers stand rather than broadleaves.
    pub(super) fn conifer(&self, place: Vector) -> f64 {
        let bias = match self.landscape {
            Landscape::Inland => -0.22,
            Landscape::Shore => 0.10,
            Landscape::Mountain => 0.05,
        };
        at(&self.species, place) + bias
    }

    /// Above 0 where vines are grown.
    pub(super) fn vines(&self, place: Vector) -> f64 {
        let bias = if self.landscape == Landscape::Mountain {
            -0.6
        } else {
            0.0
        };
        at(&self.terroir, place) + bias
    }

    /// Above 0 where fields are small and hedged.
    pub(super) fn bocage(&self, place: Vector) -> f64 {
        at(&self.terroir, Vector::new(place.y, place.x))
    }

    /// From 0 in the plain to 1 on the summits, in mountains alone.
    pub(super) fn altitude(&self, place: Vector) -> Option<f64> {
        (self.landscape == Landscape::Mountain).then(|| {
            let north = (place.y - self.origin.y) / self.side;
            let rough = 0.25 * (self.side / 6_000.0).clamp(0.15, 1.0);
            0.98 * north + rough * at(&self.slope, place)
        })
    }

    /// Height of the bare ground above the sea, m.
    pub(super) fn elevation(&self, place: Vector) -> f64 {
        let hills = 150.0 + 60.0 * at(&self.slope, place) + 90.0 * at(&self.region, place);
        match self.altitude(place) {
            Some(altitude) => 500.0 + 2_300.0 * altitude.max(0.0) + 0.2 * hills,
            None => hills.max(0.0),
        }
    }

    /// Positive on bare rock and scree.
    pub(super) fn rock(&self, place: Vector) -> f64 {
        self.altitude(place)
            .map_or(-1.0, |a| a - ROCK_LINE + 0.3 * at(&self.wood, place))
    }

    /// Positive on snow that stays.
    pub(super) fn snow(&self, place: Vector) -> f64 {
        self.altitude(place)
            .map_or(-1.0, |a| a - SNOW_LINE + 0.12 * at(&self.species, place))
    }

    /// Whether a place is in high mountain.
    pub(super) fn is_high(&self, place: Vector) -> bool {
        self.altitude(place).is_some_and(|a| a > TREE_LINE)
    }
}

/// The seed of one field: of 30 bits, which leaves the noise room to count on from it.
fn field_seed(seed: u64, number: u64) -> i32 {
    (mix(seed ^ mix(number)) >> 34) as i32
}

fn at(field: &FastNoiseLite, place: Vector) -> f64 {
    f64::from(field.get_noise_2d(place.x, place.y))
}
