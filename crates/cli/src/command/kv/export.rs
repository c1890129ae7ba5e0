//! `quorate kv export`.

use std::io::BufWriter;

use quorate::prelude::*;
use quorate::{Coordinator, Prefix};

use crate::args::kv::ExportArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;
use crate::record::{Record, Writer};

/// Writes all keys below a path, as they were at one moment.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &ExportArgs,
) -> Result<Exit, Failure> {
    let prefix = Prefix::new(args.prefix.as_str())?;
    let records = read(coordinator, prefix.as_str()).await?;
    let shown = !config.screen.stdout_is_terminal();
    let bar = progress::keys(&config.screen, "exporting", records.len(), shown);
    let mut writer = Writer::new(BufWriter::new(std::io::stdout().lock()));
    for record in &records {
        writer.write(record)?;
        bar.inc(1);
    }
    writer.finish()?;
    bar.finish_and_clear();
    Ok(Exit::Success)
}

/// With the flags, where the backend has them.
async fn read(coordinator: &Coordinator, prefix: &str) -> Result<Vec<Record>, Failure> {
    let Some(client) = coordinator.native_consul() else {
        let entries = coordinator.kv().list(prefix).await?;
        let records = entries.into_iter();
        return Ok(records
            .map(|entry| Record {
                key: entry.key,
                flags: 0,
                value: entry.value,
            })
            .collect());
    };
    let entries = client.kv().list(prefix).await?;
    let records = entries.into_iter();
    Ok(records
        .map(|entry| Record {
            key: entry.key,
            flags: entry.flags,
            value: entry.value,
        })
        .collect())
}
