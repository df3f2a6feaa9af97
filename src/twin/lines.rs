//! Rivers, railways and canals: lines that pass from cell to cell.

use super::Landscape;
use super::chance::{Chance, Draw, Subject, chance};
use super::layout::{Cell, Layout, Seam};
use super::palette::{Ground, WATER, WOOD, cover, ground, usage};
use super::register::{Class, Way};
use super::relief::Relief;
use super::scene::{Layer, Scene, Since};
use super::shapes::{Vector, band, ragged, strip, sway};

/// What passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    River,
    Stream,
    Railway,
    Canal,
}

/// A line's way through one cell.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    pub(super) kind: Kind,
    /// The number of the line, by which all its cells know it.
    line: usize,
    from: Seam,
    to: Seam,
    half_width: f64,
}

const RAILWAY: Ground = ground(cover::MINERAL, usage::RAIL);
const CANAL: Ground = ground(cover::WATER, usage::WATERWAY);
const TOWPATH: Ground = ground(cover::GRASS, usage::WATERWAY);

/// The ways of all lines, cell by cell.
pub(super) fn passages(layout: &Layout) -> Vec<(Cell, Passage)> {
    let is_mountain = layout.landscape == Landscape::Mountain;
    let first = usize::from(layout.has_shore());
    let (columns, rows) = (layout.columns, layout.rows - first);
    let mut found = Vec::new();
    let mut number = 0;
    let mut run = |kind: Kind, eastward: bool, lane: usize| {
        number += 1;
        found.extend(walk(layout, kind, eastward, lane, number));
    };
    // Water comes down the mountains, and the railway keeps to the valley at their foot.
    for lane in (1..columns.max(rows)).step_by(3) {
        run(Kind::River, !is_mountain, lane);
    }
    for lane in (0..columns.max(rows)).step_by(2) {
        run(Kind::Stream, is_mountain, lane);
    }
    if is_mountain {
        run(Kind::Railway, true, 0);
    } else {
        for lane in (columns / 3..columns).step_by(9) {
            run(Kind::Railway, false, lane);
        }
    }
    if rows >= 6 && !is_mountain {
        for lane in (rows / 2..rows).step_by(13) {
            run(Kind::Canal, true, lane);
        }
    }
    found
}

/// One line across the territory, along a lane from which it strays.
fn walk(
    layout: &Layout,
    kind: Kind,
    eastward: bool,
    lane: usize,
    line: usize,
) -> Vec<(Cell, Passage)> {
    let mut chance = chance(layout.seed, Subject::Line, &[line]);
    let first = usize::from(layout.has_shore());
    // Steps along the line's way, lanes across it; rows of the sea are left out.
    let (steps, lanes) = if eastward {
        (layout.columns, layout.rows - first)
    } else {
        (layout.rows - first, layout.columns)
    };
    let cell = |step: usize, lane: usize| {
        if eastward {
            (step, lane + first)
        } else {
            (lane, step + first)
        }
    };
    let onward = |step: usize, lane: usize| {
        let (column, row) = cell(step, lane);
        if eastward {
            Seam::North(column, row)
        } else {
            Seam::East(column, row)
        }
    };
    let sideways = |step: usize, lane: usize| {
        let (column, row) = cell(step, lane);
        if eastward {
            Seam::East(column, row)
        } else {
            Seam::North(column, row)
        }
    };
    let half_width = match kind {
        Kind::River => chance.between(5.0, 13.0),
        Kind::Stream => chance.between(2.5, 3.5),
        Kind::Railway => 5.0,
        Kind::Canal => 11.0,
    };
    let strays = if kind == Kind::Railway { 0.1 } else { 0.3 };
    let mut lane = lane.min(lanes - 1);
    let mut way = Vec::new();
    for step in 0..steps {
        let mut from = onward(step, lane);
        let mut pass = |lane: usize, from: Seam, to: Seam| {
            way.push((
                cell(step, lane),
                Passage {
                    kind,
                    line,
                    from,
                    to,
                    half_width,
                },
            ));
        };
        if chance.happens(strays) {
            let up = chance.happens(0.5);
            if up && lane + 1 < lanes {
                let seam = sideways(step, lane + 1);
                pass(lane, from, seam);
                (lane, from) = (lane + 1, seam);
            } else if !up && lane > 0 {
                let seam = sideways(step, lane);
                pass(lane, from, seam);
                (lane, from) = (lane - 1, seam);
            }
        }
        pass(lane, from, onward(step + 1, lane));
    }
    way
}

impl Passage {
    /// The middle line through the cell, from a little before it to a little beyond.
    pub(super) fn way(&self, layout: &Layout, cell: Cell) -> Vec<Vector> {
        let end = |seam: Seam| (seam, layout.crossing(seam, self.line));
        let pieces = (layout.pitch / 14.0) as usize;
        let line = layout.way(end(self.from), end(self.to), pieces.max(60));
        let (reach, wave) = match self.kind {
            Kind::River => (0.03, 0.25),
            Kind::Stream => (0.02, 0.12),
            Kind::Railway | Kind::Canal => return line,
        };
        let mut chance = chance(layout.seed, Subject::Line, &[self.line, cell.0, cell.1]);
        sway(
            &line,
            reach * layout.pitch,
            wave * layout.pitch,
            &mut chance,
        )
    }

    /// How far lots keep from the middle line.
    pub(super) fn kept_clear(&self) -> f64 {
        self.half_width + if self.kind == Kind::Railway { 2.0 } else { 8.0 }
    }

    /// Paints the line and its banks.
    pub(super) fn paint(
        &self,
        relief: &Relief,
        scene: &mut Scene,
        way: &[Vector],
        chance: &mut Chance,
    ) {
        let bed = band(way, self.half_width);
        match self.kind {
            Kind::River | Kind::Stream => {
                let mut bank = || self.half_width + chance.between(4.0, 18.0);
                let banks = strip(way, bank(), bank());
                // Nothing grows along a torrent in high mountain.
                if !way.iter().any(|&place| relief.is_high(place)) {
                    let wood = ragged(&banks, 14.0, 0.22, chance);
                    scene.paint(Layer::Water, WOOD, Since::BEGINNING, &wood);
                }
                scene.paint(Layer::Water, WATER, Since::BEGINNING, &bed);
            }
            Kind::Railway => {
                scene.paint_ossature(Layer::Rail, RAILWAY, &bed);
                // The way begins before the cell and ends beyond it.
                let axis = way[1..way.len() - 1].to_vec();
                let way = Way::new(Class::Railway, axis, self.half_width, Since::BEGINNING);
                scene.register.ways.push(way);
            }
            Kind::Canal => {
                let banks = band(way, self.half_width + 7.0);
                scene.paint(Layer::Water, TOWPATH, Since::BEGINNING, &banks);
                scene.paint(Layer::Water, CANAL, Since::BEGINNING, &bed);
            }
        }
    }
}
