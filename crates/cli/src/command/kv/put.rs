//! `quorate kv put`.

use std::os::unix::ffi::OsStrExt;

use quorate::prelude::*;
use quorate::{Coordinator, ErrorKind, Revision};

use crate::args::kv::PutArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::report::Report;

/// Writes a key.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &PutArgs,
) -> Result<Exit, Failure> {
    let value = if args.literal {
        args.value.as_bytes().to_vec()
    } else {
        input::value(&args.value, coordinator.capabilities().max_value_bytes)?
    };
    let (key, size, kv) = (args.key.as_str(), value.len(), coordinator.kv());
    let written = match (args.create, args.cas) {
        (true, _) => kv.create(key, value).await,
        (false, Some(revision)) => kv.replace(key, value, Revision(revision)).await,
        (false, None) => kv.put(key, value).await,
    };
    let revision = written.map_err(|error| refused(error, key))?.0;
    config.screen.show(&Report::Put {
        key: key.to_owned(),
        revision,
        size,
    })?;
    Ok(Exit::Success)
}

/// A condition that did not hold says how to see what is there now.
pub(crate) fn refused(error: quorate::Error, key: &str) -> Failure {
    match error.kind() {
        ErrorKind::Conflict | ErrorKind::AlreadyExists => {
            Failure::from(error).with_next(format!("quorate kv get --meta {key}"))
        }
        _ => Failure::from(error),
    }
}
