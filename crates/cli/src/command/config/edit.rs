//! `quorate config edit`.

use quorate::Coordinator;
use quorate::config::{Format, Origin, Store};
use quorate::prelude::*;
use serde_json::Value;

use super::commit;
use super::draft::Draft;
use crate::args::config::EditArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::view::parameter::WrittenView;

/// Opens an editor and writes back what has changed.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &EditArgs,
) -> Result<Exit, Failure> {
    // Ctrl-C is the editor's.
    let _signals = Signals::listen(&Signals::END)?;
    let store = args.place.store(coordinator)?;
    let (changes, revision) = match args.place.document {
        Some(format) => document(coordinator, &store, format.into()).await?,
        None => subtree(coordinator, &store, args.format.into()).await?,
    };
    let path = args.place.path.clone();
    config
        .screen
        .show(&WrittenView::new(path, changes, revision))?;
    Ok(Exit::Success)
}

async fn subtree(
    coordinator: &Coordinator,
    store: &Store,
    format: Format,
) -> Result<(usize, Option<u64>), Failure> {
    let mut edit = store.edit().await?;
    let text = format.render(&edit.before().to_json()?, &origin(store))?;
    let mut draft = Draft::new(text.as_bytes(), &format.to_string().to_lowercase())?;
    let edited = draft.edit().await?;
    let prepared = parse(&edited, format, store).and_then(|value| {
        edit.replace(&value)?;
        Ok(edit.changes()?.len())
    });
    let changes = prepared.map_err(|failure| draft.keep(failure))?;
    let committed = commit(coordinator, edit).await;
    Ok((changes, committed.map_err(|failure| draft.keep(failure))?))
}

/// A document is edited as it is, with its comments and its order.
async fn document(
    coordinator: &Coordinator,
    store: &Store,
    format: Format,
) -> Result<(usize, Option<u64>), Failure> {
    let kv = coordinator.kv();
    let found = kv.get(store.path()).await?;
    let before = found
        .as_ref()
        .map_or_else(|| "{}\n".into(), |entry| entry.value.clone());
    let ending = format.to_string().to_lowercase();
    let mut draft = Draft::new(&before, &ending)?;
    let edited = draft.edit().await?;
    if edited == before {
        return Ok((0, None));
    }
    parse(&edited, format, store).map_err(|failure| draft.keep(failure))?;
    let written = match found {
        Some(entry) => kv.replace(store.path(), edited, entry.revision).await,
        None => kv.create(store.path(), edited).await,
    };
    let revision = written.map_err(|error| draft.keep(error.into()))?;
    Ok((1, Some(revision.0)))
}

fn origin(store: &Store) -> Origin {
    Origin::Key {
        url: store.coordinator().url().to_owned(),
        key: store.path().to_owned(),
    }
}

fn parse(text: &[u8], format: Format, store: &Store) -> Result<Value, Failure> {
    let value = format.parse(text, &origin(store))?;
    if value.is_object() {
        return Ok(value);
    }
    Err(Failure::new(Exit::Failure, "its top level is no map"))
}
