//! `quorate kv watch`.

use quorate::{Coordinator, Watch, WatchEvent};

use crate::args::kv::WatchArgs;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, is_lasting};
use crate::view::event::EventView;

/// Prints each change until a signal, or the first one with `--once`.
pub(crate) async fn run(config: &Config, args: &WatchArgs) -> Result<Exit, Failure> {
    connect::until_signal(config, async |coordinator| {
        follow(config, args, coordinator).await
    })
    .await
}

async fn follow(
    config: &Config,
    args: &WatchArgs,
    coordinator: &Coordinator,
) -> Result<Exit, Failure> {
    let mut watch = open(args, coordinator)?;
    let mut in_init = false;
    let mut known = false;
    while let Some(event) = watch.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) if is_lasting(error.kind()) => return Err(error.into()),
            Err(error) => {
                config.screen.note(&Failure::from(error).view())?;
                continue;
            }
        };
        in_init = event == WatchEvent::Init || in_init && !is_done(&event);
        if let Some(view) = EventView::new(&event, in_init) {
            config.screen.show(&view)?;
        }
        if args.once && known && !in_init && !is_done(&event) {
            return Ok(Exit::Success);
        }
        known |= is_done(&event);
    }
    Ok(Exit::Success)
}

fn open(args: &WatchArgs, coordinator: &Coordinator) -> Result<Watch, Failure> {
    Ok(match (&args.prefix, &args.key) {
        (Some(prefix), _) => coordinator.watch_prefix(prefix)?,
        (None, Some(key)) => coordinator.watch(key)?,
        (None, None) => return Err(Failure::usage("a key or --prefix is needed")),
    })
}

fn is_done(event: &WatchEvent) -> bool {
    matches!(event, WatchEvent::InitDone { .. })
}
