//! `quorate consul acl token`.

use quorate_consul::QueryOptions;
use quorate_consul::acl::{Acl, TokenFilter, TokenRequest, TokenRow};

use super::{MAX_TEXT, links, reading, show, which};
use crate::args::consul::acl::token::{
    CloneArgs, CreateArgs, ListArgs, OneArgs, TokenVerb, UpdateArgs,
};
use crate::command::consul::{Context, missing};
use crate::failure::Failure;
use crate::input;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<TokenRow>] = &[
    Column::new("ACCESSOR", |token| token.accessor_id.clone()),
    Column::new("POLICIES", |token| links::names(&token.policies)),
    Column::new("ROLES", |token| links::names(&token.roles)),
    Column::new("LOCAL", |token| token.local.to_string()),
    Column::new("LEGACY", |token| token.legacy.to_string()),
    Column::new("EXPIRES", |token| match &token.expiration_time {
        Some(time) => time.to_string(),
        None => String::new(),
    }),
    Column::new("DESCRIPTION", |token| token.description.clone()),
];

pub(super) async fn run(context: Context<'_>, verb: TokenVerb) -> Result<(), Failure> {
    match verb {
        TokenVerb::Create(args) => create(context, &args).await,
        TokenVerb::Read(args) => read(context, &args).await,
        TokenVerb::Update(args) => update(context, &args).await,
        TokenVerb::Clone(args) => clone(context, &args).await,
        TokenVerb::Delete(args) => {
            let acl = context.client.acl();
            let id = which::token(&acl, &args.id, &reading(&args.write)).await?;
            Ok(acl.tokens().delete_with(&id, &args.write.options()).await?)
        }
        TokenVerb::List(args) => list(context, &args).await,
    }
}

async fn create(context: Context<'_>, args: &CreateArgs) -> Result<(), Failure> {
    let (acl, reading) = (context.client.acl(), reading(&args.write));
    let mut request = TokenRequest::new()
        .with_description(&args.description)
        .with_local(args.local);
    if let Some(accessor) = &args.accessor {
        request = request.with_accessor_id(accessor);
    }
    if let Some(secret) = &args.secret {
        request = request.with_secret_id(input::text(secret, MAX_TEXT)?.trim());
    }
    request.expiration_ttl = args.expires_ttl;
    request.policies = links::policies(&acl, &args.rights, &reading).await?;
    request.roles = links::roles(&acl, &args.roles, &reading).await?;
    request
        .service_identities
        .clone_from(&args.rights.service_identity);
    request
        .node_identities
        .clone_from(&args.rights.node_identity);
    let write = args.write.options();
    let made = acl.tokens().create_with(&request, &write).await?;
    show(context, made, args.shown)
}

async fn read(context: Context<'_>, args: &OneArgs) -> Result<(), Failure> {
    let (acl, options) = (context.client.acl(), args.read.options());
    let token = match &args.id {
        None => acl.tokens().read_self_with(&options).await?.value,
        Some(id) => {
            let id = which::token(&acl, id, &options).await?;
            let found = acl.tokens().read_with(&id, &options).await?.value;
            found.ok_or_else(|| missing("token", &id))?
        }
    };
    show(context, token, args.shown)
}

/// Rights that are not named again are lost, unless they are merged: as `consul acl token update`
/// has it. The secret, which nobody asked for, is not shown.
async fn update(context: Context<'_>, args: &UpdateArgs) -> Result<(), Failure> {
    let (acl, reading) = (context.client.acl(), reading(&args.write));
    let id = which::token(&acl, &args.id, &reading).await?;
    let found = acl.tokens().read_with(&id, &reading).await?.value;
    let present = found.ok_or_else(|| missing("token", &id))?;
    let mut request = TokenRequest::from(&present);
    if !args.description.is_empty() {
        request.description.clone_from(&args.description);
    }
    if args.upgrade_legacy {
        if present.rules.is_empty() {
            return Err(Failure::usage(format!("token {id} is no old one")));
        }
        request.rules.clear();
    }
    forget(&mut request, args);
    let policies = links::policies(&acl, &args.rights, &reading).await?;
    links::add(&mut request.policies, policies);
    let roles = links::roles(&acl, &args.roles, &reading).await?;
    links::add(&mut request.roles, roles);
    links::add_services(
        &mut request.service_identities,
        &args.rights.service_identity,
    );
    links::add_nodes(&mut request.node_identities, &args.rights.node_identity);
    let write = args.write.options();
    let changed = acl.tokens().update_with(&request, &write).await?;
    show(context, TokenRow::from(&changed), args.shown)
}

/// Drops the rights that are not to be merged.
fn forget(request: &mut TokenRequest, args: &UpdateArgs) {
    if !args.merge_policies {
        request.policies.clear();
    }
    if !args.merge_roles {
        request.roles.clear();
    }
    if !args.merge_service_identities {
        request.service_identities.clear();
    }
    if !args.merge_node_identities {
        request.node_identities.clear();
    }
}

async fn clone(context: Context<'_>, args: &CloneArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let id = which::token(&acl, &args.id, &reading(&args.write)).await?;
    let made = acl
        .tokens()
        .clone_token_with(&id, &args.description, &args.write.options())
        .await?;
    show(context, made, args.shown)
}

async fn list(context: Context<'_>, args: &ListArgs) -> Result<(), Failure> {
    let (acl, options) = (context.client.acl(), args.read.options());
    let filter = filter(&acl, args, &options).await?;
    let found = acl.tokens().list_filtered_with(&filter, &options).await?;
    Ok(context
        .config
        .screen
        .show(&Rows::new(found.value, COLUMNS))?)
}

async fn filter(
    acl: &Acl,
    args: &ListArgs,
    options: &QueryOptions,
) -> Result<TokenFilter, Failure> {
    let mut filter = TokenFilter::new();
    if let Some(id) = &args.policy_id {
        filter = filter.with_policy(which::policy_id(acl, id, options).await?);
    }
    if let Some(name) = &args.policy_name {
        filter = filter.with_policy(which::policy_named(acl, name, options).await?);
    }
    if let Some(id) = &args.role_id {
        filter = filter.with_role(which::role_id(acl, id, options).await?);
    }
    if let Some(name) = &args.role_name {
        filter = filter.with_role(which::role_named(acl, name, options).await?);
    }
    if let Some(method) = &args.method {
        filter = filter.with_auth_method(method);
    }
    Ok(filter)
}
