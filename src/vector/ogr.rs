//! Layers that GDAL reads.

use std::io::Read;
use std::path::{Path, PathBuf};

use gdal::spatial_ref::SpatialRef;
use gdal::vector::LayerAccess;
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};

use super::{Opening, Row};
use crate::crs::Crs;
use crate::error::{Error, Result, suggest};

pub(super) struct Reader {
    path: PathBuf,
    dataset: Dataset,
    layer: usize,
}

/// What GDAL writes for a byte that is not of the encoding.
const REPLACEMENT: char = '\u{FFFD}';

impl Reader {
    pub(super) fn open(path: &Path, opening: Opening) -> Result<Self> {
        let is_shapefile = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("shp") || e.eq_ignore_ascii_case("dbf"))
            || path.is_dir();
        let encodings: Vec<Option<&str>> = match opening.encoding {
            Some(told) => vec![Some(told)],
            // Only in Shapefiles is the encoding a guess: strict UTF-8, what the file declares
            // (GDAL takes a file that declares nothing for Latin-1).
            None if is_shapefile => vec![Some("UTF-8"), None, Some("ISO-8859-1")],
            None => vec![None],
        };
        let is_guess = encodings.len() > 1;
        for encoding in encodings {
            let dataset = open(path, encoding)?;
            let layer = choose(path, &dataset, opening)?;
            let reader = Self {
                path: path.to_owned(),
                dataset,
                layer,
            };
            if !is_guess || reader.texts_are_valid() {
                return Ok(reader);
            }
        }
        Err(Error::input(
            path.display(),
            "its text is neither UTF-8 nor of the encoding that it declares",
            "give the encoding with `encoding = \"…\"`",
        ))
    }

    fn texts_are_valid(&self) -> bool {
        let Ok(mut layer) = self.dataset.layer(self.layer) else {
            return true;
        };
        let count = layer.defn().fields().count();
        layer.features().all(|feature| {
            (0..count).all(|n| {
                !matches!(feature.field_as_string(n), Ok(Some(text)) if text.contains(REPLACEMENT))
            })
        })
    }

    pub(super) fn layer_name(&self) -> String {
        self.dataset
            .layer(self.layer)
            .map(|l| l.name())
            .unwrap_or_default()
    }

    pub(super) fn columns(&self) -> Vec<String> {
        match self.dataset.layer(self.layer) {
            Ok(layer) => layer.defn().fields().map(|f| f.name()).collect(),
            Err(_) => Vec::new(),
        }
    }

    pub(super) fn crs(&self) -> Result<Option<Crs>> {
        let system = self
            .dataset
            .layer(self.layer)
            .ok()
            .and_then(|l| l.spatial_ref());
        // Some drivers give a system that stands for none.
        let is_one = |s: &SpatialRef| !s.name().unwrap_or_default().starts_with("Undefined");
        system
            .filter(is_one)
            .map(|s| Crs::of(&s, &self.path.display().to_string()))
            .transpose()
    }

    pub(super) fn rows(&self) -> u64 {
        self.dataset
            .layer(self.layer)
            .map(|l| l.feature_count())
            .unwrap_or(0)
    }

    pub(super) fn scan(
        &mut self,
        columns: &[Option<String>],
        visit: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let names = self.columns();
        let indexes: Vec<Option<usize>> = columns
            .iter()
            .map(|c| c.as_ref().and_then(|c| names.iter().position(|n| n == c)))
            .collect();
        let damaged = |e: gdal::errors::GdalError| Error::unreadable(&self.path, e);
        let mut layer = self.dataset.layer(self.layer).map_err(damaged)?;
        let mut values = vec![None; columns.len()];
        for (n, feature) in layer.features().enumerate() {
            for (value, index) in values.iter_mut().zip(&indexes) {
                *value = match index {
                    Some(index) => feature.field_as_string(*index).map_err(damaged)?,
                    None => None,
                };
            }
            let geometry = match feature.geometry() {
                Some(geometry) if !is_null(geometry) => Some(geometry.wkb().map_err(damaged)?),
                _ => None,
            };
            visit(Row {
                number: n as u64 + 1,
                geometry: geometry.as_deref(),
                values: &values,
            })?;
        }
        Ok(())
    }
}

/// Whether a row has no geometry: the crate wraps GDAL's null pointer like any other.
fn is_null(geometry: &gdal::vector::Geometry) -> bool {
    // SAFETY: the pointer is compared, and not followed.
    unsafe { geometry.c_geometry() }.is_null()
}

fn open(path: &Path, encoding: Option<&str>) -> Result<Dataset> {
    require_whole(path)?;
    let encoding = encoding.map(|e| format!("ENCODING={e}"));
    let mut options: Vec<&str> = encoding.iter().map(String::as_str).collect();
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gpkg"))
    {
        // Read as it is, without the side files of a database in use.
        options.push("IMMUTABLE=YES");
    }
    let dataset = Dataset::open_ex(
        path,
        DatasetOptions {
            open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_VECTOR,
            open_options: (!options.is_empty()).then_some(options.as_slice()),
            ..DatasetOptions::default()
        },
    );
    dataset.map_err(|e| Error::unreadable(path, e))
}

/// Refuses a .shp that is shorter than its header says: GDAL would give its last rows without
/// geometry.
fn require_whole(path: &Path) -> Result<()> {
    let is_shp = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("shp"));
    if !is_shp {
        return Ok(());
    }
    let mut header = [0u8; 28];
    let mut file = std::fs::File::open(path).map_err(|e| Error::unreadable(path, e))?;
    file.read_exact(&mut header)
        .map_err(|e| Error::unreadable(path, e))?;
    let bytes = file
        .metadata()
        .map_err(|e| Error::unreadable(path, e))?
        .len();
    let [.., a, b, c, d] = header;
    // The length of the whole file, in words of two bytes.
    let declared = 2 * u64::from(u32::from_be_bytes([a, b, c, d]));
    if bytes < declared {
        return Err(Error::input(
            path.display(),
            format!("is {bytes} bytes long, and should be {declared}"),
            "the file is truncated: fetch it again",
        ));
    }
    Ok(())
}

/// Names of the layers of a file.
pub(super) fn layer_names(path: &Path) -> Result<Vec<String>> {
    let dataset = open(path, None)?;
    Ok(dataset.layers().map(|l| l.name()).collect())
}

fn choose(path: &Path, dataset: &Dataset, opening: Opening) -> Result<usize> {
    let names: Vec<String> = dataset.layers().map(|l| l.name()).collect();
    let place = |name: &str| names.iter().position(|n| n.eq_ignore_ascii_case(name));
    let listed = || names.iter().map(String::as_str);
    if let Some(name) = opening.layer {
        return place(name).ok_or_else(|| {
            let what = format!("has no layer `{name}`");
            Error::input(path.display(), what, suggest(name, listed()))
        });
    }
    if let Some(found) = opening.usual.iter().find_map(|name| place(name)) {
        return Ok(found);
    }
    match names.len() {
        1 => Ok(0),
        0 => Err(Error::input(
            path.display(),
            "holds no layer",
            "check that the file is complete",
        )),
        count => Err(Error::input(
            path.display(),
            format!("holds {count} layers, and none is named"),
            format!("add `layer = \"…\"`, one of: {}", names.join(", ")),
        )),
    }
}
