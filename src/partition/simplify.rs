//! Lines of fewer points that keep the areas on both of their sides.
//!
//! After Kronenfeld, Stanislawski, Buttenfield and Brockmeyer (2020), *Simplification of polylines by
//! segment collapse: minimizing areal displacement while preserving area*: a segment is replaced by one
//! point, placed so that the line encloses what it did; segments that displace least go first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A place on the plane.
pub type Place = (f64, f64);

/// How far a line may be changed.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// No point of the old line lies this far from what replaces it, nor a new point this far from the
    /// old line.
    pub deviation: f64,
    /// From both ends, the line keeps within 45° of its old direction for this long, so that lines
    /// that leave an end in different directions of a grid do not meet. 0 for no such rule.
    pub stem: f64,
}

/// Simplifies lines; keeps its memory between them.
#[derive(Default)]
pub struct Simplifier {
    old: Vec<Place>,
    points: Vec<Vertex>,
    queue: BinaryHeap<Reverse<Candidate>>,
}

#[derive(Clone, Copy)]
struct Vertex {
    place: Place,
    /// The last old point that the line before it stands for; those after are of the line after it.
    old: u32,
    before: u32,
    after: u32,
    /// Counts the candidates of the segment that starts here: only the last one stands.
    round: u32,
    is_gone: bool,
}

/// A segment to be replaced.
#[derive(Clone, Copy)]
struct Candidate {
    /// What is displaced.
    cost: f64,
    vertex: u32,
    round: u32,
    /// The point that replaces it, and the last old point before that; none where the line then runs
    /// straight on.
    by: Option<(Place, u32)>,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.cost.total_cmp(&other.cost);
        order.then(self.vertex.cmp(&other.vertex))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

/// No vertex.
const NONE: u32 = u32::MAX;

impl Simplifier {
    /// Simplifies a line, whose ends stay where they are; writes what is left of it to `out`. Where
    /// the ends are one, so do they.
    pub fn simplify(&mut self, line: &[Place], tolerance: Tolerance, out: &mut Vec<Place>) {
        let own = line.iter().enumerate();
        self.simplify_near(line, own.map(|(n, &p)| (p, n as u32)), tolerance, out);
    }

    /// Simplifies a line that already stands for an old one, near which it must stay: each of its
    /// points comes with the last old point that the line before it stands for.
    pub fn simplify_near(
        &mut self,
        old: &[Place],
        line: impl Iterator<Item = (Place, u32)>,
        tolerance: Tolerance,
        out: &mut Vec<Place>,
    ) {
        out.clear();
        self.points.clear();
        self.queue.clear();
        self.points
            .extend(line.enumerate().map(|(n, (place, old))| Vertex {
                place,
                old,
                before: (n as u32).checked_sub(1).unwrap_or(NONE),
                after: n as u32 + 1,
                round: 0,
                is_gone: false,
            }));
        let Some(last) = self.points.last_mut() else {
            return;
        };
        last.after = NONE;
        if self.points.len() < 4 {
            out.extend(self.points.iter().map(|vertex| vertex.place));
            return;
        }
        self.old.clear();
        self.old.extend(old);
        let last = self.points.len() as u32 - 1;
        for vertex in 1..last - 1 {
            self.propose(vertex, tolerance);
        }
        while let Some(Reverse(candidate)) = self.queue.pop() {
            let vertex = self.points[candidate.vertex as usize];
            if !vertex.is_gone && vertex.round == candidate.round {
                self.collapse(candidate, tolerance);
            }
        }
        let mut at = 0;
        while at != NONE {
            let vertex = self.points[at as usize];
            out.push(vertex.place);
            at = vertex.after;
        }
    }

    /// Replaces the segment from a candidate's vertex to the next.
    fn collapse(&mut self, candidate: Candidate, tolerance: Tolerance) {
        let first = self.points[candidate.vertex as usize];
        let second = self.points[first.after as usize];
        self.points[first.after as usize].is_gone = true;
        let (before, after) = (first.before, second.after);
        let changed = match candidate.by {
            Some((place, old)) => {
                let kept = &mut self.points[candidate.vertex as usize];
                (kept.place, kept.old, kept.after) = (place, old, after);
                self.points[after as usize].before = candidate.vertex;
                candidate.vertex
            }
            None => {
                self.points[candidate.vertex as usize].is_gone = true;
                self.points[before as usize].after = after;
                self.points[after as usize].before = before;
                before
            }
        };
        // Segments that have a changed one as themselves or as a neighbour are weighed anew.
        let mut at = changed;
        for _ in 0..2 {
            let before = self.points[at as usize].before;
            if before == NONE {
                break;
            }
            at = before;
        }
        for _ in 0..4 {
            self.propose(at, tolerance);
            at = self.points[at as usize].after;
            if at == NONE {
                break;
            }
        }
    }

    /// Puts the segment that starts at a vertex in the queue, where it may be replaced.
    fn propose(&mut self, vertex: u32, tolerance: Tolerance) {
        self.points[vertex as usize].round += 1;
        let b = self.points[vertex as usize];
        if b.before == NONE || b.after == NONE {
            return;
        }
        let c = self.points[b.after as usize];
        if c.after == NONE {
            return;
        }
        let (a, d) = (
            self.points[b.before as usize],
            self.points[c.after as usize],
        );
        let Some((by, cost)) = replacement([a.place, b.place, c.place, d.place]) else {
            return;
        };
        let by = match by {
            Some(e) => match self.parting([a, d], e, tolerance) {
                Some(old) => Some((e, old)),
                None => return,
            },
            None => None,
        };
        let middle = by.map_or(d.place, |(place, _)| place);
        if a.before == NONE && !self.keeps_stem(tolerance, middle, [0, 1]) {
            return;
        }
        let middle = by.map_or(a.place, |(place, _)| place);
        let last = self.old.len() - 1;
        if d.after == NONE && !self.keeps_stem(tolerance, middle, [last, last - 1]) {
            return;
        }
        let stood_for = a.old as usize + 1..d.old as usize + 1;
        let near = |p: &Place| distance(*p, a.place, d.place) < tolerance.deviation;
        if by.is_some() || self.old[stood_for].iter().all(near) {
            self.queue.push(Reverse(Candidate {
                cost,
                vertex,
                round: b.round,
                by,
            }));
        }
    }

    /// Where the old line is parted between the two segments that meet in a new point `e`, so that each
    /// is near all that it stands for: the last old point of the first, at the old segment nearest to
    /// `e`. `None` where the new point or an old one would be too far.
    fn parting(&self, [a, d]: [Vertex; 2], e: Place, tolerance: Tolerance) -> Option<u32> {
        let is_near = |n: usize, from: Place, to: Place| {
            distance(self.old[n], from, to) < tolerance.deviation
        };
        let (first, last) = (a.old as usize, d.old as usize);
        let until = (first + 1..=last).find(|&n| !is_near(n, a.place, e));
        let from = (first + 1..=last).rev().find(|&n| !is_near(n, e, d.place));
        let (until, from) = (until.map_or(last, |n| n - 1), from.unwrap_or(first));
        // No segment starts at the last old point of all.
        let until = until.min(self.old.len() - 2);
        let away = |n: usize| distance(e, self.old[n], self.old[n + 1]);
        let partings = (from..=until).map(|n| (n as u32, away(n)));
        let nearest = partings.min_by(|p, q| p.1.total_cmp(&q.1))?;
        (nearest.1 < tolerance.deviation).then_some(nearest.0)
    }

    /// Whether a line that runs straight from an end to `next` keeps its direction for long enough.
    fn keeps_stem(&self, tolerance: Tolerance, next: Place, [end, beside]: [usize; 2]) -> bool {
        if tolerance.stem == 0.0 {
            return true;
        }
        let (from, to) = (self.old[end], self.old[beside]);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        let (vx, vy) = (next.0 - from.0, next.1 - from.1);
        let along = (vx * dx + vy * dy) / length;
        let aside = (vx * dy - vy * dx) / length;
        along >= tolerance.stem && aside.abs() < along
    }
}

/// Twice the signed area of a triangle.
fn cross(a: Place, b: Place, c: Place) -> f64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

/// The distance of a place from a segment.
pub fn distance(p: Place, a: Place, b: Place) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let squared = dx * dx + dy * dy;
    let along = if squared == 0.0 {
        0.0
    } else {
        (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / squared).clamp(0.0, 1.0)
    };
    (a.0 + along * dx - p.0).hypot(a.1 + along * dy - p.1)
}

/// The point that replaces the middle one of three segments so that the area left of the line stays,
/// and twice the area displaced; no point where the line then runs straight. `None` where none does.
pub fn replacement([a, b, c, d]: [Place; 4]) -> Option<(Option<Place>, f64)> {
    let (dx, dy) = (d.0 - a.0, d.1 - a.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return None;
    }
    // Twice the area between the chord and the line; its points lie to the right where it is positive.
    let area = cross(a, b, c) + cross(a, c, d);
    let (b_side, c_side) = (cross(a, d, b), cross(a, d, c));
    // Where the new point lies: at this distance left of the chord, times its length.
    let height = -area;
    if height.abs() <= 1e-9 * length * length {
        return Some((None, b_side.abs() + c_side.abs()));
    }
    let is_one_sided = (b_side > 0.0) == (c_side > 0.0);
    let is_on_first = if is_one_sided {
        b_side.abs() > c_side.abs()
    } else {
        (height > 0.0) == (b_side > 0.0)
    };
    // On the line through the first or the last segment, as far as the height asks.
    let (from, to, side) = if is_on_first {
        (a, b, b_side)
    } else {
        (d, c, c_side)
    };
    if side == 0.0 {
        return None;
    }
    let along = height / side;
    let e = (
        from.0 + along * (to.0 - from.0),
        from.1 + along * (to.1 - from.1),
    );
    // What lies between the old line and the new one: a triangle on either side of where they cross.
    let cost = if is_on_first {
        cross(b, c, e).abs() + cross(e, c, d).abs()
    } else {
        cross(a, b, e).abs() + cross(b, c, e).abs()
    };
    Some((Some(e), cost))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn simplified(line: &[Place], deviation: f64, stem: f64) -> Vec<Place> {
        let mut out = Vec::new();
        Simplifier::default().simplify(line, Tolerance { deviation, stem }, &mut out);
        out
    }

    /// Twice the area between a line and the chord of its ends.
    fn area(line: &[Place]) -> f64 {
        line.windows(2).map(|p| cross(line[0], p[0], p[1])).sum()
    }

    #[test]
    fn what_is_straight_loses_its_points() {
        let line: Vec<Place> = (0..101)
            .map(|n| (f64::from(n), f64::from(n) * 0.5))
            .collect();
        assert!(simplified(&line, 0.5, 0.5).len() <= 3);
    }

    #[test]
    fn corners_of_a_building_stay() {
        let line = [(0.0, 0.0), (10.0, 0.0), (10.0, 8.0), (0.0, 8.0), (0.0, 0.0)];
        assert_eq!(simplified(&line, 0.5, 0.0), line);
    }

    proptest! {
        #[test]
        fn areas_stay_and_lines_stay_near(
            steps in prop::collection::vec(-2i8..=2, 2..40), deviation in 0.3f64..3.0,
        ) {
            // Up or down, then to the right.
            let mut line = vec![(0.0, 0.0)];
            for step in steps {
                let (x, y) = line[line.len() - 1];
                line.extend([(x, y + f64::from(step)), (x + 1.0, y + f64::from(step))]);
            }
            line.dedup();
            let simple = simplified(&line, deviation, 0.0);
            prop_assert!((area(&line) - area(&simple)).abs() < 1e-6);
            prop_assert_eq!((line[0], line[line.len() - 1]), (simple[0], simple[simple.len() - 1]));
            for p in &line {
                let nearest = simple.windows(2).map(|s| distance(*p, s[0], s[1]));
                prop_assert!(nearest.fold(f64::INFINITY, f64::min) < deviation);
            }
            for p in &simple {
                let nearest = line.windows(2).map(|s| distance(*p, s[0], s[1]));
                prop_assert!(nearest.fold(f64::INFINITY, f64::min) < deviation);
            }
        }
    }
}
