//! The configuration files of Serf.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::agent::REFUSED;
use crate::args::agent::level;
use crate::args::agent::member::place;
use crate::args::serf::agent::AgentArgs as Typed;
use crate::args::serf::connection::ConnectionArgs;
use crate::args::value;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;

/// No configuration is larger.
const LARGEST: usize = 1 << 20;

/// Adds what the files say to what was typed, which wins.
pub(super) fn add(typed: &mut Typed, connection: &mut ConnectionArgs) -> Result<(), Failure> {
    let mut all = Map::new();
    for path in files(&typed.config_file)? {
        let text = input::file(&path, LARGEST)?;
        let read = serde_json::from_slice(&text);
        let read = read.map_err(|error| Failure::caused(Exit::Usage, error));
        let read: Map<String, Value> =
            read.map_err(|failure| failure.context(format!("read {}", path.display())))?;
        read.into_iter()
            .for_each(|(key, value)| lay(&mut all, key, value));
    }
    for (key, value) in &all {
        let said = Said { key, value };
        if !said.is_nothing() {
            said.apply(typed, connection)?;
        }
    }
    Ok(())
}

/// The files that paths name: themselves, or those of a directory that end in `.json`, by name.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let Ok(found) = fs::read_dir(path) else {
            files.push(path.clone());
            continue;
        };
        let found = found.map(|entry| entry.map(|entry| entry.path()));
        let mut found: Vec<_> = found.collect::<Result<_, _>>()?;
        found.retain(|path| path.extension().is_some_and(|end| end == "json"));
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

/// Lays a value over what is there: lists and maps are added up.
fn lay(all: &mut Map<String, Value>, key: String, value: Value) {
    match (all.get_mut(&key), value) {
        (Some(Value::Array(there)), Value::Array(more)) => there.extend(more),
        (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
        (_, value) => {
            all.insert(key, value);
        }
    }
}

/// One key and what it says.
struct Said<'a> {
    key: &'a str,
    value: &'a Value,
}

impl Said<'_> {
    /// What changes nothing, whatever the key.
    fn is_nothing(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Number(number) => number.as_u64() == Some(0),
            Value::Bool(on) => !on && !self.key.eq_ignore_ascii_case("enable_compression"),
        }
    }

    fn apply(&self, typed: &mut Typed, connection: &mut ConnectionArgs) -> Result<(), Failure> {
        match self.key.to_ascii_lowercase().as_str() {
            "node_name" => self.text(&mut typed.node),
            "bind" => self.read(&mut typed.bind, place),
            "role" => self.text(&mut typed.role),
            "log_level" => self.read(&mut typed.log_level, level),
            "rpc_addr" => self.text(&mut connection.rpc_addr),
            "rpc_auth" => self.text(&mut connection.rpc_auth),
            "start_join" => self.list(&mut typed.join),
            "retry_join" => self.list(&mut typed.retry_join),
            "event_handlers" => self.list(&mut typed.event_handler),
            "protocol" => self.read(&mut typed.refused.protocol, number),
            "skip_leave_on_interrupt" => self.flag().map(|on| typed.goodbye.on_interrupt = !on),
            "leave_on_terminate" => self.flag().map(|on| typed.goodbye.on_terminate = on),
            _ => self.apply_to_member(typed),
        }
    }

    fn apply_to_member(&self, typed: &mut Typed) -> Result<(), Failure> {
        let member = &mut typed.member;
        let limits = &mut member.limits;
        match self.key.to_ascii_lowercase().as_str() {
            "advertise" => self.read(&mut member.advertise, place),
            "encrypt_key" => self.text(&mut member.encrypt),
            "keyring_file" => self.read(&mut member.keyring_file, path),
            "snapshot_path" => self.read(&mut member.snapshot, path),
            "tags_file" => self.read(&mut member.tags_file, path),
            "tags" => self.tags(&mut member.tags),
            "profile" => self.text(&mut member.profile),
            "retry_interval" => self.read(&mut member.retry_interval, value::positive_duration),
            "retry_max_attempts" => self.read(&mut member.retry_max, number),
            "broadcast_timeout" => self.read(&mut member.broadcast_timeout, value::duration),
            "rejoin_after_leave" => self.flag().map(|on| member.rejoin |= on),
            "replay_on_join" => self.flag().map(|on| member.replay |= on),
            "enable_compression" => self.flag().map(|on| member.disable_compression |= !on),
            "disable_coordinates" => self.flag().map(|on| member.disable_coordinates = on),
            "reconnect_interval" => self.time(&mut limits.reconnect_interval),
            "reconnect_timeout" => self.time(&mut limits.reconnect_timeout),
            "tombstone_timeout" => self.time(&mut limits.tombstone_timeout),
            "user_event_size_limit" => self.size(&mut limits.user_event),
            "query_size_limit" => self.size(&mut limits.query),
            "query_response_size_limit" => self.size(&mut limits.query_response),
            // Names are always as this asks for.
            "validate_node_names" => self.flag().map(drop),
            key => Err(self.refuse(reason(key))),
        }
    }

    /// What is typed stays.
    fn read<T>(
        &self,
        into: &mut Option<T>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<(), Failure> {
        let number = self.value.as_u64().map(|number| number.to_string());
        let text = self.value.as_str().or(number.as_deref());
        let read = read(text.ok_or_else(|| self.refuse("is no text"))?);
        let read = read.map_err(|why| self.refuse(&why))?;
        into.get_or_insert(read);
        Ok(())
    }

    fn text(&self, into: &mut Option<String>) -> Result<(), Failure> {
        self.read(into, |text| Ok(text.to_owned()))
    }

    fn time(&self, into: &mut Duration) -> Result<(), Failure> {
        let mut time = None;
        self.read(&mut time, value::positive_duration)?;
        *into = time.unwrap_or(*into);
        Ok(())
    }

    fn size(&self, into: &mut usize) -> Result<(), Failure> {
        let mut size = None;
        self.read(&mut size, number)?;
        *into = size.unwrap_or(*into);
        Ok(())
    }

    fn flag(&self) -> Result<bool, Failure> {
        let flag = self.value.as_bool();
        flag.ok_or_else(|| self.refuse("is neither true nor false"))
    }

    /// What is typed comes after what stands here.
    fn list(&self, into: &mut Vec<String>) -> Result<(), Failure> {
        let list = self.value.as_array().into_iter().flatten();
        let list: Option<Vec<_>> = list.map(|one| one.as_str().map(str::to_owned)).collect();
        let list = list.filter(|_| self.value.is_array());
        let list = list.ok_or_else(|| self.refuse("is no list of texts"))?;
        into.splice(0..0, list);
        Ok(())
    }

    fn tags(&self, into: &mut Vec<(String, String)>) -> Result<(), Failure> {
        let tags = self.value.as_object().into_iter().flatten();
        let tags = tags.map(|(tag, value)| Some((tag.clone(), value.as_str()?.to_owned())));
        let tags: Option<Vec<_>> = tags.collect();
        let tags = tags.filter(|_| self.value.is_object());
        let tags = tags.ok_or_else(|| self.refuse("is no map of texts"))?;
        into.splice(0..0, tags);
        Ok(())
    }

    fn refuse(&self, why: &str) -> Failure {
        let why = format!("{:?} in the configuration: {why}", self.key);
        Failure::usage(why).with_next("quorate serf agent --help")
    }
}

fn reason(key: &str) -> &'static str {
    let known = REFUSED.iter().find(|(refused, _)| *refused == key);
    known.map_or("Serf has no such key", |(_, why)| why)
}

fn path(text: &str) -> Result<PathBuf, String> {
    Ok(Path::new(text).to_owned())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| "is no number that fits".to_owned())
}
