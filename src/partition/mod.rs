//! The planar partition: any number of labelled polygons laid over one another become faces that
//! cover the ground with no gap and no overlap.
//!
//! [`Builder`] takes polygons as *items*; [`Builder::build`] nodes all of them together, once, and
//! gives an [`Overlay`]: a [`Partition`] and, for each of its faces, the items that cover it.
//! Every later step ([`Partition::dissolve`], areas, polygons) is set algebra on faces and makes
//! no new coordinate, so identities between sums of areas hold exactly.

mod cells;
mod chains;
mod check;
mod dissolve;
mod nesting;
mod noding;
mod overlay;
mod relay;
mod rings;
mod simplify;
mod strips;
mod trace;

use std::sync::Arc;

pub use chains::Chain;
pub use check::Defect;
pub use dissolve::{DisjointSets, Dissolved};
pub use overlay::{Builder, ItemId, Overlay};
pub use relay::Relaid;
pub use rings::{Polygon, signed_area};
pub use simplify::{Place, Simplifier, Tolerance};
pub(crate) use simplify::{distance, replacement};

use crate::grid::Point;

/// A face of a partition, by index; [`OUTSIDE`] is the unbounded one.
pub type FaceId = u32;

/// The unbounded face.
pub const OUTSIDE: FaceId = 0;

/// A subdivision of the plane in faces. Face 0 is the unbounded [`OUTSIDE`]; the others are
/// bounded and connected, numbered in the order of the lexicographically smallest edge of their
/// outer ring, so that the numbering depends on the geometry alone.
///
/// Half-edge `2e` runs along edge `e` from its lexicographically smaller end, `2e + 1` runs back;
/// a half-edge has its face on its left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    nodes: Arc<Vec<Point>>,
    /// Node where each half-edge starts.
    origins: Vec<u32>,
    /// The half-edge that follows each half-edge around its face.
    next: Vec<u32>,
    /// The face left of each half-edge.
    left: Vec<FaceId>,
    /// Twice the area of each face, cm²; 0 for the outside.
    areas: Vec<i64>,
    /// A half-edge of each boundary cycle of face `f`, outer ring first, at
    /// `cycles[cycle_starts[f]..cycle_starts[f + 1]]`.
    cycle_starts: Vec<u32>,
    cycles: Vec<u32>,
}

impl Partition {
    /// Number of faces, the outside included.
    pub fn face_count(&self) -> usize {
        self.areas.len()
    }

    /// Number of edges.
    pub fn edge_count(&self) -> usize {
        self.origins.len() / 2
    }

    /// Exact area of a face, in half square centimetres (see
    /// [`HALF_CM2_PER_M2`](crate::grid::HALF_CM2_PER_M2)); 0 for the outside.
    pub fn area(&self, face: FaceId) -> i64 {
        self.areas[face as usize]
    }

    /// The lexicographically smallest point of the outer ring of a bounded face.
    pub fn first_point(&self, face: FaceId) -> Point {
        let start = self.cycles_of(face).first().map_or(0, |&h| h as usize & !1);
        self.nodes[self.origins[start] as usize]
    }

    /// The two ends of edge `e`, the lexicographically smaller first.
    pub fn edge(&self, e: usize) -> (Point, Point) {
        let node = |half_edge: usize| self.nodes[self.origins[half_edge] as usize];
        (node(2 * e), node(2 * e + 1))
    }

    /// The length of edge `e`, in grid steps.
    pub fn edge_length(&self, e: usize) -> f64 {
        let (a, b) = self.edge(e);
        let (dx, dy) = crate::grid::delta(a, b);
        (dx as f64).hypot(dy as f64)
    }

    /// The faces left and right of edge `e`, seen from its smaller end.
    pub fn sides(&self, e: usize) -> (FaceId, FaceId) {
        (self.left[2 * e], self.left[2 * e + 1])
    }

    /// For every node of degree three or more or of touching faces: calls `visit` with the faces
    /// around each node, in no particular order, repeated where a face meets the node twice.
    pub fn for_faces_around_nodes(&self, mut visit: impl FnMut(&[FaceId])) {
        let (starts, outgoing) = trace::outgoing(&self.origins, self.nodes.len());
        let mut around = Vec::new();
        for node in starts.windows(2) {
            let half_edges = &outgoing[node[0] as usize..node[1] as usize];
            // Around a node of degree two lie two faces that share its edges: an edge tells it.
            if half_edges.len() > 2 {
                around.clear();
                around.extend(half_edges.iter().map(|&h| self.left[h as usize]));
                visit(&around);
            }
        }
    }

    fn cycles_of(&self, face: FaceId) -> &[u32] {
        let f = face as usize;
        &self.cycles[self.cycle_starts[f] as usize..self.cycle_starts[f + 1] as usize]
    }

    /// Nodes along a boundary cycle, from its stored half-edge.
    fn walk(&self, start: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = Some(start);
        std::iter::from_fn(move || {
            let here = at?;
            let following = self.next[here as usize];
            at = (following != start).then_some(following);
            Some(here)
        })
    }
}
