//! `quorate etcd`: one file a noun.

mod alarm;
mod auth;
mod check;
mod compare;
mod connection;
mod database;
mod elect;
mod endpoint;
mod held;
mod key;
mod lease;
mod lock;
mod maintenance;
mod member;
mod role;
mod snapshot;
mod txn;
mod user;
mod watch;
mod words;

use quorate_etcd::v3::Client;

use crate::args::etcd::snapshot::SnapshotVerb;
use crate::args::etcd::{EtcdArgs, Verb};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::{Answer, Printing, show};
use connection::Servers;

/// What a verb works with.
#[derive(Clone, Copy)]
struct Context<'a> {
    config: &'a Config,
    servers: &'a Servers,
    client: &'a Client,
    printing: Printing,
}

impl Context<'_> {
    /// Prints an answer.
    fn show(&self, answer: &dyn Answer) -> Result<Exit, Failure> {
        show(&self.config.screen, self.printing, answer)?;
        Ok(Exit::Success)
    }

    /// Prints what etcdctl says in words, whatever form was asked for; programs that asked for
    /// JSON with `-o` get that.
    fn say(&self, text: &str, answer: &dyn Answer) -> Result<Exit, Failure> {
        if self.config.screen.is_json() && !self.printing.exact {
            return self.show(answer);
        }
        self.config.screen.raw(format!("{text}\n").as_bytes())?;
        Ok(Exit::Success)
    }
}

/// Connects and runs one verb.
pub(crate) async fn run(config: &Config, args: EtcdArgs) -> Result<Exit, Failure> {
    let (form, hex) = (args.connection.write_out, args.connection.hex);
    let printing = Printing::new(form, hex, &config.screen);
    match &args.verb {
        Verb::Version(_) => return version(config),
        Verb::Snapshot(snapshot) => match &snapshot.verb {
            SnapshotVerb::Status(file) => return snapshot::status(config, printing, &file.file),
            SnapshotVerb::Restore(_) => return Err(snapshot::restore()),
            SnapshotVerb::Save(_) => {}
        },
        _ => {}
    }
    let servers = Servers::of(config, &args.connection).await?;
    let client = servers.client()?;
    let context = Context {
        config,
        servers: &servers,
        client: &client,
        printing,
    };
    verb(context, args.verb).await
}

async fn verb(context: Context<'_>, verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Get(args) => key::get(context, &args).await,
        Verb::Put(args) => key::put(context, args).await,
        Verb::Del(args) => key::del(context, args).await,
        Verb::Txn(args) => txn::run(context, args.interactive).await,
        Verb::Watch(args) => Box::pin(watch::run(context, args)).await,
        Verb::Lease(args) => lease::run(context, args.verb).await,
        Verb::Lock(args) => Box::pin(lock::run(context, args)).await,
        Verb::Elect(args) => Box::pin(elect::run(context, args)).await,
        Verb::Member(args) => member::run(context, args.verb).await,
        Verb::Endpoint(args) => endpoint::run(context, &args).await,
        Verb::User(args) => user::run(context, args.verb).await,
        Verb::Role(args) => role::run(context, args.verb).await,
        Verb::Auth(args) => auth::run(context, args.verb).await,
        Verb::Snapshot(args) => match args.verb {
            SnapshotVerb::Save(file) => snapshot::save(context, &file.file).await,
            SnapshotVerb::Status(_) | SnapshotVerb::Restore(_) => Err(snapshot::restore()),
        },
        Verb::Compaction(args) => maintenance::compaction(context, args).await,
        Verb::Defrag(args) => maintenance::defrag(context, &args).await,
        Verb::MoveLeader(args) => maintenance::move_leader(context, args.id).await,
        Verb::Alarm(args) => alarm::run(context, args.verb).await,
        Verb::Check(args) => Box::pin(check::run(context, &args.verb)).await,
        Verb::Version(_) => version(context.config),
    }
}

/// The version of this program, and that of the API which it speaks.
fn version(config: &Config) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let thing = serde_json::json!({"version": version, "api": "3.5"});
    let text = format!("quorate version: {version}\nAPI version: 3.5");
    config
        .screen
        .show(&crate::view::said::Said::new(thing, text))?;
    Ok(Exit::Success)
}
