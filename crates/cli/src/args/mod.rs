//! What was typed: one file a command, nothing resolved and nothing checked beyond its own syntax.

pub(crate) mod agent;
pub(crate) mod asked;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod consul;
pub(crate) mod elect;
pub(crate) mod env;
pub(crate) mod etcd;
pub(crate) mod etcd2;
pub(crate) mod event;
pub(crate) mod flag;
pub(crate) mod kv;
pub(crate) mod lock;
pub(crate) mod member;
pub(crate) mod node;
pub(crate) mod query;
pub(crate) mod serf;
pub(crate) mod service;
pub(crate) mod snapshot;
pub(crate) mod tour;
pub(crate) mod trees;
pub(crate) mod value;
pub(crate) mod version;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::exit;

const EXAMPLES: &str = "\
Examples:
  quorate tour                                      see everything work, nothing installed
  quorate kv put config/port 8080                   write a key in your data directory
  quorate kv get config/port                        read it
  quorate --at consul://127.0.0.1:8500 kv ls        the same on a real Consul
  quorate lock nightly -- ./backup.sh               run a command under a lock
  quorate service register web --port 80 -- ./web   registered while it runs
  quorate agent                                     serve Consul's HTTP API on 127.0.0.1:8500
";

/// Keys, watches, locks, elections, services, members and events: on nothing installed, or on a real
/// Consul, etcd or Serf.
#[derive(Debug, Parser)]
#[command(
    name = "quorate",
    version,
    long_version = version::LONG,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n{}", exit::table()),
    propagate_version = false,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Where to work: embedded:[DIR], memory:, consul://HOST:PORT, consul+tls://…, consul+unix:///PATH,
    /// etcd://HOST:PORT, etcd+tls://…, etcd+srv://DOMAIN, etcd2://… (etcd's v2 API),
    /// serf://HOST:PORT
    ///
    /// `embedded:` without a directory is the agent of this user's data directory; several
    /// processes share it. `consul://` and `etcd://` take several hosts (a:8500,b:8500) and options
    /// as query parameters, for example ?token-file=/run/secrets/consul.
    #[arg(
        long,
        global = true,
        env = "QUORATE_URL",
        hide_env_values = true,
        value_name = "URL",
        default_value = "embedded:",
        hide_default_value = false
    )]
    pub(crate) at: String,

    /// How to print results: for people, or one JSON document (a line each for streams)
    #[arg(long, short, global = true, value_enum, value_name = "FORMAT", default_value_t = Output::Text)]
    pub(crate) output: Output,

    /// Give up an operation after this long, such as 500ms, 10s or 1m30s [default: 15s, or 2s if no
    /// server can be reached]
    #[arg(long, global = true, value_name = "D", value_parser = value::duration)]
    pub(crate) timeout: Option<Duration>,

    /// Read the access token from this file (for consul:// and serf)
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) token_file: Option<PathBuf>,

    /// Say more on standard error: -v warnings and events, -vv requests, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// The form of results on standard output and of errors on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[value(alias = "simple")]
    Text,
    /// For people, with all that is known of a key: for etcd2, as text elsewhere
    Extended,
    /// For programs: stable keys
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See keys, watches, sessions, locks and a semaphore work, each step checked
    Tour(tour::TourArgs),
    /// Serve the APIs of Consul and etcd, and be a member of a cluster of Serf
    Agent(Box<agent::AgentArgs>),
    /// Read, write, list, watch, export and import keys
    Kv(kv::KvArgs),
    /// Read, set, edit, compare and check the configuration of a program
    Config(config::ConfigArgs),
    /// Run a command with the keys below a path as its environment
    Env(env::EnvArgs),
    /// Read and write values of any shape as trees of keys
    Tree(trees::TreesArgs),
    /// Run a command while a lock, or a place of a semaphore, is held
    Lock(lock::LockArgs),
    /// Run a command while this is the elected leader
    Elect(elect::ElectArgs),
    /// Register services, find their instances and follow them
    Service(service::ServiceArgs),
    /// The nodes and how they are
    Node(node::NodeArgs),
    /// The members of the cluster, and how they are
    Members(member::MembersArgs),
    /// Ask all members, and answer
    Query(query::QueryArgs),
    /// Fire events, and follow them
    Event(event::EventArgs),
    /// Save everything into a file, restore it, or see what such a file holds
    Snapshot(snapshot::SnapshotArgs),
    /// Consul's own endpoints, in the words of the consul command
    Consul(Box<consul::ConsulArgs>),
    /// The v3 API of etcd, in the words of etcdctl
    Etcd(Box<etcd::EtcdArgs>),
    /// The v2 API of etcd, in the words of etcdctl with ETCDCTL_API=2
    Etcd2(Box<etcd2::Etcd2Args>),
    /// The RPC of Serf, in the words of the serf command
    Serf(Box<serf::SerfArgs>),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the version, what was built in, and the backends
    Version(version::VersionArgs),
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn walk(command: &clap::Command, visit: &mut impl FnMut(&clap::Command)) {
        visit(command);
        command.get_subcommands().for_each(|sub| walk(sub, visit));
    }

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_ends_with_examples() {
        let mut seen = 0;
        walk(&Cli::command(), &mut |command| {
            seen += 1;
            let name = command.get_name();
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.contains("Examples:\n"), "{name} has no examples");
            let shown = help
                .lines()
                .filter(|line| line.trim_start().starts_with("quorate"));
            assert!(shown.count() >= 1 && help.contains(name), "{name}: {help}");
        });
        assert!(seen >= 14, "only {seen} commands were seen");
    }

    #[test]
    fn every_option_and_command_says_what_it_does() {
        walk(&Cli::command(), &mut |command| {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
        });
    }

    /// The words of a line as a shell takes them, as far as examples need it.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut quote) = (vec![String::new()], None);
        for c in line.chars() {
            match quote {
                Some(end) if c == end => quote = None,
                None if c == '\'' || c == '"' => quote = Some(c),
                None if c == ' ' => words.push(String::new()),
                _ => words.last_mut().unwrap().push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn the_examples_of_every_help_parse() {
        walk(&Cli::command(), &mut |command| {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            for line in help.lines().map(str::trim) {
                let Some(line) = line.strip_prefix("quorate ") else {
                    continue;
                };
                let line = line.split("  ").next().unwrap_or_default();
                let line = line
                    .split([';', '|', '<', '>', '&'])
                    .next()
                    .unwrap_or_default();
                let words = std::iter::once("quorate".to_owned()).chain(words(line));
                if let Err(error) = Cli::try_parse_from(words) {
                    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
                    assert!(
                        matches!(error.kind(), DisplayHelp | DisplayVersion),
                        "{line}: {error}"
                    );
                }
            }
        });
    }
}
