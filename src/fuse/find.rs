//! Finding the layers of sources: files of any depth in a folder, layers of any file, by their usual names.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::reference::{Fusion, Reference};
use crate::territory::{Produce, Source};
use crate::vector::Layer;

/// Files that hold layers, by their ending.
const ENDINGS: [&str; 6] = ["shp", "gpkg", "parquet", "geoparquet", "geojson", "json"];
/// How deep layers are looked for in a folder.
const DEEPEST: usize = 6;

/// The usual names of the layers of sources of one layer.
const BD_FORET: &[&str] = &["FORMATION_VEGETALE", "formation_vegetale"];
const RPG: &[&str] = &[
    "PARCELLES_GRAPHIQUES",
    "parcelles_graphiques",
    "RPG_Parcelles",
];
const PARCELS: &[&str] = &["parcelles", "parcelle", "tup", "pnb10_parcelle"];

/// A layer of a source, found.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// The name of the layer in the file.
    pub(super) layer: Option<String>,
    /// The layer as it is published.
    pub(super) name: String,
}

/// Refuses sources that are not there, or hold none of their layers.
pub fn require(produce: &Produce, reference: &Reference) -> Result<()> {
    for (key, source) in produce.sources() {
        find(key, source, &reference.fusion)?;
    }
    Ok(())
}

/// The layers of a source that rules know.
pub(super) fn find(key: &str, source: &Source, fusion: &Fusion) -> Result<Vec<Found>> {
    if !source.path.exists() {
        return Err(Error::input(
            source.path.display(),
            "does not exist",
            format!("give the file or folder of `{key}`; paths are relative to the territory file"),
        ));
    }
    let mut names: Vec<&str> = match key {
        "bd_topo" => fusion.bd_topo.iter().map(|r| r.layer.as_str()).collect(),
        "bd_foret" => BD_FORET.to_vec(),
        "rpg" => RPG.to_vec(),
        _ => PARCELS.to_vec(),
    };
    names.dedup();
    let published = |name: &str| match key {
        "bd_foret" => BD_FORET[0].to_owned(),
        "rpg" => RPG[0].to_owned(),
        _ => name.to_owned(),
    };
    let mut found: Vec<Found> = Vec::new();
    if source.path.is_dir() {
        let mut files = Vec::new();
        list(&source.path, 0, &mut files);
        files.sort();
        for path in files {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let is_name = |name: &&&str| stem.eq_ignore_ascii_case(name);
            if let Some(name) = names.iter().find(is_name) {
                found.push(Found {
                    name: published(name),
                    layer: None,
                    path,
                });
            } else if path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("gpkg"))
            {
                found.extend(layers_of(&path, &names, &published)?);
            }
        }
    } else if key == "bd_topo" {
        found = layers_of(&source.path, &names, &published)?;
    } else {
        let layers = Layer::names(&source.path).unwrap_or_default();
        let is_told = |name: &&String| source.layer.as_ref().is_none_or(|told| told == *name);
        let usual = |name: &&String| names.iter().any(|n| name.eq_ignore_ascii_case(n));
        let layer = source.layer.clone().or_else(|| {
            let usual = layers.iter().find(usual).cloned();
            usual.or_else(|| {
                layers
                    .iter()
                    .find(is_told)
                    .filter(|_| layers.len() == 1)
                    .cloned()
            })
        });
        found.push(Found {
            path: source.path.clone(),
            layer,
            name: published(names[0]),
        });
    }
    if found.is_empty() {
        let names: Vec<&str> = names.into_iter().take(12).collect();
        return Err(Error::input(
            source.path.display(),
            format!("holds no layer of `{key}`"),
            format!("looked for {}, in any case of letters", names.join(", ")),
        ));
    }
    Ok(found)
}

/// All files of a folder that may hold layers.
fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_layer =
            |e: &std::ffi::OsStr| ENDINGS.iter().any(|known| e.eq_ignore_ascii_case(known));
        if path.is_dir() && depth < DEEPEST {
            list(&path, depth + 1, files);
        } else if path.extension().is_some_and(is_layer) {
            files.push(path);
        }
    }
}

/// The layers of one file whose names are known.
fn layers_of(
    path: &Path,
    names: &[&str],
    published: &dyn Fn(&str) -> String,
) -> Result<Vec<Found>> {
    let layers = Layer::names(path)?;
    let known = layers.into_iter().filter_map(|layer| {
        let name = names.iter().find(|name| layer.eq_ignore_ascii_case(name))?;
        Some(Found {
            path: path.to_owned(),
            name: published(name),
            layer: Some(layer),
        })
    });
    Ok(known.collect())
}
