//! ONNX Runtime: where its library is, and how it is loaded.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ort::environment::Environment;

use crate::error::{Error, Result};

/// The variable that names the library's file.
const VARIABLE: &str = "ORT_DYLIB_PATH";
/// What mends a library that is missing or too old.
const REMEDY: &str = "run `make setup` in the sources of millesime, or \
     `python3 -m pip install --no-deps --target ~/.local/share/millesime onnxruntime==1.32.0`; or \
     name a library of version 1.17 or later in ORT_DYLIB_PATH";

/// Loaded once: a process has one ONNX Runtime.
static LOADED: Mutex<Option<Environment>> = Mutex::new(None);

/// The loaded library.
pub(super) fn environment() -> Result<Environment> {
    let mut loaded = LOADED
        .lock()
        .map_err(|_| Error::Internal("loading ONNX Runtime failed before".to_owned()))?;
    if let Some(environment) = &*loaded {
        return Ok(environment.clone());
    }
    let path = library()?;
    let refused = |why: &dyn std::fmt::Display| {
        let what = format!("ONNX Runtime cannot be loaded: {why}");
        Error::input(path.display(), what, REMEDY)
    };
    let environment = ort::init_from(&path)
        .map_err(|e| refused(&e))?
        .with_name("millesime")
        .with_telemetry(false)
        .build()
        .map_err(|e| refused(&e))?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    Ok(loaded.insert(environment).clone())
}

/// The library's file: the one named in the environment, else the first found where it may be.
fn library() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            let what = format!("named in {VARIABLE}, is not a file");
            return Err(Error::input(path.display(), what, REMEDY));
        }
        return Ok(path);
    }
    let folders = folders();
    let found = folders.iter().find_map(|folder| library_in(folder));
    found.ok_or_else(|| {
        let places: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
        let what = format!("its library is not found in {}", places.join(", "));
        Error::input("ONNX Runtime", what, REMEDY)
    })
}

/// Where the library may be, in the order in which it is looked for.
fn folders() -> Vec<PathBuf> {
    let beside = std::env::current_exe().ok();
    let beside = beside.as_deref().and_then(Path::parent);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| Some(home?.join(".local/share")));
    let ours = data.map(|folder| folder.join("millesime/onnxruntime/capi"));
    let system = ["/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu"];
    let beside = beside.map(Path::to_path_buf);
    beside
        .into_iter()
        .chain(ours)
        .chain(system.map(PathBuf::from))
        .collect()
}

/// The library in a folder; of several the last by name.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libonnxruntime.so") || name == "libonnxruntime.dylib"
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(is_library).max()
}
