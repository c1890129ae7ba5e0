//! `quorate consul snapshot`.

use std::fs::File;
use std::path::Path;

use quorate_agent::snapshot::{self, TableCount};
use quorate_consul::{Client, Consistency, QueryOptions};
use serde_json::{Value, json};

use super::Context;
use crate::args::consul::snapshot::{SaveArgs, SnapshotVerb};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;
use crate::view::said::Said;

pub(super) async fn run(context: Context<'_>, verb: SnapshotVerb) -> Result<Exit, Failure> {
    let Context { config, client } = context;
    match verb {
        SnapshotVerb::Save(args) => save(config, client, &args).await?,
        SnapshotVerb::Restore(args) => {
            let length = std::fs::metadata(&args.file).map_or(0, |file| file.len());
            let bar = progress::bytes(&config.screen, "restore", Some(length));
            let moved = bar.clone();
            let options = args.write.options();
            let restored = client
                .snapshot()
                .restore_from_with(&args.file, &options, move |bytes| moved.set_position(bytes))
                .await;
            bar.finish_and_clear();
            restored?;
            let done = json!({"Restored": args.file});
            config.screen.show(&Said::new(done, "Restored snapshot"))?;
        }
        SnapshotVerb::Inspect(args) => inspect(config, &args.file)?,
    }
    Ok(Exit::Success)
}

async fn save(config: &Config, client: &Client, args: &SaveArgs) -> Result<(), Failure> {
    let mut options = QueryOptions::new();
    if let Some(name) = &args.dc {
        options = options.with_datacenter(name);
    }
    if args.stale {
        options = options.with_consistency(Consistency::Stale);
    }
    let bar = progress::bytes(&config.screen, "save", None);
    let moved = |bytes| bar.set_position(bytes);
    let snapshots = client.snapshot();
    let saved = snapshots.save_to_with(&args.file, &options, moved).await;
    bar.finish_and_clear();
    let saved = saved?;
    let index = saved.meta.index;
    let text = format!("Saved and verified snapshot to index {index}");
    let done = json!({"Saved": args.file, "Bytes": saved.bytes, "Index": index});
    config.screen.show(&Said::new(done, text))?;
    Ok(())
}

/// Says what is in a file; for this no server is needed.
pub(super) fn inspect(config: &Config, path: &Path) -> Result<(), Failure> {
    let unreadable = |error| {
        let what = format!("inspect {}", path.display());
        Failure::caused(Exit::Failure, anyhow::Error::from(error)).context(what)
    };
    let file = File::open(path).map_err(unreadable)?;
    let found = snapshot::inspect(file).map_err(unreadable)?;
    let mut text = format!(
        "ID       {}\nSize     {}\nIndex    {}\nTerm     {}\nVersion  {}",
        found.id, found.size, found.index, found.term, found.version
    );
    let tables = found.tables.as_deref();
    if let Some(tables) = tables.filter(|tables| !tables.is_empty()) {
        text.push_str(&format!("\n\n{:<20}{:>10}{:>14}", "TABLE", "ROWS", "BYTES"));
        for TableCount {
            name, rows, bytes, ..
        } in tables
        {
            text.push_str(&format!("\n{name:<20}{rows:>10}{bytes:>14}"));
        }
    }
    let thing = json!({
        "ID": found.id, "Size": found.size, "Index": found.index, "Term": found.term,
        "Version": found.version, "Tables": tables.map(counts),
    });
    config.screen.show(&Said::new(thing, text))?;
    Ok(())
}

fn counts(tables: &[TableCount]) -> Vec<Value> {
    let count =
        |table: &TableCount| json!({"Name": table.name, "Rows": table.rows, "Bytes": table.bytes});
    tables.iter().map(count).collect()
}
