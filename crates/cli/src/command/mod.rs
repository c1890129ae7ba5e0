//! What each command does: one file a noun.

mod agent;
mod completions;
mod config;
mod consul;
mod elect;
mod env;
mod etcd;
mod etcd2;
mod event;
mod follow;
mod hook;
mod kv;
pub(crate) mod lock;
mod member;
mod node;
mod password;
mod query;
mod serf;
mod service;
mod snapshot;
mod tour;
mod trees;
mod version;
pub(crate) mod watchdog;

use crate::args::Command;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;

/// Runs a command that needs nothing but this process; `None`: it needs the runtime.
pub(crate) fn run_alone(config: &Config, command: &Command) -> Option<Result<Exit, Failure>> {
    match command {
        Command::Completions(args) => Some(completions::run(args)),
        Command::Version(_) => Some(version::run(config)),
        Command::Tour(_)
        | Command::Agent(_)
        | Command::Kv(_)
        | Command::Config(_)
        | Command::Env(_)
        | Command::Tree(_)
        | Command::Lock(_)
        | Command::Elect(_)
        | Command::Service(_)
        | Command::Node(_)
        | Command::Members(_)
        | Command::Query(_)
        | Command::Event(_)
        | Command::Snapshot(_)
        | Command::Consul(_)
        | Command::Etcd(_)
        | Command::Etcd2(_)
        | Command::Serf(_) => None,
    }
}

/// Runs any other command.
pub(crate) async fn run(config: &Config, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Tour(args) => Box::pin(tour::run(config, args)).await,
        Command::Agent(args) => Box::pin(agent::run(config, *args)).await,
        Command::Kv(args) => Box::pin(kv::run(config, args.command)).await,
        Command::Config(args) => Box::pin(self::config::run(config, args.command)).await,
        Command::Env(args) => Box::pin(env::run(config, args)).await,
        Command::Tree(args) => Box::pin(trees::run(config, args.command)).await,
        Command::Consul(args) => Box::pin(consul::run(config, args.group)).await,
        Command::Etcd(args) => Box::pin(etcd::run(config, *args)).await,
        Command::Etcd2(args) => Box::pin(etcd2::run(config, *args)).await,
        Command::Serf(args) => Box::pin(serf::run(config, *args)).await,
        Command::Lock(args) => Box::pin(lock::run(config, &args.into())).await,
        Command::Elect(args) => Box::pin(elect::run(config, args)).await,
        Command::Service(args) => Box::pin(service::run(config, args.command)).await,
        Command::Node(args) => Box::pin(node::run(config, args.command)).await,
        Command::Members(args) => Box::pin(member::run(config, &args)).await,
        Command::Query(args) => Box::pin(query::run(config, args.command)).await,
        Command::Event(args) => Box::pin(event::run(config, args.command)).await,
        Command::Snapshot(args) => Box::pin(snapshot::run(config, args.command)).await,
        alone => run_alone(config, &alone).unwrap_or(Ok(Exit::Success)),
    }
}
