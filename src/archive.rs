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
/// Tells a folder that is whole, and of which archive.
const STAMP: &str = "unpacked.txt";

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
    for vintage in &mut territory.vintages {
        if let Some(product) = vintage.product.as_mut().filter(|p| is_archive(p)) {
            let place = unpack(product, folder)?;
            if vintage.zone_construite.is_none() {
                // In a GeoPackage it is a layer; of Shapefiles, a file beside.
                vintage.zone_construite = find(&place, &ZONES);
            }
            let found = find(&place, &STATES);
            *product = found.ok_or_else(|| empty(product))?;
        }
        replace(vintage.zone_construite.as_mut(), &ZONES, folder)?;
    }
    for changes in territory.changes.iter_mut().chain(&mut territory.official) {
        replace(Some(&mut changes.path), &CHANGES, folder)?;
    }
    for corrections in &mut territory.corrections {
        replace(Some(&mut corrections.path), &PATCHES, folder)?;
    }
    Ok(())
}

fn replace(path: Option<&mut PathBuf>, names: &[&str], folder: &Path) -> Result<()> {
    if let Some(path) = path.filter(|p| is_archive(p)) {
        let place = unpack(path, folder)?;
        *path = find(&place, names).ok_or_else(|| empty(path))?;
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

/// The first file whose name has one of the parts, in their order; files sorted by name.
fn find(place: &Path, names: &[&str]) -> Option<PathBuf> {
    let entries = fs::read_dir(place).ok()?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| has_ending(path, &OPENED))
        .collect();
    files.sort();
    let has = |path: &&PathBuf, part: &str| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.to_lowercase().contains(part)
    };
    // What is no state is not taken for one: the zone construite lies beside.
    let is_zone = |path: &&PathBuf| has(path, ZONES[0]);
    names.iter().find_map(|part| {
        let found = files
            .iter()
            .find(|path| has(path, part) && (names == ZONES || !is_zone(path)));
        found.cloned()
    })
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    ending.is_some_and(|e| endings.contains(&e.as_str()))
}

/// Unpacks an archive into a folder of its own; once, as long as the archive stays the same.
fn unpack(archive: &Path, folder: &Path) -> Result<PathBuf> {
    let about = fs::metadata(archive).map_err(|_| {
        Error::input(
            archive.display(),
            "the file does not exist",
            "check the path; in a territory file, paths are relative to it",
        )
    })?;
    let stem = archive.file_stem().unwrap_or_default();
    let place = folder.join(stem);
    let stamp = format!("{}\n{} bytes\n", archive.display(), about.len());
    if fs::read_to_string(place.join(STAMP)).is_ok_and(|own| own == stamp) {
        return Ok(place);
    }
    let aside = folder.join(format!(".{}.partial", stem.to_string_lossy()));
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
            format!("cannot be unpacked: {error}"),
            "the archive is truncated or damaged, or the disk is full: fetch it again",
        ));
    }
    fs::write(aside.join(STAMP), stamp).map_err(unwritable)?;
    if place.exists() {
        fs::remove_dir_all(&place).map_err(unwritable)?;
    }
    fs::rename(&aside, &place).map_err(unwritable)?;
    Ok(place)
}

/// Writes the files of an archive that are of use, by their names alone: folders in an archive are the
/// producer's, and lead nowhere outside `place`.
fn extract(archive: &Path, place: &Path) -> std::result::Result<(), SevenZip> {
    let mut reader = ArchiveReader::open(archive, Password::empty())?;
    reader.for_each_entries(|entry, content| {
        let name = entry.name().replace('\\', "/");
        let is_rubbish = name.split('/').any(|part| part == RUBBISH);
        let file = Path::new(&name).file_name().map(|file| place.join(file));
        let file = file.filter(|f| has_ending(f, &KEPT) && !is_rubbish && !entry.is_directory());
        match file {
            Some(file) => {
                if file.exists() {
                    let twice = format!("it holds two files named {}", file.display());
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
