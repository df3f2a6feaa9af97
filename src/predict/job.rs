//! The folder of a job under way: the parts that are done, and what they are parts of. A job that was
//! stopped goes on from there.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};

/// The file that says what the job is.
const INDEX: &str = "job.json";

/// A job under way.
pub(super) struct Job {
    folder: PathBuf,
}

impl Job {
    /// The job whose result will be `output`, and which is all that `what` says: begun, or found as
    /// it was left. With `anew`, what was left is thrown away.
    pub(super) fn open(output: &Path, what: &Value, anew: bool) -> Result<Self> {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let folder = output.with_file_name(format!("{name}.job"));
        let index = folder.join(INDEX);
        let unwritable = |e| Error::unwritable(&folder, e);
        if folder.exists() && !index.is_file() && !is_empty(&folder) {
            return Err(Error::input(
                folder.display(),
                "is there already, and is not a job of millesime",
                "give the output another name",
            ));
        }
        if anew && index.is_file() {
            std::fs::remove_dir_all(&folder).map_err(unwritable)?;
        }
        let job = Self { folder };
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
        std::fs::create_dir_all(job.folder.join("parts"))
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
        self.folder.join(format!("parts/{strip}_{row}.tif"))
    }

    /// Whether a part is done.
    pub(super) fn has(&self, strip: usize, row: i64) -> bool {
        self.part(strip, row).is_file()
    }

    /// Ends the job: its folder goes.
    pub(super) fn finish(self) -> Result<()> {
        std::fs::remove_dir_all(&self.folder).map_err(|e| Error::unwritable(&self.folder, e))
    }
}

fn is_empty(folder: &Path) -> bool {
    folder
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_none())
}

/// The first key whose values differ.
fn differing(left: &Value, what: &Value) -> Option<String> {
    let keys = what.as_object()?.iter();
    keys.clone()
        .find(|(key, value)| left.get(key) != Some(value))
        .map(|(key, _)| format!("`{key}`"))
}
