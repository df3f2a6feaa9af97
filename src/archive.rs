//! Archives as producers publish them (`.7z`): unpacked once into a folder beside the outputs, and the
//! file that is meant found by the names that producers give.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sevenz_rust2::{ArchiveReader, Error as SevenZip, Password};

use crate::error::{Error, Result};
use crate::territory::Territory;

/// Endings of the files that are of use: those of vector layers.
const KEPT: [&str; 8] = [
    "gpkg", "shp", "shx", "dbf", "prj", "cpg", "geojson", "parquet",
];
/// Endings of files that can be opened.
const OPENED: [&str; 4] = ["gpkg", "shp", "geojson", "parquet"];
/// What archives made on a Mac hold beside their files.
const RUBBISH: &str = "__MACOSX";
/// What its files there, and some of others, begin with.
const HIDDEN: &str = "._";

/// Parts of the names of files, in small letters, by what the file is; the first that any file has is
/// taken.
const STATES: [&str; 3] = ["occupation", "artif", ""];
const ZONES: [&str; 1] = ["zone_construite"];
const CHANGES: [&str; 4] = ["zan_evol", "diff", "diif", ""];
const PATCHES: [&str; 2] = ["patch", ""];

/// Whether a path is that of an archive.
fn is_archive(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("7z"))
}

/// Unpacks the archives that a territory file names into `folder`; the territory then names the files
/// that were in them.
pub fn unpack_all(territory: &mut Territory, folder: &Path) -> Result<()> {
    let archives = &mut territory.archives;
    for vintage in &mut territory.vintages {
        if let Some(product) = vintage.product.as_mut().filter(|p| is_archive(p)) {
            let place = unpack(product, folder)?;
            if vintage.zone_construite.is_none() {
                // In a GeoPackage it is a layer; of Shapefiles, a file beside.
                vintage.zone_construite = find(product, &place, &ZONES)?;
            }
            let found = find(product, &place, &STATES)?;
            archives.push(product.clone());
            *product = found.ok_or_else(|| empty(product))?;
        }
        replace(vintage.zone_construite.as_mut(), &ZONES, folder, archives)?;
    }
    for changes in territory.changes.iter_mut().chain(&mut territory.official) {
        replace(Some(&mut changes.path), &CHANGES, folder, archives)?;
    }
    for corrections in &mut territory.corrections {
        replace(Some(&mut corrections.path), &PATCHES, folder, archives)?;
    }
    Ok(())
}

fn replace(
    path: Option<&mut PathBuf>,
    names: &[&str],
    folder: &Path,
    archives: &mut Vec<PathBuf>,
) -> Result<()> {
    if let Some(path) = path.filter(|p| is_archive(p)) {
        let place = unpack(path, folder)?;
        let found = find(path, &place, names)?;
        archives.push(path.clone());
        *path = found.ok_or_else(|| empty(path))?;
    }
    Ok(())
}

fn empty(archive: &Path) -> Error {
    Error::input(
        archive.display(),
        "holds no vector layer of that kind",
        "give the archive as it was downloaded, or the path of the file that was in it",
    )
}

/// The file whose name has the first of the parts that any has; it must be the only one.
fn find(archive: &Path, place: &Path, names: &[&str]) -> Result<Option<PathBuf>> {
    let entries = fs::read_dir(place).map_err(|e| Error::unreadable(place, e))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| has_ending(path, &OPENED))
        .collect();
    files.sort();
    let name = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.into_owned()
    };
    let has = |path: &&PathBuf, part: &str| name(path).to_lowercase().contains(part);
    // What is no state is not taken for one: the zone construite lies beside.
    let is_meant = |path: &&PathBuf| names == ZONES || !has(path, ZONES[0]);
    for part in names {
        let found: Vec<&PathBuf> = files
            .iter()
            .filter(|path| has(path, part) && is_meant(path))
            .collect();
        match found.as_slice() {
            [] => {}
            [file] => return Ok(Some((*file).clone())),
            several => {
                let several: Vec<String> = several.iter().map(|path| name(path)).collect();
                return Err(Error::input(
                    archive.display(),
                    format!(
                        "holds {} files that could be meant: {}",
                        several.len(),
                        several.join(", ")
                    ),
                    "unpack it, and give the path of the one that is meant",
                ));
            }
        }
    }
    Ok(None)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    ending.is_some_and(|e| endings.contains(&e.as_str()))
}

/// Unpacks an archive into a folder of its own, named by its content too; once for each content.
fn unpack(archive: &Path, folder: &Path) -> Result<PathBuf> {
    if !archive.is_file() {
        return Err(Error::input(
            archive.display(),
            "the file does not exist",
            "check the path; in a territory file, paths are relative to it",
        ));
    }
    let digest = crate::predict::digest(archive)?;
    let stem = archive.file_stem().unwrap_or_default().to_string_lossy();
    let stem = format!("{stem}-{}", &digest[..12]);
    let place = folder.join(&stem);
    if place.is_dir() {
        return Ok(place);
    }
    let aside = folder.join(format!(".{stem}.partial"));
    let unwritable = |e| Error::unwritable(&aside, e);
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(unwritable)?;
    }
    fs::create_dir_all(&aside).map_err(unwritable)?;
    let unpacked = extract(archive, &aside);
    if let Err(error) = unpacked {
        // A failure here has no one to tell; the next run removes the folder.
        let _ = fs::remove_dir_all(&aside);
        return Err(Error::input(
            archive.display(),
            format!("cannot be unpacked: {}", told(&error)),
            "the archive is truncated or damaged, or the disk is full: fetch it again",
        ));
    }
    fs::rename(&aside, &place).map_err(unwritable)?;
    Ok(place)
}

/// What is said of an archive that cannot be unpacked.
fn told(error: &SevenZip) -> String {
    match error {
        SevenZip::Other(what) => what.to_string(),
        SevenZip::Io(error, _) | SevenZip::FileOpen(error, _) => error.to_string(),
        SevenZip::BadSignature(_) => "it is not a 7z archive".to_owned(),
        other => other.to_string(),
    }
}

/// Writes the files of an archive that are of use, by their names alone: folders in an archive are the
/// producer's, and lead nowhere outside `place`.
fn extract(archive: &Path, place: &Path) -> std::result::Result<(), SevenZip> {
    let mut reader = ArchiveReader::open(archive, Password::empty())?;
    reader.for_each_entries(|entry, content| {
        let name = entry.name().replace('\\', "/");
        let mut parts = name.split('/');
        let is_rubbish = parts.any(|part| part == RUBBISH || part.starts_with(HIDDEN));
        let file = Path::new(&name).file_name().map(|file| place.join(file));
        let file = file.filter(|f| has_ending(f, &KEPT) && !is_rubbish && !entry.is_directory());
        match file {
            Some(file) => {
                if file.exists() {
                    let name = file.file_name().unwrap_or_default().to_string_lossy();
                    let twice = format!("it holds two files named {name}");
                    return Err(SevenZip::Other(twice.into()));
                }
                std::io::copy(content, &mut File::create(&file)?)?;
            }
            // A block is read in order: what is not kept is read past.
            None => {
                std::io::copy(content, &mut std::io::sink())?;
            }
        }
        Ok(true)
    })
}
