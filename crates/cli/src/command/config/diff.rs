//! `quorate config diff`.

use quorate::Coordinator;

use super::document;
use crate::args::config::DiffArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::parameter::ChangeView;

/// Says what a file would change.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &DiffArgs,
) -> Result<Exit, Failure> {
    let wanted = document(&args.file)?;
    let mut edit = args.place.store(coordinator)?.edit().await?;
    edit.replace(&wanted)?;
    let changes = edit.changes()?;
    for change in &changes {
        let view = ChangeView::new(change);
        let view = if args.show_secrets {
            view.open(change)
        } else {
            view
        };
        config.screen.show(&view)?;
    }
    Ok(match changes.is_empty() {
        true => Exit::Success,
        false => Exit::Failure,
    })
}
