//! The cell along a shore: from the coast road to the sea, dunes, pines and beach.

use super::chance::{Chance, Draw};
use super::contour::{Lattice, Samples};
use super::layout::Layout;
use super::palette::{HEATH, MEADOW, ROCK, WATER, cover, ground, usage};
use super::scene::{Layer, Scene, Since};
use super::shapes::{Vector, blob};

/// Where the water's edge lies, as a share of the depth of the cell from its south.
const WATER_LINE: f64 = 0.5;
/// Where dunes begin.
const DUNE_LINE: f64 = 0.66;
/// How far both stray.
const STRAY: f64 = 0.35;

/// Paints the shore.
pub(super) fn paint(layout: &Layout, outline: &[Vector], scene: &mut Scene, chance: &mut Chance) {
    let south = outline.iter().map(|p| p.y).fold(f64::INFINITY, f64::min);
    let north = outline
        .iter()
        .map(|p| p.y)
        .fold(f64::NEG_INFINITY, f64::max);
    let step = (layout.pitch / 100.0).clamp(5.0, 20.0);
    let lattice = Lattice::around(outline, step);
    let relief = layout.relief();
    // Bays and headlands: a rough line, smooth across the shore.
    let height = lattice.sample(|p| {
        let along = Vector::new(p.x, south + 0.15 * (p.y - south));
        (p.y - south) / (north - south) + STRAY * 0.4 * relief.conifer(along)
    });
    let wood = lattice.sample(|p| relief.wood(p));
    scene.paint(Layer::Land, HEATH, Since::BEGINNING, outline);
    let mut paint = |layer, ground, samples: &Samples| {
        scene.paint_contour(layer, ground, Since::BEGINNING, &samples.contour());
    };
    let dune = height.map(|h| h - DUNE_LINE);
    paint(
        Layer::Nature,
        MEADOW,
        &dune.combine(&wood, |d, w| d.min(w.abs() - 0.12)),
    );
    let pines = ground(cover::CONIFER, usage::FORESTRY);
    paint(
        Layer::Nature,
        pines,
        &dune.combine(&wood, |d, w| (d - 0.08).min(w + 0.1)),
    );
    paint(Layer::Nature, ROCK, &height.map(|h| DUNE_LINE - h));
    paint(Layer::Water, WATER, &height.map(|h| WATER_LINE - h));
    for _ in 0..layout.columns / 2 {
        // Skerries off the beach.
        let across = chance.between(0.0, layout.columns as f64 * layout.pitch);
        let seaward = chance.between(0.15, 0.35) * (north - south);
        let place = Vector::new(outline[0].x + across, south + seaward);
        let radius = chance.between(12.0, 30.0);
        scene.paint(
            Layer::Water,
            ROCK,
            Since::BEGINNING,
            &blob(place, radius, 0.4, chance),
        );
    }
}
