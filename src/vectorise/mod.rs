//! From a class raster to linework: the arcs between pixels of different labels, each once, and lines
//! without the staircase of pixels.

mod arcs;
mod lines;

use std::ops::Range;

pub use arcs::{Arc, Arcs, Corner, NO_LABEL, Tracer};
pub use lines::{Drawing, Line, lines};

use crate::error::Result;
use crate::raster::{Mosaic, Pixel};

/// Rows read at a time, at most,
const ROWS: usize = 256;
/// and pixels.
const PIXELS: usize = 1 << 24;

/// Traces the arcs between pixels of `mosaic` that have different labels. Pixels that touch at a corner
/// only are not connected. `label` gives the label of a pixel, by its column and row.
pub fn trace(
    mosaic: &Mosaic,
    mut label: impl FnMut(Pixel, usize, usize) -> Result<u16>,
) -> Result<Arcs> {
    let width = mosaic.width();
    let mut tracer = Tracer::new(width);
    let mut labels = vec![NO_LABEL; width];
    let mut pixels = Vec::new();
    let step = (PIXELS / width.max(1)).clamp(1, ROWS);
    let mut reached = 0..0;
    for top in (0..mosaic.height()).step_by(step) {
        let rows = step.min(mosaic.height() - top);
        let columns = mosaic.columns(top, rows);
        mosaic.read(&columns, top, rows, &mut pixels)?;
        labels[Range::clone(&reached)].fill(NO_LABEL);
        reached = columns.clone();
        for line in 0..rows {
            let values = &pixels[line * columns.len()..(line + 1) * columns.len()];
            let mut last = (Pixel::Outside, NO_LABEL);
            for (column, &pixel) in columns.clone().zip(values) {
                if pixel != last.0 {
                    last = (pixel, label(pixel, column, top + line)?);
                }
                labels[column] = last.1;
            }
            tracer.row(&labels);
        }
    }
    Ok(tracer.finish())
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
        (0..=most).for_each(|_| drop(builder.item()));
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
