//! `quorate kv rm`.

use quorate::prelude::*;
use quorate::{Coordinator, Prefix, Revision};

use super::put::refused;
use crate::args::kv::RmArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prompt;
use crate::view::report::{Report, count};

/// Deletes a key, or all below a path.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &RmArgs,
) -> Result<Exit, Failure> {
    if args.tree {
        return tree(config, coordinator, args).await;
    }
    let key = args.key.as_str();
    match args.cas {
        Some(revision) => coordinator.kv().delete_at(key, Revision(revision)).await,
        None => coordinator.kv().delete(key).await,
    }
    .map_err(|error| refused(error, key))?;
    config.screen.show(&Report::Deleted {
        key: key.to_owned(),
        tree: false,
        keys: None,
    })?;
    Ok(Exit::Success)
}

async fn tree(config: &Config, coordinator: &Coordinator, args: &RmArgs) -> Result<Exit, Failure> {
    let prefix = Prefix::new(args.key.as_str())?;
    let keys = coordinator.kv().keys(prefix.as_str()).await?.len();
    let shown = if prefix.as_str().is_empty() {
        "/"
    } else {
        prefix.as_str()
    };
    let plan = format!(
        "delete {} below {shown} on {}",
        count(keys),
        config.target()
    );
    if keys > 0 {
        prompt::confirm(&plan, args.yes, false)?;
        coordinator.kv().delete_prefix(prefix.as_str()).await?;
    }
    config.screen.show(&Report::Deleted {
        key: shown.to_owned(),
        tree: true,
        keys: Some(keys),
    })?;
    Ok(Exit::Success)
}
