//! `quorate consul event`.

use quorate_consul::FireOptions;
use quorate_consul::wire::UserEvent;
use quorate_consul::wire::event::EventFilter;

use super::Context;
use crate::args::consul::event::{EventVerb, FireArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<UserEvent>] = &[
    Column::new("ID", |event| event.id.clone()),
    Column::new("NAME", |event| event.name.clone()),
    Column::new("LTIME", |event| event.ltime.to_string()),
    Column::new("PAYLOAD", |event| {
        String::from_utf8_lossy(&event.payload).into_owned()
    }),
];

pub(super) async fn run(context: Context<'_>, verb: EventVerb) -> Result<Exit, Failure> {
    let (events, screen) = (context.client.event(), &context.config.screen);
    match verb {
        EventVerb::Fire(args) => {
            let options = FireOptions::new()
                .with_filter(filter(&args))
                .with_write(args.write.options());
            let payload = args.payload.unwrap_or_default();
            let fired = events.fire_with(&args.name, payload, &options).await?;
            screen.show(&Object::new("ID", fired.id))?;
        }
        EventVerb::List(args) => {
            let seen = events.list(args.name.as_deref()).await?;
            screen.show(&Rows::new(seen, COLUMNS))?;
        }
    }
    Ok(Exit::Success)
}

fn filter(args: &FireArgs) -> EventFilter {
    let mut filter = EventFilter::new();
    if let Some(pattern) = &args.node {
        filter = filter.with_node(pattern);
    }
    if let Some(pattern) = &args.service {
        filter = filter.with_service(pattern);
    }
    if let Some(pattern) = &args.tag {
        filter = filter.with_tag(pattern);
    }
    filter
}
