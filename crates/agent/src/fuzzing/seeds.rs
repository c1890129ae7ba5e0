//! What the fuzzer and the tests begin with: requests that were sent to the real Consul, and texts
//! of each language.

use std::fs;
use std::path::Path;

use percent_encoding::percent_decode_str;

use super::endpoint::ENDPOINTS;
use super::front::state_after;
use crate::etcd3::gateway::fuzzing as etcd3;

/// The longest input that is worth beginning with.
const MAX_BYTES: usize = 4096;

const FILTERS: &[&str] = &[
    r#"Node.Meta["a.b"] == c and (Service.Port == 80 or "b" in Service.Tags)"#,
    r#"not Checks.Status == passing or Service.Meta.none matches "^x+$""#,
    "Service.Tags is not empty and Service.Meta contains rack",
    "Meta[`a b`] != \"\\u00e9\\x41\" and rack not in Meta",
    "Precedence == 0x9 and Meta.a not matches `(?i)B|[[:alpha:]]*`",
    "value.a == b or d in list.c",
    "ServiceTags contains a and Node not contains n",
    "Status != -1_0",
];

const RULES: &[&str] = &[
    "# c\nkey \"a\" { policy = \"read\" } operator=\"read\" // x\nkeyring = \"deny\" acl = \"write\"",
    "key_prefix \"\" { policy = \"list\" } /* b */ service \"web\" { policy = \"write\" intentions = \"read\" }",
    r#"{"key":{"a":{"policy":"read"},"b":{"policy":"write"}},"operator":"read","event":[{"e":{"policy":"deny"}}]}"#,
    "session = { \"n\" = { policy = \"write\" } }\nnode_prefix \"\\u00e9${x}\" { policy = \"read\", }",
    "query \"\" { policy = <<-EOF\n  read\n  EOF\n} agent \"n\" { policy = \"\" }",
    "a = [1, 0x2f, -3.5e7, true, \"x\", { b = [] }]",
];

const TYPES: &[&str] = &[
    "application/x-www-form-urlencoded; charset=utf-8",
    "Multipart/Form-Data;boundary=\"a b\" ;",
];

const TEMPLATES: &[&str] = &[
    "^p-(.*)-(\\d+)$\n${name.full}-${match(1)}-$${x}\np-web-7",
    "(?i:(a|b)*?)[^x-z]\\pL{2,3}\n${match(1+1)*2}${name.suffix}${agent.segment}\nabAB",
    "\n${\"a${name.prefix}\\\"b\"}${6/4}${5%2}${1.5+1}\nx",
    "[[:alpha:]]+\\Qa+\\E(?P<n>.)\n${match(-1)}${(1+2)*3}\nxa+y",
];

/// Bodies for calls of etcd's gateway.
const BODIES: &[(&str, &str)] = &[
    (
        "kv/range",
        r#"{"key":"Zm9v","range_end":"AA==","limit":"5","sort_order":"ASCEND","sort_target":4,"keysOnly":true,"revision":-3}"#,
    ),
    (
        "kv/put",
        r#"{"key":"-_8","value":"YmFy","lease":"9223372036854775807","prev_kv":true,"ignore_value":false}"#,
    ),
    (
        "kv/txn",
        r#"{"compare":[{"key":"YQ==","target":"VERSION","version":"2","result":1}],"success":[{"requestTxn":{"failure":[{"request_range":{"key":"Yg=="}}]}}],"failure":[{"request_put":{"key":"Yg=="}},{"request_delete_range":{"key":"Yg=="}}]}"#,
    ),
    (
        "watch",
        r#"{"create_request":{"key":"YQ==","filters":["NOPUT",1],"start_revision":1e3,"fragment":true}} {"cancel_request":{"watch_id":1}}"#,
    ),
    ("lease/grant", r#"{"TTL":"50","ID":77.0}"#),
    (
        "cluster/member/add",
        r#"{"peerURLs":["http://a:1","http:\/\/b:1"],"isLearner":true}"#,
    ),
    (
        "maintenance/alarm",
        r#"{"action":2,"alarm":"CORRUPT","memberID":18446744073709551615}"#,
    ),
    (
        "auth/role/grant",
        r#"{"name":"r","perm":{"permType":"READWRITE","key":"Zm9v","rangeEnd":null}}"#,
    ),
    (
        "election/proclaim",
        r#"{"leader":{"name":"ZQ==","key":"ZS8x","rev":"4","lease":1},"value":"dg=="}"#,
    ),
];

/// The inputs that `target` begins with. `fixtures` is the folder of the recorded requests.
pub fn seeds(target: &str, fixtures: &Path) -> Vec<Vec<u8>> {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let recorded = || {
        let requests = requests(fixtures);
        assert!(
            !requests.is_empty(),
            "no requests in {}",
            fixtures.display()
        );
        requests
    };
    let etcd = || requests(&fixtures.with_file_name("etcd-3.4.23"));
    let mut seeds: Vec<Vec<u8>> = match target {
        "filter" => {
            let mut found: Vec<Vec<u8>> = texts(FILTERS);
            found.extend(recorded().iter().filter_map(filter));
            found
        }
        "rules" => {
            let mut found: Vec<Vec<u8>> = texts(RULES);
            found.extend(recorded().iter().filter_map(rules));
            found
        }
        "template" => texts(TEMPLATES),
        "target" => recorded().into_iter().map(|it| it.target.into()).collect(),
        "json" => recorded().into_iter().map(|it| it.body).collect(),
        "body" => recorded().iter().filter_map(body).collect(),
        "request" => recorded().into_iter().map(|it| it.bytes).collect(),
        "etcd2_form" => etcd().iter().map(query_and_form).collect(),
        "etcd2_path" => {
            let path = |it: Recorded| {
                it.target
                    .split('?')
                    .next()
                    .map(|path| path.as_bytes().to_vec())
            };
            etcd().into_iter().filter_map(path).collect()
        }
        "etcd2_body" => {
            let mut found: Vec<Vec<u8>> = texts(TYPES);
            found.extend(etcd().into_iter().map(|it| it.body));
            found
        }
        "etcd3_json" => BODIES
            .iter()
            .map(|(path, json)| etcd3::seed(path, json))
            .collect(),
        "etcd3_message" => BODIES
            .iter()
            .filter_map(|(path, json)| etcd3::message_seed(path, json))
            .collect(),
        "snapshot" => states(&seeds("body", fixtures)),
        other => panic!("no target is called {other}"),
    };
    seeds.retain(|seed| !seed.is_empty() && seed.len() <= MAX_BYTES);
    seeds.sort();
    seeds.dedup();
    seeds
}

struct Recorded {
    method: String,
    target: String,
    body: Vec<u8>,
    bytes: Vec<u8>,
}

fn requests(fixtures: &Path) -> Vec<Recorded> {
    let entries = fs::read_dir(fixtures).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let recorded = paths.filter(|path| path.extension().is_some_and(|it| it == "request"));
    recorded
        .filter_map(|path| read(fs::read(path).unwrap()))
        .collect()
}

fn read(bytes: Vec<u8>) -> Option<Recorded> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = str::from_utf8(&bytes[..end]).ok()?;
    let mut words = head.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(Recorded {
        method,
        target,
        body: bytes[end + 4..].to_vec(),
        bytes,
    })
}

fn query_and_form(recorded: &Recorded) -> Vec<u8> {
    let query = recorded.target.split_once('?').map_or("", |it| it.1);
    [query.as_bytes(), b"\n", &recorded.body].concat()
}

fn filter(recorded: &Recorded) -> Option<Vec<u8>> {
    let (_, rest) = recorded.target.split_once("filter=")?;
    let encoded = rest.split('&').next()?.replace('+', " ");
    Some(percent_decode_str(&encoded).collect())
}

fn rules(recorded: &Recorded) -> Option<Vec<u8>> {
    let body: serde_json::Value = serde_json::from_slice(&recorded.body).ok()?;
    Some(body.get("Rules")?.as_str()?.as_bytes().to_vec())
}

fn body(recorded: &Recorded) -> Option<Vec<u8>> {
    let path = recorded.target.split('?').next()?;
    let under = path.rsplit_once('/')?.0;
    let mut endpoints = ENDPOINTS.iter();
    let choice = endpoints.position(|endpoint| {
        let parent = endpoint.target.rsplit_once('/').map(|(parent, _)| parent);
        let same = endpoint.target == path || parent == Some(under);
        endpoint.method == recorded.method && same
    })?;
    let choice = u8::try_from(choice).ok()?;
    let mut input = vec![choice];
    input.extend_from_slice(&recorded.body);
    (!recorded.body.is_empty()).then_some(input)
}

/// The rows of an agent that was sent these, one by one, and all of them together.
fn states(bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let state = state_after(bodies);
    let mut found = vec![state.clone()];
    let mut rest = &state[..];
    while let Some((key, after)) = rest.split_first_chunk::<4>() {
        let (value, _) = after.split_first_chunk::<4>().unwrap();
        let length = |bytes: &[u8; 4]| usize::try_from(u32::from_be_bytes(*bytes)).unwrap();
        let (row, after) = rest.split_at(8 + length(key) + length(value));
        found.push(row.to_vec());
        rest = after;
    }
    found
}
