//! Nodes and events as clients see them.

use quorate_wire::etcd2::{self as wire, GoTime};

use super::super::reply::encode;
use crate::engine::etcd2::{Action, Event, Node, NodeState};

/// The answer to a read, where it is `now` in nanoseconds since 1970.
pub(super) fn read(key: &str, node: &Node, recursive: bool, now: i64) -> Vec<u8> {
    let mut shown = shown_state(key, NodeState::of(node, now));
    shown.nodes = shown_children(key, node, recursive, now);
    if key == "/" {
        // The root has no name and was never written.
        shown.key.clear();
        (shown.modified_index, shown.created_index) = (0, 0);
    }
    line(&wire::Event::new(wire::Action::Get, shown))
}

/// What a watcher is told, and who wrote.
pub(super) fn event(event: &Event) -> Vec<u8> {
    let node = shown_state(&event.key, event.node.clone());
    let mut shown = wire::Event::new(event.action.as_str().into(), node);
    let prev = event.prev.clone();
    shown.prev_node = prev.map(|prev| shown_state(&event.key, prev));
    line(&shown)
}

/// What is told to who wants to hear no more.
pub(super) fn action(action: Action) -> Vec<u8> {
    line(&wire::Event {
        action: action.as_str().into(),
        ..wire::Event::default()
    })
}

/// What is in a directory and not hidden there; one level, or all.
fn shown_children(key: &str, node: &Node, recursive: bool, now: i64) -> Vec<wire::Node> {
    let dir = if key == "/" { "" } else { key };
    let children = node.children().into_iter().flatten();
    children
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(name, child)| {
            let key = format!("{dir}/{name}");
            let mut shown = shown_state(&key, NodeState::of(child, now));
            if recursive {
                shown.nodes = shown_children(&key, child, recursive, now);
            }
            shown
        })
        .collect()
}

fn shown_state(key: &str, state: NodeState) -> wire::Node {
    let mut node = wire::Node::directory(key, state.created);
    node.value = state
        .value
        .map(|value| String::from_utf8_lossy(&value).into_owned());
    node.dir = state.dir;
    node.expiration = state.expiration.map(time);
    node.ttl = (state.ttl != 0).then_some(state.ttl);
    node.modified_index = state.modified;
    node
}

fn time(nanos: i64) -> GoTime {
    const SECOND: i64 = 1_000_000_000;
    let rest = u32::try_from(nanos.rem_euclid(SECOND)).unwrap_or(0);
    GoTime::from_unix(nanos.div_euclid(SECOND), rest)
}

fn line(event: &wire::Event) -> Vec<u8> {
    let mut line = encode(event);
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_root_is_next_to_nothing() {
        let state = crate::engine::etcd2::State::default();
        let root = state.get("/").unwrap();
        let body = read("/", root, true, 0);
        assert_eq!(body, b"{\"action\":\"get\",\"node\":{\"dir\":true}}\n");
    }

    #[test]
    fn what_was_no_text_comes_back_as_an_escape() {
        let file = Node {
            created: 4,
            modified: 4,
            expiration: None,
            content: crate::engine::etcd2::Content::File("\u{fffd}a".into()),
        };
        let body = String::from_utf8(read("/a", &file, false, 0)).unwrap();
        assert!(body.contains(r#""value":"\ufffda""#), "{body}");
    }

    #[test]
    fn an_expiration_has_nanoseconds() {
        let node = Node {
            created: 4,
            modified: 5,
            expiration: Some(1_700_000_000_100_000_000),
            content: crate::engine::etcd2::Content::File("v".into()),
        };
        let body = read("/a", &node, false, 1_700_000_000_000_000_000);
        let expected = "{\"action\":\"get\",\"node\":{\"key\":\"/a\",\"value\":\"v\",\
            \"expiration\":\"2023-11-14T22:13:20.1Z\",\"ttl\":1,\
            \"modifiedIndex\":5,\"createdIndex\":4}}\n";
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
