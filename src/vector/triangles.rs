//! Triangles between points, by GDAL's GEOS.

use gdal::vector::{Geometry, OGRwkbGeometryType};

use super::geometry::polygons;
use crate::error::{Error, Result};
use crate::grid::Point;

/// The Delaunay triangulation of distinct points; nothing where they lie on one line.
pub fn triangulated(points: &[Point]) -> Result<Vec<[Point; 3]>> {
    if points.len() < 3 {
        return Ok(Vec::new());
    }
    let wkb = triangles(points)
        .map_err(|e| Error::Internal(format!("points could not be triangulated: {e}")))?;
    let found = polygons(&wkb).unwrap_or_default().polygons;
    let triangle = |rings: Vec<Vec<(f64, f64)>>| {
        let corner = |n: usize| {
            let &(x, y) = rings.first()?.get(n)?;
            Point::from_metres(x, y)
        };
        Some([corner(0)?, corner(1)?, corner(2)?])
    };
    Ok(found.into_iter().filter_map(triangle).collect())
}

fn triangles(points: &[Point]) -> gdal::errors::Result<Vec<u8>> {
    let mut all = Geometry::empty(OGRwkbGeometryType::wkbMultiPoint)?;
    for point in points {
        let mut one = Geometry::empty(OGRwkbGeometryType::wkbPoint)?;
        one.set_point_2d(0, point.metres());
        all.add_geometry(one)?;
    }
    all.delaunay_triangulation(None)?.wkb()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_has_two_triangles() {
        let corners = [(0, 0), (0, 100), (100, 0), (100, 100)].map(|(x, y)| Point::new(x, y));
        let found = triangulated(&corners).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().flatten().all(|p| corners.contains(p)));
        assert!(triangulated(&corners[..2]).unwrap().is_empty());
        let line = [0, 1, 2].map(|n| Point::new(n, n));
        assert!(triangulated(&line).unwrap().is_empty());
    }
}
