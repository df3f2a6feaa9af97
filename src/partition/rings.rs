//! From boundary cycles back to polygons.

use std::collections::HashMap;

use super::{FaceId, Partition};
use crate::grid::{Point, delta};

/// A simple polygon: closed rings (the last point repeats the first), the exterior
/// counter-clockwise, holes clockwise and inside it. Rings may touch one another at points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polygon {
    /// The outer ring.
    pub exterior: Vec<Point>,
    /// The holes, by their smallest point.
    pub holes: Vec<Vec<Point>>,
}

impl Polygon {
    /// Area in half square centimetres.
    pub fn area(&self) -> i64 {
        let inside = self.holes.iter().map(|hole| signed_area(hole)).sum::<i64>();
        signed_area(&self.exterior) + inside
    }

    /// Its rings, the exterior first.
    pub fn rings(&self) -> impl Iterator<Item = &[Point]> {
        let rings = std::iter::once(&self.exterior).chain(&self.holes);
        rings.map(Vec::as_slice)
    }

    /// Number of points, closing points included.
    pub fn point_count(&self) -> usize {
        self.exterior.len() + self.holes.iter().map(Vec::len).sum::<usize>()
    }
}

/// Twice the signed area of a closed ring, cm²: positive when counter-clockwise.
pub fn signed_area(ring: &[Point]) -> i64 {
    let Some(&base) = ring.first() else { return 0 };
    let doubled: i128 = ring
        .windows(2)
        .map(|pair| {
            let ((ux, uy), (vx, vy)) = (delta(base, pair[0]), delta(base, pair[1]));
            i128::from(ux) * i128::from(vy) - i128::from(vx) * i128::from(uy)
        })
        .sum();
    doubled as i64
}

impl Partition {
    /// The polygon of a bounded face; `None` for the outside, which has no outer ring.
    ///
    /// A cycle that passes a point twice is cut there, so that rings are simple.
    pub fn polygon(&self, face: FaceId) -> Option<Polygon> {
        let (&outer, inner) = self.cycles_of(face).split_first()?;
        if face == super::OUTSIDE {
            return None;
        }
        let mut polygon = Polygon::default();
        for &cycle in std::iter::once(&outer).chain(inner) {
            for ring in self.simple_rings(cycle) {
                if signed_area(&ring) > 0 {
                    polygon.exterior = ring;
                } else {
                    polygon.holes.push(ring);
                }
            }
        }
        polygon.holes.sort_unstable();
        Some(polygon)
    }

    /// Cuts a cycle at the points that it passes more than once.
    fn simple_rings(&self, cycle: u32) -> Vec<Vec<Point>> {
        let path: Vec<u32> = self.walk(cycle).map(|h| self.origins[h as usize]).collect();
        let mut rings = Vec::new();
        let mut open: Vec<u32> = Vec::with_capacity(path.len());
        let mut places: HashMap<u32, usize> = HashMap::with_capacity(path.len());
        for node in path {
            if let Some(&start) = places.get(&node) {
                for n in &open[start + 1..] {
                    places.remove(n);
                }
                rings.push(self.close(&open[start..]));
                open.truncate(start + 1);
            } else {
                places.insert(node, open.len());
                open.push(node);
            }
        }
        rings.push(self.close(&open));
        rings
    }

    /// Closes a ring and starts it at its smallest point.
    fn close(&self, nodes: &[u32]) -> Vec<Point> {
        let mut ring: Vec<Point> = nodes.iter().map(|&n| self.nodes[n as usize]).collect();
        let smallest = (0..ring.len()).min_by_key(|&n| ring[n]).unwrap_or(0);
        ring.rotate_left(smallest);
        ring.extend(ring.first().copied());
        ring
    }
}
