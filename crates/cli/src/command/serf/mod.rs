//! `quorate serf`: one file a noun.

pub(super) mod agent;
mod configuration;
mod connection;
mod coordinate;
mod event;
mod key;
mod member;
mod monitor;
mod query;
mod stats;

use quorate_serf::Client;
use serde_json::{Value, json};

use crate::args::serf::{SerfArgs, Verb};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::said::Said;

/// What a verb works with.
#[derive(Clone, Copy)]
struct Context<'a> {
    config: &'a Config,
    client: &'a Client,
}

impl Context<'_> {
    /// Prints a sentence as `serf` does; programs get the thing.
    fn say(&self, thing: Value, text: impl Into<String>) -> Result<Exit, Failure> {
        self.config.screen.show(&Said::new(thing, text))?;
        Ok(Exit::Success)
    }

    /// Prints a line of what goes on, which programs have no need of.
    fn tell(&self, line: &str) -> Result<(), Failure> {
        if !self.config.screen.is_json() {
            self.config.screen.show(&Said::new(Value::Null, line))?;
        }
        Ok(())
    }
}

/// Connects and runs one verb.
pub(crate) async fn run(config: &Config, args: SerfArgs) -> Result<Exit, Failure> {
    let verb = match args.verb {
        Verb::Agent(typed) => {
            let agent = agent::of(config, args.connection, *typed)?;
            return Box::pin(super::agent::run(config, agent)).await;
        }
        Verb::Keygen(_) => return key::generate(config),
        Verb::Version(_) => return version(config),
        verb => verb,
    };
    let client = connection::client(config, &args.connection)?;
    let context = Context {
        config,
        client: &client,
    };
    run_verb(context, verb).await
}

async fn run_verb(context: Context<'_>, verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Members(args) => member::list(context, args).await,
        Verb::Event(args) => event::send(context, &args).await,
        Verb::Query(args) => Box::pin(query::ask(context, args)).await,
        Verb::Monitor(args) => Box::pin(monitor::run(context, args.log_level)).await,
        Verb::Join(args) => member::join(context, &args).await,
        Verb::Leave(_) => member::leave(context).await,
        Verb::ForceLeave(args) => member::force_leave(context, &args).await,
        Verb::Keys(args) => key::run(context, args.change).await,
        Verb::Tags(args) => member::tags(context, args).await,
        Verb::Info(args) => stats::info(context, args.format).await,
        Verb::Rtt(args) => coordinate::round_trip(context, args).await,
        Verb::Reachability(_) => Box::pin(query::reachability(context)).await,
        // They need no client, and were run before.
        Verb::Agent(_) | Verb::Keygen(_) | Verb::Version(_) => version(context.config),
    }
}

/// The program's own version, and those of the protocol as `serf version` prints them.
fn version(config: &Config) -> Result<Exit, Failure> {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    let thing = json!({"version": VERSION, "protocol": 5, "oldest": 2});
    let text = format!("quorate v{VERSION}\nAgent Protocol: 5 (Understands back to: 2)");
    config.screen.show(&Said::new(thing, text))?;
    Ok(Exit::Success)
}
