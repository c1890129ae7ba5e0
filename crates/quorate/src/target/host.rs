//! Hosts and their ports.

use super::refuse;
use crate::Result;

/// `host`, `host:port`, `[v6]` or `[v6]:port`, with the port written out.
fn host_port(url: &str, text: &str, default_port: u16) -> Result<String> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, rest)) => {
            let port = rest.strip_prefix(':').or(rest.is_empty().then_some(""));
            let port = port.ok_or_else(|| refuse(url, &format!("{text:?} is no host and port")))?;
            (format!("[{v6}]"), port)
        }
        None => {
            let (host, port) = text.split_once(':').unwrap_or((text, ""));
            (host.to_owned(), port)
        }
    };
    let refused = |what: &str| Err(refuse(url, &format!("{text:?} {what}")));
    if port.contains(':') {
        return refused("looks like an IPv6 address; write it in brackets: [::1]:8500");
    }
    if host.is_empty() || host == "[]" || host.contains(char::is_whitespace) {
        return refused("has no host");
    }
    if text.ends_with(':') {
        return refused("has no port behind its colon");
    }
    match port {
        "" => Ok(format!("{host}:{default_port}")),
        port => match port.parse::<u16>() {
            Ok(port @ 1..) => Ok(format!("{host}:{port}")),
            _ => refused("has no port between 1 and 65535"),
        },
    }
}

/// Several of them, with commas between.
pub(super) fn host_ports(url: &str, text: &str, default_port: u16) -> Result<Vec<String>> {
    let hosts = text.split(',');
    hosts
        .map(|host| host_port(url, host, default_port))
        .collect()
}
