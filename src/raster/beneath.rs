//! The pixels of one raster beneath those of another.

use super::grid::{PixelGrid, Window};

/// The pixels of a grid in which the centres of another grid's pixels lie.
pub struct Beneath {
    /// All of them.
    pub window: Window,
    /// By column and row of the other window, counted from the corners of both.
    columns: Vec<usize>,
    rows: Vec<usize>,
}

impl Beneath {
    /// Those of `grid` beneath a `window` of `other`.
    pub fn new(grid: &PixelGrid, other: &PixelGrid, window: &Window) -> Self {
        let at = |column: i64, row: i64| {
            let (left, top) = other.corner(column, row);
            let half = other.pixel / 2.0;
            grid.pixel_at(left + half, top - half)
        };
        let first = at(window.column, window.row);
        let last = at(window.columns().end - 1, window.rows().end - 1);
        let column = |column| (at(column, window.row).0 - first.0) as usize;
        let row = |row| (at(window.column, row).1 - first.1) as usize;
        Self {
            window: Window::between(first.0..last.0 + 1, first.1..last.1 + 1),
            columns: window.columns().map(column).collect(),
            rows: window.rows().map(row).collect(),
        }
    }

    /// The number, in its own window, of the pixel beneath pixel `n` of the other.
    pub fn number(&self, n: usize) -> usize {
        let (row, column) = (n / self.columns.len(), n % self.columns.len());
        self.rows[row] * self.window.width + self.columns[column]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_has_one_beneath() {
        let (fine, ..) = PixelGrid::of(0.0, 0.0, 0.5);
        let (coarse, ..) = PixelGrid::of(0.25, 0.0, 1.0);
        let window = Window {
            column: 3,
            row: -4,
            width: 5,
            height: 4,
        };
        // Pixels of half a metre from 1.5 m on, over pixels of a metre from 1.25 m on.
        let beneath = Beneath::new(&coarse, &fine, &window);
        let wanted = Window {
            column: 1,
            row: -2,
            width: 3,
            height: 2,
        };
        assert_eq!(beneath.window, wanted);
        let numbers: Vec<usize> = (0..20).map(|n| beneath.number(n)).collect();
        assert_eq!(numbers[..5], [0, 1, 1, 2, 2]);
        assert_eq!(numbers[5..10], [0, 1, 1, 2, 2]);
        assert_eq!(numbers[10], 3);
        let same = Beneath::new(&fine, &fine, &window);
        assert_eq!((same.window, same.number(17)), (window, 17));
    }
}
