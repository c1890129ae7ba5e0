//! What the fuzzer asks of the gateway; see `crate::fuzzing`.

#![allow(clippy::unwrap_used, reason = "a finding is a panic")]

use super::paths::PATHS;
use super::read;
use super::schema::Schema;
use super::splitter::Splitter;
use super::write::write;

/// A body for the call of a number: what is read says the same when it is written and read again,
/// and a stream of requests is split where a single one ends.
pub(crate) fn body(call: u8, json: &[u8]) {
    let schema = Schema::get();
    let (path, _) = PATHS[usize::from(call) % PATHS.len()];
    let input = schema.call(path).unwrap().input;
    let Ok(message) = read::first(schema, input, json) else {
        return;
    };
    let written = write(schema, input, &message).unwrap();
    let again = read::first(schema, input, written.as_bytes()).unwrap();
    assert_eq!(write(schema, input, &again).unwrap(), written);
    let end = Splitter::default().end(json).unwrap();
    assert_eq!(read::first(schema, input, &json[..end]).unwrap(), message);
}

/// The input of [`body`] for a call by its path.
pub(crate) fn seed(path: &str, json: &str) -> Vec<u8> {
    let call = PATHS.iter().position(|(known, _)| *known == path).unwrap();
    [&[u8::try_from(call).unwrap()], json.as_bytes()].concat()
}

/// The input of [`message`] for a call by its path: its request, which is about what an answer is.
pub(crate) fn message_seed(path: &str, json: &str) -> Option<Vec<u8>> {
    let schema = Schema::get();
    let input = schema.call(path)?.input;
    let mut seed = seed(path, "");
    seed.extend(read::first(schema, input, json.as_bytes()).ok()?);
    Some(seed)
}

/// A message that a service may have sent: whatever it is, it is written as JSON or refused.
pub(crate) fn message(call: u8, message: &[u8]) {
    let schema = Schema::get();
    let (path, _) = PATHS[usize::from(call) % PATHS.len()];
    let output = schema.call(path).unwrap().output;
    if let Ok(json) = write(schema, output, message) {
        serde_json::from_str::<serde::de::IgnoredAny>(&json).unwrap();
    }
}
