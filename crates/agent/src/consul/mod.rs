//! Consul's HTTP API over the engine.
//!
//! Decodes a request, reads the newest snapshot or submits a command, and encodes the answer; it
//! keeps no state. One file a noun, as in the wire and the client. A read that does not block is
//! answered within the call of the service: no allocation but the answer's, no timer, no wake-up.

mod acl;
mod agent;
mod agent_check;
mod agent_check_decode;
mod agent_health;
mod agent_maintenance;
mod agent_permit;
mod agent_service;
mod agent_service_decode;
mod agent_service_kind;
mod agent_service_registration;
mod asked;
mod base64_text;
mod blocking;
mod body;
mod cached;
mod catalog;
mod catalog_permit;
mod config_entry;
mod connect;
mod connect_ca;
mod coordinate;
mod decode;
mod definition;
mod discovery_chain;
mod event;
mod filter;
mod front;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gzip;
mod health;
mod intention;
mod kv;
mod near;
mod object;
mod operator;
mod options;
mod permit;
mod pool;
mod prepared_query;
mod pretty;
mod proxy_decode;
mod redirect;
mod reply;
mod request;
mod resolver;
mod route;
mod service;
mod session;
mod session_create;
mod shared_reply;
mod snapshot;
mod status;
mod stream;
mod syntax;
mod target;
mod txn;
mod txn_catalog;

pub(crate) use agent::metrics::Counts;
pub(crate) use body::{Body, BodyError};
pub(crate) use cached::Cached;
pub(crate) use decode::{DecodeError, Json, Kind, Place, text_of};
pub(crate) use front::{CONSUL_VERSION, Front, Node, SERVER_PORT};
pub(crate) use object::{Field, Object};
pub(crate) use pool::{client_tags, keep_located};
pub(crate) use reply::Style;
pub(crate) use resolver::Resolver;
pub(crate) use service::{Answering, Service};
pub(crate) use shared_reply::Shown;
pub(crate) use stream::{ReplyBody, Source, Streamed};
pub(crate) use syntax::first_value;
