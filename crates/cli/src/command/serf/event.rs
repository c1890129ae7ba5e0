//! `quorate serf event`.

use std::os::unix::ffi::OsStrExt;

use quorate_serf::{Bytes, EventOptions};
use serde_json::json;

use super::Context;
use crate::args::serf::event::EventArgs;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn send(context: Context<'_>, args: &EventArgs) -> Result<Exit, Failure> {
    let (name, coalesce) = (&args.name, args.coalesce);
    let payload = Bytes::copy_from_slice(args.payload.as_bytes());
    let options = EventOptions::default().with_coalesce(coalesce);
    context.client.event_with(name, payload, options).await?;
    let text = format!("Event '{name}' dispatched! Coalescing enabled: {coalesce}");
    context.say(json!({"name": name, "coalesce": coalesce}), text)
}
