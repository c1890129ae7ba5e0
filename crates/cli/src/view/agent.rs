//! What an agent says about itself: `quorate agent`.

use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::{Style, View};

/// What happens to an agent, one line (JSON) or paragraph (text) each.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum AgentView {
    /// It answers.
    Ready {
        node: String,
        /// `None`: memory.
        data: Option<String>,
        listeners: Vec<ListenerView>,
        /// Where other members reach it, if it takes part in a cluster.
        #[serde(skip_serializing_if = "Option::is_none")]
        gossip: Option<SocketAddr>,
        pid: u32,
    },
    /// It has read its configuration files again.
    Reloaded,
    /// It has been asked to end.
    Stopping { signal: &'static str },
    /// It has ended.
    Stopped,
}

/// One listener.
#[derive(Debug, Serialize)]
pub(crate) struct ListenerView {
    /// `consul-http`, `etcd` for its v2 and v3 APIs, or `serf`.
    pub(crate) protocol: &'static str,
    /// `http://127.0.0.1:8500`.
    pub(crate) url: String,
    /// What points the `consul` program, or `etcdctl`, and their like to it.
    pub(crate) environment: String,
    /// What points quorate to it, where it speaks that protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
}

impl View for AgentView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self {
            Self::Ready {
                node,
                data,
                listeners,
                gossip,
                pid,
            } => {
                let kept = match data {
                    Some(directory) => format!("data in {}", style.clean(directory)),
                    None => "nothing kept (memory)".into(),
                };
                let title = format!(
                    "quorate agent, node {}, {kept}, pid {pid}",
                    style.clean(node)
                );
                writeln!(out, "{}", style.title(title))?;
                for listener in listeners {
                    listener.text(out, style)?;
                }
                if let Some(gossip) = gossip {
                    writeln!(out, "  gossip  {gossip}")?;
                }
                writeln!(
                    out,
                    "{}",
                    style.faint("Ctrl-C or SIGTERM ends it; a second one forces it.")
                )
            }
            Self::Stopping { signal } => writeln!(out, "{signal}: ending"),
            Self::Reloaded => writeln!(
                out,
                "SIGHUP: log level, tags and event handlers are read again"
            ),
            Self::Stopped => writeln!(out, "ended"),
        }
    }
}

impl ListenerView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        writeln!(out, "  {}  {}", self.protocol, style.good(&self.url))?;
        let clients = match self.protocol {
            "etcd" => "etcdctl and the like:  ",
            "serf" => "serf and its clients:  ",
            _ => "consul and its clients:",
        };
        writeln!(out, "    {clients}  export {}", self.environment)?;
        let command = match self.protocol {
            "serf" => "members",
            _ => "kv ls",
        };
        match &self.at {
            Some(at) => writeln!(
                out,
                "    quorate:                 quorate --at {at} {command}"
            ),
            None => Ok(()),
        }
    }
}
