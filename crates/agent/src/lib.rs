//! An embedded agent that speaks the wire protocols of real coordination servers: Consul's HTTP
//! API, etcd's v2 API, etcd's v3 API over gRPC, and Serf's RPC with the membership behind it.
//!
//! ```
//! use quorate_agent::{Agent, AgentConfig};
//! use quorate_net::endpoint::EndpointSet;
//! use quorate_net::http::{HttpClient, HttpConfig, HttpRequest, Verdict};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // In memory, on a free port: for a test. AgentConfig::directory("data") keeps it on disk.
//!     let config = AgentConfig::memory().with_consul_http("127.0.0.1:0".parse()?);
//!     let agent = Agent::start(config).await?;
//!
//!     // Any client of Consul, in any language, can talk to it: CONSUL_HTTP_ADDR is this URL.
//!     let url = agent.consul_url().expect("it listens");
//!     let client = HttpClient::new(HttpConfig::new(EndpointSet::parse(&url)?))?;
//!     let answer = client.send(HttpRequest::get("/v1/status/leader"), |_| Verdict::Done).await?;
//!     assert_eq!(answer.status, 200);
//!
//!     agent.shutdown().await;
//!     Ok(())
//! }
//! ```
//!
//! | I want … | go to |
//! |---|---|
//! | to start an agent, in a test, in a program or as a daemon | [`Agent::start`] |
//! | to say where it keeps its data and where it listens | [`AgentConfig`] |
//! | to be a member of a cluster, with real agents of Serf too | [`GossipConfig`], [`Agent::membership`] |
//! | to share one data directory between processes | [`SharedAgent`] |
//! | to hear what it says of its work | [`AgentLog`] |
//! | to know why it does not start | [`AgentError`] |
//!
//! Every write goes through one pure state machine ([`engine`]), is made durable by a [`store`],
//! and is only then answered by the [`writer`]. Reads look at an immutable snapshot and never
//! wait for a write; a read that blocks until something changes registers with [`waiters`].

mod acl;
mod agent;
mod config;
mod consul;
mod directory;
pub mod engine;
mod error;
mod etcd2;
mod etcd3;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod go_number;
pub mod hcl;
mod identity;
mod listen;
mod local;
mod log;
mod process;
mod quote;
mod resident;
mod serf;
mod serve;
mod shared;
pub mod snapshot;
mod start;
pub mod store;
mod thread;
pub mod waiters;
mod watchers;
pub mod writer;

pub use agent::Agent;
pub use config::{
    AclConfig, AclDefault, AgentConfig, Compat, DEFAULT_DATACENTER, DEFAULT_GRACE,
    DEFAULT_IDLE_TIMEOUT, EventHandler, GossipConfig, GossipProfile, Listen, MAX_NAME_BYTES,
    Storage,
};
pub use error::AgentError;
pub use listen::Bound;
pub use log::{AgentLog, LogLevel, LogLines, LogThreshold};
pub use shared::SharedAgent;

#[doc(no_inline)]
pub use quorate_gossip as gossip;
