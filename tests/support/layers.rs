//! Layers written with GDAL, in any format, CRS and column type.

use std::path::Path;

use gdal::DriverManager;
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::vector::{Feature, FieldValue, Geometry, LayerAccess, LayerOptions, OGRFieldType};

/// A column: its name, and whether it holds whole numbers.
pub type Column<'a> = (&'a str, bool);

/// A layer to be written.
pub struct Layer<'a> {
    /// The driver, as GDAL names it.
    pub driver: &'a str,
    /// The layer's name.
    pub name: &'a str,
    /// The EPSG code of its CRS, if it has one.
    pub crs: Option<u32>,
    /// Its columns.
    pub columns: &'a [Column<'a>],
    /// Its rows: geometry as WKT, and the values of the columns.
    pub rows: &'a [(Option<&'a str>, &'a [&'a str])],
}

impl Layer<'_> {
    /// Writes the layer in a new file.
    pub fn write(&self, path: &Path) {
        let driver = DriverManager::get_driver_by_name(self.driver).unwrap();
        let mut dataset = driver.create_vector_only(path).unwrap();
        let crs = self.crs.map(|code| {
            let mut crs = SpatialRef::from_epsg(code).unwrap();
            crs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
            crs
        });
        let layer = dataset
            .create_layer(LayerOptions {
                name: self.name,
                srs: crs.as_ref(),
                ..LayerOptions::default()
            })
            .unwrap();
        let kind = |is_integer| {
            if is_integer {
                OGRFieldType::OFTInteger
            } else {
                OGRFieldType::OFTString
            }
        };
        let fields: Vec<_> = self
            .columns
            .iter()
            .map(|(name, i)| (*name, kind(*i)))
            .collect();
        layer.create_defn_fields(&fields).unwrap();
        for (wkt, values) in self.rows {
            let mut feature = Feature::new(layer.defn()).unwrap();
            for (n, ((_, is_integer), text)) in self.columns.iter().zip(*values).enumerate() {
                let value = match is_integer {
                    true => FieldValue::IntegerValue(text.parse().unwrap()),
                    false => FieldValue::StringValue((*text).to_owned()),
                };
                feature.set_field(n, &value).unwrap();
            }
            if let Some(wkt) = wkt {
                feature
                    .set_geometry(Geometry::from_wkt(wkt).unwrap())
                    .unwrap();
            }
            feature.create(&layer).unwrap();
        }
        dataset.flush_cache().unwrap();
    }
}

/// Changes rows of a file of layers.
pub fn update(path: &std::path::Path, sql: &str) {
    let options = gdal::DatasetOptions {
        open_flags: gdal::GdalOpenFlags::GDAL_OF_UPDATE | gdal::GdalOpenFlags::GDAL_OF_VECTOR,
        ..Default::default()
    };
    let dataset = gdal::Dataset::open_ex(path, options).unwrap();
    dataset
        .execute_sql(sql, None, gdal::vector::sql::Dialect::DEFAULT)
        .unwrap();
    dataset.close().unwrap();
}
