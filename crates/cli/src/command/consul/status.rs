//! `quorate consul status`.

use super::Context;
use crate::args::consul::status::StatusVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::rows::{Column, Rows};

const ADDRESS: &[Column<String>] = &[Column::new("ADDRESS", |address| address.clone())];

pub(super) async fn run(context: Context<'_>, verb: StatusVerb) -> Result<Exit, Failure> {
    let status = context.client.status();
    let addresses = match verb {
        StatusVerb::Leader(read) => {
            let leader = status.leader_with(&read.options()).await?.value;
            let none = || Failure::new(Exit::NotFound, "no server leads at the moment");
            vec![leader.ok_or_else(none)?]
        }
        StatusVerb::Peers(read) => status.peers_with(&read.options()).await?.value,
    };
    context
        .config
        .screen
        .show(&Rows::plain(addresses, ADDRESS))?;
    Ok(Exit::Success)
}
