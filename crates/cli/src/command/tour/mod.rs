//! `quorate tour`: everything once, each answer checked.

mod keys;
mod locks;
mod semaphores;
mod sessions;
mod step;
mod watches;

use std::time::{Duration, Instant};

use quorate::Coordinator;
use quorate::prelude::*;

use crate::args::tour::TourArgs;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::tour::{OpeningView, StepView, TourView};
use step::Step;

/// The tour ends within this time, whatever the server does.
const LIMIT: Duration = Duration::from_secs(18);
/// What removing the keys may take after that.
const CLEANING: Duration = Duration::from_millis(1500);

/// What every step needs.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) coordinator: Coordinator,
    /// Without a `/` at its end.
    pub(crate) prefix: String,
}

impl Stage {
    /// A key of the tour.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }
}

/// Runs the tour, on a temporary agent unless `--at` was given.
pub(crate) async fn run(config: &Config, args: TourArgs) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    let url = if config.at_given {
        config.at.as_str()
    } else {
        "memory:"
    };
    let coordinator = connect::open_url(config, url).await?;
    let prefix = args.prefix.unwrap_or_else(own_prefix);
    let stage = Stage {
        coordinator,
        prefix: prefix.trim_end_matches('/').to_owned(),
    };
    let target = if config.at_given {
        config.target()
    } else {
        "a temporary agent in memory".to_owned()
    };
    let free = free_prefix(&stage).await;
    let ended = match free {
        Ok(()) => {
            let ended = tokio::select! {
                ended = tour(config, &stage, target) => ended,
                signal = signals.next() => Ok(Exit::Signal(signals::number(signal))),
            };
            clean(&stage).await;
            ended
        }
        Err(failure) => Err(failure),
    };
    connect::close(&stage.coordinator).await;
    ended
}

async fn tour(config: &Config, stage: &Stage, target: String) -> Result<Exit, Failure> {
    let started = Instant::now();
    let prefix = format!("{}/", stage.prefix);
    if !config.screen.is_json() {
        config.screen.show(&OpeningView {
            target: target.clone(),
            prefix: prefix.clone(),
        })?;
    }
    let steps = steps(config, stage, started).await?;
    let counts = steps.iter().map(StepView::counts);
    let (expectations, failed) = counts.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    let seconds = started.elapsed().as_secs_f64();
    config.screen.show(&TourView {
        target,
        prefix,
        steps,
        expectations,
        failed,
        seconds,
    })?;
    Ok(if failed == 0 {
        Exit::Success
    } else {
        Exit::Expectation
    })
}

/// The tour deletes its prefix at the end, so nothing of anybody else's may lie there.
async fn free_prefix(stage: &Stage) -> Result<(), Failure> {
    let found = stage.coordinator.kv().keys(&stage.prefix).await?.len();
    if found == 0 {
        return Ok(());
    }
    let message = format!("there are {found} keys below {}/ already", stage.prefix);
    Err(Failure::usage(message).with_next("quorate tour --prefix with a path that is free"))
}

async fn steps(config: &Config, stage: &Stage, started: Instant) -> Result<Vec<StepView>, Failure> {
    let mut done = Vec::new();
    macro_rules! step {
        ($title:literal, $run:path) => {{
            let mut step = Step::new($title);
            let left = LIMIT.saturating_sub(started.elapsed());
            let ran = tokio::time::timeout(left, Box::pin($run(stage, &mut step))).await;
            step.finish(ran);
            let view = step.view(&stage.prefix);
            if !config.screen.is_json() {
                config.screen.show(&view)?;
            }
            done.push(view);
        }};
    }
    step!("1. A key is written, read and listed", keys::write_and_read);
    step!(
        "2. A write that would overwrite another's is refused",
        keys::compare_and_set
    );
    step!(
        "3. Several keys change together, or none does",
        keys::transaction
    );
    step!(
        "4. A watch sees what is there, then each change",
        watches::prefix
    );
    step!("5. A session holds a key until it ends", sessions::session);
    step!(
        "6. A lock passes from one holder to the next, its token grows",
        locks::two_contenders
    );
    step!("7. A lock that is lost says so at once", locks::lost);
    step!(
        "8. A semaphore of 2 lets 2 of 3 in",
        semaphores::three_contenders
    );
    Ok(done)
}

async fn clean(stage: &Stage) {
    let kv = stage.coordinator.kv();
    let cleaned = tokio::time::timeout(CLEANING, kv.delete_prefix(&stage.prefix)).await;
    if !matches!(cleaned, Ok(Ok(()))) {
        tracing::warn!(
            prefix = stage.prefix,
            "the keys of the tour were not removed"
        );
    }
}

/// A name that no other tour has: host, process and time.
fn own_prefix() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = now.map(|since| since.as_millis()).unwrap_or_default();
    format!("quorate-tour/{}-{millis}", std::process::id())
}
