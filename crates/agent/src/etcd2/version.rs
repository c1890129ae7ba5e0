//! `/version`.

use http::StatusCode;
use quorate_wire::etcd2::Version;

use super::front::{CLUSTER_VERSION, SERVER_VERSION};
use super::reply::Reply;

/// The version that the agent answers like.
pub(super) fn answer() -> Reply {
    let version = Version {
        server: SERVER_VERSION.into(),
        cluster: CLUSTER_VERSION.into(),
        ..Version::default()
    };
    Reply::json(StatusCode::OK, &version)
}
