//! How a check of the catalog is run: kept and shown, for nothing here runs it.

use quorate_wire::consul::GoDuration;
use quorate_wire::consul::duration::ParseDurationError;
use quorate_wire::consul::health::Definition;
use serde_json::{Map, Value};

use super::decode::{DecodeError, Json, Kind, Place};
use super::session_create::whole_nanos;
use crate::quote::{in_gos_words, quote};

const TYPE: &str = "struct { Interval interface {}; Timeout interface {}; DeregisterCriticalServiceAfter interface {}; TTL interface {}; *structs.Alias }";

const TXN_TYPE: &str = "struct { IntervalDuration interface {}; TimeoutDuration interface {}; DeregisterCriticalServiceAfterDuration interface {}; *api.Alias }";

/// What a transaction takes over.
const TXN_FIELDS: [&str; 9] = [
    "HTTP",
    "TLSSkipVerify",
    "Header",
    "Method",
    "Body",
    "TCP",
    "Interval",
    "Timeout",
    "DeregisterCriticalServiceAfter",
];

const TEXTS: [&str; 9] = [
    "HTTP",
    "Method",
    "Body",
    "TCP",
    "DockerContainerID",
    "Shell",
    "GRPC",
    "AliasNode",
    "AliasService",
];
const FLAGS: [&str; 2] = ["TLSSkipVerify", "GRPCUseTLS"];
const DURATIONS: [&str; 4] = [
    "Interval",
    "Timeout",
    "DeregisterCriticalServiceAfter",
    "TTL",
];

/// Reads a definition, without what Consul does not know and what is zero. `field` is where it
/// stands: errors name that, whatever is wrong within.
///
/// A real Consul 1.8.7 breaks off the connection when it is `null`; here that is an empty one.
pub(super) fn decode(definition: Json<'_>, field: &str) -> Result<Definition, DecodeError> {
    let decoded = read(definition, field).map_err(DecodeError::ending)?;
    Ok(Definition(decoded))
}

fn read(definition: Json<'_>, field: &str) -> Result<Map<String, Value>, DecodeError> {
    let place = |type_name| Place { field, type_name };
    match definition.kind() {
        Kind::Null => return Ok(Map::new()),
        Kind::Object => {}
        _ => return Err(definition.mismatch(place(TYPE))),
    }
    let mut decoded = Map::new();
    let mut durations: [Option<Json<'_>>; 4] = [None; 4];
    for (name, value) in definition.fields() {
        let find = |names: &'static [&'static str]| {
            let mut names = names.iter().enumerate();
            names.find(|(_, known)| known.eq_ignore_ascii_case(&name))
        };
        if let Some((at, _)) = find(&DURATIONS) {
            durations[at] = Some(value);
        } else if let Some((_, name)) = find(&TEXTS) {
            let text = value.text(place("string"))?;
            set(&mut decoded, name, text.map(Value::from));
        } else if let Some((_, name)) = find(&FLAGS) {
            let flag = value.bool(place("bool"))?;
            set(&mut decoded, name, flag.map(Value::from));
        } else if name.eq_ignore_ascii_case("OutputMaxSize") {
            let size = value.u64(place("uint"))?;
            set(&mut decoded, "OutputMaxSize", size.map(Value::from));
        } else if name.eq_ignore_ascii_case("ScriptArgs") {
            let list = value.texts(place("[]string"), "string")?;
            set(
                &mut decoded,
                "ScriptArgs",
                Some(list.unwrap_or_default().into()),
            );
        } else if name.eq_ignore_ascii_case("Header") {
            set(&mut decoded, "Header", Some(header(value, field)?));
        }
    }
    for (name, value) in DURATIONS.into_iter().zip(durations) {
        let nanos = value.map_or(Ok(0), nanos)?;
        let duration = match name {
            "TTL" => Value::from(nanos),
            _ if nanos == 0 => Value::Null,
            _ => GoDuration::from_nanos(nanos).to_string().into(),
        };
        set(&mut decoded, name, Some(duration));
    }
    Ok(decoded)
}

/// Reads a definition within a transaction, where durations have second names, and much of it is
/// left out.
pub(super) fn decode_in_txn(definition: Json<'_>, field: &str) -> Result<Definition, DecodeError> {
    read_in_txn(definition, field).map_err(DecodeError::ending)
}

fn read_in_txn(definition: Json<'_>, field: &str) -> Result<Definition, DecodeError> {
    if !matches!(definition.kind(), Kind::Null | Kind::Object) {
        let type_name = TXN_TYPE;
        return Err(definition.mismatch(Place { field, type_name }));
    }
    let mut decoded = read(definition, field)?;
    for (name, value) in definition.fields() {
        let mut durations = DURATIONS[..3].iter();
        let is_duration = durations.any(|it| name.eq_ignore_ascii_case(it));
        if is_duration && !matches!(value.kind(), Kind::String | Kind::Number) {
            let text = quote(value.raw());
            return Err(DecodeError::new(format!(
                "strconv.ParseFloat: parsing {text}: invalid syntax"
            )));
        }
    }
    decoded.retain(|name, _| TXN_FIELDS.contains(&name.as_str()));
    for (name, value) in definition.fields() {
        let mut durations = DURATIONS[..3].iter();
        let short = |it: &&&str| name.eq_ignore_ascii_case(&format!("{it}Duration"));
        let Some(duration) = durations.find(short) else {
            continue;
        };
        let nanos = nanos(value)?;
        if nanos != 0 {
            let text = GoDuration::from_nanos(nanos).to_string();
            decoded.insert((*duration).to_owned(), text.into());
        }
    }
    Ok(Definition(decoded))
}

/// What kind of check a definition makes, as Consul names it; empty for none.
pub(super) fn check_type(definition: &Definition) -> &'static str {
    let definition = &definition.0;
    let given = |name: &str| definition.get(name).is_some();
    let interval = definition.get("Interval").and_then(Value::as_str);
    let repeats = interval.is_some_and(|interval| !interval.starts_with('-'));
    let lasts = definition.get("TTL").and_then(Value::as_i64) > Some(0);
    let kinds = [
        ("grpc", repeats && given("GRPC")),
        ("http", repeats && given("HTTP")),
        ("ttl", lasts),
        ("tcp", repeats && given("TCP")),
        ("alias", given("AliasNode") || given("AliasService")),
        (
            "docker",
            repeats && given("DockerContainerID") && given("ScriptArgs"),
        ),
        ("script", given("ScriptArgs")),
    ];
    let kind = kinds.into_iter().find(|(_, is)| *is);
    kind.map_or("", |(kind, _)| kind)
}

/// What is `null` in the request stays as it was; what says nothing is left out.
fn set(decoded: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    let Some(value) = value else {
        return;
    };
    let says_nothing = match &value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    };
    if says_nothing {
        decoded.remove(name);
    } else {
        decoded.insert(name.to_owned(), value);
    }
}

fn header(value: Json<'_>, field: &str) -> Result<Value, DecodeError> {
    let place = |type_name| Place { field, type_name };
    match value.kind() {
        Kind::Null => return Ok(Value::Null),
        Kind::Object => {}
        _ => return Err(value.mismatch(place("map[string][]string"))),
    }
    let mut header = Map::new();
    for (name, value) in value.fields() {
        let values = value.texts(place("[]string"), "string")?;
        header.insert(name.into_owned(), values.into());
    }
    Ok(Value::Object(header))
}

/// A text with units, or a number of nanoseconds. Anything else is no time at all.
pub(super) fn nanos(value: Json<'_>) -> Result<i64, DecodeError> {
    match value.kind() {
        Kind::String => {
            let parsed: Result<GoDuration, ParseDurationError> = value.string().parse();
            let parsed = parsed.map_err(|error| DecodeError::new(in_gos_words(&error)));
            parsed.map(GoDuration::nanos)
        }
        Kind::Number => Ok(whole_nanos(value.f64().unwrap_or_default())),
        _ => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Result<String, String> {
        let json = Json::parse(text).map_err(|error| error.to_string())?;
        let decoded = decode(json, "HealthCheck.Check.Definition");
        decoded
            .map(|definition| Value::Object(definition.0).to_string())
            .map_err(|error| error.to_string())
    }

    // What Consul 1.8.7 called checks with the same definitions.
    #[test]
    fn a_definition_tells_the_kind_of_check() {
        for (text, kind) in [
            ("{}", ""),
            (r#"{"HTTP":"h"}"#, ""),
            (r#"{"HTTP":"h","TCP":"t","Interval":"1s"}"#, "http"),
            (r#"{"TCP":"t","Interval":-5}"#, ""),
            (r#"{"TCP":"t","TTL":"1s","Interval":"1s"}"#, "ttl"),
            (r#"{"GRPC":"g","TTL":"1s","Interval":"1s"}"#, "grpc"),
            (r#"{"AliasNode":"n"}"#, "alias"),
            (r#"{"ScriptArgs":["a"],"DockerContainerID":"d"}"#, "script"),
            (
                r#"{"ScriptArgs":["a"],"DockerContainerID":"d","Interval":"1s"}"#,
                "docker",
            ),
        ] {
            let json = Json::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let definition = decode(json, "").unwrap_or_default();
            assert_eq!(check_type(&definition), kind, "{text}");
        }
    }

    // What Consul 1.8.7 made of the same definition in a transaction.
    #[test]
    fn a_transaction_takes_over_a_part_and_prefers_the_longer_names() {
        let text = r#"{"HTTP":"h","TTL":"5s","GRPC":"g","Interval":"5s","IntervalDuration":"7s","Timeout":5000000000}"#;
        let json = Json::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let definition = decode_in_txn(json, "").unwrap_or_default();
        let shown = serde_json::to_string(&definition).unwrap_or_default();
        assert_eq!(shown, r#"{"Interval":"7s","Timeout":"5s","HTTP":"h"}"#);
    }

    // What Consul 1.8.7 made of the same definitions.
    #[test]
    fn what_consul_knows_is_kept_in_its_form() {
        for (text, want) in [
            (r#"{"Interval":"90s","Bogus":1}"#, r#"{"Interval":"1m30s"}"#),
            (
                r#"{"interval":10,"TTL":"1s"}"#,
                r#"{"Interval":"10ns","TTL":1000000000}"#,
            ),
            (
                r#"{"HTTP":"a","http":"b","Header":{},"Timeout":1.9}"#,
                r#"{"HTTP":"b","Timeout":"1ns"}"#,
            ),
            (
                r#"{"Header":{"a":null},"HTTP":null,"Interval":"0s"}"#,
                r#"{"Header":{"a":null}}"#,
            ),
            (r#"{"Interval":true,"OutputMaxSize":0}"#, "{}"),
        ] {
            assert_eq!(decoded(text).as_deref(), Ok(want), "{text}");
        }
        for (text, error) in [
            (r#"{"Interval":"x"}"#, "time: invalid duration \"x\""),
            (
                r#"{"Interval":"x","Body":1}"#,
                "json: cannot unmarshal number into Go struct field HealthCheck.Check.Definition of type string",
            ),
            (
                r#"{"OutputMaxSize":-1}"#,
                "json: cannot unmarshal number -1 into Go struct field HealthCheck.Check.Definition of type uint",
            ),
        ] {
            assert_eq!(decoded(text), Err(error.to_owned()), "{text}");
        }
    }
}
