//! Contours of fields: a field is sampled on a lattice, and the ground on which it is positive is
//! outlined by marching squares.

use super::shapes::Vector;
use crate::grid::Point;

/// A lattice over a rectangle, its nodes at multiples of its step wherever the rectangle lies.
#[derive(Clone, Copy)]
pub(super) struct Lattice {
    step: f64,
    /// First column and row, in steps from the origin of coordinates.
    first: (i64, i64),
    columns: usize,
    rows: usize,
}

/// The values of a field on a lattice.
#[derive(Clone)]
pub(super) struct Samples {
    lattice: Lattice,
    values: Vec<f64>,
}

impl Lattice {
    /// A lattice that covers the places `around`, with a margin.
    pub(super) fn around(around: &[Vector], step: f64) -> Self {
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
        };
        let (west, east) = range(&mut around.iter().map(|p| p.x));
        let (south, north) = range(&mut around.iter().map(|p| p.y));
        let first = |low: f64| (low / step).floor() as i64 - 2;
        let count = |low: f64, high: f64| {
            ((high / step).ceil() as i64 + 2 - first(low)).max(0) as usize + 1
        };
        Self {
            step,
            first: (first(west), first(south)),
            columns: count(west, east),
            rows: count(south, north),
        }
    }

    fn node(&self, column: usize, row: usize) -> Vector {
        let place = |first: i64, n: usize| (first + n as i64) as f64 * self.step;
        Vector::new(place(self.first.0, column), place(self.first.1, row))
    }

    /// Samples a field.
    pub(super) fn sample(&self, field: impl Fn(Vector) -> f64) -> Samples {
        let nodes =
            (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| (column, row)));
        Samples {
            lattice: *self,
            values: nodes
                .map(|(column, row)| field(self.node(column, row)))
                .collect(),
        }
    }
}

impl Samples {
    /// The lower of two fields everywhere: positive where both are.
    pub(super) fn and(&self, other: &Self) -> Self {
        self.combine(other, f64::min)
    }

    /// The field of this one's values changed by those of another.
    pub(super) fn combine(&self, other: &Self, change: impl Fn(f64, f64) -> f64) -> Self {
        let both = self.values.iter().zip(&other.values);
        Self {
            lattice: self.lattice,
            values: both.map(|(&p, &q)| change(p, q)).collect(),
        }
    }

    /// The field with every value changed.
    pub(super) fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        Self {
            lattice: self.lattice,
            values: self.values.iter().map(|&v| change(v)).collect(),
        }
    }

    /// Whether the field is positive anywhere.
    pub(super) fn is_somewhere(&self) -> bool {
        self.values.iter().any(|&v| v > 0.0)
    }

    /// The value at a node; nothing is positive along the edge of the lattice, so that every
    /// contour closes.
    fn value(&self, column: usize, row: usize) -> f64 {
        let Lattice { columns, rows, .. } = self.lattice;
        let value = self.values[row * columns + column];
        let is_edge = column == 0 || row == 0 || column + 1 == columns || row + 1 == rows;
        if is_edge {
            value.min(-f64::EPSILON)
        } else {
            value
        }
    }

    /// The outline of the ground on which the field is positive: segments that close.
    pub(super) fn contour(&self) -> Vec<(Point, Point)> {
        let mut segments = Vec::new();
        for row in 0..self.lattice.rows.saturating_sub(1) {
            for column in 0..self.lattice.columns.saturating_sub(1) {
                self.outline_square(column, row, &mut segments);
            }
        }
        segments
    }

    /// The part of the outline in one square of the lattice.
    fn outline_square(&self, column: usize, row: usize, segments: &mut Vec<(Point, Point)>) {
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(x, y)| (column + x, row + y));
        let inside = corners.map(|(x, y)| self.value(x, y) > 0.0);
        // Where the outline crosses the sides, in turn around the square.
        let mut crossings = [Point::new(0, 0); 4];
        let mut count = 0;
        for n in 0..4 {
            let m = (n + 1) % 4;
            if inside[n] != inside[m] {
                crossings[count] = self.crossing(corners[n], corners[m]);
                count += 1;
            }
        }
        match count {
            2 => segments.push((crossings[0], crossings[1])),
            4 => {
                // A saddle: the middle decides which two corners are joined.
                let mean: f64 = corners.iter().map(|&(x, y)| self.value(x, y)).sum();
                let turn = usize::from((mean > 0.0) == inside[0]);
                for n in [turn, turn + 2] {
                    segments.push((crossings[(n + 3) % 4], crossings[n % 4]));
                }
            }
            _ => {}
        }
    }

    /// Where the field is 0 on the side between two nodes, the same from both its squares.
    fn crossing(&self, a: (usize, usize), b: (usize, usize)) -> Point {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let (p, q) = (self.value(a.0, a.1), self.value(b.0, b.1));
        let (start, end) = (self.lattice.node(a.0, a.1), self.lattice.node(b.0, b.1));
        start.on_the_way(end, p / (p - q)).to_grid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::Builder;

    #[test]
    fn a_round_field_has_a_round_contour() {
        let corners = [Vector::new(0.0, 0.0), Vector::new(200.0, 200.0)];
        let samples =
            Lattice::around(&corners, 10.0).sample(|p| 50.0 - p.distance(Vector::new(101.0, 99.0)));
        let mut builder = Builder::new();
        let item = builder.item();
        for (p, q) in samples.contour() {
            builder.segment(item, p, q);
        }
        let overlay = builder.build();
        assert_eq!(overlay.partition.face_count(), 2);
        let area = overlay.partition.area(1) as f64 / 20_000.0;
        assert!(
            (area / (2_500.0 * std::f64::consts::PI) - 1.0).abs() < 0.02,
            "{area}"
        );
    }
}
