//! From edges to boundary cycles: which half-edge follows which around a face.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::grid::{Point, delta};

/// Half-edges that leave each node: `outgoing[starts[n]..starts[n + 1]]`, by index, in no order.
pub(super) fn outgoing(origins: &[u32], nodes: usize) -> (Vec<u32>, Vec<u32>) {
    listed(origins, nodes, |_| true)
}

/// The half-edges that `is_listed` says, by the node that they leave.
fn listed(
    origins: &[u32],
    nodes: usize,
    is_listed: impl Fn(usize) -> bool + Sync,
) -> (Vec<u32>, Vec<u32>) {
    let leaving = || {
        let all = origins.par_iter().enumerate();
        all.filter(|&(half_edge, _)| is_listed(half_edge))
    };
    let starts = atomics(nodes + 1);
    leaving().for_each(|(_, &node)| {
        starts[node as usize].fetch_add(1, Ordering::Relaxed);
    });
    let mut total = 0;
    let starts = plain(starts).into_iter().map(|count| {
        total += count;
        AtomicU32::new(total)
    });
    // The list of each node is filled from its end down, which leaves its start in its place.
    let places: Vec<AtomicU32> = starts.collect();
    let outgoing = atomics(total as usize);
    leaving().for_each(|(half_edge, &node)| {
        let place = places[node as usize].fetch_sub(1, Ordering::Relaxed) - 1;
        outgoing[place as usize].store(half_edge as u32, Ordering::Relaxed);
    });
    (plain(places), plain(outgoing))
}

/// Zeros that tasks may write side by side,
fn atomics(count: usize) -> Vec<AtomicU32> {
    vec![0; count].into_iter().map(AtomicU32::new).collect()
}

/// and the numbers that they left.
fn plain(numbers: Vec<AtomicU32>) -> Vec<u32> {
    numbers.into_iter().map(AtomicU32::into_inner).collect()
}

/// The half-edge that follows each half-edge around the face on its left. Edges are sorted by their smaller
/// ends, and nodes are numbered in the order of these.
pub(super) fn link(nodes: &[Point], origins: &[u32]) -> Vec<u32> {
    let (edges, _) = origins.as_chunks::<2>();
    // Edges that leave a node eastwards lie in a row: the others need a list.
    let (starts, westwards) = listed(origins, nodes.len(), |half_edge| half_edge % 2 == 1);
    let end = |h: u32| nodes[origins[(h ^ 1) as usize] as usize];
    let next = atomics(origins.len());
    let runs = (0..nodes.len().div_ceil(RUN)).into_par_iter();
    runs.for_each_init(Vec::new, |fan: &mut Vec<u32>, run| {
        let range = run * RUN..(run * RUN + RUN).min(nodes.len());
        let mut eastwards = edges.partition_point(|edge| (edge[0] as usize) < range.start);
        for node in range {
            fan.clear();
            fan.extend(&westwards[starts[node] as usize..starts[node + 1] as usize]);
            while edges
                .get(eastwards)
                .is_some_and(|edge| edge[0] as usize == node)
            {
                fan.push(2 * eastwards as u32);
                eastwards += 1;
            }
            if fan.len() > 2 {
                fan.sort_unstable_by(|&g, &h| by_angle(nodes[node], end(g), end(h)));
            }
            // Arriving by the twin of an outgoing half-edge, the face on the left goes on along
            // the outgoing half-edge that comes just before it, counter-clockwise.
            let Some(mut before) = fan.last().copied() else {
                continue;
            };
            for &h in &*fan {
                next[(h ^ 1) as usize].store(before, Ordering::Relaxed);
                before = h;
            }
        }
    });
    plain(next)
}

/// Nodes that one task links.
const RUN: usize = 1 << 12;

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

impl Cycles {
    /// Walks every cycle once.
    pub(super) fn new(nodes: &[Point], origins: &[u32], next: &[u32]) -> Self {
        let lines = Lines {
            nodes,
            origins,
            next,
        };
        // Cycles that stay within a band of half-edges are walked band by band, side by side,
        let mut of = vec![UNSEEN; origins.len()];
        let length = origins.len().div_ceil(BANDS).max(SHORTEST_BAND);
        let bands: Vec<Band> = of
            .par_chunks_mut(length)
            .enumerate()
            .map(|(n, of)| Band::new((n * length) as u32, of, lines))
            .collect();
        // the few others after them, each from its smallest half-edge: bands come in order.
        let mut leaving = Vec::new();
        for &start in bands.iter().flat_map(|band| &band.leaving) {
            let temporary = ELSEWHERE - 1 - leaving.len() as u32;
            let area = lines.walk(start, |h| {
                let of = &mut of[h as usize];
                let is_new = *of == ELSEWHERE;
                if is_new {
                    *of = temporary;
                }
                is_new
            });
            leaving.extend(area.map(|area| (start, area)));
        }
        // All are numbered in the order of their smallest half-edges.
        let (mut starts, mut areas) = (Vec::new(), Vec::new());
        let mut number = |(start, area): (u32, i64)| {
            starts.push(start);
            areas.push(area);
            starts.len() as u32 - 1
        };
        let mut others = leaving.iter().copied().peekable();
        let mut other_numbers = Vec::with_capacity(leaving.len());
        let mut numbers: Vec<Vec<u32>> = Vec::with_capacity(bands.len());
        for band in bands {
            let own = band.closed.into_iter().map(|cycle| {
                while let Some(other) = others.next_if(|other| other.0 < cycle.0) {
                    other_numbers.push(number(other));
                }
                number(cycle)
            });
            numbers.push(own.collect());
        }
        other_numbers.extend(others.map(number));
        of.par_chunks_mut(length)
            .zip(numbers)
            .for_each(|(of, numbers)| {
                for cycle in of {
                    *cycle = match numbers.get(*cycle as usize) {
                        Some(&number) => number,
                        None => other_numbers[(ELSEWHERE - 1 - *cycle) as usize],
                    };
                }
            });
        Self { of, starts, areas }
    }
}

/// The cycle of a half-edge that no walk came to yet,
const UNSEEN: u32 = u32::MAX;
/// and of one whose cycle leaves its band. Cycles that do are counted down from here at first.
const ELSEWHERE: u32 = UNSEEN - 1;
/// Bands in which cycles are walked side by side,
const BANDS: usize = 8;
/// unless these would be shorter than this.
const SHORTEST_BAND: usize = 1 << 14;

/// Linked half-edges.
#[derive(Clone, Copy)]
struct Lines<'a> {
    nodes: &'a [Point],
    origins: &'a [u32],
    next: &'a [u32],
}

impl Lines<'_> {
    /// Walks the cycle of `start` as long as `take` takes its half-edges; returns twice the signed
    /// area that it encloses when all are taken.
    fn walk(self, start: u32, mut take: impl FnMut(u32) -> bool) -> Option<i64> {
        let base = self.nodes[self.origins[start as usize] as usize];
        let (mut doubled, mut at, mut from) = (0i64, start, (0, 0));
        loop {
            if !take(at) {
                return None;
            }
            at = self.next[at as usize];
            let to = delta(base, self.nodes[self.origins[at as usize] as usize]);
            // The grid is a little smaller than 2³¹ steps, so twice any area on it fits, and sums
            // that do not on the way come back.
            doubled = doubled.wrapping_add(from.0 * to.1 - to.0 * from.1);
            from = to;
            if at == start {
                return Some(doubled);
            }
        }
    }
}

/// The cycles of a band of half-edges.
struct Band {
    /// Those that lie in it wholly: their smallest half-edges, increasing, and areas.
    closed: Vec<(u32, i64)>,
    /// Half-edges of the others, increasing, the smallest in this band of each among them.
    leaving: Vec<u32>,
}

impl Band {
    /// Walks from the half-edges `first` and following, whose cycles `of` takes: the number among
    /// those closed here, or [`ELSEWHERE`].
    fn new(first: u32, of: &mut [u32], lines: Lines) -> Self {
        let mut band = Self {
            closed: Vec::new(),
            leaving: Vec::new(),
        };
        for start in first..first + of.len() as u32 {
            if of[(start - first) as usize] != UNSEEN {
                continue;
            }
            let number = band.closed.len() as u32;
            let closed = lines.walk(start, |h| {
                let of = of.get_mut(h.wrapping_sub(first) as usize);
                of.filter(|of| **of == UNSEEN)
                    .map(|of| *of = number)
                    .is_some()
            });
            match closed {
                Some(area) => band.closed.push((start, area)),
                None => {
                    lines.walk(start, |h| {
                        let of = of.get_mut(h.wrapping_sub(first) as usize);
                        of.filter(|of| **of == number)
                            .map(|of| *of = ELSEWHERE)
                            .is_some()
                    });
                    band.leaving.push(start);
                }
            }
        }
        band
    }
}
