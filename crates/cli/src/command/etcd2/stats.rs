//! `quorate etcd2 stats`.

use super::Context;
use crate::args::etcd2::stats::StatsVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;

pub(super) async fn run(context: Context<'_>, verb: StatsVerb) -> Result<Exit, Failure> {
    let (stats, screen) = (context.client.stats(), &context.config.screen);
    match verb {
        StatsVerb::This => screen.show(&Object::of(stats.this_member().await?))?,
        StatsVerb::Leader => screen.show(&Object::of(stats.leader().await?))?,
        StatsVerb::Store => screen.show(&Object::of(stats.store().await?))?,
    }
    Ok(Exit::Success)
}
