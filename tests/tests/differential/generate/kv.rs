//! Requests to `/v1/kv/`.

use super::{Generator, add_parameter, pool};
use crate::request::{Body, Request};

/// The longest value that Consul takes.
const LIMIT: usize = 512 * 1024;

impl Generator {
    /// A key as it stands in a path.
    pub(super) fn key_path(&mut self) -> String {
        match self.random.below(40) {
            0 => self.pick(&pool::ODD_KEYS).to_owned(),
            1 => format!("⟦e⟧{}", self.pick(&pool::ODD_KEYS)),
            _ => format!("⟦e⟧{}", self.pick(&pool::KEYS)),
        }
    }

    fn number(&mut self, path: &str) -> String {
        match (self.random.below(4), self.indexes.get(path)) {
            (0, _) => self.pick(&pool::NUMBERS).to_owned(),
            (1, _) => "0".to_owned(),
            (_, Some(step)) => format!("⟦i:{step}⟧"),
            _ => "1".to_owned(),
        }
    }

    /// A release of what was acquired, if anything was.
    fn release_again(&mut self) -> Option<Request> {
        let newest = self.acquired.len().checked_sub(1)?;
        let oldest = newest.saturating_sub(2) as u64;
        let at = self.between(oldest, newest as u64) as usize;
        let (path, session) = &self.acquired[at];
        let target = format!("{path}?release={session}");
        let value = self.pick(&pool::VALUES).to_owned();
        Some(Request::new("PUT", target).with_body(Body::Text(value)))
    }

    pub(super) fn kv_put(&mut self) -> Request {
        if self.one_in(12)
            && let Some(release) = self.release_again()
        {
            return release;
        }
        let path = format!("/v1/kv/{}", self.key_path());
        let mut target = path.clone();
        if self.one_in(6) {
            let flags = self.pick(&pool::NUMBERS);
            add_parameter(&mut target, &format!("flags={flags}"));
        }
        let modes = match self.random.below(40) {
            0 => 2,
            1..14 => 0,
            _ => 1,
        };
        for _ in 0..modes {
            let mode = match self.random.below(7) {
                0 | 1 => format!("cas={}", self.number(&path)),
                // The lock-delay of a key that another episode has too might end within it.
                2..5 if path.contains('⟦') => format!("acquire={}", self.locking_session()),
                _ => format!("release={}", self.locking_session()),
            };
            add_parameter(&mut target, &mode);
        }
        let body = match self.random.below(150) {
            0 => Body::Filled(LIMIT),
            1 => Body::Filled(LIMIT - 1),
            2 => Body::Filled(LIMIT + 1),
            3 => Body::Bytes(vec![0, 0xff, 0xfe, b'<', 0x80]),
            4 => Body::Chunked(self.pick(&pool::VALUES).to_owned()),
            _ => Body::Text(self.pick(&pool::VALUES).to_owned()),
        };
        Request::new("PUT", target).with_body(body)
    }

    pub(super) fn kv_get(&mut self) -> Request {
        let mut target = format!("/v1/kv/{}", self.key_path());
        match self.random.below(10) {
            0..3 => add_parameter(&mut target, "recurse"),
            3 | 4 => add_parameter(&mut target, "keys"),
            5 => {
                add_parameter(&mut target, "keys");
                let separator = self.pick(&[
                    "separator=/",
                    "separator=/",
                    "separator=b",
                    "separator=",
                    "seperator=/",
                    "separator=a/",
                    "separator=%C3%A4",
                    "separator",
                    "separator=%ff",
                ]);
                add_parameter(&mut target, separator);
            }
            6 => add_parameter(&mut target, "raw"),
            _ => {}
        }
        if self.one_in(20) {
            let root = self.pick(&["?recurse", "?keys", "?keys&separator=/", "?recurse&raw", ""]);
            target = format!("/v1/kv/{root}");
        }
        Request::new("GET", target)
    }

    pub(super) fn kv_delete(&mut self) -> Request {
        let path = format!("/v1/kv/{}", self.key_path());
        let mut target = path.clone();
        match self.random.below(6) {
            0 => add_parameter(&mut target, "recurse"),
            1 | 2 => {
                let cas = self.number(&path);
                add_parameter(&mut target, &format!("cas={cas}"));
            }
            3 if self.one_in(5) => add_parameter(&mut target, "recurse&cas=1"),
            _ => {}
        }
        Request::new("DELETE", target)
    }
}
