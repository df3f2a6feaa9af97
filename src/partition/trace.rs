//! From edges to boundary cycles: which half-edge follows which around a face.

use rayon::prelude::*;

use crate::grid::{Point, delta};

/// Half-edges that leave each node: `outgoing[starts[n]..starts[n + 1]]`, by index.
pub(super) fn outgoing(origins: &[u32], nodes: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; nodes + 1];
    for &node in origins {
        starts[node as usize + 1] += 1;
    }
    for n in 0..nodes {
        starts[n + 1] += starts[n];
    }
    let mut places = starts.clone();
    let mut outgoing = vec![0u32; origins.len()];
    for (half_edge, &node) in origins.iter().enumerate() {
        let place = &mut places[node as usize];
        outgoing[*place as usize] = half_edge as u32;
        *place += 1;
    }
    (starts, outgoing)
}

/// The half-edge that follows each half-edge around the face on its left.
pub(super) fn link(nodes: &[Point], origins: &[u32]) -> Vec<u32> {
    let (starts, mut outgoing) = outgoing(origins, nodes.len());
    let end = |h: u32| nodes[origins[(h ^ 1) as usize] as usize];
    let mut rest = outgoing.as_mut_slice();
    let mut fans = Vec::with_capacity(nodes.len());
    for (node, range) in starts.windows(2).enumerate() {
        let (fan, later) = rest.split_at_mut((range[1] - range[0]) as usize);
        rest = later;
        if fan.len() > 2 {
            fans.push((nodes[node], fan));
        }
    }
    fans.par_iter_mut()
        .for_each(|(node, fan)| fan.sort_unstable_by(|&g, &h| by_angle(*node, end(g), end(h))));
    drop(fans);
    let mut next = vec![0u32; origins.len()];
    for range in starts.windows(2) {
        let fan = &outgoing[range[0] as usize..range[1] as usize];
        // Arriving by the twin of an outgoing half-edge, the face on the left goes on along the
        // outgoing half-edge that comes just before it, counter-clockwise.
        for (n, &h) in fan.iter().enumerate() {
            let before = fan[if n == 0 { fan.len() - 1 } else { n - 1 }];
            next[(h ^ 1) as usize] = before;
        }
    }
    next
}

/// Counter-clockwise order of directions from `node`, starting at east.
fn by_angle(node: Point, p: Point, q: Point) -> std::cmp::Ordering {
    let (ux, uy) = delta(node, p);
    let (vx, vy) = delta(node, q);
    let lower = |x: i64, y: i64| y < 0 || (y == 0 && x < 0);
    lower(ux, uy)
        .cmp(&lower(vx, vy))
        .then_with(|| (vx * uy).cmp(&(ux * vy)))
}

/// The boundary cycles of a set of linked half-edges.
pub(super) struct Cycles {
    /// The cycle of each half-edge.
    pub(super) of: Vec<u32>,
    /// The smallest half-edge of each cycle, increasing.
    pub(super) starts: Vec<u32>,
    /// Twice the signed area of each cycle: positive where its face lies inside.
    pub(super) areas: Vec<i64>,
}

/// Walks every cycle once.
pub(super) fn cycles(nodes: &[Point], origins: &[u32], next: &[u32]) -> Cycles {
    const NONE: u32 = u32::MAX;
    let mut cycles = Cycles {
        of: vec![NONE; origins.len()],
        starts: Vec::new(),
        areas: Vec::new(),
    };
    for start in 0..origins.len() as u32 {
        if cycles.of[start as usize] != NONE {
            continue;
        }
        let id = cycles.starts.len() as u32;
        let base = nodes[origins[start as usize] as usize];
        let (mut doubled, mut at, mut from) = (0i128, start, (0i64, 0i64));
        loop {
            cycles.of[at as usize] = id;
            at = next[at as usize];
            let to = delta(base, nodes[origins[at as usize] as usize]);
            doubled +=
                i128::from(from.0) * i128::from(to.1) - i128::from(to.0) * i128::from(from.1);
            from = to;
            if at == start {
                break;
            }
        }
        cycles.starts.push(start);
        // The grid is a little smaller than 2³¹ steps, so twice any area on it fits.
        cycles.areas.push(doubled as i64);
    }
    cycles
}
