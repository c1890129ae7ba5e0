//! Templates of prepared queries.

use anyhow::ensure;
use quorate_consul::PreparedQuery;
use serde_json::{Value, json};

use super::prepared_query::{create, delete, get, instance};
use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_template_replaces_what_stands_in_its_texts,
        the_longest_prefix_wins_and_a_name_before_it needs [ALONE],
        there_is_one_template_for_all needs [ALONE],
        empty_tags_are_dropped_if_so_asked,
        expressions_are_computed,
        a_template_that_can_not_be_read_is_refused,
        a_template_is_found_by_name_alone,
        a_prefix_is_found_in_any_case_and_cut_off_in_its_own,
        the_client_makes_templates,
    ]
    .into()
}

fn template(prefix: &str, regexp: &str, service: &Value) -> Value {
    json!({"Name": prefix, "Template": {"Type": "name_prefix_match", "Regexp": regexp},
        "Service": service})
}

async fn explain(consul: &Consul, name: &str) -> anyhow::Result<Value> {
    let mut explained = get(consul, &format!("/v1/query/{name}/explain")).await?;
    Ok(explained["Query"].take())
}

async fn a_template_replaces_what_stands_in_its_texts(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let service = json!({
        "Service": "${match(1)}", "Tags": ["${match(2)}", "!${name.suffix}"], "Near": "${name.prefix}",
        "NodeMeta": {"a": "${name.full}"}, "ServiceMeta": {"${b}": "c${agent.segment}d"},
        "IgnoreCheckIDs": ["${match(7)}x"],
        "Failover": {"NearestN": 1, "Datacenters": ["dc-${match(1)}"]},
    });
    let id = create(consul, &template("t1-", "^t1-(.*?)-([^-]+)$", &service)).await?;
    let explained = explain(consul, "t1-a-b").await?;
    let expected = json!({
        "Service": "a", "Tags": ["b", "!a-b"], "Near": "t1-", "NodeMeta": {"a": "t1-a-b"},
        "ServiceMeta": {"${b}": "cd"}, "IgnoreCheckIDs": ["x"], "OnlyPassing": false, "Connect": false,
        "Failover": {"NearestN": 1, "Datacenters": ["dc-a"]},
    });
    equal("service", &explained["Service"], &expected)?;
    let rest = (&explained["ID"], &explained["Name"]);
    equal("rest", rest, (&json!(id), &json!("t1-")))?;
    let result = get(consul, "/v1/query/t1-some-thing-x/execute").await?;
    equal("executed", &result["Service"], &json!("some-thing"))?;
    // What does not match has no groups.
    let explained = self::explain(consul, "t1-").await?;
    equal("unmatched", &explained["Service"]["Service"], &json!(""))?;
    delete(consul, &id).await
}

async fn the_longest_prefix_wins_and_a_name_before_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    for prefix in ["", "a", "a-b", "a-bcd", "a-c", "é"] {
        let service = json!({"Service": format!("<{prefix}>")});
        create(&consul, &template(prefix, "", &service)).await?;
    }
    create(
        &consul,
        &json!({"Name": "a-b-named", "Service": {"Service": "named"}}),
    )
    .await?;
    for (name, service) in [
        ("x", "<>"),
        ("a", "<a>"),
        ("a-", "<a>"),
        ("a-b", "<a-b>"),
        ("a-bc", "<a-b>"),
        ("a-bcd", "<a-bcd>"),
        ("a-bcdef", "<a-bcd>"),
        ("a-bce", "<a-b>"),
        ("a-c", "<a-c>"),
        ("a-d", "<a>"),
        ("A-BX", "<a-b>"),
        ("%C3%A9x", "<é>"),
        ("%C3%A8", "<>"),
        ("a-b-named", "named"),
        ("a-b-namedx", "<a-b>"),
        ("execute", "<>"),
    ] {
        let explained = explain(&consul, name).await?;
        equal(
            name,
            explained["Service"]["Service"].as_str(),
            Some(service),
        )?;
    }
    Ok(())
}

async fn there_is_one_template_for_all(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let all = template("", "", &json!({"Service": "x${name.full}y"}));
    let id = create(&consul, &all).await?;
    let text = "a query template with an empty name already exists";
    consul
        .expect("POST", "/v1/query", all.to_string(), (500, text))
        .await?;
    consul
        .ask("PUT", &format!("/v1/query/{id}"), all.to_string())
        .await?;
    // Behind no name there is no query; where one could be, it is called like what is asked.
    let result = get(&consul, "/v1/query/execute").await?;
    equal("execute", &result["Service"], &json!("xexecutey"))?;
    let result = get(&consul, "/v1/query/a/b/execute").await?;
    equal("slash", &result["Service"], &json!("xa/by"))?;
    delete(&consul, &id).await?;
    create(&consul, &all).await?;
    Ok(())
}

async fn empty_tags_are_dropped_if_so_asked(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (remove, expected) in [(true, json!(["x"])), (false, json!(["", "x", ""]))] {
        let tags = json!({"Service": "s", "Tags": ["", "${name.suffix}", "${match(1)}"]});
        let mut query = template("t2-", "", &tags);
        query["Template"]["RemoveEmptyTags"] = json!(remove);
        let id = create(consul, &query).await?;
        let explained = explain(consul, "t2-x").await?;
        equal("tags", &explained["Service"]["Tags"], &expected)?;
        delete(consul, &id).await?;
    }
    Ok(())
}

async fn expressions_are_computed(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (text, expected) in [
        ("$${name.full}", "${name.full}"),
        ("$name", "$name"),
        ("$$", "$"),
        ("${ match( 1 + 1 ) }", "x"),
        ("${match(-1)}${match(9)}", ""),
        ("${match(1.9)}", "1"),
        ("${1+2*3}", "9"),
        ("${2-3-4}", "-5"),
        ("${1.5+1}", "2.5"),
        ("${1+1.5}", "2"),
        ("${6/4}${5%2}", "11"),
        ("${\"a${name.full}b\"}", "at3-1-xb"),
        (r#"${"a\"b\n"}"#, "a\"b\n"),
    ] {
        let query = template("t3-", "^t3-(.*)-(.*)$", &json!({"Service": text}));
        let id = create(consul, &query).await?;
        let explained = explain(consul, "t3-1-x").await?;
        equal(
            text,
            explained["Service"]["Service"].as_str(),
            Some(expected),
        )?;
        delete(consul, &id).await?;
    }
    Ok(())
}

async fn a_template_that_can_not_be_read_is_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let with = |service: Value| template("t4-", "", &service);
    for (query, problem) in [
        (
            json!({"Name": "t4-", "Template": {"Type": "x"}, "Service": {"Service": "s"}}),
            "Bad Template.Type 'x'",
        ),
        (
            template("t4-", "(", &json!({"Service": "s"})),
            "Bad Regexp: error parsing regexp: missing closing ): `(`",
        ),
        (
            with(json!({"Service": "${name.full"})),
            "Bad format '${name.full' in Service.Service: parse error: syntax error",
        ),
        (
            with(json!({"Service": "${}"})),
            "Bad format '${}' in Service.Service: parse error: syntax error",
        ),
        (
            with(json!({"Service": "${name}"})),
            "Bad evaluation for '${name}' in Service.Service: 1:3: unknown variable accessed: name",
        ),
        (
            with(json!({"Service": "${foo()}"})),
            "Bad evaluation for '${foo()}' in Service.Service: 1:3: unknown function called: foo",
        ),
        (
            with(json!({"Service": "${match()}"})),
            "Bad evaluation for '${match()}' in Service.Service: 1:3: match: expected 1 arguments, got 0",
        ),
        (
            with(json!({"Service": "${match(\"x\")}"})),
            "Bad evaluation for '${match(\"x\")}' in Service.Service: __builtin_StringToInt: strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
        (
            with(json!({"Service": "s", "Tags": ["a", "${b}"]})),
            "Bad evaluation for '${b}' in Service.Tags[1]: 1:3: unknown variable accessed: b",
        ),
        (
            with(json!({"Service": "s", "NodeMeta": {"k": "${b}"}})),
            "Bad evaluation for '${b}' in Service.NodeMeta[k]: 1:3: unknown variable accessed: b",
        ),
        (
            with(json!({"Service": "s", "Failover": {"Datacenters": ["${b}"]}})),
            "Bad evaluation for '${b}' in Service.Failover.Datacenters[0]: 1:3: unknown variable accessed: b",
        ),
        (
            with(json!({"Service": "é\n${b}"})),
            "Bad evaluation for 'é\n${b}' in Service.Service: 2:4: unknown variable accessed: b",
        ),
    ] {
        let text = format!("failed compiling template: {problem}");
        consul
            .expect("POST", "/v1/query", query.to_string(), (500, &text))
            .await?;
    }
    Ok(())
}

async fn a_template_is_found_by_name_alone(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let id = create(consul, &template("t5-", "", &json!({"Service": "s"}))).await?;
    for verb in ["execute", "explain"] {
        let target = format!("/v1/query/{id}/{verb}");
        let text = "prepared query templates can only be resolved up by name, not by ID";
        consul.expect("GET", &target, "", (500, text)).await?;
    }
    let read = get(consul, &format!("/v1/query/{id}")).await?;
    equal("read", &read[0]["Name"], &json!("t5-"))?;
    delete(consul, &id).await?;
    equal(
        "gone",
        consul
            .send("GET", "/v1/query/t5-x/explain", "")
            .await?
            .status,
        404,
    )
}

async fn a_prefix_is_found_in_any_case_and_cut_off_in_its_own(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let id = create(
        consul,
        &template("T6-", "", &json!({"Service": "${name.suffix}"})),
    )
    .await?;
    for (name, suffix) in [("T6-abc", "abc"), ("t6-abc", "t6-abc"), ("T6-", "")] {
        let explained = explain(consul, name).await?;
        equal(name, explained["Service"]["Service"].as_str(), Some(suffix))?;
    }
    delete(consul, &id).await
}

async fn the_client_makes_templates(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let queries = consul.client.prepared_query();
    let template = PreparedQuery::template("t7-", "${match(1)}")
        .with_regexp("^t7-(.*)$")
        .with_tags(["${match(2)}"])
        .without_empty_tags();
    // Of its own: other cases put the agent's node into maintenance for a while.
    instance(
        consul,
        "t7-node",
        &json!({"Service": "t7-web", "Status": "passing"}),
    )
    .await?;
    let id = queries.create(&template).await?;
    let explained = queries.explain("t7-t7-web").await?;
    ensure!(explained.is_template());
    let service = (
        explained.service.service.as_str(),
        explained.service.tags.as_deref(),
    );
    equal("service", service, ("t7-web", Some(&[][..])))?;
    let found = queries.execute("t7-t7-web").await?;
    ensure!(!found.nodes.is_empty() && found.datacenter == "dc1");
    queries.delete(&id).await?;
    Ok(())
}
