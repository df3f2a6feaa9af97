//! Where the outputs of a run are: a folder, or the address of one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::error::{Error, Result};
use crate::publish::MANIFEST;
use crate::remote::{Remote, is_address};

/// The outputs of a run.
#[derive(Clone, Debug)]
pub(crate) struct Store(PathBuf);

/// The faces of a period in a département.
#[derive(Clone, Debug)]
pub(crate) struct Faces {
    pub(crate) period: String,
    pub(crate) departement: String,
    /// The file, within the outputs.
    pub(crate) file: String,
}

impl Store {
    pub(crate) fn new(out: &Path) -> Self {
        Self(out.to_owned())
    }

    fn is_remote(&self) -> bool {
        is_address(&self.0.to_string_lossy())
    }

    /// The name of a file of the outputs, for messages.
    pub(crate) fn place(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// A file of the outputs.
    pub(crate) fn source(&self, file: &str) -> Result<Source> {
        let path = self.place(file);
        if self.is_remote() {
            let url = path.to_string_lossy();
            let remote = Remote::open(&url)?
                .ok_or_else(|| Error::unreadable(&path, "the server has no such file"))?;
            return Ok(Source::Remote(Arc::new(remote)));
        }
        let file = File::open(&path).map_err(|e| Error::unreadable(&path, e))?;
        Ok(Source::Local(file))
    }

    /// A file of the outputs, as text.
    pub(crate) fn text(&self, file: &str) -> Result<String> {
        let path = self.place(file);
        let unreadable = |e: std::io::Error| Error::unreadable(&path, e);
        let mut text = String::new();
        match self.source(file)? {
            Source::Local(mut file) => file.read_to_string(&mut text).map_err(unreadable)?,
            remote => {
                let mut reader = Ranged {
                    source: remote,
                    at: 0,
                };
                reader.read_to_string(&mut text).map_err(unreadable)?
            }
        };
        Ok(text)
    }

    /// Every file of faces, by period and département. A folder is listed; a server cannot be, and the
    /// manifest tells.
    pub(crate) fn faces(&self) -> Result<Vec<Faces>> {
        let mut all = Vec::new();
        if self.is_remote() {
            let manifest: serde_json::Value = serde_json::from_str(&self.text(MANIFEST)?)
                .map_err(|e| Error::unreadable(&self.place(MANIFEST), e))?;
            for place in manifest["faces"].as_array().into_iter().flatten() {
                if let (Some(period), Some(departement)) =
                    (place["period"].as_str(), place["departement"].as_str())
                {
                    all.push((period.to_owned(), departement.to_owned()));
                }
            }
        } else {
            for (period, folder) in partitions(&self.0.join("faces"), "period=") {
                for (departement, _) in partitions(&folder, "departement=") {
                    all.push((period.clone(), departement));
                }
            }
        }
        all.sort();
        if all.is_empty() {
            let is_run = self.place(MANIFEST).exists() || self.is_remote();
            return Err(match is_run {
                true => Error::input(
                    self.0.display(),
                    "is a run that has tables alone",
                    "give one of vintages, or of a layer of changes, without `tables_alone`",
                ),
                false => Error::input(
                    self.0.display(),
                    "holds no faces of a run",
                    "give the folder that `millesime run` wrote, with --out",
                ),
            });
        }
        let faces = all.into_iter().map(|(period, departement)| Faces {
            file: format!("faces/period={period}/departement={departement}/faces.parquet"),
            period,
            departement,
        });
        Ok(faces.collect())
    }
}

/// Folders `KEY=VALUE` of a folder, by value.
fn partitions(folder: &Path, key: &str) -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let value = path.file_name()?.to_str()?.strip_prefix(key)?.to_owned();
            Some((value, path))
        })
        .collect();
    found.sort();
    found
}

/// A file, read by ranges wherever it is.
pub(crate) enum Source {
    Local(File),
    Remote(Arc<Remote>),
}

impl Length for Source {
    fn len(&self) -> u64 {
        match self {
            Self::Local(file) => Length::len(file),
            Self::Remote(remote) => remote.size(),
        }
    }
}

impl ChunkReader for Source {
    type T = Ranged;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Ranged> {
        let source = match self {
            Self::Local(file) => Self::Local(file.try_clone()?),
            Self::Remote(remote) => Self::Remote(Arc::clone(remote)),
        };
        Ok(Ranged { source, at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match self {
            Self::Local(file) => file.get_bytes(start, length),
            Self::Remote(_) => {
                let mut bytes = vec![0; length];
                self.get_read(start)?.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }
}

/// A file, read from a place on.
pub(crate) struct Ranged {
    source: Source,
    at: u64,
}

impl Read for Ranged {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = match &mut self.source {
            Source::Local(file) => {
                file.seek(SeekFrom::Start(self.at))?;
                file.read(buffer)?
            }
            Source::Remote(remote) => remote
                .read_at(self.at, buffer)
                .map_err(std::io::Error::other)?,
        };
        self.at += read as u64;
        Ok(read)
    }
}

/// What Parquet says of a damaged file.
pub(super) fn damaged(path: &Path) -> impl Fn(ParquetError) -> Error + '_ {
    move |e| Error::unreadable(path, e)
}
