//! Files of servers and object stores, read through GDAL, by ranges.

use std::ffi::{CStr, CString};
use std::sync::Mutex;

use gdal_sys as sys;

use crate::error::{Error, Result};

/// Schemes of addresses, and what GDAL calls them.
const SCHEMES: [(&str, &str); 5] = [
    ("https://", "/vsicurl/https://"),
    ("http://", "/vsicurl/http://"),
    ("s3://", "/vsis3/"),
    ("gs://", "/vsigs/"),
    ("az://", "/vsiaz/"),
];

/// Whether a path is an address: `https://`, `http://`, `s3://`, `gs://` or `az://`.
pub fn is_address(path: &str) -> bool {
    SCHEMES.iter().any(|(scheme, _)| path.starts_with(scheme))
}

/// A file of a server, opened to be read.
pub struct Remote {
    url: String,
    file: Mutex<Handle>,
    size: u64,
}

struct Handle(*mut sys::VSILFILE);

// SAFETY: a handle may be used from any thread, one at a time: the lock around it sees to that.
unsafe impl Send for Handle {}

impl Remote {
    /// Opens a file; `None` where the server says that it has none.
    pub fn open(url: &str) -> Result<Option<Self>> {
        let name = SCHEMES.iter().find_map(|(scheme, own)| {
            let rest = url.strip_prefix(scheme)?;
            Some(format!("{own}{rest}"))
        });
        let name = name.unwrap_or_else(|| format!("/vsicurl/{url}"));
        configure();
        set("CPL_VSIL_CURL_NON_CACHED", &name);
        let name =
            CString::new(name).map_err(|_| Error::input(url, "is not an address", "mend it"))?;
        // SAFETY: the strings end with a zero and outlive the calls.
        let file = unsafe {
            sys::CPLErrorReset();
            sys::VSIFOpenL(name.as_ptr(), c"rb".as_ptr())
        };
        if file.is_null() {
            return absent(url).map(|()| None);
        }
        // SAFETY: the file is open.
        let size = unsafe {
            sys::VSIFSeekL(file, 0, 2);
            sys::VSIFTellL(file)
        };
        Ok(Some(Self {
            url: url.to_owned(),
            file: Mutex::new(Handle(file)),
            size,
        }))
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads from a place on, as much as there is room for; how much that was, or why nothing came.
    pub fn read_at(&self, from: u64, buffer: &mut [u8]) -> std::result::Result<usize, String> {
        let handle = self.file.lock().map_err(|e| e.to_string())?;
        // SAFETY: the file is open, and the buffer as long as what is asked for.
        let read = unsafe {
            sys::VSIFSeekL(handle.0, from, 0);
            sys::VSIFReadL(buffer.as_mut_ptr().cast(), 1, buffer.len() as _, handle.0)
        } as usize;
        if read == 0 && !buffer.is_empty() && from < self.size {
            return Err(format!(
                "nothing came after {from} of {} bytes: {}",
                self.size,
                plainly(&last_error())
            ));
        }
        Ok(read)
    }
}

impl Remote {
    /// The text at an address, read from its beginning to its end; `None` where the server has none. For
    /// what servers make when they are asked, whose length they do not tell.
    pub fn text(url: &str) -> Result<Option<String>> {
        let name = CString::new(format!("/vsicurl_streaming/{url}"))
            .map_err(|_| Error::input(url, "is not an address", "mend it"))?;
        configure();
        // SAFETY: the strings end with a zero and outlive the calls.
        let file = unsafe {
            sys::CPLErrorReset();
            sys::VSIFOpenL(name.as_ptr(), c"rb".as_ptr())
        };
        if file.is_null() {
            return absent(url).map(|()| None);
        }
        let mut remote = Self {
            url: url.to_owned(),
            file: Mutex::new(Handle(file)),
            size: 0,
        };
        let mut bytes = Vec::new();
        let mut piece = vec![0u8; 1 << 16];
        loop {
            let handle = remote
                .file
                .get_mut()
                .map_err(|e| Error::Internal(e.to_string()))?;
            // SAFETY: the file is open, and the buffer as long as what is asked for.
            let read =
                unsafe { sys::VSIFReadL(piece.as_mut_ptr().cast(), 1, piece.len() as _, handle.0) }
                    as usize;
            bytes.extend_from_slice(&piece[..read]);
            if read == 0 {
                break;
            }
            if bytes.len() > LONGEST {
                return Err(Error::input(
                    url,
                    "is longer than any catalogue",
                    "check the address",
                ));
            }
        }
        if bytes.is_empty() {
            return absent(url).map(|()| None);
        }
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| Error::input(url, "is not text", "check the address"))?;
        Ok(Some(text))
    }
}

/// Bytes of the longest text that is read whole.
const LONGEST: usize = 64 << 20;

/// Tells why nothing could be opened; nothing, where the server says that it has none.
fn absent(url: &str) -> Result<()> {
    match last_error() {
        text if text.contains("404") || text.is_empty() => Ok(()),
        text => Err(Error::input(
            url,
            plainly(&text),
            "check the address and the connection",
        )),
    }
}

/// How GDAL is to speak with servers.
fn configure() {
    for (key, value) in [
        (
            "GDAL_HTTP_USERAGENT",
            concat!("millesime/", env!("CARGO_PKG_VERSION")),
        ),
        ("GDAL_HTTP_MAX_RETRY", "2"),
        ("GDAL_HTTP_RETRY_DELAY", "1"),
        ("GDAL_HTTP_CONNECTTIMEOUT", "20"),
        // A server that sends less than this for so long is given up.
        ("GDAL_HTTP_LOW_SPEED_LIMIT", "100"),
        ("GDAL_HTTP_LOW_SPEED_TIME", "30"),
        ("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"),
        ("CPL_VSIL_CURL_CHUNK_SIZE", "1048576"),
    ] {
        set(key, value);
    }
}

fn set(key: &str, value: &str) {
    // Setting an option of a plain name cannot fail.
    let _ = gdal::config::set_config_option(key, value);
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Ok(handle) = self.file.get_mut() {
            // SAFETY: the file is open, and not used after.
            unsafe { sys::VSIFCloseL(handle.0) };
        }
    }
}

fn last_error() -> String {
    // SAFETY: GDAL gives a string that ends with a zero and stays until its next error.
    let text = unsafe { CStr::from_ptr(sys::CPLGetLastErrorMsg()) };
    text.to_string_lossy().into_owned()
}

/// What GDAL says of a server, in words for whoever reads no code of it.
fn plainly(text: &str) -> String {
    if text.contains("Range downloading not supported") {
        return "the server does not send parts of files (range requests); download the folder, or put it \
                on a server that does"
            .to_owned();
    }
    if text.ends_with(": 0") {
        return "no server answers".to_owned();
    }
    text.to_owned()
}
