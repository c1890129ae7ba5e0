//! What the command of `quorate etcd2 exec-watch` finds in its environment.

use quorate_etcd::v2::{Event, Node};

/// The change, under the names that etcdctl gives its parts. No name or value has a NUL in it, for
/// which there is no place in an environment.
pub(super) fn environment(event: &Event) -> [(&'static str, String); 4] {
    let node = event.node.as_ref();
    let value = node.and_then(|node| node.value.as_deref());
    let index = node.map(|node| node.modified_index);
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    [
        ("ETCD_WATCH_ACTION", clean(event.action.as_str())),
        ("ETCD_WATCH_KEY", clean(node.map_or("", Node::path))),
        ("ETCD_WATCH_VALUE", clean(value.unwrap_or_default())),
        (
            "ETCD_WATCH_MODIFIED_INDEX",
            index.unwrap_or_default().to_string(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_etcd::v2::Action;

    #[test]
    fn a_command_finds_the_change_where_etcdctl_puts_it() {
        let event = Event {
            action: Action::Set,
            node: Some(Node::file("/a", "x\0y", 7)),
            prev_node: None,
        };
        let expected = ["set", "/a", "x\u{fffd}y", "7"];
        assert_eq!(environment(&event).map(|(_, value)| value), expected);
    }
}
