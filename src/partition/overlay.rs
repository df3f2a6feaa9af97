//! Laying polygons over one another.

use std::sync::Arc;

use rayon::prelude::*;

use super::noding::{Edges, Segment, node};
use super::{FaceId, OUTSIDE, Partition, nesting, trace};
use crate::grid::Point;

/// An item of an overlay: one region, whose boundary was given to the [`Builder`].
pub type ItemId = u32;

/// Collects the boundaries of items.
///
/// An item covers what an odd number of its rings enclose: the orientation of rings does not
/// matter, a hole is a ring inside a ring, a bow-tie covers both its wings, and a ring given
/// twice cancels. Parts that may overlap are better given as items of their own.
#[derive(Default)]
pub struct Builder {
    segments: Vec<Segment>,
    items: u32,
}

impl Builder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new item, still without boundary.
    pub fn item(&mut self) -> ItemId {
        self.items += 1;
        self.items - 1
    }

    /// Adds a ring to the boundary of `item`; it is closed when its ends differ.
    pub fn ring(&mut self, item: ItemId, points: &[Point]) {
        for pair in points.windows(2) {
            self.segment(item, pair[0], pair[1]);
        }
        if let [first, .., last] = points {
            self.segment(item, *last, *first);
        }
    }

    /// Adds one segment to the boundary of `item`. The segments of an item must form closed
    /// rings together, in any order and direction.
    pub fn segment(&mut self, item: ItemId, p: Point, q: Point) {
        self.segments.extend(Segment::new(p, q, item));
    }

    /// Takes over the items of another builder, which are numbered on from this one's; returns
    /// the number of its first.
    pub fn append(&mut self, mut other: Self) -> ItemId {
        let first = self.items;
        for segment in &mut other.segments {
            segment.item += first;
        }
        self.segments.append(&mut other.segments);
        self.items += other.items;
        first
    }

    /// Number of items so far.
    pub fn item_count(&self) -> u32 {
        self.items
    }

    /// Nodes everything together and labels the faces.
    pub fn build(self) -> Overlay {
        let (edges, cells, passes) = node(self.segments);
        let (nodes, origins) = index(&edges.ends);
        let next = trace::link(&nodes, &origins);
        let cycles = trace::cycles(&nodes, &origins, &next);
        let faces = nesting::nest(&nodes, &origins, &cells, &cycles);
        drop(cells);
        drop(cycles);
        let partition = Partition {
            nodes: Arc::new(nodes),
            origins,
            next,
            left: faces.left,
            areas: faces.areas,
            cycle_starts: faces.cycle_starts,
            cycles: faces.cycles,
        };
        let (label_starts, labels) = label(&partition, &edges);
        Overlay {
            partition,
            label_starts,
            labels,
            items: self.items,
            passes,
        }
    }
}

/// Numbers the ends of edges: the nodes, sorted, and the node where each half-edge starts.
fn index(ends: &[(Point, Point)]) -> (Vec<Point>, Vec<u32>) {
    let mut nodes: Vec<Point> = ends.par_iter().flat_map_iter(|&(a, b)| [a, b]).collect();
    nodes.par_sort_unstable();
    nodes.dedup();
    nodes.shrink_to_fit();
    let place = |p: &Point| nodes.partition_point(|n| n < p) as u32;
    let origins = ends
        .par_iter()
        .flat_map_iter(|(a, b)| [place(a), place(b)])
        .collect();
    (nodes, origins)
}

/// Items of each face, found by walking from the outside across edges: each edge toggles the
/// items whose boundary it is.
fn label(partition: &Partition, edges: &Edges) -> (Vec<(u32, u32)>, Vec<ItemId>) {
    const UNSEEN: (u32, u32) = (u32::MAX, 0);
    let mut spans = vec![UNSEEN; partition.face_count()];
    let mut labels: Vec<ItemId> = Vec::new();
    let mut queue = vec![OUTSIDE];
    spans[OUTSIDE as usize] = (0, 0);
    while let Some(face) = queue.pop() {
        let (start, length) = spans[face as usize];
        for &cycle in partition.cycles_of(face) {
            for half_edge in partition.walk(cycle) {
                let across = partition.left[half_edge as usize ^ 1] as usize;
                if spans[across] == UNSEEN {
                    let from = labels.len();
                    toggle(
                        &mut labels,
                        start as usize..(start + length) as usize,
                        edges.items(half_edge as usize / 2),
                    );
                    spans[across] = (from as u32, (labels.len() - from) as u32);
                    queue.push(across as FaceId);
                }
            }
        }
    }
    (spans, labels)
}

/// Appends the symmetric difference of a sorted range of `labels` and sorted `items`.
fn toggle(labels: &mut Vec<ItemId>, range: std::ops::Range<usize>, items: &[ItemId]) {
    let (mut at, mut rest) = (range.start, items);
    loop {
        let mine = (at < range.end).then(|| labels[at]);
        match (mine, rest.first().copied()) {
            (None, None) => return,
            (Some(p), Some(q)) if p == q => {
                at += 1;
                rest = &rest[1..];
            }
            (Some(p), q) if q.is_none_or(|q| p < q) => {
                labels.push(p);
                at += 1;
            }
            (_, Some(q)) => {
                labels.push(q);
                rest = &rest[1..];
            }
            (Some(_), None) => unreachable!("a lone label is taken by the arm above"),
        }
    }
}

/// A partition whose faces know the items that cover them.
pub struct Overlay {
    /// The faces.
    pub partition: Partition,
    label_starts: Vec<(u32, u32)>,
    labels: Vec<ItemId>,
    items: u32,
    passes: u32,
}

impl Overlay {
    /// The items that cover a face, sorted; none for the outside and for bounded gaps.
    pub fn items(&self, face: FaceId) -> &[ItemId] {
        let (start, length) = self.label_starts[face as usize];
        &self.labels[start as usize..(start + length) as usize]
    }

    /// The area that each item covers, in half square centimetres; 0 for an item that collapsed
    /// on the grid.
    pub fn item_areas(&self) -> Vec<i64> {
        let mut areas = vec![0; self.items as usize];
        for face in 0..self.partition.face_count() as FaceId {
            for &item in self.items(face) {
                areas[item as usize] += self.partition.area(face);
            }
        }
        areas
    }

    /// How often the noding had to move edges before nothing moved any more. No point of an
    /// input edge has drifted by more than this many times √2/2 grid steps, and input vertices
    /// not at all beyond their rounding to the grid.
    pub fn noding_passes(&self) -> u32 {
        self.passes
    }
}
