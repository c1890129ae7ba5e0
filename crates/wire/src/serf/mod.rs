//! Serf's RPC protocol, version 1: what clients and agents send each other on TCP port 7373.
//!
//! The stream is MessagePack objects back to back ([`crate::msgpack`]): a header, and for some
//! commands and phases a body. Whether one follows is not said on the wire, it is a property of the
//! command ([`Command::request_has_body`], [`Command::answer`]). All types write fields in the order
//! in which the real agent does, sorted by name.
//!
//! | noun | on the wire |
//! |---|---|
//! | header | [`RequestHeader`], [`ResponseHeader`] |
//! | connection | [`Handshake`], [`Auth`], [`Stop`] |
//! | member | [`Member`], [`MemberTags`], [`Members`], [`MemberFilter`], [`Join`], [`Joined`], [`ForceLeave`], [`Tags`] |
//! | event | [`Event`], [`StreamRequest`], [`EventFilter`], [`EventRecord`] |
//! | query | [`Query`], [`Respond`], [`QueryRecord`] |
//! | key | [`Key`], [`KeyResponse`] |
//! | log | [`Monitor`], [`LogRecord`] |
//! | coordinate | [`CoordinateRequest`], [`CoordinateResponse`], [`Coordinate`] |
//! | statistics | [`Stats`] |
//! | refusals | [`Refusal`] |
//!
//! ```
//! use quorate_wire::msgpack::{Decode, Encode};
//! use quorate_wire::serf::{Command, Members, RequestHeader, ResponseHeader};
//!
//! let request = RequestHeader::new(Command::Members, 7).to_msgpack();
//! assert_eq!(request, b"\x82\xa7Command\xa7members\xa3Seq\x07");
//! let answer = ResponseHeader::from_msgpack(b"\x82\xa5Error\xa0\xa3Seq\x07")?;
//! assert_eq!((answer.seq, answer.error.as_str()), (7, ""));
//! # Ok::<(), quorate_wire::msgpack::DecodeError>(())
//! ```

mod address;
mod auth;
mod command;
mod coordinate;
mod event;
mod filter;
mod force_leave;
mod handshake;
mod header;
mod join;
mod key;
mod log_level;
mod member;
mod member_tags;
mod monitor;
mod query;
mod refusal;
mod respond;
mod stats;
mod stop;
mod stream;
mod tags;

pub use auth::Auth;
pub use command::{Answer, Command, UnknownCommand};
pub use coordinate::{Coordinate, CoordinateRequest, CoordinateResponse, DIMENSIONS};
pub use event::Event;
pub use filter::{EventFilter, InvalidFilter};
pub use force_leave::ForceLeave;
pub use handshake::{Handshake, VERSION};
pub use header::{RequestHeader, ResponseHeader};
pub use join::{Join, Joined};
pub use key::{Key, KeyResponse};
pub use log_level::{LogLevel, UnknownLogLevel};
pub use member::{Member, MemberFilter, MemberStatus, Members};
pub use member_tags::{MemberTags, MemberTagsIter};
pub use monitor::{LogRecord, Monitor};
pub use query::{Query, QueryRecord, QueryRecordKind};
pub use refusal::Refusal;
pub use respond::Respond;
pub use stats::Stats;
pub use stop::Stop;
pub use stream::{EventRecord, MemberChange, StreamRequest};
pub use tags::Tags;
