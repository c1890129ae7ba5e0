//! `quorate config`: typed configuration on any backend.

mod diff;
mod draft;
mod edit;
mod example;
mod get;
mod set;
mod validate;
mod watch;

use std::path::Path;

use quorate::Coordinator;
use quorate::config::{ConfigError, Edit, Origin, Store};
use serde_json::Value;

use crate::args::config::{ConfigCommand, Format, Place};
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, exit_for};
use crate::input;

/// The largest file that is read.
const MAX_FILE: usize = 16 << 20;

/// Opens the backend, runs one verb, and closes the backend whatever came of it.
pub(crate) async fn run(config: &Config, command: ConfigCommand) -> Result<Exit, Failure> {
    match &command {
        ConfigCommand::Watch(args) => return watch::run(config, args).await,
        ConfigCommand::Validate(args) if args.file.is_some() => {
            return validate::file(config, args);
        }
        _ => {}
    }
    connect::with(config, async |coordinator| {
        verb(config, coordinator, command).await
    })
    .await
}

async fn verb(
    config: &Config,
    coordinator: &Coordinator,
    command: ConfigCommand,
) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Get(args) => get::run(config, coordinator, &args).await,
        ConfigCommand::Set(args) => set::run(config, coordinator, args).await,
        ConfigCommand::Watch(args) => watch::run(config, &args).await,
        ConfigCommand::Edit(args) => edit::run(config, coordinator, &args).await,
        ConfigCommand::Diff(args) => diff::run(config, coordinator, &args).await,
        ConfigCommand::Validate(args) => validate::run(config, coordinator, &args).await,
    }
}

impl Place {
    fn store(&self, coordinator: &Coordinator) -> Result<Store, Failure> {
        store(coordinator, &self.path, self.document)
    }
}

fn store(
    coordinator: &Coordinator,
    path: &str,
    document: Option<Format>,
) -> Result<Store, Failure> {
    Ok(match document {
        Some(format) => Store::document(coordinator, path, format.into())?,
        None => Store::subtree(coordinator, path)?,
    })
}

impl From<Format> for quorate::config::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Toml => Self::Toml,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Backend(error) => error.into(),
            ConfigError::Usage(message) => Self::usage(message),
            other => {
                let exit = match other.kind() {
                    // What is wrong is what was read, not the command line.
                    quorate::ErrorKind::InvalidArgument => Exit::Failure,
                    kind => exit_for(kind),
                };
                Self::caused(exit, other)
            }
        }
    }
}

/// What a file says, in the format that its name tells, or JSON; `-` is standard input.
fn document(path: &Path) -> Result<Value, Failure> {
    let bytes = input::document(path, MAX_FILE)?;
    let format = quorate::config::Format::of_path(path).unwrap_or(quorate::config::Format::Json);
    let value = format.parse(&bytes, &Origin::File(path.to_owned()))?;
    if value.is_object() {
        return Ok(value);
    }
    let path = path.display();
    Err(Failure::new(
        Exit::Failure,
        format!("the top level of {path} is no map"),
    ))
}

/// Writes what is different: at once where the backend can.
async fn commit(coordinator: &Coordinator, edit: Edit) -> Result<Option<u64>, Failure> {
    let limits = coordinator.capabilities();
    let changes = edit.changes()?.len();
    // A change is a comparison and an operation.
    let fits = limits.transactions && changes.saturating_mul(2) <= limits.max_txn_ops;
    let written = if fits {
        edit.commit().await
    } else {
        edit.commit_in_steps().await
    };
    Ok(written?.map(|revision| revision.0))
}
