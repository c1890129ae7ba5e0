//! What the real Consul 1.8.7 answered, recorded by `scripts/capture-fixtures`.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::exchange::Answer;

/// One recorded exchange of `crates/wire/fixtures/`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fixture {
    /// Its name, such as `kv-get-locked`.
    pub name: String,
    /// What is worth seeing in it; often empty, where the name says it.
    pub about: String,
    /// The method of the request.
    pub method: String,
    /// Path and query of the request, as sent.
    pub target: String,
    /// The bytes of the request.
    pub request: Vec<u8>,
    /// The bytes of the answer, with framing and compression.
    pub response: Vec<u8>,
}

impl Fixture {
    /// The exchange of this name.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] when there is none.
    pub fn load(name: &str) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("no fixture {name}"));
        let index = index()?;
        read(name, index["exchanges"].get(name).ok_or_else(missing)?)
    }

    /// All of them, in the order in which they were recorded.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    pub fn all() -> io::Result<Vec<Self>> {
        let index = index()?;
        let rows = index["exchanges"].as_object().into_iter().flatten();
        let mut all = rows
            .map(|(name, row)| read(name, row))
            .collect::<io::Result<Vec<_>>>()?;
        // serde_json sorts by name; the file is in the order of the recording.
        let text = std::fs::read_to_string(folder().join("index.json"))?;
        all.sort_by_key(|fixture| text.find(&format!("\"{}\":", fixture.name)));
        Ok(all)
    }

    /// The body of the request.
    pub fn request_body(&self) -> &[u8] {
        let head = self
            .request
            .windows(4)
            .position(|window| window == b"\r\n\r\n");
        head.map_or(&[], |at| &self.request[at + 4..])
    }

    /// The answer, taken apart.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] when the recording is damaged.
    pub fn answer(&self) -> io::Result<Answer> {
        let whole = Answer::parse(&self.method, &self.response)?;
        whole.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the recording is cut"))
    }
}

/// Where the recordings of Consul 1.8.7 are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/fixtures/consul-1.8.7")
}

fn index() -> io::Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(
        folder().join("index.json"),
    )?)?)
}

fn read(name: &str, row: &Value) -> io::Result<Fixture> {
    let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    Ok(Fixture {
        name: name.to_owned(),
        about: text("about"),
        method: text("method"),
        target: text("target"),
        request: std::fs::read(folder().join(format!("{name}.request")))?,
        response: std::fs::read(folder().join(format!("{name}.http")))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_is_whole_and_listed() {
        let all = Fixture::all().unwrap();
        assert!(all.len() > 250, "{}", all.len());
        for fixture in &all {
            let answer = fixture.answer().unwrap();
            assert_eq!(answer.wire_len, fixture.response.len(), "{}", fixture.name);
            let start = format!("{} {} HTTP/1.1\r\n", fixture.method, fixture.target);
            assert!(
                fixture.request.starts_with(start.as_bytes()),
                "{}",
                fixture.name
            );
        }
        let files = std::fs::read_dir(folder()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        assert_eq!(
            names.filter(|name| name.ends_with(".http")).count(),
            all.len()
        );
    }

    #[test]
    fn recordings_are_in_the_order_of_their_making() {
        let all = Fixture::all().unwrap();
        let at = |name: &str| all.iter().position(|fixture| fixture.name == name).unwrap();
        assert_eq!(at("kv-get-empty-store"), 0);
        assert!(
            at("kv-put") < at("kv-get"),
            "a key is written before it is read"
        );
    }

    #[test]
    fn a_name_that_is_not_recorded_is_not_found() {
        assert_eq!(
            Fixture::load("nothing").unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        let put = Fixture::load("kv-put").unwrap();
        assert_eq!(put.request_body(), b"quorate");
        assert_eq!(put.answer().unwrap().text(), "true");
    }
}
