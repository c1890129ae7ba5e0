//! The body of a write, and what is wrong with it in Consul's words.

use quorate_wire::consul::{ConfigEntry, ConfigKind};
use serde_json::{Map, Value};

use super::fields::fields_of;
use super::unknown;
use super::weak::{Weak, kind_name};
use crate::consul::decode::{Json, text_of};

/// Why a body is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It can't be read.
    Malformed(String),
    /// It says what can't be.
    Invalid(String),
}

/// Reads a body as an entry. A strict agent refuses fields that Consul 1.8.7 does not know.
pub(super) fn decode(body: &[u8], strict: bool) -> Result<ConfigEntry, Refusal> {
    let fields = object_of(body).map_err(Refusal::Malformed)?;
    let kind = kind_of(&fields).map_err(Refusal::Malformed)?;
    let mut weak = Weak::default();
    let entry = weak.object(fields, fields_of(&kind));
    weak.finish(strict).map_err(Refusal::Malformed)?;
    if let Some((field, duration)) = weak.negative() {
        return Err(Refusal::Invalid(format!(
            "Bad {field} '{duration}', must be >= 0"
        )));
    }
    serde_json::from_value(Value::Object(entry))
        .map_err(|error| Refusal::Malformed(error.to_string()))
}

/// The fields of a body that must be an object.
pub(in super::super) fn object_of(body: &[u8]) -> Result<Map<String, Value>, String> {
    match value_of(body)? {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        other => Err(format!("'' expected a map, got '{}'", kind_name(&other))),
    }
}

/// The first JSON value of a body.
pub(in super::super) fn value_of(body: &[u8]) -> Result<Value, String> {
    let text = text_of(body).map_err(|error| error.to_string())?;
    let json = Json::parse(&text).map_err(|error| error.to_string())?;
    json.value().map_err(|error| error.to_string())
}

fn kind_of(fields: &Map<String, Value>) -> Result<ConfigKind, String> {
    let kind = fields.get("Kind").or_else(|| fields.get("kind"));
    let kind = match kind {
        Some(Value::String(kind)) => ConfigKind::from(kind.as_str()),
        Some(_) => return Err("Kind value in payload is not a string".to_owned()),
        None => {
            return Err("Payload does not contain a kind/Kind key at the top level".to_owned());
        }
    };
    match kind {
        ConfigKind::Other(kind) => Err(unknown(&kind)),
        known => Ok(known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Refusal {
        match decode(body.as_bytes(), true) {
            Ok(entry) => panic!("{body} was taken as {entry:?}"),
            Err(refusal) => refusal,
        }
    }

    fn shown(body: &str) -> String {
        let entry = decode(body.as_bytes(), true);
        let entry = entry.unwrap_or_else(|refusal| panic!("{body}: {refusal:?}"));
        serde_json::to_string(&entry).unwrap()
    }

    // What Consul 1.8.7 answered to the same bodies.
    #[test]
    fn what_is_wrong_is_told_in_consuls_words() {
        for (body, problem) in [
            ("", "EOF"),
            ("{", "unexpected EOF"),
            ("[]", "'' expected a map, got 'slice'"),
            ("5", "'' expected a map, got 'float64'"),
            (r#"{"Kind":1}"#, "Kind value in payload is not a string"),
            (r#"{"Kind":"bogus"}"#, "invalid config entry kind: bogus"),
            (
                r#"{"KIND":"service-defaults"}"#,
                "Payload does not contain a kind/Kind key at the top level",
            ),
            (
                r#"{"Kind":"service-defaults","Name":"web","Bogus":1,"Zap":{"a":2},"MeshGateway":{"X":1}}"#,
                "3 errors occurred:\n\t* invalid config key \"MeshGateway.X\"\n\t* invalid config key \"Bogus\"\n\t* invalid config key \"Zap\"\n\n",
            ),
            (
                r#"{"Kind":"service-defaults","Name":"web9","Namespace":"x"}"#,
                "1 error occurred:\n\t* invalid config key \"Namespace\", namespaces are a consul enterprise feature\n\n",
            ),
            (
                r#"{"Kind":"service-defaults","Name":{"a":1},"Protocol":{"a":2},"Expose":{"Checks":"maybe","Paths":[{"ListenerPort":"x","LocalPathPort":1.5}]}}"#,
                "4 error(s) decoding:\n\n* 'Name' expected type 'string', got unconvertible type 'map[string]interface {}'\n* 'Protocol' expected type 'string', got unconvertible type 'map[string]interface {}'\n* cannot parse 'Expose.Checks' as bool: strconv.ParseBool: parsing \"maybe\": invalid syntax\n* cannot parse 'Expose.Paths[0].ListenerPort' as int: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            (
                r#"{"Kind":"service-router","Name":"r1","Routes":[{"Destination":{"RequestTimeout":"xx"}}]}"#,
                "1 error(s) decoding:\n\n* error decoding 'Routes[0].Destination.RequestTimeout': time: invalid duration \"xx\"",
            ),
            (
                r#"{"Kind":"service-splitter","Name":"s1","splits":"x"}"#,
                "1 error(s) decoding:\n\n* 'Splits[0]' expected a map, got 'string'",
            ),
            (
                r#"{"Kind":"service-resolver","Name":"q1","subsets":{"v":"x"}}"#,
                "1 error(s) decoding:\n\n* 'Subsets[v]' expected a map, got 'string'",
            ),
            (
                r#"{"Kind":"proxy-defaults","Name":"global","Config":[1]}"#,
                "1 error(s) decoding:\n\n* 'Config' expected a map, got 'float64'",
            ),
        ] {
            assert_eq!(
                refused(body),
                Refusal::Malformed(problem.to_owned()),
                "{body}"
            );
        }
        let negative = r#"{"Kind":"service-resolver","Name":"v1","ConnectTimeout":"-1s"}"#;
        let text = "Bad ConnectTimeout '-1s', must be >= 0".to_owned();
        assert_eq!(refused(negative), Refusal::Invalid(text));
    }

    // What Consul 1.8.7 made of the same bodies.
    #[test]
    fn values_are_converted_as_consul_converts_them() {
        for (body, kept) in [
            (
                r#"{"kind":"service-defaults","name":"w","mesh_gateway":{"mode":"local"},"expose":{"checks":true,"paths":{"listener_port":8080,"local_path_port":99}},"external_sni":12345678901}"#,
                r#"{"Kind":"service-defaults","Name":"w","Protocol":"","MeshGateway":{"Mode":"local"},"Expose":{"Checks":true,"Paths":[{"ListenerPort":8080,"LocalPathPort":99,"ParsedFromCheck":false}]},"ExternalSNI":"12345678901","CreateIndex":0,"ModifyIndex":0}"#,
            ),
            (
                r#"{"Kind":"service-router","Name":"r","Routes":[{"Destination":{"NumRetries":-1}},{"match":{"http":{"path_exact":"/q"}},"destination":{"num_retries":"4","retry_on_status_codes":["500",true],"request_timeout":"1m"}}]}"#,
                r#"{"Kind":"service-router","Name":"r","Routes":[{"Destination":{"NumRetries":4294967295}},{"Match":{"HTTP":{"PathExact":"/q"}},"Destination":{"RequestTimeout":"1m0s","NumRetries":4,"RetryOnStatusCodes":[500,1]}}],"CreateIndex":0,"ModifyIndex":0}"#,
            ),
            (
                r#"{"Kind":"service-resolver","Name":"q","ConnectTimeout":["1s"],"failover":{"*":{"datacenters":"dc2"}},"subsets":{"v":null},"Redirect":null}"#,
                r#"{"ConnectTimeout":"1s","Kind":"service-resolver","Name":"q","Subsets":{"v":{}},"Failover":{"*":{"Datacenters":["dc2"]}},"CreateIndex":0,"ModifyIndex":0}"#,
            ),
            (
                r#"{"Kind":"proxy-defaults","Config":[{"a":1},{"b":2}]}"#,
                r#"{"Kind":"proxy-defaults","Name":"global","Config":{"a":1,"b":2},"MeshGateway":{},"Expose":{},"CreateIndex":0,"ModifyIndex":0}"#,
            ),
        ] {
            assert_eq!(shown(body), kept, "{body}");
        }
    }

    #[test]
    fn a_lenient_agent_keeps_fields_of_later_servers() {
        let body = br#"{"Kind":"service-defaults","Name":"w","Mode":"transparent"}"#;
        let json = serde_json::to_string(&decode(body, false).unwrap()).unwrap();
        assert!(json.contains(r#""Mode":"transparent""#), "{json}");
    }
}
