//! The agent's own services and checks: what runs beside the engine.
//!
//! The engine holds them and writes the catalog; here are the tasks that run the checks, and
//! those that make the catalog agree and take away what has been critical for too long.

mod runner;
mod settings;
mod upkeep;

use std::sync::Arc;

use quorate_net::task::TaskGroup;

use crate::consul::Front;
use crate::engine;
use crate::engine::consul::LocalChange;
use crate::error::AgentError;

pub(crate) use settings::Settings;

/// Takes up what was stored, and starts the tasks.
pub(crate) async fn start(front: &Arc<Front>, tasks: &TaskGroup) -> Result<(), AgentError> {
    let command = front.local.command(LocalChange::Start);
    match front.writer.submit(command).await {
        Ok(engine::Reply::Consul(Err(refusal))) => {
            return Err(AgentError::Store(Box::new(refusal)));
        }
        Ok(_) => {}
        Err(error) => return Err(AgentError::Store(Box::new(error))),
    }
    tasks.spawn(runner::supervise(Arc::clone(front), tasks.cancelled()));
    tasks.spawn(upkeep::sync(Arc::clone(front), tasks.cancelled()));
    tasks.spawn(upkeep::reap(Arc::clone(front), tasks.cancelled()));
    Ok(())
}
