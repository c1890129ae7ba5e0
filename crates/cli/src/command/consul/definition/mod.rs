//! Services and checks as they stand in Consul's configuration files, in HCL or JSON.

mod fields;

use std::path::Path;

use quorate_consul::Secret;
use serde_json::Value;

use super::body::Document;
use super::document;
use crate::exit::Exit;
use crate::failure::Failure;
use fields::Shape;

/// What files define, in the words of the API.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) services: Vec<Document>,
    pub(super) checks: Vec<Document>,
}

impl Definitions {
    /// Reads a file, or standard input for `-`. A file that begins with a brace is JSON.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let name = file.display();
        let wrong = |why: String| Failure::usage(format!("{name}: {why}"));
        Self::parse(&document::text(file)?).map_err(wrong)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let blocks = quorate_agent::hcl::read(text).map_err(|error| error.to_string())?;
        let mut found = Self::default();
        for (name, value) in blocks {
            match name.as_str() {
                "service" | "services" => {
                    found.services.extend(each(&name, value, fields::SERVICE)?);
                }
                "check" | "checks" => found.checks.extend(each(&name, value, fields::CHECK)?),
                // Files for agents have other things too.
                other => tracing::warn!(setting = other, "neither a service nor a check"),
            }
        }
        Ok(found)
    }
}

/// Each of the things that stand under `name`: one, or a list.
fn each(name: &str, value: Value, shape: Shape) -> Result<Vec<Document>, String> {
    let values = match value {
        Value::Array(values) => values,
        one => vec![one],
    };
    let documents =
        values.into_iter().map(
            |value| match fields::in_words_of_the_api(name, value, shape)? {
                Value::Object(document) => Ok(document),
                _ => Err(format!("{name} is no object")),
            },
        );
    documents.collect()
}

/// The id of a service or check: its name, if it has none.
pub(super) fn id(definition: &Document) -> Result<String, Failure> {
    let text = |field| {
        let text = definition.get(field).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    match text("ID").or_else(|| text("Name")) {
        Some(id) => Ok(id.to_owned()),
        None => Err(Failure::new(Exit::Usage, "a definition has no name")),
    }
}

/// The token that a definition brings, which is no part of a body: agents take it from the
/// request.
pub(super) fn take_token(definition: &mut Document) -> Option<Secret> {
    let token = definition.remove("Token")?;
    let token = token.as_str().filter(|token| !token.is_empty())?;
    Some(Secret::new(token))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_read_in_the_words_of_the_api() {
        let text = r#"
            # The front.
            service {
              name = "web"
              id = "web-1"
              meta { v = "1" }
              check { id = "c1" ttl = "30s" deregister_critical_service_after = "90m" }
              checks = [ { name = "c2" http = "http://x" header { a_b = ["c"] } interval = "1s" } ]
              tagged_addresses { lan_ipv4 { address = "1.2.3.4" port = 9 } }
              connect { sidecar_service { proxy { upstreams = [
                { destination_name = "db" local_bind_port = 77 config { max_connections = 3 } }
              ] } } }
            }
            services { name = "db" enabletagoverride = true }
            check { name = "mem" args = ["true"] service_id = "web-1" }
            node_name = "n1"
        "#;
        let found = Definitions::parse(text).unwrap();
        let web = json!({
            "Name": "web", "ID": "web-1", "Meta": {"v": "1"},
            "Check": {"CheckID": "c1", "TTL": "30s", "DeregisterCriticalServiceAfter": "90m"},
            "Checks": [
                {"Name": "c2", "HTTP": "http://x", "Header": {"a_b": ["c"]}, "Interval": "1s"}
            ],
            "TaggedAddresses": {"lan_ipv4": {"Address": "1.2.3.4", "Port": 9}},
            "Connect": {"SidecarService": {"Proxy": {"Upstreams": [
                {"DestinationName": "db", "LocalBindPort": 77, "Config": {"max_connections": 3}}
            ]}}},
        });
        assert_eq!(Value::from(found.services[0].clone()), web);
        let db = json!({"Name": "db", "EnableTagOverride": true});
        assert_eq!(Value::from(found.services[1].clone()), db);
        let mem = json!({"Name": "mem", "Args": ["true"], "ServiceID": "web-1"});
        assert_eq!(Value::from(found.checks[0].clone()), mem);
    }

    #[test]
    fn a_setting_that_does_not_exist_is_named() {
        for (text, setting) in [
            ("service { name = \"q\" bogus = 1 }", "service.bogus"),
            ("service { check { http2 = 1 } }", "service.check.http2"),
            (r#"{"services":[{"proxy":{"x":1}}]}"#, "services.proxy.x"),
            ("service { tags = \"x\" }", "service.tags"),
            ("service { meta = 1 }", "service.meta"),
            ("service = 1", "service"),
            ("service {} service {} x", "3"),
        ] {
            let error = Definitions::parse(text).unwrap_err();
            assert!(error.contains(setting) || setting == "3", "{text}: {error}");
        }
    }

    #[test]
    fn a_token_is_taken_out_and_an_id_is_the_name_at_least() {
        let mut found = Definitions::parse("service { name = \"q\" token = \"t\" }").unwrap();
        let service = &mut found.services[0];
        assert_eq!(id(service).ok().as_deref(), Some("q"));
        assert!(take_token(service).is_some());
        assert!(take_token(service).is_none());
        assert!(id(&Document::new()).is_err());
    }
}
