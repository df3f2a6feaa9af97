//! Small territories drawn by hand, written as GeoJSON in Lambert-93.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A ring in metres; the origin is put somewhere in the Gers.
pub type Ring = Vec<(f64, f64)>;

/// A rectangle between two corners.
pub fn rectangle(x0: f64, y0: f64, x1: f64, y1: f64) -> Ring {
    vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
}

/// Position of the drawing's origin.
const ORIGIN: (f64, f64) = (478_000.0, 6_275_000.0);

/// A territory being drawn.
#[derive(Default)]
pub struct Drawing {
    communes: Vec<Value>,
    vintages: Vec<(u16, Vec<Value>)>,
    /// Lines added to the territory file.
    pub more: String,
}

fn closed(ring: &Ring) -> Value {
    let mut points: Vec<Value> = ring
        .iter()
        .map(|(x, y)| json!([x + ORIGIN.0, y + ORIGIN.1]))
        .collect();
    points.extend(points.first().cloned());
    Value::Array(points)
}

fn feature(properties: Value, rings: &[&Ring]) -> Value {
    let rings: Vec<Value> = rings.iter().map(|r| closed(r)).collect();
    json!({
        "type": "Feature", "properties": properties,
        "geometry": { "type": "Polygon", "coordinates": rings },
    })
}

/// Writes features in Lambert-93.
pub fn write_geojson(path: &Path, features: &[Value]) {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let collection = json!({
        "type": "FeatureCollection", "name": name,
        "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
        "features": features,
    });
    std::fs::write(path, collection.to_string()).unwrap();
}

/// A feature of a vintage.
pub fn object(cover: &str, usage: &str, rings: &[&Ring]) -> Value {
    feature(json!({ "code_cs": cover, "code_us": usage }), rings)
}

impl Drawing {
    /// Adds a commune.
    pub fn commune(self, code: &str, ring: Ring) -> Self {
        self.named(code, &format!("Commune {code}"), ring)
    }

    /// Adds a commune of a name.
    pub fn named(mut self, code: &str, name: &str, ring: Ring) -> Self {
        let properties = json!({ "code": code, "nom": name });
        self.communes.push(feature(properties, &[&ring]));
        self
    }

    /// Adds a vintage: objects of one ring, or of a ring and its holes.
    pub fn vintage(mut self, year: u16, objects: Vec<Value>) -> Self {
        self.vintages.push((year, objects));
        self
    }

    /// Writes the territory in `folder`, and returns its file.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let mut toml = String::from("name = \"drawn\"\ncrs = \"EPSG:2154\"\n");
        if !self.communes.is_empty() {
            write_geojson(&folder.join("communes.geojson"), &self.communes);
            toml += "[communes]\npath = \"communes.geojson\"\ncode = \"code\"\nname = \"nom\"\n";
        }
        for (year, objects) in &self.vintages {
            write_geojson(&folder.join(format!("{year}.geojson")), objects);
            toml += &format!("[[vintages]]\nyear = {year}\nproduct = \"{year}.geojson\"\n");
        }
        let path = folder.join("TERRITORY.toml");
        std::fs::write(&path, toml + &self.more).unwrap();
        path
    }
}
