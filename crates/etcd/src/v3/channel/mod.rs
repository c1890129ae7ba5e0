//! Connections to each server of a set.

mod connection;
mod keep_alive;
mod unary;

use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use quorate_net::endpoint::{Endpoint, EndpointId, EndpointSet};
use quorate_net::error::{Failure, NetErrorKind, Phase};
use quorate_net::http::ConfigError;
use quorate_net::task::Spawner;
use quorate_net::tls::TlsOptions;
use quorate_net::transport::{Connector, Dial, Protocol};

pub use keep_alive::KeepAlive;

pub(crate) use connection::{Broken, Connection, Head, Inbound, Token};
pub(crate) use unary::PREFIX;

/// What is said of an answer that is longer than it may be, here and by tonic.
pub(crate) const TOO_LONG: &str = "decoded message length too large";

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct ChannelConfig {
    pub(crate) dial: Option<Arc<dyn Dial>>,
    pub(crate) tls: TlsOptions,
    pub(crate) connect: std::time::Duration,
    pub(crate) keep_alive: KeepAlive,
}

/// One connection to each server, made when it is needed first and again when it broke.
#[derive(Debug)]
pub(crate) struct Channels {
    endpoints: EndpointSet,
    connector: Connector,
    slots: Vec<Arc<Slot>>,
    tasks: Spawner,
    keep_alive: KeepAlive,
}

#[derive(Debug)]
struct Slot {
    endpoint: Endpoint,
    origin: Uri,
    current: Mutex<Option<Connection>>,
    /// Whoever connects holds this, and the others wait for what comes of it.
    connecting: tokio::sync::Mutex<()>,
}

impl Channels {
    /// For these servers. What `before` has to the same servers is kept.
    pub(crate) fn new(
        endpoints: EndpointSet,
        config: &ChannelConfig,
        tasks: Spawner,
        before: Option<&Self>,
    ) -> Result<Self, ConfigError> {
        let connector = Connector::new(
            &endpoints,
            config.dial.clone(),
            &config.tls,
            Protocol::Http2,
            config.connect,
        )?;
        let mut slots = Vec::with_capacity(endpoints.len());
        for (id, endpoint) in endpoints.iter() {
            let known = before.and_then(|before| before.slot_of(endpoint));
            slots.push(match known {
                Some(slot) => slot,
                None => Arc::new(Slot::new(endpoint, connector.host(id))?),
            });
        }
        Ok(Self {
            endpoints,
            connector,
            slots,
            tasks,
            keep_alive: config.keep_alive,
        })
    }

    fn slot_of(&self, endpoint: &Endpoint) -> Option<Arc<Slot>> {
        let mut slots = self.slots.iter();
        slots.find(|slot| slot.endpoint == *endpoint).cloned()
    }

    /// The servers, and what is known about them.
    pub(crate) fn endpoints(&self) -> &EndpointSet {
        &self.endpoints
    }

    /// A connection to a server: the one that is there, or a new one. `phase` follows.
    pub(crate) async fn connection(
        &self,
        id: EndpointId,
        phase: &mut Phase,
    ) -> Result<Connection, Failure> {
        let slot = self.endpoints.get(id).and_then(|at| self.slot_of(at));
        let Some(slot) = slot else {
            return Err(Failure::new(
                *phase,
                NetErrorKind::Request,
                "no such server",
            ));
        };
        if let Some(connection) = slot.usable() {
            return Ok(connection);
        }
        let _connecting = slot.connecting.lock().await;
        if let Some(connection) = slot.usable() {
            return Ok(connection);
        }
        let stream = self.connector.connect(id, phase).await?;
        let (origin, tasks) = (slot.origin.clone(), self.tasks.clone());
        let opened = Connection::open(stream, origin, tasks, self.keep_alive).await;
        let connection =
            opened.map_err(|error| Failure::new(Phase::Connect, NetErrorKind::Protocol, error))?;
        *slot.lock() = Some(connection.clone());
        Ok(connection)
    }

    /// The server did not answer in time: what is asked next gets a connection of its own.
    pub(crate) fn suspect(&self, id: EndpointId) {
        if let Some(slot) = self.endpoints.get(id).and_then(|at| self.slot_of(at)) {
            *slot.lock() = None;
        }
    }
}

impl Slot {
    fn new(endpoint: &Endpoint, host: Option<&http::HeaderValue>) -> Result<Self, ConfigError> {
        let scheme = if endpoint.is_tls() { "https" } else { "http" };
        let host = host.and_then(|host| host.to_str().ok());
        let host = host.unwrap_or("localhost");
        let origin = Uri::try_from(format!("{scheme}://{host}"));
        let origin = origin.map_err(|_| ConfigError::Host {
            endpoint: endpoint.to_string(),
        })?;
        Ok(Self {
            endpoint: endpoint.clone(),
            origin,
            current: Mutex::new(None),
            connecting: tokio::sync::Mutex::new(()),
        })
    }

    fn usable(&self) -> Option<Connection> {
        let current = self.lock();
        current.clone().filter(Connection::is_usable)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Connection>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
