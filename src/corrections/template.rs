//! An empty corrections file, with a form for QGIS.

use std::path::Path;

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::publish::{ColumnType, GeoPackage, LayerKind, Place, Row, Value};

/// The form, which QGIS opens with a file of the same name.
const FORM: &str = include_str!("../../reference/corrections/corrections.qml");
const LAYER: &str = "corrections";
const COLUMNS: &[(&str, ColumnType)] = &[
    ("vintage", ColumnType::Integer),
    ("id_ocs", ColumnType::Text),
    ("cs", ColumnType::Text),
    ("us", ColumnType::Text),
    ("contributor", ColumnType::Text),
    ("organisation", ColumnType::Text),
    ("date", ColumnType::Text),
    ("reason", ColumnType::Text),
    ("status", ColumnType::Text),
    ("reply", ColumnType::Text),
    ("source", ColumnType::Text),
];

/// A correction to be written.
pub struct Draft {
    /// Year of the vintage.
    pub vintage: u16,
    /// The cover and use proposed.
    pub codes: [String; 2],
    /// Why it is worth a look.
    pub reason: String,
    /// Its ground.
    pub polygon: crate::partition::Polygon,
}

/// Writes a corrections file of these drafts, which may be none, and its form beside it.
pub fn write(path: &Path, crs: &Crs, drafts: &[Draft]) -> Result<()> {
    let is_geopackage = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gpkg"));
    if !is_geopackage {
        let advice = "give a name that ends in .gpkg";
        return Err(Error::input(
            path.display(),
            "is not the name of a GeoPackage",
            advice,
        ));
    }
    let form = path.with_extension("qml");
    for taken in [path, &form] {
        if taken.exists() {
            return Err(Error::input(
                taken.display(),
                "is there already",
                "give a new name: what people wrote is never replaced",
            ));
        }
    }
    if let Some(folder) = path
        .parent()
        .filter(|f| !f.as_os_str().is_empty() && !f.is_dir())
    {
        return Err(Error::input(
            folder.display(),
            "is not a folder",
            "make it first",
        ));
    }
    let mut file = GeoPackage::create(path)?;
    file.add_layer(LAYER, COLUMNS, crs, LayerKind::Polygon)?;
    let rows: Vec<Row> = drafts
        .iter()
        .map(|draft| Row {
            place: Place::Polygon(&draft.polygon),
            values: vec![
                Value::Integer(draft.vintage.into()),
                Value::Text(""),
                Value::Text(&draft.codes[0]),
                Value::Text(&draft.codes[1]),
                Value::Text(""),
                Value::Text(""),
                Value::Text(""),
                Value::Text(&draft.reason),
                Value::Text("submitted"),
                Value::Text(""),
                Value::Text("photo-interprétation"),
            ],
        })
        .collect();
    file.write(LAYER, &rows)?;
    file.finish()?;
    std::fs::write(&form, FORM).map_err(|e| Error::unwritable(&form, e))
}
