//! `quorate members`.

use quorate::{Coordinator, MemberEvent};

use super::follow::Follow;
use crate::args::member::MembersArgs;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::member::{MemberRow, MemberView};
use crate::view::rows::Rows;

/// Lists the members, or follows them.
pub(crate) async fn run(config: &Config, args: &MembersArgs) -> Result<Exit, Failure> {
    if args.watch {
        let follow = Follow {
            open: async |coordinator: &Coordinator| coordinator.members().watch(),
            show: |event: &MemberEvent| (MemberView::new(event), false),
        };
        return follow.run(config).await;
    }
    let list = async |coordinator: &Coordinator| Ok(coordinator.members().list().await?);
    let listed = connect::with(config, list).await?;
    let rows = listed.iter().map(MemberRow::from).collect();
    config.screen.show(&Rows::new(rows, MemberRow::COLUMNS))?;
    Ok(Exit::Success)
}
