//! The integer grid on which all geometry lives: 1 cm steps of a projected CRS in metres.
//!
//! Coordinates are `i32` below 2³⁰ grid steps in size (±10 737 km), so a difference fits `i32`, a
//! cross product of differences fits `i64`, and every predicate below is exact.

/// Grid steps in a metre.
pub const STEPS_PER_METRE: f64 = 100.0;
/// Largest absolute coordinate, in grid steps. One below 2³⁰, so that twice the area of the whole
/// grid, and so of any region on it, fits an `i64`.
pub const LIMIT: i32 = (1 << 30) - 1;
/// Twice an area in cm² that make a square metre.
pub const HALF_CM2_PER_M2: i64 = 20_000;

/// A point of the grid, in centimetres. Points are ordered by x, then y.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// Easting, cm.
    pub x: i32,
    /// Northing, cm.
    pub y: i32,
}

impl Ord for Point {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Point {
    /// One number in the order of points: comparing it costs one branch, where comparing the
    /// coordinates in turn costs two, and sorting points is much of the work of an overlay.
    pub(crate) const fn rank(self) -> u64 {
        let (x, y) = (self.x as u32 ^ 1 << 31, self.y as u32 ^ 1 << 31);
        (x as u64) << 32 | y as u64
    }

    /// The point at `x`, `y` (cm).
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// The nearest grid point of a position in metres; `None` when it is not finite or beyond
    /// the grid. Ties go up, on both axes, so that the rounding commutes with translation.
    pub fn from_metres(x: f64, y: f64) -> Option<Self> {
        let round = |v: f64| {
            let steps = (v * STEPS_PER_METRE + 0.5).floor();
            (steps.abs() <= f64::from(LIMIT)).then_some(steps as i32)
        };
        Some(Self::new(round(x)?, round(y)?))
    }

    /// Position in metres.
    pub fn metres(self) -> (f64, f64) {
        (
            f64::from(self.x) / STEPS_PER_METRE,
            f64::from(self.y) / STEPS_PER_METRE,
        )
    }
}

/// Cross product of `b − a` and `c − a`: positive when `c` lies left of the line from `a` to `b`.
/// Exact: differences are below 2³¹, so each product is below 2⁶² and their difference fits.
pub fn orientation(a: Point, b: Point, c: Point) -> i64 {
    let (ux, uy) = delta(a, b);
    let (vx, vy) = delta(a, c);
    ux * vy - uy * vx
}

/// `b − a`, widened.
pub fn delta(a: Point, b: Point) -> (i64, i64) {
    (
        i64::from(b.x) - i64::from(a.x),
        i64::from(b.y) - i64::from(a.y),
    )
}

/// Exact rounding of half square centimetres to text in square metres, five decimals (1 half cm²
/// is 0.00005 m², so nothing is lost).
pub fn format_m2(half_cm2: i64) -> String {
    let sign = if half_cm2 < 0 { "-" } else { "" };
    let units = half_cm2.unsigned_abs();
    let whole = units / HALF_CM2_PER_M2 as u64;
    let fraction = (units % HALF_CM2_PER_M2 as u64) * 5;
    format!("{sign}{whole}.{fraction:05}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_print_exactly() {
        assert_eq!(format_m2(20_000), "1.00000");
        assert_eq!(format_m2(-1), "-0.00005");
        assert_eq!(format_m2(444_090_000), "22204.50000");
    }

    #[test]
    fn what_is_not_finite_is_not_a_point() {
        assert_eq!(Point::from_metres(f64::NAN, 0.0), None);
        assert_eq!(Point::from_metres(2e7, 0.0), None);
        assert_eq!(Point::from_metres(0.005, -0.005), Some(Point::new(1, 0)));
    }

    #[test]
    fn orientation_holds_at_the_ends_of_the_grid() {
        let (a, b) = (Point::new(-LIMIT, -LIMIT), Point::new(LIMIT, LIMIT));
        assert_eq!(orientation(a, b, Point::new(0, 0)), 0);
        assert!(orientation(a, b, Point::new(-LIMIT, LIMIT)) > 0);
        assert!(orientation(a, b, Point::new(LIMIT, -LIMIT)) < 0);
    }
}
