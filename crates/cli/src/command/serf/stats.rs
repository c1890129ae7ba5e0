//! `quorate serf info`.

use super::Context;
use crate::args::serf::format::FormatArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::serf::show;
use crate::view::serf::stats::StatsView;

pub(super) async fn info(context: Context<'_>, format: FormatArgs) -> Result<Exit, Failure> {
    let stats = context.client.stats().await?;
    let view = StatsView::from(stats);
    show(&context.config.screen, format.format, &view)?;
    Ok(Exit::Success)
}
