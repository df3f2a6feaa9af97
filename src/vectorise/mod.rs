//! From a class raster to linework: the arcs between pixels of different labels, each once, and lines
//! without the staircase of pixels.

mod arcs;
mod lines;
mod sieve;

use std::ops::Range;

pub use arcs::{Arc, Arcs, Corner, NO_LABEL, Tracer};
pub use lines::{Drawing, Line, lines};
pub use sieve::Second;

use crate::error::Result;
use crate::raster::{Mosaic, Pixel};
use sieve::{REACH, Strip};

/// Rows read at a time, at most,
const ROWS: usize = 256;
/// and pixels.
const PIXELS: usize = 1 << 24;

/// Specks that are not to be traced.
pub struct Sieve<'a> {
    /// Groups of fewer pixels are given to what lies around them.
    pub least: usize,
    /// Tells what the pixels of rows may be instead, where that is known.
    pub second: Option<&'a dyn Fn(Range<usize>) -> Result<Vec<Second>>>,
}

/// Traces the arcs between pixels of `mosaic` that have different labels. Pixels that touch at a corner
/// only are not connected. `label` gives the label of a pixel, by its column and row.
pub fn trace(
    mosaic: &Mosaic,
    label: impl FnMut(Pixel, usize, usize) -> Result<u16>,
    sieve: Option<&Sieve>,
) -> Result<Arcs> {
    let (width, height) = (mosaic.width(), mosaic.height());
    let mut tracer = Tracer::new(width);
    let mut reader = Reader {
        mosaic,
        label,
        pixels: Vec::new(),
        rows: 0..0,
        labels: Vec::new(),
    };
    let step = (PIXELS / width.max(1)).clamp(1, ROWS);
    let (step, around) = match sieve {
        // What lies around rows costs less where they are many.
        Some(_) => (step.max(2 * REACH), REACH),
        None => (step, 0),
    };
    for top in (0..height).step_by(step) {
        let core = top..(top + step).min(height);
        let rows = core.start.saturating_sub(around)..(core.end + around).min(height);
        reader.read(&rows)?;
        let mut sieved = Vec::new();
        let labels = match sieve {
            None => &reader.labels,
            Some(sieve) => {
                let second = sieve.second.map(|second| second(rows.clone()));
                let second = second.transpose()?.unwrap_or_default();
                sieved.clone_from(&reader.labels);
                let mut strip = Strip {
                    labels: &mut sieved,
                    width,
                    goes_on_above: rows.start > 0,
                    goes_on_below: rows.end < height,
                    second: &second,
                };
                strip.sieve(sieve.least);
                &sieved
            }
        };
        let start = (core.start - rows.start) * width;
        let these = &labels[start..start + core.len() * width];
        these.chunks(width.max(1)).for_each(|row| tracer.row(row));
    }
    Ok(tracer.finish())
}

/// Reads labels downwards, keeping some rows.
struct Reader<'a, F> {
    mosaic: &'a Mosaic,
    label: F,
    pixels: Vec<Pixel>,
    /// The rows at hand,
    rows: Range<usize>,
    /// and their labels.
    labels: Vec<u16>,
}

impl<F: FnMut(Pixel, usize, usize) -> Result<u16>> Reader<'_, F> {
    /// Brings rows at hand that start and end no higher than those that are.
    fn read(&mut self, rows: &Range<usize>) -> Result<()> {
        let width = self.mosaic.width();
        let passed = rows.start.min(self.rows.end) - self.rows.start;
        self.labels.drain(..passed * width);
        self.rows.start = rows.start;
        let step = (PIXELS / width.max(1)).clamp(1, ROWS);
        while self.rows.end < rows.end {
            let top = self.rows.end.max(rows.start);
            let count = step.min(rows.end - top);
            let columns = self.mosaic.columns(top, count);
            self.mosaic.read(&columns, top, count, &mut self.pixels)?;
            for line in 0..count {
                let start = self.labels.len();
                self.labels.resize(start + width, NO_LABEL);
                let row = &mut self.labels[start..];
                let values = &self.pixels[line * columns.len()..(line + 1) * columns.len()];
                let mut last = (Pixel::Outside, NO_LABEL);
                for (column, &pixel) in columns.clone().zip(values) {
                    if pixel != last.0 {
                        last = (pixel, (self.label)(pixel, column, top + line)?);
                    }
                    row[column] = last.1;
                }
            }
            self.rows.end = top + count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Point;
    use crate::partition::{Builder, Overlay};
    use crate::raster::Placing;
    use proptest::prelude::*;

    const PLACING: Placing = Placing {
        origin: (1_000.0, 2_000.0),
        pixel: 1.0,
    };

    fn arcs_of(width: usize, labels: &[u16]) -> Arcs {
        let mut tracer = Tracer::new(width);
        labels.chunks(width).for_each(|row| tracer.row(row));
        tracer.finish()
    }

    fn overlay(width: usize, labels: &[u16], drawing: Drawing) -> Overlay {
        let mut builder = Builder::new();
        let most = labels.iter().copied().max().unwrap_or(0);
        for _ in 0..=most {
            builder.item();
        }
        for line in lines(&arcs_of(width, labels), PLACING, drawing).unwrap() {
            for label in [line.left, line.right] {
                if label != NO_LABEL {
                    builder.line(label.into(), &line.points);
                }
            }
        }
        builder.build()
    }

    fn rasters() -> impl Strategy<Value = (usize, Vec<u16>)> {
        (1usize..24, 1usize..24, 1u16..5).prop_flat_map(|(width, height, classes)| {
            let pixels = prop::collection::vec(0..=classes, width * height);
            (Just(width), pixels)
        })
    }

    /// Rasters of larger patches: each pixel is that of a coarse grid, with some specks.
    fn patches() -> impl Strategy<Value = (usize, Vec<u16>)> {
        let coarse = prop::collection::vec(1u16..4, 64);
        let slopes = (1usize..9, 1usize..9);
        let specks = prop::collection::vec((0usize..48 * 48, 1u16..4), 0..40);
        (coarse, slopes, specks).prop_map(|(coarse, (a, b), specks)| {
            let place = |n: usize| (n % 48, n / 48);
            let mut labels: Vec<u16> = (0..48 * 48)
                .map(|n| {
                    let (x, y) = place(n);
                    coarse[(x + y / a) / 9 % 8 + (y + x / b) / 9 % 8 * 8]
                })
                .collect();
            specks.into_iter().for_each(|(n, label)| labels[n] = label);
            (48, labels)
        })
    }

    /// Every label covers its pixels and no more, every face has one label, the lines meet at ends.
    fn assert_faithful(width: usize, labels: &[u16], drawing: Drawing) {
        let overlay = overlay(width, labels, drawing);
        overlay.verify().unwrap();
        for face in 1..overlay.partition.face_count() as u32 {
            assert!(overlay.items(face).len() <= 1, "{:?}", overlay.items(face));
        }
        if drawing == Drawing::Exact {
            let areas = overlay.item_areas();
            for (label, area) in areas.iter().enumerate().skip(1) {
                let pixels = labels.iter().filter(|&&l| usize::from(l) == label).count();
                assert_eq!(*area, pixels as i64 * 20_000, "label {label}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn arcs_bound_their_labels((width, labels) in rasters()) {
            assert_faithful(width, &labels, Drawing::Exact);
        }

        #[test]
        fn smooth_lines_never_cross((width, labels) in rasters()) {
            let smooth = overlay(width, &labels, Drawing::Smooth);
            prop_assert_eq!(smooth.noding_passes(), 0);
            assert_faithful(width, &labels, Drawing::Smooth);
        }

        #[test]
        fn smooth_patches_never_cross((width, labels) in patches()) {
            let smooth = overlay(width, &labels, Drawing::Smooth);
            prop_assert_eq!(smooth.noding_passes(), 0);
            assert_faithful(width, &labels, Drawing::Smooth);
            // Areas stay, but for the rounding of points.
            let exact = overlay(width, &labels, Drawing::Exact);
            for (p, q) in smooth.item_areas().iter().zip(exact.item_areas()) {
                prop_assert!((p - q).abs() < 20_000 * 10, "{p} {q}");
            }
        }
    }

    /// Sieves in one piece, or in strips of a few rows as tracing does.
    fn sieved(width: usize, labels: &[u16], least: usize, step: usize) -> Vec<u16> {
        let height = labels.len() / width;
        let mut out = Vec::new();
        for top in (0..height).step_by(step) {
            let core = top..(top + step).min(height);
            let rows = core.start.saturating_sub(REACH)..(core.end + REACH).min(height);
            let mut strip = labels[rows.start * width..rows.end * width].to_vec();
            Strip {
                labels: &mut strip,
                width,
                goes_on_above: rows.start > 0,
                goes_on_below: rows.end < height,
                second: &[],
            }
            .sieve(least);
            let start = (core.start - rows.start) * width;
            out.extend_from_slice(&strip[start..start + core.len() * width]);
        }
        out
    }

    #[test]
    fn strips_do_not_change_what_is_sieved() {
        // Noise of three labels, 40 columns and a thousand rows.
        let mut state = 7u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24
        };
        let labels: Vec<u16> = (0..40 * 1_000)
            .map(|_| match noise() {
                0..200 => 1,
                200..230 => 2,
                _ => 3,
            })
            .collect();
        for least in [3, 12, 60] {
            let whole = sieved(40, &labels, least, 1_000);
            assert_ne!(whole, labels);
            for step in [16, 100, 333] {
                assert!(sieved(40, &labels, least, step) == whole, "{least} {step}");
            }
        }
    }

    #[test]
    fn a_speck_becomes_what_is_likeliest_around_it() {
        // Label 3 in the corner between 1 and 2, longer along 1.
        let mut labels = vec![1, 1, 1, 1, 1, 3, 3, 2, 1, 1, 2, 2];
        let mut strip = Strip {
            labels: &mut labels,
            width: 4,
            goes_on_above: false,
            goes_on_below: false,
            second: &[],
        };
        strip.sieve(3);
        assert_eq!(labels, [1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2, 2]);
        let mut labels = vec![1, 1, 1, 1, 1, 3, 3, 2, 1, 1, 2, 2];
        let mut second = vec![(0, 0); 12];
        (second[5], second[6]) = ((2, 120), (2, 120));
        Strip {
            labels: &mut labels,
            width: 4,
            goes_on_above: false,
            goes_on_below: false,
            second: &second,
        }
        .sieve(3);
        assert_eq!(labels, [1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 2, 2]);
    }

    #[test]
    fn a_step_is_half_a_pixel_from_the_slope() {
        let labels: Vec<u16> = (0..40 * 40)
            .map(|n| 1 + u16::from(n % 40 > n / 40))
            .collect();
        let points = lines(&arcs_of(40, &labels), PLACING, Drawing::Smooth).unwrap();
        let inner = points.iter().find(|l| l.left != 0 && l.right != 0).unwrap();
        assert!(inner.points.len() <= 4, "{inner:?}");
        assert_eq!(inner.points[0], Point::new(100_100, 200_000));
    }
}
