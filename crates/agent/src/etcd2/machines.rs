//! `/v2/machines`.

use quorate_wire::etcd2::machines;

use super::member_urls::client_urls;
use super::reply::Reply;
use super::request::Request;

/// Where clients reach the agent.
pub(super) fn answer(request: &Request) -> Reply {
    Reply::text(machines::encode(&client_urls(request)))
}
