//! Servers in memory behind addresses, of which any may go away and come back.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quorate_net::endpoint::Endpoint;
use quorate_net::transport::{BoxFuture, Dial, MemoryDialer, Stream};

use crate::{grpc, script};

/// Several servers, each behind an address; every other address refuses.
#[derive(Debug, Default)]
pub struct Network(Mutex<HashMap<String, MemoryDialer>>);

/// A server that a [`Network`] can lead to.
pub trait Reachable {
    /// What leads to it.
    fn dialer(&self) -> MemoryDialer;
}

impl Reachable for grpc::Server {
    fn dialer(&self) -> MemoryDialer {
        self.dialer()
    }
}

impl<S: AsRef<script::Server>> Reachable for S {
    fn dialer(&self) -> MemoryDialer {
        self.as_ref().dialer()
    }
}

impl Network {
    /// These servers, by their addresses.
    pub fn new<'a, S>(servers: impl IntoIterator<Item = (&'a str, &'a S)>) -> Arc<Self>
    where
        S: Reachable + 'a,
    {
        let network = Self::default();
        for (address, server) in servers {
            network.up(address, server);
        }
        Arc::new(network)
    }

    /// Puts a server behind an address.
    pub fn up(&self, address: &str, server: &impl Reachable) {
        self.doors().insert(address.to_owned(), server.dialer());
    }

    /// Makes an address refuse.
    pub fn down(&self, address: &str) {
        self.doors().remove(address);
    }

    fn doors(&self) -> MutexGuard<'_, HashMap<String, MemoryDialer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dial for Network {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let dialer = self.doors().get(endpoint.as_str()).cloned();
            match dialer {
                Some(dialer) => dialer.dial(endpoint).await,
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}
