//! Intentions.

use anyhow::{Context as _, ensure};
use quorate_consul::{ErrorKind, IntentionRequest, IntentionSide, QueryOptions};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

/// An id of nothing.
const NONE: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        an_intention_has_what_was_said_and_what_the_server_knows,
        those_that_count_first_are_listed_first needs [ALONE],
        the_same_parties_have_one_intention,
        an_update_replaces_everything_but_the_creation,
        all_problems_of_an_intention_are_told,
        ids_are_checked,
        a_match_has_those_of_any_service_too needs [ALONE],
        a_check_asks_the_intention_that_counts needs [ALONE],
        parameters_that_are_missing_are_named,
        lists_are_filtered,
        a_token_of_the_mesh_is_what_intentions_say needs [ALONE],
        the_client_creates_reads_changes_and_deletes,
        the_client_knows_why_an_intention_is_refused,
        the_mesh_is_off,
    ]
    .into()
}

async fn create(consul: &Consul, body: &Value) -> anyhow::Result<String> {
    let target = "/v1/connect/intentions";
    let text = consul.ask("POST", target, body.to_string()).await?;
    let id = serde_json::from_str::<Value>(&text)?["ID"]
        .as_str()
        .map(str::to_owned);
    id.with_context(|| format!("no id in {text}"))
}

fn rule(source: &str, destination: &str, action: &str) -> Value {
    json!({"SourceName": source, "DestinationName": destination, "Action": action})
}

async fn get(consul: &Consul, id: &str) -> anyhow::Result<Value> {
    let text = consul
        .ask("GET", &format!("/v1/connect/intentions/{id}"), "")
        .await?;
    Ok(serde_json::from_str(&text)?)
}

async fn an_intention_has_what_was_said_and_what_the_server_knows(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let body = json!({"SourceName": "know-a", "DestinationName": "know-b", "Action": "allow",
        "Description": "<d>", "Meta": {"k": "v"}, "DefaultAddr": "1.2.3.4", "DefaultPort": 80,
        "Precedence": 77, "CreatedAt": "2020-01-01T00:00:00Z"});
    let id = create(consul, &body).await?;
    let target = format!("/v1/connect/intentions/{}", id.to_uppercase());
    let answer = consul.send("GET", &target, "").await?;
    equal("no index", answer.header("X-Consul-Index"), None)?;
    let mut found: Value = serde_json::from_str(&answer.text())?;
    let fields = found.as_object_mut().context("an object")?;
    let hash = fields
        .remove("Hash")
        .and_then(|it| it.as_str().map(str::len));
    equal("the digest has 256 bits", hash, Some(44))?;
    ensure!(fields["CreatedAt"] == fields["UpdatedAt"]);
    ensure!(fields["CreateIndex"] == fields["ModifyIndex"]);
    for field in ["CreatedAt", "UpdatedAt", "CreateIndex", "ModifyIndex"] {
        fields.remove(field);
    }
    let kept = json!({"ID": id, "Description": "<d>", "SourceNS": "default", "SourceName": "know-a",
        "DestinationNS": "default", "DestinationName": "know-b", "SourceType": "consul",
        "Action": "allow", "DefaultAddr": "1.2.3.4", "DefaultPort": 80, "Meta": {"k": "v"},
        "Precedence": 9});
    equal("intention", found, kept)
}

async fn those_that_count_first_are_listed_first(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let empty = consul.send("GET", "/v1/connect/intentions", "").await?;
    equal(
        "none",
        (empty.text().as_str(), index_of(&empty)?),
        ("[]", 1),
    )?;
    for (source, destination) in [("*", "*"), ("b", "x"), ("a", "*"), ("*", "x"), ("a", "x")] {
        create(&consul, &rule(source, destination, "allow")).await?;
    }
    let answer = consul.send("GET", "/v1/connect/intentions", "").await?;
    let list: Vec<Value> = serde_json::from_str(&answer.text())?;
    let shown: Vec<_> = list
        .iter()
        .map(|it| {
            (
                it["SourceName"].as_str(),
                it["DestinationName"].as_str(),
                it["Precedence"].as_u64(),
            )
        })
        .collect();
    let want = [
        ("a", "x", 9),
        ("b", "x", 9),
        ("*", "x", 8),
        ("a", "*", 6),
        ("*", "*", 5),
    ];
    let want = want.map(|(source, to, precedence)| (Some(source), Some(to), Some(precedence)));
    equal("order", shown, want.to_vec())?;
    let newest = list
        .iter()
        .filter_map(|it| it["ModifyIndex"].as_u64())
        .max();
    equal("index", Some(index_of(&answer)?), newest)
}

async fn the_same_parties_have_one_intention(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let id = create(consul, &rule("twin-a", "twin-b", "allow")).await?;
    let text = format!(
        "duplicate intention found: ALLOW default/twin-a => default/twin-b (ID: {id}, Precedence: 9)"
    );
    let target = "/v1/connect/intentions";
    let body = rule("TWIN-A", "twin-b", "deny").to_string();
    consul.expect("POST", target, body, (500, &text)).await?;
    Ok(())
}

async fn an_update_replaces_everything_but_the_creation(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let mut body = rule("update-a", "update-b", "allow");
    body["Meta"] = json!({"k": "v"});
    let id = create(consul, &body).await?;
    let before = get(consul, &id).await?;
    let target = format!("/v1/connect/intentions/{id}");
    let mut body = rule("update-c", "*", "deny");
    body["ID"] = json!(NONE);
    let text = consul.ask("PUT", &target, body.to_string()).await?;
    equal("answer", text, json!({ "ID": id }).to_string())?;
    let after = get(consul, &id).await?;
    for field in ["CreatedAt", "CreateIndex", "ID"] {
        equal(field, &after[field], &before[field])?;
    }
    ensure!(after["Hash"] != before["Hash"] && after["UpdatedAt"] != before["UpdatedAt"]);
    equal("labels", &after["Meta"], &json!({}))?;
    equal("precedence", &after["Precedence"], &json!(6))?;
    consul.expect("DELETE", &target, "", (200, "true")).await?;
    consul
        .expect("GET", &target, "", (404, "Intention not found"))
        .await?;
    Ok(())
}

async fn all_problems_of_an_intention_are_told(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let long = "x".repeat(513);
    for (body, text) in [
        (
            json!({}),
            "3 errors occurred:\n\t* SourceName must be set\n\t* DestinationName must be set\n\t* Action must be set to 'allow' or 'deny'\n\n",
        ),
        (
            json!({"SourceName": "a*", "DestinationName": "b", "Action": "ALLOW", "SourceType": "x"}),
            "3 errors occurred:\n\t* SourceName: wildcard character '*' cannot be used with partial values\n\t* Action must be set to 'allow' or 'deny'\n\t* SourceType must be set to 'consul'\n\n",
        ),
        (
            json!({"SourceName": "a", "SourceNS": "*", "DestinationName": "b", "Action": "allow", "Description": long}),
            "2 errors occurred:\n\t* SourceName: exact value cannot follow wildcard namespace\n\t* Description exceeds maximum length 512\n\n",
        ),
        (
            json!({"ID": NONE, "SourceName": "a"}),
            "ID must be empty when creating a new intention",
        ),
        (
            json!([]),
            "Failed to decode request body: json: cannot unmarshal array into Go value of type struct { Hash string; CreatedAt string; UpdatedAt string; *structs.Alias }",
        ),
        (
            json!({"DefaultPort": "a"}),
            "Failed to decode request body: json: cannot unmarshal string into Go struct field .DefaultPort of type int",
        ),
    ] {
        let target = "/v1/connect/intentions";
        consul
            .expect("POST", target, body.to_string(), (500, text))
            .await?;
    }
    Ok(())
}

async fn ids_are_checked(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let lookup = "failed intention lookup: index error: UUID must be 36 characters";
    let bad = "/v1/connect/intentions/xyz";
    let none = format!("/v1/connect/intentions/{NONE}");
    let body = rule("a", "b", "deny").to_string();
    let in_read = format!("Bad request: {lookup}");
    let in_write = format!("Intention lookup failed: {lookup}");
    for (method, target, refusal) in [
        ("GET", bad, (400, in_read)),
        ("PUT", bad, (500, in_write.clone())),
        ("DELETE", bad, (500, in_write)),
        ("GET", &none, (404, "Intention not found".to_owned())),
        (
            "PUT",
            &none,
            (
                500,
                format!("Cannot modify non-existent intention: '{NONE}'"),
            ),
        ),
        (
            "DELETE",
            &none,
            (
                500,
                format!("Cannot delete non-existent intention: '{NONE}'"),
            ),
        ),
    ] {
        let body = if method == "PUT" { body.as_str() } else { "" };
        consul
            .expect(method, target, body, (refusal.0, &refusal.1))
            .await?;
    }
    let text = "Bad request: Request decode failed: EOF";
    consul.expect("PUT", &none, "", (400, text)).await?;
    Ok(())
}

async fn a_match_has_those_of_any_service_too(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    for (source, destination) in [("a", "b"), ("*", "b"), ("a", "*"), ("a", "c")] {
        create(&consul, &rule(source, destination, "allow")).await?;
    }
    let matched = async |query: &str| -> anyhow::Result<Value> {
        let target = format!("/v1/connect/intentions/match?{query}");
        let answer = consul.send("GET", &target, "").await?;
        equal("no index", answer.header("X-Consul-Index"), None)?;
        let mut found: Value = serde_json::from_str(&answer.text())?;
        for list in found.as_object_mut().context("an object")?.values_mut() {
            let rows = list.as_array().cloned();
            *list = json!(rows.map(|rows| {
                rows.iter()
                    .map(|it| {
                        format!(
                            "{} {}",
                            it["SourceName"].as_str().unwrap_or_default(),
                            it["DestinationName"].as_str().unwrap_or_default()
                        )
                    })
                    .collect::<Vec<_>>()
            }));
        }
        Ok(found)
    };
    equal(
        "destinations",
        matched("by=destination&name=B&name=none").await?,
        json!({"B": ["a b", "* b", "a *"], "none": ["a *"]}),
    )?;
    equal(
        "source",
        matched("by=source&name=a").await?,
        json!({"a": ["a b", "a c", "* b", "a *"]}),
    )?;
    equal(
        "namespace",
        matched("by=source&name=x/a").await?,
        json!({"x/a": null}),
    )
}

async fn a_check_asks_the_intention_that_counts(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let checked = async |source: &str, destination: &str| {
        let query = format!("source={source}&destination={destination}");
        consul
            .ask("GET", &format!("/v1/connect/intentions/check?{query}"), "")
            .await
    };
    equal(
        "no rule",
        checked("a", "b").await?.as_str(),
        r#"{"Allowed":true}"#,
    )?;
    create(&consul, &rule("*", "*", "deny")).await?;
    create(&consul, &rule("a", "*", "allow")).await?;
    create(&consul, &rule("*", "b", "deny")).await?;
    for (source, destination, allowed) in [
        ("a", "c", true),
        ("a", "b", false),
        ("z", "c", false),
        ("A", "c", false),
        ("default/a", "c", true),
        ("other/a", "c", true),
    ] {
        let text = json!({ "Allowed": allowed }).to_string();
        equal(source, checked(source, destination).await?, text)?;
    }
    Ok(())
}

async fn parameters_that_are_missing_are_named(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (query, text) in [
        ("match", "required query parameter 'by' not set"),
        ("match?by=source", "required query parameter 'name' not set"),
        (
            "match?by=x&name=a",
            "'by' parameter must be one of 'source' or 'destination'",
        ),
        (
            "match?by=source&name=a/b/c",
            "name \"a/b/c\" is invalid: input can contain at most one '/'",
        ),
        ("check", "required query parameter 'source' not set"),
        (
            "check?source=a",
            "required query parameter 'destination' not set",
        ),
        (
            "check?source=a&destination=b&source-type=x",
            "unsupported SourceType: \"x\"",
        ),
    ] {
        let target = format!("/v1/connect/intentions/{query}");
        consul.expect("GET", &target, "", (500, text)).await?;
    }
    Ok(())
}

async fn lists_are_filtered(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let intentions = consul.client.intentions();
    intentions
        .create(&IntentionRequest::allow("filter-a", "filter-b"))
        .await?;
    intentions
        .create(&IntentionRequest::deny("filter-a", "filter-c"))
        .await?;
    let options = QueryOptions::new().with_filter("SourceName == \"filter-a\" and Action == deny");
    let list = intentions.list_with(&options).await?.value;
    equal("kept", list.len(), 1)?;
    equal("which", list[0].destination_name.as_str(), "filter-c")?;
    let target = "/v1/connect/intentions?filter=Bogus==x";
    let text = "Failed to create boolean expression evaluator: Selector \"Bogus\" is not valid";
    consul.expect("GET", target, "", (500, text)).await?;
    Ok(())
}

async fn a_token_of_the_mesh_is_what_intentions_say(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let authorize = async |source: &str, target: &str| -> anyhow::Result<Value> {
        let uri = format!("spiffe://d.consul/ns/default/dc/dc1/svc/{source}");
        let body = json!({"Target": target, "ClientCertURI": uri, "ClientCertSerial": "04"});
        let path = "/v1/agent/connect/authorize";
        let text = consul.ask("POST", path, body.to_string()).await?;
        Ok(serde_json::from_str(&text)?)
    };
    let default =
        json!({"Authorized": true, "Reason": "ACLs disabled, access is allowed by default"});
    equal("no rule", authorize("a", "b").await?, default)?;
    let id = create(&consul, &rule("*", "c", "deny")).await?;
    let reason =
        format!("Matched intention: DENY default/* => default/c (ID: {id}, Precedence: 8)");
    let denied = json!({"Authorized": false, "Reason": reason});
    equal("denied", authorize("a", "c").await?, denied)
}

async fn the_client_creates_reads_changes_and_deletes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let intentions = consul.client.intentions();
    let request = IntentionRequest::allow("typed-a", "typed-b").with_description("d");
    let id = intentions.create(&request).await?;
    let found = intentions.get(&id).await?.context("it is there")?;
    equal("description", found.description.as_str(), "d")?;
    ensure!(intentions.list().await?.contains(&found));
    ensure!(intentions.check("typed-a", "typed-b").await?);
    let request = IntentionRequest::deny("typed-a", "typed-b").with_meta("k", "v");
    intentions.update(&id, &request).await?;
    ensure!(!intentions.check("typed-a", "typed-b").await?);
    let matches = intentions
        .matching(IntentionSide::Source, ["typed-a", "typed-none"])
        .await?;
    ensure!(matches.of("typed-a").iter().any(|it| it.id == id));
    ensure!(!matches.of("typed-none").iter().any(|it| it.id == id));
    intentions.delete(&id).await?;
    equal("deleted", intentions.get(&id).await?, None)
}

async fn the_client_knows_why_an_intention_is_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let intentions = consul.client.intentions();
    let request = IntentionRequest::allow("why-a", "why-b");
    intentions.create(&request).await?;
    let kind = |result: Result<String, quorate_consul::Error>| result.err().map(|it| it.kind());
    equal(
        "twice",
        kind(intentions.create(&request).await),
        Some(ErrorKind::AlreadyExists),
    )?;
    let partial = IntentionRequest::allow("why-*", "why-b");
    equal(
        "partial",
        kind(intentions.create(&partial).await),
        Some(ErrorKind::InvalidArgument),
    )?;
    let gone = intentions.delete(NONE).await.err().map(|it| it.kind());
    equal("unknown", gone, Some(ErrorKind::NotFound))?;
    let options = QueryOptions::new().with_filter("Bogus == x");
    let bad = intentions
        .list_with(&options)
        .await
        .err()
        .map(|it| it.kind());
    equal("filter", bad, Some(ErrorKind::InvalidArgument))
}

async fn the_mesh_is_off(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let text = "Connect must be enabled in order to use this endpoint";
    let ca = "/v1/connect/ca";
    for (method, path, body, refusal) in [
        ("GET", "roots", "", (500, text)),
        ("GET", "roots?pem=true", "", (500, text)),
        (
            "GET",
            "roots?pem=x",
            "",
            (
                400,
                "Bad request: The 'pem' query parameter must be a boolean value",
            ),
        ),
        ("GET", "configuration", "", (500, text)),
        (
            "PUT",
            "configuration",
            r#"{"Provider":"consul"}"#,
            (500, text),
        ),
        (
            "PUT",
            "configuration",
            r#"{"Provider":5}"#,
            (
                400,
                "Bad request: Request decode failed: json: cannot unmarshal number into Go struct field .Provider of type string",
            ),
        ),
    ] {
        consul
            .expect(method, &format!("{ca}/{path}"), body, refusal)
            .await?;
    }
    let kind = consul
        .client
        .connect_ca()
        .roots()
        .await
        .err()
        .map(|it| it.kind());
    equal("typed", kind, Some(ErrorKind::Unsupported))
}
