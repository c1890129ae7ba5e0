//! Serf's RPC, and the membership behind it.
//!
//! The same bytes as Serf 0.10.1's agent sends, with bounds where that has none. A connection
//! ([`connection`]) reads one request after the other and answers in that order; what streams, monitors
//! and queries tell comes from tasks of their own in between. All of them write by [`outgoing`],
//! which ends the connection of a client that takes nothing. One task ([`events`]) hears what happens
//! in the cluster and passes it on ([`subscriber`]).

mod auth;
mod connection;
mod coordinate;
mod event;
mod events;
mod handler;
mod key;
mod leave;
mod member;
mod monitor;
mod objects;
mod outgoing;
mod query;
mod refusal;
mod script;
mod start;
mod stats;
mod stream;
mod subscriber;
mod tags;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;
use quorate_gossip::Gossip;
use quorate_net::task::Spawner;

use crate::consul;
use crate::log::{AgentLog, LogLevel};
pub(crate) use auth::Token;
pub(crate) use connection::serve;
pub(crate) use events::listen;
use handler::Handler;
pub(crate) use refusal::text as refused;
pub(crate) use start::membership;
use subscriber::Subscribers;

/// What every connection needs.
pub(crate) struct Front {
    gossip: Gossip,
    auth: Option<Token>,
    log: AgentLog,
    subscribers: Subscribers,
    handlers: ArcSwap<Vec<Handler>>,
    /// The rest of the agent, which ends when a client makes it leave.
    agent: Arc<consul::Front>,
    spawner: Spawner,
    /// How many clients there were.
    clients: AtomicU64,
}

impl Front {
    /// Without event handlers, which are [set](Self::set_handlers).
    pub(crate) fn new(gossip: Gossip, auth: Option<Token>, agent: Arc<consul::Front>) -> Arc<Self> {
        Arc::new(Self {
            gossip,
            auth,
            log: agent.log.clone(),
            subscribers: Subscribers::default(),
            handlers: ArcSwap::default(),
            spawner: agent.spawner.clone(),
            agent,
            clients: AtomicU64::new(0),
        })
    }

    /// The rest of the agent.
    pub(crate) fn agent(&self) -> &Arc<consul::Front> {
        &self.agent
    }

    /// Says something in the words of Serf's agent.
    fn say(&self, level: LogLevel, module: &str, text: &str) {
        self.log.record(level, module, text, &[]);
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front")
            .field("name", &self.gossip.name())
            .finish_non_exhaustive()
    }
}
