//! `/metrics`: what `etcdctl check datascale` and a first look at a dashboard read.

use std::fmt::{Display, Write as _};

use super::front::{CLUSTER_VERSION, Front, SERVER_VERSION};
use super::reply::Reply;
use crate::resident::resident_bytes;

/// Gauges in the text format of Prometheus, under the names that etcd gives them.
pub(super) fn answer(front: &Front) -> Reply {
    let snapshot = front.snapshot();
    let state = snapshot.etcd3();
    let mut text = String::new();
    let mut add = |name: &str, labels: &str, value: &dyn Display| {
        // Writing to a text can't fail.
        let _ = writeln!(text, "# TYPE {name} gauge\n{name}{labels} {value}");
    };
    let version = |label: &str, version: &str| format!("{{{label}=\"{version}\"}}");
    let cluster = version("cluster_version", CLUSTER_VERSION);
    add("etcd_cluster_version", &cluster, &1);
    let compacted = state.compacted();
    add("etcd_debugging_mvcc_compact_revision", "", &compacted);
    let revision = state.revision();
    add("etcd_debugging_mvcc_current_revision", "", &revision);
    add("etcd_mvcc_db_total_size_in_bytes", "", &state.bytes());
    add("etcd_server_has_leader", "", &1);
    add("etcd_server_is_leader", "", &1);
    let server = version("server_version", SERVER_VERSION);
    add("etcd_server_version", &server, &1);
    if let Some(bytes) = resident_bytes() {
        add("process_resident_memory_bytes", "", &bytes);
    }
    Reply::text(text)
}
