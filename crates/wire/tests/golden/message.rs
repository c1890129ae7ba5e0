//! The recordings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quorate_wire::consul::QueryMeta;

pub(super) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/consul-1.8.7")
}

/// One recorded message: its first line, its headers in lower case, its unframed body.
pub(super) struct Message {
    first: String,
    headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap().to_owned();
        let headers: BTreeMap<_, _> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut body = bytes[end + 4..].to_vec();
        if headers.contains_key("transfer-encoding") {
            body = unchunk(&body);
        }
        Self {
            first,
            headers,
            body,
        }
    }

    pub(super) fn answer(name: &str) -> Self {
        Self::read(&fixtures().join(format!("{name}.http")))
    }

    pub(super) fn request(name: &str) -> Self {
        Self::read(&fixtures().join(format!("{name}.request")))
    }

    pub(super) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(super) fn target(&self) -> &str {
        self.first.split(' ').nth(1).unwrap()
    }

    pub(super) fn meta(&self) -> QueryMeta {
        QueryMeta::from_headers(|name| self.headers.get(name).map(String::as_str))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(super) fn method(&self) -> &str {
        self.first.split(' ').next().unwrap()
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        rest = &rest[end + 2..];
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

/// The names of all recordings whose name starts with `prefix`, without compressed or indented
/// answers.
pub(super) fn named(prefix: &str) -> Vec<String> {
    let mut names = named_in(&fixtures(), prefix);
    names.retain(|name| !name.contains("gzip") && !name.contains("pretty"));
    assert!(!names.is_empty(), "no recording is called {prefix}…");
    names
}

/// The names of all recordings in a folder whose name starts with `prefix`.
pub(super) fn named_in(folder: &Path, prefix: &str) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        Some(name.strip_suffix(".http")?.to_owned())
    });
    let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names
}
