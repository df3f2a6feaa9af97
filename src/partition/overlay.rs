//! Laying polygons over one another.

use std::sync::Arc;

use rayon::prelude::*;

use super::noding::{Edges, Items, Noded, Segment, node, symmetric_difference};
use super::trace::{Cycles, link};
use super::{FaceId, OUTSIDE, Partition, nesting};
use crate::grid::{Point, orientation};
use crate::memory::LargeBlocksReturned;

/// An item of an overlay: one region, whose boundary was given to the [`Builder`].
pub type ItemId = u32;

/// Collects the boundaries of items.
///
/// An item covers what an odd number of its rings enclose: the orientation of rings does not
/// matter, a hole is a ring inside a ring, a bow-tie covers both its wings, and a ring given
/// twice cancels. Parts that may overlap are better given as items of their own.
#[derive(Clone, Default)]
pub struct Builder {
    segments: Vec<Segment>,
    /// Segments taken over from other builders.
    others: Vec<Vec<Segment>>,
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
        self.line(item, points);
        if let [first, .., last] = points {
            self.segment(item, *last, *first);
        }
    }

    /// Adds a line to the boundary of `item`. The lines of an item must form closed rings together.
    pub fn line(&mut self, item: ItemId, points: &[Point]) {
        self.segments.reserve(points.len());
        for pair in points.windows(2) {
            self.segment(item, pair[0], pair[1]);
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
        other.others.push(other.segments);
        for segment in other.others.iter_mut().flatten() {
            segment.item += first;
        }
        self.others.append(&mut other.others);
        self.items += other.items;
        first
    }

    /// The segments so far, each with its item, the smaller end first; in an order that does not depend on
    /// threads.
    pub fn segments(&self) -> impl ParallelIterator<Item = (ItemId, Point, Point)> {
        let all = self
            .segments
            .par_iter()
            .chain(self.others.par_iter().flatten());
        all.map(|s| (s.item, s.a, s.b))
    }

    /// The same items with their points moved; points that `place` puts nowhere stay where they are.
    pub fn moved(&self, place: impl Fn(Point) -> Option<Point> + Sync) -> Self {
        let place = |p: Point| place(p).unwrap_or(p);
        let moved = |segments: &Vec<Segment>| {
            let moved = segments.par_iter();
            moved
                .filter_map(|s| Segment::new(place(s.a), place(s.b), s.item))
                .collect()
        };
        Self {
            segments: moved(&self.segments),
            others: self.others.iter().map(moved).collect(),
            items: self.items,
        }
    }

    /// Number of items so far.
    pub fn item_count(&self) -> u32 {
        self.items
    }

    /// Nodes everything together and labels the faces.
    pub fn build(self) -> Overlay {
        let mut parts = self.others;
        parts.push(self.segments);
        let is_large = parts.iter().map(Vec::len).sum::<usize>() > LARGE;
        let _returned = is_large.then(LargeBlocksReturned::new);
        let Noded {
            edges,
            passes,
            mut ground,
        } = node(parts);
        let (nodes, origins) = index(&edges.ends);
        let Edges { ends, items } = edges;
        ground.settle(ends);
        let next = link(&nodes, &origins);
        let cycles = Cycles::new(&nodes, &origins, &next);
        let faces = nesting::nest(&nodes, &origins, ground, cycles);
        let partition = Partition {
            nodes: Arc::new(nodes),
            origins,
            next,
            left: faces.left,
            areas: faces.areas,
            cycle_starts: faces.cycle_starts,
            cycles: faces.cycles,
        };
        let (label_starts, labels) = label(&partition, &items);
        Overlay {
            partition,
            label_starts,
            labels,
            items: self.items,
            passes,
        }
    }
}

/// More segments than this, and the memory of each step is given back before the next one.
const LARGE: usize = 1 << 18;

/// Numbers the ends of edges: the nodes, and the node where each half-edge starts.
fn index(ends: &[(Point, Point)]) -> (Vec<Point>, Vec<u32>) {
    // Edges come by their smaller ends, so these are sorted; most larger ends are among them.
    let mut nodes: Vec<Point> = ends.iter().map(|&(a, _)| a).collect();
    nodes.dedup();
    nodes.shrink_to_fit();
    let smaller = Directory::new(&nodes);
    let mut origins = vec![0; 2 * ends.len()];
    let runs = origins.par_chunks_mut(2 * RUN).zip(ends.par_chunks(RUN));
    runs.for_each(|(origins, run)| {
        let mut place = smaller.find(&nodes, run[0].0).unwrap_or(0);
        for (origins, &(a, b)) in origins.chunks_exact_mut(2).zip(run) {
            while nodes[place as usize] < a {
                place += 1;
            }
            origins[0] = place;
            origins[1] = smaller.find(&nodes, b).unwrap_or(ABSENT);
        }
    });
    // The others follow them.
    let is_other = |&(e, _): &(usize, &(Point, Point))| origins[2 * e + 1] == ABSENT;
    let others = ends.par_iter().enumerate().filter(is_other);
    let mut others: Vec<Point> = others.map(|(_, &(_, b))| b).collect();
    others.par_sort_unstable();
    others.dedup();
    let larger = Directory::new(&others);
    let first = nodes.len() as u32;
    let runs = origins.par_chunks_mut(2 * RUN).zip(ends.par_chunks(RUN));
    runs.for_each(|(origins, run)| {
        for (origins, &(_, b)) in origins.chunks_exact_mut(2).zip(run) {
            if origins[1] == ABSENT {
                origins[1] = larger.find(&others, b).map_or(0, |place| first + place);
            }
        }
    });
    nodes.extend(others);
    (nodes, origins)
}

/// Edges that one task looks up.
const RUN: usize = 1 << 12;
/// The place of an end that is the smaller end of no edge.
const ABSENT: u32 = u32::MAX;

/// Where to look in a sorted list of points: by x, few points at a time.
struct Directory {
    west: i64,
    /// The width of a step of x is 2 to this power.
    power: u32,
    /// Number of points before each step, and of all.
    starts: Vec<u32>,
}

impl Directory {
    fn new(points: &[Point]) -> Self {
        let ends = |p: Option<&Point>| p.map_or(0, |p| i64::from(p.x));
        let (west, east) = (ends(points.first()), ends(points.last()));
        let wanted = (points.len() / 4).max(1) as i64;
        let power = ((east - west) / wanted).max(1).ilog2();
        let mut starts = Vec::with_capacity(((east - west) >> power) as usize + 2);
        for (n, p) in points.iter().enumerate() {
            let step = ((i64::from(p.x) - west) >> power) as usize;
            while starts.len() <= step {
                starts.push(n as u32);
            }
        }
        starts.push(points.len() as u32);
        Self {
            west,
            power,
            starts,
        }
    }

    /// The place of `p` in the list.
    fn find(&self, points: &[Point], p: Point) -> Option<u32> {
        let step = usize::try_from((i64::from(p.x) - self.west) >> self.power).ok()?;
        let (from, to) = (*self.starts.get(step)?, *self.starts.get(step + 1)?);
        let place = points[from as usize..to as usize].binary_search(&p).ok()?;
        Some(from + place as u32)
    }
}

/// Items of each face, found from west to east: across an edge, the items change by those whose
/// boundary it is. Right of the lowest edge that leaves a node eastwards lies a face that starts
/// further west, so it has its items already; from there the faces follow one another upwards.
fn label(partition: &Partition, items: &Items) -> (Vec<(u32, u32)>, Vec<ItemId>) {
    const UNSEEN: (u32, u32) = (u32::MAX, 0);
    let mut spans = vec![UNSEEN; partition.face_count()];
    let mut labels: Vec<ItemId> = Vec::new();
    let mut changed = Vec::new();
    spans[OUTSIDE as usize] = (0, 0);
    let mut fan = Vec::new();
    let mut first = 0;
    let (edges, _) = partition.origins.as_chunks::<2>();
    for leaving in edges.chunk_by(|p, q| p[0] == q[0]) {
        let range = first..first + leaving.len();
        first = range.end;
        if range
            .clone()
            .all(|e| spans[partition.sides(e).0 as usize] != UNSEEN)
        {
            continue;
        }
        fan.clear();
        fan.extend(range);
        fan.sort_unstable_by(|&e, &f| {
            let ((node, p), (_, q)) = (partition.edge(e), partition.edge(f));
            orientation(node, q, p).cmp(&0)
        });
        for &e in &fan {
            let (left, right) = partition.sides(e);
            if spans[left as usize] == UNSEEN {
                let (start, length) = spans[right as usize];
                let below = &labels[start as usize..(start + length) as usize];
                changed.clear();
                symmetric_difference(below, items.of(e), &mut changed);
                spans[left as usize] = (labels.len() as u32, changed.len() as u32);
                labels.extend(&changed);
            }
        }
    }
    (spans, labels)
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

    /// How often the noding had to bend edges: 0 where none cross, else 1 in practice. No point
    /// of an input edge has drifted by more than this many times √2/2 grid steps, and input
    /// vertices not at all beyond their rounding to the grid.
    pub fn noding_passes(&self) -> u32 {
        self.passes
    }
}
