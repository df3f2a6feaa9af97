//! Polygons to pixels.

use gdal::raster::rasterize;
use gdal::vector::Geometry;

use super::cog::driver;
use super::grid::{PixelGrid, Window};
use crate::error::{Error, Result};
use crate::partition::Polygon;
use crate::vector::wkb;

/// Gives the pixels whose centres lie in a polygon its number; 0 where none does. Row by row.
pub fn burn(grid: &PixelGrid, window: &Window, shapes: &[(&Polygon, i32)]) -> Result<Vec<i32>> {
    let failed = |e| Error::Internal(format!("polygons could not be made pixels: {e}"));
    let (width, height) = (window.width, window.height);
    let mut memory = driver("MEM")?
        .create_with_band_type::<i32, _>("", width, height, 1)
        .map_err(failed)?;
    memory
        .set_geo_transform(&grid.transform(window.column, window.row))
        .map_err(failed)?;
    let geometries: Vec<Geometry> = shapes
        .iter()
        .map(|(polygon, _)| Geometry::from_wkb(&wkb(polygon)))
        .collect::<std::result::Result<_, _>>()
        .map_err(failed)?;
    let numbers: Vec<f64> = shapes.iter().map(|&(_, number)| number.into()).collect();
    rasterize(&mut memory, &[1], &geometries, &numbers, None).map_err(failed)?;
    let band = memory.rasterband(1).map_err(failed)?;
    let burnt = band.read_band_as::<i32>().map_err(failed)?;
    Ok(burnt.into_shape_and_vec().1)
}
