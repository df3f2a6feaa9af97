//! Vintages and changes of a run as PMTiles: one file that a web map reads by ranges.

use std::ffi::CString;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use gdal::cpl::CslStringList;
use gdal::vector::{FieldDefn, Geometry, LayerOptions, OGRFieldType, OGRwkbGeometryType};
use gdal::{Dataset, DriverManager, errors::GdalError};
use pmtiles::{Compression, PmTilesWriter, TileCoord, TileId, TileType};
use serde_json::json;

use super::layers::{Source, add, sources};
use super::project::crs_of;
use crate::crs::wgs84;
use crate::error::{Error, Result};

/// Zooms that tiles may have.
const ZOOMS: RangeInclusive<u8> = 0..=18;

/// Writes the tiles of a run, over these zooms.
pub fn tiles(out: &Path, series: &str, zooms: (u8, u8), path: &Path) -> Result<u64> {
    if zooms.0 > zooms.1 || !ZOOMS.contains(&zooms.1) {
        return Err(Error::input(
            "--zooms",
            format!("{}-{} is no range of zooms", zooms.0, zooms.1),
            format!("give two of {ZOOMS:?}, such as 8-15"),
        ));
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let Some(name) = name else {
        return Err(Error::unwritable(path, "it has no name"));
    };
    // Tiles are cut into a folder of their own beside the file, which goes when that is whole.
    let folder = path.with_file_name(format!(".partial.{name}"));
    if path.is_dir() {
        return Err(Error::unwritable(path, "it is a folder"));
    }
    if let Some(parent) = path.parent()
        && parent != Path::new("")
        && !parent.is_dir()
    {
        return Err(Error::unwritable(path, "its folder is not there"));
    }
    let clear = || match fs::remove_dir_all(&folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::unwritable(&folder, e)),
        _ => Ok(()),
    };
    clear()?;
    let sources = sources(out)?;
    let whole = folder.with_extension("whole");
    let packed = cut(&sources, series, zooms, &folder)
        .and_then(|bounds| pack(&folder, &sources, zooms, bounds, &whole))
        .and_then(|count| {
            fs::rename(&whole, path).map_err(|e| Error::unwritable(path, e))?;
            Ok(count)
        });
    if packed.is_err() {
        let _ = fs::remove_file(&whole);
    }
    clear()?;
    packed
}

/// Cuts layers into tiles, with GDAL; gives their bounds in degrees.
fn cut(sources: &[Source], series: &str, zooms: (u8, u8), folder: &Path) -> Result<[f64; 4]> {
    let failed = |e: GdalError| Error::unwritable(folder, e);
    let mut options = CslStringList::new();
    for (key, value) in [
        ("MINZOOM", zooms.0.to_string()),
        ("MAXZOOM", zooms.1.to_string()),
        ("NAME", "OCS GE".to_owned()),
        ("MAX_SIZE", "1000000".to_owned()),
    ] {
        options.set_name_value(key, &value).map_err(failed)?;
    }
    // A database beside the tiles, for as long as they are cut.
    let temporary = folder.with_extension("cut");
    options
        .set_name_value("TEMPORARY_DB", &temporary.to_string_lossy())
        .map_err(failed)?;
    let mut dataset = create(folder, &options)?;
    let mut bounds = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    for source in sources {
        let crs = crs_of(source)?;
        let system = crs.spatial_ref()?;
        let layer = dataset
            .create_layer(LayerOptions {
                name: &source.name,
                srs: Some(&system),
                ty: OGRwkbGeometryType::wkbMultiPolygon,
                options: None,
            })
            .map_err(failed)?;
        for column in source.columns() {
            FieldDefn::new(column, OGRFieldType::OFTString)
                .and_then(|field| field.add_to_layer(&layer))
                .map_err(failed)?;
        }
        let mut own = [
            f64::INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NEG_INFINITY,
        ];
        source.scan(series, |row| {
            let mut write = || -> std::result::Result<(), GdalError> {
                let geometry = Geometry::from_wkb(row.geometry)?;
                let extent = geometry.envelope();
                own = [
                    own[0].min(extent.MinX),
                    own[1].min(extent.MinY),
                    own[2].max(extent.MaxX),
                    own[3].max(extent.MaxY),
                ];
                add(&layer, geometry, &row)
            };
            write().map_err(failed)
        })?;
        if own[0].is_finite() {
            let way = crs.way_to(&wgs84()?)?;
            let mut corners = vec![
                (own[0], own[1]),
                (own[2], own[1]),
                (own[2], own[3]),
                (own[0], own[3]),
            ];
            crate::query::through(way.as_ref(), &mut corners)?;
            for (x, y) in corners {
                bounds = [
                    bounds[0].min(x),
                    bounds[1].min(y),
                    bounds[2].max(x),
                    bounds[3].max(y),
                ];
            }
        }
    }
    dataset.close().map_err(failed)?;
    // GDAL removes it, unless it was told where to have it.
    let _ = fs::remove_file(&temporary);
    Ok(bounds)
}

/// Begins a folder of tiles: the safe way to make a dataset of layers takes no options.
fn create(folder: &Path, options: &CslStringList) -> Result<Dataset> {
    let driver =
        DriverManager::get_driver_by_name("MVT").map_err(|e| Error::unwritable(folder, e))?;
    let name = CString::new(folder.to_string_lossy().as_bytes())
        .map_err(|e| Error::unwritable(folder, e))?;
    let kind = gdal_sys::GDALDataType::GDT_Unknown;
    // SAFETY: the name and the options end with zeros and outlive the call; the dataset is handed to what
    // closes it.
    unsafe {
        let made = gdal_sys::GDALCreate(
            driver.c_driver(),
            name.as_ptr(),
            0,
            0,
            0,
            kind,
            options.as_ptr(),
        );
        if made.is_null() {
            return Err(Error::unwritable(folder, "GDAL cuts no tiles there"));
        }
        Ok(Dataset::from_c_dataset(made))
    }
}

/// The tiles of a folder `z/x/y.pbf`, in the order of the archive.
fn list(folder: &Path) -> Result<Vec<(TileId, TileCoord, PathBuf)>> {
    let entries = |folder: &Path| -> Result<Vec<PathBuf>> {
        let read = folder
            .read_dir()
            .map_err(|e| Error::unreadable(folder, e))?;
        Ok(read.filter_map(|entry| Some(entry.ok()?.path())).collect())
    };
    let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u32>().ok();
    let mut tiles = Vec::new();
    for level in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let Some(z) = number(&level).and_then(|z| u8::try_from(z).ok()) else {
            continue;
        };
        for column in entries(&level)? {
            let Some(x) = number(&column) else { continue };
            for tile in entries(&column)? {
                let Some(y) = number(&tile) else { continue };
                let coord = TileCoord::new(z, x, y).map_err(|e| Error::unreadable(&tile, e))?;
                tiles.push((TileId::from(coord), coord, tile));
            }
        }
    }
    tiles.sort_by_key(|tile| tile.0.value());
    Ok(tiles)
}

/// Packs the tiles of a folder into one file; how many there are.
fn pack(
    folder: &Path,
    sources: &[Source],
    zooms: (u8, u8),
    bounds: [f64; 4],
    path: &Path,
) -> Result<u64> {
    let failed = |e: &dyn std::fmt::Display| Error::unwritable(path, e);
    let layers: Vec<serde_json::Value> = sources
        .iter()
        .map(|source| {
            let fields: serde_json::Map<String, serde_json::Value> = source
                .columns()
                .into_iter()
                .map(|column| (column.to_owned(), json!("String")))
                .collect();
            json!({
                "id": source.name, "description": source.title,
                "minzoom": zooms.0, "maxzoom": zooms.1, "fields": fields,
            })
        })
        .collect();
    let metadata = json!({
        "name": "OCS GE",
        "attribution": "OCS GE ; Millésime",
        "generator": format!("millesime {}", env!("CARGO_PKG_VERSION")),
        "vector_layers": layers,
    });
    let file = fs::File::create(path).map_err(|e| failed(&e))?;
    let [west, south, east, north] = bounds;
    let mut writer = PmTilesWriter::new(TileType::Mvt)
        .precompressed(Compression::Gzip)
        .min_zoom(zooms.0)
        .max_zoom(zooms.1)
        .bounds(west, south, east, north)
        .center(f64::midpoint(west, east), f64::midpoint(south, north))
        .center_zoom(u8::midpoint(zooms.0, zooms.1))
        .metadata(metadata.to_string())
        .create(file)
        .map_err(|e| failed(&e))?;
    let tiles = list(folder)?;
    for (_, coord, tile) in &tiles {
        let bytes = fs::read(tile).map_err(|e| Error::unreadable(tile, e))?;
        writer.add_tile(*coord, &bytes).map_err(|e| failed(&e))?;
    }
    writer.finalize().map_err(|e| failed(&e))?;
    Ok(tiles.len() as u64)
}
