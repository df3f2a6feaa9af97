//! Archives fetched from a server of the same names and layout as the producer's.

mod support;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use millesime::fetch::{Fetch, Line, Product, Standing, fetch, status};
use millesime::progress::Quiet;
use millesime::reference::Reference;
use support::server::Server;
use tempfile::TempDir;

/// The archive that stands for a vintage of the server: it has those of 2016 and 2019.
fn archive(name: &str) -> PathBuf {
    let year = match name {
        name if name.contains("SHP") => "none",
        name if name.contains("2016") => "2018",
        name if name.contains("2019") => "2021",
        _ => "none",
    };
    let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/archives");
    archives.join(format!("OCS-GE_2-0__GPKG_LAMB93_D032_{year}-01-01.7z"))
}

/// A server of the archives of the tests.
fn archives() -> Server {
    Server::of(|path| {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["OCSGE", folder, file] if *file == format!("{folder}.7z") => {
                std::fs::read(archive(file)).ok()
            }
            _ => None,
        }
    })
}

fn fetched(server: &Server, into: &Path, years: &[u16]) -> millesime::error::Result<Vec<PathBuf>> {
    let what = Fetch {
        departement: "32",
        years: years.to_vec(),
        base: &server.address,
        into,
    };
    let done = fetch(&what, &Reference::load(None).unwrap(), &Quiet)?;
    Ok(done.archives.iter().map(|a| into.join(&a.file)).collect())
}

#[test]
fn vintages_are_fetched_once_and_make_a_territory() {
    let server = archives();
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("ocs-ge");
    // A part of the first is there already, from a call that was cut off.
    std::fs::create_dir(&into).unwrap();
    let first = "OCS-GE_2-0__GPKG_LAMB93_D032_2016-01-01.7z";
    let whole = std::fs::read(archive(first)).unwrap();
    std::fs::write(into.join(format!("{first}.part")), &whole[..200]).unwrap();
    let files = fetched(&server, &into, &[]).unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(std::fs::read(&files[0]).unwrap(), whole);
    let asked = server.asked.lock().unwrap().clone();
    assert!(
        asked
            .iter()
            .all(|(_, agent)| agent.starts_with("millesime/")),
        "{asked:?}"
    );
    // 2022 is known, and not there in either format.
    assert!(
        asked
            .iter()
            .any(|(line, _)| line.contains("__SHP_LAMB93_D032_2022-01-01.7z"))
    );
    let names: Vec<String> = std::fs::read_dir(&into)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        names.iter().all(|name| !name.ends_with(".part")),
        "{names:?}"
    );
    // What is there and whole is not asked for again; what was altered is.
    server.asked.lock().unwrap().clear();
    fetched(&server, &into, &[2016, 2019]).unwrap();
    assert!(server.asked.lock().unwrap().is_empty());
    std::fs::write(&files[1], b"altered").unwrap();
    fetched(&server, &into, &[2019]).unwrap();
    assert_eq!(
        std::fs::read(&files[1]).unwrap(),
        std::fs::read(archive("2019")).unwrap()
    );
    // The territory file that was written can be run.
    let out = folder.path().join("out");
    millesime::run::run(&into.join("TERRITORY.toml"), &out, &Quiet).unwrap();
    let flux = std::fs::read_to_string(out.join("tables/flux.csv")).unwrap();
    assert!(flux.contains(",2016,2019,10000.00000,"), "{flux}");
}

#[test]
fn what_cannot_be_fetched_is_told() {
    let server = archives();
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("ocs-ge");
    let error = fetched(&server, &into, &[2018]).err().unwrap().to_string();
    assert!(error.contains("2016, 2019, 2022"), "{error}");
    let error = fetched(&server, &into, &[2022]).err().unwrap().to_string();
    assert!(error.contains("no archive"), "{error}");
    let unknown = Fetch {
        departement: "2C",
        years: Vec::new(),
        base: &server.address,
        into: &into,
    };
    let error = fetch(&unknown, &Reference::load(None).unwrap(), &Quiet);
    assert!(error.err().unwrap().to_string().contains("did you mean `2"));
    // A connection that is cut leaves nothing that looks whole; the next call ends it.
    server.cut.store(100, Ordering::SeqCst);
    let _ = fetched(&server, &into, &[2019]);
    let files = fetched(&server, &into, &[2019]).unwrap();
    assert_eq!(
        std::fs::read(&files[0]).unwrap(),
        std::fs::read(archive("2019")).unwrap()
    );
}

/// A page of a catalogue, with an entry of each name and day.
fn feed(page: usize, pages: usize, entries: &[(&str, &str)]) -> Vec<u8> {
    let entry = |(name, day): &(&str, &str)| {
        format!(
            "<entry><title>{name}</title><updated>{day}T10:00:00+01:00</updated>\
             <gpf_dl:zone term=\"D032\" label=\"D032 Gers\"/></entry>"
        )
    };
    let entries: String = entries.iter().map(entry).collect();
    format!(
        "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" \
         xmlns:gpf_dl=\"https://data.geopf.fr/annexes/ressources/xsd/gpf_dl.xsd\" \
         gpf_dl:page=\"{page}\" gpf_dl:pagecount=\"{pages}\">{entries}</feed>"
    )
    .into_bytes()
}

/// A server of the archives of the tests with a catalogue, of two pages, where 2019 was published on a day.
fn catalogued(day: &'static str) -> Server {
    Server::of(move |path| {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["resource", "OCSGE"] if query.contains("page=1&") => Some(feed(
                1,
                2,
                &[
                    ("OCS-GE_2-0__SHP_LAMB93_D032_2016-01-01", "2024-01-01"),
                    ("OCS-GE_2-0__GPKG_LAMB93_D032_2016-01-01", "2024-01-01"),
                    ("OCS-GE_2-0__GPKG_LAMB93_D032_2025-01-01", "2026-10-01"),
                ],
            )),
            ["resource", "OCSGE"] => Some(feed(
                2,
                2,
                &[
                    ("OCS-GE_2-0__GPKG_LAMB93_D032_2019-01-01", day),
                    (
                        "OCS-GE_2-0_DIFF-2016-2019_GPKG_LAMB93_D032_2025-02-10",
                        "2025-02-11",
                    ),
                ],
            )),
            ["download", "OCSGE", folder, file] if *file == format!("{folder}.7z") => {
                std::fs::read(archive(file)).ok()
            }
            _ => None,
        }
    })
}

#[test]
fn what_is_published_is_told_beside_what_was_known_and_what_is_here() {
    let reference = Reference::load(None).unwrap();
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("ocs-ge");
    let server = catalogued("2025-03-01");
    let base = format!("{}/download", server.address);
    let what = Fetch {
        departement: "32",
        years: vec![2016, 2019],
        base: &base,
        into: &into,
    };
    let done = fetch(&what, &reference, &Quiet).unwrap();
    assert_eq!(done.archives.len(), 2);
    // Of two formats the GeoPackage is taken.
    assert_eq!(
        done.archives[0].file,
        "OCS-GE_2-0__GPKG_LAMB93_D032_2016-01-01.7z"
    );
    assert_eq!(done.archives[1].published.as_deref(), Some("2025-03-01"));
    // With no years told, what the server offers is asked for too, whether it was known or not.
    let all = Fetch {
        years: Vec::new(),
        ..what
    };
    let done = fetch(&all, &reference, &Quiet).unwrap();
    assert_eq!(done.missing, [2022, 2025]);
    let told = |server: &Server| -> Vec<Line> {
        let base = format!("{}/download", server.address);
        status(&base, Some("32"), Some(&into), &reference).unwrap()
    };
    let of = |lines: &[Line], year: u16| -> Vec<Option<Standing>> {
        let own = lines.iter().filter(|l| l.years == (year, None));
        own.map(|l| l.standing.clone()).collect()
    };
    let lines = told(&server);
    assert_eq!(
        of(&lines, 2016),
        [Some(Standing::Here), Some(Standing::Known)]
    );
    assert_eq!(of(&lines, 2019), [Some(Standing::Here)]);
    // The year 2022 is known, and not offered here; 2025 was not known.
    assert_eq!(of(&lines, 2022), [Some(Standing::Gone)]);
    assert_eq!(of(&lines, 2025), [Some(Standing::New)]);
    let difference = lines
        .iter()
        .find(|l| l.product == Product::Difference)
        .unwrap();
    assert_eq!(
        (difference.years, &*difference.published),
        ((2016, Some(2019)), "2025-02-11")
    );
    // The same vintage, on a later day.
    let lines = told(&catalogued("2026-11-01"));
    let expected = Standing::Republished {
        file: "OCS-GE_2-0__GPKG_LAMB93_D032_2019-01-01.7z".to_owned(),
        published: Some("2025-03-01".to_owned()),
    };
    assert_eq!(of(&lines, 2019), [Some(expected)]);
    // A server without a catalogue says so.
    let bare = archives();
    let error = status(&bare.address, Some("32"), None, &reference)
        .err()
        .unwrap();
    assert!(error.to_string().contains("gave no catalogue"), "{error}");
}
