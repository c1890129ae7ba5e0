//! What was done to a key.

use std::io::{self, Write};

use quorate_etcd::v2::{Action, Event, Node};
use serde::{Serialize, Serializer};

use crate::view::{Style, View};

/// An answer about a key, or a change of it.
pub(crate) struct EventView {
    event: Event,
    /// The index of the store.
    index: Option<u64>,
    extended: bool,
    /// Whether to say what was done to which key first.
    named: bool,
}

impl EventView {
    /// An answer; `extended` shows all that is known of the key.
    pub(crate) fn new(event: Event, index: Option<u64>, extended: bool) -> Self {
        Self {
            event,
            index,
            extended,
            named: false,
        }
    }

    /// The same, beginning with what was done to which key.
    pub(crate) fn named(mut self, named: bool) -> Self {
        self.named = named;
        self
    }
}

impl Serialize for EventView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.event.serialize(serializer)
    }
}

impl View for EventView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let node = self.event.node.as_ref();
        if self.named {
            let action = format!("[{}]", self.event.action);
            let action = match self.event.action.is_removal() {
                true => style.bad(action),
                false => style.good(action),
            };
            let key = node.map_or("", Node::path);
            writeln!(out, "{action} {}", style.line(key))?;
        }
        match self.extended {
            true => self.extended(out, style),
            // Only a watch tells of directories where little is shown.
            false if node.is_some_and(|node| node.dir) && !self.named => Ok(()),
            false => self.simple(out, style),
        }
    }
}

impl EventView {
    fn simple(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        if self.event.action == Action::Delete {
            let before = value(self.event.prev_node.as_ref());
            return writeln!(out, "PrevNode.Value: {}", style.clean(before));
        }
        let value = value(self.event.node.as_ref());
        writeln!(out, "{}", style.clean(value))
    }

    fn extended(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let node = self.event.node.clone().unwrap_or_default();
        let field = |out: &mut dyn Write, name: &str, value: &str| {
            writeln!(out, "{} {}", style.faint(name), style.line(value))
        };
        field(out, "Key:", &node.key)?;
        field(out, "Created-Index:", &node.created_index.to_string())?;
        field(out, "Modified-Index:", &node.modified_index.to_string())?;
        if self.event.prev_node.is_some() {
            field(out, "PrevNode.Value:", value(self.event.prev_node.as_ref()))?;
        }
        field(out, "TTL:", &node.ttl.unwrap_or_default().to_string())?;
        field(out, "Index:", &self.index.unwrap_or_default().to_string())?;
        if self.event.action == Action::Delete {
            return Ok(());
        }
        writeln!(out, "\n{}", style.clean(value(Some(&node))))
    }
}

fn value(node: Option<&Node>) -> &str {
    let value = node.and_then(|node| node.value.as_deref());
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(view: &EventView) -> String {
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn event(action: Action) -> Event {
        Event {
            action,
            node: Some(Node::file("/w/x", "2", 62)),
            prev_node: Some(Node::file("/w/x", "1", 61)),
        }
    }

    #[test]
    fn answers_look_like_those_of_etcdctl() {
        let view = |extended| EventView::new(event(Action::Set), Some(63), extended);
        assert_eq!(text(&view(false)), "2\n");
        let all = "Key: /w/x\nCreated-Index: 62\nModified-Index: 62\nPrevNode.Value: 1\nTTL: 0\n\
                   Index: 63\n\n2\n";
        assert_eq!(text(&view(true)), all);
        let removed = EventView::new(event(Action::Delete), Some(63), false);
        assert_eq!(text(&removed), "PrevNode.Value: 1\n");
        assert_eq!(
            text(&removed.named(true)),
            "[delete] /w/x\nPrevNode.Value: 1\n"
        );
    }

    #[test]
    fn of_a_directory_nothing_is_shown_but_that_a_watch_saw_it() {
        let made = Event {
            action: Action::Create,
            node: Some(Node::directory("/d", 5)),
            prev_node: None,
        };
        let view = EventView::new(made, Some(5), false);
        assert_eq!(text(&view), "");
        assert_eq!(text(&view.named(true)), "[create] /d\n\n");
    }

    #[test]
    fn programs_get_what_the_server_said() {
        let view = EventView::new(event(Action::Set), Some(63), false).named(true);
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(
            (&json["action"], &json["node"]["value"]),
            (&"set".into(), &"2".into())
        );
        assert_eq!(json["prevNode"]["modifiedIndex"], 61);
    }
}
