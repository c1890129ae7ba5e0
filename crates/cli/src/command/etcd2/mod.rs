//! `quorate etcd2`: one file a noun.

mod auth;
mod child;
pub(super) mod connection;
mod directory;
mod health;
mod key;
mod member;
mod queue;
mod role;
mod stats;
mod user;
mod watch;

use quorate_etcd::v2::Client;

use crate::args::etcd2::{Etcd2Args, Verb};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

/// What a verb works with.
#[derive(Clone, Copy)]
struct Context<'a> {
    config: &'a Config,
    client: &'a Client,
}

/// Connects and runs one verb.
pub(crate) async fn run(config: &Config, args: Etcd2Args) -> Result<Exit, Failure> {
    if let Verb::Backup(_) = &args.verb {
        return Err(backup());
    }
    let client = connection::open(config, &args.connection).await?;
    let context = Context {
        config,
        client: &client,
    };
    verb(context, args.verb).await
}

async fn verb(context: Context<'_>, verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Get(args) => key::get(context, &args).await,
        Verb::Set(args) => key::set(context, &args).await,
        Verb::Mk(args) => key::mk(context, &args).await,
        Verb::Update(args) => key::update(context, &args).await,
        Verb::Refresh(args) => key::refresh(context, &args).await,
        Verb::Rm(args) => key::rm(context, &args).await,
        Verb::Ls(args) => directory::ls(context, &args).await,
        Verb::Mkdir(args) => directory::mkdir(context, &args.what).await,
        Verb::Setdir(args) => directory::setdir(context, &args.what).await,
        Verb::Updatedir(args) => directory::updatedir(context, &args.what).await,
        Verb::Rmdir(args) => directory::rmdir(context, &args.key).await,
        Verb::Watch(args) => watch::run(context, &args).await,
        Verb::ExecWatch(args) => watch::exec(context, &args).await,
        Verb::Member(args) => member::run(context, args.verb).await,
        Verb::ClusterHealth(args) => health::cluster(context, args.forever).await,
        Verb::Health(_) => health::servers(context).await,
        Verb::User(args) => user::run(context, args.verb).await,
        Verb::Role(args) => role::run(context, args.verb).await,
        Verb::Auth(args) => auth::run(context, args.verb).await,
        Verb::Stats(args) => stats::run(context, args.verb).await,
        Verb::Machines(_) => machines(context).await,
        Verb::Version(_) => version(context).await,
        Verb::Lock(args) => queue::lock(context, &args.name).await,
        Verb::Semaphore(args) => queue::semaphore(context, &args).await,
        Verb::Election(args) => queue::election(context, &args).await,
        Verb::Backup(_) => Err(backup()),
    }
}

async fn machines(context: Context<'_>) -> Result<Exit, Failure> {
    const ADDRESS: &[Column<String>] = &[Column::new("ADDRESS", |address| address.clone())];
    let machines = context.client.machines().await?;
    context
        .config
        .screen
        .show(&Rows::plain(machines, ADDRESS))?;
    Ok(Exit::Success)
}

async fn version(context: Context<'_>) -> Result<Exit, Failure> {
    let version = context.client.version().await?;
    context.config.screen.show(&Object::of(version))?;
    Ok(Exit::Success)
}

/// There is none, because it is no call of the API.
fn backup() -> Failure {
    let why = "a backup is made of the files of an etcd, which no client can see";
    Failure::usage(why).with_next(
        "etcdctl backup on its machine; quorate snapshot save for all that an agent has; \
         quorate -o json etcd2 ls --recursive for the keys",
    )
}

/// What is asked for does not exist.
fn missing(what: &str, name: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("{what} {name} does not exist"))
}
