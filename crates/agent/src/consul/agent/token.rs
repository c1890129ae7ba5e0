//! The agent's own ACL tokens: `PUT /v1/agent/token/:name`.

use http::StatusCode;

use crate::consul::body::Body;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};

/// `PUT /v1/agent/token/:name`: refused, whatever it says, where there are no ACLs.
pub(super) fn update(_request: Request<'_>, _body: Body) -> Result<Answer, Refused> {
    Err(Reply::text(StatusCode::UNAUTHORIZED, "ACL support disabled").into())
}
