//! The workspace keeps the promises that its documents make about it.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What each crate may depend on within the workspace (ARCHITECTURE.md, "Crates").
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("quorate-wire", &[]),
    ("quorate-net", &[]),
    ("quorate-consul", &["quorate-wire", "quorate-net"]),
    ("quorate-etcd-proto", &[]),
    (
        "quorate-etcd",
        &["quorate-wire", "quorate-net", "quorate-etcd-proto"],
    ),
    ("quorate-serf", &["quorate-wire", "quorate-net"]),
    ("quorate-gossip", &["quorate-wire", "quorate-net"]),
    (
        "quorate-agent",
        &[
            "quorate-wire",
            "quorate-net",
            "quorate-etcd-proto",
            "quorate-gossip",
        ],
    ),
    (
        "quorate",
        &[
            "quorate-net",
            "quorate-consul",
            "quorate-etcd",
            "quorate-serf",
            "quorate-agent",
        ],
    ),
];

/// Crates of the upper layers may depend on anything below them.
const UPPER: &[&str] = &[
    "quorate-cli",
    "quorate-testkit",
    "quorate-conformance",
    "quorate-examples",
    "quorate-benches",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The machine's own target: what other systems would need was never downloaded.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap()
        .to_owned()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &host()])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Each member of the workspace with the members that it depends on outside of tests.
fn members(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let ids = metadata["workspace_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let packages = packages
        .iter()
        .filter(|package| ids.contains(&package["id"]));
    packages
        .map(|package| {
            let depends = package["dependencies"].as_array().unwrap().iter();
            let depends = depends.filter(|d| text(d, "kind") != "dev");
            let depends = depends.map(|d| text(d, "name").to_owned());
            let depends = depends.filter(|name| name.starts_with("quorate")).collect();
            (text(package, "name").to_owned(), depends)
        })
        .collect()
}

#[test]
fn dependencies_point_downwards_only() {
    let members = members(&metadata());
    for (name, depends) in &members {
        if UPPER.contains(&name.as_str()) {
            continue;
        }
        let (_, allowed) = MAY_DEPEND_ON
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{name} has no row in the table of layers"));
        for dependency in depends {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} depends on {dependency}"
            );
        }
    }
}

#[test]
fn every_licence_is_one_that_is_allowed() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let list = deny
        .split_once("allow = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    let allowed: BTreeSet<_> = list.split('"').skip(1).step_by(2).collect();
    assert!(allowed.contains("MIT"), "{allowed:?}");
    for package in metadata()["packages"].as_array().unwrap() {
        let licence = text(package, "license").replace('/', " OR ");
        let fits = |term: &str| allowed.contains(term.trim_matches(['(', ')', ' ']));
        let alternatives = licence.replace(" WITH LLVM-exception", "");
        let fine = alternatives
            .split(" AND ")
            .all(|all| all.split(" OR ").any(fits));
        assert!(
            fine,
            "{} has the licence {licence:?}",
            text(package, "name")
        );
    }
}

#[test]
fn every_path_that_a_document_names_exists() {
    for document in documents() {
        let content = std::fs::read_to_string(&document).unwrap();
        for path in named_paths(&content) {
            let found =
                root().join(&path).exists() || document.parent().unwrap().join(&path).exists();
            assert!(
                found,
                "{} names {path}, which does not exist",
                document.display()
            );
        }
    }
}

fn documents() -> Vec<PathBuf> {
    let of = |folder: PathBuf| {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let all = of(root()).chain(of(root().join("docs")));
    all.filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// Texts in back-quotes, and links, that look like a path of this repository.
fn named_paths(content: &str) -> BTreeSet<String> {
    const FOLDERS: [&str; 8] = [
        "crates/",
        "tests/",
        "examples/",
        "benches/",
        "docs/",
        "scripts/",
        ".ci/",
        "fixtures/",
    ];
    let prose: String = content.split("```").step_by(2).collect();
    let quoted = prose.split('`').skip(1).step_by(2).map(str::to_owned);
    let linked = prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let linked = linked.map(|(link, _)| link.split('#').next().unwrap_or_default().to_owned());
    let linked: Vec<_> = linked
        .filter(|link| !link.is_empty() && !link.contains("://"))
        .collect();
    quoted
        .filter(|text| FOLDERS.iter().any(|folder| text.starts_with(folder)))
        .filter(|text| !text.contains(['*', '{', '<', '…', ' ']) && !text.starts_with("fixtures/"))
        .chain(linked)
        .collect()
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What a program wrote, nobody reads from end to end.
                if !path.ends_with("etcd-proto/src/generated") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

#[test]
fn tasks_are_started_in_one_place_only() {
    let owner = root().join("crates/net/src/task.rs");
    for path in sources() {
        let content = std::fs::read_to_string(&path).unwrap();
        let code = content
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let spawns = code.filter(|line| line.contains("tokio::spawn(")).count();
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        assert!(
            spawns == 0 || path == owner || is_test,
            "{} spawns a task",
            path.display()
        );
    }
}

#[test]
fn no_source_file_grows_beyond_700_lines() {
    for path in sources() {
        let content = std::fs::read_to_string(&path).unwrap();
        let production = content
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        let lines = production.lines().count();
        assert!(lines <= 700, "{} has {lines} lines", path.display());
    }
}
