//! A folder that appears whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The file that tells a folder of outputs.
pub const MANIFEST: &str = "manifest.json";

/// A folder being written beside its final place.
pub struct Staging {
    target: PathBuf,
    aside: PathBuf,
}

impl Staging {
    /// Prepares to write the folder `target`, which must be absent, empty, or the outputs of an
    /// earlier run.
    pub fn new(target: &Path) -> Result<Self> {
        let is_ours = target.join(MANIFEST).exists();
        if target.exists() && !is_ours {
            let mut entries = fs::read_dir(target).map_err(|e| Error::unwritable(target, e))?;
            if entries.next().is_some() {
                return Err(Error::input(
                    target.display(),
                    "holds files that millesime has not written",
                    "give a new or empty folder with --out",
                ));
            }
        }
        let name = target
            .file_name()
            .map_or_else(|| "out".to_owned(), |n| n.to_string_lossy().into_owned());
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(|e| Error::unwritable(&parent, e))?;
        let aside = parent.join(format!(".{name}.partial"));
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(|e| Error::unwritable(&aside, e))?;
        }
        fs::create_dir(&aside).map_err(|e| Error::unwritable(&aside, e))?;
        Ok(Self {
            target: target.to_owned(),
            aside,
        })
    }

    /// The path of an output while it is being written; its folder is made.
    pub fn path(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let path = self.aside.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::unwritable(folder, e))?;
        }
        Ok(path)
    }

    /// Puts the folder in its place, instead of an earlier one.
    pub fn finish(self) -> Result<()> {
        let failed = |e| Error::unwritable(&self.target, e);
        let old = self.aside.with_extension("previous");
        if old.exists() {
            fs::remove_dir_all(&old).map_err(failed)?;
        }
        if self.target.exists() {
            fs::rename(&self.target, &old).map_err(failed)?;
        }
        fs::rename(&self.aside, &self.target).map_err(failed)?;
        if old.exists() {
            fs::remove_dir_all(&old).map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    /// Leaves nothing half-written behind a failure.
    fn drop(&mut self) {
        if self.aside.exists() {
            // A failure here has no one to tell; the next run removes the folder.
            let _ = fs::remove_dir_all(&self.aside);
        }
    }
}
