//! `quorate elect`.

use quorate::{Coordinator, Holder};

use super::follow::Follow;
use super::lock;
use crate::args::elect::ElectArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::leader::LeaderView;

/// Runs the command while this is the leader, or tells who is.
pub(crate) async fn run(config: &Config, args: ElectArgs) -> Result<Exit, Failure> {
    if !args.watch {
        return lock::run(config, &args.into()).await;
    }
    let follow = Follow {
        open: async |coordinator: &Coordinator| coordinator.election(args.name).observe(),
        show: |leader: &Option<Holder>| (Some(LeaderView::from(leader.as_ref())), false),
    };
    follow.run(config).await
}
