//! Filter expressions.

use anyhow::ensure;
use quorate_consul::{Method, QueryOptions, RawRequest};
use quorate_wire::consul::path::encode_segment;
use serde_json::{Value, json};

use super::target::Consul;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_filter_keeps_the_nodes_that_it_is_true_of,
        a_filter_keeps_the_services_of_a_node,
        a_filter_keeps_checks,
        a_malformed_filter_is_refused_with_the_place,
        a_filter_that_does_not_fit_is_refused_with_the_selector,
        a_regular_expression_is_refused_in_gos_words,
        an_empty_filter_is_none,
        a_refused_filter_carries_the_headers_of_a_read,
        the_client_filters_and_names_what_is_wrong,
    ]
    .into()
}

async fn filtered(consul: &Consul, path: &str, expression: &str) -> anyhow::Result<Value> {
    let target = format!("/v1/{path}?filter={}", encode_segment(expression));
    Ok(serde_json::from_str(
        &consul.ask("GET", &target, "").await?,
    )?)
}

async fn refused(consul: &Consul, expression: &str, problem: &str) -> anyhow::Result<()> {
    let target = format!("/v1/catalog/nodes?filter={}", encode_segment(expression));
    let text = format!("Failed to create boolean expression evaluator: {problem}");
    consul.expect("GET", &target, "", (500, &text)).await?;
    Ok(())
}

async fn register(consul: &Consul, body: &Value) -> anyhow::Result<()> {
    let target = "/v1/catalog/register";
    let answer = consul.ask("PUT", target, body.to_string()).await?;
    equal("registered", answer.as_str(), "true")
}

async fn a_filter_keeps_the_nodes_that_it_is_true_of(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (node, rack) in [("filter-a", "1"), ("filter-b", "2"), ("filter-c", "")] {
        let meta = if rack.is_empty() {
            json!({})
        } else {
            json!({"rack": rack, "a.b": "c"})
        };
        let body = json!({"Node": node, "Address": "127.0.0.8", "NodeMeta": meta,
            "TaggedAddresses": {"lan": "127.0.0.8"}});
        register(consul, &body).await?;
    }
    for (expression, expected) in [
        ("Node == `filter-a`", "a"),
        ("Node != `filter-a`", "bc"),
        ("Node matches `filter-[ab]$`", "ab"),
        ("Node not matches `filter-[ab]$`", "c"),
        ("Node contains `er-c`", "c"),
        ("`er-c` not in Node", "ab"),
        ("Meta is empty", "c"),
        ("Meta is not empty", "ab"),
        ("rack in Meta", "ab"),
        ("Meta not contains rack", "c"),
        ("Meta.rack == 1", "a"),
        ("Meta[\"a.b\"] == c and Meta.rack == 2", "b"),
        // What is not there is not equal to anything, and yet matches.
        ("Meta.rack != 1", "bc"),
        ("Meta.rack matches 1", "ac"),
        ("Meta.rack not matches 1", "bc"),
        ("2 in Meta.rack", "b"),
        ("2 not in Meta.rack", "ac"),
        ("TaggedAddresses.lan == \"127.0.0.8\"", "abc"),
        ("TaggedAddresses.wan == \"127.0.0.8\"", ""),
        ("not Meta.rack == 1", "bc"),
        ("not (Meta.rack == 1 or Meta is empty)", "b"),
        (
            "Meta.rack == 1 or Meta.rack == 2 and Node == `filter-a`",
            "a",
        ),
        (
            "(Meta.rack == 1 or Meta.rack == 2) and Node == `filter-b`",
            "b",
        ),
        ("Datacenter == dc1 and ID == \"\"", "abc"),
    ] {
        let whole = format!("Node matches `^filter-.$` and ({expression})");
        let nodes = filtered(consul, "catalog/nodes", &whole).await?;
        let names = nodes.as_array().into_iter().flatten();
        let names = names.filter_map(|node| node["Node"].as_str()?.strip_prefix("filter-"));
        equal(expression, names.collect::<String>().as_str(), expected)?;
    }
    for node in ["filter-a", "filter-b", "filter-c"] {
        consul.deregister(&json!({"Node": node})).await?;
    }
    Ok(())
}

async fn a_filter_keeps_the_services_of_a_node(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (id, port, tags) in [("x", 80, json!(["one", "two"])), ("y", 0, json!([]))] {
        let body = json!({"Node": "filtered", "Address": "127.0.0.8", "Service":
            {"ID": id, "Service": "web", "Port": port, "Tags": tags, "Meta": {"v": id}}});
        register(consul, &body).await?;
    }
    for (expression, expected) in [
        ("Service == web", "xy"),
        ("ID == x", "x"),
        ("Port == 80", "x"),
        ("Port == \"0x50\"", "x"),
        ("Port != 80", "y"),
        ("one in Tags", "x"),
        ("Tags contains on", ""),
        ("Tags is empty", "y"),
        ("EnableTagOverride == false", "xy"),
        ("EnableTagOverride != 0", ""),
        ("Weights.Passing == 1", "xy"),
        ("Meta.v == y", "y"),
        ("Connect.Native == true", ""),
        ("Proxy.Upstreams is empty", "xy"),
        ("Proxy.Upstreams.DestinationName != a", ""),
    ] {
        let node = filtered(consul, "catalog/node/filtered", expression).await?;
        equal("node", node["Node"]["Node"].as_str(), Some("filtered"))?;
        let ids = node["Services"].as_object().into_iter().flatten();
        let ids: String = ids.map(|(id, _)| id.as_str()).collect();
        equal(expression, ids.as_str(), expected)?;
    }
    consul.deregister(&json!({"Node": "filtered"})).await
}

async fn a_filter_keeps_checks(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let checks = [("fc-a", "passing"), ("fc-b", "warning")];
    consul.register("filter-checks", &checks).await?;
    for (expression, expected) in [
        ("CheckID == `fc-a`", vec!["fc-a"]),
        ("Status != passing", vec!["fc-b"]),
        ("Name matches `^fc-`", vec!["fc-a", "fc-b"]),
        (
            "ServiceTags is empty and ServiceID == \"\"",
            vec!["fc-a", "fc-b"],
        ),
        ("Type != \"\"", vec![]),
    ] {
        let whole = format!("Node == `filter-checks` and {expression}");
        for path in ["health/state/any", "health/node/filter-checks"] {
            let checks = filtered(consul, path, &whole).await?;
            let ids = checks.as_array().into_iter().flatten();
            let ids: Vec<_> = ids.filter_map(|check| check["CheckID"].as_str()).collect();
            equal(expression, &ids, &expected)?;
        }
    }
    consul.deregister(&json!({"Node": "filter-checks"})).await
}

async fn a_malformed_filter_is_refused_with_the_place(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (expression, problem) in [
        (
            "Node",
            r#"1:5 (4): no match found, expected: "!=", ".", "==", "[", [ \t\r\n] or [a-zA-Z0-9_]"#,
        ),
        (
            "Node == x y",
            r#"1:11 (10): no match found, expected: "and", "or", [ \t\r\n] or EOF"#,
        ),
        (
            "Node ==\n\n",
            r#"3:1 (9): no match found, expected: "-", "0", "\"", "`", [ \t\r\n], [1-9] or [a-zA-Z]"#,
        ),
        (
            "é",
            r#"1:1 (0): no match found, expected: "(", "-", "0", "\"", "`", "not", [ \t\r\n], [1-9] or [a-zA-Z]"#,
        ),
        (
            "(Node == x",
            r#"1:11 (10): rule "grouping": Unmatched parentheses"#,
        ),
        (
            "Node == 01",
            r#"1:10 (9): rule "number": Invalid number literal"#,
        ),
        ("Node[x] == 1", r#"1:6 (5): rule "index": Invalid index"#),
        ("1 in 2", r#"1:6 (5): rule "match": Invalid selector"#),
        (
            r#"Node == "\q""#,
            r#"1:9 (8): rule "string": invalid syntax"#,
        ),
        (
            "Meta[\"x == 1",
            "1:13 (12): rule \"string\": Unterminated string literal\n1:6 (5): rule \"index\": Invalid index",
        ),
    ] {
        refused(consul, expression, problem).await?;
    }
    Ok(())
}

async fn a_filter_that_does_not_fit_is_refused_with_the_selector(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (expression, problem) in [
        ("Foo.Bar == 1", r#"Selector "Foo" is not valid"#),
        ("node == 1", r#"Selector "node" is not valid"#),
        ("Meta.a.b == 1", r#"Selector "Meta.a.b" is not valid"#),
        (
            "Node is empty",
            r#"Invalid match operator "Is Empty" for selector "Node""#,
        ),
        (
            "Meta == x",
            r#"Invalid match operator "Equal" for selector "Meta""#,
        ),
    ] {
        refused(consul, expression, problem).await?;
    }
    let target = format!(
        "/v1/catalog/node/x?filter={}",
        encode_segment("Port == abc")
    );
    let text = r#"Failed to create boolean expression evaluator: Failed to coerce value "abc" for selector "Port": strconv.ParseInt: parsing "abc": invalid syntax"#;
    consul.expect("GET", &target, "", (500, text)).await?;
    Ok(())
}

async fn a_regular_expression_is_refused_in_gos_words(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (pattern, problem) in [
        ("(", "missing closing ): `(`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
    ] {
        let problem = format!(
            "Failed to compile regular expression \"{pattern}\": error parsing regexp: {problem}"
        );
        refused(consul, &format!("Node matches \"{pattern}\""), &problem).await?;
    }
    Ok(())
}

async fn an_empty_filter_is_none(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let nodes = filtered(consul, "catalog/nodes", "").await?;
    let mut nodes = nodes.as_array().into_iter().flatten();
    ensure!(nodes.any(|node| node["Node"] == consul.node()));
    Ok(())
}

async fn a_refused_filter_carries_the_headers_of_a_read(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let answer = consul.send("GET", "/v1/catalog/nodes?filter=x", "").await?;
    equal("status", answer.status, 500)?;
    equal("index", answer.header("X-Consul-Index"), Some("1"))?;
    equal(
        "leader",
        answer.header("X-Consul-KnownLeader"),
        Some("false"),
    )?;
    let consistency = answer.header("X-Consul-Effective-Consistency");
    equal("consistency", consistency, None)
}

async fn the_client_filters_and_names_what_is_wrong(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let ask = async |expression: String| {
        let options = QueryOptions::new().with_filter(expression);
        let request = RawRequest::new(Method::Get, "/v1/catalog/nodes");
        consul
            .client
            .raw()
            .request(request.with_options(options))
            .await
    };
    let own = ask(format!("Node == \"{}\"", consul.node())).await?;
    let nodes: Vec<Value> = serde_json::from_slice(&own.body)?;
    equal("nodes", nodes.len(), 1)?;
    let refused = ask("Nodes == x".into()).await?;
    let text = String::from_utf8_lossy(&refused.body).into_owned();
    ensure!(
        refused.status == 500 && text.contains("\"Nodes\""),
        "{text}"
    );
    Ok(())
}
