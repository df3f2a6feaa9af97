//! Chains: the edges between two faces, from junction to junction.

use super::{FaceId, Partition};
use crate::grid::Point;

/// Edges in a row between the same two faces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its points; first and last are one where it closes without meeting another chain.
    pub points: Vec<Point>,
    /// The face on its left.
    pub left: FaceId,
    /// The face on its right.
    pub right: FaceId,
}

impl Partition {
    /// All edges, in chains between nodes where other than two edges meet. Each edge is in one chain.
    /// The order, and the direction of each, depend on the geometry alone.
    pub fn chains(&self) -> Vec<Chain> {
        let (starts, outgoing) = super::trace::outgoing(&self.origins, self.nodes.len());
        let fan = |node: u32| {
            &outgoing[starts[node as usize] as usize..starts[node as usize + 1] as usize]
        };
        let mut seen = vec![false; self.edge_count()];
        let mut chains = Vec::new();
        // From junctions first, then what closes without any.
        for from_junctions in [true, false] {
            for h in 0..self.origins.len() as u32 {
                let is_start = !from_junctions || fan(self.origins[h as usize]).len() != 2;
                if is_start && !seen[h as usize / 2] {
                    chains.push(self.chain(h, &fan, &mut seen));
                }
            }
        }
        chains
    }

    /// The chain that starts with a half-edge.
    fn chain<'a>(&self, start: u32, fan: &impl Fn(u32) -> &'a [u32], seen: &mut [bool]) -> Chain {
        let mut points = vec![self.nodes[self.origins[start as usize] as usize]];
        let mut at = start;
        loop {
            seen[at as usize / 2] = true;
            let end = self.origins[(at ^ 1) as usize];
            points.push(self.nodes[end as usize]);
            let next = match fan(end) {
                [p, q] if *p == (at ^ 1) => *q,
                [p, q] if *q == (at ^ 1) => *p,
                _ => break,
            };
            if seen[next as usize / 2] {
                break;
            }
            at = next;
        }
        Chain {
            points,
            left: self.left[start as usize],
            right: self.left[(start ^ 1) as usize],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Builder;
    use crate::grid::Point;

    #[test]
    fn chains_run_from_junction_to_junction() {
        let mut builder = Builder::new();
        let square = |x: i32, size: i32| {
            [(x, 0), (x + size, 0), (x + size, size), (x, size)].map(|(x, y)| Point::new(x, y))
        };
        for (x, size) in [(0, 100), (100, 100), (20, 30), (500, 10)] {
            let item = builder.item();
            builder.ring(item, &square(x, size));
        }
        let partition = builder.build().partition;
        let chains = partition.chains();
        let edges: usize = chains.iter().map(|c| c.points.len() - 1).sum();
        assert_eq!(edges, partition.edge_count());
        let closed = chains
            .iter()
            .filter(|c| c.points.first() == c.points.last());
        assert_eq!(closed.count(), 1);
        assert!(chains.iter().all(|c| c.left != c.right));
    }
}
