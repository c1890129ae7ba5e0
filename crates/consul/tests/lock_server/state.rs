//! Keys, sessions and transactions, with the rules of Consul 1.8.7.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_consul::KvEntry;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::http::Request;

pub(crate) struct Session {
    pub(crate) ttl: Duration,
    pub(crate) lock_delay: Duration,
    pub(crate) delete: bool,
    /// Twice the TTL after the last renewal.
    pub(crate) expires: Instant,
    pub(crate) name: String,
}

pub(crate) struct State {
    pub(crate) index: u64,
    pub(crate) keys: BTreeMap<String, KvEntry>,
    pub(crate) sessions: BTreeMap<String, Session>,
    /// Until when a key can't be acquired.
    pub(crate) delays: BTreeMap<String, Instant>,
    /// What renewals answer instead of the session's own TTL.
    pub(crate) answered_ttl: Option<&'static str>,
    pub(crate) created: u64,
}

type Answer = (u16, u64, String);

impl State {
    pub(crate) fn new() -> Self {
        Self {
            index: 10,
            keys: BTreeMap::new(),
            sessions: BTreeMap::new(),
            delays: BTreeMap::new(),
            answered_ttl: None,
            created: 0,
        }
    }

    pub(crate) fn held_keys(&self) -> Vec<String> {
        let held = self.keys.values().filter(|entry| entry.session.is_some());
        held.map(|entry| entry.key.clone()).collect()
    }

    pub(crate) fn holder(&self, key: &str) -> Option<String> {
        self.keys.get(key)?.session.clone()
    }

    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.sessions.values().map(|session| session.expires).min()
    }

    pub(crate) fn expire(&mut self) {
        let now = Instant::now();
        let over =
            |(id, session): (&String, &Session)| (session.expires <= now).then(|| id.clone());
        for id in self.sessions.iter().filter_map(over).collect::<Vec<_>>() {
            self.end_session(&id);
        }
    }

    pub(crate) fn create_session(&mut self, body: &Value) -> String {
        self.index += 1;
        self.created += 1;
        let id = format!("00000000-0000-0000-0000-{:012}", self.created);
        let duration = |name: &str, default| {
            let text = body[name].as_str().and_then(|text| text.strip_suffix("ms"));
            text.map_or(default, |text| Duration::from_millis(text.parse().unwrap()))
        };
        let ttl = duration("TTL", Duration::from_secs(86_400));
        let session = Session {
            ttl,
            lock_delay: duration("LockDelay", Duration::from_secs(15)),
            delete: body["Behavior"] == "delete",
            expires: Instant::now() + 2 * ttl,
            name: body["Name"].as_str().unwrap_or_default().to_owned(),
        };
        self.sessions.insert(id.clone(), session);
        id
    }

    pub(crate) fn end_session(&mut self, id: &str) {
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        self.index += 1;
        let held = self
            .keys
            .values()
            .filter(|entry| entry.session.as_deref() == Some(id));
        for key in held.map(|entry| entry.key.clone()).collect::<Vec<_>>() {
            if !session.lock_delay.is_zero() {
                self.delays
                    .insert(key.clone(), Instant::now() + session.lock_delay);
            }
            if session.delete {
                self.keys.remove(&key);
            } else if let Some(entry) = self.keys.get_mut(&key) {
                entry.session = None;
                entry.modify_index = self.index;
            }
        }
    }

    /// A write of somebody else.
    pub(crate) fn put(&mut self, key: &str, value: &str, flags: u64) {
        self.index += 1;
        self.write(key, value.to_owned().into_bytes(), flags);
    }

    fn write(&mut self, key: &str, value: Vec<u8>, flags: u64) -> &mut KvEntry {
        let index = self.index;
        let entry = self.keys.entry(key.to_owned()).or_insert_with(|| {
            let mut entry = KvEntry::new(key, "");
            entry.create_index = index;
            entry
        });
        entry.modify_index = index;
        entry.value = value.into();
        entry.flags = flags;
        entry
    }

    pub(crate) fn handle(&mut self, request: &Request) -> Answer {
        let path = request.path.as_str();
        if let Some(key) = path.strip_prefix("/v1/kv/") {
            return match request.method.as_str() {
                "GET" => self.read(key, request.param("recurse").is_some()),
                "PUT" => self.put_request(key, request),
                _ => self.delete(key, request.param("cas")),
            };
        }
        if let Some(id) = path.strip_prefix("/v1/session/destroy/") {
            self.end_session(id);
            return (200, self.index, "true".into());
        }
        if let Some(id) = path.strip_prefix("/v1/session/renew/") {
            return self.renew(id);
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match path {
            "/v1/session/create" => {
                let id = self.create_session(&body);
                (200, self.index, json!({ "ID": id }).to_string())
            }
            "/v1/txn" => self.txn(&body),
            _ => panic!("not a request of these tests: {request:?}"),
        }
    }

    fn renew(&mut self, id: &str) -> Answer {
        let Some(session) = self.sessions.get_mut(id) else {
            return (404, self.index, format!("Session id '{id}' not found"));
        };
        session.expires = Instant::now() + 2 * session.ttl;
        let ttl = self
            .answered_ttl
            .map_or(format!("{}ms", session.ttl.as_millis()), str::to_owned);
        (
            200,
            self.index,
            json!([{ "ID": id, "TTL": ttl }]).to_string(),
        )
    }

    fn read(&self, key: &str, recurse: bool) -> Answer {
        let found = |entry: &&KvEntry| {
            if recurse {
                entry.key.starts_with(key)
            } else {
                entry.key == key
            }
        };
        let rows: Vec<_> = self.keys.values().filter(found).collect();
        let index = match rows.first() {
            Some(entry) if !recurse => entry.modify_index,
            _ => self.index,
        };
        if rows.is_empty() {
            return (404, index, String::new());
        }
        (200, index, serde_json::to_string(&rows).unwrap())
    }

    /// A release, or a plain write.
    fn put_request(&mut self, key: &str, request: &Request) -> Answer {
        let flags = request
            .param("flags")
            .map_or(0, |text| text.parse().unwrap());
        self.index += 1;
        let done = match request.param("release") {
            Some(session) => self.unlock(key, session, request.body.clone(), flags),
            None => {
                self.write(key, request.body.clone(), flags);
                true
            }
        };
        (200, self.index, done.to_string())
    }

    fn unlock(&mut self, key: &str, session: &str, value: Vec<u8>, flags: u64) -> bool {
        let held = self.holder(key).as_deref() == Some(session);
        if held {
            self.write(key, value, flags).session = None;
        }
        held
    }

    fn delete(&mut self, key: &str, cas: Option<&str>) -> Answer {
        self.index += 1;
        let index = self
            .keys
            .get(key)
            .map(|entry| entry.modify_index.to_string());
        let done = cas.is_none() || index.is_none() || index.as_deref() == cas;
        if done {
            self.keys.remove(key);
        }
        (200, self.index, done.to_string())
    }

    fn txn(&mut self, ops: &Value) -> Answer {
        self.index += 1;
        let (before, delays) = (self.keys.clone(), self.delays.clone());
        let (mut rows, mut errors) = (Vec::new(), Vec::new());
        for (at, op) in ops.as_array().unwrap().iter().enumerate() {
            match self.op(&op["KV"]) {
                Ok(row) => rows.extend(row.map(|row| json!({ "KV": row }))),
                Err(what) => errors.push(json!({ "OpIndex": at, "What": what })),
            }
        }
        if errors.is_empty() {
            return (
                200,
                self.index,
                json!({ "Results": rows, "Errors": null }).to_string(),
            );
        }
        (self.keys, self.delays) = (before, delays);
        (
            409,
            self.index,
            json!({ "Results": null, "Errors": errors }).to_string(),
        )
    }

    fn op(&mut self, op: &Value) -> Result<Option<KvEntry>, String> {
        let text = |name: &str| op[name].as_str().unwrap_or_default();
        let (key, session) = (text("Key"), text("Session"));
        let value = STANDARD.decode(text("Value")).unwrap();
        let flags = op["Flags"].as_u64().unwrap_or(0);
        let index = op["Index"].as_u64().unwrap_or(0);
        let now = self.keys.get(key).map_or(0, |entry| entry.modify_index);
        match text("Verb") {
            "lock" => self.lock(key, session, value, flags).map(Some),
            "unlock" if self.unlock(key, session, value.clone(), flags) => {
                Ok(Some(self.keys[key].clone()))
            }
            "unlock" => Err(format!(
                "failed to unlock key \"{key}\", lock isn't held, or is held by another session"
            )),
            "check-not-exists" if now != 0 => Err(format!("key \"{key}\" exists")),
            "check-not-exists" => Ok(None),
            "check-index" | "check-session" if now == 0 => {
                Err(format!("key \"{key}\" doesn't exist"))
            }
            "check-index" if now != index => Err(format!(
                "failed index check for key \"{key}\", current modify index {now} != {index}"
            )),
            "check-session" if self.holder(key).as_deref() != Some(session) => {
                Err(format!("failed session check for key \"{key}\""))
            }
            "check-index" | "check-session" => Ok(Some(self.keys[key].clone())),
            "cas" if now != index => Err(format!("failed to set key \"{key}\", index is stale")),
            "cas" | "set" => Ok(Some(self.write(key, value, flags).clone())),
            "delete" => {
                self.keys.remove(key);
                Ok(None)
            }
            verb => panic!("not a verb of these tests: {verb}"),
        }
    }

    fn lock(
        &mut self,
        key: &str,
        session: &str,
        value: Vec<u8>,
        flags: u64,
    ) -> Result<KvEntry, String> {
        if self
            .delays
            .get(key)
            .is_some_and(|until| *until > Instant::now())
        {
            return Err(format!("failed to lock key \"{key}\" due to lock delay"));
        }
        if !self.sessions.contains_key(session) {
            return Err(format!("invalid session \"{session}\""));
        }
        let holder = self.holder(key);
        if holder.as_deref().is_some_and(|holder| holder != session) {
            return Err(format!(
                "failed to lock key \"{key}\", lock is already held"
            ));
        }
        let entry = self.write(key, value, flags);
        entry.lock_index += u64::from(holder.is_none());
        entry.session = Some(session.to_owned());
        Ok(entry.clone())
    }
}
