//! Faces of one look, drawn as one path: on the grid of a picture, what two of them share is not drawn.

use std::cmp::Ordering;
use std::fmt::Write;

use crate::vector::Ring;

/// A point of a picture, on its grid.
pub(super) type Dot = (i32, i32);

/// Pixels between the lines of the grid that points of a picture are put on: finer is not seen.
pub(super) const GRID: f64 = 0.7;

/// From the ground to a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// The place of the upper left corner, in metres.
    pub(super) west: f64,
    pub(super) north: f64,
    /// Lines of the grid to the metre.
    pub(super) lines: f64,
}

impl Scale {
    fn dot(&self, (x, y): (f64, f64)) -> Dot {
        let on = |v: f64| (v * self.lines).round() as i32;
        (on(x - self.west), on(self.north - y))
    }
}

/// The outline of some faces.
#[derive(Default)]
pub(super) struct Outline {
    /// Edges, from the lesser end to the greater, and which way they are gone along.
    edges: Vec<(Dot, Dot, i32)>,
}

impl Outline {
    /// Adds the rings of a face.
    pub(super) fn add(&mut self, rings: &[Ring], scale: &Scale) {
        for ring in rings {
            let mut dots = ring.iter().map(|&p| scale.dot(p));
            let Some(mut at) = dots.next() else { continue };
            for dot in dots {
                match at.cmp(&dot) {
                    Ordering::Less => self.edges.push((at, dot, 1)),
                    Ordering::Greater => self.edges.push((dot, at, -1)),
                    Ordering::Equal => {}
                }
                at = dot;
            }
        }
    }

    /// The path of what is left, on the grid; empty when there is nothing.
    pub(super) fn path(mut self) -> String {
        self.edges.sort_unstable();
        let mut from: Vec<(Dot, Dot)> = Vec::new();
        for same in self.edges.chunk_by(|p, q| (p.0, p.1) == (q.0, q.1)) {
            let ways: i32 = same.iter().map(|edge| edge.2).sum();
            let (a, b, _) = same[0];
            let edge = if ways > 0 { (a, b) } else { (b, a) };
            from.extend(std::iter::repeat_n(edge, ways.unsigned_abs() as usize));
        }
        from.sort_unstable();
        let mut is_gone = vec![false; from.len()];
        // The next edge that leaves a dot: those before it are gone.
        let leaving = |dot: Dot, is_gone: &[bool]| {
            let first = from.partition_point(|edge| edge.0 < dot);
            let own = from[first..].iter().take_while(|edge| edge.0 == dot);
            (first..).zip(own).map(|(n, _)| n).find(|&n| !is_gone[n])
        };
        let mut path = String::new();
        // Every dot is left as often as it is come to, so that a walk ends where it began.
        for first in 0..from.len() {
            if is_gone[first] {
                continue;
            }
            let start = from[first].0;
            let mut ring = Vec::new();
            let mut edge = Some(first);
            while let Some(n) = edge {
                is_gone[n] = true;
                ring.push(from[n].0);
                let end = from[n].1;
                edge = match end == start {
                    true => None,
                    false => leaving(end, &is_gone),
                };
            }
            write_ring(&mut path, &straight(&ring));
        }
        path
    }
}

/// A ring without the dots that lie on a straight line between their neighbours.
fn straight(ring: &[Dot]) -> Vec<Dot> {
    let length = ring.len();
    let turns = |n: usize| {
        let (p, q, r) = (
            ring[(n + length - 1) % length],
            ring[n],
            ring[(n + 1) % length],
        );
        let cross = i64::from(q.0 - p.0) * i64::from(r.1 - q.1)
            - i64::from(q.1 - p.1) * i64::from(r.0 - q.0);
        cross != 0
    };
    (0..length).filter(|&n| turns(n)).map(|n| ring[n]).collect()
}

/// Rings of less than this, in half squares of the grid, are not seen.
const SEEN: i64 = 3;

fn write_ring(path: &mut String, ring: &[Dot]) {
    let Some(&first) = ring.first() else { return };
    let twice: i64 = ring
        .iter()
        .zip(ring.iter().cycle().skip(1))
        .map(|(p, q)| i64::from(p.0) * i64::from(q.1) - i64::from(q.0) * i64::from(p.1))
        .sum();
    if ring.len() < 3 || twice.abs() < SEEN {
        return;
    }
    // Writing to a string cannot fail.
    let _ = write!(path, "M{} {}l", first.0, first.1);
    let mut at = first;
    for (n, &dot) in ring.iter().skip(1).enumerate() {
        let (dx, dy) = (dot.0 - at.0, dot.1 - at.1);
        let gap = if n == 0 || dx < 0 { "" } else { " " };
        let between = if dy < 0 { "" } else { " " };
        let _ = write!(path, "{gap}{dx}{between}{dy}");
        at = dot;
    }
    path.push('z');
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale {
        west: 0.0,
        north: 100.0,
        lines: 2.0,
    };

    fn square(x: f64, y: f64) -> Ring {
        vec![
            (x, y),
            (x + 10.0, y),
            (x + 10.0, y + 10.0),
            (x, y + 10.0),
            (x, y),
        ]
    }

    #[test]
    fn what_two_faces_share_is_not_drawn() {
        let mut outline = Outline::default();
        outline.add(&[square(0.0, 0.0)], &SCALE);
        outline.add(&[square(10.0, 0.0)], &SCALE);
        assert_eq!(outline.path(), "M0 180l0 20 40 0 0-20z");
    }

    #[test]
    fn what_is_too_small_to_be_seen_is_left_out() {
        let mut outline = Outline::default();
        let tiny = vec![(0.0, 0.0), (0.4, 0.0), (0.4, 0.4), (0.0, 0.4), (0.0, 0.0)];
        outline.add(&[tiny], &SCALE);
        assert_eq!(outline.path(), "");
    }
}
