//! `quorate consul acl role`.

use quorate_consul::acl::{Role, RoleRequest};

use super::{links, reading, show, which};
use crate::args::consul::acl::policy::{DeleteArgs, OneArgs};
use crate::args::consul::acl::role::{CreateArgs, RoleVerb, UpdateArgs};
use crate::command::consul::{Context, missing};
use crate::failure::Failure;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<Role>] = &[
    Column::new("ID", |role| role.id.clone()),
    Column::new("NAME", |role| role.name.clone()),
    Column::new("POLICIES", |role| links::names(&role.policies)),
    Column::new("SERVICES", |role| {
        let names: Vec<&str> = role
            .service_identities
            .iter()
            .map(|identity| identity.service_name.as_str())
            .collect();
        names.join(",")
    }),
    Column::new("NODES", |role| {
        let names: Vec<&str> = role
            .node_identities
            .iter()
            .map(|identity| identity.node_name.as_str())
            .collect();
        names.join(",")
    }),
    Column::new("DESCRIPTION", |role| role.description.clone()),
];

pub(super) async fn run(context: Context<'_>, verb: RoleVerb) -> Result<(), Failure> {
    match verb {
        RoleVerb::Create(args) => create(context, &args).await,
        RoleVerb::Read(args) => read(context, &args).await,
        RoleVerb::Update(args) => update(context, &args).await,
        RoleVerb::Delete(args) => delete(context, &args).await,
        RoleVerb::List(read) => {
            let roles = context.client.acl().roles();
            let found = roles.list_with(&read.options()).await?.value;
            Ok(context.config.screen.show(&Rows::new(found, COLUMNS))?)
        }
    }
}

async fn create(context: Context<'_>, args: &CreateArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let mut request = RoleRequest::new(&args.name).with_description(&args.description);
    request.policies = links::policies(&acl, &args.rights, &reading(&args.write)).await?;
    request
        .service_identities
        .clone_from(&args.rights.service_identity);
    request
        .node_identities
        .clone_from(&args.rights.node_identity);
    let made = acl
        .roles()
        .create_with(&request, &args.write.options())
        .await?;
    show(context, made, args.shown)
}

async fn read(context: Context<'_>, args: &OneArgs) -> Result<(), Failure> {
    let (acl, options) = (context.client.acl(), args.read.options());
    let id = which::role(&acl, &args.which, &options).await?;
    let found = acl.roles().read_with(&id, &options).await?.value;
    let role = found.ok_or_else(|| missing("role", &id))?;
    show(context, role, args.shown)
}

async fn update(context: Context<'_>, args: &UpdateArgs) -> Result<(), Failure> {
    let (acl, reading) = (context.client.acl(), reading(&args.write));
    let id = which::role_id(&acl, &args.id, &reading).await?;
    let found = acl.roles().read_with(&id, &reading).await?.value;
    let present = found.ok_or_else(|| missing("role", &id))?;
    let mut request = RoleRequest::from(&present);
    if args.no_merge {
        request = RoleRequest::default();
        request.id.clone_from(&present.id);
    }
    if let Some(name) = &args.name {
        request.name.clone_from(name);
    }
    if let Some(description) = &args.description {
        request.description.clone_from(description);
    }
    let named = links::policies(&acl, &args.rights, &reading).await?;
    links::add(&mut request.policies, named);
    links::add_services(
        &mut request.service_identities,
        &args.rights.service_identity,
    );
    links::add_nodes(&mut request.node_identities, &args.rights.node_identity);
    let write = args.write.options();
    let changed = acl.roles().update_with(&request, &write).await?;
    show(context, changed, args.shown)
}

async fn delete(context: Context<'_>, args: &DeleteArgs) -> Result<(), Failure> {
    let acl = context.client.acl();
    let id = which::role(&acl, &args.which, &reading(&args.write)).await?;
    Ok(acl.roles().delete_with(&id, &args.write.options()).await?)
}
