//! Two servers with the same in them, and a token for every rule set.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use quorate_agent::{AclConfig, AclDefault, Agent, AgentConfig};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{ConsulOptions, ConsulServer};
use serde_json::json;

use crate::operation::Request;
use crate::rules::{Grant, RuleSet};
use crate::side::{MASTER, Side};

/// How both call their node.
const NODE: &str = "node-1";

/// How access rules are set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    default: AclDefault,
    key_list_policy: bool,
}

impl Settings {
    pub(crate) fn deny() -> Self {
        Self {
            default: AclDefault::Deny,
            key_list_policy: false,
        }
    }

    pub(crate) fn allow() -> Self {
        Self {
            default: AclDefault::Allow,
            ..Self::deny()
        }
    }

    pub(crate) fn with_key_list_policy(self) -> Self {
        Self {
            key_list_policy: true,
            ..self
        }
    }

    fn word(self) -> &'static str {
        match self.default {
            AclDefault::Allow => "allow",
            _ => "deny",
        }
    }
}

/// The two servers.
pub(crate) struct World {
    pub(crate) real: Side,
    pub(crate) ours: Side,
    secrets: BTreeMap<Grant, String>,
    _real: ConsulServer,
    _ours: Agent,
}

impl World {
    pub(crate) async fn start(settings: Settings) -> anyhow::Result<Self> {
        let acl = json!({
            "enabled": true,
            "default_policy": settings.word(),
            "enable_key_list_policy": settings.key_list_policy,
            "tokens": {"master": MASTER, "agent": MASTER},
        });
        let options = ConsulOptions::default()
            .with_node_name(NODE)
            .with_acl_master(MASTER)
            .with_setting("acl", acl)
            // Without it, there are no discovery chains.
            .with_setting("connect", json!({"enabled": true}));
        let real = ConsulServer::start(options).await?;
        let acl = AclConfig::default()
            .with_default_policy(settings.default)
            .with_key_list_policy(settings.key_list_policy)
            .with_management_token(MASTER)
            .with_agent_token(MASTER);
        let config = AgentConfig::memory()
            .with_strict(true)
            .with_node_name(NODE)
            .with_acl(acl)
            .with_consul_http("127.0.0.1:0".parse()?);
        let ours = Agent::start(config).await?;
        let url = ours.consul_url().context("the agent listens")?;
        let mut world = Self {
            real: Side::new(real.addr()),
            ours: Side::new(url.trim_start_matches("http://").parse()?),
            secrets: BTreeMap::new(),
            _real: real,
            _ours: ours,
        };
        for side in [&mut world.real, &mut world.ours] {
            furnish(side).await.context("furnish")?;
        }
        Ok(world)
    }

    /// The secret of a rule set's token.
    pub(crate) fn secret(&self, set: &RuleSet) -> Option<&str> {
        match &set.grant {
            Grant::None => None,
            Grant::Unknown => Some("99999999-0000-4000-8000-000000000000"),
            Grant::Management => Some(MASTER),
            other => self.secrets.get(other).map(String::as_str),
        }
    }

    /// Makes the tokens of these rule sets.
    pub(crate) async fn grant(&mut self, sets: &[RuleSet]) -> anyhow::Result<()> {
        for set in sets {
            let number = self.secrets.len();
            let secret = format!("aaaaaaaa-0000-4000-8000-{number:012}");
            if self.secrets.contains_key(&set.grant) {
                continue;
            }
            for request in token(&set.grant, number, &secret) {
                let (real, ours) = tokio::join!(self.real.must(&request), self.ours.must(&request));
                real.context("real").and(ours.context("ours"))?;
            }
            self.secrets.insert(set.grant.clone(), secret);
        }
        upgraded(&self.real).await?;
        upgraded(&self.ours).await
    }
}

/// What makes the token of a rule set.
fn token(grant: &Grant, number: usize, secret: &str) -> Vec<Request> {
    let accessor = format!("bbbbbbbb-0000-4000-8000-{number:012}");
    let put =
        |target: &str, body: serde_json::Value| Request::new("PUT", target, &body.to_string());
    let token = |field: &str, value: serde_json::Value| {
        let body = json!({"AccessorID": accessor, "SecretID": secret, field: [value]});
        put("acl/token", body)
    };
    match grant {
        Grant::Policy(rules) => {
            let name = format!("set-{number}");
            let policy = json!({"Name": name, "Rules": rules});
            vec![
                put("acl/policy", policy),
                token("Policies", json!({"Name": name})),
            ]
        }
        Grant::Legacy(rules) => {
            let body = json!({"ID": secret, "Type": "client", "Rules": rules});
            vec![put("acl/create", body)]
        }
        Grant::ServiceIdentity(name) => {
            vec![token("ServiceIdentities", json!({"ServiceName": name}))]
        }
        Grant::NodeIdentity(name) => {
            let identity = json!({"NodeName": name, "Datacenter": "dc1"});
            vec![token("NodeIdentities", identity)]
        }
        Grant::Management | Grant::Unknown | Grant::None => Vec::new(),
    }
}

/// Waits until old tokens have their accessors, which the real server gives them afterwards.
async fn upgraded(side: &Side) -> anyhow::Result<()> {
    let list = Request::new("GET", "acl/tokens", "");
    let all = || async {
        let rows = side.must(&list).await.map_err(|error| error.to_string())?;
        let rows = rows.json().map_err(|error| error.to_string())?;
        let mut rows = rows.as_array().into_iter().flatten();
        match rows.find(|row| row["AccessorID"] == "") {
            None => Ok(()),
            Some(row) => Err(row.to_string()),
        }
    };
    eventually_ok(Duration::from_secs(120), "accessors of old tokens", all).await?;
    Ok(())
}

/// Puts the same things into each server.
async fn furnish(side: &mut Side) -> anyhow::Result<()> {
    for (method, target, body) in [
        ("PUT", "kv/app/a", "1"),
        ("PUT", "kv/app/b/c", "2"),
        ("PUT", "kv/other/x", "3"),
        (
            "PUT",
            "catalog/register",
            r#"{"Node":"n-ext","Address":"192.0.2.1","NodeMeta":{"rack":"a"},"Service":{"Service":"web","Port":80,"Tags":["v1"]},"Checks":[{"Name":"alive","Status":"passing"},{"Name":"web","CheckID":"web","Status":"critical","ServiceID":"web"}]}"#,
        ),
        (
            "PUT",
            "catalog/register",
            r#"{"Node":"n-ext","SkipNodeUpdate":true,"Service":{"Service":"db","Port":81}}"#,
        ),
        (
            "PUT",
            "catalog/register",
            r#"{"Node":"m-ext","Address":"192.0.2.2","Service":{"Service":"web","Port":80},"Check":{"Name":"alive","Status":"passing"}}"#,
        ),
        (
            "PUT",
            "agent/service/register",
            r#"{"Name":"web","Port":80,"Check":{"TTL":"1h","Status":"passing"}}"#,
        ),
        (
            "PUT",
            "agent/check/register",
            r#"{"ID":"alive-here","Name":"alive-here","TTL":"1h","Status":"passing"}"#,
        ),
        ("PUT", "event/fire/deploy", "1"),
        ("PUT", "event/fire/other", "2"),
        (
            "PUT",
            "config",
            r#"{"Kind":"proxy-defaults","Name":"global","Config":{"a":1}}"#,
        ),
        (
            "PUT",
            "config",
            r#"{"Kind":"service-defaults","Name":"web","Protocol":"http"}"#,
        ),
        (
            "PUT",
            "config",
            r#"{"Kind":"service-defaults","Name":"db","Protocol":"http"}"#,
        ),
    ] {
        side.must(&Request::new(method, target, body)).await?;
    }
    name_things(side).await?;
    // A coordinate is stored in batches.
    let update = r#"{"Node":"n-ext","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":1e-05}}"#;
    side.must(&Request::new("PUT", "coordinate/update", update))
        .await?;
    settled(side).await
}

/// Makes what each server names by itself.
async fn name_things(side: &mut Side) -> anyhow::Result<()> {
    let jwt = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/wire/fixtures/jwt/public.pem"
    );
    let key = std::fs::read_to_string(jwt)?;
    let method = json!({"Name": "jwt", "Type": "jwt", "Config": {"JWTValidationPubKeys": [key]}});
    for (name, method, target, body) in [
        (
            "session",
            "PUT",
            "session/create",
            r#"{"Node":"n-ext","LockDelay":"0s","NodeChecks":[]}"#,
        ),
        (
            "own-session",
            "PUT",
            "session/create",
            r#"{"LockDelay":"0s","NodeChecks":[]}"#,
        ),
        (
            "intention",
            "POST",
            "connect/intentions",
            r#"{"SourceName":"api","DestinationName":"web","Action":"allow"}"#,
        ),
        (
            "any-intention",
            "POST",
            "connect/intentions",
            r#"{"SourceName":"*","DestinationName":"db","Action":"deny"}"#,
        ),
        (
            "query",
            "POST",
            "query",
            r#"{"Name":"q-web","Service":{"Service":"web"}}"#,
        ),
        (
            "nameless-query",
            "POST",
            "query",
            r#"{"Session":"{own-session}","Service":{"Service":"web"}}"#,
        ),
        (
            "policy",
            "PUT",
            "acl/policy",
            r#"{"Name":"fixed","Rules":"operator = \"read\""}"#,
        ),
        (
            "role",
            "PUT",
            "acl/role",
            r#"{"Name":"fixed","Policies":[{"Name":"fixed"}]}"#,
        ),
        (
            "token",
            "PUT",
            "acl/token",
            r#"{"SecretID":"dddddddd-0000-4000-8000-000000000000","Policies":[{"Name":"fixed"}],"Roles":[{"Name":"fixed"}]}"#,
        ),
        (
            "old",
            "PUT",
            "acl/create",
            r#"{"ID":"matrix-old-token","Name":"old","Type":"client","Rules":"key \"x\" { policy = \"read\" }"}"#,
        ),
    ] {
        side.make(name, &Request::new(method, target, body)).await?;
    }
    side.must(&Request::new("PUT", "acl/auth-method", &method.to_string()))
        .await?;
    let rule = r#"{"AuthMethod":"jwt","BindType":"role","BindName":"fixed"}"#;
    side.make(
        "binding-rule",
        &Request::new("PUT", "acl/binding-rule", rule),
    )
    .await
}

/// Waits until the agent's own services and checks are in the catalog, and the coordinate is.
async fn settled(side: &Side) -> anyhow::Result<()> {
    let there = || async {
        for (target, word) in [
            ("health/node/node-1", "service:web"),
            ("health/node/node-1", "alive-here"),
            ("coordinate/node/n-ext", "n-ext"),
        ] {
            let request = Request::new("GET", target, "");
            let answer = side.ask(0, &request, Some(MASTER), None).await;
            let text = answer.map_err(|error| error.to_string())?.text();
            if !text.contains(word) {
                return Err(format!("{target}: {text}"));
            }
        }
        Ok(())
    };
    eventually_ok(Duration::from_secs(60), "what was registered", there).await?;
    Ok(())
}
