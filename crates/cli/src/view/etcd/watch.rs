//! What happened to keys.

use quorate_etcd::v3::raw::proto::etcdserverpb::ResponseHeader;
use quorate_etcd::v3::raw::proto::mvccpb::{self, event::EventType};
use quorate_etcd::v3::{Event, EventKind, KeyValue};

use super::fields::Fields;
use super::json::{Object, array};
use super::key::{key_value, key_value_fields, pair};
use super::{Answer, line};

/// Events that came together.
pub(crate) struct EventsView {
    pub(crate) header: ResponseHeader,
    pub(crate) events: Vec<mvccpb::Event>,
}

/// An event as it was sent.
pub(crate) fn sent(event: &Event) -> mvccpb::Event {
    let kind = match event.kind {
        EventKind::Deleted => EventType::Delete,
        _ => EventType::Put,
    };
    mvccpb::Event {
        r#type: kind.into(),
        kv: Some(message(&event.kv)),
        prev_kv: event.previous.as_ref().map(message),
    }
}

/// A key that is there, as if it had been written just now.
pub(crate) fn written(kv: &KeyValue) -> mvccpb::Event {
    mvccpb::Event {
        r#type: EventType::Put.into(),
        kv: Some(message(kv)),
        prev_kv: None,
    }
}

impl Answer for EventsView {
    /// Without events it says up to where nothing was left out.
    fn simple(&self, out: &mut Vec<u8>, hex: bool) {
        if self.events.is_empty() {
            let text = format!("progress notify: {}", self.header.revision);
            line(out, text.as_bytes(), false);
        }
        for event in &self.events {
            line(out, event.r#type().as_str_name().as_bytes(), false);
            let kvs = event.prev_kv.iter().chain(&event.kv);
            kvs.for_each(|kv| pair(out, kv, hex));
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(Some(&self.header));
        for event in &self.events {
            out.field("Type", event.r#type().as_str_name());
            if let Some(previous) = &event.prev_kv {
                key_value_fields(out, "Prev", previous);
            }
            if let Some(kv) = &event.kv {
                key_value_fields(out, "", kv);
            }
        }
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.object("Header", |object| object.flat_header(Some(&self.header)));
            object.always("Events", array(&self.events, of_event));
            object.always("CompactRevision", 0);
            object.always("Canceled", false);
            object.always("Created", false);
        })
    }
}

fn of_event(event: &mvccpb::Event) -> String {
    Object::of(|object| {
        object.some("type", event.r#type);
        if let Some(kv) = &event.kv {
            object.always("kv", key_value(kv));
        }
        if let Some(previous) = &event.prev_kv {
            object.always("prev_kv", key_value(previous));
        }
    })
}

fn message(kv: &KeyValue) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: kv.key.clone(),
        value: kv.value.clone(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease.map_or(0, |lease| lease.number()),
    }
}
