//! Access rules on the wire: where a token stands, what a denial looks like, the agent's own tokens,
//! and what the endpoints of rules themselves answer.

use anyhow::{Context as _, ensure};
use quorate_consul::acl::{AuthorizationRequest, Resource, Right};
use quorate_consul::wire::agent::AgentToken;
use quorate_consul::{ErrorKind, QueryOptions, Secret};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, MASTER, kv};
use crate::cases;
use crate::exchange::Answer;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        acl_a_token_is_taken_from_the_query_the_header_and_the_bearer_in_this_order needs [ALONE],
        acl_what_is_denied_is_a_403_a_shorter_list_or_a_rolled_back_transaction needs [ALONE],
        acl_the_agent_has_tokens_of_its_own needs [ALONE],
        acl_the_token_of_a_query_is_hidden needs [ALONE],
        acl_what_does_not_exist_is_403_or_404 needs [ALONE],
        acl_old_tokens_are_answered_as_ever needs [ALONE],
        acl_a_second_first_token_and_a_login_without_a_method_are_refused needs [ALONE],
        acl_questions_are_answered_64_at_a_time needs [ALONE],
    ]
    .into()
}

const UNKNOWN: &str = "99999999-2222-4333-8444-555555555555";
const ACL_NOT_FOUND: (u16, &str) = (403, "ACL not found");
const DENIED: (u16, &str) = (403, "Permission denied");

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.text().trim_end().to_owned())
}

/// Sends as the one who may do everything, and checks status and text.
async fn tells(
    consul: &Consul,
    token: &str,
    (method, target, body): (&str, &str, &str),
    (status, text): (u16, &str),
) -> anyhow::Result<()> {
    let target = format!("/v1/{target}");
    let answer = consul.send_as(token, method, &target, body).await?;
    equal(
        &format!("{method} {target}"),
        said(&answer),
        (status, text.to_owned()),
    )
}

/// What the one who may do everything is answered.
async fn ask(consul: &Consul, method: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
    let (target, body) = (format!("/v1/{target}"), body.to_string());
    let answer = consul.send_as(MASTER, method, &target, body).await?;
    ensure!(answer.status == 200, "{target}: {:?}", said(&answer));
    Ok(answer.json()?)
}

/// A token with these rules.
async fn token(consul: &Consul, rules: &str) -> anyhow::Result<String> {
    let policy = json!({"Name": "rules", "Rules": rules});
    ask(consul, "PUT", "acl/policy", &policy).await?;
    let token = json!({"Policies": [{"Name": "rules"}]});
    let token = ask(consul, "PUT", "acl/token", &token).await?;
    let secret = token["SecretID"].as_str().context("no token")?;
    Ok(secret.to_owned())
}

/// The token in the query, the headers, and what is answered.
type Asked<'a> = (&'a str, &'a [(&'a str, &'a str)], (u16, &'a str));

async fn acl_a_token_is_taken_from_the_query_the_header_and_the_bearer_in_this_order(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    consul.client.kv().put("k", "v").await?;
    let bearer = |token: &str| format!("Bearer {token}");
    let (good, bad) = (bearer(MASTER), bearer(UNKNOWN));
    let lower = format!("bearer {MASTER}");
    let header = "X-Consul-Token";
    let bearer = "Authorization";
    let (ok, unknown) = ((200, "v"), ACL_NOT_FOUND);
    let cases: [Asked<'_>; 10] = [
        ("", &[], DENIED),
        (MASTER, &[], ok),
        ("", &[(header, MASTER)], ok),
        ("", &[(bearer, &good)], ok),
        ("", &[(bearer, &lower)], ok),
        ("", &[(bearer, &bad)], unknown),
        ("", &[(header, UNKNOWN), (bearer, &good)], unknown),
        ("", &[(header, MASTER), (bearer, &bad)], ok),
        (MASTER, &[(header, UNKNOWN)], ok),
        (UNKNOWN, &[(header, MASTER)], unknown),
    ];
    for (query, headers, expected) in cases {
        let token = match query {
            "" => String::new(),
            token => format!("&token={token}"),
        };
        let target = format!("{}?raw{token}", kv("k"));
        let answer = consul.send_with("GET", &target, headers).await?;
        let expected = (expected.0, expected.1.to_owned());
        equal(&format!("{query} {headers:?}"), said(&answer), expected)?;
    }
    Ok(())
}

/// What the holder of the rules below may see and do.
const RULES: &str = r#"
    key_prefix "open/" { policy = "write" }
    node_prefix "" { policy = "read" }
    service "web" { policy = "read" }
    event "seen" { policy = "write" }
    agent_prefix "" { policy = "read" }
"#;

async fn acl_what_is_denied_is_a_403_a_shorter_list_or_a_rolled_back_transaction(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let some = token(&consul, RULES).await?;
    for key in ["open/k", "closed/k"] {
        consul.client.kv().put(key, "v").await?;
    }
    for service in ["web", "secret"] {
        let body = json!({"Node": "x", "Address": "10.0.0.1", "Service": {"Service": service}});
        ask(&consul, "PUT", "catalog/register", &body).await?;
    }
    let write = |key: &str| json!({"KV": {"Verb": "set", "Key": key, "Value": "dg=="}});
    let both = json!([write("closed/k"), write("open/k")]).to_string();
    let rolled_back = r#"{"Results":null,"Errors":[{"OpIndex":0,"What":"Permission denied"}]}"#;
    let entry = r#"{"Kind":"service-defaults","Name":"web"}"#;
    for (question, answer) in [
        (("GET", "kv/closed/k", ""), DENIED),
        (("GET", "kv/open/k?raw", ""), (200, "v")),
        (("GET", "kv/?keys", ""), (200, r#"["open/k"]"#)),
        (("GET", "kv/closed?recurse", ""), (404, "")),
        (("PUT", "kv/closed/k", "x"), DENIED),
        (("PUT", "txn", &both), (409, rolled_back)),
        (("GET", "catalog/services", ""), (200, r#"{"web":[]}"#)),
        (("GET", "catalog/service/secret", ""), (200, "[]")),
        (("PUT", "catalog/deregister", r#"{"Node":"x"}"#), DENIED),
        (("PUT", "session/create", ""), DENIED),
        (("GET", "session/list", ""), (200, "[]")),
        (("PUT", "event/fire/unseen", ""), DENIED),
        (("GET", "acl/tokens", ""), DENIED),
        (("PUT", "acl/token", "{}"), DENIED),
        (("GET", "operator/raft/configuration", ""), DENIED),
        (("GET", "snapshot", ""), DENIED),
        (("PUT", "config", entry), DENIED),
        (("PUT", "agent/maintenance?enable=true", ""), DENIED),
        (
            ("PUT", "agent/service/register", r#"{"Name":"w"}"#),
            (403, "Permission denied: Missing service:write on w"),
        ),
    ] {
        tells(&consul, &some, question, answer).await?;
        // Events alone pass it on as an error of the server.
        let status = if question.1.starts_with("event") {
            500
        } else {
            403
        };
        let unknown = (status, ACL_NOT_FOUND.1);
        tells(&consul, UNKNOWN, question, unknown).await?;
    }
    let typed = consul.as_token(&some)?;
    let denied = typed.kv().get("closed/k").await.err().map(|it| it.kind());
    equal("typed", denied, Some(ErrorKind::PermissionDenied))?;
    let names = typed.catalog().services().await?;
    equal("typed list", names.into_keys().collect::<Vec<_>>(), ["web"])?;
    let reads = json!(["closed/k", "open/k"].map(|key| json!({"KV": {"Verb": "get", "Key": key}})));
    let answer = consul
        .send_as(&some, "PUT", "/v1/txn", reads.to_string())
        .await?;
    let rows = answer.json()?["Results"].as_array().map(Vec::len);
    equal(
        "reads of others vanish",
        (answer.status, rows),
        (200, Some(1)),
    )
}

async fn acl_the_agent_has_tokens_of_its_own(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let some = token(&consul, RULES).await?;
    consul.client.kv().put("open/k", "v").await?;
    for name in [
        "default",
        "agent",
        "agent_master",
        "replication",
        "acl_token",
        "acl_agent_token",
        "acl_agent_master_token",
        "acl_replication_token",
    ] {
        let target = format!("agent/token/{name}");
        let set = ("PUT", &*target, r#"{"Token":""}"#);
        tells(&consul, MASTER, set, (200, "")).await?;
        tells(&consul, &some, set, DENIED).await?;
    }
    for (name, body, answer) in [
        ("bogus", "{}", (404, "Token \"bogus\" is unknown")),
        (
            "default",
            "{",
            (400, "Request decode failed: unexpected EOF"),
        ),
        (
            "default",
            r#"{"Bogus":1}"#,
            (400, "Request decode failed: json: unknown field \"Bogus\""),
        ),
    ] {
        let target = format!("agent/token/{name}");
        tells(&consul, MASTER, ("PUT", &target, body), answer).await?;
    }
    // The default token is that of requests that bring none.
    let read = || consul.send("GET", "/v1/kv/open/k?raw", "");
    equal("none", said(&read().await?).0, 403)?;
    let agent = consul.client.agent();
    let set = async |token: &str| {
        agent
            .update_token(AgentToken::Default, &Secret::new(token))
            .await
    };
    set(&some).await?;
    equal("a good one", said(&read().await?), (200, "v".to_owned()))?;
    set("nobody").await?;
    let unknown = (ACL_NOT_FOUND.0, ACL_NOT_FOUND.1.to_owned());
    equal("an unknown one", said(&read().await?), unknown)?;
    set("").await?;
    equal("none again", said(&read().await?).0, 403)
}

async fn acl_the_token_of_a_query_is_hidden(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let rules = r#"query_prefix "" { policy = "write" } service_prefix "" { policy = "read" }"#;
    let some = token(&consul, rules).await?;
    let definition =
        |token: &str| json!({"Name": "q", "Token": token, "Service": {"Service": "web"}});
    let made = ask(&consul, "POST", "query", &definition(MASTER)).await?;
    let id = made["ID"].as_str().context("no id")?;
    let target = format!("query/{id}");
    let shown = async |token: &str| -> anyhow::Result<Value> {
        let target = format!("/v1/{target}");
        let answer = consul.send_as(token, "GET", &target, "").await?;
        Ok(answer.json()?[0]["Token"].clone())
    };
    equal("to others", shown(&some).await?, json!("<hidden>"))?;
    equal("to managers", shown(MASTER).await?, json!(MASTER))?;
    let text = "Invalid prepared query: Bad Token '<hidden>', it looks like a query definition with a redacted token was submitted";
    let body = definition("<hidden>").to_string();
    for token in [&some, MASTER] {
        tells(&consul, token, ("PUT", &target, &body), (500, text)).await?;
        tells(&consul, token, ("POST", "query", &body), (500, text)).await?;
    }
    let typed = consul.as_token(&some)?.prepared_query().read(id).await?;
    let typed = typed.context("no query")?.token;
    equal("typed", typed.expose(), "<hidden>")
}

async fn acl_what_does_not_exist_is_403_or_404(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    for (path, name, answer) in [
        ("token", UNKNOWN, ACL_NOT_FOUND),
        ("policy", UNKNOWN, ACL_NOT_FOUND),
        ("policy/name", "none", ACL_NOT_FOUND),
        ("role", UNKNOWN, (404, "")),
        ("role/name", "none", (404, "")),
        ("auth-method", "none", (404, "")),
        ("binding-rule", UNKNOWN, (404, "")),
        ("rules/translate", UNKNOWN, ACL_NOT_FOUND),
        ("info", "none", (200, "[]")),
    ] {
        let target = format!("acl/{path}/{name}");
        tells(&consul, MASTER, ("GET", &target, ""), answer).await?;
    }
    for (path, what) in [
        ("token", "token"),
        ("policy", "policy"),
        ("role", "role"),
        ("binding-rule", "binding rule"),
    ] {
        let target = format!("acl/{path}/zz");
        let text = format!("failed acl {what} lookup: index error: UUID must be 36 characters");
        tells(&consul, MASTER, ("GET", &target, ""), (500, &text)).await?;
        let target = format!("acl/{path}/{UNKNOWN}");
        tells(&consul, MASTER, ("DELETE", &target, ""), (200, "true")).await?;
    }
    for (target, text) in [
        (
            "acl/token/00000000-0000-0000-0000-000000000002",
            "Delete operation not permitted on the anonymous token",
        ),
        (
            "acl/policy/00000000-0000-0000-0000-000000000001",
            "Delete operation not permitted on the builtin global-management policy",
        ),
    ] {
        tells(&consul, MASTER, ("DELETE", target, ""), (500, text)).await?;
    }
    let method = ("DELETE", "acl/auth-method/none", "");
    tells(&consul, MASTER, method, (200, "true")).await
}

async fn acl_old_tokens_are_answered_as_ever(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let rules = r#"key "a" { policy = "read" }"#;
    let entry = json!({"Name": "old", "Type": "client", "Rules": rules});
    let made = ask(&consul, "PUT", "acl/create", &entry).await?;
    let id = made["ID"].as_str().context("no id")?;
    let info = ask(&consul, "GET", &format!("acl/info/{id}"), &json!("")).await?;
    let mut own = info[0].clone();
    let fields = own.as_object_mut().context("no entry")?;
    ensure!(fields.remove("CreateIndex").is_some() && fields.remove("ModifyIndex").is_some());
    let mut expected = entry.clone();
    expected["ID"] = json!(id);
    equal("entry", own, expected)?;
    for (question, answer) in [
        (
            ("PUT", "acl/create", r#"{"Type":"odd"}"#),
            (500, "Invalid ACL Type"),
        ),
        (("PUT", "acl/update", "{}"), (400, "ACL ID must be set")),
        (("PUT", "acl/clone/none", ""), DENIED),
        (("PUT", "acl/destroy/none", ""), (200, "true")),
        (
            ("PUT", "acl/destroy/anonymous", ""),
            (403, "Permission denied: Cannot delete anonymous token"),
        ),
    ] {
        tells(&consul, MASTER, question, answer).await?;
    }
    let made = json!({"ID": "chosen", "Type": "client"});
    let answer = ask(&consul, "PUT", "acl/update", &made).await?;
    equal("an update makes it", answer, json!({"ID": "chosen"}))?;
    let copy = ask(&consul, "PUT", &format!("acl/clone/{id}"), &json!("")).await?;
    ensure!(copy["ID"].as_str().is_some_and(|copy| copy != id));
    let list = ask(&consul, "GET", "acl/list", &json!("")).await?;
    let ids = list.as_array().into_iter().flatten();
    let ids: Vec<_> = ids.filter_map(|it| it["ID"].as_str()).collect();
    ensure!(ids.contains(&id) && ids.contains(&"chosen"), "{ids:?}");
    let target = format!("acl/destroy/{id}");
    tells(&consul, MASTER, ("PUT", &target, ""), (200, "true")).await?;
    let target = format!("acl/info/{id}");
    tells(&consul, MASTER, ("GET", &target, ""), (200, "[]")).await
}

async fn acl_a_second_first_token_and_a_login_without_a_method_are_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let open = consul.unclaimed().await?;
    let first = open.send("PUT", "/v1/acl/bootstrap", "").await?.json()?;
    ensure!(first["ID"] == first["SecretID"] && first["AccessorID"].is_string());
    let token = first["SecretID"].as_str().context("no token")?;
    let again = open.send_as(token, "PUT", "/v1/acl/bootstrap", "").await?;
    let text = again.text();
    let start = "Permission denied: ACL bootstrap no longer allowed (reset index: ";
    ensure!(again.status == 403 && text.starts_with(start), "{text}");

    let consul = consul.guarded().await?;
    let login = r#"{"AuthMethod":"none","BearerToken":"x"}"#;
    let field = "Bad request: Failed to decode request body: json: unknown field \"Bogus\"";
    for (question, answer) in [
        (("POST", "acl/login", login), ACL_NOT_FOUND),
        (("POST", "acl/login", r#"{"Bogus":1}"#), (400, field)),
        (("POST", "acl/logout", ""), ACL_NOT_FOUND),
    ] {
        tells(&consul, "", question, answer).await?;
    }
    tells(&consul, MASTER, ("POST", "acl/logout", ""), DENIED).await?;
    let old = "key \"a\" { policy = \"read\" }";
    let new = "key_prefix \"a\" {\n  policy = \"read\"\n}";
    let translate = ("POST", "acl/rules/translate", old);
    tells(&consul, MASTER, translate, (200, new)).await?;
    let replication = ask(&consul, "GET", "acl/replication", &json!("")).await?;
    let zero = "0001-01-01T00:00:00Z";
    let off = json!({"Enabled": false, "Running": false, "SourceDatacenter": "",
        "ReplicationType": "", "ReplicatedIndex": 0, "ReplicatedRoleIndex": 0,
        "ReplicatedTokenIndex": 0, "LastSuccess": zero, "LastError": zero});
    equal("replication", replication, off)
}

async fn acl_questions_are_answered_64_at_a_time(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let question = json!({"Resource": "key", "Segment": "a", "Access": "write"});
    let questions = |count: usize| json!(vec![question.clone(); count]);
    let target = "internal/acl/authorize";
    let answers = ask(&consul, "POST", target, &questions(64)).await?;
    equal("answers", answers.as_array().map(Vec::len), Some(64))?;
    equal("may", &answers[63]["Allow"], &json!(true))?;
    let body = questions(65).to_string();
    let text = "Bad request: Refusing to process more than 64 authorizations at once";
    tells(&consul, MASTER, ("POST", target, &body), (400, text)).await?;
    tells(&consul, UNKNOWN, ("POST", target, "[]"), (200, "[]")).await?;
    let body = questions(1).to_string();
    tells(&consul, UNKNOWN, ("POST", target, &body), ACL_NOT_FOUND).await?;
    let options = QueryOptions::new().with_token(UNKNOWN);
    let question = AuthorizationRequest::new(Resource::Key, "a", Right::Write);
    let acl = consul.client.acl();
    let refused = acl.authorize_with(&[question], &options).await.err();
    let kind = refused.context("an unknown token was heard")?.kind();
    equal("typed", kind, ErrorKind::Unauthenticated)
}
