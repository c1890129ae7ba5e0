//! `quorate kv import`.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use indicatif::ProgressBar;
use quorate::prelude::*;
use quorate::{Coordinator, Prefix};

use super::batch::{self, Batch};
use crate::args::kv::ImportArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::record::{self, Record};
use crate::view::report::{Report, count};
use crate::{input, progress, prompt};

/// The largest document: it is checked as a whole before anything is written.
const MAX_DOCUMENT: usize = 1 << 30;

/// Reads a document, says what it will do, and writes its keys in transactions.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &ImportArgs,
) -> Result<Exit, Failure> {
    let (document, from_stdin) = document(&args.file)?;
    let records = record::read(&document, &args.prefix)?;
    drop(document);
    let keys = records.len();
    let bytes = records.iter().map(|record| record.value.len()).sum();
    if !records.is_empty() && !args.yes {
        let plan = plan(config, coordinator, &records, bytes).await?;
        prompt::confirm(&plan, false, from_stdin)?;
    }
    let bar = progress::keys(&config.screen, "importing", keys, true);
    write(coordinator, batch::split(coordinator, records), &bar).await?;
    bar.finish_and_clear();
    config.screen.show(&Report::Imported {
        keys,
        bytes,
        target: config.target(),
    })?;
    Ok(Exit::Success)
}

fn document(file: &OsStr) -> Result<(Vec<u8>, bool), Failure> {
    let name = file.as_bytes();
    if name == b"-" {
        return Ok((
            input::read(io::stdin().lock(), "standard input", MAX_DOCUMENT)?,
            true,
        ));
    }
    let path = name.strip_prefix(b"@").unwrap_or(name);
    Ok((
        input::file(Path::new(OsStr::from_bytes(path)), MAX_DOCUMENT)?,
        false,
    ))
}

/// What will happen, with how many keys are there already.
async fn plan(
    config: &Config,
    coordinator: &Coordinator,
    records: &[Record],
    bytes: usize,
) -> Result<String, Failure> {
    let prefix = batch::common_folder(records);
    // A folder that no `Prefix` can name (a foreign `a//b`) is looked for from the root.
    let prefix = Prefix::new(prefix).unwrap_or_default();
    let present = coordinator.kv().keys(prefix.as_str()).await?;
    let present: std::collections::BTreeSet<_> = present.iter().map(String::as_str).collect();
    let overwritten = records
        .iter()
        .filter(|record| present.contains(record.key.as_str()));
    let (all, overwritten) = (count(records.len()), overwritten.count());
    let target = config.target();
    Ok(format!(
        "write {all} ({bytes} bytes) to {target}, of which {overwritten} are there already"
    ))
}

async fn write(
    coordinator: &Coordinator,
    batches: Vec<Batch>,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let mut written = 0;
    let total: usize = batches.iter().map(Batch::len).sum();
    for batch in batches {
        let keys = batch.len();
        batch.write(coordinator).await.map_err(|failure| {
            bar.abandon();
            failure.context(format!("import {}: {written} are written", count(total)))
        })?;
        written += keys;
        bar.inc(u64::try_from(keys).unwrap_or(u64::MAX));
    }
    Ok(())
}
