//! `quorate consul`: one file a group.

mod session;
mod status;

use quorate_consul::Client;

use crate::args::consul::Group;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;

/// What a verb works with.
#[derive(Clone, Copy)]
struct Context<'a> {
    config: &'a Config,
    client: &'a Client,
}

/// Opens the backend, runs one verb, and closes the backend whatever came of it.
pub(crate) async fn run(config: &Config, group: Group) -> Result<Exit, Failure> {
    let coordinator = connect::open(config).await?;
    let result = match coordinator.native_consul() {
        Some(client) => verb(Context { config, client }, group).await,
        None => Err(
            Failure::usage(format!("{} has no Consul behind it", coordinator.url()))
                .with_next("quorate --at consul://127.0.0.1:8500 consul …, or --at embedded:"),
        ),
    };
    if let Err(error) = coordinator.close().await {
        tracing::debug!(%error, "closing");
    }
    result
}

async fn verb(context: Context<'_>, group: Group) -> Result<Exit, Failure> {
    match group {
        Group::Session(args) => session::run(context, args.verb).await,
        Group::Status(args) => status::run(context, args.verb).await,
    }
}

/// What is asked for does not exist.
fn missing(what: &str, name: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("{what} {name} does not exist"))
}
