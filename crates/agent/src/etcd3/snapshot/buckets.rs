//! What of the state is in which bucket, as etcd 3.5 lays it out.

use quorate_etcd_proto::authpb;
use quorate_etcd_proto::etcdserverpb::AlarmMember;
use quorate_etcd_proto::mvccpb;
use quorate_etcd_proto::prost::{self, Message as _};
use serde::Serialize;

use super::bbolt::{File, Row};
use crate::engine::etcd3::{Alarm, Event, Permission, Revision, Role, State, User};
use crate::etcd2::is_of_etcd;
use crate::etcd3::front::TERM;

/// The version that the members of a cluster agree on.
const CLUSTER_VERSION: &[u8] = b"3.5.0";

/// What a snapshot tells of the agent itself.
pub(super) struct Member {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) peer_urls: Vec<String>,
    pub(super) client_urls: Vec<String>,
}

/// A lease, as etcd stores it.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
struct LeaseRow {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(int64, tag = "2")]
    ttl: i64,
}

/// A user, as etcd stores it.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
struct UserRow {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    password: String,
    #[prost(string, repeated, tag = "3")]
    roles: Vec<String>,
    #[prost(message, optional, tag = "4")]
    options: Option<authpb::UserAddOptions>,
}

/// A role, as etcd stores it.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
struct RoleRow {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    permissions: Vec<authpb::Permission>,
}

/// A member, as etcd stores it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberRow<'a> {
    id: u64,
    #[serde(rename = "peerURLs")]
    peer_urls: &'a [String],
    name: &'a str,
    #[serde(rename = "clientURLs")]
    client_urls: &'a [String],
}

/// Who votes in the cluster.
#[derive(Serialize)]
struct Voters {
    voters: [u64; 1],
    auto_leave: bool,
}

/// The whole state as a file.
pub(super) fn file(state: &State, member: &Member) -> Vec<u8> {
    let mut file = File::new();
    let mut buckets = Vec::new();
    let mut add = |name, rows: &mut dyn Iterator<Item = Row>| {
        buckets.push((name, file.bucket(rows)));
    };
    // Their names come in order.
    add("alarm", &mut alarms(state).into_iter());
    add("auth", &mut flags(state).into_iter());
    let roles = state.auth().role_names();
    let roles = roles.filter_map(|name| state.auth().role(name));
    add("authRoles", &mut roles.map(|it| role(it)));
    let users = state.auth().user_names();
    let users = users.filter_map(|name| state.auth().user(name));
    add("authUsers", &mut users.map(|it| user(it)));
    let version = (b"clusterVersion".to_vec(), CLUSTER_VERSION.to_vec());
    add("cluster", &mut std::iter::once(version));
    let changes = state.changes();
    add(
        "key",
        &mut changes.iter().map(|(at, event)| key(*at, event)),
    );
    add("lease", &mut leases(state).into_iter());
    add("members", &mut std::iter::once(own(member)));
    add("members_removed", &mut std::iter::empty());
    add("meta", &mut marks(state, member).into_iter());
    file.finish(&buckets)
}

/// A place in the history, as etcd orders changes by it.
fn place(at: Revision) -> Vec<u8> {
    let main = at.main.to_be_bytes();
    let sub = i64::from(at.sub).to_be_bytes();
    [&main[..], b"_", &sub].concat()
}

/// A change of a key. Of one that was removed there is only its name.
fn key(at: Revision, event: &Event) -> Row {
    let kv = &event.kv;
    let mut place = place(at);
    let mut stored = mvccpb::KeyValue {
        key: kv.key.clone(),
        ..mvccpb::KeyValue::default()
    };
    if event.is_put() {
        stored.create_revision = kv.create_revision;
        stored.mod_revision = kv.mod_revision;
        stored.version = kv.version;
        stored.value = kv.value.clone();
        stored.lease = kv.lease;
    } else {
        place.push(b't');
    }
    (place, stored.encode_to_vec())
}

fn leases(state: &State) -> Vec<Row> {
    let lease = |id: i64| {
        let ttl = state.lease(id)?.ttl;
        Some((
            id.to_be_bytes().to_vec(),
            LeaseRow { id, ttl }.encode_to_vec(),
        ))
    };
    sorted(state.lease_ids().filter_map(lease).collect())
}

fn alarms(state: &State) -> Vec<Row> {
    let alarm = |(alarm, member_id): (Alarm, u64)| {
        let alarm = match alarm {
            Alarm::NoSpace => 1,
            Alarm::Corrupt => 2,
        };
        (AlarmMember { member_id, alarm }.encode_to_vec(), Vec::new())
    };
    sorted(state.alarms().map(alarm).collect())
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_unstable();
    rows
}

fn flags(state: &State) -> [Row; 2] {
    let auth = state.auth();
    let revision = auth.revision().to_be_bytes().to_vec();
    [
        (b"authEnabled".to_vec(), vec![u8::from(auth.is_enabled())]),
        (b"authRevision".to_vec(), revision),
    ]
}

fn role(role: &Role) -> Row {
    let stored = RoleRow {
        name: role.name.clone(),
        permissions: role.permissions.iter().map(permission).collect(),
    };
    (role.name.clone().into_bytes(), stored.encode_to_vec())
}

fn permission(permission: &Permission) -> authpb::Permission {
    let (key, range_end) = permission.range.clone().into_parts();
    authpb::Permission {
        perm_type: permission.kind.number(),
        key,
        range_end,
    }
}

/// A user, with the hash of the password if it is one that etcd knows.
fn user(user: &User) -> Row {
    let password = user.hash.as_ref().filter(|hash| is_of_etcd(hash));
    let stored = UserRow {
        name: user.name.clone(),
        password: password
            .map(|hash| hash.expose().to_owned())
            .unwrap_or_default(),
        roles: user.roles.clone(),
        options: Some(authpb::UserAddOptions {
            no_password: user.no_password,
        }),
    };
    (user.name.clone().into_bytes(), stored.encode_to_vec())
}

fn own(member: &Member) -> Row {
    let row = MemberRow {
        id: member.id,
        peer_urls: &member.peer_urls,
        name: &member.name,
        client_urls: &member.client_urls,
    };
    (format!("{:x}", member.id).into_bytes(), json(&row))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // It has names, texts and numbers only, which can be written.
    serde_json::to_vec(value).unwrap_or_default()
}

/// How far the log was, and the history is compacted.
fn marks(state: &State, member: &Member) -> Vec<Row> {
    let voters = Voters {
        voters: [member.id],
        auto_leave: false,
    };
    let mut rows = vec![
        (b"confState".to_vec(), json(&voters)),
        (
            b"consistent_index".to_vec(),
            state.revision().to_be_bytes().to_vec(),
        ),
        (b"term".to_vec(), TERM.to_be_bytes().to_vec()),
    ];
    if state.compacted() > 0 {
        let at = place(Revision {
            main: state.compacted(),
            sub: 0,
        });
        for name in ["finishedCompactRev", "scheduledCompactRev"] {
            rows.push((name.as_bytes().to_vec(), at.clone()));
        }
    }
    sorted(rows)
}

#[cfg(test)]
mod tests {
    use crate::etcd3::snapshot::bbolt::tests::buckets;

    use super::*;

    #[test]
    fn an_empty_state_has_every_bucket_that_etcd_looks_for() {
        let member = Member {
            id: 0xa75b,
            name: "node-1".to_owned(),
            peer_urls: vec!["http://localhost:2380".to_owned()],
            client_urls: Vec::new(),
        };
        let file = buckets(&file(&State::default(), &member));
        let names: Vec<&str> = file.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "alarm",
                "auth",
                "authRoles",
                "authUsers",
                "cluster",
                "key",
                "lease",
                "members",
                "members_removed",
                "meta"
            ]
        );
        let (id, row) = &file["members"][0];
        assert_eq!(id, b"a75b");
        let text =
            r#"{"id":42843,"peerURLs":["http://localhost:2380"],"name":"node-1","clientURLs":[]}"#;
        assert_eq!(String::from_utf8_lossy(row), text);
        assert!(file["key"].is_empty());
    }

    #[test]
    fn a_change_is_stored_by_its_place_and_a_removal_says_so() {
        let at = Revision { main: 258, sub: 3 };
        let (place, _) = key(
            at,
            &Event {
                kind: crate::engine::etcd3::EventKind::Delete,
                kv: Default::default(),
            },
        );
        assert_eq!(place, b"\0\0\0\0\0\0\x01\x02_\0\0\0\0\0\0\0\x03t");
    }
}
