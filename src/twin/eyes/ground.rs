//! Colours of surfaces and of what stands on them, in full sun.

use super::crops::STRAW;
use super::light::{Colour, Season, blend, scale};
use super::paint::Surface;
use super::texture::{Grain, part, ramp, range};
use super::tops::{Thing, Top, VINE};
use crate::twin::chance::mix;

/// Leaves of broadleaved trees.
const LEAVES: Colour = [86.0, 102.0, 70.0, 170.0];
/// Leaves of other species.
const OTHER_LEAVES: Colour = [97.0, 107.0, 70.0, 158.0];
/// Needles.
const NEEDLES: Colour = [70.0, 88.0, 68.0, 118.0];
/// Bushes.
const BUSHES: Colour = [92.0, 102.0, 70.0, 142.0];
/// Leaves of vines.
const VINES: Colour = [92.0, 112.0, 72.0, 166.0];
/// Grass.
const GRASS: Colour = [118.0, 132.0, 90.0, 168.0];
/// Weeds on what is not green.
const WEEDS: Colour = [132.0, 134.0, 98.0, 150.0];

/// The colour of a thing that stands on the ground; none for the surface itself.
pub(super) fn thing(top: &Top, season: &Season, grain: &Grain) -> Option<Colour> {
    let tone = f32::from(top.tone) / 255.0;
    let light = range(tone, 0.84, 1.14) * (1.0 + 0.07 * grain[0] + 0.05 * grain[1]);
    let dry = season.dryness;
    let colour = match top.thing {
        Thing::Surface => return None,
        Thing::Leaves => {
            let other = (tone * 7.0).fract();
            let leaves = blend(LEAVES, OTHER_LEAVES, other * other);
            blend(leaves, STRAW, 0.13 * dry * other)
        }
        Thing::Needles => blend(NEEDLES, LEAVES, 0.15 * (tone * 7.0).fract()),
        Thing::Bush => blend(BUSHES, STRAW, 0.3 * dry * (tone * 7.0).fract()),
        Thing::Fruit => blend(LEAVES, VINES, (tone * 7.0).fract()),
        Thing::Car => return Some(car(top.tone)),
        Thing::Line => [196.0, 196.0, 194.0, 178.0],
        Thing::Pool => pool(grain),
        Thing::Terrace => [202.0, 192.0, 176.0, 188.0],
    };
    match top.thing {
        Thing::Line | Thing::Pool | Thing::Terrace => Some(colour),
        _ => Some(scale(colour, light)),
    }
}

/// The water of a pool, over its blue lining.
fn pool(grain: &Grain) -> Colour {
    scale(
        [92.0, 172.0, 190.0, 38.0],
        1.0 + 0.06 * grain[1] + 0.04 * grain[0],
    )
}

/// The paint of a car.
fn car(tone: u8) -> Colour {
    match tone % 8 {
        0 | 1 => [222.0, 222.0, 222.0, 205.0],
        2 | 3 => [58.0, 60.0, 64.0, 62.0],
        4 => [150.0, 153.0, 158.0, 140.0],
        5 => [150.0, 52.0, 50.0, 132.0],
        6 => [64.0, 88.0, 140.0, 96.0],
        _ => [108.0, 110.0, 114.0, 100.0],
    }
}

/// The colour of a surface that is no field and no roof, of an object, at a pixel.
pub(super) fn surface(
    surface: Surface,
    object: u64,
    season: &Season,
    top: &Top,
    grain: &Grain,
) -> Colour {
    let kind = part(object, 0);
    let own = part(mix(object), 0);
    let fine = grain[0] + 0.7 * grain[1];
    match surface {
        Surface::Paved => paved(kind, own, grain),
        Surface::Mineral => mineral(kind, own, grain),
        Surface::Composite => composite(kind, grain),
        Surface::Bare => bare(kind, grain),
        Surface::Water => water(kind, grain),
        Surface::Pool => pool(grain),
        Surface::Snow => {
            let light = 1.0 + 0.03 * grain[2] + 0.04 * grain[3] + 0.015 * fine;
            let shaded = ramp(grain[3] + 0.5 * grain[2], 0.1, 1.2);
            let colour = blend(
                [234.0, 237.0, 241.0, 208.0],
                [196.0, 207.0, 224.0, 172.0],
                shaded,
            );
            scale(colour, light)
        }
        Surface::Lawn => {
            let dry = season.dryness * range(own, 0.1, 1.0);
            let patch = ramp(0.5 * grain[3] + 0.4 * grain[2] + dry - 0.25, -0.3, 0.9);
            scale(
                blend(GRASS, STRAW, patch),
                1.0 + 0.05 * fine + 0.03 * grain[2],
            )
        }
        Surface::Meadow => {
            let dry = season.dryness * range(own, 0.4, 1.1);
            let patch = 0.5 * grain[3] + 0.35 * grain[2] + 0.3 * grain[4] + dry - 0.2;
            let tall = blend([118.0, 132.0, 84.0, 164.0], STRAW, ramp(patch, -0.4, 0.9));
            let tufts = ramp(grain[1] + 0.6 * grain[2], 0.5, 1.2);
            scale(
                blend(tall, BUSHES, 0.45 * tufts),
                1.0 + 0.06 * fine + 0.05 * grain[2],
            )
        }
        Surface::ClearCut => {
            let green = ramp(0.7 * grain[2] + 0.6 * grain[3] + kind - 0.6, -0.2, 0.9);
            let litter = blend(
                [141.0, 122.0, 97.0, 132.0],
                [118.0, 124.0, 84.0, 150.0],
                green,
            );
            let heap = ramp(top.height, 0.25, 0.8);
            // Stumps, and the pale wood of what was cut.
            let wood = ramp(grain[1] - 0.3 * grain[0], 0.62, 0.9);
            let colour = blend(litter, [112.0, 100.0, 86.0, 106.0], 0.75 * heap);
            let colour = blend(colour, [188.0, 172.0, 148.0, 168.0], 0.6 * wood);
            scale(colour, 1.0 + 0.1 * fine)
        }
        Surface::Reed => {
            let colour = blend(
                [128.0, 130.0, 84.0, 144.0],
                [104.0, 104.0, 72.0, 108.0],
                ramp(grain[2] + grain[3], -0.6, 1.0),
            );
            scale(colour, 1.0 + 0.08 * fine)
        }
        Surface::Vine => {
            let soil = match kind {
                _ if own < 0.55 => [176.0, 153.0, 125.0, 156.0],
                _ if own < 0.75 => [198.0, 180.0, 154.0, 182.0],
                // Grass is let grow between the rows.
                _ => blend(WEEDS, STRAW, season.dryness),
            };
            let soil = scale(soil, 1.0 + 0.05 * fine + 0.04 * grain[3]);
            let leaves = scale(VINES, 1.0 + 0.08 * fine);
            blend(soil, leaves, (top.height / VINE).clamp(0.0, 1.0))
        }
        Surface::Orchard => {
            let grass = blend(GRASS, STRAW, season.dryness * range(own, 0.2, 0.9));
            scale(grass, 1.0 + 0.05 * fine + 0.05 * grain[2])
        }
        Surface::Shrub => {
            let heath = blend([134.0, 130.0, 94.0, 144.0], STRAW, 0.6 * season.dryness);
            let stony = ramp(grain[2] + grain[3] + kind, 0.9, 1.8);
            let colour = blend(heath, [172.0, 160.0, 140.0, 160.0], 0.6 * stony);
            scale(colour, 1.0 + 0.08 * fine + 0.05 * grain[2])
        }
        // Fields and roofs are painted apart, and woods are all crowns.
        _ => [0.0; 4],
    }
}

/// Asphalt, darker when new.
fn paved(age: f32, own: f32, grain: &Grain) -> Colour {
    let new = [98.0, 100.0, 105.0, 90.0];
    let old = [162.0, 159.0, 154.0, 146.0];
    let patch = ramp(grain[2] + 0.8 * grain[3], 0.7, 0.8) * own;
    let colour = blend(
        new,
        old,
        (age + 0.12 * grain[4] - 0.3 * patch).clamp(0.0, 1.0),
    );
    let wear = 0.025 * grain[0] + 0.03 * grain[1] + 0.04 * grain[2] + 0.03 * grain[3];
    scale(colour, 1.0 + wear)
}

/// Gravel, ballast or beaten earth.
fn mineral(kind: f32, own: f32, grain: &Grain) -> Colour {
    let colour = match kind {
        _ if kind < 0.45 => [188.0, 178.0, 161.0, 172.0],
        _ if kind < 0.7 => [146.0, 136.0, 127.0, 132.0],
        _ if kind < 0.85 => [182.0, 160.0, 131.0, 168.0],
        // Some of it cannot be told from earth.
        _ => [204.0, 182.0, 148.0, 192.0],
    };
    let weeds = ramp(grain[3] + 0.6 * grain[2] + own - 0.5, 0.5, 1.3);
    let grit = 0.085 * grain[0] + 0.06 * grain[1] + 0.05 * grain[2] + 0.04 * grain[3];
    scale(blend(colour, WEEDS, 0.7 * weeds), 1.0 + grit)
}

/// Yards where gravel, grass, heaps and old paving mingle.
fn composite(kind: f32, grain: &Grain) -> Colour {
    let gravel = [176.0, 166.0, 149.0, 160.0];
    let grass = ramp(grain[2] + grain[3] + 0.5 * kind, 0.2, 0.6);
    let dark = ramp(grain[2] - 0.9 * grain[3], 0.55, 0.75);
    let heap = ramp(grain[1] + 0.6 * grain[2], 0.75, 0.95);
    let colour = blend(gravel, WEEDS, 0.85 * grass);
    let colour = blend(colour, [128.0, 124.0, 120.0, 116.0], 0.8 * dark);
    let colour = blend(colour, [206.0, 198.0, 186.0, 190.0], 0.7 * heap);
    scale(colour, 1.0 + 0.08 * grain[0] + 0.06 * grain[1])
}

/// Rock, sand or the earth of a quarry.
fn bare(kind: f32, grain: &Grain) -> Colour {
    let (colour, dark) = match kind {
        _ if kind < 0.45 => ([184.0, 178.0, 168.0, 170.0], [134.0, 130.0, 126.0, 120.0]),
        _ if kind < 0.75 => ([216.0, 202.0, 172.0, 200.0], [190.0, 174.0, 146.0, 174.0]),
        _ => ([206.0, 184.0, 150.0, 190.0], [172.0, 142.0, 108.0, 156.0]),
    };
    let rough = 0.6 * grain[2] + 0.5 * grain[3] + 0.4 * grain[4] + 0.25 * grain[1];
    let rough = ramp(rough, -0.4, 0.9);
    let grit = 0.06 * grain[0] + 0.06 * grain[1] + 0.03 * grain[2];
    scale(blend(colour, dark, rough), 1.0 + grit)
}

/// Water: what it carries colours it, and now and then the sun glints on it.
fn water(kind: f32, grain: &Grain) -> Colour {
    let colour = match kind {
        _ if kind < 0.4 => [58.0, 74.0, 66.0, 16.0],
        _ if kind < 0.75 => [46.0, 66.0, 78.0, 12.0],
        _ => [86.0, 94.0, 80.0, 22.0],
    };
    let depth = 1.0 + 0.1 * grain[4] + 0.06 * grain[3] + 0.04 * grain[2];
    let glint = ramp(grain[0] + grain[1] + 0.5 * grain[2], 1.25, 1.9);
    let colour = scale(colour, depth + 0.03 * grain[1]);
    blend(colour, [170.0, 180.0, 188.0, 90.0], 0.35 * glint)
}
