//! A server with a script, in the words of Consul, and clients of it.

use std::ops::Deref;

use quorate_consul::{Client, ClientBuilder};
use quorate_testkit::script;
pub(crate) use quorate_testkit::script::{Act, Network, Say};

/// A scripted server. When the script is at its end it cuts every connection.
pub(crate) struct Server(script::Server);

impl Server {
    pub(crate) fn new<A: Into<Act>>(acts: impl IntoIterator<Item = A>) -> Self {
        Self(script::Server::new(acts))
    }

    /// A builder of a client that reaches only this server.
    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().dialer(self.dialer()).seed(1)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }
}

impl Deref for Server {
    type Target = script::Server;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl AsRef<script::Server> for Server {
    fn as_ref(&self) -> &script::Server {
        &self.0
    }
}

/// An answer with an index.
pub(crate) fn indexed(index: u64, body: impl AsRef<[u8]>) -> Say {
    Say::ok(body).header("X-Consul-Index", &index.to_string())
}

/// What the KV store says of a key that is not there.
pub(crate) fn no_key(index: u64) -> Say {
    Say::status(404, "").header("X-Consul-Index", &index.to_string())
}

/// The entry of a key as Consul writes it.
pub(crate) fn entry(key: &str, value_base64: &str, index: u64) -> String {
    format!(
        r#"{{"LockIndex":0,"Key":"{key}","Flags":0,"Value":"{value_base64}","CreateIndex":1,"ModifyIndex":{index}}}"#
    )
}
