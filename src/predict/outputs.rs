//! Where results go: seen to before any work, so that nothing is overwritten that is still needed.

use std::path::{Path, PathBuf};

use super::{Prediction, Stack, heat_map};
use crate::error::{Error, Result};

/// Refuses outputs that could not be written in the end, that are one another, or that are what the
/// prediction is made from.
pub(super) fn require(prediction: &Prediction, stack: &Stack) -> Result<()> {
    let heat_maps = prediction.heat_maps.iter();
    let heat_maps = heat_maps.map(|&code| heat_map(&prediction.probabilities, code));
    let outputs: Vec<PathBuf> = [prediction.probabilities.clone()]
        .into_iter()
        .chain(prediction.classes.clone())
        .chain(prediction.quick_look.clone())
        .chain(heat_maps)
        .collect();
    let beside = prediction.model.with_extension("toml");
    let inputs: Vec<PathBuf> = [prediction.model.clone(), beside]
        .into_iter()
        .chain(prediction.card.clone())
        .chain(
            stack
                .images()
                .iter()
                .flat_map(|image| image.files().cloned()),
        )
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let mut seen: Vec<PathBuf> = vec![whole(&super::job::folder(&prediction.probabilities))?];
    for output in outputs {
        let refuse = |what: &str| {
            let advice = "give the output another name";
            Err(Error::input(output.display(), what, advice))
        };
        if output.file_name().is_none() || output.is_dir() {
            return refuse("is a folder, not the name of a file");
        }
        if output.is_symlink() {
            return refuse("is a link, which would be replaced by a file");
        }
        if output.exists() && !output.is_file() {
            return refuse("is there, and is no regular file");
        }
        let path = whole(&output)?;
        if inputs.contains(&path) {
            return refuse("is what the prediction is made from");
        }
        if seen.contains(&path) {
            return refuse("would be written twice, or is the folder of the job");
        }
        seen.push(path);
    }
    Ok(())
}

/// The path from the root, whether or not there is a file; its folder must be there.
fn whole(output: &Path) -> Result<PathBuf> {
    let folder = match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().map_err(|_| {
        Error::input(
            output.display(),
            format!("its folder {} is not there", folder.display()),
            "make the folder, or give another one",
        )
    })?;
    Ok(folder.join(output.file_name().unwrap_or_default()))
}
