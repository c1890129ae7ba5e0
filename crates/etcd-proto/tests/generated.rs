//! What is checked in is what the `.proto` files say.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

#[path = "../examples/generate/generate.rs"]
mod generate;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read = |path: &Path| std::fs::read(path).unwrap();
    entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                read(&entry.path()),
            )
        })
        .collect()
}

#[test]
fn the_generated_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = tempfile::tempdir().unwrap();
    generate::generate(root, made.path()).unwrap();
    let (want, have) = (files(made.path()), files(&root.join("src/generated")));
    assert_eq!(
        want.keys().collect::<Vec<_>>(),
        have.keys().collect::<Vec<_>>()
    );
    for (name, content) in want {
        assert!(
            have[&name] == content,
            "src/generated/{name} is old: cargo run -p quorate-etcd-proto --example generate"
        );
    }
}

#[test]
fn every_proto_file_names_its_origin_and_licence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let protos = files(&root.join("proto"));
    assert_eq!(protos.len(), 5);
    for (name, content) in protos {
        let text = String::from_utf8(content).unwrap();
        assert!(text.starts_with("// Copyright The etcd Authors."), "{name}");
        assert!(text.contains("Apache License, Version 2.0"), "{name}");
        assert!(text.contains("Changed for quorate"), "{name}");
    }
}
