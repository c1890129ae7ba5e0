//! Keys and watches.

use quorate_wire::etcd2::{Action, Event, key};

use super::{SERVERS, meta};

#[test]
fn events_are_read_and_written_as_etcd_writes_them() {
    let mut seen = 0;
    for server in SERVERS {
        for prefix in ["keys-", "watch-", "auth-keys-"] {
            for (name, answer) in server.answers(prefix, &[200, 201]) {
                // Bytes that were no text come as escapes, which nothing else is written with.
                if answer.body.is_empty() || name == "keys-set-not-utf8" {
                    continue;
                }
                let event: Event = server.again(&name, &answer, "\n");
                if !prefix.starts_with("watch") && event.node.is_some() {
                    assert_eq!(event.is_created(), answer.status() == 201, "{name}");
                }
                seen += 1;
            }
        }
    }
    assert!(seen >= 100, "only {seen} events were recorded");
}

#[test]
fn bytes_that_are_no_text_come_back_changed() {
    for server in SERVERS {
        let answer = server.answer("keys-set-not-utf8");
        let event: Event = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            event.node.unwrap().value.as_deref(),
            Some("\u{fffd}\u{fffd}a")
        );
    }
}

#[test]
fn the_facts_of_nodes_survive() {
    for server in SERVERS {
        let event =
            |name: &str| -> Event { serde_json::from_slice(&server.answer(name).body).unwrap() };
        let node = |name: &str| event(name).node.unwrap();
        assert_eq!(node("keys-get-root-empty").path(), "/");
        assert_eq!(node("keys-get-empty-value").value.as_deref(), Some(""));
        assert_eq!(node("keys-get-ttl").ttl, Some(3600));
        assert!(node("keys-get-ttl").expiration.is_some());
        assert_eq!(node("keys-get-odd-key").key, "/odd <>&\"%+?# é ☃ 🦀");
        assert!(event("keys-set-no-value-on-success").node.is_none());
        let posted = node("keys-post");
        assert_eq!(
            key::in_order_index(posted.name()),
            Some(posted.created_index)
        );
        let listed = node("keys-get-dir-sorted");
        let names: Vec<_> = listed.nodes.iter().map(|node| node.name()).collect();
        assert_eq!(names, ["a", "b", "c"], "hidden keys are not listed");
        let deleted = event("watch-delete");
        assert!(deleted.action.is_removal() && deleted.node.unwrap().value.is_none());
        assert_eq!(event("watch-expire").action, Action::Expire);
    }
}

#[test]
fn a_refresh_is_an_index_of_its_own_and_keeps_the_value() {
    for server in SERVERS {
        let answer = server.answer("keys-refresh");
        let event: Event = serde_json::from_slice(&answer.body).unwrap();
        let node = event.node.unwrap();
        assert_eq!(meta(&answer).index, Some(node.modified_index));
        assert!(node.modified_index > node.created_index);
        assert_eq!(node.value.as_deref(), Some("f"));
    }
}
