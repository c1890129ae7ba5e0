//! `quorate consul acl auth-method`.

use std::time::Duration;

use quorate_consul::acl::{
    AuthMethodConfig, AuthMethodRequest, AuthMethodRow, AuthMethodType, TokenLocality,
};

use super::{MAX_TEXT, reading, show};
use crate::args::consul::acl::auth_method::{
    AuthMethodVerb, ConfigArgs, CreateArgs, Locality, OneArgs, SettingsArgs, UpdateArgs,
};
use crate::command::consul::{Context, missing};
use crate::failure::Failure;
use crate::input;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<AuthMethodRow>] = &[
    Column::new("NAME", |method| method.name.clone()),
    Column::new("TYPE", |method| method.kind.to_string()),
    Column::new("DISPLAYNAME", |method| method.display_name.clone()),
    Column::new("DESCRIPTION", |method| method.description.clone()),
];

pub(super) async fn run(context: Context<'_>, verb: AuthMethodVerb) -> Result<(), Failure> {
    let methods = context.client.acl().auth_methods();
    match verb {
        AuthMethodVerb::Create(args) => create(context, &args).await,
        AuthMethodVerb::Read(args) => read(context, &args).await,
        AuthMethodVerb::Update(args) => update(context, &args).await,
        AuthMethodVerb::Delete(args) => {
            let write = args.write.options();
            Ok(methods.delete_with(&args.name, &write).await?)
        }
        AuthMethodVerb::List(read) => {
            let found = methods.list_with(&read.options()).await?.value;
            Ok(context.config.screen.show(&Rows::new(found, COLUMNS))?)
        }
    }
}

async fn create(context: Context<'_>, args: &CreateArgs) -> Result<(), Failure> {
    let kind = AuthMethodType::from(args.kind.as_str());
    let mut request = AuthMethodRequest::new(&args.name, kind);
    set(&mut request, &args.settings);
    configure(&mut request.config, &args.config)?;
    let methods = context.client.acl().auth_methods();
    let write = args.write.options();
    let made = methods.create_with(&request, &write).await?;
    show(context, made, args.shown)
}

async fn read(context: Context<'_>, args: &OneArgs) -> Result<(), Failure> {
    let methods = context.client.acl().auth_methods();
    let options = args.read.options();
    let found = methods.read_with(&args.name, &options).await?.value;
    let method = found.ok_or_else(|| missing("auth method", &args.name))?;
    show(context, method, args.shown)
}

async fn update(context: Context<'_>, args: &UpdateArgs) -> Result<(), Failure> {
    let methods = context.client.acl().auth_methods();
    let found = methods.read_with(&args.name, &reading(&args.write)).await?;
    let present = found
        .value
        .ok_or_else(|| missing("auth method", &args.name))?;
    let mut request = if args.no_merge {
        AuthMethodRequest::new(&present.name, present.kind.clone())
    } else {
        AuthMethodRequest::from(&present)
    };
    set(&mut request, &args.settings);
    configure(&mut request.config, &args.config)?;
    let write = args.write.options();
    let changed = methods.update_with(&request, &write).await?;
    show(context, changed, args.shown)
}

fn set(request: &mut AuthMethodRequest, args: &SettingsArgs) {
    if let Some(description) = &args.description {
        request.description.clone_from(description);
    }
    if let Some(name) = &args.display_name {
        request.display_name.clone_from(name);
    }
    if let Some(ttl) = args.max_token_ttl {
        request.max_token_ttl = Some(ttl).filter(|ttl| *ttl > Duration::ZERO);
    }
    if let Some(locality) = args.token_locality {
        request.token_locality = Some(match locality {
            Locality::Local => TokenLocality::Local,
            Locality::Global => TokenLocality::Global,
        });
    }
}

/// The configuration is one thing: `--config` replaces it, the others set a field of it.
fn configure(config: &mut AuthMethodConfig, args: &ConfigArgs) -> Result<(), Failure> {
    if let Some(json) = &args.config {
        let text = input::text(json, MAX_TEXT)?;
        *config = serde_json::from_str(&text)
            .map_err(|error| Failure::usage(format!("--config is no JSON object: {error}")))?;
    }
    for (field, value) in [
        ("Host", &args.kubernetes_host),
        ("CACert", &args.kubernetes_ca_cert),
        ("ServiceAccountJWT", &args.kubernetes_service_account_jwt),
    ] {
        if let Some(value) = value {
            let text = input::text(value, MAX_TEXT)?;
            let text = if field == "CACert" {
                &text
            } else {
                text.trim()
            };
            config.0.insert(field.into(), text.into());
        }
    }
    Ok(())
}
