//! Ending the agent, and what Consul calls reloading: `/v1/agent/leave`, `/v1/agent/reload`.

use std::sync::Arc;

use http::StatusCode;

use crate::consul::permit::require;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::log::LogLevel;

/// `PUT /v1/agent/leave`: the agent says goodbye to its pool, if it is in one, answers, and ends.
pub(super) fn leave(request: Request<'_>) -> Result<Answer, Refused> {
    let front = request.front;
    require(request.permit()?.agent_write(&front.node.name))?;
    let say = |module, text| front.log.record(LogLevel::Info, module, text, &[]);
    say("agent.server", "server starting leave");
    say("agent", "Requesting shutdown");
    if let Some(gossip) = front.pool.clone() {
        let front = Arc::clone(front);
        return Ok(Answer::later(async move {
            // Whoever was first does it, and it ends either way.
            let _ = gossip.leave().await;
            front.leave();
            Reply::empty(StatusCode::OK)
        }));
    }
    front.leave();
    Ok(Reply::empty(StatusCode::OK).into())
}

/// `PUT /v1/agent/reload`: the agent has no files that it reads again. What was registered through
/// the API stays, which a Consul without a data directory forgets.
pub(super) fn reload(request: Request<'_>) -> Result<Answer, Refused> {
    require(request.permit()?.agent_write(&request.front.node.name))?;
    let log = &request.front.log;
    log.record(LogLevel::Info, "agent", "Reloading configuration...", &[]);
    Ok(Reply::empty(StatusCode::OK).into())
}
