//! `quorate event`.

use std::os::unix::ffi::OsStrExt;

use quorate::{Coordinator, Delivery, EventOptions, FireOptions};

use super::follow::Follow;
use crate::args::event::{EventCommand, FireArgs, WatchArgs};
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::delivery::DeliveryView;
use crate::view::object::Object;

/// More than any event may say.
const MOST: usize = 64 * 1024;

/// Runs one verb.
pub(crate) async fn run(config: &Config, command: EventCommand) -> Result<Exit, Failure> {
    match command {
        EventCommand::Fire(args) => fire(config, &args).await,
        EventCommand::Watch(args) => watch(config, args).await,
    }
}

async fn fire(config: &Config, args: &FireArgs) -> Result<Exit, Failure> {
    let payload = if args.literal {
        args.payload.as_bytes().to_vec()
    } else {
        input::value(&args.payload, MOST)?
    };
    let mut options = FireOptions::default();
    options.node.clone_from(&args.node);
    options.service.clone_from(&args.service);
    options.tag.clone_from(&args.tag);
    let fire = async |coordinator: &Coordinator| {
        let events = coordinator.events();
        Ok(events.fire_with(&args.name, payload, &options).await?)
    };
    let id = connect::with(config, fire).await?;
    // Serf has none; programs see that, and nobody an empty line.
    if config.screen.is_json() || !id.is_empty() {
        config.screen.show(&Object::new("id", id))?;
    }
    Ok(Exit::Success)
}

async fn watch(config: &Config, args: WatchArgs) -> Result<Exit, Failure> {
    let mut options = EventOptions::default();
    options.name = args.name;
    options.replay = args.replay;
    let once = args.once;
    let follow = Follow {
        open: async |coordinator: &Coordinator| {
            let events = coordinator.events();
            let feed = events.watch_with(&options).await?;
            Ok(feed)
        },
        show: |delivery: &Delivery| {
            let last = once && matches!(delivery, Delivery::Event(_));
            (DeliveryView::new(delivery), last)
        },
    };
    follow.run(config).await
}
