//! `quorate kv`: keys and values.

mod batch;
mod export;
mod get;
mod import;
mod ls;
mod put;
mod rm;
mod tree;
mod watch;

use quorate::Coordinator;

use crate::args::kv::KvCommand;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;

/// Opens the backend, runs one verb, and closes the backend whatever came of it.
pub(crate) async fn run(config: &Config, command: KvCommand) -> Result<Exit, Failure> {
    if let KvCommand::Watch(args) = &command {
        return watch::run(config, args).await;
    }
    connect::with(config, async |coordinator| {
        verb(config, coordinator, command).await
    })
    .await
}

async fn verb(
    config: &Config,
    coordinator: &Coordinator,
    command: KvCommand,
) -> Result<Exit, Failure> {
    match command {
        KvCommand::Get(args) => get::run(config, coordinator, &args).await,
        KvCommand::Put(args) => put::run(config, coordinator, &args).await,
        KvCommand::Rm(args) => rm::run(config, coordinator, &args).await,
        KvCommand::Ls(args) => ls::run(config, coordinator, args).await,
        KvCommand::Tree(args) => tree::run(config, coordinator, &args).await,
        KvCommand::Watch(args) => watch::run(config, &args).await,
        KvCommand::Export(args) => export::run(config, coordinator, &args).await,
        KvCommand::Import(args) => import::run(config, coordinator, &args).await,
    }
}
