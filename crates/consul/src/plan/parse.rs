//! Plans as `consul watch` and the configuration of agents write them.

use quorate_wire::consul::HealthStatus;
use serde_json::{Map, Value};

use super::{Plan, PlanError, PlanTarget};
use crate::Consistency;
use crate::health::ServiceQuery;
use crate::options::QueryOptions;

impl Plan {
    /// Reads a plan from the JSON of a watch: `{"type": "key", "key": "config/port"}`.
    ///
    /// # Errors
    /// [`PlanError`] names the field that is missing, wrong, or too much.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        let read = serde_json::from_str::<Map<String, Value>>(text);
        let mut fields = read.map_err(|error| PlanError::NoObject(error.to_string()))?;
        let plan = Self::take_from(&mut fields)?;
        if fields.is_empty() {
            return Ok(plan);
        }
        let mut fields: Vec<String> = fields.into_iter().map(|(name, _)| name).collect();
        fields.sort();
        Err(PlanError::Surplus {
            type_name: plan.target.type_name(),
            fields,
        })
    }

    /// Takes the fields of a plan out of an object, and leaves the others to whoever knows what
    /// they are: `args`, `handler_type` and the like say what to do with the changes.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json), but nothing is too much.
    pub fn take_from(fields: &mut Map<String, Value>) -> Result<Self, PlanError> {
        let mut fields = Fields {
            fields,
            type_name: "",
        };
        let type_name = fields.text("type")?.ok_or(PlanError::NoType)?;
        let known = PlanTarget::TYPES.into_iter().find(|it| *it == type_name);
        fields.type_name = known.ok_or(PlanError::UnknownType(type_name))?;
        let target = fields.target()?;
        let options = fields.options()?;
        Ok(Self::new(target).with_options(options))
    }
}

/// The fields of a watch, of which each is taken out when it is read.
struct Fields<'a> {
    fields: &'a mut Map<String, Value>,
    type_name: &'static str,
}

impl Fields<'_> {
    fn target(&mut self) -> Result<PlanTarget, PlanError> {
        Ok(match self.type_name {
            "key" => PlanTarget::Key(self.needed("key")?),
            "keyprefix" => PlanTarget::KeyPrefix(self.needed("prefix")?),
            "services" => PlanTarget::Services,
            "nodes" => PlanTarget::Nodes,
            "service" => PlanTarget::Service(self.service()?),
            "checks" => self.checks()?,
            "event" => PlanTarget::Event(self.text("name")?),
            "connect_roots" => PlanTarget::ConnectRoots,
            "connect_leaf" => PlanTarget::ConnectLeaf(self.needed("service")?),
            _ => PlanTarget::AgentService(self.needed("service_id")?),
        })
    }

    fn service(&mut self) -> Result<ServiceQuery, PlanError> {
        let mut query = ServiceQuery::new(self.needed("service")?);
        query.tags = self.texts("tag")?;
        query.passing_only = self.flag("passingonly")?;
        Ok(query)
    }

    fn checks(&mut self) -> Result<PlanTarget, PlanError> {
        match (self.text("service")?, self.text("state")?) {
            (Some(_), Some(_)) => Err(PlanError::Both {
                type_name: self.type_name,
                one: "service",
                other: "state",
            }),
            (Some(service), None) => Ok(PlanTarget::ChecksOf(service)),
            (None, Some(state)) if state != "any" => match HealthStatus::from(state.as_str()) {
                HealthStatus::Other(_) | HealthStatus::Maintenance => Err(PlanError::Invalid {
                    field: "state",
                    why: format!("is `{state}`: it is one of any, passing, warning, critical"),
                }),
                status => Ok(PlanTarget::ChecksIn(status)),
            },
            _ => Ok(PlanTarget::Checks),
        }
    }

    fn options(&mut self) -> Result<QueryOptions, PlanError> {
        let mut options = QueryOptions::default();
        if let Some(name) = self.text("datacenter")? {
            options = options.with_datacenter(name);
        }
        if let Some(token) = self.text("token")? {
            options = options.with_token(token);
        }
        let by_servers = !matches!(
            self.type_name,
            "event" | "connect_roots" | "connect_leaf" | "agent_service"
        );
        if by_servers && self.flag("stale")? {
            options = options.with_consistency(Consistency::Stale);
        }
        Ok(options)
    }

    /// A text; an empty one is none.
    fn text(&mut self, field: &'static str) -> Result<Option<String>, PlanError> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(_) => Err(invalid(field, "is no text")),
        }
    }

    fn needed(&mut self, field: &'static str) -> Result<String, PlanError> {
        self.text(field)?.ok_or(PlanError::Missing {
            type_name: self.type_name,
            field,
        })
    }

    /// One text or a list of them.
    fn texts(&mut self, field: &'static str) -> Result<Vec<String>, PlanError> {
        let found = match self.fields.remove(field) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
        };
        let text = |value| match value {
            Value::String(text) => Ok(text),
            _ => Err(invalid(field, "is neither a text nor a list of texts")),
        };
        found.into_iter().map(text).collect()
    }

    fn flag(&mut self, field: &'static str) -> Result<bool, PlanError> {
        match self.fields.remove(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(invalid(field, "is neither true nor false")),
        }
    }
}

fn invalid(field: &'static str, why: &str) -> PlanError {
    PlanError::Invalid {
        field,
        why: why.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn target(text: &str) -> PlanTarget {
        Plan::from_json(text).unwrap().target
    }

    fn refused(text: &str) -> (String, String) {
        let error = Plan::from_json(text).unwrap_err();
        let field = error.field().unwrap_or_default().to_owned();
        (field, error.to_string())
    }

    #[test]
    fn every_type_is_read_from_its_fields() {
        let web = ServiceQuery::new("web");
        for (text, expected) in [
            (r#"{"type":"key","key":"a"}"#, PlanTarget::Key("a".into())),
            (
                r#"{"type":"keyprefix","prefix":"a/"}"#,
                PlanTarget::KeyPrefix("a/".into()),
            ),
            (r#"{"type":"services"}"#, PlanTarget::Services),
            (r#"{"type":"nodes"}"#, PlanTarget::Nodes),
            (
                r#"{"type":"service","service":"web"}"#,
                PlanTarget::Service(web.clone()),
            ),
            (
                r#"{"type":"service","service":"web","tag":"x","passingonly":true}"#,
                PlanTarget::Service(web.clone().with_tag("x").with_passing_only()),
            ),
            (
                r#"{"type":"service","service":"web","tag":["x","y"],"passingonly":false}"#,
                PlanTarget::Service(web.with_tag("x").with_tag("y")),
            ),
            (r#"{"type":"checks"}"#, PlanTarget::Checks),
            (r#"{"type":"checks","state":"any"}"#, PlanTarget::Checks),
            (
                r#"{"type":"checks","state":"warning"}"#,
                PlanTarget::ChecksIn(HealthStatus::Warning),
            ),
            (
                r#"{"type":"checks","service":"web"}"#,
                PlanTarget::ChecksOf("web".into()),
            ),
            (r#"{"type":"event"}"#, PlanTarget::Event(None)),
            (
                r#"{"type":"event","name":"deploy"}"#,
                PlanTarget::Event(Some("deploy".into())),
            ),
            (r#"{"type":"connect_roots"}"#, PlanTarget::ConnectRoots),
            (
                r#"{"type":"connect_leaf","service":"web"}"#,
                PlanTarget::ConnectLeaf("web".into()),
            ),
            (
                r#"{"type":"agent_service","service_id":"web-1"}"#,
                PlanTarget::AgentService("web-1".into()),
            ),
        ] {
            let found = target(text);
            assert_eq!(found, expected, "{text}");
            assert!(text.contains(&format!("\"type\":\"{}\"", found.type_name())));
        }
    }

    #[test]
    fn what_every_type_takes_becomes_options() {
        let text = r#"{"type":"nodes","datacenter":"dc2","token":"secret","stale":true}"#;
        let options = Plan::from_json(text).unwrap().options;
        assert_eq!(options.query.datacenter.as_deref(), Some("dc2"));
        assert_eq!(options.query.consistency, Consistency::Stale);
        assert!(options.token.is_some());
        assert!(!format!("{:?}", Plan::from_json(text)).contains("secret"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (text, field) in [
            ("[]", ""),
            ("{", ""),
            ("{}", "type"),
            (r#"{"type":""}"#, "type"),
            (r#"{"type":7}"#, "type"),
            (r#"{"type":"kv"}"#, "type"),
            (r#"{"type":"key"}"#, "key"),
            (r#"{"type":"key","key":""}"#, "key"),
            (r#"{"type":"key","key":["a"]}"#, "key"),
            (r#"{"type":"keyprefix","key":"a"}"#, "prefix"),
            (r#"{"type":"service"}"#, "service"),
            (r#"{"type":"service","service":"a","tag":1}"#, "tag"),
            (r#"{"type":"service","service":"a","tag":["b",1]}"#, "tag"),
            (
                r#"{"type":"service","service":"a","passingonly":"true"}"#,
                "passingonly",
            ),
            (
                r#"{"type":"checks","service":"a","state":"passing"}"#,
                "service",
            ),
            (r#"{"type":"checks","state":"fine"}"#, "state"),
            (r#"{"type":"connect_leaf"}"#, "service"),
            (r#"{"type":"agent_service","service":"a"}"#, "service_id"),
            (r#"{"type":"nodes","stale":"yes"}"#, "stale"),
        ] {
            let (named, said) = refused(text);
            assert_eq!(named, field, "{text}: {said}");
            assert!(said.contains(field), "{text}: {said}");
        }
    }

    #[test]
    fn what_is_too_much_is_named() {
        let (_, said) = refused(r#"{"type":"key","key":"a","prefix":"b","args":["c"]}"#);
        assert_eq!(said, "a watch of type `key` has no field `args`, `prefix`");
        let (field, _) = refused(r#"{"type":"event","stale":true}"#);
        assert_eq!(field, "stale", "events are the agent's own");
    }

    #[test]
    fn fields_of_others_are_left_to_them() {
        let text = r#"{"type":"key","key":"a","args":["b"]}"#;
        let mut fields: Map<String, Value> = serde_json::from_str(text).unwrap();
        let _ = Plan::take_from(&mut fields).unwrap();
        assert_eq!(Value::Object(fields), serde_json::json!({"args": ["b"]}));
    }
}
