//! Requests to `/v1/session/`.

use super::{Generator, pool};
use crate::request::{Body, Request};

/// What clients call sessions that never were.
const NO_SESSIONS: [&str; 16] = [
    "",
    "x",
    "11111111-2222-3333-4444-555555555555",
    "11111111-2222-3333-4444-55555555555",
    "11111111-2222-3333-4444-5555555555555",
    "1111111122223333444455555555555555555",
    "111111112222-3333-4444-5555-55555555",
    "g1111111-2222-3333-4444-555555555555",
    "11111111-2222-3333-4444-555555555-55",
    "111111111222233334444555555555555555",
    "1-1-1-1-1-1111111111111111111111111-",
    "%C3%A411111-2222-3333-4444-555555555555",
    "11111111-2222-3333-4444-55555555555/",
    "a/b",
    "AAAAAAAA-2222-3333-4444-555555555555",
    "------------------------------------",
];

const NAMES: [&str; 5] = ["\"\"", "\"lock\"", "\"<n>\"", "\"ä\"", "\"x\\\"y\""];
const TTLS: [&str; 20] = [
    "\"\"",
    "\"30s\"",
    "\"60s\"",
    "\"24h\"",
    "\"1h30m\"",
    "\"25h\"",
    "\"9s\"",
    "\"9.99s\"",
    "\"0s\"",
    "\"0\"",
    "\"-10s\"",
    "\"abc\"",
    "\"1d\"",
    "\"90000ms\"",
    "\"24h0m1s\"",
    "\" 30s\"",
    "30",
    "\"1e3s\"",
    "\"99999999999h\"",
    "\"30S\"",
];
const BEHAVIORS: [&str; 7] = [
    "\"release\"",
    "\"delete\"",
    "\"delete\"",
    "\"delete\"",
    "\"\"",
    "\"x\"",
    "\"Delete\"",
];
/// Over at once, or not before the episode is.
const LOCK_DELAYS: [&str; 23] = [
    "\"60s\"",
    "\"15s\"",
    "\"1m\"",
    "15",
    "60",
    "500",
    "999",
    "1000",
    "0",
    "-1",
    "1.5",
    "1e10",
    "\"500ns\"",
    "\"15\"",
    "\"\"",
    "\"-5s\"",
    "\"x\"",
    "null",
    "true",
    "[]",
    "{}",
    "60000000000",
    "\"1h\"",
];
const NODE_CHECKS: [&str; 12] = [
    "[]",
    "[\"c1\"]",
    "[\"c1\",\"c2\"]",
    "[\"serfHealth\"]",
    "[\"nope\"]",
    "null",
    "[null]",
    "[\"\"]",
    "\"c1\"",
    "[\"c1\",\"c1\"]",
    "[\"C1\"]",
    "[\"serfHealth\",\"c1\"]",
];
const SERVICE_CHECKS: [&str; 11] = [
    "[]",
    "null",
    "[{\"ID\":\"c1\"}]",
    "[{\"ID\":\"service:web\"}]",
    "[{\"id\":\"nope\"}]",
    "[{}]",
    "[null]",
    "[{\"ID\":\"c2\",\"Namespace\":\"x\"}]",
    "[{\"ID\":1}]",
    "[\"c1\"]",
    "[{\"ID\":\"c1\",\"Bogus\":1}]",
];

impl Generator {
    /// A session as an acquire names it, or what is none.
    ///
    /// Not in capitals: Consul shows the name of a holder as it was given, and takes a session for
    /// another one when it is spelt otherwise.
    pub(super) fn locking_session(&mut self) -> String {
        let sessions = self.sessions.clone();
        if sessions.is_empty() || self.one_in(15) {
            return self.pick(&NO_SESSIONS).to_owned();
        }
        // Mostly among few, so that they come back to what they hold.
        let newest = sessions.len().saturating_sub(3);
        let step = match self.one_in(4) {
            true => self.pick(&sessions),
            false => self.pick(&sessions[newest..]),
        };
        format!("⟦s:{step}⟧")
    }

    /// Any session, or what is none.
    pub(super) fn session_name(&mut self) -> String {
        if self.sessions.is_empty() || self.one_in(8) {
            return self.pick(&NO_SESSIONS).to_owned();
        }
        let sessions = self.sessions.clone();
        let step = self.pick(&sessions);
        match self.one_in(20) {
            true => format!("⟦S:{step}⟧"),
            false => format!("⟦s:{step}⟧"),
        }
    }

    /// A node whose checks pass, and a session that they keep alive.
    pub(super) fn plan_tied_session(&mut self) {
        let node = r#"{"Node":"n1","Address":"a","Service":{"Service":"web"},"Checks":[{"CheckID":"c1","Name":"n","Status":"passing"},{"CheckID":"service:web","Name":"n","Status":"passing","ServiceID":"web"}]}"#;
        let checks = self.pick(&[
            r#""NodeChecks":["c1"]"#,
            r#""Checks":["c1"],"NodeChecks":["c1"]"#,
            r#""NodeChecks":["C1","service:web"]"#,
            r#""NodeChecks":[],"ServiceChecks":[{"ID":"service:web"}]"#,
            r#""NodeChecks":[]"#,
        ]);
        let behavior = self.pick(&["release", "delete"]);
        let delay = self.pick(&["0s", "0s", "60s"]);
        let session =
            format!(r#"{{"Node":"n1",{checks},"Behavior":"{behavior}","LockDelay":"{delay}"}}"#);
        let put = |target: &str, body: &str| {
            Request::new("PUT", target).with_body(Body::Text(body.to_owned()))
        };
        self.planned.push_back(put("/v1/catalog/register", node));
        self.planned.push_back(put("/v1/session/create", &session));
    }

    pub(super) fn session_create(&mut self) -> Request {
        let target = "/v1/session/create";
        let request = Request::new("PUT", target);
        if self.one_in(25) {
            return match self.random.below(3) {
                0 => request,
                1 => request.with_body(Body::Text("{}".to_owned())),
                _ => request.with_body(Body::Chunked("{\"Name\":\"x\"}".to_owned())),
            };
        }
        // Most can lock at once.
        let body = if self.one_in(3) {
            let delay = self.pick(&LOCK_DELAYS).to_owned();
            self.session_body(&delay)
        } else {
            self.session_body("\"0s\"")
        };
        let broken = self.one_in(20);
        let mut request = request.with_body(Body::Text(body));
        if broken {
            self.break_body(&mut request);
        }
        request
    }

    fn session_body(&mut self, lock_delay: &str) -> String {
        let required = [("LockDelay", lock_delay.to_owned())];
        let mut optional: Vec<(&str, &[&str])> = vec![("Name", &NAMES), ("Behavior", &BEHAVIORS)];
        if self.one_in(3) {
            optional.push(("TTL", &TTLS));
        }
        if self.one_in(2) {
            optional.push((
                "Node",
                &[
                    "\"node-1\"",
                    "\"n1\"",
                    "\"n1\"",
                    "\"n2\"",
                    "\"NODE-1\"",
                    "\"nobody\"",
                    "\"\"",
                ],
            ));
            optional.push(("NodeChecks", &NODE_CHECKS));
            optional.push(("Checks", &NODE_CHECKS));
            optional.push(("ServiceChecks", &SERVICE_CHECKS));
            optional.push((
                "ID",
                &["\"11111111-2222-3333-4444-555555555555\"", "\"\"", "\"x\""],
            ));
        }
        self.object(&required, &optional)
    }

    pub(super) fn session_destroy(&mut self) -> Request {
        let session = self.session_name();
        Request::new("PUT", format!("/v1/session/destroy/{session}"))
    }

    pub(super) fn session(&mut self) -> Request {
        let session = self.session_name();
        match self.random.below(10) {
            0..3 => self.session_destroy(),
            3 | 4 => Request::new("PUT", format!("/v1/session/renew/{session}")),
            5 | 6 => Request::new("GET", format!("/v1/session/info/{session}")),
            7 => Request::new("GET", format!("/v1/session/node/{}", self.node())),
            _ => Request::new("GET", "/v1/session/list"),
        }
    }

    /// The name of a node, mostly of one that may exist.
    pub(super) fn node(&mut self) -> String {
        match self.random.below(12) {
            0..4 => "node-1".to_owned(),
            4 => self
                .pick(&["NODE-1", "nobody", "", "a/b", "x%20y", "n%C3%B6"])
                .to_owned(),
            _ => self.pick(&["n1", "n2", "N1"]).to_owned(),
        }
    }
}

impl Generator {
    /// A node's name as JSON.
    pub(super) fn node_json(&mut self) -> String {
        match self.one_in(25) {
            true => self.pick(&["\"\"", "\"<n>\"", "\"x y\"", "1"]).to_owned(),
            false => format!("\"{}\"", self.pick(&pool::NODES)),
        }
    }
}
