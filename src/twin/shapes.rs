//! Shapes in the plane, in metres: what the landscape is drawn with.

use std::f64::consts::TAU;
use std::ops::{Add, Mul, Sub};

use super::chance::{Chance, Draw};
use crate::grid::Point;

/// A place or a displacement, in metres.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Vector {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Vector {
    pub(super) const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The displacement of this direction (radians from east) and length.
    pub(super) fn towards(angle: f64, length: f64) -> Self {
        Self::new(angle.cos() * length, angle.sin() * length)
    }

    pub(super) fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    pub(super) fn distance(self, other: Self) -> f64 {
        (self - other).length()
    }

    pub(super) fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    pub(super) fn cross(self, other: Self) -> f64 {
        self.x * other.y - self.y * other.x
    }

    /// The same direction, one metre long; east for no displacement at all.
    pub(super) fn unit(self) -> Self {
        let length = self.length();
        if length > 0.0 {
            self * (1.0 / length)
        } else {
            Self::new(1.0, 0.0)
        }
    }

    /// Turned a quarter to the left.
    pub(super) fn left(self) -> Self {
        Self::new(-self.y, self.x)
    }

    /// The place a share `t` of the way to `other`.
    pub(super) fn on_the_way(self, other: Self, t: f64) -> Self {
        self + (other - self) * t
    }

    /// The nearest point of the grid.
    pub(super) fn to_grid(self) -> Point {
        // A territory lies well within the grid: the fallback is never reached.
        Point::from_metres(self.x, self.y).unwrap_or(Point::new(0, 0))
    }
}

impl Add for Vector {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Vector {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f64> for Vector {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

/// Points of the grid nearest to a line or ring.
pub(super) fn to_grid(points: &[Vector]) -> Vec<Point> {
    points.iter().map(|p| p.to_grid()).collect()
}

/// A smooth curve from `start` to `end` that leaves and arrives along the given displacements.
pub(super) fn curve(
    (start, leaving): (Vector, Vector),
    (end, arriving): (Vector, Vector),
    pieces: usize,
) -> Vec<Vector> {
    let (p, q) = (start + leaving, end - arriving);
    (0..=pieces)
        .map(|n| {
            let t = n as f64 / pieces as f64;
            let s = 1.0 - t;
            start * (s * s * s) + p * (3.0 * s * s * t) + q * (3.0 * s * t * t) + end * (t * t * t)
        })
        .collect()
}

/// Sways a line sideways by up to `reach`, in waves of about `wave` metres; its ends stay.
pub(super) fn sway(line: &[Vector], reach: f64, wave: f64, chance: &mut Chance) -> Vec<Vector> {
    let length = length(line).max(1.0);
    let waves: Vec<(f64, f64, f64)> = [1.0, 0.55, 0.31]
        .iter()
        .map(|scale| {
            let turns = length / (wave * scale) * chance.between(0.8, 1.2);
            (turns * TAU, chance.between(0.0, TAU), scale * reach / 1.86)
        })
        .collect();
    let last = line.len().saturating_sub(1);
    line.iter()
        .enumerate()
        .map(|(n, &p)| {
            let t = n as f64 / last.max(1) as f64;
            let still = (6.0 * t).min(6.0 * (1.0 - t)).clamp(0.0, 1.0);
            let shift: f64 = waves
                .iter()
                .map(|(k, phase, size)| size * (k * t + phase).sin())
                .sum();
            p + direction(line, n).left() * (shift * still)
        })
        .collect()
}

/// Length of a line.
pub(super) fn length(line: &[Vector]) -> f64 {
    line.windows(2).map(|pair| pair[0].distance(pair[1])).sum()
}

/// Direction of a line at its vertex `n`.
pub(super) fn direction(line: &[Vector], n: usize) -> Vector {
    let last = line.len().saturating_sub(1);
    (line[(n + 1).min(last)] - line[n.saturating_sub(1)]).unit()
}

/// The place `along` metres from the start of a line, and the line's direction there.
pub(super) fn walk(line: &[Vector], along: f64) -> (Vector, Vector) {
    let mut rest = along;
    for pair in line.windows(2) {
        let step = pair[0].distance(pair[1]);
        if rest <= step && step > 0.0 {
            return (
                pair[0].on_the_way(pair[1], rest / step),
                (pair[1] - pair[0]).unit(),
            );
        }
        rest -= step;
    }
    let last = line.len().saturating_sub(1);
    (line[last], direction(line, last))
}

/// The line `offset` metres to the left of a line (to its right when negative).
pub(super) fn beside(line: &[Vector], offset: f64) -> Vec<Vector> {
    (0..line.len())
        .map(|n| {
            let along = direction(line, n);
            // The mitre keeps the band as wide in a bend as on the straight.
            let ahead = (line[(n + 1).min(line.len() - 1)] - line[n.min(line.len() - 2)]).unit();
            let stretch = 1.0 / along.dot(ahead).abs().max(0.7);
            line[n] + along.left() * (offset * stretch)
        })
        .collect()
}

/// The ring of all that lies within `half_width` of a line, cut square at its ends.
pub(super) fn band(line: &[Vector], half_width: f64) -> Vec<Vector> {
    strip(line, half_width, half_width)
}

/// The ring between `left` metres left and `right` metres right of a line.
pub(super) fn strip(line: &[Vector], left: f64, right: f64) -> Vec<Vector> {
    if line.len() < 2 {
        return Vec::new();
    }
    let mut ring = beside(line, -right);
    ring.extend(beside(line, left).into_iter().rev());
    ring
}

/// A round shape with a ragged edge.
pub(super) fn blob(
    centre: Vector,
    radius: f64,
    roughness: f64,
    chance: &mut Chance,
) -> Vec<Vector> {
    let corners = 8;
    let coarse: Vec<Vector> = (0..corners)
        .map(|n| {
            let angle = (n as f64 + chance.between(-0.3, 0.3)) / corners as f64 * TAU;
            let reach = radius * (1.0 + roughness * chance.between(-1.0, 1.0));
            centre + Vector::towards(angle, reach)
        })
        .collect();
    ragged(&coarse, 8.0, 0.18 + roughness * 0.2, chance)
}

/// Breaks the sides of a ring again and again, until they are no longer than `finest`: each break
/// shifts the middle of a side by up to `shift` of its length.
pub(super) fn ragged(ring: &[Vector], finest: f64, shift: f64, chance: &mut Chance) -> Vec<Vector> {
    let mut out = Vec::new();
    for (n, &start) in ring.iter().enumerate() {
        break_side(
            start,
            ring[(n + 1) % ring.len()],
            finest,
            shift,
            chance,
            &mut out,
        );
    }
    out
}

fn break_side(
    start: Vector,
    end: Vector,
    finest: f64,
    shift: f64,
    chance: &mut Chance,
    out: &mut Vec<Vector>,
) {
    let side = end - start;
    if side.length() <= finest {
        out.push(start);
        return;
    }
    let t = chance.between(0.4, 0.6);
    let middle = start + side * t + side.left() * (shift * chance.between(-1.0, 1.0));
    break_side(start, middle, finest, shift, chance, out);
    break_side(middle, end, finest, shift, chance, out);
}

/// Whether a place lies in a ring.
pub(super) fn contains(ring: &[Vector], place: Vector) -> bool {
    let mut inside = false;
    for (n, &a) in ring.iter().enumerate() {
        let b = ring[(n + 1) % ring.len()];
        if (a.y > place.y) != (b.y > place.y)
            && place.x < a.x + (place.y - a.y) / (b.y - a.y) * (b.x - a.x)
        {
            inside = !inside;
        }
    }
    inside
}

/// Distance from a place to a line.
pub(super) fn distance(place: Vector, line: &[Vector]) -> f64 {
    line.windows(2)
        .map(|pair| {
            let side = pair[1] - pair[0];
            let t = (place - pair[0]).dot(side) / side.dot(side).max(f64::MIN_POSITIVE);
            place.distance(pair[0] + side * t.clamp(0.0, 1.0))
        })
        .fold(f64::INFINITY, f64::min)
}

/// Area of a four-sided shape.
pub(super) fn area(quad: &Quad) -> f64 {
    (quad[2] - quad[0]).cross(quad[3] - quad[1]).abs() / 2.0
}

/// Mean of some places.
pub(super) fn centre(places: &[Vector]) -> Vector {
    let sum = places.iter().fold(Vector::default(), |sum, &p| sum + p);
    sum * (1.0 / places.len().max(1) as f64)
}

/// A convex four-sided shape.
pub(super) type Quad = [Vector; 4];

/// Whether two convex shapes overlap: no side of either keeps them apart.
pub(super) fn overlap(a: &Quad, b: &Quad) -> bool {
    let keeps_apart = |side: Vector| {
        let axis = side.left();
        let range = |quad: &Quad| {
            quad.iter()
                .map(|p| p.dot(axis))
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                    (low.min(v), high.max(v))
                })
        };
        let ((a_low, a_high), (b_low, b_high)) = (range(a), range(b));
        a_high <= b_low || b_high <= a_low
    };
    let sides = |quad: &Quad| {
        [
            quad[1] - quad[0],
            quad[2] - quad[1],
            quad[3] - quad[2],
            quad[0] - quad[3],
        ]
    };
    !sides(a).into_iter().chain(sides(b)).any(keeps_apart)
}
