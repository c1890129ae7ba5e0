//! Prepared queries: definitions, and what they find.

use anyhow::{Context as _, ensure};
use quorate_consul::{ErrorKind, ExecuteOptions, PreparedQuery, QueryOptions};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_query_is_created_read_replaced_and_deleted,
        an_empty_list_has_index_1 needs [ALONE],
        what_can_not_be_meant_is_refused_with_its_text,
        a_malformed_query_is_refused_in_gos_words,
        a_name_is_taken_in_any_case_of_letters,
        names_are_not_ids_and_ids_come_before_names,
        a_query_that_does_not_exist_is_not_found,
        a_query_ends_with_its_session,
        a_query_without_a_name_needs_a_session,
        critical_instances_are_never_found,
        checks_can_be_ignored,
        tags_are_required_or_forbidden,
        metadata_of_node_and_service_must_hold,
        near_sorts_and_limit_cuts needs [ALONE],
        without_near_the_order_is_random,
        parameters_that_are_wrong_are_refused,
        the_index_of_results_is_always_1,
        methods_are_checked_behind_the_name,
        a_blocked_list_sees_a_new_query,
        the_client_creates_runs_explains_and_deletes,
    ]
    .into()
}

pub(super) async fn create(consul: &Consul, query: &Value) -> anyhow::Result<String> {
    let text = consul.ask("POST", "/v1/query", query.to_string()).await?;
    let created: Value = serde_json::from_str(&text)?;
    let id = created["ID"].as_str().context("no id")?;
    Ok(id.to_owned())
}

pub(super) async fn delete(consul: &Consul, id: &str) -> anyhow::Result<()> {
    let target = format!("/v1/query/{id}");
    equal(
        "deleted",
        consul.ask("DELETE", &target, "").await?.as_str(),
        "",
    )
}

pub(super) async fn get(consul: &Consul, target: &str) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&consul.ask("GET", target, "").await?)?)
}

pub(super) async fn instance(consul: &Consul, node: &str, fields: &Value) -> anyhow::Result<()> {
    let body = json!({
        "Node": node, "Address": "127.0.0.7", "NodeMeta": {"rack": node},
        "Service": {"ID": fields["Service"], "Service": fields["Service"], "Port": 80,
            "Tags": fields["Tags"], "Meta": {"on": node}},
        "Check": {"CheckID": format!("{node}-up"), "Name": "up", "Status": fields["Status"],
            "ServiceID": fields["Service"]},
    });
    consul
        .ask("PUT", "/v1/catalog/register", body.to_string())
        .await?;
    Ok(())
}

/// The nodes that a query finds, sorted.
async fn found(consul: &Consul, name: &str) -> anyhow::Result<Vec<String>> {
    let mut nodes = in_order(consul, name).await?;
    nodes.sort();
    Ok(nodes)
}

async fn in_order(consul: &Consul, name: &str) -> anyhow::Result<Vec<String>> {
    let (name, parameters) = name.split_once('?').unwrap_or((name, ""));
    let target = format!("/v1/query/{name}/execute?{parameters}");
    let result = get(consul, &target).await?;
    let nodes = result["Nodes"].as_array().context("no list")?;
    let names = nodes
        .iter()
        .map(|one| one["Node"]["Node"].as_str().map(str::to_owned));
    names
        .collect::<Option<_>>()
        .context("a node without a name")
}

async fn a_query_is_created_read_replaced_and_deleted(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let id = create(
        consul,
        &json!({"Name": "crud", "Service": {"Service": "web"}}),
    )
    .await?;
    let target = format!("/v1/query/{id}");
    let mut read = get(consul, &target).await?;
    let created = read[0]["CreateIndex"].take();
    equal("indexes", &created, &read[0]["ModifyIndex"].take())?;
    let expected = json!([{
        "ID": id, "Name": "crud", "Session": "", "Token": "",
        "Template": {"Type": "", "Regexp": "", "RemoveEmptyTags": false},
        "Service": {"Service": "web", "Failover": {"NearestN": 0, "Datacenters": null},
            "OnlyPassing": false, "IgnoreCheckIDs": null, "Near": "", "Tags": null,
            "NodeMeta": null, "ServiceMeta": null, "Connect": false},
        "DNS": {"TTL": ""}, "CreateIndex": null, "ModifyIndex": null,
    }]);
    equal("read", &read, &expected)?;
    let body = json!({"Name": "crud-2", "ID": "ignored", "Service": {"Service": "db", "Tags": []}});
    equal(
        "updated",
        consul.ask("PUT", &target, body.to_string()).await?.as_str(),
        "",
    )?;
    let read = get(consul, &target).await?;
    equal("name", &read[0]["Name"], &json!("crud-2"))?;
    equal("service", &read[0]["Service"]["Service"], &json!("db"))?;
    equal("tags", &read[0]["Service"]["Tags"], &json!([]))?;
    equal("created", &read[0]["CreateIndex"], &created)?;
    ensure!(read[0]["ModifyIndex"].as_u64() > created.as_u64());
    let listed = get(consul, "/v1/query").await?;
    let mut listed = listed.as_array().into_iter().flatten();
    ensure!(listed.any(|query| *query == read[0]), "not listed");
    delete(consul, &id).await?;
    equal("status", consul.send("GET", &target, "").await?.status, 404)
}

async fn an_empty_list_has_index_1(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let answer = consul.send("GET", "/v1/query", "").await?;
    equal(
        "answer",
        (answer.text().as_str(), index_of(&answer)?),
        ("[]", 1),
    )?;
    let consistency = answer.header("X-Consul-Effective-Consistency");
    equal("consistency", consistency, Some("leader"))
}

async fn what_can_not_be_meant_is_refused_with_its_text(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let none = "11111111-2222-4333-8444-555555555555";
    let service = json!({"Service": "web"});
    for (body, text) in [
        (
            json!({}),
            "Invalid prepared query: Must be bound to a session",
        ),
        (
            json!({"Service": service}),
            "Invalid prepared query: Must be bound to a session",
        ),
        (
            json!({"Name": "r"}),
            "Invalid prepared query: Must provide a Service name to query",
        ),
        (
            json!({"ID": none, "Name": "r", "Service": service}),
            "ID must be empty when creating a new prepared query",
        ),
        (
            json!({"Name": "r", "Token": "<hidden>"}),
            "Invalid prepared query: Bad Token '<hidden>', it looks like a query definition with a redacted token was submitted",
        ),
        (
            json!({"Name": "r", "Service": {"Service": "web", "Failover": {"NearestN": -1}}}),
            "Invalid prepared query: Bad NearestN '-1', must be >= 0",
        ),
        (
            json!({"Name": "r", "Service": service, "DNS": {"TTL": "x"}}),
            "Invalid prepared query: Bad DNS TTL 'x': time: invalid duration \"x\"",
        ),
        (
            json!({"Name": "r", "Service": service, "DNS": {"TTL": "-1s"}}),
            "Invalid prepared query: DNS TTL '-1000000000', must be >=0",
        ),
        (
            json!({"Name": "r", "Service": {"Service": "web", "NodeMeta": {"": "x"}}}),
            "Invalid prepared query: Couldn't load metadata pair ('', 'x'): Key cannot be blank",
        ),
        (
            json!({"Name": "r", "Service": {"Service": "web", "NodeMeta": {"a b": "x"}}}),
            "Invalid prepared query: Couldn't load metadata pair ('a b', 'x'): Key contains invalid characters",
        ),
        (
            json!({"Name": "r", "Session": "zz", "Service": service}),
            "invalid session: index error: UUID must be 36 characters",
        ),
        (
            json!({"Name": "r", "Session": none, "Service": service}),
            "invalid session \"11111111-2222-4333-8444-555555555555\"",
        ),
        // A session is looked at before a template.
        (
            json!({"Name": "r", "Session": none, "Template": {"Type": "x"}, "Service": service}),
            "invalid session \"11111111-2222-4333-8444-555555555555\"",
        ),
    ] {
        consul
            .expect("POST", "/v1/query", body.to_string(), (500, text))
            .await?;
    }
    Ok(())
}

async fn a_malformed_query_is_refused_in_gos_words(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (body, problem) in [
        ("", "EOF"),
        (
            "[]",
            "json: cannot unmarshal array into Go value of type structs.PreparedQuery",
        ),
        (
            r#"{"Name":5}"#,
            "json: cannot unmarshal number into Go struct field PreparedQuery.Name of type string",
        ),
        (
            r#"{"Service":5}"#,
            "json: cannot unmarshal number into Go struct field PreparedQuery.Service of type structs.ServiceQuery",
        ),
        (
            r#"{"DNS":{"TTL":10}}"#,
            "json: cannot unmarshal number into Go struct field QueryDNSOptions.DNS.TTL of type string",
        ),
        (
            r#"{"Service":{"Tags":"x"}}"#,
            "json: cannot unmarshal string into Go struct field ServiceQuery.Service.Tags of type []string",
        ),
        (
            r#"{"Service":{"IgnoreCheckIDs":[5]}}"#,
            "json: cannot unmarshal number into Go struct field ServiceQuery.Service.IgnoreCheckIDs of type types.CheckID",
        ),
        (
            r#"{"Service":{"Failover":{"NearestN":"x"}}}"#,
            "json: cannot unmarshal string into Go struct field QueryDatacenterOptions.Service.Failover.NearestN of type int",
        ),
        (
            r#"{"Template":{"RemoveEmptyTags":1}}"#,
            "json: cannot unmarshal number into Go struct field QueryTemplateOptions.Template.RemoveEmptyTags of type bool",
        ),
    ] {
        let text = format!("Request decode failed: {problem}");
        consul
            .expect("POST", "/v1/query", body, (400, &text))
            .await?;
    }
    Ok(())
}

async fn a_name_is_taken_in_any_case_of_letters(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let query = json!({"Name": "taken", "Service": {"Service": "web"}});
    let id = create(consul, &query).await?;
    for name in ["taken", "TAKEN"] {
        let body = json!({"Name": name, "Service": {"Service": "web"}}).to_string();
        let text = format!("name '{name}' aliases an existing query name");
        consul
            .expect("POST", "/v1/query", body, (500, &text))
            .await?;
    }
    // Its own name is not taken.
    consul
        .ask("PUT", &format!("/v1/query/{id}"), query.to_string())
        .await?;
    let body = json!({"Name": id, "Service": {"Service": "web"}}).to_string();
    let text = format!("name '{id}' aliases an existing query ID");
    consul
        .expect("POST", "/v1/query", body, (500, &text))
        .await?;
    equal("found", found(consul, "Taken").await?.len(), 0)?;
    delete(consul, &id).await
}

async fn names_are_not_ids_and_ids_come_before_names(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let name = "22222222-2222-4333-8444-555555555555";
    let id = create(
        consul,
        &json!({"Name": name, "Service": {"Service": "web"}}),
    )
    .await?;
    let explained = get(consul, &format!("/v1/query/{name}/explain")).await?;
    equal(
        "by name",
        explained["Query"]["ID"].as_str(),
        Some(id.as_str()),
    )?;
    let explained = get(consul, &format!("/v1/query/{}/explain", id.to_uppercase())).await?;
    equal(
        "by id",
        explained["Query"]["ID"].as_str(),
        Some(id.as_str()),
    )?;
    let text = "failed prepared query lookup: index error: UUID must be 36 characters";
    consul
        .expect("GET", "/v1/query/name", "", (500, text))
        .await?;
    let text = format!("Prepared Query lookup failed: {text}");
    consul
        .expect("DELETE", "/v1/query/name", "", (500, &text))
        .await?;
    consul
        .expect("PUT", "/v1/query/name", "{}", (500, &text))
        .await?;
    delete(consul, &id).await
}

async fn a_query_that_does_not_exist_is_not_found(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let none = "33333333-2222-4333-8444-555555555555";
    for target in [
        format!("/v1/query/{none}"),
        format!("/v1/query/{none}/execute"),
        "/v1/query/no-such-name/execute".into(),
        "/v1/query/no-such-name/explain".into(),
    ] {
        let answer = consul
            .expect("GET", &target, "", (404, "Query not found"))
            .await?;
        equal(&target, answer.header("X-Consul-Index"), None)?;
    }
    let text = format!("Cannot modify non-existent prepared query: '{none}'");
    let target = format!("/v1/query/{none}");
    let body = json!({"Name": "x", "Service": {"Service": "web"}}).to_string();
    consul.expect("PUT", &target, body, (500, &text)).await?;
    consul.expect("PUT", &target, "", (500, &text)).await?;
    consul.expect("DELETE", &target, "", (500, &text)).await?;
    let text = "No path to datacenter";
    consul
        .expect("GET", "/v1/query?dc=elsewhere", "", (500, text))
        .await?;
    Ok(())
}

async fn a_query_ends_with_its_session(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let session = consul.session(json!({})).await?;
    let query = json!({"Name": "bound", "Session": session, "Service": {"Service": "web"}});
    let id = create(consul, &query).await?;
    let before = index_of(&consul.send("GET", "/v1/query", "").await?)?;
    consul.destroy(&session).await?;
    let target = format!("/v1/query/{id}");
    equal("status", consul.send("GET", &target, "").await?.status, 404)?;
    let after = index_of(&consul.send("GET", "/v1/query", "").await?)?;
    ensure!(after > before, "{after} after {before}");
    Ok(())
}

async fn a_query_without_a_name_needs_a_session(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let session = consul.session(json!({})).await?;
    let query = json!({"Session": session, "Service": {"Service": "nothing-here"}});
    let ids = [create(consul, &query).await?, create(consul, &query).await?];
    ensure!(ids[0] != ids[1]);
    equal("found", found(consul, &ids[0]).await?.len(), 0)?;
    consul.destroy(&session).await
}

async fn critical_instances_are_never_found(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for status in ["passing", "warning", "critical"] {
        let fields = json!({"Service": "health-q", "Status": status, "Tags": []});
        instance(consul, &format!("hq-{status}"), &fields).await?;
    }
    let all = create(
        consul,
        &json!({"Name": "hq", "Service": {"Service": "HEALTH-q"}}),
    )
    .await?;
    let passing = json!({"Name": "hq-p", "Service": {"Service": "health-q", "OnlyPassing": true}});
    let passing = create(consul, &passing).await?;
    equal(
        "all",
        found(consul, "hq").await?,
        ["hq-passing", "hq-warning"],
    )?;
    equal("passing", found(consul, &passing).await?, ["hq-passing"])?;
    let result = get(consul, "/v1/query/hq/execute").await?;
    equal("service", &result["Service"], &json!("HEALTH-q"))?;
    let checks = result["Nodes"][0]["Checks"].as_array().map(Vec::len);
    equal("checks", checks, Some(1))?;
    let rest = (&result["Datacenter"], &result["Failovers"], &result["DNS"]);
    equal(
        "rest",
        rest,
        (&json!("dc1"), &json!(0), &json!({"TTL": ""})),
    )?;
    equal("mesh", found(consul, "hq?connect=true").await?.len(), 0)?;
    for node in ["hq-passing", "hq-warning", "hq-critical"] {
        consul.deregister(&json!({"Node": node})).await?;
    }
    delete(consul, &all).await?;
    delete(consul, &passing).await
}

async fn checks_can_be_ignored(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let fields = json!({"Service": "ignored-q", "Status": "critical", "Tags": []});
    instance(consul, "iq", &fields).await?;
    for (ignored, count) in [
        (json!(["iq-up"]), 1),
        (json!(["other"]), 0),
        (json!(null), 0),
    ] {
        let service =
            json!({"Service": "ignored-q", "OnlyPassing": true, "IgnoreCheckIDs": ignored});
        let id = create(consul, &json!({"Name": "iq", "Service": service})).await?;
        equal("found", found(consul, "iq").await?.len(), count)?;
        delete(consul, &id).await?;
    }
    consul.deregister(&json!({"Node": "iq"})).await
}

async fn tags_are_required_or_forbidden(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (node, tags) in [
        ("tq-a", json!(["Red", "v1"])),
        ("tq-b", json!(["red"])),
        ("tq-c", json!([])),
    ] {
        let fields = json!({"Service": "tags-q", "Status": "passing", "Tags": tags});
        instance(consul, node, &fields).await?;
    }
    for (tags, expected) in [
        (json!(["red"]), "ab"),
        (json!(["RED", "v1"]), "a"),
        (json!(["red", "!V1"]), "b"),
        (json!(["!red"]), "c"),
        (json!(["!"]), "abc"),
        (json!([""]), ""),
        (json!([]), "abc"),
    ] {
        let service = json!({"Service": "tags-q", "Tags": tags});
        let id = create(consul, &json!({"Name": "tq", "Service": service})).await?;
        let nodes = found(consul, "tq").await?;
        let nodes: String = nodes
            .iter()
            .filter_map(|node| node.strip_prefix("tq-"))
            .collect();
        equal(&tags.to_string(), nodes.as_str(), expected)?;
        delete(consul, &id).await?;
    }
    for node in ["tq-a", "tq-b", "tq-c"] {
        consul.deregister(&json!({"Node": node})).await?;
    }
    Ok(())
}

async fn metadata_of_node_and_service_must_hold(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for node in ["mq-a", "mq-b"] {
        let fields = json!({"Service": "meta-q", "Status": "passing", "Tags": []});
        instance(consul, node, &fields).await?;
    }
    for (service, expected) in [
        (json!({"NodeMeta": {"rack": "mq-a"}}), vec!["mq-a"]),
        (json!({"ServiceMeta": {"on": "mq-b"}}), vec!["mq-b"]),
        (
            json!({"NodeMeta": {"rack": "mq-a"}, "ServiceMeta": {"on": "mq-b"}}),
            vec![],
        ),
        (json!({"NodeMeta": {"rack": "mq-a", "other": ""}}), vec![]),
        (
            json!({"NodeMeta": {}, "ServiceMeta": null}),
            vec!["mq-a", "mq-b"],
        ),
    ] {
        let mut service = service;
        service["Service"] = json!("meta-q");
        let id = create(consul, &json!({"Name": "mq", "Service": service})).await?;
        equal(&service.to_string(), &found(consul, "mq").await?, &expected)?;
        delete(consul, &id).await?;
    }
    consul.deregister(&json!({"Node": "mq-a"})).await?;
    consul.deregister(&json!({"Node": "mq-b"})).await
}

async fn near_sorts_and_limit_cuts(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    for (node, x) in [("nq-a", 0.9), ("nq-b", 0.1), ("nq-c", 0.5)] {
        let fields = json!({"Service": "near-q", "Status": "passing", "Tags": []});
        instance(&consul, node, &fields).await?;
        super::coordinate::place(&consul, &super::coordinate::at(node, x)).await?;
    }
    let service = json!({"Service": "near-q", "Near": "nq-a"});
    create(&consul, &json!({"Name": "nq", "Service": service})).await?;
    for (name, expected) in [
        ("nq", &["nq-a", "nq-c", "nq-b"][..]),
        ("nq?near=nq-b", &["nq-b", "nq-c", "nq-a"]),
        ("nq?near=NQ-B&limit=2", &["nq-b", "nq-c"]),
        ("nq?limit=1", &["nq-a"]),
        ("nq?limit=0", &["nq-a", "nq-c", "nq-b"]),
        ("nq?limit=-1", &["nq-a", "nq-c", "nq-b"]),
    ] {
        equal(name, &in_order(&consul, name).await?[..], expected)?;
    }
    // An agent sets its own coordinate itself; alone, it stays where it began.
    super::coordinate::own(&consul).await?;
    for near in ["nq?near=_agent", "nq?near=_ip"] {
        equal(
            near,
            in_order(&consul, near).await?,
            ["nq-b", "nq-c", "nq-a"],
        )?;
    }
    let headers = [("X-Forwarded-For", "127.0.0.7, 10.0.0.1")];
    let target = "/v1/query/nq/execute?near=_ip";
    let result = consul.send_with("GET", target, &headers).await?.json()?;
    equal(
        "forwarded",
        result["Nodes"][0]["Node"]["Node"].as_str(),
        Some("nq-a"),
    )
}

async fn without_near_the_order_is_random(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let nodes: Vec<_> = (0..8).map(|number| format!("rq-{number}")).collect();
    for node in &nodes {
        let fields = json!({"Service": "random-q", "Status": "passing", "Tags": []});
        instance(consul, node, &fields).await?;
    }
    let id = create(
        consul,
        &json!({"Name": "rq", "Service": {"Service": "random-q"}}),
    )
    .await?;
    let first = in_order(consul, "rq").await?;
    let mut differs = false;
    // That eight instances come in the same order twenty times happens to nobody.
    for _ in 0..20 {
        differs |= in_order(consul, "rq").await? != first;
    }
    ensure!(differs, "always {first:?}");
    equal("all", &found(consul, "rq").await?, &nodes)?;
    for node in &nodes {
        consul.deregister(&json!({"Node": node})).await?;
    }
    delete(consul, &id).await
}

async fn parameters_that_are_wrong_are_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (parameters, status, text) in [
        (
            "limit=x",
            500,
            "Bad limit: strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        (
            "connect=x",
            500,
            "Error parsing 'connect' value: strconv.ParseBool: parsing \"x\": invalid syntax",
        ),
        ("dc=elsewhere", 500, "No path to datacenter"),
        (
            "stale&consistent",
            400,
            "Cannot specify ?stale with ?consistent, conflicting semantics.",
        ),
    ] {
        let target = format!("/v1/query/whatever/execute?{parameters}");
        consul.expect("GET", &target, "", (status, text)).await?;
    }
    Ok(())
}

async fn the_index_of_results_is_always_1(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let id = create(
        consul,
        &json!({"Name": "iq-1", "Service": {"Service": "consul"}}),
    )
    .await?;
    for verb in ["execute", "explain"] {
        let target = format!("/v1/query/iq-1/{verb}?stale");
        let answer = consul.send("GET", &target, "").await?;
        equal("index", index_of(&answer)?, 1)?;
        let consistency = answer.header("X-Consul-Effective-Consistency");
        equal("consistency", consistency, Some("stale"))?;
        equal(
            "level",
            &answer.json()?["ConsistencyLevel"],
            &json!("stale"),
        )?;
    }
    delete(consul, &id).await
}

async fn methods_are_checked_behind_the_name(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let answer = consul.send("PUT", "/v1/query/x/execute", "").await?;
    let allow = (answer.status, answer.header("Allow"));
    equal("execute", allow, (405, Some("GET")))?;
    equal("text", answer.text().as_str(), "method PUT not allowed")?;
    let answer = consul.send("DELETE", "/v1/query", "").await?;
    let allow = (answer.status, answer.header("Allow"));
    equal("all", allow, (405, Some("OPTIONS,GET,POST")))?;
    equal(
        "one",
        consul.send("POST", "/v1/query/x", "").await?.status,
        405,
    )
}

async fn a_blocked_list_sees_a_new_query(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let mut lists = consul.client.prepared_query().watch();
    let before = lists.next().await?.value;
    let query = PreparedQuery::new("watched", "web");
    let id = consul.client.prepared_query().create(&query).await?;
    loop {
        let now = lists.next().await?.value;
        if now.iter().any(|query| query.id == id) {
            break;
        }
    }
    ensure!(before.iter().all(|query| query.id != id));
    consul.client.prepared_query().delete(&id).await?;
    Ok(())
}

async fn the_client_creates_runs_explains_and_deletes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let queries = consul.client.prepared_query();
    // Of its own: other cases put the agent's node into maintenance for a while.
    instance(
        consul,
        "typed-query",
        &json!({"Service": "typed-query", "Status": "passing"}),
    )
    .await?;
    let query = PreparedQuery::new("typed query/é", "typed-query").only_passing();
    let id = queries.create(&query).await?;
    let taken = queries.create(&query).await.err().map(|error| error.kind());
    equal("taken", taken, Some(ErrorKind::AlreadyExists))?;
    let read = queries.read(&id).await?.context("not found")?;
    equal("service", &read.service, &query.service)?;
    let near = QueryOptions::new().with_near("_agent");
    let options = ExecuteOptions::new().with_limit(1).with_query(near);
    let answer = queries.execute_with("typed query/é", &options).await?;
    equal("found", answer.value.nodes.len(), 1)?;
    equal("leader", answer.meta.known_leader, Some(true))?;
    equal(
        "explained",
        queries.explain("TYPED query/é").await?.id,
        id.clone(),
    )?;
    let slower = query.clone().with_tags(["none"]);
    queries.update(&id, &slower).await?;
    equal("updated", queries.execute(&id).await?.nodes.len(), 0)?;
    queries.delete(&id).await?;
    equal("read", queries.read(&id).await?, None)?;
    for refused in [queries.delete(&id).await, queries.update(&id, &query).await] {
        let kind = refused.err().map(|error| error.kind());
        equal("kind", kind, Some(ErrorKind::NotFound))?;
    }
    let kind = queries
        .execute("gone")
        .await
        .err()
        .map(|error| error.kind());
    equal("execute", kind, Some(ErrorKind::NotFound))?;
    let nothing = PreparedQuery::default();
    let kind = queries
        .create(&nothing)
        .await
        .err()
        .map(|error| error.kind());
    equal("nothing", kind, Some(ErrorKind::InvalidArgument))
}
