//! The two directions of the JSON gateway to etcd's v3 API.

use crate::etcd3::gateway::fuzzing as gateway;

/// The number of a call, and a body for it: what is read says the same when it is written and read
/// again.
pub fn etcd3_json(data: &[u8]) {
    if let Some((call, json)) = data.split_first() {
        gateway::body(*call, json);
    }
}

/// The number of a call, and an answer of it: it is written as JSON that is JSON, or refused.
pub fn etcd3_message(data: &[u8]) {
    if let Some((call, message)) = data.split_first() {
        gateway::message(*call, message);
    }
}
