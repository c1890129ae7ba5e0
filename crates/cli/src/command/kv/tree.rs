//! `quorate kv tree`.

use quorate::prelude::*;
use quorate::{Coordinator, Prefix};

use crate::args::kv::TreeArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::tree::TreeView;

/// Shows the keys below a path as a tree.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &TreeArgs,
) -> Result<Exit, Failure> {
    let prefix = Prefix::new(args.prefix.as_str())?;
    let entries = coordinator.kv().list(prefix.as_str()).await?;
    let keys = entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.value.len()));
    config
        .screen
        .show(&TreeView::new(prefix.as_str(), keys, args.depth))?;
    Ok(Exit::Success)
}
