//! Requests to `/v1/catalog/`, `/v1/health/` and `/v1/status/`.

use super::{Generator, pool};
use crate::request::{Body, Request};

const STATUSES: [&str; 8] = [
    "\"passing\"",
    "\"passing\"",
    "\"critical\"",
    "\"critical\"",
    "\"warning\"",
    "\"\"",
    "\"x\"",
    "\"maintenance\"",
];
const ADDRESSES: [&str; 6] = [
    "\"10.0.0.1\"",
    "\"10.0.0.2\"",
    "\"h\"",
    "\"\"",
    "\"::1\"",
    "\"ä\"",
];
const MAPS: [&str; 6] = [
    "{}",
    "{\"a\":\"b\"}",
    "{\"z\":\"1\",\"a\":\"2\"}",
    "null",
    "{\"a\":1}",
    "{\"a\":null}",
];
const IDS: [&str; 8] = [
    "\"\"",
    "\"aaaaaaaa-0000-0000-0000-000000000001\"",
    "\"aaaaaaaa-0000-0000-0000-000000000002\"",
    "\"AAAAAAAA-0000-0000-0000-000000000001\"",
    "\"x\"",
    "\"aaaaaaaa-0000-0000-0000-00000000000\"",
    "null",
    "\"zaaaaaaa-0000-0000-0000-000000000001\"",
];
const FLAGS: [&str; 4] = ["true", "false", "true", "null"];

impl Generator {
    pub(super) fn catalog(&mut self) -> Request {
        match self.random.below(10) {
            0..7 => self.catalog_write(),
            7 => Request::new("GET", "/v1/catalog/nodes"),
            8 => {
                let labels = self.pick(&["a:b", "a:2", "x", "a", ":", "a:b&node-meta=z:1", ""]);
                Request::new("GET", format!("/v1/catalog/nodes?node-meta={labels}"))
            }
            _ => {
                let node = self.node();
                Request::new("GET", format!("/v1/catalog/node/{node}"))
            }
        }
    }

    pub(super) fn catalog_write(&mut self) -> Request {
        let (target, body) = match self.one_in(3) {
            true => ("/v1/catalog/deregister", self.deregistration()),
            false => ("/v1/catalog/register", self.registration()),
        };
        let mut request = Request::new("PUT", target).with_body(Body::Text(body));
        if self.one_in(20) {
            self.break_body(&mut request);
        }
        request
    }

    fn deregistration(&mut self) -> String {
        let required = [("Node", self.node_json())];
        let mut optional: Vec<(&str, &[&str])> = Vec::new();
        match self.random.below(4) {
            0 => optional.push(("ServiceID", &["\"web\"", "\"db\"", "\"\"", "\"nope\""])),
            1 | 2 => optional.push((
                "CheckID",
                &["\"c1\"", "\"c2\"", "\"service:web\"", "\"\"", "\"nope\""],
            )),
            _ => {}
        }
        if self.one_in(8) {
            optional.push(("Datacenter", &["\"dc1\"", "\"\"", "\"x\""]));
            optional.push(("Address", &["\"x\"", "1"]));
            optional.push(("Namespace", &["\"\"", "\"x\""]));
            optional.push(("WriteRequest", &["{}"]));
        }
        self.object(&required, &optional)
    }

    fn registration(&mut self) -> String {
        let node = self.node_json();
        let mut required = vec![
            ("Node", node),
            ("Address", self.pick(&ADDRESSES).to_owned()),
        ];
        match self.random.below(8) {
            0..3 => required.push(("Check", self.check())),
            3 => required.push(("Checks", format!("[{},{}]", self.check(), self.check()))),
            4 => required.push(("Service", self.service())),
            5 => {
                required.push(("Service", self.service()));
                required.push(("Check", self.check()));
            }
            _ => {}
        }
        let mut optional: Vec<(&str, &[&str])> = vec![("NodeMeta", &MAPS)];
        if self.one_in(4) {
            optional.push(("ID", &IDS));
            optional.push(("TaggedAddresses", &MAPS));
            optional.push(("SkipNodeUpdate", &FLAGS));
        }
        if self.one_in(8) {
            optional.push(("Datacenter", &["\"dc1\"", "\"\"", "\"x\""]));
            optional.push(("WriteRequest", &["{}"]));
            optional.push(("Checks", &["[]", "null", "{}", "[null]", "[1]"]));
            optional.push(("Check", &["{}", "null", "[]"]));
            optional.push(("Service", &["{}", "null", "[]"]));
        }
        self.object(&required, &optional)
    }

    fn check(&mut self) -> String {
        let id = format!("\"{}\"", self.pick(&pool::CHECKS));
        let required = [
            ("CheckID", id),
            ("Name", "\"n\"".to_owned()),
            ("Status", self.pick(&STATUSES).to_owned()),
        ];
        let mut optional: Vec<(&str, &[&str])> = vec![("Output", &["\"o\"", "\"<o>\"", "\"\""])];
        if self.one_in(4) {
            optional.push(("Node", &["\"n1\"", "\"n2\"", "\"\"", "\"N1\""]));
            optional.push(("ServiceID", &["\"web\"", "\"\"", "\"nope\""]));
            optional.push(("Notes", &["\"x\""]));
            optional.push(("Type", &["\"ttl\"", "\"\""]));
            optional.push(("ServiceName", &["\"x\""]));
            optional.push(("ServiceTags", &["[\"t\"]", "null"]));
            optional.push(("Definition", &DEFINITIONS));
        }
        self.object(&required, &optional)
    }

    fn service(&mut self) -> String {
        let required = [(
            "Service",
            self.pick(&["\"web\"", "\"db\"", "\"web\"", "\"\""])
                .to_owned(),
        )];
        let mut optional: Vec<(&str, &[&str])> = vec![
            ("ID", &["\"web\"", "\"web-2\"", "\"\""]),
            ("Port", &["80", "0", "-1", "70000", "1.5"]),
            ("Tags", &["[]", "[\"t\"]", "[\"b\",\"a\"]", "null"]),
        ];
        if self.one_in(4) {
            optional.push(("Address", &ADDRESSES));
            optional.push(("Meta", &MAPS));
            optional.push((
                "Weights",
                &[
                    "{\"Passing\":2,\"Warning\":1}",
                    "null",
                    "{}",
                    "{\"Passing\":2}",
                    "{\"Passing\":-1}",
                ],
            ));
            optional.push(("EnableTagOverride", &FLAGS));
        }
        self.object(&required, &optional)
    }

    pub(super) fn health(&mut self) -> Request {
        let state = [
            "any", "passing", "critical", "warning", "x", "", "any/x", "PASSING",
        ];
        let target = match self.random.below(12) {
            0..5 => format!("/v1/health/node/{}", self.node()),
            5..9 => format!("/v1/health/state/{}", self.pick(&state)),
            9 => "/v1/status/leader".to_owned(),
            10 => "/v1/status/peers".to_owned(),
            _ => "/v1/catalog/datacenters".to_owned(),
        };
        Request::new("GET", target)
    }
}

const DEFINITIONS: [&str; 8] = [
    "{}",
    "null",
    "{\"HTTP\":\"http://x\",\"Interval\":\"10s\"}",
    "{\"TCP\":\"x:1\",\"Timeout\":\"1500ms\"}",
    "{\"Interval\":10}",
    "{\"Bogus\":1}",
    "{\"Interval\":\"x\"}",
    "[]",
];
