//! Outlines without detail.

use rayon::prelude::*;

use super::{Plots, Rules};
use crate::grid::{Point, STEPS_PER_METRE};
use crate::partition::{Builder, Chain, FaceId, OUTSIDE, Place, Simplifier, Tolerance};

/// Lines that one task simplifies.
const RUN: usize = 256;

/// Draws the outlines between plots with fewer points, within the tolerance; ossature, buildings and
/// the edge of the territory stay as they are. Areas stay, but for the rounding of points to the grid.
///
/// Every plot keeps its ground: where a simplified line would cross or skip another one, both stay as
/// they were.
#[must_use]
pub fn simplify(plots: &Plots, rules: &Rules) -> Plots {
    let is_frozen = |face: FaceId| match &plots.plots[face as usize] {
        None => true,
        Some(plot) => plot.ossature || plot.cover == rules.built,
    };
    let chains = plots.partition.chains();
    let mut drawn: Vec<Vec<Point>> = chains
        .par_chunks(RUN)
        .map_init(Simplifier::default, |simplifier, run| {
            let draw = |chain: &Chain| match is_frozen(chain.left) || is_frozen(chain.right) {
                true => chain.points.clone(),
                false => simplified(simplifier, &chain.points, rules.tolerance),
            };
            run.iter().map(draw).collect::<Vec<_>>()
        })
        .flatten()
        .collect();
    loop {
        let mut builder = Builder::new();
        for _ in 1..plots.partition.face_count() {
            builder.item();
        }
        for (chain, points) in chains.iter().zip(&drawn) {
            for face in [chain.left, chain.right] {
                if face != OUTSIDE {
                    builder.line(face - 1, points);
                }
            }
        }
        let overlay = builder.build();
        // A face of no plot or of several, or a plot in several faces, tells that lines met.
        let mut faces_of = vec![0u32; plots.partition.face_count()];
        let mut is_met = vec![false; plots.partition.face_count()];
        let count = overlay.partition.face_count();
        for face in 1..count as FaceId {
            match overlay.items(face) {
                [item] => faces_of[*item as usize + 1] += 1,
                items => items.iter().for_each(|&i| is_met[i as usize + 1] = true),
            }
        }
        for e in 0..overlay.partition.edge_count() {
            let (left, right) = overlay.partition.sides(e);
            for (empty, beside) in [(left, right), (right, left)] {
                if empty != OUTSIDE && overlay.items(empty).is_empty() {
                    let beside = overlay.items(beside).iter();
                    beside.for_each(|&i| is_met[i as usize + 1] = true);
                }
            }
        }
        for (face, &count) in faces_of.iter().enumerate().skip(1) {
            is_met[face] |= count != 1;
        }
        let mut is_changed = false;
        for (chain, points) in chains.iter().zip(&mut drawn) {
            let meets = is_met[chain.left as usize] || is_met[chain.right as usize];
            if meets && *points != chain.points {
                points.clone_from(&chain.points);
                is_changed = true;
            }
        }
        if !is_changed {
            let plot = |face: FaceId| match overlay.items(face) {
                [item] => {
                    let old = item + 1;
                    let mut plot = plots.plots[old as usize]?;
                    // The share in the zone stays.
                    let whole = i128::from(plots.partition.area(old)).max(1);
                    let area = i128::from(overlay.partition.area(face));
                    plot.in_zone = (i128::from(plot.in_zone) * area / whole) as i64;
                    Some(plot)
                }
                _ => None,
            };
            return Plots {
                plots: (0..count as FaceId).map(plot).collect(),
                partition: overlay.partition,
            };
        }
    }
}

fn simplified(simplifier: &mut Simplifier, points: &[Point], tolerance: f64) -> Vec<Point> {
    let Some(&base) = points.first() else {
        return Vec::new();
    };
    let place = |p: &Point| {
        let (dx, dy) = crate::grid::delta(base, *p);
        (dx as f64, dy as f64)
    };
    let line: Vec<Place> = points.iter().map(place).collect();
    let tolerance = Tolerance {
        deviation: tolerance * STEPS_PER_METRE,
        stem: 0.0,
    };
    let mut simple = Vec::new();
    simplifier.simplify(&line, tolerance, &mut simple);
    let point = |&(dx, dy): &Place| {
        // Near points of the grid: they fit.
        Point::new(base.x + dx.round() as i32, base.y + dy.round() as i32)
    };
    let mut points: Vec<Point> = simple.iter().map(point).collect();
    points.dedup();
    points
}
