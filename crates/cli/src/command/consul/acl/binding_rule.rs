//! `quorate consul acl binding-rule`.

use quorate_consul::acl::{BindType, BindingRule, BindingRuleRequest};

use super::{reading, show, which};
use crate::args::consul::acl::binding_rule::{
    Bind, BindingRuleVerb, CreateArgs, DeleteArgs, ListArgs, OneArgs, UpdateArgs,
};
use crate::command::consul::{Context, missing};
use crate::failure::Failure;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<BindingRule>] = &[
    Column::new("ID", |rule| rule.id.clone()),
    Column::new("METHOD", |rule| rule.auth_method.clone()),
    Column::new("BINDTYPE", |rule| rule.bind_type.to_string()),
    Column::new("BINDNAME", |rule| rule.bind_name.clone()),
    Column::new("SELECTOR", |rule| rule.selector.clone()),
    Column::new("DESCRIPTION", |rule| rule.description.clone()),
];

pub(super) async fn run(context: Context<'_>, verb: BindingRuleVerb) -> Result<(), Failure> {
    match verb {
        BindingRuleVerb::Create(args) => create(context, &args).await,
        BindingRuleVerb::Read(args) => read(context, &args).await,
        BindingRuleVerb::Update(args) => update(context, &args).await,
        BindingRuleVerb::Delete(args) => delete(context, &args).await,
        BindingRuleVerb::List(args) => list(context, &args).await,
    }
}

async fn create(context: Context<'_>, args: &CreateArgs) -> Result<(), Failure> {
    let request = BindingRuleRequest::new(&args.method, kind(args.bind_type), &args.bind_name)
        .with_selector(&args.selector)
        .with_description(&args.description);
    let rules = context.client.acl().binding_rules();
    let made = rules.create_with(&request, &args.write.options()).await?;
    show(context, made, args.shown)
}

async fn read(context: Context<'_>, args: &OneArgs) -> Result<(), Failure> {
    let (acl, options) = (context.client.acl(), args.read.options());
    let id = which::binding_rule(&acl, &args.id, &options).await?;
    let found = acl.binding_rules().read_with(&id, &options).await?.value;
    let rule = found.ok_or_else(|| missing("binding rule", &id))?;
    show(context, rule, args.shown)
}

async fn update(context: Context<'_>, args: &UpdateArgs) -> Result<(), Failure> {
    let (acl, reading) = (context.client.acl(), reading(&args.write));
    let id = which::binding_rule(&acl, &args.id, &reading).await?;
    let found = acl.binding_rules().read_with(&id, &reading).await?.value;
    let present = found.ok_or_else(|| missing("binding rule", &id))?;
    let mut request = BindingRuleRequest::from(&present);
    if args.no_merge {
        request.description.clear();
        request.selector.clear();
    }
    if let Some(bind) = args.bind_type {
        request.bind_type = kind(bind);
    }
    for (field, named) in [
        (&mut request.bind_name, &args.bind_name),
        (&mut request.selector, &args.selector),
        (&mut request.description, &args.description),
    ] {
        if let Some(named) = named {
            field.clone_from(named);
        }
    }
    let write = args.write.options();
    let changed = acl.binding_rules().update_with(&request, &write).await?;
    show(context, changed, args.shown)
}

async fn delete(context: Context<'_>, args: &DeleteArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let id = which::binding_rule(&acl, &args.id, &reading(&args.write)).await?;
    let write = args.write.options();
    Ok(acl.binding_rules().delete_with(&id, &write).await?)
}

async fn list(context: Context<'_>, args: &ListArgs) -> Result<(), Failure> {
    let rules = context.client.acl().binding_rules();
    let options = args.read.options();
    let found = match &args.method {
        Some(method) => rules.list_of_auth_method_with(method, &options).await?,
        None => rules.list_with(&options).await?,
    };
    Ok(context
        .config
        .screen
        .show(&Rows::new(found.value, COLUMNS))?)
}

fn kind(bind: Bind) -> BindType {
    match bind {
        Bind::Service => BindType::Service,
        Bind::Node => BindType::Node,
        Bind::Role => BindType::Role,
    }
}
