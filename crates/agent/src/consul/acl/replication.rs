//! Copying access rules from another datacenter: `GET /v1/acl/replication`.

use quorate_wire::consul::acl::Replication;

use super::check_on;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};

/// There is one datacenter, so nothing is copied; anybody may know.
pub(super) fn show(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    request.options()?;
    request.check_datacenter()?;
    Ok(Reply::object(&Replication::default()).into())
}
