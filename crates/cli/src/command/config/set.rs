//! `quorate config set`.

use quorate::Coordinator;

use super::{commit, document};
use crate::args::config::SetArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::parameter::WrittenView;

/// Writes and removes parameters.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: SetArgs,
) -> Result<Exit, Failure> {
    let store = args.place.store(coordinator)?;
    let path = args.place.path;
    if let Some(file) = &args.defaults {
        let written = store.write_defaults(&document(file)?).await?;
        config
            .screen
            .show(&WrittenView::new(path, written.len(), None))?;
        return Ok(Exit::Success);
    }
    let mut edit = store.edit().await?;
    for name in &args.remove {
        edit.remove(name)?;
    }
    for (name, value) in &args.values {
        edit.set_text(name, value)?;
    }
    let changes = edit.changes()?.len();
    let revision = commit(coordinator, edit).await.map_err(|failure| {
        let next = format!("quorate config get {path}, and the same command again");
        failure.or_next(|| next)
    })?;
    config
        .screen
        .show(&WrittenView::new(path, changes, revision))?;
    Ok(Exit::Success)
}
