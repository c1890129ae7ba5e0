//! `quorate kv get`.

use quorate::Coordinator;
use quorate::prelude::*;

use crate::args::kv::GetArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::entry::{EntryView, RawValue};

/// Prints the value of a key.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &GetArgs,
) -> Result<Exit, Failure> {
    let Some(entry) = coordinator.kv().get(&args.key).await? else {
        let folder = args.key.rsplit_once('/').map_or("", |(folder, _)| folder);
        return Err(
            Failure::new(Exit::NotFound, format!("key {} does not exist", args.key))
                .with_next(format!("quorate kv ls {folder}").trim_end()),
        );
    };
    if args.meta {
        config.screen.show(&EntryView::from(&entry))?;
    } else {
        config.screen.show(&RawValue(entry))?;
    }
    Ok(Exit::Success)
}
