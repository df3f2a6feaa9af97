//! The published vintages of a département, from the Géoplateforme of IGN or from a server of the same
//! layout. What was begun goes on; what is there and whole is not fetched again.

mod catalogue;
mod status;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sevenz_rust2::{ArchiveReader, Password};

pub use catalogue::{Offer, Product};
pub use status::{Line, Standing, status};

use crate::error::{Error, Result, nearest};
use crate::progress::Progress;
use crate::reference::{Reference, Vintage};
use crate::remote::Remote;

/// Where IGN publishes its archives.
pub const BASE: &str = "https://data.geopf.fr/telechargement/download";
/// What is known of the files of a folder.
const FETCHED: &str = "fetched.json";
/// Bytes that are read at a time.
const PIECE: usize = 4 << 20;

/// What is to be fetched.
pub struct Fetch<'a> {
    /// The département.
    pub departement: &'a str,
    /// The years; all that are known, when none is given.
    pub years: Vec<u16>,
    /// The server.
    pub base: &'a str,
    /// The folder of the archives.
    pub into: &'a Path,
}

/// An archive in the folder.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Fetched {
    /// The year of the vintage.
    pub year: u16,
    /// Its file.
    pub file: String,
    /// Where it came from.
    pub url: String,
    /// Its size,
    pub bytes: u64,
    /// and the digest of its content.
    pub sha256: String,
    /// The day on which it was published, where the server told.
    #[serde(default)]
    pub published: Option<String>,
}

/// What was done.
pub struct Done {
    /// The archives of the folder, by year.
    pub archives: Vec<Fetched>,
    /// Years that the server has no archive of.
    pub missing: Vec<u16>,
    /// The territory file that was written, where there was none.
    pub territory: Option<PathBuf>,
}

/// The vintages of a département that are known to be published.
pub fn known<'a>(departement: &str, reference: &'a Reference) -> Result<Vec<&'a Vintage>> {
    let all = reference.vintages();
    let own: Vec<&Vintage> = all
        .iter()
        .filter(|v| v.departement == departement)
        .collect();
    if own.is_empty() {
        let codes = all.iter().map(|v| v.departement.as_str());
        let advice = match nearest(departement, codes) {
            Some(near) => format!("did you mean `{near}`? Codes are written as 01, 2A, 974"),
            None => "codes are written as 01, 2A, 974".to_owned(),
        };
        return Err(Error::input(
            departement,
            "is not a département that vintages are known of",
            advice,
        ));
    }
    Ok(own)
}

/// Fetches, and writes a territory file of what is there.
pub fn fetch(what: &Fetch, reference: &Reference, progress: &dyn Progress) -> Result<Done> {
    let known = known(what.departement, reference)?;
    let mut archives = read(what.into)?;
    let is_told = !what.years.is_empty();
    let of_known = known.iter().map(|v| v.year).collect::<BTreeSet<u16>>();
    let asked = match is_told {
        true => what.years.iter().copied().collect(),
        false => of_known.clone(),
    };
    let mut wanted = lacking(what.into, &archives, &asked)?;
    // The server knows best what it has, and is asked where there is anything to ask for.
    let offers = match is_told && wanted.is_empty() {
        true => None,
        false => catalogue::offers(what.base, Some(what.departement))?,
    };
    let states = || {
        let all = offers.iter().flatten();
        all.filter(|o| o.product == Product::State)
            .map(|o| o.years.0)
    };
    if !is_told {
        let others = states().filter(|year| !asked.contains(year)).collect();
        wanted.extend(lacking(what.into, &archives, &others)?);
    }
    let is_known = |year: u16| of_known.contains(&year) || states().any(|own| own == year);
    if let Some(year) = wanted.iter().find(|&&year| !is_known(year)) {
        let years: Vec<String> = known.iter().map(|v| v.year.to_string()).collect();
        return Err(Error::input(
            "--years",
            format!("{year} is not a known vintage of {}", what.departement),
            format!("known: {}", years.join(", ")),
        ));
    }
    std::fs::create_dir_all(what.into).map_err(|e| Error::unwritable(what.into, e))?;
    let mut missing = Vec::new();
    for year in wanted {
        progress.phase("fetching", None);
        let names = match &offers {
            Some(offers) => offered(offers, year),
            None => guessed(known[0], year),
        };
        match one(what, year, &names)? {
            Some(archive) => {
                archives.retain(|a| a.year != archive.year);
                archives.push(archive);
                archives.sort_by_key(|a| a.year);
                write(what.into, &archives)?;
            }
            None => missing.push(year),
        }
    }
    if archives.is_empty() {
        return Err(Error::input(
            what.base,
            format!("has no archive of {} for {missing:?}", what.departement),
            "check the address and the connection; the names of archives are those of IGN",
        ));
    }
    let territory = what.into.join("TERRITORY.toml");
    let is_new = !territory.exists();
    if is_new {
        let text = territory_of(what.departement, known[0], &archives, reference);
        std::fs::write(&territory, text).map_err(|e| Error::unwritable(&territory, e))?;
    }
    Ok(Done {
        archives,
        missing,
        territory: is_new.then_some(territory),
    })
}

fn read(folder: &Path) -> Result<Vec<Fetched>> {
    let path = folder.join(FETCHED);
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Ok(Vec::new());
    };
    let archives: Vec<Fetched> =
        serde_json::from_str(&text).map_err(|e| Error::unreadable(&path, e))?;
    match archives.iter().find(|a| !catalogue::is_plain(&a.file)) {
        None => Ok(archives),
        Some(odd) => {
            let what = format!("`{}` is not the name of an archive", odd.file);
            Err(Error::unreadable(&path, what))
        }
    }
}

fn write(folder: &Path, archives: &[Fetched]) -> Result<()> {
    let path = folder.join(FETCHED);
    let text = serde_json::to_string_pretty(archives)
        .map_err(|e| Error::Internal(format!("{FETCHED}: {e}")))?;
    std::fs::write(&path, text + "\n").map_err(|e| Error::unwritable(&path, e))
}

/// The years of which no whole archive is in the folder.
fn lacking(folder: &Path, archives: &[Fetched], years: &BTreeSet<u16>) -> Result<Vec<u16>> {
    let mut lacking = Vec::new();
    for &year in years {
        if !is_here(folder, archives, year)? {
            lacking.push(year);
        }
    }
    Ok(lacking)
}

/// Whether the archive of a year is in the folder, and whole.
fn is_here(folder: &Path, archives: &[Fetched], year: u16) -> Result<bool> {
    let Some(own) = archives.iter().find(|a| a.year == year) else {
        return Ok(false);
    };
    let path = folder.join(&own.file);
    Ok(path.metadata().is_ok_and(|m| m.len() == own.bytes)
        && crate::predict::digest(&path)? == own.sha256)
}

/// The département in the name of an archive; empty where it tells none.
fn departement_in(file: &str) -> String {
    let zone = catalogue::zone_of(file.trim_end_matches(".7z"));
    zone.and_then(catalogue::departement_of).unwrap_or_default()
}

/// An archive that may be asked for: its resource, its name, and the day on which it was published.
type Name = (&'static str, String, Option<String>);

/// The archives of a year that a server offers: GeoPackages first, and of those what was published last.
fn offered(offers: &[Offer], year: u16) -> Vec<Name> {
    let states = offers.iter().filter(|o| o.product == Product::State);
    let mut own: Vec<&Offer> = states.filter(|o| o.years.0 == year).collect();
    own.sort_by_key(|o| (!o.is_geopackage, std::cmp::Reverse(o.published.clone())));
    let name = |o: &Offer| (o.resource, o.name.clone(), Some(o.published.clone()));
    own.into_iter().map(name).collect()
}

/// The archives that a vintage may be published as, where the server has no catalogue.
fn guessed(vintage: &Vintage, year: u16) -> Vec<Name> {
    let Vintage { projection, .. } = vintage;
    let code = format!("D{:0>3}", vintage.departement);
    let state = |format: &str| format!("OCS-GE_2-0__{format}_{projection}_{code}_{year}-01-01");
    let [resource, _] = catalogue::RESOURCES;
    ["GPKG", "SHP"]
        .map(|format| (resource, state(format), None))
        .into()
}

/// Fetches one vintage by the first of these names that the server has; `None` where it has none.
fn one(what: &Fetch, year: u16, names: &[Name]) -> Result<Option<Fetched>> {
    for (resource, name, published) in names {
        let file = format!("{name}.7z");
        let path = what.into.join(&file);
        let url = format!(
            "{}/{resource}/{name}/{file}",
            what.base.trim_end_matches('/')
        );
        let Some(remote) = Remote::open(&url)? else {
            continue;
        };
        let part = what.into.join(format!("{file}.part"));
        let bytes = take(&remote, &part)?;
        let whole = ArchiveReader::open(&part, Password::empty());
        if let Err(error) = whole.map(drop) {
            // What is damaged is not gone on from.
            std::fs::remove_file(&part).map_err(|e| Error::unwritable(&part, e))?;
            return Err(Error::input(
                url,
                format!("is not a whole 7z archive: {error}"),
                "try again: it is fetched anew",
            ));
        }
        let sha256 = crate::predict::digest(&part)?;
        std::fs::rename(&part, &path).map_err(|e| Error::unwritable(&path, e))?;
        return Ok(Some(Fetched {
            year,
            file,
            url,
            bytes,
            sha256,
            published: published.clone(),
        }));
    }
    Ok(None)
}

/// Adds to a file what it lacks of a remote one; the number of bytes of the whole.
fn take(remote: &Remote, part: &Path) -> Result<u64> {
    let unwritable = |e| Error::unwritable(part, e);
    let mut begun = part.metadata().map_or(0, |m| m.len());
    if begun > remote.size() {
        // It is of another file.
        File::create(part).map_err(unwritable)?;
        begun = 0;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(part)
        .map_err(unwritable)?;
    let mut piece = vec![0u8; PIECE];
    while begun < remote.size() {
        let read = remote
            .read_at(begun, &mut piece)
            .map_err(|why| Error::input(remote.url(), why, "try again: it goes on from there"))?;
        file.write_all(&piece[..read]).map_err(unwritable)?;
        begun += read as u64;
    }
    Ok(begun)
}

/// A territory file of these archives.
fn territory_of(
    departement: &str,
    vintage: &Vintage,
    archives: &[Fetched],
    reference: &Reference,
) -> String {
    let name = reference.departement(departement);
    let name = name.map_or(departement, |d| d.name.as_str());
    let mut text = format!(
        "# What `millesime fetch` found of {name}. Add its communes: `millesime run --example` shows how.\n\
         name = \"{name}\"\ncrs = \"{}\"\n\n# [communes]\n# path = \"communes.gpkg\"\n# code = \"code\"\n\
         # name = \"nom\"\n",
        vintage.crs
    );
    for archive in archives {
        text += &format!(
            "\n[[vintages]]\nyear = {}\nproduct = \"{}\"\n",
            archive.year, archive.file
        );
    }
    text
}
