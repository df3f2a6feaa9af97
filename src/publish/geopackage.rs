//! GeoPackage: layers of polygons, lines or points, in files that are the same bytes for the same rows.

use std::path::{Path, PathBuf};

use gdal::config::set_config_option;
use gdal::errors::GdalError;
use gdal::vector::{
    Defn, Feature, FieldDefn, Geometry, LayerOptions, OGRFieldType, OGRwkbGeometryType,
};
use gdal::{Dataset, DriverManager};

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::grid::Point;
use crate::partition::Polygon;
use crate::vector::wkb;

/// GDAL writes the day and hour into every file; ours tell nothing of when they were made.
const DATE: &str = "2000-01-01T00:00:00.000Z";

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Real,
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i32),
    /// A number.
    Real(f64),
    /// No value.
    Empty,
}

/// The geometry of a row.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// One polygon.
    Polygon(&'a Polygon),
    /// Any number of polygons.
    Polygons(&'a [Polygon]),
    /// A line.
    Line(&'a [Point]),
    /// A point.
    Point(Point),
}

/// The geometry of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// Of one polygon a row.
    Polygon,
    /// Of any number of polygons a row.
    MultiPolygon,
    /// Of one line a row.
    LineString,
    /// Of one point a row.
    Point,
}

/// A row of a layer.
pub struct Row<'a> {
    /// Its geometry, of the kind of the layer.
    pub place: Place<'a>,
    /// Its values, in the order of the columns.
    pub values: Vec<Value<'a>>,
}

/// A file being written.
pub struct GeoPackage {
    path: PathBuf,
    dataset: Dataset,
}

impl GeoPackage {
    /// Starts a file.
    pub fn create(path: &Path) -> Result<Self> {
        let dataset = fix_settings()
            .and_then(|()| DriverManager::get_driver_by_name("GPKG"))
            .and_then(|driver| driver.create_vector_only(path))
            .map_err(|e| Error::unwritable(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            dataset,
        })
    }

    /// Adds a layer.
    pub fn add_layer(
        &mut self,
        name: &str,
        columns: &[(&str, ColumnType)],
        crs: &Crs,
        kind: LayerKind,
    ) -> Result<()> {
        let system = crs.spatial_ref()?;
        let shape = match kind {
            LayerKind::Polygon => OGRwkbGeometryType::wkbPolygon,
            LayerKind::MultiPolygon => OGRwkbGeometryType::wkbMultiPolygon,
            LayerKind::LineString => OGRwkbGeometryType::wkbLineString,
            LayerKind::Point => OGRwkbGeometryType::wkbPoint,
        };
        let options = LayerOptions {
            name,
            srs: Some(&system),
            ty: shape,
            options: Some(&["GEOMETRY_NAME=the_geom", "FID=fid"]),
        };
        let add = |dataset: &mut Dataset| -> std::result::Result<(), GdalError> {
            let layer = dataset.create_layer(options)?;
            for &(column, kind) in columns {
                FieldDefn::new(column, field_type(kind))?.add_to_layer(&layer)?;
            }
            Ok(())
        };
        add(&mut self.dataset).map_err(|e| Error::unwritable(&self.path, e))
    }

    /// Writes rows into a layer, in their order.
    pub fn write(&mut self, layer: &str, rows: &[Row]) -> Result<()> {
        let write = |dataset: &mut Dataset| -> std::result::Result<(), GdalError> {
            let transaction = dataset.start_transaction()?;
            {
                let layer = transaction.layer_by_name(layer)?;
                let definition = Defn::from_layer(&layer);
                for row in rows {
                    feature(&definition, row)?.create(&layer)?;
                }
            }
            transaction.commit()
        };
        write(&mut self.dataset).map_err(|e| Error::unwritable(&self.path, e))
    }

    /// Ends the file.
    pub fn finish(self) -> Result<()> {
        let path = self.path;
        self.dataset
            .close()
            .map_err(|e| Error::unwritable(&path, e))
    }
}

/// Settings that make files the same whenever and by however many threads they are written.
pub(crate) fn fix_settings() -> std::result::Result<(), GdalError> {
    set_config_option("OGR_CURRENT_DATE", DATE)?;
    set_config_option("OGR_GPKG_ALLOW_THREADED_RTREE", "NO")?;
    // Files are written aside and renamed when whole: after a crash they are not kept.
    set_config_option("OGR_SQLITE_SYNCHRONOUS", "OFF")
}

fn field_type(kind: ColumnType) -> OGRFieldType::Type {
    match kind {
        ColumnType::Text => OGRFieldType::OFTString,
        ColumnType::Integer => OGRFieldType::OFTInteger,
        ColumnType::Real => OGRFieldType::OFTReal,
    }
}

fn feature<'a>(definition: &'a Defn, row: &Row) -> std::result::Result<Feature<'a>, GdalError> {
    let mut feature = Feature::new(definition)?;
    for (n, value) in row.values.iter().enumerate() {
        match *value {
            Value::Text(text) => feature.set_field_string(n, text)?,
            Value::Integer(number) => feature.set_field_integer(n, number)?,
            Value::Real(number) => feature.set_field_double(n, number)?,
            Value::Empty => feature.set_field_null(n)?,
        }
    }
    feature.set_geometry(geometry(row.place)?)?;
    Ok(feature)
}

fn geometry(place: Place) -> std::result::Result<Geometry, GdalError> {
    match place {
        Place::Polygon(polygon) => Geometry::from_wkb(&wkb(polygon)),
        Place::Polygons(polygons) => {
            let mut all = Geometry::empty(OGRwkbGeometryType::wkbMultiPolygon)?;
            for polygon in polygons {
                all.add_geometry(Geometry::from_wkb(&wkb(polygon))?)?;
            }
            Ok(all)
        }
        Place::Line(points) => {
            let mut line = Geometry::empty(OGRwkbGeometryType::wkbLineString)?;
            for (n, point) in points.iter().enumerate() {
                line.set_point_2d(n, point.metres());
            }
            Ok(line)
        }
        Place::Point(point) => {
            let mut geometry = Geometry::empty(OGRwkbGeometryType::wkbPoint)?;
            geometry.set_point_2d(0, point.metres());
            Ok(geometry)
        }
    }
}
