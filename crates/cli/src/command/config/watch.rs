//! `quorate config watch`.

use quorate::Coordinator;
use quorate::config::{Config as Live, ConfigEvent, Parameters, Secrets};
use serde_json::Value;

use crate::args::config::WatchArgs;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::parameter::ChangeView;

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
    let secrets = if args.show_secrets {
        Secrets::none()
    } else {
        Secrets::default()
    };
    let live = Live::<Value>::builder()
        .store(args.place.store(coordinator)?)
        .secrets(secrets)
        .load()
        .await?;
    let mut changes = live.changes();
    if args.initial {
        let there = live
            .snapshot()
            .parameters()
            .changes_since(&Parameters::default());
        for change in &there {
            config.screen.show(&ChangeView::new(change))?;
        }
    }
    while let Some(event) = changes.next().await {
        match event {
            ConfigEvent::Changed { changes, .. } => {
                let changed = changes.iter().filter(|change| !change.is_same_value());
                for change in changed {
                    config.screen.show(&ChangeView::new(change))?;
                }
                if args.once {
                    break;
                }
            }
            ConfigEvent::Refused(refusal) => {
                let message = refusal.error.to_string();
                config
                    .screen
                    .note(&Failure::new(Exit::Failure, message).view())?;
            }
            _ => {}
        }
    }
    Ok(Exit::Success)
}
