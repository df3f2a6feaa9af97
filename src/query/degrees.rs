//! From the CRS of a run to longitudes and latitudes, and back, without loading GDAL for the systems
//! that have an EPSG code.

use gdal::spatial_ref::CoordTransform;
use proj4rs::Proj;
use proj4rs::transform::transform;
use serde_json::Value;

use crate::crs::{Crs, wgs84};
use crate::error::{Error, Result};

/// The way between a projected CRS and WGS 84.
pub(crate) enum Degrees {
    /// By projection alone: the datum of the system is WGS 84 to a few decimetres, as all those of
    /// French territories are.
    Projection {
        projected: Box<Proj>,
        degrees: Box<Proj>,
    },
    /// By PROJ, with GDAL.
    Proj {
        to: Option<CoordTransform>,
        back: Option<CoordTransform>,
    },
}

/// Longitude and latitude on WGS 84.
const DEGREES: &str = "+proj=longlat +ellps=WGS84 +datum=WGS84 +no_defs";

impl Degrees {
    /// The way from a CRS, given as PROJJSON.
    pub(crate) fn of(projjson: &Value) -> Result<Self> {
        if let Some(projected) = epsg(projjson).and_then(projection) {
            let degrees = Proj::from_proj_string(DEGREES)
                .map_err(|e| Error::Internal(format!("WGS 84: {e}")))?;
            return Ok(Self::Projection {
                projected: Box::new(projected),
                degrees: Box::new(degrees),
            });
        }
        let crs = Crs::parse(&projjson.to_string(), "the CRS of the faces")?;
        Ok(Self::Proj {
            to: crs.way_to(&wgs84()?)?,
            back: wgs84()?.way_to(&crs)?,
        })
    }

    /// Makes longitudes and latitudes of points.
    pub(super) fn to(&self, points: &mut [(f64, f64)]) -> Result<()> {
        match self {
            Self::Projection { projected, degrees } => {
                let mut spatial: Vec<(f64, f64, f64)> =
                    points.iter().map(|p| (p.0, p.1, 0.0)).collect();
                transform(projected, degrees, spatial.as_mut_slice()).map_err(failed)?;
                for (point, moved) in points.iter_mut().zip(spatial) {
                    *point = (moved.0.to_degrees(), moved.1.to_degrees());
                }
                Ok(())
            }
            Self::Proj { to, .. } => through(to.as_ref(), points),
        }
    }

    /// The longitude and latitude of a point.
    pub(crate) fn of_point(&self, point: (f64, f64)) -> Result<(f64, f64)> {
        let mut points = [point];
        self.to(&mut points)?;
        Ok(points[0])
    }

    /// Makes points of longitudes and latitudes.
    pub(super) fn back(&self, points: &mut [(f64, f64)]) -> Result<()> {
        match self {
            Self::Projection { projected, degrees } => {
                let mut spatial: Vec<(f64, f64, f64)> = points
                    .iter()
                    .map(|p| (p.0.to_radians(), p.1.to_radians(), 0.0))
                    .collect();
                transform(degrees, projected, spatial.as_mut_slice()).map_err(failed)?;
                for (point, moved) in points.iter_mut().zip(spatial) {
                    *point = (moved.0, moved.1);
                }
                Ok(())
            }
            Self::Proj { back, .. } => through(back.as_ref(), points),
        }
    }
}

fn failed(error: proj4rs::errors::Error) -> Error {
    Error::input(
        "longitude and latitude",
        error,
        "give coordinates on the ground of the run",
    )
}

/// The EPSG code of a system.
fn epsg(projjson: &Value) -> Option<u16> {
    let id = &projjson["id"];
    (id["authority"] == "EPSG")
        .then(|| id["code"].as_u64())??
        .try_into()
        .ok()
}

/// The projection of a code, where the datum needs no more than a shift.
fn projection(code: u16) -> Option<Proj> {
    let definition = crs_definitions::from_code(code)?.proj4;
    let is_plain = !definition.contains("+nadgrids") && definition.contains("+units=m");
    is_plain.then(|| Proj::from_proj_string(definition).ok())?
}

/// Moves points by GDAL; they stay where they are when there is no way to go.
pub(crate) fn through(way: Option<&CoordTransform>, points: &mut [(f64, f64)]) -> Result<()> {
    let Some(way) = way else {
        return Ok(());
    };
    let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let mut zs = vec![0.0; xs.len()];
    way.transform_coords(&mut xs, &mut ys, &mut zs)
        .map_err(|e| {
            Error::input(
                "longitude and latitude",
                e,
                "give coordinates on the ground of the run",
            )
        })?;
    for (point, moved) in points.iter_mut().zip(xs.into_iter().zip(ys)) {
        *point = moved;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ours and PROJ's, over the ground of each system.
    #[test]
    fn projections_are_those_of_proj() {
        let places = [
            (2154, (500_000.0, 6_280_000.0)),
            (2154, (1_200_000.0, 6_050_000.0)),
            (5490, (680_000.0, 1_790_000.0)),
            (2972, (350_000.0, 540_000.0)),
            (2975, (340_000.0, 7_650_000.0)),
            (4471, (520_000.0, 8_580_000.0)),
            (32620, (680_000.0, 1_790_000.0)),
        ];
        for (code, place) in places {
            let crs = Crs::parse(&format!("EPSG:{code}"), "test").unwrap();
            let json = crs.projjson().unwrap();
            let own = Degrees::of(&json).unwrap();
            assert!(matches!(own, Degrees::Projection { .. }), "{code}");
            let mut points = [place];
            own.to(&mut points).unwrap();
            let mut expected = [place];
            let way = crs.way_to(&wgs84().unwrap()).unwrap();
            through(way.as_ref(), &mut expected).unwrap();
            // A hundred-millionth of a degree is about a millimetre.
            let apart = (points[0].0 - expected[0].0).abs() + (points[0].1 - expected[0].1).abs();
            assert!(apart < 2e-8, "{code}: {points:?} {expected:?}");
            own.back(&mut points).unwrap();
            let apart = (points[0].0 - place.0).abs() + (points[0].1 - place.1).abs();
            assert!(apart < 0.001, "{code}: {points:?}");
        }
    }
}
