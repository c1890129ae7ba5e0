//! What each command does: one file a noun.

mod agent;
mod completions;
mod consul;
mod kv;
pub(crate) mod lock;
mod tour;
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
        | Command::Lock(_)
        | Command::Consul(_) => None,
    }
}

/// Runs any other command.
pub(crate) async fn run(config: &Config, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Tour(args) => Box::pin(tour::run(config, args)).await,
        Command::Agent(args) => Box::pin(agent::run(config, args)).await,
        Command::Kv(args) => Box::pin(kv::run(config, args.command)).await,
        Command::Consul(args) => Box::pin(consul::run(config, args.group)).await,
        Command::Lock(args) => Box::pin(lock::run(config, &args)).await,
        alone => run_alone(config, &alone).unwrap_or(Ok(Exit::Success)),
    }
}
