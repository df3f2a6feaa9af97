//! The outputs of a run as a collection of STAC (SpatioTemporal Asset Catalog 1.0), so that a catalogue can
//! take the folder as it is.

use std::path::Path;

use serde_json::{Map, json};

use super::Staging;
use crate::align::Ground;
use crate::crs::Crs;
use crate::error::{Error, Result};

/// The file.
pub const COLLECTION: &str = "collection.json";
/// The version of the specification.
const VERSION: &str = "1.0.0";

/// Describes what was written so far.
pub fn write(
    staging: &Staging,
    name: &str,
    licence: Option<&str>,
    ground: &Ground,
    crs: &Crs,
) -> Result<()> {
    let years = || ground.vintages.iter().map(|v| v.year);
    let day = |year: Option<u16>, end: &str| year.map(|year| format!("{year}-{end}"));
    let interval = [
        day(years().min(), "01-01T00:00:00Z"),
        day(years().max(), "12-31T23:59:59Z"),
    ];
    let mut assets = Map::new();
    for href in staging.files()? {
        let (kind, role) = kind(Path::new(&href));
        let key = href.replace(['/', '='], "-");
        assets.insert(
            key,
            json!({ "href": format!("./{href}"), "type": kind, "title": href, "roles": [role] }),
        );
    }
    let collection = json!({
        "type": "Collection",
        "stac_version": VERSION,
        "id": identifier(name),
        "title": name,
        "description": format!(
            "{name}: vintages of OCS GE on one partition of the ground, what changed between them, and the \
             account of artificialisation of each commune. Made by millesime {}.",
            env!("CARGO_PKG_VERSION")
        ),
        // `other` is what STAC says where nothing is told.
        "license": licence.unwrap_or("other"),
        "keywords": ["OCS GE", "artificialisation", "occupation du sol", "land cover", "land use"],
        "extent": {
            "spatial": { "bbox": [degrees(ground, crs)?] },
            "temporal": { "interval": [interval] },
        },
        "links": [{ "rel": "root", "href": format!("./{COLLECTION}"), "type": "application/json" }],
        "assets": assets,
    });
    let path = staging.path(COLLECTION)?;
    let text = format!("{collection:#}\n");
    std::fs::write(&path, text).map_err(|e| Error::unwritable(&path, e))
}

/// The media type of a file, and what it is for.
fn kind(path: &Path) -> (&'static str, &'static str) {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("parquet") => ("application/vnd.apache.parquet", "data"),
        Some("csv") => ("text/csv", "data"),
        Some("xlsx") => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "data",
        ),
        Some("gpkg") => ("application/geopackage+sqlite3", "data"),
        Some("qml") => ("application/xml", "style"),
        Some("json") => ("application/json", "metadata"),
        _ => ("application/octet-stream", "data"),
    }
}

/// A name as an identifier: small letters, digits and hyphens.
fn identifier(name: &str) -> String {
    let plain = crate::query::plain(name);
    let letters: String = plain
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let parts: Vec<&str> = letters.split('-').filter(|part| !part.is_empty()).collect();
    match parts.is_empty() {
        true => "millesime".to_owned(),
        false => parts.join("-"),
    }
}

/// West, south, east and north of the ground, in degrees.
fn degrees(ground: &Ground, crs: &Crs) -> Result<[f64; 4]> {
    let partition = &ground.partition;
    let mut bounds = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    for e in 0..partition.edge_count() {
        for point in <[_; 2]>::from(partition.edge(e)) {
            let (x, y) = point.metres();
            bounds = [
                bounds[0].min(x),
                bounds[1].min(y),
                bounds[2].max(x),
                bounds[3].max(y),
            ];
        }
    }
    crs.degrees(bounds)
}
