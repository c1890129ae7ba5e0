//! `quorate consul kv`.

mod transfer;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quorate_consul::wire::kv::MAX_VALUE_BYTES;
use quorate_consul::{KvEntry, PutOptions};

use super::{Context, missing};
use crate::args::consul::kv::{DeleteArgs, GetArgs, KvVerb, PutArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::kv::{EntriesView, EntryView, Form};
use crate::view::rows::{Column, Rows};

const KEYS: &[Column<String>] = &[Column::new("KEY", Clone::clone)];

/// Base64 takes four bytes for three.
const MAX_TEXT: usize = MAX_VALUE_BYTES / 3 * 4 + 1024;

pub(super) async fn run(context: Context<'_>, verb: KvVerb) -> Result<Exit, Failure> {
    match verb {
        KvVerb::Get(args) => get(context, &args).await?,
        KvVerb::Put(args) => put(context, &args).await?,
        KvVerb::Delete(args) => delete(context, &args).await?,
        KvVerb::Export(args) => transfer::export(context, &args).await?,
        KvVerb::Import(args) => transfer::import(context, &args).await?,
    }
    Ok(Exit::Success)
}

async fn get(context: Context<'_>, args: &GetArgs) -> Result<(), Failure> {
    let (kv, screen) = (context.client.kv(), &context.config.screen);
    let options = args.read.options();
    if args.keys {
        let separator = Some(args.separator.as_str()).filter(|text| !text.is_empty());
        let found = kv.keys_with(&args.key, separator, &options).await?.value;
        return Ok(screen.show(&Rows::plain(found, KEYS))?);
    }
    let form = Form {
        detailed: args.detailed,
        base64: args.base64,
    };
    if args.recurse {
        let entries = kv.list_with(&args.key, &options).await?.value;
        return Ok(screen.show(&EntriesView { entries, form })?);
    }
    let found: Option<KvEntry> = kv.get_with(&args.key, &options).await?.value;
    let entry = found.ok_or_else(|| missing("key", &args.key))?;
    Ok(screen.show(&EntryView { entry, form })?)
}

async fn put(context: Context<'_>, args: &PutArgs) -> Result<(), Failure> {
    let limit = if args.base64 {
        MAX_TEXT
    } else {
        MAX_VALUE_BYTES
    };
    let mut value = input::plain(&args.data, limit)?;
    if args.base64 {
        value = STANDARD
            .decode(value.trim_ascii())
            .map_err(|error| Failure::usage(format!("the value is no base64: {error}")))?;
    }
    let mut options = PutOptions::new()
        .with_flags(args.flags)
        .with_write(args.write.options());
    let session = args.session.as_deref().unwrap_or_default();
    let mut condition = "";
    if let (true, Some(index)) = (args.cas, args.modify_index) {
        options = options.with_cas(index);
        condition = "it is not at this index";
    } else if args.acquire {
        options = options.with_acquire(session);
        condition = "it is held, or must stay free for a while";
    } else if args.release {
        options = options.with_release(session);
        condition = "this session does not hold it";
    }
    let kv = context.client.kv();
    if kv.put_with(&args.key, value, &options).await? {
        return Ok(());
    }
    Err(refused("written", &args.key, condition))
}

async fn delete(context: Context<'_>, args: &DeleteArgs) -> Result<(), Failure> {
    let (kv, write) = (context.client.kv(), args.write.options());
    if args.recurse {
        return Ok(kv.delete_tree_with(&args.key, &write).await?);
    }
    if args.key.is_empty() {
        return Err(Failure::usage("the key is empty"));
    }
    match args.modify_index {
        None => Ok(kv.delete_with(&args.key, &write).await?),
        Some(index) if kv.delete_cas_with(&args.key, index, &write).await? => Ok(()),
        Some(_) => Err(refused("deleted", &args.key, "it is not at this index")),
    }
}

/// A condition did not hold.
fn refused(done: &str, key: &str, why: &str) -> Failure {
    Failure::new(Exit::Conflict, format!("key {key} was not {done}: {why}"))
        .with_next(format!("quorate consul kv get --detailed {key}"))
}
