//! How a real Consul is started.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

/// Where Consul keeps its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsulData {
    /// In a folder, as in production: a restart finds it again. Ready after about two seconds.
    #[default]
    DataDir,
    /// In memory, with `-dev`: a restart loses it, and all JSON is indented. Ready at once.
    InMemoryDev,
}

/// The files of an HTTPS interface.
#[derive(Clone, Debug)]
pub struct ConsulTls {
    /// The authority that signed the certificate, and those of the clients.
    pub ca_file: PathBuf,
    /// The server's certificate.
    pub cert_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
    /// Who may connect.
    pub clients: ConsulClients,
}

/// Who may connect by HTTPS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsulClients {
    /// Everybody.
    #[default]
    Any,
    /// Those with a certificate of the authority.
    Certified,
}

/// How a real Consul is started.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsulOptions {
    /// Where the data is. Default: in a folder.
    pub data: ConsulData,
    /// The name of the node. Default: `node-1`.
    pub node_name: String,
    /// The shortest TTL that a session may have (`session_ttl_min`). Consul's own is 10 s; less
    /// makes tests of expiry fast. `None`: Consul's own.
    pub session_ttl_min: Option<Duration>,
    /// How many connections one address may have (`limits.http_max_conns_per_client`). Consul's own
    /// is 200, and it just closes those above. Default: 10,000.
    pub max_connections: u32,
    /// A unix socket in its folder, beside the port. Default: none.
    pub unix_socket: bool,
    /// HTTPS on a port of its own. Default: none.
    pub tls: Option<ConsulTls>,
    /// ACLs with `deny` as the default, and this secret as the master token. Default: no ACLs.
    pub acl_master: Option<String>,
    /// Further settings of the configuration file, by name. They win over everything else.
    pub settings: Vec<(String, Value)>,
}

impl Default for ConsulOptions {
    fn default() -> Self {
        Self {
            data: ConsulData::default(),
            node_name: "node-1".to_owned(),
            session_ttl_min: None,
            max_connections: 10_000,
            unix_socket: false,
            tls: None,
            acl_master: None,
            settings: Vec::new(),
        }
    }
}

impl ConsulOptions {
    /// The defaults: one server with a data directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the data is.
    #[must_use]
    pub fn with_data(mut self, data: ConsulData) -> Self {
        self.data = data;
        self
    }

    /// The name of the node.
    #[must_use]
    pub fn with_node_name(mut self, name: impl Into<String>) -> Self {
        self.node_name = name.into();
        self
    }

    /// The shortest TTL that a session may have, in whole milliseconds.
    #[must_use]
    pub fn with_session_ttl_min(mut self, ttl: Duration) -> Self {
        self.session_ttl_min = Some(ttl);
        self
    }

    /// How many connections one address may have.
    #[must_use]
    pub fn with_max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// A unix socket beside the port:
    /// [`ConsulServer::socket_path`](super::ConsulServer::socket_path).
    #[must_use]
    pub fn with_unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// HTTPS beside HTTP: [`ConsulServer::https_url`](super::ConsulServer::https_url).
    #[must_use]
    pub fn with_tls(mut self, tls: ConsulTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// ACLs with `deny` as the default, and this secret (a UUID) as the master token.
    #[must_use]
    pub fn with_acl_master(mut self, secret: impl Into<String>) -> Self {
        self.acl_master = Some(secret.into());
        self
    }

    /// One more setting of the configuration file.
    #[must_use]
    pub fn with_setting(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}
