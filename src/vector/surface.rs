//! Surfaces around lines and polygons, by GDAL's GEOS.

use gdal::vector::{Geometry, OGRwkbGeometryType};

use super::geometry::polygons;
use super::wkb::wkb;
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::Polygon;

/// Segments of a quarter of a circle.
const ROUND: u32 = 4;

/// A set of polygons that grows and shrinks.
pub struct Surface(Geometry);

impl Surface {
    /// Of polygons that may overlap.
    pub fn of<'a>(polygons: impl IntoIterator<Item = &'a Polygon>) -> Result<Self> {
        let mut all = Geometry::empty(OGRwkbGeometryType::wkbMultiPolygon).map_err(failed)?;
        for polygon in polygons {
            all.add_geometry(geometry(polygon).map_err(failed)?)
                .map_err(failed)?;
        }
        Ok(Self(all))
    }

    /// Of WKB geometries.
    pub fn of_wkb<'a>(geometries: impl IntoIterator<Item = &'a [u8]>) -> Result<Self> {
        let mut all = Geometry::empty(OGRwkbGeometryType::wkbGeometryCollection).map_err(failed)?;
        for wkb in geometries {
            all.add_geometry(Geometry::from_wkb(wkb).map_err(failed)?)
                .map_err(failed)?;
        }
        Ok(Self(all))
    }

    /// All within so many metres; or, where it is negative, all that lies farther than that inside.
    pub fn grown(&self, by: f64) -> Result<Self> {
        self.grown_with(by, ROUND)
    }

    /// The same with blunt corners: one segment for a quarter of a circle.
    pub fn grown_bluntly(&self, by: f64) -> Result<Self> {
        self.grown_with(by, 1)
    }

    fn grown_with(&self, by: f64, segments: u32) -> Result<Self> {
        self.0.buffer(by, segments).map(Self).map_err(failed)
    }

    /// Its area, m².
    pub fn area(&self) -> f64 {
        self.0.area()
    }

    /// Whether it has no ground.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// West, south, east, north, m.
    pub fn bounds(&self) -> [f64; 4] {
        let envelope = self.0.envelope();
        [envelope.MinX, envelope.MinY, envelope.MaxX, envelope.MaxY]
    }

    /// What of it lies in a rectangle: west, south, east, north.
    pub fn within(&self, [west, south, east, north]: [f64; 4]) -> Result<Self> {
        let rectangle = Geometry::bbox(west, south, east, north).map_err(failed)?;
        let common = self.0.intersection(&rectangle);
        common
            .map(Self)
            .ok_or_else(|| Error::Internal("a surface could not be clipped".to_owned()))
    }

    /// What is in this and not in the other.
    pub fn without(&self, other: &Self) -> Result<Self> {
        let left = self.0.difference(&other.0);
        left.map(Self)
            .ok_or_else(|| Error::Internal("a surface could not be taken from another".to_owned()))
    }

    /// As WKB.
    pub fn wkb(&self) -> Result<Vec<u8>> {
        self.0.wkb().map_err(failed)
    }

    /// Its polygons on the grid, closed rings; those that collapse are left out.
    pub fn polygons(&self) -> Result<Vec<Polygon>> {
        let shape = polygons(&self.wkb()?).unwrap_or_default();
        let ring = |places: Vec<(f64, f64)>| {
            let mut points: Vec<Point> = places
                .into_iter()
                .filter_map(|(x, y)| Point::from_metres(x, y))
                .collect();
            points.dedup();
            points
        };
        let polygon = |rings: Vec<Vec<(f64, f64)>>| {
            let mut rings = rings.into_iter().map(ring).filter(|ring| ring.len() > 3);
            Some(Polygon {
                exterior: rings.next()?,
                holes: rings.collect(),
            })
        };
        Ok(shape.polygons.into_iter().filter_map(polygon).collect())
    }
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a surface could not be made: {why}"))
}

fn geometry(polygon: &Polygon) -> std::result::Result<Geometry, gdal::errors::GdalError> {
    Geometry::from_wkb(&wkb(polygon))
}
