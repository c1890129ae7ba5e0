//! A client of Serf's RPC protocol: members, events, queries, keys, and the log of an agent.
//!
//! It speaks to a real Serf agent and to the one that is embedded in quorate alike. What the
//! protocol leaves to the client is done here: several agents with fail-over, connections that come
//! back with their streams, times on every call, and errors that say whether anything happened.
//!
//! | I want … | go to |
//! |---|---|
//! | to connect, and set how | [`Client::connect`], [`ClientBuilder`], [`Hosts`] |
//! | to know who is there | [`Client::members`], [`Client::members_filtered`] |
//! | to follow what happens | [`Client::stream`], [`Client::on`] |
//! | to tell everybody something | [`Client::event`] |
//! | to ask everybody something, and to answer | [`Client::query`], [`QueryEvent::respond`] |
//! | to change the cluster | [`Client::join`], [`Client::leave`], [`Client::force_leave`], [`Client::set_tags`] |
//! | to change its keys | [`Client::keys`] |
//! | to know how an agent is, and how far members are apart | [`Client::stats`], [`Client::coordinate`] |
//! | to read its log | [`Client::monitor`] |
//! | to send several commands at once, or one in bytes of my own | [`Client::pipeline`], [`Client::call_raw`] |
//! | to bound time and memory | [`ClientBuilder::timeouts`], [`Limits`] |
//! | to know why something failed, and whether it happened | [`Error`], [`ErrorKind`] |
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = quorate_agent::AgentConfig::memory().with_serf_rpc("127.0.0.1:0".parse()?);
//! # let agent = quorate_agent::Agent::start(config.with_node_name("web-1")).await?;
//! # let address = agent.serf_rpc()[0].addr().expect("an address").to_string();
//! use quorate_serf::Client;
//!
//! // address is 127.0.0.1:7373, serf://10.0.0.1?AuthKey=s3cret, or several with commas
//! let client = Client::connect(&address).await?;
//! for member in client.members().await? {
//!     println!("{} {} {}", member.name, member.address(), member.status);
//! }
//! client.event("deploy", "v17").await?;
//! # client.close();
//! # agent.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod attempts;
mod builder;
mod call;
mod client;
mod comeback;
mod coordinate;
mod error;
mod event;
mod filter;
mod following;
mod handler;
mod hosts;
mod key;
mod limits;
mod link;
mod member;
mod membership;
mod monitor;
mod pipeline;
mod query;
mod raw;
mod stats;
mod stream;

pub use bytes::Bytes;
pub use quorate_net::call::{Outcome, RetryAdvice};
pub use quorate_net::deadline::Timeouts;
pub use quorate_net::error::BoxError;
pub use quorate_net::secret::Secret;
pub use quorate_net::transport::Dial;
pub use quorate_wire::msgpack::Decode;
pub use quorate_wire::serf::{
    Command, Coordinate, CoordinateResponse, EventFilter, InvalidFilter, Joined, KeyResponse,
    LogLevel, Member, MemberChange, MemberFilter, MemberStatus, MemberTags, MemberTagsIter,
    Members, Refusal, Stats, UnknownLogLevel,
};

pub use builder::ClientBuilder;
pub use client::Client;
pub use error::{Error, ErrorKind};
pub use event::EventOptions;
pub use handler::{Flow, Subscription};
pub use hosts::{Host, Hosts, InvalidHost};
pub use key::{KeyCounts, Keys};
pub use limits::Limits;
pub use member::{ForceLeaveOptions, JoinOptions, TagChanges};
pub use monitor::{LogItem, LogLine, LogStream};
pub use pipeline::{Pipeline, Reply};
pub use query::{QueryItem, QueryOptions, QueryResult, QueryStream};
pub use raw::RawReply;
pub use stream::{Change, Event, EventStream, QueryEvent, StreamOptions, UserEvent};
