//! `quorate etcd role`.

use quorate_etcd::v3::KeyRange;
use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::authpb::Permission;
use quorate_etcd::v3::raw::proto::authpb::permission::Type;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;

use super::Context;
use super::key::key_range;
use crate::args::etcd::role::{Access, GrantArgs, KeysArgs, RevokeArgs, RoleVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::done::Done;
use crate::view::etcd::role::{RoleView, bounds};

pub(super) async fn run(context: Context<'_>, verb: RoleVerb) -> Result<Exit, Failure> {
    let raw = context.client.raw();
    match verb {
        RoleVerb::Add(args) => {
            let text = format!("Role {} created", args.name);
            let request = pb::AuthRoleAddRequest { name: args.name };
            let response = raw.send(&raw::ROLE_ADD, &request).await?;
            context.show(&Done::new(text, response.header))
        }
        RoleVerb::Get(args) => get(context, &args.name).await,
        RoleVerb::List => {
            let request = pb::AuthRoleListRequest {};
            context.show(&raw.send(&raw::ROLE_LIST, &request).await?)
        }
        RoleVerb::Delete(args) => {
            let text = format!("Role {} deleted", args.name);
            let request = pb::AuthRoleDeleteRequest { role: args.name };
            let response = raw.send(&raw::ROLE_DELETE, &request).await?;
            context.show(&Done::new(text, response.header))
        }
        RoleVerb::GrantPermission(args) => grant(context, args).await,
        RoleVerb::RevokePermission(args) => revoke(context, args).await,
    }
}

pub(super) async fn get(context: Context<'_>, name: &str) -> Result<Exit, Failure> {
    let request = pb::AuthRoleGetRequest {
        role: name.to_owned(),
    };
    let response = context.client.raw().send(&raw::ROLE_GET, &request).await?;
    let name = name.to_owned();
    context.show(&RoleView { name, response })
}

async fn grant(context: Context<'_>, args: GrantArgs) -> Result<Exit, Failure> {
    let kind = match args.access {
        Access::Read => Type::Read,
        Access::Write => Type::Write,
        Access::Readwrite => Type::Readwrite,
    };
    let range = range(&args.keys)?;
    let text = format!("Role {} updated", args.name);
    let request = pb::AuthRoleGrantPermissionRequest {
        name: args.name,
        perm: Some(Permission {
            perm_type: kind.into(),
            key: range.start().clone(),
            range_end: range.range_end().clone(),
        }),
    };
    let raw = context.client.raw();
    let response = raw.send(&raw::ROLE_GRANT_PERMISSION, &request).await?;
    context.show(&Done::new(text, response.header))
}

async fn revoke(context: Context<'_>, args: RevokeArgs) -> Result<Exit, Failure> {
    let range = range(&args.keys)?;
    let mut text = b"Permission of ".to_vec();
    if range.is_single() {
        text.extend_from_slice(b"key ");
        text.extend_from_slice(range.start());
    } else {
        text.extend_from_slice(b"range ");
        bounds(&mut text, range.start(), range.range_end());
    }
    text.extend_from_slice(format!(" is revoked from role {}", args.name).as_bytes());
    let request = pb::AuthRoleRevokePermissionRequest {
        role: args.name,
        key: range.start().clone(),
        range_end: range.range_end().clone(),
    };
    let raw = context.client.raw();
    let response = raw.send(&raw::ROLE_REVOKE_PERMISSION, &request).await?;
    context.show(&Done::new(text, response.header))
}

fn range(args: &KeysArgs) -> Result<KeyRange, Failure> {
    key_range(
        &args.key,
        args.endkey.as_deref(),
        args.prefix,
        args.from_key,
    )
}
