//! The configuration file of one server.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::options::{ConsulClients, ConsulData, ConsulOptions, ConsulTls};
use crate::server::port::ReservedPort;

/// The name of the unix socket in the server's folder.
const SOCKET: &str = "http.sock";

/// The ports that one server listens on, now and after a restart.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) http: ReservedPort,
    pub(super) https: Option<ReservedPort>,
    pub(super) server: ReservedPort,
    pub(super) serf_lan: ReservedPort,
    serf_wan: ReservedPort,
}

impl Ports {
    fn reserve(options: &ConsulOptions) -> io::Result<Self> {
        let port = || ReservedPort::new()?.share();
        let https = options.tls.as_ref().map(|_| port()).transpose()?;
        let (http, server, serf_lan, serf_wan) = (port()?, port()?, port()?, port()?);
        Ok(Self {
            http,
            https,
            server,
            serf_lan,
            serf_wan,
        })
    }

    fn settings(&self) -> Value {
        json!({
            "http": self.http.port(),
            "https": self.https.as_ref().map_or(-1, |port| i32::from(port.port())),
            "server": self.server.port(),
            "serf_lan": self.serf_lan.port(),
            "serf_wan": self.serf_wan.port(),
            "dns": -1,
            "grpc": -1,
        })
    }
}

/// What one server was told.
#[derive(Debug)]
pub(super) struct Config {
    options: ConsulOptions,
    ports: Ports,
    node_id: String,
    settings: Map<String, Value>,
}

impl Config {
    /// For a server in `folder`, on ports that are free now.
    pub(super) fn new(options: &ConsulOptions, folder: &Path) -> io::Result<Self> {
        let ports = Ports::reserve(options)?;
        let options = options.clone();
        let node_id = random_uuid();
        let mut config = Self {
            options,
            ports,
            node_id,
            settings: Map::new(),
        };
        config.settings = config.settings_in(folder);
        Ok(config)
    }

    pub(super) fn json(&self) -> String {
        Value::Object(self.settings.clone()).to_string()
    }

    /// The same for one of several servers, all of whom gossip at these addresses.
    pub(super) fn json_of_member(&self, gossip: &[String]) -> String {
        let mut settings = self.settings.clone();
        settings.extend(object(json!({
            "bootstrap_expect": gossip.len(),
            "retry_join": gossip,
            "retry_interval": "500ms",
            // Who is killed comes back. Otherwise the leader may take a failed server, and the
            // sessions of its node with it, out of the cluster within seconds.
            "autopilot": { "cleanup_dead_servers": false },
        })));
        Value::Object(settings).to_string()
    }

    pub(super) fn arguments(&self) -> &'static [&'static str] {
        match self.options.data {
            ConsulData::DataDir => &["-config-file", "agent.json"],
            ConsulData::InMemoryDev => &["-dev", "-config-file", "agent.json"],
        }
    }

    pub(super) fn ports(&self) -> &Ports {
        &self.ports
    }

    pub(super) fn node_id(&self) -> &str {
        &self.node_id
    }

    pub(super) fn node_name(&self) -> &str {
        &self.options.node_name
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.options.acl_master.as_deref()
    }

    pub(super) fn socket(&self) -> Option<&'static str> {
        self.options.unix_socket.then_some(SOCKET)
    }

    fn settings_in(&self, folder: &Path) -> Map<String, Value> {
        let Self {
            options,
            ports,
            node_id,
            ..
        } = self;
        let mut settings = json!({
            "server": true,
            "node_name": options.node_name,
            "node_id": node_id,
            "bind_addr": "127.0.0.1",
            "client_addr": "127.0.0.1",
            "ports": ports.settings(),
            // The shortest election timeouts; the default is five times as long.
            "performance": { "raft_multiplier": 1 },
            "limits": { "http_max_conns_per_client": options.max_connections },
            "skip_leave_on_interrupt": true,
            "leave_on_terminate": false,
            "disable_update_check": true,
            "log_level": "INFO",
        });
        if options.data == ConsulData::DataDir {
            settings["bootstrap_expect"] = json!(1);
            settings["data_dir"] = json!(super::DATA);
        }
        if let Some(ttl) = options.session_ttl_min {
            settings["session_ttl_min"] = json!(format!("{}ms", ttl.as_millis()));
        }
        if options.unix_socket {
            let socket = folder.join(SOCKET);
            settings["addresses"] =
                json!({"http": format!("127.0.0.1 unix://{}", socket.display())});
        }
        if let Some(secret) = &options.acl_master {
            settings["primary_datacenter"] = json!("dc1");
            settings["acl"] =
                json!({"enabled": true, "default_policy": "deny", "tokens": {"master": secret}});
        }
        let tls = options.tls.as_ref().map(tls_settings).into_iter().flatten();
        let mut settings = object(settings);
        settings.extend(tls.chain(options.settings.iter().cloned()));
        settings
    }
}

fn tls_settings(tls: &ConsulTls) -> Map<String, Value> {
    object(json!({
        "ca_file": tls.ca_file,
        "cert_file": tls.cert_file,
        "key_file": tls.key_file,
        "verify_incoming_https": tls.clients == ConsulClients::Certified,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// An id by which the server is told from any other on this machine.
fn random_uuid() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (a, b) = (random(), random());
    let (time, mid, high) = (a >> 32, (a >> 16) & 0xffff, a & 0xfff);
    format!(
        "{time:08x}-{mid:04x}-4{high:03x}-8{:03x}-{:012x}",
        (b >> 48) & 0xfff,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn settings(options: &ConsulOptions) -> Value {
        let config = Config::new(options, Path::new("/folder")).unwrap();
        serde_json::from_str(&config.json()).unwrap()
    }

    #[test]
    fn options_become_settings() {
        let options = ConsulOptions::new()
            .with_node_name("n")
            .with_session_ttl_min(Duration::from_millis(1500))
            .with_max_connections(7)
            .with_unix_socket()
            .with_acl_master("secret")
            .with_setting("datacenter", "dc9");
        let settings = settings(&options);
        assert_eq!(settings["node_name"], "n");
        assert_eq!(settings["session_ttl_min"], "1500ms");
        assert_eq!(settings["limits"]["http_max_conns_per_client"], 7);
        assert_eq!(
            settings["addresses"]["http"],
            "127.0.0.1 unix:///folder/http.sock"
        );
        assert_eq!(settings["acl"]["tokens"]["master"], "secret");
        assert_eq!(settings["datacenter"], "dc9");
        assert_eq!(settings["bootstrap_expect"], 1);
        assert_eq!(settings["ports"]["https"], -1);
    }

    #[test]
    fn in_memory_there_is_no_data_directory() {
        let options = ConsulOptions::new().with_data(ConsulData::InMemoryDev);
        let settings = settings(&options);
        assert_eq!(settings.get("data_dir"), None);
        assert_eq!(settings.get("bootstrap_expect"), None);
    }

    #[test]
    fn ids_have_the_form_of_a_uuid() {
        let id = random_uuid();
        let groups: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
        assert_ne!(id, random_uuid());
    }
}
