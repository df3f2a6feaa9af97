//! What must hold of any partition; a caller may verify it at any time.

use thiserror::Error;

use super::{FaceId, OUTSIDE, Overlay, Partition};

/// Something that must not be: a defect of the engine, never of the input.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Defect {
    /// An edge has the same face on both its sides.
    #[error("edge {0} has face {1} on both sides")]
    OneSided(usize, FaceId),
    /// The faces do not add up to what the contours enclose.
    #[error("the faces add up to {faces} half cm², the contours enclose {contours}")]
    Areas {
        /// Sum of the faces.
        faces: i128,
        /// Area within the contours of the connected pieces that lie outside all others.
        contours: i128,
    },
    /// Nodes − edges + faces − pieces is not 1.
    #[error("Euler's relation fails: {nodes} nodes, {edges} edges, {faces} faces, {pieces} pieces")]
    Euler {
        /// Nodes that bear an edge.
        nodes: usize,
        /// Edges.
        edges: usize,
        /// Faces, the outside included.
        faces: usize,
        /// Connected pieces of the linework.
        pieces: usize,
    },
    /// The labels on the two sides of an edge do not differ.
    #[error("edge {0} separates faces of equal labels")]
    Labels(usize),
}

impl Partition {
    /// Verifies that every edge has two sides, that the faces fill the frame, and Euler's
    /// relation.
    pub fn verify(&self) -> Result<(), Defect> {
        for e in 0..self.edge_count() {
            let (left, right) = self.sides(e);
            if left == right {
                return Err(Defect::OneSided(e, left));
            }
        }
        let faces: i128 = self.areas.iter().map(|&a| i128::from(a)).sum();
        let contours: i128 = self
            .cycles_of(OUTSIDE)
            .iter()
            .map(|&cycle| -self.enclosed(cycle))
            .sum();
        if faces != contours {
            return Err(Defect::Areas { faces, contours });
        }
        let mut used = vec![false; self.nodes.len()];
        for &node in &self.origins {
            used[node as usize] = true;
        }
        let nodes = used.iter().filter(|&&u| u).count();
        // Each connected piece has one contour: all cycles but the outer rings of bounded faces.
        let pieces = self.cycles.len() + 1 - self.face_count();
        let (edges, faces) = (self.edge_count(), self.face_count());
        if nodes + faces != edges + pieces + 1 {
            return Err(Defect::Euler {
                nodes,
                edges,
                faces,
                pieces,
            });
        }
        Ok(())
    }

    /// Twice the signed area of a cycle.
    fn enclosed(&self, cycle: u32) -> i128 {
        let at = |h: u32| self.nodes[self.origins[h as usize] as usize];
        self.walk(cycle)
            .map(|h| {
                let (p, q) = (at(h), at(h ^ 1));
                i128::from(p.x) * i128::from(q.y) - i128::from(q.x) * i128::from(p.y)
            })
            .sum()
    }
}

impl Overlay {
    /// [`Partition::verify`], and that labels change across every edge.
    pub fn verify(&self) -> Result<(), Defect> {
        self.partition.verify()?;
        for e in 0..self.partition.edge_count() {
            let (left, right) = self.partition.sides(e);
            if self.items(left) == self.items(right) {
                return Err(Defect::Labels(e));
            }
        }
        Ok(())
    }
}
