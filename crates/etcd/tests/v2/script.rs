//! A server with a script, in the words of etcd's v2 API, and clients of it.

use std::ops::Deref;

use quorate_etcd::v2::{Client, ClientBuilder};
use quorate_testkit::script;
pub(crate) use quorate_testkit::script::{Act, Network, Say, Seen};

/// A scripted server. When the script is at its end it cuts every connection.
pub(crate) struct Server(script::Server);

impl Server {
    pub(crate) fn new<A: Into<Act>>(acts: impl IntoIterator<Item = A>) -> Self {
        Self(script::Server::new(acts))
    }

    /// Answers some requests out of turn, whenever they come.
    pub(crate) fn with_rule(self, rule: impl FnMut(&Seen) -> Option<Act> + Send + 'static) -> Self {
        Self(self.0.with_rule(rule))
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
    Say::ok(body).header("X-Etcd-Index", &index.to_string())
}

/// A refusal of keys.
pub(crate) fn refused(status: u16, code: u16, cause: &str, index: u64) -> Say {
    let body =
        format!(r#"{{"errorCode":{code},"message":"words","cause":"{cause}","index":{index}}}"#);
    Say::status(status, body + "\n").header("X-Etcd-Index", &index.to_string())
}

/// The event of a file as etcd writes it.
pub(crate) fn event(action: &str, key: &str, value: &str, index: u64) -> String {
    format!(
        r#"{{"action":"{action}","node":{{"key":"{key}","value":"{value}","modifiedIndex":{index},"createdIndex":{index}}}}}"#
    ) + "\n"
}
