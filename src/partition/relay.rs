//! Laying shapes on a partition.

use super::{Builder, FaceId, OUTSIDE, Partition, Polygon};
use crate::grid::Point;

/// A partition cut along shapes.
pub struct Relaid {
    /// The faces.
    pub partition: Partition,
    /// For each face, the face of the other partition that it was part of.
    pub parents: Vec<FaceId>,
    /// For each face, the shapes that cover it, increasing.
    pub shapes: Vec<Vec<u32>>,
}

impl Partition {
    /// Lays shapes, which may overlap, on the faces. Beyond the faces they make none: there, a face
    /// has the outside for its parent.
    pub fn relay(&self, shapes: &[Polygon]) -> Relaid {
        self.relay_rings(shapes.iter().map(Polygon::rings))
    }

    /// Lays shapes given by rings: each covers what an odd number of its rings enclose.
    pub fn relay_rings<'a, R>(&self, shapes: impl Iterator<Item = R>) -> Relaid
    where
        R: Iterator<Item = &'a [Point]>,
    {
        let mut builder = self.builder();
        let first = builder.item_count();
        for rings in shapes {
            let item = builder.item();
            rings.for_each(|ring| builder.ring(item, ring));
        }
        let overlay = builder.build();
        let count = overlay.partition.face_count();
        let (mut parents, mut covering) = (vec![OUTSIDE; count], vec![Vec::new(); count]);
        for face in 0..count {
            for &item in overlay.items(face as FaceId) {
                match item.checked_sub(first) {
                    None => parents[face] = item + 1,
                    Some(shape) => covering[face].push(shape),
                }
            }
        }
        Relaid {
            partition: overlay.partition,
            parents,
            shapes: covering,
        }
    }

    /// The linework of all bounded faces, each an item: face `f` is item `f - 1`.
    fn builder(&self) -> Builder {
        let mut builder = Builder::new();
        for _ in 1..self.face_count() {
            builder.item();
        }
        for e in 0..self.edge_count() {
            let (a, b) = self.edge(e);
            let (left, right) = self.sides(e);
            for face in [left, right] {
                if face != OUTSIDE {
                    builder.segment(face - 1, a, b);
                }
            }
        }
        builder
    }
}
