//! Following events.

use bytes::Bytes;

use super::Member;
use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer, record};

record! {
    /// Follows events. The number of the request stays taken until it is stopped.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct StreamRequest {
        /// Which events: filters with commas between them (see [`EventFilter`](super::EventFilter)).
        /// Empty for all.
        filter: String = "Type",
    }
}

/// What happened to members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberChange {
    /// They joined, or came back.
    Join,
    /// They left on purpose.
    Leave,
    /// They do not answer any more.
    Failed,
    /// Their tags changed.
    Update,
    /// They were gone for so long that they are not listed any more.
    Reap,
}

impl MemberChange {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Join,
        Self::Leave,
        Self::Failed,
        Self::Update,
        Self::Reap,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "member-join",
            Self::Leave => "member-leave",
            Self::Failed => "member-failed",
            Self::Update => "member-update",
            Self::Reap => "member-reap",
        }
    }
}

/// Something that happened in the cluster, as `stream` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventRecord {
    /// Something happened to members.
    Member {
        /// What.
        change: MemberChange,
        /// To whom.
        members: Vec<Member>,
    },
    /// A user event.
    User {
        /// Whether only the last one of several with the same name was told.
        coalesce: bool,
        /// When it was sent, by the clock that the cluster's events share.
        ltime: u64,
        /// Its name.
        name: String,
        /// What came with it.
        payload: Bytes,
    },
    /// A question to all members.
    Query {
        /// By which it is answered, on this connection only.
        id: u64,
        /// When it was asked, by the clock that the cluster's queries share.
        ltime: u64,
        /// Its name.
        name: String,
        /// What came with it.
        payload: Bytes,
    },
    /// An event that is not documented.
    Other(String),
}

const FIELDS: &[&str] = &[
    "Coalesce", "Event", "ID", "LTime", "Members", "Name", "Payload",
];

/// The fields of all kinds of records.
#[derive(Default)]
struct Fields {
    coalesce: bool,
    event: String,
    id: u64,
    ltime: u64,
    members: Vec<Member>,
    name: String,
    payload: Bytes,
}

impl Fields {
    fn record(self) -> EventRecord {
        let Self {
            coalesce,
            event,
            id,
            ltime,
            members,
            name,
            payload,
        } = self;
        match event.as_str() {
            "user" => EventRecord::User {
                coalesce,
                ltime,
                name,
                payload,
            },
            "query" => EventRecord::Query {
                id,
                ltime,
                name,
                payload,
            },
            word => match MemberChange::ALL
                .iter()
                .find(|change| change.as_str() == word)
            {
                Some(change) => EventRecord::Member {
                    change: *change,
                    members,
                },
                None => EventRecord::Other(event),
            },
        }
    }
}

impl Decode for EventRecord {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = Fields::default();
        reader.structure(FIELDS, |at, reader| {
            match at {
                0 => fields.coalesce = Decode::decode(reader)?,
                1 => fields.event = Decode::decode(reader)?,
                2 => fields.id = Decode::decode(reader)?,
                3 => fields.ltime = Decode::decode(reader)?,
                4 => fields.members = Decode::decode(reader)?,
                5 => fields.name = Decode::decode(reader)?,
                _ => fields.payload = Decode::decode(reader)?,
            }
            Ok(())
        })?;
        Ok(fields.record())
    }
}

impl Encode for EventRecord {
    fn encode(&self, writer: &mut Writer) {
        match self {
            Self::Member { change, members } => {
                writer.map(2);
                text(writer, "Event", change.as_str());
                writer.text("Members");
                members.encode(writer);
            }
            Self::User {
                coalesce,
                ltime,
                name,
                payload,
            } => {
                writer.map(5);
                writer.text("Coalesce");
                writer.boolean(*coalesce);
                text(writer, "Event", "user");
                told(writer, *ltime, name, payload);
            }
            Self::Query {
                id,
                ltime,
                name,
                payload,
            } => {
                writer.map(5);
                text(writer, "Event", "query");
                writer.text("ID");
                writer.unsigned(*id);
                told(writer, *ltime, name, payload);
            }
            Self::Other(event) => {
                writer.map(1);
                text(writer, "Event", event);
            }
        }
    }
}

fn text(writer: &mut Writer, name: &str, value: &str) {
    writer.text(name);
    writer.text(value);
}

fn told(writer: &mut Writer, ltime: u64, name: &str, payload: &Bytes) {
    writer.text("LTime");
    writer.unsigned(ltime);
    text(writer, "Name", name);
    writer.text("Payload");
    payload.encode(writer);
}
