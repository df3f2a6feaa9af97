//! How wide a polygon is inside: whether a circle fits.

use crate::grid::Point;
use crate::partition::Polygon;

/// How exactly an inner width is known, in grid steps.
const PRECISION: f64 = 5.0;

/// Whether a circle of this diameter (grid steps) fits into a polygon, to within
/// 5 of them: the maximum inscribed circle is not looked for further than is needed to
/// tell.
pub fn is_as_wide(polygon: &Polygon, diameter: f64) -> bool {
    let radius = diameter / 2.0;
    // Areas are doubled.
    let area = polygon.area() as f64 / 2.0;
    let rings = || polygon.rings();
    let segments: Vec<Segment> = rings()
        .flat_map(|ring| ring.windows(2))
        .map(|pair| Segment::new(pair[0], pair[1]))
        .collect();
    if area < std::f64::consts::PI * (radius - PRECISION).max(0.0).powi(2) {
        return false;
    }
    let perimeter: f64 = segments.iter().map(Segment::length).sum();
    // All ground lies within the largest inscribed radius of the outline, so that this times the
    // perimeter is at least the area.
    if area >= perimeter * radius {
        return true;
    }
    let Some(square) = Square::around(&polygon.exterior) else {
        return false;
    };
    let all: Vec<u32> = (0..segments.len() as u32).collect();
    let search = Search {
        segments: &segments,
        radius,
    };
    search.fits(square, &all)
}

struct Segment {
    a: (f64, f64),
    b: (f64, f64),
}

impl Segment {
    fn new(a: Point, b: Point) -> Self {
        let place = |p: Point| (f64::from(p.x), f64::from(p.y));
        Self {
            a: place(a),
            b: place(b),
        }
    }

    fn length(&self) -> f64 {
        (self.b.0 - self.a.0).hypot(self.b.1 - self.a.1)
    }

    fn distance(&self, (x, y): (f64, f64)) -> f64 {
        let (dx, dy) = (self.b.0 - self.a.0, self.b.1 - self.a.1);
        let along = ((x - self.a.0) * dx + (y - self.a.1) * dy) / (dx * dx + dy * dy);
        let along = along.clamp(0.0, 1.0);
        (self.a.0 + along * dx - x).hypot(self.a.1 + along * dy - y)
    }

    /// Whether the ray from a point eastwards crosses it.
    fn is_crossed(&self, (x, y): (f64, f64)) -> bool {
        (self.a.1 > y) != (self.b.1 > y)
            && x < self.a.0 + (y - self.a.1) / (self.b.1 - self.a.1) * (self.b.0 - self.a.0)
    }
}

#[derive(Clone, Copy)]
struct Square {
    centre: (f64, f64),
    half: f64,
}

impl Square {
    fn around(ring: &[Point]) -> Option<Self> {
        let (x, y) = (ring.iter().map(|p| p.x), ring.iter().map(|p| p.y));
        let (west, east) = (x.clone().min()?, x.max()?);
        let (south, north) = (y.clone().min()?, y.max()?);
        let middle = |a: i32, b: i32| (f64::from(a) + f64::from(b)) / 2.0;
        let half = |a: i32, b: i32| (f64::from(b) - f64::from(a)) / 2.0;
        Some(Self {
            centre: (middle(west, east), middle(south, north)),
            half: half(west, east).max(half(south, north)),
        })
    }

    fn reach(self) -> f64 {
        self.half * std::f64::consts::SQRT_2
    }

    fn quarters(self) -> [Self; 4] {
        let half = self.half / 2.0;
        [(-half, -half), (half, -half), (-half, half), (half, half)].map(|(dx, dy)| Self {
            centre: (self.centre.0 + dx, self.centre.1 + dy),
            half,
        })
    }
}

struct Search<'a> {
    segments: &'a [Segment],
    radius: f64,
}

impl Search<'_> {
    /// Whether the circle fits with its centre in a square; `near` are the segments that may come
    /// within the radius of some point there.
    fn fits(&self, square: Square, near: &[u32]) -> bool {
        let distances: Vec<f64> = near
            .iter()
            .map(|&s| self.segments[s as usize].distance(square.centre))
            .collect();
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        if nearest + square.reach() < self.radius {
            return false;
        }
        if nearest >= square.reach() && !self.is_inside(square.centre) {
            // No outline passes: all of the square lies outside.
            return false;
        }
        if nearest >= self.radius && self.is_inside(square.centre) {
            return true;
        }
        if square.reach() < PRECISION {
            return self.is_inside(square.centre);
        }
        let limit = self.radius + square.reach();
        let near: Vec<u32> = near
            .iter()
            .zip(&distances)
            .filter(|(_, distance)| **distance <= limit)
            .map(|(&s, _)| s)
            .collect();
        square
            .quarters()
            .into_iter()
            .any(|quarter| self.fits(quarter, &near))
    }

    fn is_inside(&self, point: (f64, f64)) -> bool {
        self.segments.iter().filter(|s| s.is_crossed(point)).count() % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[(i32, i32)]) -> Vec<Point> {
        let mut ring: Vec<Point> = points.iter().map(|&(x, y)| Point::new(x, y)).collect();
        ring.push(ring[0]);
        ring
    }

    #[test]
    fn a_rectangle_is_as_wide_as_its_shorter_side() {
        let polygon = Polygon {
            exterior: ring(&[(0, 0), (100_000, 0), (100_000, 500), (0, 500)]),
            holes: Vec::new(),
        };
        assert!(is_as_wide(&polygon, 500.0));
        assert!(is_as_wide(&polygon, 300.0));
        assert!(!is_as_wide(&polygon, 520.0));
    }

    #[test]
    fn a_turned_band_is_no_wider_than_it_is() {
        // A band of √2/2 × 400 = 283 steps.
        let polygon = Polygon {
            exterior: ring(&[(0, 0), (50_000, 50_000), (50_000, 50_400), (0, 400)]),
            holes: Vec::new(),
        };
        assert!(is_as_wide(&polygon, 270.0));
        assert!(!is_as_wide(&polygon, 300.0));
    }

    #[test]
    fn a_hole_narrows() {
        let polygon = Polygon {
            exterior: ring(&[(0, 0), (1000, 0), (1000, 1000), (0, 1000)]),
            holes: vec![ring(&[(100, 100), (100, 900), (900, 900), (900, 100)])],
        };
        assert!(is_as_wide(&polygon, 100.0));
        // The corners are wider than the sides.
        assert!(!is_as_wide(&polygon, 140.0));
        let band_with_bulge = Polygon {
            exterior: ring(&[
                (0, 0),
                (5000, 0),
                (5000, -800),
                (5900, -800),
                (5900, 0),
                (9000, 0),
                (9000, 100),
                (0, 100),
            ]),
            holes: Vec::new(),
        };
        assert!(is_as_wide(&band_with_bulge, 890.0));
        assert!(!is_as_wide(&band_with_bulge, 950.0));
    }
}
