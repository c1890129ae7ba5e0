//! The snapshot, the keyring and the tags, in files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use quorate_net::new_file::NewFile;
use serde_json::{Value, json};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use super::Config;
use crate::codec::{Key, Keyring};
use crate::error::Error;
use crate::serf::{Snapshot, SnapshotWrite};

/// Larger files are no snapshots and no keyrings.
const LARGEST: u64 = 64 << 20;

/// Something to write.
#[derive(Debug)]
pub(super) enum Write {
    Snapshot(SnapshotWrite),
    Keyring(Keyring),
    Tags(BTreeMap<String, String>),
}

/// Where what is written goes, where that is wanted.
pub(super) struct Paths {
    snapshot: Option<PathBuf>,
    keyring: Option<PathBuf>,
    tags: Option<PathBuf>,
}

impl Paths {
    /// `None` if nothing is to be remembered.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let paths = Self {
            snapshot: config.snapshot.clone(),
            keyring: config.keyring_file.clone(),
            tags: config.tags_file.clone(),
        };
        let any = paths.snapshot.is_some() || paths.keyring.is_some() || paths.tags.is_some();
        any.then_some(paths)
    }
}

/// Reads the file if there is one.
async fn read(what: &'static str, path: &Path) -> Result<Option<String>, Error> {
    let failed = |source| Error::File {
        what,
        path: path.to_owned(),
        source,
    };
    match fs::metadata(path).await {
        Ok(found) if found.len() > LARGEST => {
            let path = path.to_owned();
            let reason = format!("larger than {LARGEST} bytes");
            Err(Error::FileContent { what, path, reason })
        }
        Ok(_) => fs::read_to_string(path).await.map(Some).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// What was remembered, if that is wanted.
pub(super) async fn snapshot(config: &Config) -> Result<Option<Snapshot>, Error> {
    let Some(path) = &config.snapshot else {
        return Ok(None);
    };
    let text = read("the snapshot", path).await?.unwrap_or_default();
    Ok(Some(Snapshot::parse(&text, config.rejoin_after_leave)))
}

/// Takes the tags of the file, if there is one.
pub(super) async fn tags(config: &mut Config) -> Result<(), Error> {
    const WHAT: &str = "the tags";
    let Some(path) = &config.tags_file else {
        return Ok(());
    };
    if let Some(text) = read(WHAT, path).await? {
        let tags = serde_json::from_str(&text);
        config.tags = tags.map_err(|error| Error::FileContent {
            what: WHAT,
            path: path.clone(),
            reason: error.to_string(),
        })?;
    }
    Ok(())
}

/// The keys: those of the file if there is one, else those that were given.
pub(super) async fn keyring(config: &Config) -> Result<Keyring, Error> {
    const WHAT: &str = "the keyring";
    let Some(path) = &config.keyring_file else {
        return Ok(config.keyring.clone());
    };
    let Some(text) = read(WHAT, path).await? else {
        if !config.keyring.is_empty() {
            let written = write_keyring(path, &config.keyring).await;
            written.map_err(|source| Error::File {
                what: WHAT,
                path: path.clone(),
                source,
            })?;
        }
        return Ok(config.keyring.clone());
    };
    let content = |reason: String| Error::FileContent {
        what: WHAT,
        path: path.clone(),
        reason,
    };
    // The reason must not show what stands there.
    let keys: Vec<String> =
        serde_json::from_str(&text).map_err(|_| content("not a JSON list of texts".to_owned()))?;
    let keys = keys.iter().map(|key| Key::from_base64(key));
    let keys: Vec<Key> = keys
        .collect::<Result<_, _>>()
        .map_err(|error| content(error.to_string()))?;
    if keys.is_empty() {
        return Err(content("there is no key".to_owned()));
    }
    Ok(Keyring::of(keys))
}

async fn write_keyring(path: &Path, keyring: &Keyring) -> io::Result<()> {
    let keys: Vec<_> = keyring.keys().map(Key::expose_base64).collect();
    write_json(path, &json!(keys)).await
}

async fn write_json(path: &Path, content: &Value) -> io::Result<()> {
    replace(path, &format!("{content:#}")).await
}

async fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut file = NewFile::create(path).await?;
    file.write_all(text.as_bytes()).await?;
    file.finish().await
}

/// Writes until nobody has anything to write any more. What fails is logged: a member goes on
/// without its files.
pub(super) async fn keep(paths: Paths, mut writes: mpsc::UnboundedReceiver<Write>) {
    let Paths {
        snapshot,
        keyring,
        tags,
    } = paths;
    let mut open: Option<File> = None;
    while let Some(write) = writes.recv().await {
        let path = match write {
            Write::Snapshot(_) => &snapshot,
            Write::Keyring(_) => &keyring,
            Write::Tags(_) => &tags,
        };
        let Some(path) = path else {
            continue;
        };
        let written = match write {
            Write::Snapshot(SnapshotWrite::Append(lines)) => append(&mut open, path, &lines).await,
            Write::Snapshot(SnapshotWrite::Replace(text)) => {
                open = None;
                replace(path, &text).await
            }
            Write::Keyring(keys) => write_keyring(path, &keys).await,
            Write::Tags(tags) => write_json(path, &json!(tags)).await,
        };
        if let Err(error) = written {
            tracing::error!(%error, "the snapshot, the keyring or the tags were not written");
            open = None;
        }
    }
}

async fn append(open: &mut Option<File>, path: &Path, lines: &str) -> io::Result<()> {
    let file = match open {
        Some(file) => file,
        None => open.insert(
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .await?,
        ),
    };
    file.write_all(lines.as_bytes()).await?;
    file.flush().await
}
