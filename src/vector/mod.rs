//! Vector files in: any format that GDAL reads, and GeoParquet. Rows come as text columns and
//! WKB geometry, in the order of the file.

mod geometry;
mod ogr;
mod parquet;
mod surface;
mod triangles;
mod wkb;

use std::path::{Path, PathBuf};

pub use self::parquet::geo_metadata;
pub use geometry::{Ring, Shape, polygons};
pub use surface::Surface;
pub use triangles::triangulated;
pub use wkb::{wkb, wkb_of_all};

use crate::crs::Crs;
use crate::error::{Error, Result, suggest};

/// One row of a layer.
pub struct Row<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Its geometry, as WKB.
    pub geometry: Option<&'a [u8]>,
    /// The values of the columns asked for; `None` is null or an absent column.
    pub values: &'a [Option<String>],
}

/// A layer of a file, opened to be read.
pub struct Layer {
    path: PathBuf,
    name: String,
    columns: Vec<String>,
    crs: Option<Crs>,
    rows: u64,
    reader: Reader,
}

enum Reader {
    Ogr(Box<ogr::Reader>),
    Parquet(Box<parquet::Reader>),
}

/// How a layer is to be opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening<'a> {
    /// The name of the layer; else the only one, or one of `usual`.
    pub layer: Option<&'a str>,
    /// Names to look for when none is asked for, in any case of letters.
    pub usual: &'a [&'a str],
    /// Encoding of text, when told; else UTF-8, strictly, then what the file says, then Latin-1.
    pub encoding: Option<&'a str>,
}

/// Whether a file is GeoParquet, by its name.
pub fn is_parquet(path: &Path) -> bool {
    let is = |ending: &str| {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case(ending))
    };
    is("parquet") || is("geoparquet")
}

impl Layer {
    /// Opens a layer of the file at `path`.
    pub fn open(path: &Path, opening: Opening) -> Result<Self> {
        if !path.exists() {
            let folder = path.parent().unwrap_or(Path::new("."));
            let names: Vec<String> = std::fs::read_dir(folder)
                .map(|entries| {
                    entries
                        .filter_map(|e| e.ok()?.file_name().into_string().ok())
                        .collect()
                })
                .unwrap_or_default();
            let wanted = path.file_name().unwrap_or_default().to_string_lossy();
            let near = crate::error::nearest(&wanted, names.iter().map(String::as_str));
            let advice = match near {
                Some(name) => format!("did you mean `{name}`?"),
                None => "check the path; in a territory file, paths are relative to it".to_owned(),
            };
            return Err(Error::input(
                path.display(),
                "the file does not exist",
                advice,
            ));
        }
        if is_parquet(path) {
            let reader = parquet::Reader::open(path)?;
            return Ok(Self {
                path: path.to_owned(),
                name: path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                columns: reader.columns(),
                crs: reader.crs()?,
                rows: reader.rows(),
                reader: Reader::Parquet(Box::new(reader)),
            });
        }
        let reader = ogr::Reader::open(path, opening)?;
        Ok(Self {
            path: path.to_owned(),
            name: reader.layer_name(),
            columns: reader.columns(),
            crs: reader.crs()?,
            rows: reader.rows(),
            reader: Reader::Ogr(Box::new(reader)),
        })
    }

    /// Names of the layers of a file.
    pub fn names(path: &Path) -> Result<Vec<String>> {
        ogr::layer_names(path)
    }

    /// "FILE, layer NAME", for messages.
    pub fn place(&self) -> String {
        format!("{}, layer {}", self.path.display(), self.name)
    }

    /// Names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The CRS that the file declares.
    pub fn crs(&self) -> Option<&Crs> {
        self.crs.as_ref()
    }

    /// Number of rows that the file declares.
    pub fn row_count(&self) -> u64 {
        self.rows
    }

    /// The first of `names` that is a column, in any case of letters.
    pub fn find_column(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| {
            self.columns
                .iter()
                .find(|c| c.eq_ignore_ascii_case(name))
                .cloned()
        })
    }

    /// The column of this name, in any case of letters, or an error that names the nearest.
    pub fn require_column(&self, name: &str) -> Result<String> {
        self.find_column(&[name]).ok_or_else(|| {
            Error::input(
                self.place(),
                format!("has no column `{name}`"),
                suggest(name, self.columns.iter().map(String::as_str)),
            )
        })
    }

    /// Visits every row, in the order of the file, with the values of `columns`.
    pub fn scan(
        &mut self,
        columns: &[Option<String>],
        mut visit: impl FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let place = self.place();
        let mut seen = 0;
        let mut counted = |row: Row| {
            seen += 1;
            visit(row)
        };
        match &mut self.reader {
            Reader::Ogr(reader) => reader.scan(columns, &mut counted)?,
            Reader::Parquet(reader) => reader.scan(columns, &mut counted)?,
        }
        if seen < self.rows {
            return Err(Error::input(
                place,
                format!(
                    "ends after {seen} of the {} rows that it declares",
                    self.rows
                ),
                "the file is truncated or damaged: fetch it again",
            ));
        }
        Ok(())
    }
}
