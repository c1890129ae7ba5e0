//! `quorate snapshot`.

use std::path::Path;

use quorate::{Coordinator, SnapshotInfo};

use crate::args::snapshot::{RestoreArgs, SaveArgs, SnapshotCommand};
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;
use crate::prompt;
use crate::view::snapshot::SnapshotView;

/// Runs one verb.
pub(crate) async fn run(config: &Config, command: SnapshotCommand) -> Result<Exit, Failure> {
    match command {
        SnapshotCommand::Inspect(args) => {
            let info = if is_stream(&args.file) {
                SnapshotInfo::read_from(tokio::io::stdin()).await?
            } else {
                SnapshotInfo::read(&args.file).await?
            };
            config.screen.show(&SnapshotView::inspected(info))?;
            Ok(Exit::Success)
        }
        SnapshotCommand::Save(args) => {
            connect::with(config, async |coordinator| {
                save(config, coordinator, &args).await
            })
            .await
        }
        SnapshotCommand::Restore(args) => {
            let plan = format!(
                "everything on {} is replaced by what {} holds",
                config.target(),
                args.file.display()
            );
            prompt::confirm(&plan, args.yes, is_stream(&args.file))?;
            connect::with(config, async |coordinator| {
                restore(config, coordinator, &args).await
            })
            .await
        }
    }
}

/// Whether a pipe is meant instead of a file.
fn is_stream(file: &Path) -> bool {
    file == Path::new("-")
}

async fn save(
    config: &Config,
    coordinator: &Coordinator,
    args: &SaveArgs,
) -> Result<Exit, Failure> {
    let snapshots = coordinator.snapshot();
    if is_stream(&args.file) {
        // What was saved is the output; there is nothing else to say on it.
        snapshots.save_into(&mut tokio::io::stdout()).await?;
        return Ok(Exit::Success);
    }
    let bar = progress::bytes(&config.screen, "saving", None);
    let saved = snapshots.save_to_with(&args.file, |bytes| bar.set_position(bytes));
    let saved = saved.await;
    bar.finish_and_clear();
    config.screen.show(&SnapshotView::done("saved", saved?))?;
    Ok(Exit::Success)
}

async fn restore(
    config: &Config,
    coordinator: &Coordinator,
    args: &RestoreArgs,
) -> Result<Exit, Failure> {
    let snapshots = coordinator.snapshot();
    if is_stream(&args.file) {
        snapshots.restore(tokio::io::stdin()).await?;
        return Ok(Exit::Success);
    }
    let length = tokio::fs::metadata(&args.file).await.map(|it| it.len());
    let bar = progress::bytes(&config.screen, "restoring", length.ok());
    let shown = bar.clone();
    let restored = snapshots.restore_from_with(&args.file, move |bytes| shown.set_position(bytes));
    let restored = restored.await;
    bar.finish_and_clear();
    let view = SnapshotView::done("restored", restored?);
    config.screen.show(&view)?;
    Ok(Exit::Success)
}
