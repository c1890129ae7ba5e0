//! `quorate consul acl policy`.

use quorate_consul::acl::{PolicyRequest, PolicyRow};

use super::{MAX_TEXT, reading, rules, show, which};
use crate::args::consul::acl::policy::{CreateArgs, DeleteArgs, OneArgs, PolicyVerb, UpdateArgs};
use crate::command::consul::{Context, missing};
use crate::failure::Failure;
use crate::input;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<PolicyRow>] = &[
    Column::new("ID", |policy| policy.id.clone()),
    Column::new("NAME", |policy| policy.name.clone()),
    Column::new("DATACENTERS", |policy| match &policy.datacenters {
        Some(names) => names.join(","),
        None => "all".into(),
    }),
    Column::new("DESCRIPTION", |policy| policy.description.clone()),
];

pub(super) async fn run(context: Context<'_>, verb: PolicyVerb) -> Result<(), Failure> {
    match verb {
        PolicyVerb::Create(args) => create(context, &args).await,
        PolicyVerb::Read(args) => read(context, &args).await,
        PolicyVerb::Update(args) => update(context, &args).await,
        PolicyVerb::Delete(args) => delete(context, &args).await,
        PolicyVerb::List(read) => {
            let policies = context.client.acl().policies();
            let found = policies.list_with(&read.options()).await?.value;
            Ok(context.config.screen.show(&Rows::new(found, COLUMNS))?)
        }
    }
}

async fn create(context: Context<'_>, args: &CreateArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let rules = match (&args.rules, &args.from_token) {
        (Some(rules), _) => input::text(rules, MAX_TEXT)?,
        (None, Some(token)) => {
            let token = rules::named(token, args.token_secret)?;
            rules::of_token(&acl, &token, &reading(&args.write)).await?
        }
        (None, None) => String::new(),
    };
    let mut request = PolicyRequest::new(&args.name, rules).with_description(&args.description);
    request.datacenters.clone_from(&args.valid_datacenter);
    let write = args.write.options();
    let made = acl.policies().create_with(&request, &write).await?;
    show(context, made, args.shown)
}

async fn read(context: Context<'_>, args: &OneArgs) -> Result<(), Failure> {
    let (acl, options) = (context.client.acl(), args.read.options());
    let id = which::policy(&acl, &args.which, &options).await?;
    let found = acl.policies().read_with(&id, &options).await?.value;
    let policy = found.ok_or_else(|| missing("policy", &id))?;
    show(context, policy, args.shown)
}

async fn update(context: Context<'_>, args: &UpdateArgs) -> Result<(), Failure> {
    let (acl, reading) = (context.client.acl(), reading(&args.write));
    let id = match (&args.id, &args.name) {
        (Some(id), _) => which::policy_id(&acl, id, &reading).await?,
        (None, name) => {
            which::policy_named(&acl, name.as_deref().unwrap_or_default(), &reading).await?
        }
    };
    let found = acl.policies().read_with(&id, &reading).await?.value;
    let present = found.ok_or_else(|| missing("policy", &id))?;
    let mut request = PolicyRequest::from(&present);
    if args.no_merge {
        request = PolicyRequest::default();
        request.id.clone_from(&present.id);
    }
    if let Some(name) = &args.name {
        request.name.clone_from(name);
    }
    if let Some(description) = &args.description {
        request.description.clone_from(description);
    }
    if let Some(rules) = &args.rules {
        request.rules = input::text(rules, MAX_TEXT)?;
    }
    if !args.valid_datacenter.is_empty() {
        request.datacenters.clone_from(&args.valid_datacenter);
    }
    let write = args.write.options();
    let changed = acl.policies().update_with(&request, &write).await?;
    show(context, changed, args.shown)
}

async fn delete(context: Context<'_>, args: &DeleteArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let id = which::policy(&acl, &args.which, &reading(&args.write)).await?;
    let write = args.write.options();
    Ok(acl.policies().delete_with(&id, &write).await?)
}
