//! `quorate consul acl`.

mod auth_method;
mod binding_rule;
mod legacy;
mod links;
mod policy;
mod role;
mod rules;
mod token;
mod which;

use quorate_consul::QueryOptions;
use serde::Serialize;

use super::Context;
use crate::args::consul::acl::{AclPart, BootstrapArgs, ShownArgs};
use crate::args::consul::options::{ReadArgs, WriteArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;

/// What people see only if they ask for it.
const META: &[&str] = &["Hash", "CreateIndex", "ModifyIndex"];

/// No rules, no configuration and no token is longer.
const MAX_TEXT: usize = 1 << 20;

pub(super) async fn run(context: Context<'_>, part: AclPart) -> Result<Exit, Failure> {
    match part {
        AclPart::Bootstrap(args) => bootstrap(context, &args).await?,
        AclPart::Policy(args) => policy::run(context, args.verb).await?,
        AclPart::Role(args) => role::run(context, args.verb).await?,
        AclPart::Token(args) => token::run(context, args.verb).await?,
        AclPart::AuthMethod(args) => auth_method::run(context, args.verb).await?,
        AclPart::BindingRule(args) => binding_rule::run(context, args.verb).await?,
        AclPart::TranslateRules(args) => rules::translate(context, &args).await?,
        AclPart::SetAgentToken(args) => rules::set_agent_token(context, &args).await?,
        AclPart::Replication(read) => replication(context, &read).await?,
        AclPart::Legacy(args) => legacy::run(context, args.verb).await?,
    }
    Ok(Exit::Success)
}

async fn bootstrap(context: Context<'_>, args: &BootstrapArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let made = acl.bootstrap_with(&args.write.options()).await?;
    show(context, made.token, args.shown)
}

async fn replication(context: Context<'_>, read: &ReadArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let state = acl.replication_with(&read.options()).await?.value;
    Ok(context.config.screen.show(&Object::of(state))?)
}

/// Shows one thing, to people as much of it as they asked for.
fn show<T: Serialize>(context: Context<'_>, thing: T, shown: ShownArgs) -> Result<(), Failure> {
    let hidden = if shown.with_meta { &[] } else { META };
    let object = Object::of(thing).hiding(hidden);
    Ok(context.config.screen.show(&object)?)
}

/// How to read what a write is about.
fn reading(write: &WriteArgs) -> QueryOptions {
    write.options().into()
}
