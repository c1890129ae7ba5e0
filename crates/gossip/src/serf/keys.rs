//! Changing the keys of the whole cluster.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::message::{KeyRequest, KeyResponse};
use super::query::{Purpose, QuerySpec};
use crate::codec::{Key, Keyring, KeyringError};
use crate::engine::{Engine, Failure, OpId, Outcome, Output, Time};

/// What is to be done with a key, by every member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyChange {
    /// Decrypt with it as well.
    Install(Key),
    /// Encrypt with it.
    Use(Key),
    /// Do not decrypt with it any more.
    Remove(Key),
    /// Nothing: say which keys there are.
    List,
}

/// What the members said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyReport {
    /// How many members were asked.
    pub nodes: usize,
    /// How many answered.
    pub responses: usize,
    /// How many of those failed.
    pub errors: usize,
    /// What members said, by their names: why they failed, mostly.
    pub messages: BTreeMap<String, String>,
    /// Keys, base64, and how many members have each.
    pub keys: BTreeMap<String, usize>,
    /// Keys that members encrypt with, base64, and how many.
    pub primary_keys: BTreeMap<String, usize>,
}

const NO_KEYRING: &str = "No keyring to modify (encryption not enabled)";
const EMPTY_KEYRING: &str = "Keyring is empty (encryption not enabled)";
/// No key is shorter in a list: its base64 and the byte before it.
const SHORTEST: usize = 25;

impl KeyReport {
    pub(super) fn add(&mut self, from: String, payload: &Bytes) {
        self.responses += 1;
        let answer = match KeyResponse::from_payload(payload) {
            Ok(answer) => answer,
            Err(error) => {
                self.errors += 1;
                self.messages.insert(from, error.to_string());
                return;
            }
        };
        if !answer.result {
            self.errors += 1;
        }
        if !answer.message.is_empty() || !answer.result {
            self.messages.insert(from, answer.message);
        }
        for key in answer.keys {
            *self.keys.entry(key).or_default() += 1;
        }
        if !answer.primary_key.is_empty() {
            *self.primary_keys.entry(answer.primary_key).or_default() += 1;
        }
    }

    pub(super) fn into_result(self) -> Result<Outcome, Failure> {
        if self.errors > 0 || self.responses < self.nodes {
            return Err(Failure::Keys(self));
        }
        Ok(Outcome::Keys(self))
    }
}

impl Engine {
    /// Has every member do something with a key. Ends with [`Outcome::Keys`] when all have
    /// answered that they did, with [`Failure::Keys`] when one did not, in the time of a query.
    pub fn keys(&mut self, now: Time, op: OpId, change: &KeyChange) {
        self.advance(now);
        let (name, key) = match change {
            KeyChange::Install(key) => ("install-key", Some(key)),
            KeyChange::Use(key) => ("use-key", Some(key)),
            KeyChange::Remove(key) => ("remove-key", Some(key)),
            KeyChange::List => ("list-keys", None),
        };
        let key = key.map(Key::expose_bytes).unwrap_or_default();
        let key = Bytes::copy_from_slice(key);
        let spec = QuerySpec::new(format!("{}{name}", super::query::INTERNAL))
            .with_payload(KeyRequest { key }.to_payload());
        let nodes = self
            .list
            .roster
            .iter()
            .filter(|node| node.is_live())
            .count();
        let report = KeyReport {
            nodes,
            ..KeyReport::default()
        };
        if let Err(failure) = self.ask(&spec, Purpose::Keys(op, report)) {
            self.finish(op, Err(failure));
        }
    }

    /// Does what somebody wants done with a key, and says what came of it.
    pub(super) fn change_keys(&mut self, name: &str, payload: &Bytes) -> Vec<u8> {
        let mut answer = KeyResponse::default();
        if self.envelope.keyring.is_empty() {
            let list = name == "list-keys";
            answer.message = if list { EMPTY_KEYRING } else { NO_KEYRING }.to_owned();
            return answer.to_payload();
        }
        if name == "list-keys" {
            return self.list_keys();
        }
        let mut ring = self.envelope.keyring.clone();
        match KeyRequest::from_payload(payload) {
            Ok(request) => match changed(&mut ring, name, &request.key) {
                Ok(()) => answer.result = true,
                Err(error) => answer.message = error.to_string(),
            },
            Err(error) => answer.message = error.to_string(),
        }
        if answer.result && ring != self.envelope.keyring {
            self.envelope.keyring = ring.clone();
            self.out.push_back(Output::Keyring(ring));
        }
        answer.to_payload()
    }

    /// As many keys as fit into an answer.
    fn list_keys(&self) -> Vec<u8> {
        let ring = &self.envelope.keyring;
        let keys: Vec<_> = ring.keys().map(Key::expose_base64).collect();
        let limit = self.config.limits.query_response;
        let room = limit.saturating_sub(self.config.name.len() + 64);
        let mut most = keys.len().min(limit / SHORTEST);
        loop {
            let mut answer = KeyResponse {
                keys: keys[..most].to_vec(),
                message: String::new(),
                primary_key: ring.primary().map(Key::expose_base64).unwrap_or_default(),
                result: true,
            };
            if most < keys.len() {
                let of = keys.len();
                answer.message =
                    format!("truncated key list response, showing first {most} of {of} keys");
            }
            let payload = answer.to_payload();
            if payload.len() <= room || most == 0 {
                return payload;
            }
            most -= 1;
        }
    }
}

fn changed(ring: &mut Keyring, name: &str, key: &[u8]) -> Result<(), KeyringError> {
    let key = Key::new(key)?;
    match name {
        "install-key" => {
            ring.install(key);
            Ok(())
        }
        "use-key" => ring.use_key(&key),
        _ => ring.remove(&key),
    }
}
