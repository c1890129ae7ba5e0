//! Requests to `/v1/txn`.

use super::{Generator, pool};
use crate::request::{Body, Request};

const VERBS: [&str; 14] = [
    "set",
    "set",
    "set",
    "cas",
    "lock",
    "unlock",
    "get",
    "get-tree",
    "check-index",
    "check-session",
    "check-not-exists",
    "delete",
    "delete-tree",
    "delete-cas",
];
const BAD_VERBS: [&str; 5] = ["", "SET", "put", "get-or-empty", "<x>"];
const KEYS: [&str; 12] = [
    "a",
    "a",
    "a/b",
    "a/b/c",
    "ab",
    "b",
    "a/",
    "/a",
    "a//b",
    "ä/x",
    "",
    "a\\u0000b",
];
const VALUES: [&str; 22] = [
    "\"\"",
    "\"YQ==\"",
    "\"YQ==\"",
    "\"YmM=\"",
    "\"AAEC\"",
    "null",
    "\"YQ\"",
    "\"YQ=\"",
    "\"Y\"",
    "\"*\"",
    "\"YQ==YQ==\"",
    "\"YQ==\\n\"",
    "\"Y\\nQ==\"",
    "\"YR==\"",
    "\" YQ==\"",
    "\"YQ= =\"",
    "\"====\"",
    "\"YWJj*\"",
    "\"YWJjZA\"",
    "\"_-==\"",
    "\"YWJjZ===\"",
    "\"ä\"",
];
const LENGTHS: [usize; 6] = [0, 63, 64, 65, 66, 128];

impl Generator {
    pub(super) fn txn(&mut self) -> Request {
        if self.one_in(25) {
            let body = self.pick(&pool::NO_JSON).to_owned();
            return Request::new("PUT", "/v1/txn").with_body(Body::Text(body));
        }
        let count = match self.random.below(30) {
            0 => self.pick(&LENGTHS),
            1..12 => 1,
            _ => self.between(1, 6) as usize,
        };
        let ops: Vec<_> = (0..count).map(|_| self.op()).collect();
        let mut request =
            Request::new("PUT", "/v1/txn").with_body(Body::Text(format!("[{}]", ops.join(","))));
        if self.one_in(15) {
            self.break_body(&mut request);
        }
        request
    }

    fn op(&mut self) -> String {
        if self.one_in(60) {
            let odd = [
                "{}",
                "null",
                "{\"KV\":null}",
                "{\"KV\":{}}",
                "1",
                "\"x\"",
                "[]",
                "{\"Bogus\":1}",
                "{\"kv\":{\"Verb\":\"get\",\"Key\":\"a\"}}",
                "{\"KV\":[]}",
                "{\"KV\":\"x\"}",
                "{\"Node\":null}",
                "{\"KV\":{\"Verb\":\"set\",\"Key\":\"a\"},\"KV\":null}",
                "{\"KV\":{\"Verb\":\"set\",\"Key\":\"a\"},\"KV\":{\"Key\":\"b\"}}",
                "{\"Node\":{\"Verb\":\"get\",\"Node\":{\"Node\":\"node-1\"}}}",
            ];
            return self.pick(&odd).to_owned();
        }
        let verb = match self.one_in(40) {
            true => self.pick(&BAD_VERBS),
            false => self.pick(&VERBS),
        };
        let key = match self.one_in(40) && verb != "lock" {
            true => self.pick(&KEYS).to_owned(),
            false => format!("⟦e⟧{}", self.pick(&KEYS)),
        };
        let mut required = vec![
            ("Verb", format!("\"{verb}\"")),
            ("Key", format!("\"{key}\"")),
        ];
        if matches!(verb, "set" | "cas" | "lock" | "unlock") || self.one_in(20) {
            let value = match self.one_in(15) {
                true => self.pick(&VALUES),
                false => self.pick(&VALUES[..5]),
            };
            required.push(("Value", value.to_owned()));
        }
        if matches!(verb, "cas" | "check-index" | "delete-cas") {
            let path = format!("/v1/kv/{key}");
            let index = match (self.random.below(3), self.indexes.get(&path)) {
                (0, _) => "0".to_owned(),
                (_, Some(step)) => format!("⟦i:{step}⟧"),
                _ => "1".to_owned(),
            };
            required.push(("Index", index));
        }
        if matches!(verb, "lock" | "unlock" | "check-session") {
            let session = match self.one_in(10) {
                true => String::new(),
                false => self.locking_session(),
            };
            required.push(("Session", format!("\"{session}\"")));
        }
        let op = self.object(&required, &[("Flags", &["0", "7", "18446744073709551615"])]);
        let name = match self.one_in(60) {
            true => self.pick(&["kv", "Kv", "KVX"]),
            false => "KV",
        };
        format!("{{\"{name}\":{op}}}")
    }
}
