//! `quorate serf keys` and `keygen`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_serf::{Error, KeyResponse, Secret};
use serde_json::json;

use super::Context;
use crate::args::serf::key::KeyChange;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::object::Object;
use crate::view::serf::aligned;

/// No key is longer.
const MAX_KEY: usize = 256;

/// What is done with a key, in the words of `serf`.
#[derive(Clone, Copy)]
enum Change {
    Install,
    Use,
    Remove,
}

impl Change {
    /// What it is called, how it begins and how it ends.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Install => ("install", "Installing key", "installed key"),
            Self::Use => ("use", "Changing primary key", "changed primary key"),
            Self::Remove => ("remove", "Removing key", "removed key"),
        }
    }
}

pub(super) async fn run(context: Context<'_>, asked: KeyChange) -> Result<Exit, Failure> {
    match (asked.install, asked.primary, asked.remove) {
        (Some(key), _, _) => change(context, Change::Install, &key).await,
        (_, Some(key), _) => change(context, Change::Use, &key).await,
        (_, _, Some(key)) => change(context, Change::Remove, &key).await,
        (None, None, None) => list(context).await,
    }
}

async fn change(context: Context<'_>, change: Change, key: &str) -> Result<Exit, Failure> {
    let (word, begins, done) = change.words();
    let key = Secret::from(input::text(key, MAX_KEY)?.trim().to_owned());
    context.tell(&format!("==> {begins} on all members..."))?;
    let keys = context.client.keys();
    let answer = match change {
        Change::Install => keys.install(&key).await,
        Change::Use => keys.use_key(&key).await,
        Change::Remove => keys.remove(&key).await,
    };
    let answer = answer.or_else(|error| failed(context, error))?;
    let thing = json!({"action": word, "members": answer.num_nodes, "answers": answer.num_resp});
    context.say(thing, format!("==> Successfully {done}!"))
}

async fn list(context: Context<'_>) -> Result<Exit, Failure> {
    context.tell("==> Asking all members for installed keys...")?;
    let counts = context.client.keys().list().await;
    let counts = match counts {
        Ok(counts) => counts,
        Err(error) => return failed(context, error).map(|_| Exit::Failure),
    };
    context.tell("==> Keys gathered, listing cluster keys...\n")?;
    let rows = counts.keys.iter();
    let rows: Vec<_> = rows
        .map(|(key, count)| vec![key.clone(), format!("[{count}/{}]", counts.members)])
        .collect();
    let thing = json!({"members": counts.members, "keys": counts.keys});
    context.say(thing, aligned(&rows).trim_end())
}

/// Names the members that did not do it, and what each said.
fn failed(context: Context<'_>, error: Error) -> Result<KeyResponse, Failure> {
    if let Some(answer) = error.keys() {
        let said = answer.messages.iter();
        let rows: Vec<_> = said
            .map(|(name, text)| vec!["failed:".to_owned(), name.clone(), text.clone()])
            .collect();
        if !rows.is_empty() {
            context.tell(&aligned(&rows))?;
        }
    }
    Err(error.into())
}

/// A key of 32 random bytes.
pub(super) fn generate(config: &Config) -> Result<Exit, Failure> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|error| Failure::new(Exit::Failure, format!("random numbers: {error}")))?;
    config
        .screen
        .show(&Object::new("key", STANDARD.encode(key)))?;
    Ok(Exit::Success)
}
