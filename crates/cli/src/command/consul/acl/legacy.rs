//! `quorate consul acl legacy`.

use quorate_consul::acl::{Entry, EntryKind, EntryRequest, SecretText};

use super::{MAX_TEXT, replication};
use crate::args::consul::acl::legacy::{
    EntryArgs, InfoArgs, Kind, LegacyVerb, ListArgs, SecretArgs, UpdateArgs,
};
use crate::command::consul::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<Entry>] = &[
    Column::new("NAME", |entry| entry.name.clone()),
    Column::new("TYPE", |entry| entry.kind.to_string()),
    Column::new("SECRET", |entry| entry.id.expose().to_owned()),
    Column::new("RULES", |entry| entry.rules.clone()),
];

pub(super) async fn run(context: Context<'_>, verb: LegacyVerb) -> Result<(), Failure> {
    match verb {
        LegacyVerb::Create(args) => create(context, &args).await,
        LegacyVerb::Update(args) => update(context, &args).await,
        LegacyVerb::Clone(args) => clone(context, &args).await,
        LegacyVerb::Destroy(args) => {
            let (old, id) = (context.client.acl().legacy(), secret(&args.secret)?);
            Ok(old.destroy_with(&id, &args.write.options()).await?)
        }
        LegacyVerb::Info(args) => info(context, &args).await,
        LegacyVerb::List(args) => list(context, &args).await,
        LegacyVerb::Replication(read) => replication(context, &read).await,
    }
}

fn secret(text: &str) -> Result<SecretText, Failure> {
    Ok(SecretText::from(input::text(text, MAX_TEXT)?.trim()))
}

fn request(args: &EntryArgs) -> Result<EntryRequest, Failure> {
    let kind = match args.kind {
        Kind::Client => EntryKind::Client,
        Kind::Management => EntryKind::Management,
    };
    Ok(EntryRequest::new(&args.name)
        .with_kind(kind)
        .with_rules(input::text(&args.rules, MAX_TEXT)?))
}

async fn create(context: Context<'_>, args: &EntryArgs) -> Result<(), Failure> {
    let old = context.client.acl().legacy();
    let made = old
        .create_with(&request(args)?, &args.write.options())
        .await?;
    Ok(context.config.screen.show(&Object::new("ID", made))?)
}

async fn update(context: Context<'_>, args: &UpdateArgs) -> Result<(), Failure> {
    let old = context.client.acl().legacy();
    let request = request(&args.entry)?.with_id(secret(&args.secret)?);
    let write = args.entry.write.options();
    Ok(old.update_with(&request, &write).await?)
}

async fn clone(context: Context<'_>, args: &SecretArgs) -> Result<(), Failure> {
    let (old, id) = (context.client.acl().legacy(), secret(&args.secret)?);
    let made = old.clone_token_with(&id, &args.write.options()).await?;
    Ok(context.config.screen.show(&Object::new("ID", made))?)
}

async fn info(context: Context<'_>, args: &InfoArgs) -> Result<(), Failure> {
    let (old, id) = (context.client.acl().legacy(), secret(&args.secret)?);
    let found = old.info_with(&id, &args.read.options()).await?.value;
    // Not `missing`: the secret stands in no message.
    let entry = found.ok_or_else(|| Failure::new(Exit::NotFound, "there is no such token"))?;
    Ok(context.config.screen.show(&Object::of(entry))?)
}

async fn list(context: Context<'_>, args: &ListArgs) -> Result<(), Failure> {
    let old = context.client.acl().legacy();
    let mut found = old.list_with(&args.read.options()).await?.value;
    if !args.secrets {
        found
            .iter_mut()
            .for_each(|entry| entry.id = SecretText::default());
    }
    Ok(context.config.screen.show(&Rows::new(found, COLUMNS))?)
}
