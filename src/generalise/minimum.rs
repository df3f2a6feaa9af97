//! Minimum units: what is too small goes to a neighbour.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use rayon::prelude::*;

use super::{Plot, Plots, Rules};
use crate::partition::{DisjointSets, FaceId};

/// Why a plot may be smaller than its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exception {
    /// It is ossature, which is never given away.
    Ossature,
    /// Only ossature, or the edge of the territory, lies around it.
    HemmedIn,
    /// The limit of the territory cuts it, and the whole is large enough.
    Cut,
}

impl Exception {
    /// What is said of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ossature => "ossature",
            Self::HemmedIn => "hemmed_in",
            Self::Cut => "cut",
        }
    }
}

/// Plots below their unit, and why they may stay; `None` where nothing allows it.
pub fn exceptions(plots: &Plots, rules: &Rules) -> Vec<(FaceId, Option<Exception>)> {
    let mut has_neighbour = vec![false; plots.plots.len()];
    for e in 0..plots.partition.edge_count() {
        let (left, right) = plots.partition.sides(e);
        let is_soft = |f: FaceId| plots.plots[f as usize].is_some_and(|p| !p.ossature);
        if is_soft(left) && is_soft(right) {
            has_neighbour[left as usize] = true;
            has_neighbour[right as usize] = true;
        }
    }
    let small = plots.faces().filter(|(face, plot)| {
        let area = plots.partition.area(*face);
        area < rules.unit(plot, area)
    });
    small
        .map(|(face, plot)| {
            let area = plots.partition.area(face);
            let why = match (plot.ossature, has_neighbour[face as usize]) {
                (true, _) => Some(Exception::Ossature),
                _ if area >= rules.least_area(plot, area) => Some(Exception::Cut),
                (_, false) => Some(Exception::HemmedIn),
                _ => None,
            };
            (face, why)
        })
        .collect()
}

/// Gives plots that are too small, and those that are `doomed`, to the neighbour into which they go
/// best: by the length of their border times the nearness of meaning. The smallest goes first. A doomed
/// plot does not go to what is the same as itself, unless nothing else is there.
#[must_use]
pub fn absorb(plots: &Plots, rules: &Rules, doomed: &[bool]) -> Plots {
    let count = plots.plots.len();
    let is_soft = |f: FaceId| plots.plots[f as usize].is_some_and(|p| !p.ossature);
    // Blocks: what touches without ossature between.
    let mut sets = DisjointSets::new(count);
    let mut borders: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for e in 0..plots.partition.edge_count() {
        let (left, right) = plots.partition.sides(e);
        if is_soft(left) && is_soft(right) {
            sets.join(left, right);
            let pair = (left.min(right), left.max(right));
            *borders.entry(pair).or_default() += plots.partition.edge_length(e);
        }
    }
    let mut blocks: BTreeMap<u32, Block> = BTreeMap::new();
    let mut local = vec![0u32; count];
    for (face, plot) in plots.faces().filter(|(face, _)| is_soft(*face)) {
        let block = blocks.entry(sets.find(face)).or_default();
        local[face as usize] = block.nodes.len() as u32;
        block.nodes.push(Node {
            face,
            plot: *plot,
            area: plots.partition.area(face),
            is_doomed: doomed.get(face as usize).copied().unwrap_or(false),
            borders: BTreeMap::new(),
            into: None,
        });
    }
    for ((a, b), length) in borders {
        if let Some(block) = blocks.get_mut(&sets.find(a)) {
            let (p, q) = (local[a as usize], local[b as usize]);
            block.nodes[p as usize].borders.insert(q, length);
            block.nodes[q as usize].borders.insert(p, length);
        }
    }
    let mut blocks: Vec<Block> = blocks.into_values().collect();
    blocks.par_iter_mut().for_each(|block| block.absorb(rules));
    let mut absorbed = plots.clone();
    for block in &blocks {
        for (n, node) in block.nodes.iter().enumerate() {
            let last = &block.nodes[block.last(n as u32) as usize];
            let in_zone = node.plot.in_zone;
            if node.into.is_some() {
                absorbed.plots[node.face as usize] = Some(Plot {
                    in_zone,
                    beyond: None,
                    ..last.plot
                });
            }
        }
    }
    absorbed.dissolve()
}

#[derive(Default)]
struct Block {
    nodes: Vec<Node>,
}

struct Node {
    face: FaceId,
    plot: Plot,
    area: i64,
    is_doomed: bool,
    /// The lengths of the borders with neighbours.
    borders: BTreeMap<u32, f64>,
    /// The plot that it went to.
    into: Option<u32>,
}

impl Block {
    /// The plot that one ended in.
    fn last(&self, mut n: u32) -> u32 {
        while let Some(into) = self.nodes[n as usize].into {
            n = into;
        }
        n
    }

    fn absorb(&mut self, rules: &Rules) {
        // Areas within the zone, of what a plot has become.
        let mut in_zone: Vec<i64> = self.nodes.iter().map(|n| n.plot.in_zone).collect();
        let is_small = |node: &Node, in_zone: i64| {
            let plot = Plot {
                in_zone,
                ..node.plot
            };
            node.is_doomed || node.area < rules.least_area(&plot, node.area)
        };
        let small = (0..self.nodes.len() as u32)
            .filter(|&n| is_small(&self.nodes[n as usize], in_zone[n as usize]));
        let mut queue: BinaryHeap<Reverse<(i64, u32)>> = small
            .map(|n| Reverse((self.nodes[n as usize].area, n)))
            .collect();
        while let Some(Reverse((area, n))) = queue.pop() {
            let node = &self.nodes[n as usize];
            let is_current = node.into.is_none() && node.area == area;
            if !is_current || !is_small(node, in_zone[n as usize]) {
                continue;
            }
            let Some(best) = self.best(n, rules) else {
                continue;
            };
            let zone = in_zone[n as usize];
            in_zone[best as usize] += zone;
            let borders = std::mem::take(&mut self.nodes[n as usize].borders);
            self.nodes[n as usize].into = Some(best);
            self.nodes[best as usize].area += area;
            self.nodes[best as usize].borders.remove(&n);
            for (other, length) in borders {
                self.nodes[other as usize].borders.remove(&n);
                if other != best {
                    *self.nodes[other as usize].borders.entry(best).or_default() += length;
                    *self.nodes[best as usize].borders.entry(other).or_default() += length;
                }
            }
            queue.push(Reverse((self.nodes[best as usize].area, best)));
        }
    }

    /// The neighbour into which a plot goes best.
    fn best(&self, n: u32, rules: &Rules) -> Option<u32> {
        let node = &self.nodes[n as usize];
        let rank = |(&other, &length): (&u32, &f64)| {
            let neighbour = &self.nodes[other as usize];
            let is_same = neighbour.plot.key() == node.plot.key();
            let affinity = rules.affinity(&node.plot, &neighbour.plot);
            // Between what is the same, and what nothing goes into, the border alone decides.
            let is_last_resort = affinity == 0.0 || (node.is_doomed && is_same);
            // A part of a building goes to another part of it, whatever their uses.
            let is_building = node.plot.cover == rules.built && neighbour.plot.cover == rules.built;
            let score = if is_last_resort {
                length
            } else {
                length * affinity
            };
            (
                (is_building, !is_last_resort),
                score,
                neighbour.area,
                Reverse(other),
                other,
            )
        };
        let ranked = node.borders.iter().map(rank);
        let best = ranked.max_by(|p, q| {
            let order = p.0.cmp(&q.0).then(p.1.total_cmp(&q.1));
            order.then(p.2.cmp(&q.2)).then(p.3.cmp(&q.3))
        });
        best.map(|(.., other)| other)
    }
}
