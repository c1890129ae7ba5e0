//! How each server is.

use quorate_etcd::v3::raw::proto::etcdserverpb::{HashKvResponse, StatusResponse};

use super::fields::Fields;
use super::json::{Object, array, quoted};
use super::size::size;
use super::{Answer, hex, line};
use crate::view::rows::{Column, Rows, Tabular, Tone};

/// What a server says of itself.
#[derive(Clone, Debug)]
pub(crate) struct ServerStatus {
    pub(crate) endpoint: String,
    pub(crate) status: StatusResponse,
}

impl ServerStatus {
    fn id(&self) -> u64 {
        self.status.header.unwrap_or_default().member_id
    }

    fn leads(&self) -> bool {
        self.id() == self.status.leader
    }
}

const STATUS: &[Column<ServerStatus>] = &[
    Column::new("ENDPOINT", |row| row.endpoint.clone()),
    Column::new("ID", |row| hex(row.id())),
    Column::new("VERSION", |row| row.status.version.clone()),
    Column::new("DB SIZE", |row| {
        size(u64::try_from(row.status.db_size).unwrap_or_default())
    }),
    Column::new("IS LEADER", |row: &ServerStatus| row.leads().to_string()).toned(|row| {
        match row.leads() {
            true => Tone::Good,
            false => Tone::Plain,
        }
    }),
    Column::new("IS LEARNER", |row| row.status.is_learner.to_string()),
    Column::new("RAFT TERM", |row| row.status.raft_term.to_string()),
    Column::new("RAFT INDEX", |row| row.status.raft_index.to_string()),
    Column::new("RAFT APPLIED INDEX", |row| {
        row.status.raft_applied_index.to_string()
    }),
    Column::new("ERRORS", |row: &ServerStatus| row.status.errors.join(", ")).toned(|_| Tone::Bad),
];

/// What servers say of themselves.
pub(crate) struct StatusView(pub(crate) Vec<ServerStatus>);

impl Answer for StatusView {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        lines(out, &self.0, STATUS);
    }

    fn fields(&self, out: &mut Fields) -> bool {
        for row in &self.0 {
            let status = &row.status;
            out.header(status.header.as_ref());
            out.quoted("Version", &status.version);
            out.field("DBSize", status.db_size);
            out.field("Leader", status.leader);
            out.field("IsLearner", status.is_learner);
            out.field("RaftIndex", status.raft_index);
            out.field("RaftTerm", status.raft_term);
            out.field("RaftAppliedIndex", status.raft_applied_index);
            out.field("Errors", format!("[{}]", status.errors.join(" ")));
            out.quoted("Endpoint", &row.endpoint);
            out.blank();
        }
        true
    }

    fn json(&self, _: bool) -> String {
        array(&self.0, |row| {
            Object::of(|object| {
                object.always("Endpoint", quoted(&row.endpoint));
                object.object("Status", |object| of_status(object, &row.status));
            })
        })
    }

    fn rows(&self) -> Option<Box<dyn Tabular>> {
        Some(Box::new(Rows::new(self.0.clone(), STATUS)))
    }
}

fn of_status(object: &mut Object, status: &StatusResponse) {
    object.header(status.header.as_ref());
    object.text("version", &status.version);
    object.some("dbSize", status.db_size);
    object.some("leader", status.leader);
    object.some("raftIndex", status.raft_index);
    object.some("raftTerm", status.raft_term);
    object.some("raftAppliedIndex", status.raft_applied_index);
    object.texts("errors", &status.errors);
    object.some("dbSizeInUse", status.db_size_in_use);
    object.some("isLearner", status.is_learner);
    object.text("storageVersion", &status.storage_version);
    object.some("dbSizeQuota", status.db_size_quota);
}

/// Whether a server works.
#[derive(Clone, Debug)]
pub(crate) struct ServerHealth {
    pub(crate) endpoint: String,
    pub(crate) healthy: bool,
    /// How long it took, as Go writes it.
    pub(crate) took: String,
    pub(crate) error: String,
}

const HEALTH: &[Column<ServerHealth>] = &[
    Column::new("ENDPOINT", |row| row.endpoint.clone()),
    Column::new("HEALTH", |row: &ServerHealth| row.healthy.to_string()).toned(|row| {
        match row.healthy {
            true => Tone::Good,
            false => Tone::Bad,
        }
    }),
    Column::new("TOOK", |row| row.took.clone()),
    Column::new("ERROR", |row| row.error.clone()),
];

/// Whether servers work.
pub(crate) struct HealthView(pub(crate) Vec<ServerHealth>);

impl Answer for HealthView {
    /// Only of those that work: the others are told on standard error.
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        for row in self.0.iter().filter(|row| row.healthy) {
            let (endpoint, took) = (&row.endpoint, &row.took);
            let why = "successfully committed proposal";
            let text = format!("{endpoint} is healthy: {why}: took = {took}");
            line(out, text.as_bytes(), false);
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        for row in &self.0 {
            out.quoted("Endpoint", &row.endpoint);
            out.field("Health", row.healthy);
            out.field("Took", &row.took);
            out.field("Error", &row.error);
            out.blank();
        }
        true
    }

    fn json(&self, _: bool) -> String {
        array(&self.0, |row| {
            Object::of(|object| {
                object.always("endpoint", quoted(&row.endpoint));
                object.always("health", row.healthy);
                object.always("took", quoted(&row.took));
                object.text("error", &row.error);
            })
        })
    }

    fn rows(&self) -> Option<Box<dyn Tabular>> {
        Some(Box::new(Rows::new(self.0.clone(), HEALTH)))
    }
}

/// What the keys of a server amount to.
#[derive(Clone, Debug)]
pub(crate) struct ServerHash {
    pub(crate) endpoint: String,
    pub(crate) hash: HashKvResponse,
}

const HASH: &[Column<ServerHash>] = &[
    Column::new("ENDPOINT", |row| row.endpoint.clone()),
    Column::new("HASH", |row| row.hash.hash.to_string()),
];

/// What the keys of servers amount to.
pub(crate) struct HashView(pub(crate) Vec<ServerHash>);

impl Answer for HashView {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        lines(out, &self.0, HASH);
    }

    fn fields(&self, out: &mut Fields) -> bool {
        for row in &self.0 {
            out.header(row.hash.header.as_ref());
            out.quoted("Endpoint", &row.endpoint);
            out.field("Hash", row.hash.hash);
            out.blank();
        }
        true
    }

    fn json(&self, _: bool) -> String {
        array(&self.0, |row| {
            Object::of(|object| {
                object.always("Endpoint", quoted(&row.endpoint));
                object.object("HashKV", |object| {
                    object.header(row.hash.header.as_ref());
                    object.some("hash", row.hash.hash);
                    object.some("compact_revision", row.hash.compact_revision);
                    object.some("hash_revision", row.hash.hash_revision);
                });
            })
        })
    }

    fn rows(&self) -> Option<Box<dyn Tabular>> {
        Some(Box::new(Rows::new(self.0.clone(), HASH)))
    }
}

fn lines<T>(out: &mut Vec<u8>, rows: &[T], columns: &[Column<T>]) {
    for row in rows {
        let cells: Vec<_> = columns.iter().map(|column| column.text(row)).collect();
        line(out, cells.join(", ").as_bytes(), false);
    }
}
