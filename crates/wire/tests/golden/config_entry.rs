//! Configuration entries.

use quorate_wire::consul::{ConfigEntry, ConfigKind, json};

use super::message::{Message, named};

#[test]
fn entries_are_read_and_written_as_consul_writes_them() {
    let mut kinds = Vec::new();
    for name in named("config-get-") {
        let answer = Message::answer(&name);
        if answer.status() != 200 {
            continue;
        }
        let entry: ConfigEntry = serde_json::from_slice(&answer.body).unwrap();
        let again = String::from_utf8(json::encode(&entry).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        assert!(answer.meta().index >= Some(entry.modify_index()), "{name}");
        assert!(!entry.name().is_empty(), "{name}");
        kinds.push(entry.kind());
    }
    for kind in ConfigKind::KNOWN {
        assert!(kinds.contains(&kind), "{kind} was not recorded");
    }
}

#[test]
fn lists_are_read_and_written_as_consul_writes_them() {
    let mut seen = 0;
    for name in named("config-list") {
        let answer = Message::answer(&name);
        let entries: Vec<ConfigEntry> = serde_json::from_slice(&answer.body).unwrap();
        let again = String::from_utf8(json::encode(&entries).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += entries.len();
    }
    assert!(seen >= 8, "only {seen} entries were recorded");
}

#[test]
fn what_clients_sent_is_read() {
    for name in named("config-set-") {
        if Message::answer(&name).status() == 200 {
            let body = Message::request(&name).body;
            let sent: ConfigEntry = serde_json::from_slice(&body).unwrap();
            let again: ConfigEntry =
                serde_json::from_slice(&serde_json::to_vec(&sent).unwrap()).unwrap();
            assert_eq!(again, sent, "{name}");
        }
    }
}

#[test]
fn a_missing_entry_has_an_index() {
    let answer = Message::answer("config-get-missing");
    assert_eq!((answer.status(), answer.meta().index), (404, Some(1)));
}
