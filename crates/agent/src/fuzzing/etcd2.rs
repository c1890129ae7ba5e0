//! The parsers of etcd's v2 API.

use crate::etcd2::fuzzing as front;

/// A query, a line feed, and a form: what is read is the same when it is written and read again, and
/// the form wins.
pub fn etcd2_form(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n');
    let (query, form) = data.split_at(at.unwrap_or(data.len()));
    if let Ok(query) = str::from_utf8(query) {
        front::form(query, form.get(1..).unwrap_or_default());
    }
}

/// A path: where it leads to leads nowhere else, and the key in it is clean.
pub fn etcd2_path(data: &[u8]) {
    if let Ok(path) = str::from_utf8(data) {
        front::path(path);
    }
}

/// A body that describes a member, a user or a role: it is read or refused.
pub fn etcd2_body(data: &[u8]) {
    front::body(data);
}
