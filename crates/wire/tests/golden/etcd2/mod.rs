//! The v2 API of etcd 3.4.23 and 3.5.16.

mod auth;
mod error;
mod keys;
mod member;
mod parameters;
mod stats;
mod version;

use std::path::{Path, PathBuf};

use quorate_wire::etcd2::json::{self, Escapes};
use quorate_wire::etcd2::{Meta, path::Route};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{Message, named_in};

/// A server of which there are recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Server {
    version: &'static str,
    escapes: Escapes,
}

const SERVERS: [Server; 2] = [
    Server {
        version: "3.4.23",
        escapes: Escapes::Long,
    },
    Server {
        version: "3.5.16",
        escapes: Escapes::Short,
    },
];

impl Server {
    fn folder(self) -> PathBuf {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        fixtures.join(format!("etcd-{}", self.version))
    }

    fn answer(self, name: &str) -> Message {
        Message::read(&self.folder().join(format!("{name}.http")))
    }

    fn request(self, name: &str) -> Message {
        Message::read(&self.folder().join(format!("{name}.request")))
    }

    /// Recordings by the start of their names, with those statuses.
    fn answers(self, prefix: &str, statuses: &[u16]) -> Vec<(String, Message)> {
        let names = named_in(&self.folder(), prefix).into_iter();
        let all = names.map(|name| (name.clone(), self.answer(&name)));
        let found: Vec<_> = all
            .filter(|(_, answer)| statuses.contains(&answer.status()))
            .filter(|(name, _)| self.request(name).method() != "HEAD")
            .collect();
        assert!(!found.is_empty(), "{}: no {prefix}…", self.version);
        found
    }

    /// Reads a body, writes it again and compares; `end` is what follows the JSON.
    fn again<T: Serialize + DeserializeOwned>(self, name: &str, answer: &Message, end: &str) -> T {
        let value: T = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", answer.text()));
        let mut bytes = json::encode_as(&value, self.escapes).unwrap();
        bytes.extend_from_slice(end.as_bytes());
        let written = String::from_utf8(bytes).unwrap();
        assert_eq!(written, answer.text(), "{} {name}", self.version);
        value
    }
}

fn meta(answer: &Message) -> Meta {
    Meta::from_headers(|name| answer.header(name))
}

#[test]
fn headers_are_read_and_written_as_etcd_writes_them() {
    let mut seen = 0;
    for server in SERVERS {
        for (name, answer) in server.answers("keys-", &[200, 201]) {
            if answer.body.is_empty() {
                continue;
            }
            let meta = meta(&answer);
            assert!(meta.index >= Some(3) && meta.raft_term >= Some(2), "{name}");
            meta.to_headers(|header, value| {
                assert_eq!(answer.header(header), Some(value), "{name}");
                seen += 1;
            });
        }
    }
    assert!(seen > 200, "only {seen} headers were recorded");
}

#[test]
fn every_method_that_is_not_allowed_names_those_that_are() {
    let mut seen = 0;
    for server in SERVERS {
        for name in named_in(&server.folder(), "") {
            let (request, answer) = (server.request(&name), server.answer(&name));
            let path = request.target().split('?').next().unwrap().to_owned();
            // Without an id, members are refused in the same way, but without a header.
            let Some(allow) = answer.header("allow") else {
                continue;
            };
            let route = Route::parse(&path).unwrap();
            assert_eq!((answer.status(), allow), (405, route.allow()), "{name}");
            seen += usize::from(!route.takes(request.method()));
        }
    }
    assert!(seen >= 14, "only {seen} were recorded");
}

#[test]
fn a_path_without_a_route_is_not_found() {
    for server in SERVERS {
        for name in ["keysfoo", "root", "stats-none"] {
            let target = server.request(name).target().to_owned();
            assert_eq!(Route::parse(&target), None, "{name}");
            assert_eq!(server.answer(name).text(), "404 page not found\n");
        }
    }
}
