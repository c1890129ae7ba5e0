//! `quorate node`.

use quorate::{Coordinator, NodeSet};

use super::follow::Follow;
use crate::args::node::NodeCommand;
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::node::{NodeRow, NodeView, NodesView};
use crate::view::rows::Rows;

/// Opens the backend, runs one verb, and closes the backend whatever came of it.
pub(crate) async fn run(config: &Config, command: NodeCommand) -> Result<Exit, Failure> {
    if let NodeCommand::Watch(_) = command {
        let follow = Follow {
            open: async |coordinator: &Coordinator| coordinator.nodes().watch(),
            show: |set: &NodeSet| (Some(NodesView::from(set)), false),
        };
        return follow.run(config).await;
    }
    let verb = async |coordinator: &Coordinator| match command {
        NodeCommand::Show(args) => show(config, coordinator, &args.name).await,
        NodeCommand::Ls(_) | NodeCommand::Watch(_) => list(config, coordinator).await,
    };
    connect::with(config, verb).await
}

async fn list(config: &Config, coordinator: &Coordinator) -> Result<Exit, Failure> {
    let nodes = coordinator.nodes().list().await?;
    let rows = nodes.iter().map(NodeRow::from).collect();
    config.screen.show(&Rows::new(rows, NodeRow::COLUMNS))?;
    Ok(Exit::Success)
}

async fn show(config: &Config, coordinator: &Coordinator, name: &str) -> Result<Exit, Failure> {
    let Some(details) = coordinator.nodes().get(name).await? else {
        let missing = Failure::new(Exit::NotFound, format!("node {name} does not exist"));
        return Err(missing.with_next("quorate node ls"));
    };
    config.screen.show(&NodeView::from(details))?;
    Ok(Exit::Success)
}
