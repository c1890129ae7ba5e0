//! The wire formats that quorate speaks, as plain types without I/O.
//!
//! Every type here encodes *and* decodes: the clients use one half, the embedded agent the other,
//! and recorded bytes of the real servers (`fixtures/`) check both.
//!
//! ```
//! use quorate_wire::consul::KvEntry;
//!
//! // As a client reads it …
//! let body = br#"{"Key":"jobs/a","Value":"aGVsbG8=","Flags":0,
//!                 "LockIndex":0,"CreateIndex":7,"ModifyIndex":9}"#;
//! let entry: KvEntry = serde_json::from_slice(body)?;
//! assert_eq!((&entry.value[..], entry.modify_index), (&b"hello"[..], 9));
//! // … and as a server writes it.
//! assert!(serde_json::to_string(&entry)?.contains(r#""Value":"aGVsbG8=""#));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! | I want… | go to |
//! |---|---|
//! | Consul's HTTP API: keys, transactions, sessions, query options, headers | [`consul`] |
//! | the v2 API of etcd: keys, watches, members, statistics, users and roles | [`etcd2`] |
//! | Serf's RPC: members, events, queries, keys | [`serf`] |
//! | regular expressions as the real servers read them | [`go_regex`] |
//! | MessagePack, in which Serf speaks | [`msgpack`] |

pub mod consul;
pub mod etcd2;
pub mod go_regex;
pub mod msgpack;
pub mod serf;
