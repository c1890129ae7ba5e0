//! `quorate etcd snapshot`.

use std::path::Path;

use serde_json::json;

use super::{Context, database};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::{Printing, show};
use crate::view::said::Said;

pub(super) async fn save(context: Context<'_>, path: &Path) -> Result<Exit, Failure> {
    if context.servers.endpoints.len() > 1 {
        let why = "snapshot must be requested to one selected node, not multiple";
        let named = context.servers.endpoints.join(" ");
        let next = "the same command with one of --endpoints";
        return Err(Failure::usage(format!("{why} [{named}]")).with_next(next));
    }
    let bytes = context.client.maintenance().save_snapshot(path).await?;
    let thing = json!({"path": path, "bytes": bytes});
    let text = format!("Snapshot saved at {}", path.display());
    let screen = &context.config.screen;
    if screen.is_json() && !context.printing.exact {
        screen.show(&Said::new(thing, text))?;
    } else {
        screen.raw(format!("{text}\n").as_bytes())?;
    }
    Ok(Exit::Success)
}

/// Reads the file; no server is asked.
pub(super) fn status(config: &Config, printing: Printing, path: &Path) -> Result<Exit, Failure> {
    let status = database::status(path)
        .map_err(|failure| failure.context(format!("read {}", path.display())))?;
    show(&config.screen, printing, &status)?;
    Ok(Exit::Success)
}

/// There is none, because it makes the files of a new member, which no server is asked for.
pub(super) fn restore() -> Failure {
    let why = "a snapshot is restored where the new member will run, before there is a server";
    Failure::usage(why).with_next(
        "etcdutl snapshot restore FILE --data-dir DIR; for an agent: quorate snapshot restore FILE",
    )
}
