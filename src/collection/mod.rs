//! Annotations, dataset, models and maps as one STAC collection (SpatioTemporal Asset Catalog 1.0): a
//! folder that holds all its files, and says what each is and under which licence.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::publish::{Staging, require_new};
use crate::raster::{Image, NOMENCLATURE, TERRITORY, metadata};

/// A commented file.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The version of the specification.
const VERSION: &str = "1.0.0";
/// Media types.
const COG: &str = "image/tiff; application=geotiff; profile=cloud-optimized";
const GEOJSON: &str = "application/geo+json";
const JSON: &str = "application/json";

/// What is published.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Its identifier.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is.
    pub description: String,
    /// Its licence, an SPDX identifier.
    pub licence: String,
    /// Who publishes it.
    pub provider: Option<String>,
    /// A folder that `millesime dataset` made.
    pub dataset: Option<PathBuf>,
    /// Models, each with its card beside it.
    #[serde(default)]
    pub models: Vec<PathBuf>,
    /// Rasters.
    pub maps: Vec<Map>,
}

/// Rasters of one place and date.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The identifier.
    pub id: String,
    /// The day of flight, or the first and the last with a stroke between.
    pub date: String,
    /// The rasters.
    pub files: Vec<PathBuf>,
}

/// What was published.
pub struct Summary {
    /// Number of items.
    pub items: usize,
    /// Number of files, beside those of STAC.
    pub files: usize,
}

/// West, south, east, north, in degrees.
type Bounds = [f64; 4];

/// Publishes what the file `path` describes in the folder `out`, which must be absent or empty.
pub fn publish(path: &Path, out: &Path) -> Result<Summary> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::unreadable(path, e))?;
    let place = path.display().to_string();
    let description: Description = toml::from_str(&text).map_err(|e| {
        Error::input(
            &place,
            e.to_string().trim_end(),
            "mend the file; `millesime collection --example` prints a correct one",
        )
    })?;
    check(&description, &place)?;
    require_new(out)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let staging = Staging::new(out)?;
    let mut writer = Writer {
        staging: &staging,
        description: &description,
        files: 0,
        links: Vec::new(),
        bounds: Vec::new(),
        days: Vec::new(),
    };
    for map in &description.maps {
        writer.map(map, folder)?;
    }
    let mut assets = serde_json::Map::new();
    for model in &description.models {
        writer.model(&folder.join(model), &mut assets)?;
    }
    if let Some(dataset) = &description.dataset {
        writer.dataset(&folder.join(dataset), &mut assets)?;
    }
    writer.collection(assets)?;
    let summary = Summary {
        items: description.maps.len(),
        files: writer.files,
    };
    staging.finish()?;
    Ok(summary)
}

fn check(description: &Description, place: &str) -> Result<()> {
    let bad = |what: String, advice: &str| Err(Error::input(place, what, advice));
    let ids = [&description.id]
        .into_iter()
        .chain(description.maps.iter().map(|map| &map.id));
    let is_plain = |id: &String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        !id.is_empty() && id.chars().all(plain)
    };
    if let Some(id) = ids.clone().find(|id| !is_plain(id)) {
        return bad(
            format!("`{id}` cannot be an identifier"),
            "use letters, digits, - and _",
        );
    }
    let mut sorted: Vec<&String> = ids.collect();
    sorted.sort();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return bad(
            format!("the identifier `{}` is given twice", pair[0]),
            "give each map, and the collection, one of its own",
        );
    }
    if description.maps.is_empty() {
        return bad(
            "has no [[maps]]".to_owned(),
            "a collection must lie somewhere: give at least one raster",
        );
    }
    for map in &description.maps {
        if crate::territory::flight_day(&map.date).is_none() {
            return bad(
                format!("`date = \"{}\"` of {} is not a date", map.date, map.id),
                "write \"2019-06-15\" or \"2019-06-15/2019-08-20\"",
            );
        }
        if map.files.is_empty() {
            return bad(
                format!("{} has no files", map.id),
                "give at least one raster",
            );
        }
    }
    if description.licence.trim().is_empty() {
        return bad(
            "`licence` is empty".to_owned(),
            "say under which licence it is, such as \"etalab-2.0\"",
        );
    }
    Ok(())
}

struct Writer<'a> {
    staging: &'a Staging,
    description: &'a Description,
    files: usize,
    links: Vec<Value>,
    bounds: Vec<Bounds>,
    days: Vec<String>,
}

impl Writer<'_> {
    /// Copies a file to `data/`; gives its path from the root.
    fn copy(&mut self, from: &Path, to: &str) -> Result<String> {
        let target = self.staging.path(format!("data/{to}"))?;
        if target.exists() {
            return Err(Error::input(
                from.display(),
                format!("would be data/{to}, as another file is"),
                "give files of one map, and models, names of their own",
            ));
        }
        std::fs::copy(from, &target).map_err(|e| Error::unreadable(from, e))?;
        self.files += 1;
        Ok(format!("data/{to}"))
    }

    fn map(&mut self, map: &Map, folder: &Path) -> Result<()> {
        let mut assets = serde_json::Map::new();
        let mut bounds: Option<Bounds> = None;
        for file in &map.files {
            let path = folder.join(file);
            let pattern = [glob::Pattern::escape(&path.to_string_lossy())];
            let image = Image::open(&pattern, None, &map.id)?;
            let here = degrees(&image)?;
            bounds = Some(bounds.map_or(here, |all| around(all, here)));
            let name = file_name(&path);
            let href = self.copy(&path, &format!("{}/{name}", map.id))?;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let mut asset = json!({
                "href": format!("../{href}"),
                "type": COG,
                "title": stem,
                "roles": ["data"],
            });
            for (key, of) in [
                ("millesime:nomenclature", NOMENCLATURE),
                ("millesime:model", "MODEL"),
                ("millesime:territory", TERRITORY),
            ] {
                if let Some(text) = metadata(&path, of)? {
                    asset[key] = text.into();
                }
            }
            assets.insert(stem.into_owned(), asset);
        }
        let bounds = bounds.unwrap_or_default();
        let [west, south, east, north] = bounds;
        let (first, last) = map.date.split_once('/').unwrap_or((&map.date, &map.date));
        let (first, last) = (format!("{first}T00:00:00Z"), format!("{last}T23:59:59Z"));
        let id = &self.description.id;
        let item = json!({
            "type": "Feature",
            "stac_version": VERSION,
            "id": map.id,
            "geometry": {
                "type": "Polygon",
                "coordinates": [[
                    [west, south], [east, south], [east, north], [west, north], [west, south],
                ]],
            },
            "bbox": bounds,
            "properties": {
                "datetime": null,
                "start_datetime": first,
                "end_datetime": last,
                "license": self.description.licence,
            },
            "links": [
                { "rel": "root", "href": "../collection.json", "type": JSON },
                { "rel": "parent", "href": "../collection.json", "type": JSON },
                { "rel": "collection", "href": "../collection.json", "type": JSON },
            ],
            "assets": assets,
            "collection": id,
        });
        self.write(&format!("items/{}.json", map.id), &item)?;
        self.links.push(json!({
            "rel": "item", "href": format!("./items/{}.json", map.id), "type": GEOJSON,
        }));
        self.bounds.push(bounds);
        self.days.extend([first, last]);
        Ok(())
    }

    fn model(&mut self, path: &Path, assets: &mut serde_json::Map<String, Value>) -> Result<()> {
        let name = file_name(path);
        let href = self.copy(path, &format!("models/{name}"))?;
        assets.insert(
            name.clone(),
            json!({
                "href": format!("./{href}"), "type": "application/onnx", "title": name,
                "roles": ["model"],
            }),
        );
        let card = path.with_extension("toml");
        if card.is_file() {
            let name = file_name(&card);
            let href = self.copy(&card, &format!("models/{name}"))?;
            assets.insert(
                name.clone(),
                json!({
                    "href": format!("./{href}"), "type": "application/toml", "title": name,
                    "roles": ["metadata"],
                }),
            );
        }
        Ok(())
    }

    /// Copies a dataset as it is.
    fn dataset(
        &mut self,
        folder: &Path,
        assets: &mut serde_json::Map<String, Value>,
    ) -> Result<()> {
        if !folder.join("dataset.json").is_file() {
            return Err(Error::input(
                folder.display(),
                "is not a dataset: it has no dataset.json",
                "give the folder that `millesime dataset` made",
            ));
        }
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            let entries = std::fs::read_dir(&next).map_err(|e| Error::unreadable(&next, e))?;
            let mut paths: Vec<PathBuf> = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<std::io::Result<_>>()
                .map_err(|e| Error::unreadable(&next, e))?;
            paths.sort();
            for path in paths {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let inner = path.strip_prefix(folder).unwrap_or(&path);
                self.copy(&path, &format!("dataset/{}", inner.display()))?;
            }
        }
        for (name, kind) in [
            ("dataset.json", JSON),
            ("patches.parquet", "application/vnd.apache.parquet"),
        ] {
            assets.insert(
                name.to_owned(),
                json!({
                    "href": format!("./data/dataset/{name}"), "type": kind, "title": name,
                    "roles": ["metadata"],
                }),
            );
        }
        Ok(())
    }

    fn collection(&self, assets: serde_json::Map<String, Value>) -> Result<()> {
        let description = self.description;
        let whole = self
            .bounds
            .iter()
            .copied()
            .reduce(around)
            .unwrap_or_default();
        let mut boxes = vec![whole];
        if self.bounds.len() > 1 {
            boxes.extend(&self.bounds);
        }
        let mut days = self.days.clone();
        days.sort();
        let root = json!({ "rel": "root", "href": "./collection.json", "type": JSON });
        let links: Vec<Value> = [root].into_iter().chain(self.links.clone()).collect();
        let mut collection = json!({
            "type": "Collection",
            "stac_version": VERSION,
            "id": description.id,
            "title": description.title,
            "description": description.description,
            "license": description.licence,
            "extent": {
                "spatial": { "bbox": boxes },
                "temporal": { "interval": [[days.first(), days.last()]] },
            },
            "links": links,
        });
        if let Some(provider) = &description.provider {
            collection["providers"] = json!([{ "name": provider, "roles": ["producer"] }]);
        }
        if !assets.is_empty() {
            collection["assets"] = assets.into();
        }
        self.write("collection.json", &collection)
    }

    fn write(&self, name: &str, value: &Value) -> Result<()> {
        let path = self.staging.path(name)?;
        std::fs::write(&path, format!("{value:#}\n")).map_err(|e| Error::unwritable(&path, e))
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn around(a: Bounds, b: Bounds) -> Bounds {
    [
        a[0].min(b[0]),
        a[1].min(b[1]),
        a[2].max(b[2]),
        a[3].max(b[3]),
    ]
}

/// Where an image lies, in degrees.
fn degrees(image: &Image) -> Result<Bounds> {
    let (window, grid) = (image.window(), image.grid());
    let (west, north) = grid.corner(window.column, window.row);
    let (east, south) = grid.corner(window.columns().end, window.rows().end);
    let found = image.crs().degrees([west, south, east, north]);
    found.map_err(|e| e.within(image.file().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_right() {
        let found: Description = toml::from_str(EXAMPLE).unwrap();
        check(&found, "example").unwrap();
        let mut wrong = found.clone();
        wrong.maps[0].date = "2019".to_owned();
        assert!(
            check(&wrong, "x")
                .unwrap_err()
                .to_string()
                .contains("is not a date")
        );
        let mut wrong = found;
        wrong.maps[0].id = wrong.id.clone();
        assert!(
            check(&wrong, "x")
                .unwrap_err()
                .to_string()
                .contains("twice")
        );
    }
}
