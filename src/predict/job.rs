//! The folder of a job under way: the parts that are done, and what they are parts of. A job that was
//! stopped goes on from there.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};

/// The file that says what the job is,
const INDEX: &str = "job.json";
/// the one that is locked while it is worked on,
const LOCK: &str = "lock";
/// and the folder of its parts.
const PARTS: &str = "parts";

/// A job under way.
pub(super) struct Job {
    folder: PathBuf,
    /// Held for as long as the job: no other may work on it.
    _lock: File,
}

/// The folder of the job whose result will be `output`.
pub(super) fn folder(output: &Path) -> PathBuf {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{name}.job"))
}

impl Job {
    /// The job whose result will be `output`, and which is all that `what` says: begun, or found as
    /// it was left. With `anew`, what was left is thrown away.
    pub(super) fn open(output: &Path, what: &Value, anew: bool) -> Result<Self> {
        let folder = folder(output);
        let index = folder.join(INDEX);
        let unwritable = |e| Error::unwritable(&folder, e);
        if folder.exists() && !index.is_file() && !is_empty(&folder) {
            return Err(Error::input(
                folder.display(),
                "is there already, and is not a job of millesime",
                "give the output another name",
            ));
        }
        std::fs::create_dir_all(&folder).map_err(unwritable)?;
        let lock = File::create(folder.join(LOCK)).map_err(unwritable)?;
        if lock.try_lock().is_err() {
            return Err(Error::input(
                folder.display(),
                "another run is at work on this output",
                "wait for it, or give the output another name",
            ));
        }
        if anew && index.is_file() {
            std::fs::remove_file(&index).map_err(unwritable)?;
            std::fs::remove_dir_all(folder.join(PARTS)).map_err(unwritable)?;
        }
        let job = Self {
            folder,
            _lock: lock,
        };
        if let Ok(text) = std::fs::read_to_string(&index) {
            let left: Value = serde_json::from_str(&text).unwrap_or_default();
            if left == *what {
                return Ok(job);
            }
            let differs = differing(&left, what).unwrap_or_default();
            return Err(Error::input(
                job.folder.display(),
                format!("is a job that was stopped, but not this one: {differs} differs"),
                "begin anew with --restart, or give the output another name",
            ));
        }
        std::fs::create_dir_all(job.folder.join(PARTS))
            .map_err(|e| Error::unwritable(&job.folder, e))?;
        let aside = job.folder.join("job.json.partial");
        std::fs::write(&aside, format!("{what:#}\n"))
            .and_then(|()| std::fs::rename(&aside, &index))
            .map_err(|e| Error::unwritable(&index, e))?;
        Ok(job)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a part.
    pub(super) fn part(&self, strip: usize, row: i64) -> PathBuf {
        self.folder.join(format!("{PARTS}/{strip}_{row}.tif"))
    }

    /// Whether a part is done.
    pub(super) fn has(&self, strip: usize, row: i64) -> bool {
        self.part(strip, row).is_file()
    }

    /// Leaves nothing behind of a job that failed before any part was done.
    pub(super) fn abandon(self) {
        let parts = std::fs::read_dir(self.folder.join(PARTS));
        let is_part = |path: &Path| path.extension().is_some_and(|extension| extension == "tif");
        let has_parts = parts.is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| is_part(&entry.path())))
        });
        if !has_parts {
            // What cannot be removed does no harm.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    /// Ends the job: its folder goes.
    pub(super) fn finish(self) -> Result<()> {
        std::fs::remove_dir_all(&self.folder).map_err(|e| Error::unwritable(&self.folder, e))
    }
}

fn is_empty(folder: &Path) -> bool {
    let others = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name() != LOCK)
    };
    folder
        .read_dir()
        .is_ok_and(|mut entries| !entries.any(others))
}

/// The first key whose values differ.
fn differing(left: &Value, what: &Value) -> Option<String> {
    let keys = what.as_object()?.iter();
    keys.clone()
        .find(|(key, value)| left.get(key) != Some(value))
        .map(|(key, _)| format!("`{key}`"))
}
