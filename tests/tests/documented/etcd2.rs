//! `docs/etcd-v2.md`: every method, option and exception of pyetcd, link.etcd, python-etcd and
//! `etcdctl` has ours and a test, and all of them exist.

use std::collections::{BTreeMap, BTreeSet};

use quorate_wire::etcd2::ErrorCode;

use crate::{root, rows, sources};

/// How many rows the tables have at least.
const AT_LEAST: usize = 150;

fn documented() -> Vec<(String, String, String)> {
    rows(&std::fs::read_to_string(root().join("docs/etcd-v2.md")).unwrap())
}

/// The text of each file. What a macro writes of a builder counts as the text of who calls it.
pub(crate) fn sources_of(folders: &[&str]) -> Vec<String> {
    let setters = std::fs::read_to_string(root().join("crates/net/src/servers.rs")).unwrap();
    let texts = folders
        .iter()
        .flat_map(|folder| sources(&root().join(folder)));
    let whole = |text: String| match text.contains("quorate_net::server_setters!(") {
        true => text + &setters,
        false => text,
    };
    texts.map(whole).collect()
}

/// Whether `text` has the function, field or variant `name` of `owner`; modules have small letters.
fn defines(text: &str, owner: &str, name: &str) -> bool {
    let begins = |starts: &[String]| {
        let begins = |line: &str| {
            let words = ["pub(crate) ", "pub ", "async ", "const "];
            let line = words.iter().fold(line.trim_start(), |line, word| {
                line.strip_prefix(word).unwrap_or(line)
            });
            starts.iter().any(|start| line.starts_with(start))
        };
        text.lines().any(begins)
    };
    let is_module = owner.starts_with(char::is_lowercase);
    let owners = [
        format!("impl {owner} {{"),
        format!("impl<T> {owner}<"),
        format!("struct {owner} {{"),
        format!("enum {owner} {{"),
        format!("struct {owner}<"),
    ];
    let names = [
        format!("fn {name}("),
        format!("fn {name}<"),
        format!("{name}: "),
        format!("{name},"),
        format!("{name} = "),
    ];
    // Guards are given their common methods by a macro: `held!(LockGuard, "the lock", is_held, …)`.
    let held = format!("held!({owner},");
    let mut given = text.lines().filter(|line| line.starts_with(&held));
    let among = |line: &str| line.split([',', ')']).any(|word| word.trim() == name);
    (is_module || begins(&owners)) && begins(&names) || given.any(among)
}

#[test]
fn everything_of_the_older_clients_of_etcd_has_ours_and_a_test() {
    let documented = documented();
    assert!(
        documented.len() >= AT_LEAST,
        "only {} rows",
        documented.len()
    );
    let code = sources_of(&[
        "crates/etcd/src",
        "crates/wire/src/etcd2",
        "crates/quorate/src",
    ]);
    let verbs = sources_of(&["crates/cli/src/args/etcd2"]).concat();
    let tests = sources_of(&[
        "crates/etcd",
        "crates/wire/src/etcd2",
        "crates/net",
        "crates/quorate",
        "crates/testkit/src/protocol",
        "crates/cli",
        "tests/tests",
    ]);
    let wrong = missing(documented, &code, &verbs, &tests);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What of these rows does not exist: the function or command, or the test.
pub(crate) fn missing(
    documented: Vec<(String, String, String)>,
    code: &[String],
    verbs: &str,
    tests: &[String],
) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    for (theirs, ours, test) in documented {
        let found = match ours.split_once("::") {
            Some((owner, name)) => code.iter().any(|text| defines(text, owner, name)),
            None => verbs.contains(&format!("quorate {ours}")),
        };
        if !found {
            wrong.insert(theirs.clone(), format!("there is no {ours}"));
        }
        if !tests
            .iter()
            .any(|text| text.contains(&format!("fn {test}(")))
        {
            wrong.insert(theirs, format!("no test is called {test}"));
        }
    }
    wrong
}

#[test]
fn every_code_has_the_exception_that_pyetcd_has_for_it() {
    let mut codes = BTreeSet::new();
    for (theirs, ours, _) in documented() {
        let (Some(number), Some(variant)) = (
            theirs
                .split(['(', ')'])
                .nth(1)
                .and_then(|number| number.parse().ok()),
            ours.strip_prefix("ErrorCode::"),
        ) else {
            continue;
        };
        let code = ErrorCode::from_code(number);
        assert_eq!(format!("{code:?}"), variant, "{theirs}");
        codes.insert(code.code());
    }
    let all: BTreeSet<u16> = ErrorCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes, all);
}

/// The options of `middleware.conf`, and the attributes of `EtcdResult`.
const NAMES: [&str; 31] = [
    "host",
    "port",
    "srv_domain",
    "version_prefix",
    "read_timeout",
    "allow_redirect",
    "protocol",
    "cert",
    "ca_cert",
    "username",
    "password",
    "allow_reconnect",
    "use_proxies",
    "expected_cluster_id",
    "per_host_pool_size",
    "action",
    "followers",
    "health",
    "id",
    "leader",
    "leaderInfo",
    "name",
    "node",
    "prevNode",
    "recvAppendRequestCnt",
    "sendAppendRequestCnt",
    "startTime",
    "state",
    "version_etcdcluster",
    "version_etcdserver",
    "x_etcd_index",
];

#[test]
fn no_option_and_no_attribute_is_left_out() {
    let documented = documented();
    let has = |name: &str| {
        let mut theirs = documented.iter().map(|(theirs, _, _)| theirs.as_str());
        theirs.any(|it| it.split([' ', ':']).next() == Some(name))
    };
    let missing: Vec<_> = NAMES.into_iter().filter(|name| !has(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
