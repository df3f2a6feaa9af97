//! A folder that appears whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::stac::COLLECTION;
use crate::error::{Error, Result};

/// The file that tells a folder of outputs.
pub const MANIFEST: &str = "manifest.json";
/// What a manifest of ours says under the key `program`.
pub const PROGRAM: &str = "millesime";
/// What a folder of outputs holds.
const OURS: [&str; 11] = [
    COLLECTION,
    "account",
    "vintages",
    "revised",
    "aligned",
    "faces",
    "ledger",
    "tables",
    "ministere",
    "datapackage.json",
    MANIFEST,
];

/// Refuses a folder that is there already and not empty, for what never replaces anything.
pub fn require_new(out: &Path) -> Result<()> {
    let is_taken = match out.read_dir() {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => out.exists(),
    };
    if is_taken {
        return Err(Error::input(
            out.display(),
            "is there already, and not empty",
            "give a new or empty folder: what is there is never replaced",
        ));
    }
    Ok(())
}

/// A folder being written beside its final place.
pub struct Staging {
    target: PathBuf,
    aside: PathBuf,
    separator: u8,
}

impl Staging {
    /// Prepares to write the folder `target`, which must be absent, empty, or the outputs of an
    /// earlier run and nothing else.
    pub fn new(target: &Path) -> Result<Self> {
        let Some(name) = target.file_name().map(|n| n.to_string_lossy().into_owned()) else {
            return Err(Error::input(
                target.display(),
                "cannot be replaced as a whole",
                "name the folder of the outputs, such as `out`",
            ));
        };
        if target.is_symlink() {
            return Err(Error::input(
                target.display(),
                "is a link, which would be replaced by a folder",
                "name the folder that it leads to",
            ));
        }
        require_ours(target)?;
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(|e| Error::unwritable(&parent, e))?;
        remove_leftovers(&parent, &name);
        let aside = parent.join(format!(".{name}.{}.partial", std::process::id()));
        fs::create_dir(&aside).map_err(|e| Error::unwritable(&aside, e))?;
        Ok(Self {
            target: target.to_owned(),
            aside,
            separator: b',',
        })
    }

    /// The same, with what separates the columns of its tables of text.
    #[must_use]
    pub fn separated_by(mut self, separator: u8) -> Self {
        self.separator = separator;
        self
    }

    /// What separates the columns of its tables of text.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// The path of an output while it is being written; its folder is made.
    pub fn path(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let path = self.aside.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::unwritable(folder, e))?;
        }
        Ok(path)
    }

    /// What was written so far, by its place in the folder.
    pub fn files(&self) -> Result<Vec<String>> {
        files_in(&self.aside)
    }

    /// Puts the folder in its place, instead of an earlier one.
    pub fn finish(self) -> Result<()> {
        let failed = |e| Error::unwritable(&self.target, e);
        let old = self.aside.with_extension("previous");
        let has_old = self.target.exists();
        if has_old {
            fs::rename(&self.target, &old).map_err(failed)?;
        }
        if let Err(error) = fs::rename(&self.aside, &self.target) {
            if has_old {
                // The earlier results go back; should that fail too, they stay beside.
                let _ = fs::rename(&old, &self.target);
            }
            return Err(failed(error));
        }
        if has_old {
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

/// Refuses a folder that holds anything but the outputs of an earlier run.
fn require_ours(target: &Path) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    let entries = fs::read_dir(target).map_err(|e| Error::unwritable(target, e))?;
    let names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    let manifest = fs::read_to_string(target.join(MANIFEST)).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
    let is_ours = manifest["program"] == PROGRAM;
    // A vintage that was produced tells its files itself.
    let told: Vec<&str> = match &manifest["outputs"] {
        serde_json::Value::Array(names) => names.iter().filter_map(|n| n.as_str()).collect(),
        _ => Vec::new(),
    };
    let is_known = |name: &str| OURS.contains(&name) || told.contains(&name);
    let foreign = names
        .iter()
        .find(|name| !is_ours || !is_known(name))
        .cloned();
    match foreign.or_else(|| foreign_within(target, &manifest)) {
        Some(name) => Err(Error::input(
            target.display(),
            format!("holds `{name}`, which millesime has not written"),
            "give a new or empty folder: the outputs of a run replace a whole folder",
        )),
        None => Ok(()),
    }
}

/// A file in a folder of the outputs that the run did not write; none, of a run that does not tell its files.
fn foreign_within(target: &Path, manifest: &serde_json::Value) -> Option<String> {
    let told: BTreeSet<&str> = match &manifest["files"] {
        serde_json::Value::Array(names) => names.iter().filter_map(|n| n.as_str()).collect(),
        _ => return None,
    };
    let found = files_in(target).ok()?;
    found
        .into_iter()
        .find(|name| name != MANIFEST && !told.contains(name.as_str()))
}

/// The files of a folder and of those in it, by their place in it, in order.
pub(super) fn files_in(folder: &Path) -> Result<Vec<String>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        let entries = next.read_dir().map_err(|e| Error::unreadable(&next, e))?;
        for entry in entries {
            let path = entry.map_err(|e| Error::unreadable(&next, e))?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inner = path.strip_prefix(folder).unwrap_or(&path);
            found.push(inner.to_string_lossy().replace('\\', "/"));
        }
    }
    found.sort();
    Ok(found)
}

/// Removes what runs that were stopped left beside a folder of this name.
fn remove_leftovers(parent: &Path, name: &str) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let process = file
            .strip_prefix(&format!(".{name}."))
            .and_then(|rest| rest.strip_suffix(".partial"));
        if let Some(process) = process
            && process.bytes().all(|b| b.is_ascii_digit())
            && !Path::new("/proc").join(process).exists()
        {
            // What cannot be removed does no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
