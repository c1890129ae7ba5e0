//! `docs/consul.md` names functions and tests: all of them exist.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
