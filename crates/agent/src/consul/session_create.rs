//! Creating sessions: `PUT /v1/session/create`.

use std::sync::Arc;

use quorate_wire::consul::GoDuration;
use quorate_wire::consul::duration::ParseDurationError;
use quorate_wire::consul::health::SERF_HEALTH;
use quorate_wire::consul::session::{DEFAULT_LOCK_DELAY, ServiceCheck, SessionCreated};

use super::body::Body;
use super::decode::{DecodeError, Json, Kind, Place, text_of, undecodable};
use super::front::{Front, unexpected};
use super::permit::require;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use crate::engine::consul::{Command, Reply as Outcome, SessionId, SessionSpec};
use crate::identity::new_uuid;
use crate::quote::in_gos_words;

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 512 * 1024;
/// Consul takes numbers below this many nanoseconds for seconds.
const SECONDS_BELOW: i64 = 1_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Creates a session; the body may be missing.
pub(crate) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let datacenter = request.check_datacenter();
    let permit = request.permit();
    let front = Arc::clone(request.front);
    // Consul does not read a body without a declared length, and silently creates a session with
    // nothing but defaults.
    let ignored = front.strict && body.declared().is_none();
    Ok(Answer::later(async move {
        let body = match body.read(MAX_BODY_BYTES, undecodable).await {
            Ok(_) if ignored => bytes::Bytes::new(),
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        let decoded = text_of(&body).and_then(|text| decode(&text, &front.node.name));
        let spec = match decoded {
            Ok(spec) => spec,
            Err(error) => return undecodable(error),
        };
        let refused = datacenter.and(permit).and_then(|permit| {
            // A session without a node is refused for that.
            require(spec.node.is_empty() || permit.session_write(&spec.node))
        });
        match refused {
            Ok(()) => submit(&front, spec).await,
            Err(refused) => *refused,
        }
    }))
}

async fn submit(front: &Front, mut spec: SessionSpec) -> Reply {
    spec.id = SessionId::from_bytes(new_uuid());
    spec.min_ttl = Some(front.session_ttl_min);
    match front.submit(Command::CreateSession(Box::new(spec))).await {
        Ok(Outcome::Created(session)) => {
            let id = session.id.to_string();
            Reply::object(&SessionCreated { id })
        }
        Ok(_) => unexpected(),
        Err(refused) => *refused,
    }
}

/// The fields of a request; a list is `None` when it was not given, which `null` is not.
#[derive(Default)]
struct Fields<'a> {
    spec: SessionSpec,
    lock_delay: Option<Json<'a>>,
    checks: Option<Vec<String>>,
    node_checks: Option<Option<Vec<String>>>,
}

fn decode(body: &str, own_node: &str) -> Result<SessionSpec, DecodeError> {
    let mut fields = Fields::default();
    fields.spec.node = own_node.into();
    fields.spec.lock_delay_nanos = GoDuration::from(DEFAULT_LOCK_DELAY).nanos();
    if !body.is_empty() {
        let object = Json::parse(body)?;
        if !matches!(object.kind(), Kind::Object | Kind::Null) {
            return Err(object.mismatch(Place {
                field: "",
                type_name: "struct { LockDelay interface {}; *structs.Alias }",
            }));
        }
        for (name, value) in object.fields() {
            decode_field(&mut fields, &name, value)?;
        }
    }
    let Fields {
        mut spec,
        lock_delay: delay,
        checks,
        node_checks,
    } = fields;
    if let Some(nanos) = delay.map_or(Ok(None), lock_delay)? {
        spec.lock_delay_nanos = nanos;
    }
    (spec.node_checks, spec.old_checks) = merge(checks, node_checks);
    Ok(spec)
}

/// Unknown fields are ignored, also by Consul; an id is drawn whatever the client gives.
fn decode_field<'a>(
    fields: &mut Fields<'a>,
    name: &str,
    value: Json<'a>,
) -> Result<(), DecodeError> {
    let place = |field, type_name| Place { field, type_name };
    let spec = &mut fields.spec;
    let text = |field, type_name, old: &mut String| {
        if let Some(text) = value.text(place(field, type_name))? {
            *old = text;
        }
        Ok(())
    };
    match name.to_ascii_lowercase().as_str() {
        "id" => text(".ID", "string", &mut String::new()),
        "name" => text(".Name", "string", &mut spec.name),
        "node" => text(".Node", "string", &mut spec.node),
        "behavior" => text(".Behavior", "structs.SessionBehavior", &mut spec.behavior),
        "ttl" => text(".TTL", "string", &mut spec.ttl),
        "createindex" => value.u64(place(".CreateIndex", "uint64")).map(drop),
        "modifyindex" => value.u64(place(".ModifyIndex", "uint64")).map(drop),
        // Consul looks at it only when all the rest is read.
        "lockdelay" => {
            fields.lock_delay = Some(value);
            Ok(())
        }
        "checks" => {
            let old = fields.checks.clone().unwrap_or_else(default_checks);
            let place = place(".Checks", "[]types.CheckID");
            let list = value.texts_over(&old, place, "types.CheckID")?;
            fields.checks = Some(list.unwrap_or_default());
            Ok(())
        }
        "nodechecks" => {
            let old = fields.node_checks.clone();
            let old = old
                .unwrap_or_else(|| Some(default_checks()))
                .unwrap_or_default();
            let list = value.texts_over(&old, place(".NodeChecks", "[]string"), "string")?;
            fields.node_checks = Some(list);
            Ok(())
        }
        "servicechecks" => {
            spec.service_checks = service_checks(value)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Which checks of the node keep the session alive, as `NodeChecks` and `Checks`. The latter is the
/// form before Consul 1.7. The default of both lists is the node's `serfHealth`: an empty one of
/// either kind means none at all, and one that says just that adds nothing to the other.
fn merge(
    checks: Option<Vec<String>>,
    node_checks: Option<Option<Vec<String>>>,
) -> (Option<Vec<String>>, Vec<String>) {
    let checks = checks.unwrap_or_else(default_checks);
    let node_checks = node_checks.unwrap_or_else(|| Some(default_checks()));
    if checks.is_empty() {
        return (Some(Vec::new()), Vec::new());
    }
    let none = node_checks.as_ref().is_none_or(Vec::is_empty);
    if none || checks == [SERF_HEALTH] {
        return (node_checks, Vec::new());
    }
    (node_checks, checks)
}

fn default_checks() -> Vec<String> {
    vec![SERF_HEALTH.to_owned()]
}

fn service_checks(value: Json<'_>) -> Result<Option<Vec<ServiceCheck>>, DecodeError> {
    let place = |field, type_name| Place { field, type_name };
    match value.kind() {
        Kind::Null => return Ok(None),
        Kind::Array => {}
        _ => return Err(value.mismatch(place(".ServiceChecks", "[]structs.ServiceCheck"))),
    }
    let mut checks = Vec::new();
    for element in value.elements() {
        if !matches!(element.kind(), Kind::Object | Kind::Null) {
            return Err(element.mismatch(place(".ServiceChecks", "structs.ServiceCheck")));
        }
        let mut check = ServiceCheck::default();
        for (name, value) in element.fields() {
            let (field, slot) = match name.to_ascii_lowercase().as_str() {
                "id" => ("ServiceCheck.ServiceChecks.ID", &mut check.id),
                "namespace" => ("ServiceCheck.ServiceChecks.Namespace", &mut check.namespace),
                _ => continue,
            };
            if let Some(text) = value.text(place(field, "string"))? {
                *slot = text;
            }
        }
        checks.push(check);
    }
    Ok(Some(checks))
}

/// A text with units, or a number of nanoseconds; `None` for `null`. What is below 1000 ns, text
/// or number, counts as seconds: `15` is 15 s, and `"500ns"` is 500 s.
fn lock_delay(value: Json<'_>) -> Result<Option<i64>, DecodeError> {
    let nanos = match value.kind() {
        Kind::Null => return Ok(None),
        Kind::String => {
            let parsed: Result<GoDuration, ParseDurationError> = value.string().parse();
            let duration = parsed.map_err(|error| DecodeError::new(in_gos_words(&error)))?;
            duration.nanos()
        }
        Kind::Number => whole_nanos(value.f64().unwrap_or_default()),
        Kind::Bool | Kind::Array | Kind::Object => 0,
    };
    let seconds = nanos < SECONDS_BELOW;
    // Go's arithmetic wraps around.
    Ok(Some(if seconds {
        nanos.wrapping_mul(NANOS_PER_SECOND)
    } else {
        nanos
    }))
}

/// The number without its fraction. What no `i64` holds becomes the smallest one, as in Go.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn whole_nanos(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(body: &str) -> SessionSpec {
        decode(body, "node-1").unwrap_or_else(|error| panic!("{body}: {error}"))
    }

    #[test]
    fn what_is_left_out_has_consuls_defaults() {
        for body in [
            "",
            "{}",
            "null",
            "{}garbage",
            r#"{"TTL":null,"LockDelay":null,"Bogus":1}"#,
        ] {
            let spec = spec(body);
            assert_eq!(
                (spec.node.as_str(), spec.ttl.as_str()),
                ("node-1", ""),
                "{body}"
            );
            assert_eq!(
                spec.node_checks,
                Some(vec!["serfHealth".to_owned()]),
                "{body}"
            );
            assert_eq!(spec.lock_delay_nanos, 15_000_000_000, "{body}");
        }
    }

    // What Consul 1.8.7 made of the same bodies.
    #[test]
    fn lock_delays_below_a_microsecond_count_as_seconds() {
        for (value, nanos) in [
            ("15", 15_000_000_000),
            ("500", 500_000_000_000),
            ("1000", 1000),
            ("1.5", 1_000_000_000),
            ("999.9", 999_000_000_000),
            ("1e10", 10_000_000_000),
            ("-1", -1_000_000_000),
            ("9223372036854775808", 0),
            ("1e300", 0),
            ("-9e18", 7_037_857_225_871_720_448),
            ("true", 0),
            ("[]", 0),
            ("\"1500ms\"", 1_500_000_000),
            ("\"500ns\"", 500_000_000_000),
            ("\"-5s\"", -5_000_000_000_000_000_000),
            ("\"0s\"", 0),
            ("\"10m\"", 600_000_000_000),
        ] {
            let spec = spec(&format!("{{\"LockDelay\":{value}}}"));
            assert_eq!(spec.lock_delay_nanos, nanos, "{value}");
        }
    }

    #[test]
    fn old_and_new_lists_of_checks_are_merged_as_consul_does() {
        for (body, node_checks, old_checks) in [
            (r#"{"Checks":[]}"#, Some(&[][..]), &[][..]),
            (r#"{"Checks":null,"NodeChecks":["x"]}"#, Some(&[]), &[]),
            (r#"{"Checks":["x"]}"#, Some(&["serfHealth"]), &["x"]),
            (r#"{"NodeChecks":["x"]}"#, Some(&["x"]), &[]),
            (r#"{"NodeChecks":[]}"#, Some(&[]), &[]),
            (r#"{"NodeChecks":null}"#, None, &[]),
            (
                r#"{"Checks":["serfHealth"],"NodeChecks":["x"]}"#,
                Some(&["x"]),
                &[],
            ),
            (r#"{"Checks":["x"],"NodeChecks":[]}"#, Some(&[]), &[]),
            // Go reads a list over the default.
            (r#"{"NodeChecks":[null]}"#, Some(&["serfHealth"]), &[]),
            (
                r#"{"Checks":["x"],"Checks":[null,null]}"#,
                Some(&["serfHealth"]),
                &["x", ""],
            ),
            (
                r#"{"Checks":["serfHealth","x"],"NodeChecks":["y"]}"#,
                Some(&["y"]),
                &["serfHealth", "x"],
            ),
        ] {
            let spec = spec(body);
            let owned = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
            assert_eq!(spec.node_checks, node_checks.map(owned), "{body}");
            assert_eq!(spec.old_checks, old_checks, "{body}");
        }
    }

    // What Consul 1.8.7 answered to the same bodies.
    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        for (body, error) in [
            (
                "[]",
                "json: cannot unmarshal array into Go value of type struct { LockDelay interface {}; *structs.Alias }",
            ),
            (
                r#"{"TTL":10}"#,
                "json: cannot unmarshal number into Go struct field .TTL of type string",
            ),
            (
                r#"{"NodeChecks":"x"}"#,
                "json: cannot unmarshal string into Go struct field .NodeChecks of type []string",
            ),
            (
                r#"{"NodeChecks":[1]}"#,
                "json: cannot unmarshal number into Go struct field .NodeChecks of type string",
            ),
            (
                r#"{"ServiceChecks":["x"]}"#,
                "json: cannot unmarshal string into Go struct field .ServiceChecks of type structs.ServiceCheck",
            ),
            (
                r#"{"Checks":"x"}"#,
                "json: cannot unmarshal string into Go struct field .Checks of type []types.CheckID",
            ),
            (
                r#"{"CreateIndex":"x"}"#,
                "json: cannot unmarshal string into Go struct field .CreateIndex of type uint64",
            ),
            (
                r#"{"LockDelay":"15"}"#,
                "time: missing unit in duration \"15\"",
            ),
            (r#"{"LockDelay":""}"#, "time: invalid duration \"\""),
            ("{", "unexpected EOF"),
        ] {
            let refused = decode(body, "n").err().map(|error| error.to_string());
            assert_eq!(refused.as_deref(), Some(error), "{body}");
        }
    }
}
