//! Versions and health.

use quorate_wire::etcd2::{Health, Version};

use super::SERVERS;

#[test]
fn versions_are_read_and_written_as_etcd_writes_them() {
    for server in SERVERS {
        for name in ["version", "no-v2-version", "no-leader-version"] {
            let version: Version = server.again(name, &server.answer(name), "");
            assert_eq!(version.server, server.version, "{name}");
        }
    }
}

#[test]
fn health_is_read_and_written_as_etcd_writes_it() {
    for server in SERVERS {
        for (name, healthy) in [("health", true), ("no-leader-health", false)] {
            let answer = server.answer(name);
            let health: Health = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(health.healthy, healthy, "{name}");
            assert_eq!(health.reason.is_some(), server.version == "3.5.16");
            assert_eq!(health.encode().unwrap(), answer.body, "{name}");
            assert_eq!(answer.status(), if healthy { 200 } else { 503 });
        }
    }
}
