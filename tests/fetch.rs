//! Archives fetched from a server of the same names and layout as the producer's.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use millesime::fetch::{Fetch, fetch};
use millesime::progress::Quiet;
use millesime::reference::Reference;
use tempfile::TempDir;

/// A server of the archives of the tests.
struct Server {
    address: String,
    /// What was asked: the first line and the agent of each request.
    asked: Arc<Mutex<Vec<(String, String)>>>,
    /// Bytes of a body after which the connection is cut, until that is done; 0 for never.
    cut: Arc<AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            cut: Arc::default(),
        };
        let (asked, cut) = (Arc::clone(&server.asked), Arc::clone(&server.cut));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, cut) = (Arc::clone(&asked), Arc::clone(&cut));
                std::thread::spawn(move || answer(stream, &asked, &cut));
            }
        });
        server
    }
}

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

fn answer(stream: TcpStream, asked: &Mutex<Vec<(String, String)>>, cut: &AtomicUsize) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut stream = stream;
    loop {
        let mut head = Vec::new();
        for line in lines.by_ref() {
            match line {
                Ok(line) if line.is_empty() => break,
                Ok(line) => head.push(line),
                Err(_) => return,
            }
        }
        let Some(first) = head.first() else { return };
        let header = |name: &str| {
            let found = head.iter().find(|l| l.to_lowercase().starts_with(name));
            found
                .map(|l| l[name.len()..].trim().to_owned())
                .unwrap_or_default()
        };
        let request = (first.clone(), header("user-agent:"));
        asked.lock().unwrap().push(request);
        let path = first.split(' ').nth(1).unwrap_or("");
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let file = match parts.as_slice() {
            ["OCSGE", folder, file] if *file == format!("{folder}.7z") => Some(*file),
            _ => None,
        };
        let body = file.and_then(|file| std::fs::read(archive(file)).ok());
        let Some(body) = body else {
            let none = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(none.as_bytes());
            continue;
        };
        let range = header("range:");
        let range = range.strip_prefix("bytes=").and_then(|r| r.split_once('-'));
        let (status, start, end) = match range {
            Some((start, end)) => {
                let start = start.parse().unwrap_or(0).min(body.len());
                let end = end
                    .parse::<usize>()
                    .map_or(body.len(), |e| e + 1)
                    .min(body.len());
                ("206 Partial Content", start, end)
            }
            None => ("200 OK", 0, body.len()),
        };
        let mut told = format!(
            "HTTP/1.1 {status}\r\nAccept-Ranges: bytes\r\nContent-Length: {}\r\n",
            end - start
        );
        if range.is_some() {
            told += &format!(
                "Content-Range: bytes {start}-{}/{}\r\n",
                end - 1,
                body.len()
            );
        }
        let _ = stream.write_all((told + "\r\n").as_bytes());
        if first.starts_with("HEAD") {
            continue;
        }
        match cut.swap(0, Ordering::SeqCst) {
            0 => {
                let _ = stream.write_all(&body[start..end]);
            }
            bytes => {
                let _ = stream.write_all(&body[start..end.min(start + bytes)]);
                return;
            }
        }
    }
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
    let server = Server::start();
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
    let server = Server::start();
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
