//! Services that are registered with an agent.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_registered_service_is_in_the_catalog_when_the_call_returns,
        a_service_has_an_id_tags_weights_and_labels_by_default,
        nested_checks_get_their_ids_from_their_service,
        c24_a_registration_keeps_status_and_output_of_its_checks,
        c25_checks_stay_unless_they_are_replaced,
        an_invalid_service_is_refused_in_words,
        c34_a_field_that_is_unknown_is_refused_by_the_strict needs [ALONE],
        an_unknown_service_is_404_and_is_deregistered_all_the_same,
        a_read_with_the_hash_waits_until_the_service_changes,
        services_are_filtered,
    ]
    .into()
}

pub(super) const REGISTER: &str = "/v1/agent/service/register";

/// Registers a service with the agent.
pub(super) async fn register(consul: &Consul, service: &Value) -> anyhow::Result<()> {
    let text = consul.ask("PUT", REGISTER, service.to_string()).await?;
    equal("answer", text.as_str(), "")
}

pub(super) async fn read(consul: &Consul, target: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&consul.ask("GET", target, "").await?)?)
}

/// A check of the agent; `null` when there is none.
pub(super) async fn check(consul: &Consul, id: &str) -> anyhow::Result<Value> {
    Ok(read(consul, "/v1/agent/checks").await?[id].clone())
}

/// The checks of a service: as the agent has them, and as the catalog has them.
async fn ids_of(consul: &Consul, service: &str) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let target = format!("/v1/health/node/{}", consul.node());
    let (own, catalog) = (
        read(consul, "/v1/agent/checks").await?,
        read(consul, &target).await?,
    );
    let ids = |checks: Vec<&Value>| {
        let of = checks.into_iter().filter(|it| it["ServiceID"] == service);
        let mut ids: Vec<_> = of
            .filter_map(|it| Some(it["CheckID"].as_str()?.to_owned()))
            .collect();
        ids.sort();
        ids
    };
    let own = own.as_object().context("no object")?.values().collect();
    let catalog = catalog.as_array().context("no list")?.iter().collect();
    Ok((ids(own), ids(catalog)))
}

async fn a_registered_service_is_in_the_catalog_when_the_call_returns(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let service = json!({"ID": "reg-1", "Name": "reg", "Tags": ["a", "b"], "Port": 80,
        "Address": "10.1.2.3", "Meta": {"rack": "7"}, "Check": {"TTL": "10m", "Status": "passing"}});
    register(consul, &service).await?;
    let target = format!("/v1/catalog/node/{}", consul.node());
    let stored = read(consul, &target).await?["Services"]["reg-1"].clone();
    equal("name", &stored["Service"], &json!("reg"))?;
    equal("tags", &stored["Tags"], &json!(["a", "b"]))?;
    equal("port", &stored["Port"], &json!(80))?;
    equal("address", &stored["Address"], &json!("10.1.2.3"))?;
    equal("meta", &stored["Meta"], &json!({"rack": "7"}))?;
    let checks = ids_of(consul, "reg-1").await?;
    let id = vec!["service:reg-1".to_owned()];
    equal("checks", checks, (id.clone(), id))?;
    let target = "/v1/agent/service/deregister/reg-1";
    equal("answer", consul.ask("PUT", target, "").await?.as_str(), "")?;
    let target = format!("/v1/catalog/node/{}", consul.node());
    let stored = read(consul, &target).await?;
    ensure!(stored["Services"]["reg-1"].is_null(), "{stored}");
    equal("checks", ids_of(consul, "reg-1").await?, (vec![], vec![]))
}

async fn a_service_has_an_id_tags_weights_and_labels_by_default(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    register(consul, &json!({"Name": "plain"})).await?;
    let services = read(consul, "/v1/agent/services").await?;
    let expected = json!({"ID": "plain", "Service": "plain", "Tags": [], "Meta": {}, "Port": 0,
        "Address": "", "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false});
    equal("service", &services["plain"], &expected)?;
    ensure!(
        services["consul"].is_null(),
        "the agent does not list itself"
    );
    let one = read(consul, "/v1/agent/service/plain").await?;
    ensure!(
        one["ContentHash"].as_str().is_some_and(|it| !it.is_empty()),
        "{one}"
    );
    Ok(())
}

async fn nested_checks_get_their_ids_from_their_service(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let of = async |service: Value| {
        register(consul, &service).await?;
        let id = service["Name"].as_str().unwrap_or_default().to_owned();
        Ok::<_, anyhow::Error>(ids_of(consul, &id).await?.0)
    };
    let ttl = json!({"TTL": "10m"});
    equal(
        "single",
        of(json!({"Name": "nest-a", "Check": ttl})).await?,
        ["service:nest-a"],
    )?;
    equal(
        "list of one",
        of(json!({"Name": "nest-b", "Checks": [ttl]})).await?,
        ["service:nest-b"],
    )?;
    let named = json!({"TTL": "10m", "CheckID": "nest-mine", "Name": "mine", "Notes": "n"});
    let listed = of(json!({"Name": "nest-c", "Checks": [ttl, named, ttl]})).await?;
    equal(
        "list",
        listed,
        ["nest-mine", "service:nest-c:1", "service:nest-c:3"],
    )?;
    let both = of(json!({"Name": "nest-d", "Check": ttl, "Checks": [ttl]})).await?;
    equal("both", both, ["service:nest-d:1", "service:nest-d:2"])?;
    equal(
        "empty",
        of(json!({"Name": "nest-e", "Check": {}})).await?.len(),
        0,
    )?;
    let first = check(consul, "service:nest-c:1").await?;
    let expected = json!({"Node": consul.node(), "CheckID": "service:nest-c:1",
        "Name": "Service 'nest-c' check", "Status": "critical", "Notes": "", "Output": "",
        "ServiceID": "nest-c", "ServiceName": "nest-c", "ServiceTags": [], "Type": "ttl",
        "Definition": {}, "CreateIndex": 0, "ModifyIndex": 0});
    equal("check", first, expected)?;
    equal(
        "name",
        &check(consul, "nest-mine").await?["Name"],
        &json!("mine"),
    )
}

async fn c24_a_registration_keeps_status_and_output_of_its_checks(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let service = |status: &str| json!({"Name": "kept", "Check": {"TTL": "10m", "Status": status}});
    register(consul, &service("critical")).await?;
    let target = "/v1/agent/check/warn/service:kept?note=said";
    consul.ask("PUT", target, "").await?;
    register(consul, &service("passing")).await?;
    let kept = check(consul, "service:kept").await?;
    equal("status", &kept["Status"], &json!("warning"))?;
    equal("output", &kept["Output"], &json!("said"))
}

async fn c25_checks_stay_unless_they_are_replaced(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let ttl = json!({"TTL": "10m"});
    let two = json!({"Name": "repl", "Checks": [ttl, ttl]});
    let one = json!({"Name": "repl", "Check": ttl});
    register(consul, &two).await?;
    register(consul, &one).await?;
    let all = ["service:repl", "service:repl:1", "service:repl:2"];
    equal("both stay", ids_of(consul, "repl").await?.0, all)?;
    let target = format!("{REGISTER}?replace-existing-checks");
    consul.ask("PUT", &target, one.to_string()).await?;
    let left = vec!["service:repl".to_owned()];
    equal(
        "one is left",
        ids_of(consul, "repl").await?,
        (left.clone(), left),
    )
}

async fn an_invalid_service_is_refused_in_words(consul: &Subject<Consul>) -> anyhow::Result<()> {
    const SCRIPTS: &str = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
    let with = |field: &str, value: Value| json!({"Name": "bad", field: value}).to_string();
    let checked = |check: Value| with("Check", check);
    let number = "Request decode failed: json: cannot unmarshal";
    for (body, status, text) in [
        (String::new(), 400, "Request decode failed: EOF".to_owned()),
        ("{}".into(), 400, "Missing service name".into()),
        (with("Name", json!(5)), 400, format!("{number} number into Go struct field .Name of type string")),
        (with("Port", json!("80")), 400, format!("{number} string into Go struct field .Port of type int")),
        (with("Tags", json!([1])), 400, format!("{number} number into Go struct field .Tags of type string")),
        (with("Address", json!("0.0.0.0")), 400, "Invalid service address".into()),
        (with("Address", json!("[::]")), 400, "Invalid service address".into()),
        (with("Weights", json!({})), 400, "Invalid Weights: Passing must be greater than 0".into()),
        (with("Weights", json!({"Passing": 70000})), 400, "Invalid Weights: DNS Weight must be between 0 and 65535".into()),
        (with("Weights", json!({"Passing": 1, "Warning": -1})), 400, "Invalid Weights: Warning must be greater or equal than 0".into()),
        (with("Meta", json!({"a b": "c"})), 400, "Invalid Service Meta: Couldn't load metadata pair ('a b', 'c'): Key contains invalid characters".into()),
        (with("Meta", json!({"": "c"})), 400, "Invalid Service Meta: Couldn't load metadata pair ('', 'c'): Key cannot be blank".into()),
        (with("Checks", json!([{}])), 400, "Invalid check: TTL must be > 0 for TTL checks".into()),
        (checked(json!({"HTTP": "http://x"})), 400, "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks".into()),
        (checked(json!({"TTL": "1m", "Interval": "1m"})), 400, "Invalid check: Interval and TTL cannot both be specified".into()),
        (checked(json!({"TTL": "1m", "Status": "bogus"})), 400, "Status for checks must 'passing', 'warning', 'critical'".into()),
        (checked(json!({"TTL": "x"})), 400, "Request decode failed: time: invalid duration \"x\"".into()),
        (checked(json!({"Name": 5})), 400, format!("{number} number into Go struct field .Check of type string")),
        (checked(json!({"Args": ["a"], "Interval": "1m"})), 500, SCRIPTS.into()),
    ] {
        // JSON itself would keep only one of two equal names.
        let body = body.replace(r#"{"Name":5,"Name":"bad"}"#, r#"{"Name":5}"#);
        consul.expect("PUT", REGISTER, &body, (status, &text)).await?;
    }
    let services = read(consul, "/v1/agent/services").await?;
    ensure!(services["bad"].is_null(), "a refused service is registered");
    Ok(())
}

async fn c34_a_field_that_is_unknown_is_refused_by_the_strict(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let strict = consul.alone().await?;
    let unknown = |name: &str| format!("Request decode failed: json: unknown field \"{name}\"");
    for (target, body, field) in [
        ("service/register", r#"{"Name":"a","Bogus":1}"#, "Bogus"),
        (
            "service/register",
            r#"{"Name":"a","Check":{"Script":"x"}}"#,
            "Script",
        ),
        (
            "service/register",
            r#"{"Name":"a","Check":{"ID":"x"}}"#,
            "ID",
        ),
        (
            "service/register",
            r#"{"Name":"a","Namespace":"x"}"#,
            "Namespace",
        ),
        (
            "check/register",
            r#"{"Name":"a","CheckID":"b","TTL":"1m"}"#,
            "CheckID",
        ),
        (
            "check/register",
            r#"{"Name":"a","Script":"b","Interval":"1m"}"#,
            "Script",
        ),
        (
            "check/update/x",
            r#"{"Status":"passing","Bogus":1}"#,
            "Bogus",
        ),
    ] {
        let target = format!("/v1/agent/{target}");
        strict
            .expect("PUT", &target, body, (400, &unknown(field)))
            .await?;
    }
    strict
        .create_session(&json!({"Bogus": 1, "NodeChecks": []}))
        .await?;
    Ok(())
}

async fn an_unknown_service_is_404_and_is_deregistered_all_the_same(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let unknown = (404, "unknown service ID: nobody");
    consul
        .expect("GET", "/v1/agent/service/nobody", "", unknown)
        .await?;
    consul
        .expect("PUT", "/v1/agent/service/deregister/nobody", "", (200, ""))
        .await?;
    let missing = (500, "ServiceID missing");
    consul
        .expect("PUT", "/v1/agent/service/deregister/", "", missing)
        .await?;
    let get = consul
        .send("OPTIONS", "/v1/agent/service/deregister/x", "")
        .await?;
    equal("allow", get.header("Allow"), Some("OPTIONS,PUT"))
}

async fn a_read_with_the_hash_waits_until_the_service_changes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    register(consul, &json!({"Name": "hashed"})).await?;
    let target = "/v1/agent/service/hashed";
    let first = consul.send("GET", target, "").await?;
    let hash = first
        .header("X-Consul-ContentHash")
        .context("no hash")?
        .to_owned();
    equal("in the body", &first.json()?["ContentHash"], &json!(hash))?;
    // A timeout gives the same again.
    let same = consul
        .send("GET", &format!("{target}?hash={hash}&wait=100ms"), "")
        .await?;
    equal("hash", same.header("X-Consul-ContentHash"), Some(&*hash))?;
    let waiting = format!("{target}?hash={hash}&wait=50s");
    let (changed, ()) = tokio::try_join!(consul.send("GET", &waiting, ""), async {
        tokio::task::yield_now().await;
        register(consul, &json!({"Name": "hashed", "Port": 5})).await
    })?;
    equal("port", &changed.json()?["Port"], &json!(5))?;
    let hash = changed.header("X-Consul-ContentHash").context("no hash")?;
    let waiting = format!("{target}?hash={hash}&wait=50s");
    let gone = async {
        let answer = consul
            .send("PUT", "/v1/agent/service/deregister/hashed", "")
            .await?;
        equal("status", answer.status, 200)
    };
    let (removed, ()) = tokio::try_join!(consul.send("GET", &waiting, ""), gone)?;
    equal("status", removed.status, 404)
}

async fn services_are_filtered(consul: &Subject<Consul>) -> anyhow::Result<()> {
    register(consul, &json!({"Name": "filt-a", "Tags": ["filt"]})).await?;
    register(
        consul,
        &json!({"Name": "filt-b", "Check": {"TTL": "10m", "Name": "filt"}}),
    )
    .await?;
    let services = read(consul, "/v1/agent/services?filter=filt%20in%20Tags").await?;
    equal(
        "services",
        services.as_object().map(serde_json::Map::len),
        Some(1),
    )?;
    let checks = read(consul, "/v1/agent/checks?filter=Name==filt").await?;
    ensure!(checks["service:filt-b"].is_object(), "{checks}");
    for target in ["/v1/agent/services?filter=x", "/v1/agent/checks?filter=x"] {
        let answer = consul.send("GET", target, "").await?;
        equal(target, answer.status, 500)?;
        ensure!(
            answer
                .text()
                .starts_with("Failed to create boolean expression evaluator: ")
        );
        ensure!(
            answer.header("X-Consul-Index").is_none(),
            "the agent has no index"
        );
    }
    Ok(())
}
