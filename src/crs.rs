//! Coordinate reference systems: the territory's, a file's, and the way from one to the other.

use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, SpatialRef};

use crate::error::{Error, Result};

/// A coordinate reference system, known by its WKT. Coordinates are always easting (or
/// longitude) first.
#[derive(Clone, Debug)]
pub struct Crs {
    wkt: String,
}

impl Crs {
    /// The system of a definition that PROJ understands ("EPSG:2154", WKT, …), named at `place`.
    pub fn parse(definition: &str, place: &str) -> Result<Self> {
        let system = SpatialRef::from_definition(definition).map_err(|_| {
            Error::input(
                place,
                format!("`{definition}` is not a coordinate reference system"),
                "give one such as \"EPSG:2154\" (Lambert-93), 5490, 2972, 2975 or 4471",
            )
        })?;
        Self::of(&system, place)
    }

    /// The system of a GDAL object.
    pub fn of(system: &SpatialRef, place: &str) -> Result<Self> {
        let wkt = system.to_wkt().map_err(|e| {
            Error::input(
                place,
                format!("its CRS cannot be read: {e}"),
                "give it with `crs`",
            )
        })?;
        Ok(Self { wkt })
    }

    /// Its definition.
    pub fn definition(&self) -> &str {
        &self.wkt
    }

    /// As a GDAL object, with easting or longitude first.
    pub fn spatial_ref(&self) -> Result<SpatialRef> {
        let mut system = SpatialRef::from_definition(&self.wkt)
            .map_err(|e| Error::Internal(format!("a CRS read before cannot be read again: {e}")))?;
        system.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        Ok(system)
    }

    /// Verifies that the system is projected and in metres.
    pub fn require_metres(&self, place: &str) -> Result<()> {
        let system = self.spatial_ref()?;
        if system.is_projected() && (system.linear_units() - 1.0).abs() < 1e-9 {
            if self.wkt.contains("Mercator_1SP") || self.wkt.contains("Pseudo-Mercator") {
                return Err(Error::input(
                    place,
                    format!(
                        "the CRS {} makes areas larger by far than they are",
                        self.name()
                    ),
                    "give one for measuring, such as \"EPSG:2154\" in metropolitan France",
                ));
            }
            return Ok(());
        }
        let name = self.name();
        Err(Error::input(
            place,
            format!("the CRS {name} is not projected in metres"),
            "give a projected one, such as \"EPSG:2154\" in metropolitan France",
        ))
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.spatial_ref()
            .ok()
            .and_then(|s| s.name())
            .unwrap_or_else(|| "without a name".to_owned())
    }

    /// The system as PROJJSON, as GeoParquet writes it.
    pub fn projjson(&self) -> Result<serde_json::Value> {
        let text = self
            .spatial_ref()?
            .to_projjson()
            .map_err(|e| Error::Internal(format!("a CRS has no PROJJSON: {e}")))?;
        serde_json::from_str(&text).map_err(|e| Error::Internal(format!("bad PROJJSON: {e}")))
    }

    /// Whether two systems are the same by definition, whatever their names and codes.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.spatial_ref(), other.spatial_ref()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        }
    }

    /// Bounds of this CRS (west, south, east, north) in degrees, to the seventh decimal. The sides of a rectangle
    /// are bent there: points along them bound it better than its corners.
    pub fn degrees(&self, [west, south, east, north]: [f64; 4]) -> Result<[f64; 4]> {
        let Some(way) = self.way_to(&wgs84()?)? else {
            return Ok([west, south, east, north]);
        };
        let steps = 16;
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for n in 0..=steps {
            let share = f64::from(n) / f64::from(steps);
            let (x, y) = (
                west + (east - west) * share,
                south + (north - south) * share,
            );
            for (x, y) in [(x, south), (x, north), (west, y), (east, y)] {
                xs.push(x);
                ys.push(y);
            }
        }
        way.transform_coords(&mut xs, &mut ys, &mut [])
            .map_err(|e| {
                Error::input(
                    self.name(),
                    format!("its place in degrees is not known: {e}"),
                    "check the CRS",
                )
            })?;
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let all = [least(&xs), least(&ys), most(&xs), most(&ys)];
        Ok(all.map(|degrees| (degrees * 1e7).round() / 1e7))
    }

    /// The way to another system; `None` when they are the same.
    pub fn way_to(&self, other: &Self) -> Result<Option<CoordTransform>> {
        if self.is_same(other) {
            return Ok(None);
        }
        CoordTransform::new(&self.spatial_ref()?, &other.spatial_ref()?)
            .map(Some)
            .map_err(|e| {
                Error::input(
                    format!("CRS {} to {}", self.name(), other.name()),
                    format!("no way is known from one to the other: {e}"),
                    "reproject the file beforehand",
                )
            })
    }
}

/// WGS 84, longitude first.
pub fn wgs84() -> Result<Crs> {
    Crs::parse("EPSG:4326", "WGS 84")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_compared_by_definition() {
        let lambert = Crs::parse("EPSG:2154", "test").unwrap();
        let esri = Crs::parse(
            r#"PROJCS["RGF93_Lambert_93",GEOGCS["GCS_RGF93",DATUM["D_RGF_1993",SPHEROID["GRS_1980",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],PROJECTION["Lambert_Conformal_Conic"],PARAMETER["standard_parallel_1",49],PARAMETER["standard_parallel_2",44],PARAMETER["latitude_of_origin",46.5],PARAMETER["central_meridian",3],PARAMETER["false_easting",700000],PARAMETER["false_northing",6600000],UNIT["Meter",1]]"#,
            "test",
        )
        .unwrap();
        assert!(lambert.is_same(&esri));
        assert!(!lambert.is_same(&Crs::parse("EPSG:2975", "test").unwrap()));
        let web = Crs::parse("EPSG:3857", "test").unwrap();
        assert!(web.require_metres("test").is_err());
        assert!(wgs84().unwrap().require_metres("test").is_err());
        for code in [2154, 5490, 32620, 2972, 2975, 4471] {
            let crs = Crs::parse(&format!("EPSG:{code}"), "test").unwrap();
            crs.require_metres("test").unwrap();
        }
    }
}
