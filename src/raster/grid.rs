//! A grid of square pixels anchored to the origin of the CRS, and rectangles of its pixels.

use super::georeference::TOLERANCE;

/// A rectangle of pixels, counted from the origin of the CRS: columns eastward, rows southward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The westernmost column.
    pub column: i64,
    /// The northernmost row.
    pub row: i64,
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
}

impl Window {
    /// The window from one pixel to before another; empty when they are the wrong way round.
    pub fn between(columns: std::ops::Range<i64>, rows: std::ops::Range<i64>) -> Self {
        Self {
            column: columns.start,
            row: rows.start,
            width: (columns.end - columns.start).max(0) as usize,
            height: (rows.end - rows.start).max(0) as usize,
        }
    }

    /// The columns, from the first to before the last.
    pub fn columns(&self) -> std::ops::Range<i64> {
        self.column..self.column + self.width as i64
    }

    /// The rows, from the first to before the last.
    pub fn rows(&self) -> std::ops::Range<i64> {
        self.row..self.row + self.height as i64
    }

    /// What two windows have in common; maybe nothing.
    pub fn intersection(&self, other: &Self) -> Self {
        let (p, q) = (self.columns(), other.columns());
        let (r, s) = (self.rows(), other.rows());
        Self::between(
            p.start.max(q.start)..p.end.min(q.end),
            r.start.max(s.start)..r.end.min(s.end),
        )
    }

    /// What is left without so many pixels on each side.
    pub fn within(&self, margin: usize) -> Self {
        Self {
            column: self.column + margin as i64,
            row: self.row + margin as i64,
            width: self.width.saturating_sub(2 * margin),
            height: self.height.saturating_sub(2 * margin),
        }
    }

    /// The smallest window that holds both.
    pub fn hull(&self, other: &Self) -> Self {
        let (p, q) = (self.columns(), other.columns());
        let (r, s) = (self.rows(), other.rows());
        Self::between(
            p.start.min(q.start)..p.end.max(q.end),
            r.start.min(s.start)..r.end.max(s.end),
        )
    }

    /// Whether the window has no pixel.
    pub fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Number of pixels.
    pub fn pixels(&self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

/// A grid of square pixels. Two files of one grid give the same number to the same pixel.
#[derive(Clone, Copy, Debug)]
pub struct PixelGrid {
    /// Side of a pixel, m.
    pub pixel: f64,
    /// Where pixel corners lie beside multiples of the side, in pixels, from 0 to 1: east and south.
    phase: (f64, f64),
}

impl PixelGrid {
    /// The grid on which a pixel of side `pixel` has its upper left corner at (`left`, `top`), and
    /// the column and row of this pixel.
    pub fn of(left: f64, top: f64, pixel: f64) -> (Self, i64, i64) {
        let place = |at: f64| {
            // A corner that lies on a multiple, but for rounding, is on it.
            let number = (at + TOLERANCE).floor();
            ((at - number).max(0.0), number as i64)
        };
        let ((east, column), (south, row)) = (place(left / pixel), place(-top / pixel));
        let grid = Self {
            pixel,
            phase: (east, south),
        };
        (grid, column, row)
    }

    /// Whether two grids are one.
    pub fn is_same(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 2.0 * TOLERANCE;
        self.has_pixel_of(other.pixel)
            && near(self.phase.0, other.phase.0)
            && near(self.phase.1, other.phase.1)
    }

    /// Whether the pixels have this side, m.
    pub fn has_pixel_of(&self, pixel: f64) -> bool {
        ((self.pixel - pixel) / pixel).abs() <= 1e-6
    }

    /// The place of the upper left corner of a pixel, m.
    pub fn corner(&self, column: i64, row: i64) -> (f64, f64) {
        (
            (column as f64 + self.phase.0) * self.pixel,
            -(row as f64 + self.phase.1) * self.pixel,
        )
    }

    /// The column and row of the pixel in which a place lies, m.
    pub fn pixel_at(&self, x: f64, y: f64) -> (i64, i64) {
        let place = |at: f64, phase: f64| (at / self.pixel - phase + TOLERANCE).floor() as i64;
        (place(x, self.phase.0), place(-y, self.phase.1))
    }

    /// The transform of GDAL for a raster whose first pixel is this one.
    pub fn transform(&self, column: i64, row: i64) -> [f64; 6] {
        let (left, top) = self.corner(column, row);
        [left, self.pixel, 0.0, top, 0.0, -self.pixel]
    }

    /// The pixels whose centres lie in a rectangle of the CRS: west, south, east, north.
    pub fn window(&self, [west, south, east, north]: [f64; 4]) -> Window {
        let column = |x: f64| (x / self.pixel - self.phase.0 - TOLERANCE + 0.5).floor() as i64;
        let row = |y: f64| (-y / self.pixel - self.phase.1 - TOLERANCE + 0.5).floor() as i64;
        Window::between(column(west)..column(east), row(north)..row(south))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_has_one_number_whatever_the_extent() {
        let (left, top) = (770_549.8, 6_277_600.2);
        let (grid, column, row) = PixelGrid::of(left, top, 0.2);
        for step in [1, 7, 1_000, 123_457] {
            let by = f64::from(step) * 0.2;
            let (other, c, r) = PixelGrid::of(left + by, top - by, 0.2);
            assert!(grid.is_same(&other));
            assert_eq!((c - column, r - row), (i64::from(step), i64::from(step)));
        }
        assert_eq!((column, row), (3_852_749, -31_388_001));
        let (x, y) = grid.corner(column, row);
        assert!((x - left).abs() < 1e-6 && (y - top).abs() < 1e-6);
        let window = grid.window([left, top - 50.4, left + 50.4, top]);
        assert_eq!(
            window,
            Window {
                column,
                row,
                width: 252,
                height: 252
            }
        );
    }

    #[test]
    fn a_grid_may_lie_beside_the_origin() {
        let (grid, column, _) = PixelGrid::of(10.3, 0.0, 1.0);
        assert_eq!(column, 10);
        assert!(!grid.is_same(&PixelGrid::of(10.0, 0.0, 1.0).0));
        assert!(grid.is_same(&PixelGrid::of(77.3, -5.0, 1.0).0));
    }
}
