//! The gossip pool that the agent is in: how Consul's agents tell each other of events, and where
//! they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_gossip::event::UserEvent;
use quorate_gossip::{Error, Failure, Gossip, Member};
use quorate_wire::consul::agent::{self, MemberStatus};
use quorate_wire::consul::event::NAME_PREFIX;
use quorate_wire::consul::{Coordinate, event};
use quorate_wire::msgpack::{Decode, DecodeError, Reader, Writer};

use super::front::{CONSUL_VERSION, Front};
use super::reply::Reply;
use crate::engine::consul::{Command, EventSpec, Located, Refusal};
use crate::log::LogLevel;
use quorate_wire::go_regex;

/// How often coordinates of the pool are written down, as Consul's agents send theirs.
const LOCATE: Duration = Duration::from_secs(15);

/// What a client in the pool of a Consul datacenter says about itself.
pub(crate) fn client_tags(datacenter: &str, node_id: &str) -> BTreeMap<String, String> {
    let build = format!("{CONSUL_VERSION}:");
    let tags = [
        ("acls", "0"),
        ("build", &build),
        ("dc", datacenter),
        ("id", node_id),
        ("role", "node"),
        ("segment", ""),
        ("vsn", "2"),
        ("vsn_max", "3"),
        ("vsn_min", "2"),
    ];
    let tags = tags.into_iter();
    tags.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A member of the pool as Consul lists it.
pub(super) fn shown(member: &Member) -> agent::Member {
    let mut shown = agent::Member::default();
    shown.name.clone_from(&member.name);
    shown.addr = member.address.ip().to_string();
    shown.port = member.address.port();
    shown.tags.clone_from(&member.tags);
    shown.status = match member.status {
        quorate_gossip::Status::Alive => MemberStatus::Alive,
        quorate_gossip::Status::Leaving => MemberStatus::Leaving,
        quorate_gossip::Status::Left => MemberStatus::Left,
        quorate_gossip::Status::Failed => MemberStatus::Failed,
        _ => MemberStatus::None,
    };
    let versions = member.versions;
    shown.protocol_min = versions.protocol_min;
    shown.protocol_max = versions.protocol_max;
    shown.protocol_cur = versions.protocol;
    shown.delegate_min = versions.delegate_min;
    shown.delegate_max = versions.delegate_max;
    shown.delegate_cur = versions.delegate;
    shown
}

/// Sends an event to all agents of the pool, this one included.
pub(super) async fn fire(gossip: &Gossip, spec: &EventSpec) -> Result<(), Reply> {
    let filters = spec.filters.each_ref().map(String::len);
    let plain = event::plain_bytes(spec.name.len(), spec.payload.len(), filters);
    let name = format!("{NAME_PREFIX}{}", spec.name);
    let sent = gossip.user_event(name, encode(spec), false).await;
    sent.map(|_| ()).map_err(|error| match error {
        Error::Failure(Failure::EventTooLarge { limit, .. }) => {
            let encoded = plain <= limit;
            Reply::server_error(Refusal::EventTooLarge { encoded }.to_string())
        }
        error => Reply::server_error(error.to_string()),
    })
}

/// The payload that Consul's agents understand.
fn encode(spec: &EventSpec) -> Bytes {
    let [node, service, tag] = &spec.filters;
    let texts = [("nf", node), ("sf", service), ("tf", tag)];
    let given = |text: &&String| !text.is_empty();
    let count = texts.iter().filter(|(_, text)| given(text)).count();
    let mut writer = Writer::new();
    writer.map(3 + count + usize::from(!spec.payload.is_empty()));
    let text = |writer: &mut Writer, name: &str, value: &str| {
        writer.text(name);
        writer.text(value);
    };
    text(&mut writer, "ID", &spec.id);
    text(&mut writer, "n", &spec.name);
    if given(&node) {
        text(&mut writer, "nf", node);
    }
    if !spec.payload.is_empty() {
        writer.text("p");
        writer.bytes(&spec.payload);
    }
    for (name, value) in texts.iter().skip(1).filter(|(_, value)| given(value)) {
        text(&mut writer, name, value);
    }
    writer.text("v");
    writer.unsigned(1);
    writer.into_bytes().into()
}

const FIELDS: &[&str] = &["ID", "n", "nf", "p", "sf", "tf", "v"];

fn decode(payload: &[u8]) -> Result<EventSpec, DecodeError> {
    let mut spec = EventSpec {
        id: String::new(),
        name: String::new(),
        payload: Bytes::new(),
        node: String::new(),
        node_filter: None,
        service_filter: None,
        tag_filter: None,
        filters: Default::default(),
        ltime: None,
    };
    let mut reader = Reader::new(payload);
    reader.structure(FIELDS, |at, reader| {
        match at {
            0 => spec.id = Decode::decode(reader)?,
            1 => spec.name = Decode::decode(reader)?,
            2 => spec.filters[0] = Decode::decode(reader)?,
            3 => spec.payload = Decode::decode(reader)?,
            4 => spec.filters[1] = Decode::decode(reader)?,
            5 => spec.filters[2] = Decode::decode(reader)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(spec)
}

impl Front {
    /// Takes an event of the pool, if it is one of Consul's.
    pub(crate) async fn hear(&self, event: &UserEvent) {
        if self.pool.is_none() || !event.name.starts_with(NAME_PREFIX) {
            return;
        }
        let spec = match decode(&event.payload) {
            Ok(spec) => EventSpec {
                ltime: Some(event.ltime),
                node: self.node.name.clone(),
                ..spec
            },
            Err(error) => return self.not_taken(&error.to_string()),
        };
        let [node, service, tag] = spec.filters.each_ref().map(|text| match text.as_str() {
            "" => Ok(None),
            pattern => go_regex::compile(pattern).map(Some),
        });
        let (Ok(node_filter), Ok(service_filter), Ok(tag_filter)) = (node, service, tag) else {
            return self.not_taken("a filter is no expression");
        };
        let spec = EventSpec {
            node_filter,
            service_filter,
            tag_filter,
            ..spec
        };
        if let Err(refused) = self.submit(Command::FireEvent(Box::new(spec))).await {
            self.not_taken(&format!("{refused:?}"));
        }
    }

    fn not_taken(&self, why: &str) {
        let fields: [(&str, &dyn std::fmt::Display); 1] = [("error", &why)];
        let said = "Failed to take an event";
        self.log.record(LogLevel::Error, "agent", said, &fields);
    }

    /// Writes down where the nodes of the catalog are that are in the pool.
    async fn locate(&self, gossip: &Gossip) {
        let Ok(members) = gossip.members().await else {
            return;
        };
        for member in members {
            let known = self.snapshot().consul().knows_node(&member.name);
            let Ok(Some(place)) = gossip.coordinate_of(&member.name).await else {
                continue;
            };
            let coord = Coordinate::new()
                .with_vec(place.vector.0)
                .with_error(place.error)
                .with_adjustment(place.adjustment)
                .with_height(place.height);
            let located = Located {
                node: member.name,
                segment: String::new(),
                coord,
            };
            if !known || self.snapshot().consul().is_located(&located) {
                continue;
            }
            // The next round tries again.
            let _ = self
                .submit(Command::UpdateCoordinate(Box::new(located)))
                .await;
        }
    }
}

/// Keeps the coordinates of the pool in the catalog, until the agent ends.
pub(crate) async fn keep_located(front: Arc<Front>, gossip: Gossip) {
    let mut stop = front.spawner.cancelled();
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = async {
                front.locate(&gossip).await;
                tokio::time::sleep(LOCATE).await;
            } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_as_consul_writes_them() {
        let spec = EventSpec {
            id: "5542ba05-c4c1-a04b-5454-0bc5f992082f".into(),
            name: "deploy".into(),
            payload: "x y".into(),
            filters: ["^s", "web", "v1"].map(str::to_owned),
            ..decode(b"\x80").unwrap()
        };
        // As a member of a real server's pool got it.
        let real = b"\x87\xa2ID\xd9\x245542ba05-c4c1-a04b-5454-0bc5f992082f\xa1n\xa6deploy\
            \xa2nf\xa2^s\xa1p\xc4\x03x y\xa2sf\xa3web\xa2tf\xa2v1\xa1v\x01";
        assert_eq!(encode(&spec), real.as_slice());
    }

    #[test]
    fn events_have_the_size_that_consul_counts_and_come_back() {
        for (payload, filters) in [("", ["", "", ""]), ("x y", ["^n", "web", "v1"])] {
            let spec = EventSpec {
                id: "52edb24c-6023-454e-650b-9727705cb406".into(),
                name: "deploy".into(),
                payload: payload.into(),
                filters: filters.map(str::to_owned),
                ..decode(b"\x80").unwrap()
            };
            let bytes = encode(&spec);
            let lengths = filters.map(str::len);
            let plain = event::plain_bytes(spec.name.len(), payload.len(), lengths);
            assert_eq!(NAME_PREFIX.len() + spec.name.len() + bytes.len(), plain);
            let back = decode(&bytes).unwrap();
            assert_eq!((&back.id, &back.name), (&spec.id, &spec.name));
            assert_eq!(
                (&back.payload, &back.filters),
                (&spec.payload, &spec.filters)
            );
        }
    }
}
