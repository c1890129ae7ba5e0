//! Checks that are registered with an agent, and what programs say about themselves.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::agent_service::{check, read, register};
use super::target::{ALONE, Consul};
use crate::cases;
use crate::eventually::eventually;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c26_what_is_critical_for_too_long_goes_and_the_catalog_is_put_right needs [ALONE],
        c23_a_ttl_that_passes_makes_its_check_critical,
        a_report_starts_the_ttl_again,
        a_check_of_its_own_has_its_name_as_its_id,
        a_report_changes_status_and_output,
        an_output_that_is_too_long_is_cut,
        an_invalid_check_is_refused_in_words,
        a_new_output_alone_reaches_the_catalog_later,
    ]
    .into()
}

const REGISTER: &str = "/v1/agent/check/register";

async fn put(consul: &Consul, body: &Value) -> anyhow::Result<()> {
    equal(
        "answer",
        consul
            .ask("PUT", REGISTER, body.to_string())
            .await?
            .as_str(),
        "",
    )
}

/// What the catalog has of a check of this node.
async fn stored(consul: &Consul, id: &str) -> anyhow::Result<Value> {
    let checks = read(consul, &format!("/v1/health/node/{}", consul.node())).await?;
    let mut checks = checks.as_array().into_iter().flatten();
    Ok(checks
        .find(|it| it["CheckID"] == id)
        .cloned()
        .unwrap_or_default())
}

async fn c23_a_ttl_that_passes_makes_its_check_critical(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    register(consul, &json!({"Name": "ttl", "Check": {"TTL": "6s"}})).await?;
    let begun = Instant::now();
    consul
        .ask(
            "PUT",
            "/v1/agent/check/pass/service:ttl?note=all%20well",
            "",
        )
        .await?;
    equal(
        "status",
        &stored(consul, "service:ttl").await?["Status"],
        &json!("passing"),
    )?;
    let within = Duration::from_secs(40);
    eventually(within, "critical", async || {
        let check = stored(consul, "service:ttl").await.ok()?;
        (check["Status"] == "critical").then_some(())
    })
    .await?;
    ensure!(
        begun.elapsed() >= Duration::from_millis(5900),
        "{:?}",
        begun.elapsed()
    );
    let text = "TTL expired (last output before timeout follows): all well";
    for check in [
        check(consul, "service:ttl").await?,
        stored(consul, "service:ttl").await?,
    ] {
        equal("output", &check["Output"], &json!(text))?;
    }
    // Registered again, it has said nothing yet.
    register(consul, &json!({"Name": "ttl", "Check": {"TTL": "1s"}})).await?;
    eventually(within, "expired again", async || {
        let check = check(consul, "service:ttl").await.ok()?;
        (check["Output"] == "TTL expired").then_some(())
    })
    .await?;
    Ok(())
}

async fn a_report_starts_the_ttl_again(consul: &Subject<Consul>) -> anyhow::Result<()> {
    put(consul, &json!({"Name": "beat", "TTL": "6s"})).await?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(9) {
        consul.ask("PUT", "/v1/agent/check/pass/beat", "").await?;
        equal(
            "status",
            &check(consul, "beat").await?["Status"],
            &json!("passing"),
        )?;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    Ok(())
}

async fn a_check_of_its_own_has_its_name_as_its_id(consul: &Subject<Consul>) -> anyhow::Result<()> {
    put(
        consul,
        &json!({"Name": "lone", "Notes": "n", "TTL": "10m", "Status": "passing"}),
    )
    .await?;
    let expected = json!({"Node": consul.node(), "CheckID": "lone", "Name": "lone",
        "Status": "passing", "Notes": "n", "Output": "", "ServiceID": "", "ServiceName": "",
        "ServiceTags": [], "Type": "ttl", "Definition": {}, "CreateIndex": 0, "ModifyIndex": 0});
    equal("check", check(consul, "lone").await?, expected)?;
    ensure!(
        check(consul, "serfHealth").await?.is_null(),
        "it is in the catalog only"
    );
    register(consul, &json!({"Name": "lone-web", "Tags": ["t"]})).await?;
    put(
        consul,
        &json!({"ID": "lone-2", "Name": "x", "ServiceID": "lone-web", "TTL": "10m"}),
    )
    .await?;
    let of_service = stored(consul, "lone-2").await?;
    equal("service", &of_service["ServiceName"], &json!("lone-web"))?;
    equal("tags", &of_service["ServiceTags"], &json!(["t"]))?;
    equal("default", &of_service["Status"], &json!("critical"))?;
    for id in ["lone-2", "lone-2", "lone"] {
        let target = format!("/v1/agent/check/deregister/{id}");
        consul.expect("PUT", &target, "", (200, "")).await?;
        ensure!(stored(consul, id).await?.is_null(), "{id} is still there");
    }
    let missing = (500, "CheckID missing");
    consul
        .expect("PUT", "/v1/agent/check/deregister/", "", missing)
        .await?;
    Ok(())
}

async fn a_report_changes_status_and_output(consul: &Subject<Consul>) -> anyhow::Result<()> {
    put(consul, &json!({"Name": "said", "TTL": "10m"})).await?;
    for (target, body, status, output) in [
        ("pass/said?note=a%20b", "", "passing", "a b"),
        ("warn/said?note=c", "", "warning", "c"),
        ("fail/said", "", "critical", ""),
        (
            "update/said",
            r#"{"Status":"passing","Output":"d"}"#,
            "passing",
            "d",
        ),
        ("update/said", r#"{"status":"warning"}"#, "warning", ""),
    ] {
        let target = format!("/v1/agent/check/{target}");
        consul.expect("PUT", &target, body, (200, "")).await?;
        for check in [check(consul, "said").await?, stored(consul, "said").await?] {
            let shown = (check["Status"].as_str(), check["Output"].as_str());
            equal(&target, shown, (Some(status), Some(output)))?;
        }
    }
    let no_ttl = (500, "CheckID \"nobody\" does not have associated TTL");
    consul
        .expect("PUT", "/v1/agent/check/pass/nobody", "", no_ttl)
        .await?;
    let update = "/v1/agent/check/update/nobody";
    consul
        .expect("PUT", update, r#"{"Status":"passing"}"#, no_ttl)
        .await?;
    for (body, text) in [
        ("{}", "Invalid check status: ''"),
        (r#"{"Status":"pass"}"#, "Invalid check status: 'pass'"),
        ("", "Request decode failed: EOF"),
        (
            r#"{"Status":1}"#,
            "Request decode failed: json: cannot unmarshal number into Go struct field checkUpdate.Status of type string",
        ),
    ] {
        consul.expect("PUT", update, body, (400, text)).await?;
    }
    Ok(())
}

async fn an_output_that_is_too_long_is_cut(consul: &Subject<Consul>) -> anyhow::Result<()> {
    put(consul, &json!({"Name": "long", "TTL": "10m"})).await?;
    let body = json!({"Status": "passing", "Output": "x".repeat(5000)}).to_string();
    consul
        .ask("PUT", "/v1/agent/check/update/long", body)
        .await?;
    let kept = "x".repeat(4096) + " ... (captured 4096 of 5000 bytes)";
    equal(
        "output",
        &check(consul, "long").await?["Output"],
        &json!(kept),
    )?;
    put(
        consul,
        &json!({"Name": "long", "TTL": "10m", "OutputMaxSize": 3}),
    )
    .await?;
    consul
        .ask("PUT", "/v1/agent/check/pass/long?note=abcdef", "")
        .await?;
    let kept = "abc ... (captured 3 of 6 bytes)";
    equal(
        "output",
        &check(consul, "long").await?["Output"],
        &json!(kept),
    )
}

async fn an_invalid_check_is_refused_in_words(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let interval = "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks";
    let ttl = "Invalid check: TTL must be > 0 for TTL checks";
    let field = "Request decode failed: json: cannot unmarshal";
    for (fields, status, text) in [
        (json!({"Name": ""}), 400, "Missing check name".to_owned()),
        (json!({}), 400, ttl.into()),
        (json!({"TTL": "-1s"}), 400, ttl.into()),
        (json!({"Interval": "1s"}), 400, ttl.into()),
        (json!({"HTTP": "http://x"}), 400, interval.into()),
        (json!({"TCP": "x"}), 400, interval.into()),
        (json!({"GRPC": "x"}), 400, interval.into()),
        (json!({"Args": ["x"]}), 400, interval.into()),
        (json!({"HTTP": "x", "TTL": "1m"}), 400, interval.into()),
        (json!({"HTTP": "x", "Interval": "-1s"}), 400, interval.into()),
        (
            json!({"TTL": "1m", "Interval": "1m"}),
            400,
            "Invalid check: Interval and TTL cannot both be specified".into(),
        ),
        (
            json!({"AliasService": "x", "TTL": "1m"}),
            400,
            "Invalid check: TTL must be not be set for Alias checks".into(),
        ),
        (
            json!({"AliasService": "x", "HTTP": "x", "Interval": "1m"}),
            400,
            "Invalid check: Interval cannot be set for Alias checks".into(),
        ),
        (
            json!({"TTL": "1m", "OutputMaxSize": -1}),
            400,
            "Invalid check: MaxOutputMaxSize must be positive".into(),
        ),
        (json!({"TTL": "1m", "Status": "bogus"}), 400, "Bad check status".into()),
        (
            json!({"TTL": "1m", "ServiceID": "nobody"}),
            500,
            "ServiceID \"nobody\" does not exist".into(),
        ),
        (
            json!({"Args": ["x"], "Interval": "1m"}),
            500,
            "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true".into(),
        ),
        (json!({"TTL": "x"}), 400, "Request decode failed: time: invalid duration \"x\"".into()),
        (
            json!({"ID": 5}),
            400,
            format!("{field} number into Go struct field .ID of type types.CheckID"),
        ),
        (
            json!({"args": 5}),
            400,
            format!("{field} number into Go struct field .args of type []string"),
        ),
        (
            json!({"Header": {"a": "b"}}),
            400,
            format!("{field} string into Go struct field .Header of type []string"),
        ),
    ] {
        let mut body = json!({"Name": "bad-check"});
        if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
            body.extend(fields);
        }
        consul.expect("PUT", REGISTER, body.to_string(), (status, &text)).await?;
    }
    ensure!(
        check(consul, "bad-check").await?.is_null(),
        "it was registered"
    );
    Ok(())
}

async fn a_new_output_alone_reaches_the_catalog_later(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    put(consul, &json!({"Name": "later", "TTL": "10m"})).await?;
    consul
        .ask("PUT", "/v1/agent/check/pass/later?note=one", "")
        .await?;
    consul
        .ask("PUT", "/v1/agent/check/pass/later?note=two", "")
        .await?;
    equal(
        "own",
        &check(consul, "later").await?["Output"],
        &json!("two"),
    )?;
    equal(
        "catalog",
        &stored(consul, "later").await?["Output"],
        &json!("one"),
    )?;
    consul
        .ask("PUT", "/v1/agent/check/warn/later?note=three", "")
        .await?;
    equal(
        "catalog",
        &stored(consul, "later").await?["Output"],
        &json!("three"),
    )
}

/// On a real Consul both take a minute or two; an agent of ours can be told to be quicker.
async fn c26_what_is_critical_for_too_long_goes_and_the_catalog_is_put_right(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let quick = &consul.quick().await?;
    let after = json!({"TTL": "1s", "DeregisterCriticalServiceAfter": "1s"});
    let tagged = json!({"Name": "tagged", "Tags": ["a"], "EnableTagOverride": true});
    let begun = Instant::now();
    register(
        quick,
        &json!({"Name": "ill", "Checks": [after, {"TTL": "10m"}]}),
    )
    .await?;
    register(quick, &json!({"Name": "removed", "Check": {"TTL": "10m"}})).await?;
    register(quick, &json!({"Name": "edited", "Port": 1})).await?;
    register(quick, &tagged).await?;
    put(
        quick,
        &json!({"Name": "lost", "TTL": "10m", "DeregisterCriticalServiceAfter": "1s"}),
    )
    .await?;
    quick.ask("PUT", "/v1/agent/check/fail/lost", "").await?;
    let with = |service: Value| json!({"Node": quick.node(), "Address": "127.0.0.1", "SkipNodeUpdate": true, "Service": service});
    let edits = [
        with(json!({"Service": "stranger"})),
        with(json!({"Service": "edited", "Port": 2})),
        with(json!({"Service": "tagged", "Tags": ["b"], "EnableTagOverride": true})),
    ];
    for edit in edits {
        quick
            .ask("PUT", "/v1/catalog/register", edit.to_string())
            .await?;
    }
    quick
        .deregister(&json!({"Node": quick.node(), "ServiceID": "removed"}))
        .await?;
    quick
        .deregister(&json!({"Node": quick.node(), "CheckID": "lost"}))
        .await?;
    let target = format!("/v1/catalog/node/{}", quick.node());
    let within = Duration::from_secs(150);
    eventually(within, "the catalog agrees", async || {
        let services = &read(quick, &target).await.ok()?["Services"];
        let right = services["stranger"].is_null()
            && services["removed"].is_object()
            && services["edited"]["Port"] == 1
            && services["tagged"]["Tags"] == json!(["b"])
            && services["consul"].is_object();
        let checks = [
            stored(quick, "service:removed").await.ok()?,
            stored(quick, "lost").await.ok()?,
        ];
        (right && checks.iter().all(Value::is_object)).then_some(())
    })
    .await?;
    let own = read(quick, "/v1/agent/service/tagged").await?;
    equal("adopted", &own["Tags"], &json!(["b"]))?;
    eventually(within, "the service goes", async || {
        let services = read(quick, "/v1/agent/services").await.ok()?;
        services["ill"].is_null().then_some(())
    })
    .await?;
    ensure!(
        begun.elapsed() >= Duration::from_secs(2),
        "it took {:?}",
        begun.elapsed()
    );
    let services = &read(quick, &target).await?["Services"];
    ensure!(
        services["ill"].is_null() && services["removed"].is_object(),
        "{services}"
    );
    ensure!(stored(quick, "service:ill:2").await?.is_null());
    ensure!(
        stored(quick, "lost").await?.is_object(),
        "a check of the node takes nothing along"
    );
    Ok(())
}
