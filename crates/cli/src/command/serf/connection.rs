//! From what was typed to the agent.

use std::env;
use std::time::Duration;

use quorate_serf::{Client, Hosts, Secret, Timeouts};

use crate::args::serf::connection::ConnectionArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;

/// Where `serf` looks, and the token that it shows.
const ADDRESS: &str = "SERF_RPC_ADDR";
const TOKEN: &str = "SERF_RPC_AUTH";
/// Where it is if nobody says.
pub(super) const DEFAULT: &str = "127.0.0.1:7373";
/// What `--at` is where nobody says anything.
const NOWHERE: &str = "embedded:";
/// For how long an agent is tried that can't be reached.
const REACH: Duration = Duration::from_secs(2);
/// How long a command may take that needs no other members.
const OVERALL: Duration = Duration::from_secs(15);
/// No token is longer.
const MAX_TOKEN: usize = 4096;

/// A client of the agents that the options, the URL and the environment name. Nothing is sent.
pub(super) fn client(config: &Config, args: &ConnectionArgs) -> Result<Client, Failure> {
    let named = env::var(ADDRESS).ok().filter(|text| !text.is_empty());
    let hosts: Hosts = said(config, args, named)?.parse().map_err(Failure::usage)?;
    let overall = config.timeout.unwrap_or(OVERALL);
    let dial = REACH.min(overall);
    let attempt = match hosts.iter().count() {
        0 | 1 => overall,
        _ => overall / 2,
    };
    let timeouts = Timeouts::default()
        .with_connect(dial)
        .with_reach(Some(dial))
        .with_attempt(attempt)
        .with_overall(Some(overall));
    let mut builder = Client::builder().hosts(hosts).timeouts(timeouts);
    if let Some(token) = token(config, args)? {
        builder = builder.auth_key(token);
    }
    Ok(builder.build()?)
}

/// What was said most clearly: the option, the URL of an agent, the environment, nothing.
fn said(config: &Config, args: &ConnectionArgs, named: Option<String>) -> Result<String, Failure> {
    if let Some(list) = &args.rpc_addr {
        return Ok(list.clone());
    }
    if config.at.starts_with("serf:") {
        return Ok(config.at.clone());
    }
    match named {
        Some(list) if !config.at_given => Ok(list),
        None if !config.at_given && config.at == NOWHERE => Ok(DEFAULT.to_owned()),
        _ => {
            let why = format!("{} is no agent of Serf", config.target());
            Err(Failure::usage(why).with_next("quorate serf --rpc-addr 127.0.0.1:7373 …"))
        }
    }
}

/// The token for agents whose address has none.
fn token(config: &Config, args: &ConnectionArgs) -> Result<Option<Secret>, Failure> {
    match (&args.rpc_auth, &config.token_file) {
        (Some(_), Some(_)) => Err(Failure::usage(
            "the token stands in --rpc-auth and in --token-file",
        )),
        (Some(token), None) => Ok(Some(Secret::from(token.clone()))),
        (None, Some(path)) => {
            let bytes = input::file(path, MAX_TOKEN)?;
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| Failure::usage("the token in --token-file is no text"))?;
            Ok(Some(Secret::from(text.trim_end().to_owned())))
        }
        (None, None) => {
            let token = env::var(TOKEN).ok().filter(|token| !token.is_empty());
            Ok(token.map(Secret::from))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn found(line: &str, named: Option<&str>) -> Option<String> {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Serf(serf) = cli.command else {
            panic!("{line}");
        };
        let config = Config::new(cli.global, line.contains("--at"));
        said(&config, &serf.connection, named.map(str::to_owned)).ok()
    }

    #[test]
    fn what_was_said_most_clearly_counts() {
        let is = |line, named, expected: Option<&str>| {
            assert_eq!(found(line, named).as_deref(), expected, "{line}");
        };
        let at = "quorate --at serf://a:1,b?AuthKey=k serf members";
        is(at, Some("c"), Some("serf://a:1,b?AuthKey=k"));
        let both = "quorate --at serf://a serf --rpc-addr d,e members";
        is(both, Some("c"), Some("d,e"));
        is("quorate serf members", Some("c,d"), Some("c,d"));
        is("quorate serf members", None, Some(DEFAULT));
        is("quorate --at consul://a serf members", Some("c"), None);
    }
}
