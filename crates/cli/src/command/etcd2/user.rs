//! `quorate etcd2 user`.

use quorate_etcd::v2::wire::UserRoles;
use quorate_etcd::v2::{Error, ErrorKind, User};

use super::{Context, missing};
use crate::args::etcd2::user::{AddArgs, UserVerb};
use crate::command::password;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd2::names::Names;
use crate::view::etcd2::role::UserView;
use crate::view::rows::Column;
use crate::view::said::Said;

const COLUMNS: &[Column<User>] = &[
    Column::new("USER", |user| user.name.clone()),
    Column::new("ROLES", |user| {
        let names: Vec<_> = user.roles.iter().map(|role| role.name.as_str()).collect();
        names.join(",")
    }),
];

pub(super) async fn run(context: Context<'_>, verb: UserVerb) -> Result<Exit, Failure> {
    let (auth, screen) = (context.client.auth(), &context.config.screen);
    let users = auth.users();
    match verb {
        UserVerb::Add(args) => screen.show(&add(context, &args).await?)?,
        UserVerb::Get(args) => {
            let user = users
                .get(&args.name)
                .await
                .map_err(|error| of_gone_role(error, &args.name));
            let user = user?.ok_or_else(|| missing("user", &args.name))?;
            screen.show(&UserView(user))?;
        }
        UserVerb::List => {
            let all = users.list().await?;
            screen.show(&Names::new(all, COLUMNS, |user| user.name.clone()))?;
        }
        UserVerb::Remove(args) => {
            users.delete(&args.name).await?;
            screen.show(&said(of(&args.name), "removed"))?;
        }
        UserVerb::Grant(args) => {
            screen.show(&said(users.grant(&args.name, args.roles).await?, "updated"))?;
        }
        UserVerb::Revoke(args) => {
            screen.show(&said(
                users.revoke(&args.name, args.roles).await?,
                "updated",
            ))?;
        }
        UserVerb::Passwd(args) => {
            let user = users.get(&args.name).await?;
            user.ok_or_else(|| missing("user", &args.name))?;
            let (name, password) = password::of_new(&args.name).await?;
            let user = users.set_password(&name, password).await?;
            screen.show(&Said::new(user, "Password updated"))?;
        }
    }
    Ok(Exit::Success)
}

/// Makes a user. A server would set the password of one that is there: that is refused here.
async fn add(context: Context<'_>, args: &AddArgs) -> Result<Said<UserRoles>, Failure> {
    let users = context.client.auth().users();
    let name = args.name.split(':').next().unwrap_or_default();
    let next = format!("quorate etcd2 user passwd {name}, to set another password");
    if is_there(context, name).await? {
        let why = format!("user {name} exists");
        return Err(Failure::new(Exit::Conflict, why).with_next(next));
    }
    let (name, password) = password::of_new(&args.name).await?;
    let made = match args.roles.as_slice() {
        [] => users.create(&name, password).await,
        roles => users.create_with_roles(&name, password, roles).await,
    };
    Ok(said(
        made.map_err(|error| Failure::from(error).or_next(|| next))?,
        "created",
    ))
}

/// A user can't be read who has a role that there is not.
fn of_gone_role(error: Error, name: &str) -> Failure {
    let gone = error.kind() == ErrorKind::NotFound;
    let failure = Failure::from(error);
    match gone {
        true => failure.with_next(format!(
            "quorate etcd2 user revoke {name} --roles ROLE, or role add ROLE"
        )),
        false => failure,
    }
}

/// Whether there is a user, also one whose roles are gone, which can't be read.
async fn is_there(context: Context<'_>, name: &str) -> Result<bool, Failure> {
    match context.client.auth().users().get(name).await {
        Ok(user) => Ok(user.is_some()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn of(name: &str) -> UserRoles {
    UserRoles {
        name: name.to_owned(),
        roles: None,
    }
}

fn said(user: UserRoles, done: &str) -> Said<UserRoles> {
    let text = format!("User {} {done}", user.name);
    Said::new(user, text)
}
