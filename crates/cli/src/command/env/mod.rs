//! `quorate env`: a command with the keys below a path as its environment.

mod names;
mod run;

use std::time::{Duration, Instant};

use quorate::{Cache, Coordinator, Prefix, Replica};

use crate::args::env::{EnvArgs, Missing};
use crate::command::lock::{before_start, ending, with_signals};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use names::Variables;

/// After this many times the quiet time a change counts, quiet or not.
const PATIENCE: u32 = 20;

/// Runs the command.
pub(crate) async fn run(config: &Config, args: EnvArgs) -> Result<Exit, Failure> {
    let prefix = Prefix::new(args.path.trim_start_matches('/')).map_err(before_start)?;
    if prefix.as_str().is_empty() {
        return Err(Failure::usage("the path may not be empty"));
    }
    // From here on signals are the command's.
    with_signals(config, async |coordinator, signals| {
        with(coordinator, &args, &prefix, signals).await
    })
    .await
}

async fn with(
    coordinator: &Coordinator,
    args: &EnvArgs,
    prefix: &Prefix,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    // One request that fails, where there is nobody to ask; the copy would try for ever.
    coordinator.check().await.map_err(before_start)?;
    let mut source = Source {
        cache: coordinator.cache(prefix.as_str()).map_err(before_start)?,
        prefix,
        args,
        is_newer: false,
    };
    let first = tokio::select! {
        first = source.first() => first?,
        signal = ending(signals) => return Ok(Exit::Signal(signals::number(signal))),
    };
    run::run(args, &mut source, first, signals).await
}

/// Where the variables come from.
pub(crate) struct Source<'a> {
    cache: Cache,
    prefix: &'a Prefix,
    args: &'a EnvArgs,
    /// Whether something has changed that was not told yet.
    is_newer: bool,
}

impl Source<'_> {
    /// The variables to begin with.
    async fn first(&mut self) -> Result<Variables, Failure> {
        let mut found = self.cache.ready().await.map_err(before_start)?;
        loop {
            let is_empty = found.entries().is_empty();
            match self.args.missing {
                Missing::Wait if is_empty => {
                    found = self.cache.changed().await.map_err(before_start)?;
                    continue;
                }
                Missing::Fail if is_empty => {
                    let path = &self.args.path;
                    let message = format!("there are no keys below {path}");
                    return Err(Failure::new(Exit::NotFound, message)
                        .with_next(format!("quorate config set {path} NAME=VALUE")));
                }
                _ => return self.variables(&found).map_err(before_start),
            }
        }
    }

    /// The variables after the next change, when all is quiet. What can't be variables is told and
    /// waits for the next change. Never resolves after the backend was closed. Dropping the future
    /// loses no change.
    async fn changed(&mut self) -> Variables {
        loop {
            if !self.is_newer && self.cache.changed().await.is_err() {
                return std::future::pending().await;
            }
            self.is_newer = true;
            self.settle().await;
            let found = self.cache.snapshot();
            self.is_newer = false;
            match self.variables(&found) {
                Ok(variables) => return variables,
                Err(failure) => {
                    let message = failure.view().error.message;
                    tracing::warn!(%message, "the environment stays as it was");
                }
            }
        }
    }

    /// Waits until nothing more changes.
    async fn settle(&mut self) {
        let quiet: Duration = self.args.settle;
        let end = Instant::now() + quiet * PATIENCE;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match tokio::time::timeout(quiet.min(left), self.cache.changed()).await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    fn variables(&self, found: &Replica) -> Result<Variables, Failure> {
        let keys = found.entries().values();
        let keys = keys.map(|entry| (entry.key.as_str(), entry.value.as_ref()));
        names::variables(
            self.prefix.as_str(),
            keys,
            &self.args.prefix,
            &self.args.join,
        )
    }
}
