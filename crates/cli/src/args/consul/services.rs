//! `quorate consul services`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::agent::FilterArgs;
use crate::args::value;

/// The services of the agent that is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul services register web.hcl
  quorate consul services register --name web --port 8080 --tag primary
  quorate consul services list
  quorate consul services deregister --id web
")]
pub(crate) struct ServicesArgs {
    #[command(subcommand)]
    pub(crate) verb: ServicesVerb,
}

/// The verbs of `quorate consul services`.
#[derive(Debug, Subcommand)]
pub(crate) enum ServicesVerb {
    /// Register services, or change those with the same ids, and print their ids
    Register(Box<RegisterArgs>),
    /// Remove services with their checks
    Deregister(DeregisterArgs),
    /// All services
    #[command(after_help = "Examples:\n  quorate consul services list --filter 'Service == web'\n")]
    List(FilterArgs),
    /// A service; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul services show web-1\n")]
    Show(IdArgs),
    /// How the services of a name are, or one by its id
    Health(HealthArgs),
}

/// `quorate consul services register`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul services register web.hcl db.json
  quorate consul services register - < web.json
  quorate consul services register --name web --id web-1 --port 8080 --meta version=2
  quorate consul services register --name web --tagged-address wan=198.51.100.7:80
")]
pub(crate) struct RegisterArgs {
    /// Files with service blocks as an agent's configuration has them, in HCL or JSON; - for
    /// standard input
    #[arg(
        value_name = "FILE",
        required_unless_present = "name",
        conflicts_with_all = ["name", "id", "address", "port", "tag", "meta", "kind", "tagged_address"]
    )]
    pub(crate) files: Vec<PathBuf>,
    /// The service's name, in place of files
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: Option<String>,
    /// Its id [default: its name]
    #[arg(long, value_name = "ID", requires = "name")]
    pub(crate) id: Option<String>,
    /// Where it is reached [default: the node's address]
    #[arg(long, value_name = "ADDRESS", requires = "name")]
    pub(crate) address: Option<String>,
    /// Its port
    #[arg(long, value_name = "PORT", requires = "name")]
    pub(crate) port: Option<u16>,
    /// A tag; may be repeated
    #[arg(long, value_name = "TAG", requires = "name")]
    pub(crate) tag: Vec<String>,
    /// A label; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair, requires = "name")]
    pub(crate) meta: Vec<(String, String)>,
    /// Its kind, such as connect-proxy
    #[arg(long, value_name = "KIND", requires = "name")]
    pub(crate) kind: Option<String>,
    /// Where it is reached by those who know this tag; may be repeated
    #[arg(long, value_name = "TAG=HOST:PORT", value_parser = tagged, requires = "name")]
    pub(crate) tagged_address: Vec<(String, String, u16)>,
}

/// `wan=198.51.100.7:80`, an IPv6 address in brackets.
fn tagged(text: &str) -> Result<(String, String, u16), String> {
    let wrong = || "write it as TAG=HOST:PORT".to_owned();
    let (tag, address) = value::pair(text).map_err(|_| wrong())?;
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    let host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']').ok_or_else(wrong)?,
        None if host.contains(':') => return Err(wrong()),
        None => host,
    };
    if host.is_empty() {
        return Err(wrong());
    }
    Ok((tag, host.to_owned(), port))
}

/// `quorate consul services deregister`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul services deregister --id web-1
  quorate consul services deregister web.hcl
")]
pub(crate) struct DeregisterArgs {
    /// The files that they were registered from; - for standard input
    #[arg(
        value_name = "FILE",
        required_unless_present = "id",
        conflicts_with = "id"
    )]
    pub(crate) files: Vec<PathBuf>,
    /// The id of one service, in place of files
    #[arg(long, value_name = "ID", value_parser = value::key)]
    pub(crate) id: Option<String>,
}

/// `quorate consul services show`.
#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
}

/// `quorate consul services health`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul services health web
  quorate consul services health --id web-1
")]
pub(crate) struct HealthArgs {
    /// The name
    #[arg(value_parser = value::key, required_unless_present = "id", conflicts_with = "id")]
    pub(crate) name: Option<String>,
    /// The id of one service, in place of a name
    #[arg(long, value_name = "ID", value_parser = value::key)]
    pub(crate) id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_address_has_a_tag_a_host_and_a_port() {
        assert_eq!(tagged("a=h:1"), Ok(("a".into(), "h".into(), 1)));
        assert_eq!(tagged("a=[::1]:1"), Ok(("a".into(), "::1".into(), 1)));
        for wrong in ["a", "a=h", "a=:1", "a=h:x", "a=::1:1", "a=[::1:1", "=h:1"] {
            assert!(tagged(wrong).is_err(), "{wrong}");
        }
    }
}
