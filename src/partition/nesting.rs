//! Which face each connected piece of the linework lies in.

use rayon::prelude::*;

use super::noding::Ground;
use super::trace::Cycles;
use crate::grid::{Point, delta};

/// The face left of each half-edge, and the cycles of each face.
pub(super) struct Faces {
    pub(super) left: Vec<u32>,
    pub(super) areas: Vec<i64>,
    pub(super) cycle_starts: Vec<u32>,
    pub(super) cycles: Vec<u32>,
}

/// Gives every cycle its face: a positive cycle is the outer ring of one; a negative cycle, the
/// contour of a connected piece, is a hole of the face that lies just left of and below its
/// leftmost node. Frees the ground as soon as it can: an overlay holds the most memory here.
pub(super) fn nest(nodes: &[Point], origins: &[u32], ground: Ground, cycles: Cycles) -> Faces {
    let mut count = 1;
    let mut face_of: Vec<u32> = vec![super::OUTSIDE; cycles.starts.len()];
    for (face, &area) in face_of.iter_mut().zip(&cycles.areas) {
        if area > 0 {
            *face = count;
            count += 1;
        }
    }
    // A cycle is known by its smallest half-edge, and edges are sorted by their smaller end: that
    // is the smallest node of the cycle, and cycles come in the order of these.
    let is_hole = |&cycle: &usize| cycles.areas[cycle] <= 0;
    let holes = (0..cycles.starts.len()).into_par_iter().filter(is_hole);
    let holes: Vec<(usize, Option<usize>)> = holes
        .map(|cycle| {
            let tip = nodes[origins[(cycles.starts[cycle] & !1) as usize] as usize];
            (cycle, below(nodes, origins, &ground, tip))
        })
        .collect();
    drop(ground);
    for (cycle, below) in holes {
        if let Some(edge) = below {
            // The piece below starts further left, so its contour is resolved already.
            face_of[cycle] = face_of[cycles.of[2 * edge] as usize];
        }
    }
    assemble(cycles, &face_of, count as usize)
}

/// Groups cycles by face, the outer ring first.
pub(super) fn assemble(cycles: Cycles, face_of: &[u32], faces: usize) -> Faces {
    let mut areas = vec![0i64; faces];
    let mut cycle_starts = vec![0u32; faces + 1];
    for (cycle, &face) in face_of.iter().enumerate() {
        areas[face as usize] += cycles.areas[cycle];
        cycle_starts[face as usize + 1] += 1;
    }
    areas[super::OUTSIDE as usize] = 0;
    for f in 0..faces {
        cycle_starts[f + 1] += cycle_starts[f];
    }
    let mut places = cycle_starts.clone();
    let mut grouped = vec![0u32; face_of.len()];
    for outer in [true, false] {
        for (cycle, &face) in face_of.iter().enumerate() {
            if (cycles.areas[cycle] > 0) == outer {
                let place = &mut places[face as usize];
                grouped[*place as usize] = cycles.starts[cycle];
                *place += 1;
            }
        }
    }
    let mut left = cycles.of;
    left.par_iter_mut()
        .for_each(|of| *of = face_of[*of as usize]);
    Faces {
        left,
        areas,
        cycle_starts,
        cycles: grouped,
    }
}

/// The highest edge below `tip`, just left of it.
fn below(nodes: &[Point], origins: &[u32], ground: &Ground, tip: Point) -> Option<usize> {
    let node = |n: u32| nodes[n as usize];
    // Edges are sorted by their ends.
    let (edges, _) = origins.as_chunks();
    let find = |ends| edges.binary_search_by_key(&ends, |&[a, b]| (node(a), node(b)));
    for (bottom, listed) in ground.downwards(tip) {
        let mut best: Option<(usize, Point, Point)> = None;
        for (a, b) in listed {
            if a.x < tip.x
                && tip.x <= b.x
                && height(a, b, tip.x, i64::from(tip.y)) < 0
                && best.is_none_or(|(_, c, d)| is_higher((a, b), (c, d), tip.x))
                && let Ok(edge) = find((a, b))
            {
                best = Some((edge, a, b));
            }
        }
        // An edge that passes below this cell may be hidden by one listed further down only.
        if let Some((edge, a, b)) = best
            && height(a, b, tip.x, bottom) >= 0
        {
            return Some(edge);
        }
    }
    None
}

/// Sign of (height of the line `a b` at `x`) − `y`, with `a.x < b.x`.
fn height(a: Point, b: Point, x: i32, y: i64) -> i32 {
    let (dx, dy) = delta(a, b);
    let run = i128::from(x) - i128::from(a.x);
    let rise = i128::from(y) - i128::from(a.y);
    (run * i128::from(dy) - rise * i128::from(dx)).signum() as i32
}

/// Whether the first edge passes above the second one just left of `x`. The two do not cross.
fn is_higher((a, b): (Point, Point), (c, d): (Point, Point), x: i32) -> bool {
    let ((ux, uy), (vx, vy)) = (delta(a, b), delta(c, d));
    // Heights at x as fractions over ux and vx: compared crosswise, in whole steps and rest.
    let place = |start: Point, dx: i64, dy: i64| {
        let rise = (i128::from(x) - i128::from(start.x)) * i128::from(dy);
        let whole = rise.div_euclid(i128::from(dx)) + i128::from(start.y);
        (whole, rise.rem_euclid(i128::from(dx)))
    };
    let ((p, p_rest), (q, q_rest)) = (place(a, ux, uy), place(c, vx, vy));
    let at_x = p
        .cmp(&q)
        .then_with(|| (p_rest * i128::from(vx)).cmp(&(q_rest * i128::from(ux))));
    // Equal at x: going left, the one with the smaller slope is above.
    at_x.then_with(|| (i128::from(vy) * i128::from(ux)).cmp(&(i128::from(uy) * i128::from(vx))))
        .is_gt()
}
