//! `quorate etcd2 role`.

use quorate_etcd::v2::{Permissions, Role};

use super::{Context, missing};
use crate::args::etcd2::role::{RightsArgs, RoleVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd2::names::Names;
use crate::view::etcd2::role::RoleView;
use crate::view::rows::Column;
use crate::view::said::Said;

const COLUMNS: &[Column<Role>] = &[
    Column::new("ROLE", |role| role.name.clone()),
    Column::new("READS", |role| role.permissions.read().join(",")),
    Column::new("WRITES", |role| role.permissions.write().join(",")),
];

pub(super) async fn run(context: Context<'_>, verb: RoleVerb) -> Result<Exit, Failure> {
    let (auth, screen) = (context.client.auth(), &context.config.screen);
    let roles = auth.roles();
    match verb {
        RoleVerb::Add(args) => {
            let made = roles.create(&args.name, Permissions::default()).await?;
            screen.show(&said(made, "created"))?;
        }
        RoleVerb::Get(args) => {
            let role = roles.get(&args.name).await?;
            let role = role.ok_or_else(|| missing("role", &args.name))?;
            screen.show(&RoleView(role))?;
        }
        RoleVerb::List => {
            let all = roles.list().await?;
            screen.show(&Names::new(all, COLUMNS, |role| role.name.clone()))?;
        }
        RoleVerb::Remove(args) => {
            roles.delete(&args.name).await?;
            let removed = Role {
                name: args.name,
                permissions: Permissions::default(),
            };
            screen.show(&said(removed, "removed"))?;
        }
        RoleVerb::Grant(args) => {
            let role = roles.grant(&args.name, permissions(&args)).await?;
            screen.show(&said(role, "updated"))?;
        }
        RoleVerb::Revoke(args) => {
            let role = roles.revoke(&args.name, permissions(&args)).await?;
            screen.show(&said(role, "updated"))?;
        }
    }
    Ok(Exit::Success)
}

fn permissions(args: &RightsArgs) -> Permissions {
    let path = || [args.path.clone()];
    let none = || -> [String; 0] { [] };
    match (args.read, args.write) {
        (true, _) => Permissions::new(path(), none()),
        (_, true) => Permissions::new(none(), path()),
        _ => Permissions::new(path(), path()),
    }
}

fn said(role: Role, done: &str) -> Said<Role> {
    let text = format!("Role {} {done}", role.name);
    Said::new(role, text)
}
