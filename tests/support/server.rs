//! A server of files on this machine, which tells what it was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a server has for a path.
type Find = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

/// A server of files, by ranges.
pub struct Server {
    /// Its address.
    pub address: String,
    /// What was asked: the first line and the agent of each request.
    pub asked: Arc<Mutex<Vec<(String, String)>>>,
    /// Bytes of a body after which the connection is cut, until that is done; 0 for never.
    pub cut: Arc<AtomicUsize>,
}

impl Server {
    /// A server of what `find` has for a path.
    pub fn of(find: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let find: Arc<Find> = Arc::new(find);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            cut: Arc::default(),
        };
        let (asked, cut) = (Arc::clone(&server.asked), Arc::clone(&server.cut));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, cut, find) = (Arc::clone(&asked), Arc::clone(&cut), Arc::clone(&find));
                std::thread::spawn(move || answer(stream, &asked, &cut, &*find));
            }
        });
        server
    }
}

fn answer(stream: TcpStream, asked: &Mutex<Vec<(String, String)>>, cut: &AtomicUsize, find: &Find) {
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
        let body = find(path);
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
