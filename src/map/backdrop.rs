//! Pictures below a map: photographs, and rasters of classes in their colours.

use std::path::Path;

use base64::Engine;
use gdal::Dataset;
use gdal::raster::{ColorInterpretation, ResampleAlg};
use resvg::tiny_skia::{ColorU8, Pixmap};

use crate::error::{Error, Result};

/// What a raster shows of some ground (west, south, east, north), as the address of a picture of so many
/// pixels; bare ground where it has nothing.
pub(super) fn backdrop(path: &Path, ground: [f64; 4], [across, down]: [u32; 2]) -> Result<String> {
    let unreadable = |e: &dyn std::fmt::Display| Error::unreadable(path, e);
    let dataset = Dataset::open(path).map_err(|e| unreadable(&e))?;
    let place = dataset.geo_transform().map_err(|e| unreadable(&e))?;
    let [x0, wide, turned, y0, leaning, high] = place;
    if turned != 0.0 || leaning != 0.0 || high >= 0.0 {
        return Err(unreadable(&"its rows do not run from west to east"));
    }
    let (columns, rows) = dataset.raster_size();
    // The part of the raster that is on the ground, in its pixels, and where that part lies in the picture.
    let [west, south, east, north] = ground;
    let clip = |v: f64, most: usize| v.clamp(0.0, most as f64);
    let first_column = clip(((west - x0) / wide).floor(), columns);
    let last_column = clip(((east - x0) / wide).ceil(), columns);
    let first_row = clip(((north - y0) / high).floor(), rows);
    let last_row = clip(((south - y0) / high).ceil(), rows);
    let mut picture = Pixmap::new(across.max(1), down.max(1))
        .ok_or_else(|| unreadable(&"a picture of no size"))?;
    if last_column <= first_column || last_row <= first_row {
        return Err(Error::input(
            path.display(),
            "has nothing of the ground that is drawn",
            "give a raster of the same ground, in the CRS of the run",
        ));
    }
    let to_x = |column: f64| (x0 + column * wide - west) / (east - west) * f64::from(across);
    let to_y = |row: f64| (north - (y0 + row * high)) / (north - south) * f64::from(down);
    let (left, right) = (
        to_x(first_column).round() as i64,
        to_x(last_column).round() as i64,
    );
    let (top, bottom) = (
        to_y(first_row).round() as i64,
        to_y(last_row).round() as i64,
    );
    let size = (
        (right - left).max(1) as usize,
        (bottom - top).max(1) as usize,
    );
    let window = (
        (first_column as isize, first_row as isize),
        (
            (last_column - first_column) as usize,
            (last_row - first_row) as usize,
        ),
    );
    let colours = dataset
        .rasterband(1)
        .map_err(|e| unreadable(&e))?
        .color_table()
        .map(|table| {
            (0..table.entry_count())
                .map(|n| table.entry_as_rgb(n).map_or([255; 3], |c| [c.r, c.g, c.b]))
                .map(|rgb| rgb.map(|v| u8::try_from(v).unwrap_or(255)))
                .collect::<Vec<[u8; 3]>>()
        });
    let bands = match (&colours, dataset.raster_count()) {
        (None, 3..) => [1, 2, 3],
        _ => [1, 1, 1],
    };
    let method = match colours {
        Some(_) => ResampleAlg::NearestNeighbour,
        None => ResampleAlg::Average,
    };
    let mut read: Vec<Vec<u8>> = Vec::new();
    for band in bands {
        let band = dataset.rasterband(band).map_err(|e| unreadable(&e))?;
        if colours.is_none() && band.color_interpretation() == ColorInterpretation::AlphaBand {
            return Err(unreadable(&"it has no bands of red, green and blue"));
        }
        let values = band
            .read_as::<u8>(window.0, window.1, size, Some(method))
            .map_err(|e| unreadable(&e))?;
        read.push(values.data().to_vec());
    }
    let pixels = picture.pixels_mut();
    for row in 0..size.1 {
        for column in 0..size.0 {
            let (x, y) = (left + column as i64, top + row as i64);
            if !(0..i64::from(across)).contains(&x) || !(0..i64::from(down)).contains(&y) {
                continue;
            }
            let at = row * size.0 + column;
            let rgb = match &colours {
                Some(colours) => *colours.get(usize::from(read[0][at])).unwrap_or(&[255; 3]),
                None => [read[0][at], read[1][at], read[2][at]],
            };
            let own = y as usize * across as usize + x as usize;
            pixels[own] = ColorU8::from_rgba(rgb[0], rgb[1], rgb[2], 255).premultiply();
        }
    }
    let png = picture.encode_png().map_err(|e| unreadable(&e))?;
    let text = base64::engine::general_purpose::STANDARD.encode(png);
    Ok(format!("data:image/png;base64,{text}"))
}
