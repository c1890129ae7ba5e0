//! What a stranger's bytes reach, one function for each parser: for the fuzzer (`fuzz/`) and for the
//! tests of this crate. No part of the API: it is only there with the feature `fuzzing`.
//!
//! Each function takes any bytes, and panics when the agent does something that it must not do. That
//! it ends soon is for the caller to see to.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a finding is a panic, and its reader is the one who looks for it"
)]

mod endpoint;
mod etcd2;
mod etcd3;
mod front;
mod reply;
mod seeds;
mod snapshot;
mod text;

#[cfg(test)]
mod mutate;
#[cfg(test)]
mod tests;

pub use etcd2::{etcd2_body, etcd2_form, etcd2_path};
pub use etcd3::{etcd3_json, etcd3_message};
pub use front::{body, request};
pub use seeds::seeds;
pub use snapshot::snapshot;
pub use text::{filter, json, rules, target, template};

/// What takes any bytes.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 13] = [
    ("target", target),
    ("json", json),
    ("rules", rules),
    ("filter", filter),
    ("template", template),
    ("body", body),
    ("request", request),
    ("snapshot", snapshot),
    ("etcd2_form", etcd2_form),
    ("etcd2_path", etcd2_path),
    ("etcd2_body", etcd2_body),
    ("etcd3_json", etcd3_json),
    ("etcd3_message", etcd3_message),
];
