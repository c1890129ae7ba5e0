//! `quorate consul`: one file a group.

mod acl;
mod agent;
mod body;
mod catalog;
mod check;
mod config;
mod connect;
mod coordinate;
mod definition;
mod document;
mod event;
mod health;
mod intention;
mod kv;
mod login;
mod operator;
mod query;
mod raw;
mod services;
mod session;
mod snapshot;
mod status;
mod txn;
mod watch;

use quorate::Coordinator;
use quorate_consul::Client;

use crate::args::consul::Group;
use crate::args::consul::snapshot::{SnapshotArgs, SnapshotVerb};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;

/// What a verb works with.
#[derive(Clone, Copy)]
struct Context<'a> {
    config: &'a Config,
    client: &'a Client,
}

/// Opens the backend, runs one verb, and closes the backend whatever came of it.
pub(crate) async fn run(config: &Config, group: Group) -> Result<Exit, Failure> {
    if let Group::Snapshot(SnapshotArgs {
        verb: SnapshotVerb::Inspect(args),
    }) = &group
    {
        return snapshot::inspect(config, &args.file).map(|()| Exit::Success);
    }
    let work = async |coordinator: &Coordinator| match coordinator.native_consul() {
        Some(client) => verb(Context { config, client }, group).await,
        None => Err(
            Failure::usage(format!("{} has no Consul behind it", coordinator.url()))
                .with_next("quorate --at consul://127.0.0.1:8500 consul …, or --at embedded:"),
        ),
    };
    crate::connect::with(config, work).await
}

async fn verb(context: Context<'_>, group: Group) -> Result<Exit, Failure> {
    match group {
        Group::Acl(args) => acl::run(context, args.part).await,
        Group::Agent(args) => agent::run(context, args.verb).await,
        Group::Catalog(args) => catalog::run(context, args.verb).await,
        Group::Check(args) => check::run(context, args.verb).await,
        Group::Config(args) => config::run(context, args.verb).await,
        Group::Connect(args) => connect::run(context, args.part).await,
        Group::Coordinate(args) => coordinate::run(context, args.verb).await,
        Group::DiscoveryChain(args) => connect::discovery_chain(context, &args).await,
        Group::Event(args) => event::run(context, args.verb).await,
        Group::ForceLeave(args) => agent::force_leave(context, &args).await,
        Group::Health(args) => health::run(context, args.verb).await,
        Group::Intention(args) => intention::run(context, args.verb).await,
        Group::Join(args) => agent::join(context, &args).await,
        Group::Keyring(args) => operator::keyring(context, args.verb).await,
        Group::Kv(args) => kv::run(context, args.verb).await,
        Group::Leave(_) => agent::leave(context).await,
        Group::Login(args) => login::login(context, &args).await,
        Group::Logout(args) => login::logout(context, &args).await,
        Group::Maint(args) => agent::maint(context, &args).await,
        Group::Members(args) => agent::members(context, &args).await,
        Group::Monitor(args) => agent::monitor(context, &args).await,
        Group::Operator(args) => operator::run(context, args.part).await,
        Group::Query(args) => query::run(context, args.verb).await,
        Group::Raw(args) => raw::run(context, args).await,
        Group::Reload(_) => agent::reload(context).await,
        Group::Rtt(args) => coordinate::rtt(context, &args).await,
        Group::Services(args) => services::run(context, args.verb).await,
        Group::Session(args) => session::run(context, args.verb).await,
        Group::Snapshot(args) => snapshot::run(context, args.verb).await,
        Group::Status(args) => status::run(context, args.verb).await,
        Group::Txn(args) => txn::run(context, &args).await,
        Group::Watch(args) => watch::run(context, &args).await,
    }
}

/// What is asked for does not exist.
fn missing(what: &str, name: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("{what} {name} does not exist"))
}
