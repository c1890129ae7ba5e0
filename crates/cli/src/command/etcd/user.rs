//! `quorate etcd user`.

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::authpb::UserAddOptions;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;

use super::{Context, role};
use crate::args::etcd::user::{AddArgs, GetArgs, PasswdArgs, UserVerb};
use crate::command::password;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::auth::UserView;
use crate::view::etcd::done::Done;

pub(super) async fn run(context: Context<'_>, verb: UserVerb) -> Result<Exit, Failure> {
    let raw = context.client.raw();
    match verb {
        UserVerb::Add(args) => add(context, args).await,
        UserVerb::Get(args) => get(context, args).await,
        UserVerb::List => {
            let request = pb::AuthUserListRequest {};
            context.show(&raw.send(&raw::USER_LIST, &request).await?)
        }
        UserVerb::Delete(args) => {
            let text = format!("User {} deleted", args.name);
            let request = pb::AuthUserDeleteRequest { name: args.name };
            let response = raw.send(&raw::USER_DELETE, &request).await?;
            context.show(&Done::new(text, response.header))
        }
        UserVerb::GrantRole(args) => {
            let text = format!("Role {} is granted to user {}", args.role, args.name);
            let request = pb::AuthUserGrantRoleRequest {
                user: args.name,
                role: args.role,
            };
            let response = raw.send(&raw::USER_GRANT_ROLE, &request).await?;
            context.show(&Done::new(text, response.header))
        }
        UserVerb::RevokeRole(args) => {
            let text = format!("Role {} is revoked from user {}", args.role, args.name);
            let request = pb::AuthUserRevokeRoleRequest {
                name: args.name,
                role: args.role,
            };
            let response = raw.send(&raw::USER_REVOKE_ROLE, &request).await?;
            context.show(&Done::new(text, response.header))
        }
        UserVerb::Passwd(args) => passwd(context, args).await,
    }
}

async fn add(context: Context<'_>, args: AddArgs) -> Result<Exit, Failure> {
    let (name, password) = match (args.new_user_password, args.no_password) {
        (Some(password), _) => (args.name, password.into()),
        (None, true) => (args.name, String::new().into()),
        (None, false) if !args.interactive && !args.name.contains(':') => {
            (args.name, password::of_input()?)
        }
        (None, false) => password::of_new(&args.name).await?,
    };
    if name.is_empty() {
        return Err(Failure::usage("the name is empty"));
    }
    let request = pb::AuthUserAddRequest {
        name: name.clone(),
        password: password.expose().to_owned(),
        options: Some(UserAddOptions {
            no_password: args.no_password,
        }),
        ..pb::AuthUserAddRequest::default()
    };
    let sent = context.client.raw().send(&raw::USER_ADD, &request).await;
    let response = sent.map_err(|error| {
        let next = || format!("quorate etcd user passwd {name}, to set another password");
        Failure::from(error).or_next(next)
    })?;
    let text = format!("User {name} created");
    context.show(&Done::new(text, response.header))
}

/// With details, each of its roles follows.
async fn get(context: Context<'_>, args: GetArgs) -> Result<Exit, Failure> {
    let request = pb::AuthUserGetRequest {
        name: args.name.clone(),
    };
    let response = context.client.raw().send(&raw::USER_GET, &request).await?;
    let name = args.name;
    if !args.detail {
        return context.show(&UserView { name, response });
    }
    let title = format!("User: {name}\n");
    context.config.screen.raw(title.as_bytes())?;
    for role in &response.roles {
        context.config.screen.raw(b"\n")?;
        role::get(context, role).await?;
    }
    Ok(Exit::Success)
}

async fn passwd(context: Context<'_>, args: PasswdArgs) -> Result<Exit, Failure> {
    let password = match args.interactive {
        true => password::typed_twice().await?,
        false => password::of_input()?,
    };
    let request = pb::AuthUserChangePasswordRequest {
        name: args.name,
        password: password.expose().to_owned(),
        ..pb::AuthUserChangePasswordRequest::default()
    };
    let raw = context.client.raw();
    let response = raw.send(&raw::USER_CHANGE_PASSWORD, &request).await?;
    context.show(&Done::new("Password updated", response.header))
}
