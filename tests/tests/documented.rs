//! `docs/consul.md`, `docs/etcd-v2.md`, `docs/etcd-v3.md` and `docs/serf.md` name functions and tests: all of
//! them exist.
//! `docs/conformance.md` says which cases prove what: they exist, and each fact and each endpoint has
//! one; of etcd's and Serf's, each case has its row too.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "documented/etcd2.rs"]
mod etcd2;
#[path = "documented/etcd3.rs"]
mod etcd3;
#[path = "documented/serf.rs"]
mod serf;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quorate_testkit::protocol::consul::{self, ENDPOINTS};
use quorate_testkit::protocol::etcd2::cases as etcd2_cases;
use quorate_testkit::protocol::etcd3::cases as etcd3_cases;
use quorate_testkit::protocol::serf::cases as serf_cases;

/// How many functions the two older clients have.
const AT_LEAST: usize = 130;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Every Rust file under `folder`, with its text.
fn sources(folder: &Path) -> Vec<String> {
    let (mut folders, mut texts) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    texts
}

/// The rows of the tables: what the older client calls it, our function, the test.
fn rows(text: &str) -> Vec<(String, String, String)> {
    let lines = text
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("`"));
    let row = |line: &str| {
        let cells: Vec<_> = line
            .split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect();
        assert_eq!(cells.len(), 5, "{line}");
        (cells[1].clone(), cells[2].clone(), cells[3].clone())
    };
    lines.map(row).collect()
}

#[test]
fn every_function_of_the_older_clients_has_ours_and_a_test() {
    let root = root();
    let rows = rows(&std::fs::read_to_string(root.join("docs/consul.md")).unwrap());
    assert!(rows.len() >= AT_LEAST, "only {} rows", rows.len());
    let client = sources(&root.join("crates/consul/src"));
    let mut tests = Vec::new();
    for folder in [
        "crates/consul/src",
        "crates/consul/tests",
        "crates/testkit/src",
        "crates/cli/tests",
        "tests/tests",
    ] {
        tests.extend(sources(&root.join(folder)));
    }
    let mut wrong = BTreeMap::new();
    for (theirs, ours, test) in rows {
        let (owner, function) = ours.split_once("::").unwrap_or_else(|| panic!("{ours}"));
        let defines = |text: &String| {
            let public = [
                format!("pub async fn {function}("),
                format!("pub fn {function}("),
            ];
            text.contains(&format!("impl {owner} {{")) && public.iter().any(|it| text.contains(it))
        };
        // Generic ones have their parameters between name and parenthesis.
        let generic = |text: &String| {
            text.contains(&format!("impl {owner} {{")) && text.contains(&format!("fn {function}<"))
        };
        if !client.iter().any(|text| defines(text) || generic(text)) {
            wrong.insert(theirs.clone(), format!("there is no {ours}"));
        }
        let is_test = |text: &String| text.contains(&format!("fn {test}("));
        if !tests.iter().any(is_test) {
            wrong.insert(theirs, format!("no test is called {test}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// How many rows `docs/conformance.md` has beside those of cases and endpoints.
const RULES_AT_LEAST: usize = 110;

/// The texts between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What the part about etcd begins with.
const ETCD: &str = "\n# What proves that the agent is etcd\n";
const ETCD3: &str = "\n# What proves that the agent is etcd v3\n";
/// How many rows they have at least.
const ETCD_AT_LEAST: usize = 90;
const ETCD3_AT_LEAST: usize = 60;
/// What the part about Serf begins with, and how many rows it has at least.
const SERF: &str = "\n# What proves that the agent is Serf\n";
const SERF_AT_LEAST: usize = 40;

/// What the part about gossip begins with, and how many rows it has at least.
const GOSSIP: &str = "\n# What proves that the gossip is Serf's\n";
const GOSSIP_AT_LEAST: usize = 18;

/// The parts of `docs/conformance.md`: Consul, etcd v2, etcd v3, gossip, Serf.
fn parts() -> [String; 5] {
    let text = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let (consul, etcd) = text.split_once(ETCD).unwrap();
    let (etcd2, etcd3) = etcd.split_once(ETCD3).unwrap();
    let (etcd3, gossip) = etcd3.split_once(GOSSIP).unwrap();
    let (gossip, serf) = gossip.split_once(SERF).unwrap();
    [consul, etcd2, etcd3, gossip, serf].map(str::to_owned)
}

/// The rows about Consul.
fn proofs() -> Vec<(String, Vec<String>)> {
    rows_of(&parts()[0])
}

/// The rows of a part of `docs/conformance.md`: what they are about, and the cases that prove it.
fn rows_of(text: &str) -> Vec<(String, Vec<String>)> {
    let lines = text.lines().filter(|line| line.starts_with("| "));
    let rows = lines.map(|line| {
        let cells: Vec<_> = line.split(" |").map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        let cases = quoted(cells[2]).map(str::to_owned).collect();
        (cells[0].trim_start_matches("| ").to_owned(), cases)
    });
    let headings = ["Case", "Endpoint", "Rule", "Read"];
    rows.filter(|(subject, _)| !headings.contains(&&**subject))
        .collect()
}

#[test]
fn every_row_of_the_conformance_page_has_cases_that_exist() {
    let known: BTreeSet<String> = consul::cases().iter().map(|case| case.name()).collect();
    let wrong = unproved(&proofs(), &known);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_row_about_etcd_and_serf_has_cases_and_every_case_has_a_row() {
    let [_, etcd2, etcd3, _, serf] = parts();
    let known = etcd2_cases().iter().map(|case| case.name()).collect();
    both_ways(&etcd2, &known, ETCD_AT_LEAST);
    let known = etcd3_cases().iter().map(|case| case.name()).collect();
    both_ways(&etcd3, &known, ETCD3_AT_LEAST);
    let known = serf_cases().iter().map(|case| case.name()).collect();
    both_ways(&serf, &known, SERF_AT_LEAST);
}

#[test]
fn every_row_about_gossip_names_tests_that_exist() {
    let rows = rows_of(&parts()[3]);
    assert!(rows.len() >= GOSSIP_AT_LEAST, "only {} rows", rows.len());
    let places = ["crates/gossip", "crates/cli/tests/serf_clusters"];
    let code = places.map(|place| sources(&root().join(place)).concat());
    let code = code.concat();
    let named = rows.iter().flat_map(|(_, tests)| tests);
    let exists = |test: &&String| {
        // The trials with real programs have their names as texts.
        code.contains(&format!("fn {test}(")) || code.contains(&format!("\"{test}\""))
    };
    let known = named.filter(exists).cloned().collect();
    let wrong = unproved(&rows, &known);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn both_ways(part: &str, known: &BTreeSet<String>, at_least: usize) {
    let rows = rows_of(part);
    assert!(rows.len() >= at_least, "only {} rows", rows.len());
    let wrong = unproved(&rows, known);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let named: BTreeSet<_> = rows.into_iter().flat_map(|(_, cases)| cases).collect();
    let missing: Vec<_> = known.difference(&named).collect();
    assert!(missing.is_empty(), "no row names {missing:#?}");
}

/// What is wrong with rows: nothing proves them, or what does not exist.
fn unproved(rows: &[(String, Vec<String>)], known: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (subject, cases) in rows {
        if cases.is_empty() {
            wrong.push(format!("{subject}: nothing proves it"));
        }
        let missing = cases.iter().filter(|case| !known.contains(*case));
        wrong.extend(missing.map(|case| format!("{subject}: no case is called {case}")));
    }
    wrong
}

#[test]
fn each_of_the_forty_cases_has_its_row_and_its_rows_cases() {
    let proofs = proofs();
    let numbered = |subject: &str| subject.strip_prefix('C')?.parse::<u32>().ok();
    let rows: BTreeMap<u32, &Vec<String>> = proofs
        .iter()
        .filter_map(|(subject, cases)| Some((numbered(subject)?, cases)))
        .collect();
    assert_eq!(
        rows.keys().copied().collect::<Vec<_>>(),
        (1..=40).collect::<Vec<_>>()
    );
    for case in consul::cases() {
        let name = case.name();
        let number = name.strip_prefix('c').and_then(|rest| rest.get(..2));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            assert!(
                rows[&number].contains(&name),
                "C{number} does not name {name}"
            );
        }
    }
    let others = proofs
        .iter()
        .filter(|(subject, _)| numbered(subject).is_none());
    let rules = others.filter(|(subject, _)| !subject.contains(" /v1/"));
    let rules = rules.count();
    assert!(rules >= RULES_AT_LEAST, "only {rules} rows of rules");
}

/// The methods and paths of a row such as `` `GET,PUT /v1/a/:name?flag` ``; a name ends its path.
fn endpoints_of(subject: &str) -> Vec<(String, String)> {
    let Some((methods, target)) = quoted(subject).next().and_then(|it| it.split_once(" /v1/"))
    else {
        return Vec::new();
    };
    let path = target.split([':', '?']).next().unwrap_or(target);
    let pair = |method: &str| (method.to_owned(), path.to_owned());
    methods.split(',').map(pair).collect()
}

#[test]
fn every_endpoint_has_a_row_of_the_conformance_page() {
    let rows: BTreeSet<_> = proofs()
        .iter()
        .flat_map(|(subject, _)| endpoints_of(subject))
        .collect();
    let known: BTreeSet<_> = ENDPOINTS
        .iter()
        .flat_map(|(path, methods)| {
            let pair = |method: &str| (method.to_owned(), (*path).to_owned());
            methods.split(',').map(pair).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(rows, known);
}

#[test]
fn every_endpoint_of_the_agent_is_in_the_table_of_endpoints() {
    let known: BTreeSet<&str> = ENDPOINTS.iter().map(|(path, _)| *path).collect();
    let mut served = BTreeSet::new();
    for text in sources(&root().join("crates/agent/src/consul")) {
        for call in text.split("Endpoint::").skip(1) {
            let Some((constructor, rest)) = call.split_once('(') else {
                continue;
            };
            let path = rest.trim_start().strip_prefix('"');
            let path = path.and_then(|rest| rest.split('"').next());
            if let ("get" | "put" | "new", Some(path)) = (constructor, path) {
                served.insert(path.to_owned());
            }
        }
    }
    let served: BTreeSet<&str> = served.iter().map(String::as_str).collect();
    assert_eq!(served, known);
}
