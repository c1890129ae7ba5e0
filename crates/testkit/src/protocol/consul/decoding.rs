//! Bodies that are wrong, doubled or unusual: what random requests found.

use anyhow::ensure;
use serde_json::{Value, json};

use super::target::{ALONE, Consul, index_of, kv};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        broken_json_is_told_in_gos_words,
        wrong_types_and_lengths_are_told_in_gos_words,
        doubled_fields_are_read_over_each_other,
        base64_is_taken_as_go_takes_it,
        half_a_surrogate_pair_is_one_replacement_character,
        unprintable_keys_are_escaped_in_errors,
        a_null_in_a_list_of_checks_leaves_the_default,
        definitions_and_kinds_of_checks_are_shown_in_consuls_form,
        weights_are_taken_whole_or_not_at_all,
        the_check_of_a_service_moves_no_other_services_index needs [ALONE],
        a_cleaned_path_gets_its_slash_at_once,
        a_head_request_with_a_body_is_malformed,
        a_max_stale_of_nothing_is_no_stale_read,
    ]
    .into()
}

async fn broken_json_is_told_in_gos_words(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (body, error) in [
        ("", "EOF"),
        ("[{", "unexpected EOF"),
        ("1e", "unexpected EOF"),
        ("{\"a\"}", "invalid character '}' after object key"),
        (
            "{\"a\":1 2}",
            "invalid character '2' after object key:value pair",
        ),
        (
            "{\"a\":1,}",
            "invalid character '}' looking for beginning of object key string",
        ),
        ("[1 2]", "invalid character '2' after array element"),
        ("[\"\\x\"]", "invalid character 'x' in string escape code"),
        ("[\"a\nb\"]", "invalid character '\\n' in string literal"),
        (
            "[nulx]",
            "invalid character 'x' in literal null (expecting 'l')",
        ),
        ("é", "invalid character 'Ã' looking for beginning of value"),
    ] {
        for (target, refusal) in [
            ("/v1/txn", "Failed to parse body"),
            ("/v1/catalog/register", "Request decode failed"),
        ] {
            let text = format!("{refusal}: {error}");
            consul.expect("PUT", target, body, (400, &text)).await?;
        }
    }
    Ok(())
}

async fn wrong_types_and_lengths_are_told_in_gos_words(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let cannot = |what: &str| format!("Request decode failed: json: cannot unmarshal {what}");
    for (target, body, text) in [
        (
            "catalog/register",
            r#"{"NODE":1}"#,
            cannot("number into Go struct field RegisterRequest.Node of type string"),
        ),
        (
            "catalog/register",
            r#"{"Checks":[{"checkid":[]}]}"#,
            cannot("array into Go struct field HealthCheck.Checks.CheckID of type types.CheckID"),
        ),
        (
            "catalog/register",
            r#"{"Node":1,"Check":{"Definition":{"Timeout":"x"}}}"#,
            "Request decode failed: time: invalid duration \"x\"".into(),
        ),
        (
            "catalog/deregister",
            r#"{"CheckID":[]}"#,
            cannot("array into Go struct field .CheckID of type types.CheckID"),
        ),
        (
            "session/create",
            r#"{"LockDelay":"x","Behavior":{}}"#,
            cannot("object into Go struct field .Behavior of type structs.SessionBehavior"),
        ),
    ] {
        let target = format!("/v1/{target}");
        consul.expect("PUT", &target, body, (400, &text)).await?;
    }
    let body = r#"{"TTL":"99999999999h"}"#;
    let text = "Session TTL '99999999999h' invalid: time: invalid duration \"99999999999h\"";
    consul
        .expect("PUT", "/v1/session/create", body, (500, text))
        .await?;
    Ok(())
}

async fn doubled_fields_are_read_over_each_other(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (first, second) = (consul.key("first"), consul.key("second"));
    let body = format!(
        r#"[{{"KV":{{"Verb":"set","Key":"{first}","Value":"YQ=="}},"KV":{{"Key":"{second}"}}}}]"#
    );
    consul.ask("PUT", "/v1/txn", body).await?;
    equal("value", &consul.entry(&second).await?.value[..], b"a")?;
    let missing = consul.send("GET", &kv(&first), "").await?;
    equal("the first key", missing.status, 404)
}

async fn base64_is_taken_as_go_takes_it(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let set = |value: &str| format!(r#"[{{"KV":{{"Verb":"set","Key":"{key}","Value":{value}}}}}]"#);
    for (value, bytes) in [
        (r#""YR==""#, "a"),
        (r#""Y\nQ=\r=\n""#, "a"),
        ("[98,99]", "bc"),
        ("[null]", "\0"),
    ] {
        consul.ask("PUT", "/v1/txn", set(value)).await?;
        let stored = consul.entry(&key).await?.value;
        equal(value, &stored[..], bytes.as_bytes())?;
    }
    for (value, at) in [
        ("YQ", 0),
        ("YQ=", 3),
        ("YQ==YQ==", 4),
        ("YWJjZ===", 5),
        ("YQ= =", 2),
    ] {
        let body = set(&format!("\"{value}\""));
        let text = format!("Failed to parse body: illegal base64 data at input byte {at}");
        consul.expect("PUT", "/v1/txn", body, (400, &text)).await?;
    }
    Ok(())
}

/// What a transaction answers that gets a key which is not there.
async fn missing(consul: &Consul, key: &str) -> anyhow::Result<String> {
    let body = format!(r#"[{{"KV":{{"Verb":"get","Key":"{key}"}}}}]"#);
    let answer = consul.send("PUT", "/v1/txn", body).await?.json()?;
    let what = answer["Errors"][0]["What"].as_str();
    Ok(what.unwrap_or_default().to_owned())
}

async fn half_a_surrogate_pair_is_one_replacement_character(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let text = missing(consul, "none\\ud800x").await?;
    equal("error", &*text, "key \"none\u{fffd}x\" doesn't exist")
}

async fn unprintable_keys_are_escaped_in_errors(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let text = missing(consul, "\\u0000\\u0007\\u007f\\u00a0é").await?;
    equal(
        "error",
        &*text,
        r#"key "\x00\a\u007f\u00a0é" doesn't exist"#,
    )
}

async fn a_null_in_a_list_of_checks_leaves_the_default(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let body = r#"{"NodeChecks":[null],"LockDelay":"0s"}"#;
    let created: Value =
        serde_json::from_str(&consul.ask("PUT", "/v1/session/create", body).await?)?;
    let id = created["ID"].as_str().unwrap_or_default();
    let shown: Value = serde_json::from_str(
        &consul
            .ask("GET", &format!("/v1/session/info/{id}"), "")
            .await?,
    )?;
    equal("checks", &shown[0]["NodeChecks"], &json!(["serfHealth"]))
}

async fn definitions_and_kinds_of_checks_are_shown_in_consuls_form(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (definition, kind, shown) in [
        (
            r#"{"http":"h","Bogus":1,"Interval":"90s","Header":{"z":["1"],"a":null}}"#,
            "http",
            r#"{"Interval":"1m30s","HTTP":"h","Header":{"a":null,"z":["1"]}}"#,
        ),
        (
            r#"{"TCP":"t","TTL":"10s","Interval":10}"#,
            "ttl",
            r#"{"Interval":"10ns","TCP":"t","TTL":10000000000}"#,
        ),
        (r#"{"HTTP":"h"}"#, "", r#"{"HTTP":"h"}"#),
    ] {
        let body = format!(
            r#"{{"Node":"defined","Address":"a","Check":{{"CheckID":"c","Definition":{definition}}}}}"#
        );
        consul.ask("PUT", "/v1/catalog/register", body).await?;
        let checks = consul.ask("GET", "/v1/health/node/defined", "").await?;
        let want = format!(r#""Type":"{kind}","Definition":{shown},"#);
        ensure!(checks.contains(&want), "{checks} lacks {want}");
    }
    consul.deregister(&json!({"Node": "defined"})).await
}

async fn weights_are_taken_whole_or_not_at_all(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (given, passing, warning) in [
        ("{}", 1, 1),
        (r#"{"Passing":2}"#, 2, 0),
        (r#"{"Passing":-1,"Warning":3}"#, 1, 1),
        (r#"{"Passing":70000}"#, 1, 1),
    ] {
        let body = format!(
            r#"{{"Node":"weighed","Address":"a","Service":{{"Service":"s","Weights":{given}}}}}"#
        );
        consul.ask("PUT", "/v1/catalog/register", body).await?;
        let node = consul.ask("GET", "/v1/catalog/node/weighed", "").await?;
        let node: Value = serde_json::from_str(&node)?;
        let weights = &node["Services"]["s"]["Weights"];
        equal(
            given,
            weights,
            &json!({"Passing": passing, "Warning": warning}),
        )?;
    }
    consul.deregister(&json!({"Node": "weighed"})).await
}

async fn the_check_of_a_service_moves_no_other_services_index(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let node = json!({
        "Node": "n",
        "Address": "a",
        "Service": {"Service": "web"},
        "Checks": [{"CheckID": "own"}, {"CheckID": "web", "ServiceID": "web"}],
    });
    consul
        .ask("PUT", "/v1/catalog/register", node.to_string())
        .await?;
    let target = format!("/v1/catalog/node/{}", consul.node());
    let index = async || index_of(&consul.send("GET", &target, "").await?);
    let before = index().await?;
    consul
        .deregister(&json!({"Node": "n", "CheckID": "web"}))
        .await?;
    equal("index", index().await?, before)?;
    consul
        .deregister(&json!({"Node": "n", "CheckID": "own"}))
        .await?;
    ensure!(index().await? > before);
    Ok(())
}

async fn a_cleaned_path_gets_its_slash_at_once(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let answer = consul.send("GET", "/v1/kv/a/..?x", "").await?;
    equal("location", answer.header("Location"), Some("/v1/kv/?x"))
}

async fn a_head_request_with_a_body_is_malformed(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let answer = consul.send("HEAD", "/v1/txn", "x").await?;
    equal("status", answer.status, 400)?;
    equal("connection", answer.header("Connection"), Some("close"))
}

async fn a_max_stale_of_nothing_is_no_stale_read(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (query, effective) in [
        ("max_stale=0s", "leader"),
        ("max_stale=-1s&consistent", "consistent"),
        ("max_stale=1ns", "stale"),
    ] {
        let answer = consul
            .send("GET", &format!("/v1/catalog/nodes?{query}"), "")
            .await?;
        let header = answer.header("X-Consul-Effective-Consistency");
        equal(query, header, Some(effective))?;
    }
    Ok(())
}
