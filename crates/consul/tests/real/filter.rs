//! Every operator of the filter language.

use anyhow::ensure;
use quorate_consul::{Filter, QueryOptions};
use quorate_testkit::trial::Subject;
use serde_json::{Value, json};

use crate::Consul;

/// Registers nodes of this trial; their names start with the trial's own.
async fn register(c: &Subject<Consul>, nodes: &[(&str, Value)]) -> anyhow::Result<String> {
    let start = c.key("").replace('/', "-");
    for (name, meta) in nodes {
        let body = json!({
            "Node": format!("{start}{name}"), "Address": "192.0.2.1", "NodeMeta": meta,
            "Service": {"Service": "web", "Port": 80, "Tags": ["v1", name]},
        });
        let raw = c.client.raw();
        let answer = raw.put("/v1/catalog/register", body.to_string()).await?;
        ensure!(answer.is_success(), "{answer:?}");
    }
    Ok(start)
}

/// The rows of these nodes that the filter keeps, by the ends of their names.
async fn kept(
    c: &Subject<Consul>,
    path: &str,
    start: &str,
    filter: &Filter,
) -> anyhow::Result<Vec<String>> {
    let request = quorate_consul::RawRequest::new(quorate_consul::Method::Get, path)
        .with_options(QueryOptions::new().with_filter(filter));
    let rows: Vec<Value> = c.client.raw().request(request).await?.json()?;
    let names = rows.iter().filter_map(|row| row["Node"].as_str());
    let names = names.filter_map(|name| name.strip_prefix(start));
    Ok(names.map(str::to_owned).collect())
}

pub(crate) async fn every_operator_of_a_filter_decides(c: &Subject<Consul>) -> anyhow::Result<()> {
    let nodes = [
        ("a", json!({"rack": "x", "odd key": "1"})),
        ("b", Value::Null),
    ];
    let start = register(c, &nodes).await?;
    let a = format!("{start}a");
    let node = || Filter::field("Node");
    let meta = || Filter::field("NodeMeta");
    let tags = || Filter::field("ServiceTags");
    let mine = || Filter::field("Node").matches(&format!("^{start}"));
    for (filter, expected) in [
        (node().eq(&a), "a"),
        (node().ne(&a) & mine(), "b"),
        (tags().contains("a"), "a"),
        (tags().not_contains("a") & mine(), "b"),
        (Filter::value("a").is_in("ServiceTags"), "a"),
        (Filter::value("a").is_not_in("ServiceTags") & mine(), "b"),
        (Filter::value("rack").is_in(meta()) & mine(), "a"),
        (meta().is_empty() & mine(), "b"),
        (meta().is_not_empty() & mine(), "a"),
        (node().matches("a$") & mine(), "a"),
        (node().not_matches("a$") & mine(), "b"),
        (meta().key("odd key").eq(1) & mine(), "a"),
        (Filter::field("NodeMeta.rack").eq("x") & mine(), "a"),
        (Filter::field("ServicePort").eq(80) & mine(), "ab"),
        (Filter::field("ServicePort").ne(80) & mine(), ""),
        (
            Filter::field("ServiceEnableTagOverride").eq(false) & mine(),
            "ab",
        ),
        (!node().eq(&a) & mine(), "b"),
        ((node().eq(&a) | tags().contains("b")) & mine(), "ab"),
        (!(node().eq(&a) | tags().contains("b")) & mine(), ""),
        (!(node().eq(&a) & tags().contains("b")) & mine(), "ab"),
        (node().eq(&a) | (node().eq("none") & mine()), "a"),
        (
            Filter::raw("ServicePort == 80 or ServicePort == 81") & !node().eq(&a) & mine(),
            "b",
        ),
    ] {
        let kept = kept(c, "/v1/catalog/service/web", &start, &filter).await?;
        ensure!(kept.concat() == expected, "{filter}: {kept:?}");
    }
    Ok(())
}

pub(crate) async fn any_text_can_stand_in_a_filter(c: &Subject<Consul>) -> anyhow::Result<()> {
    let texts = [
        "",
        "\"",
        "\" or Node != \"",
        "\\",
        "a\\\"",
        "`",
        "\n\r\t",
        "\u{1}\u{7f}",
        "é漢🦀",
        "\u{fffd}\u{feff}\u{2028}",
        "not",
        "a.b[c]",
        "%41+&",
    ];
    let nodes = texts.iter().enumerate();
    let nodes: Vec<_> = nodes.map(|(at, text)| (at.to_string(), *text)).collect();
    let bodies: Vec<_> = nodes
        .iter()
        .map(|(name, text)| (name.as_str(), json!({"any": text})))
        .collect();
    let start = register(c, &bodies).await?;
    for (name, text) in &nodes {
        let filter = Filter::field("Meta").key("any").eq(*text)
            & Filter::field("Node").matches(&format!("^{start}"));
        let kept = kept(c, "/v1/catalog/nodes", &start, &filter).await?;
        ensure!(kept == [name.clone()], "{text:?}: {filter}: {kept:?}");
    }
    Ok(())
}

pub(crate) async fn a_filter_that_makes_no_sense_is_an_invalid_argument(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    for filter in [
        Filter::raw("Node =="),
        Filter::field("Bogus").eq(1),
        Filter::field("Node == 1 or Node").eq("x"),
        Filter::field("Node").key("x").eq("x"),
    ] {
        let options = QueryOptions::new().with_filter(&filter);
        let request =
            quorate_consul::RawRequest::new(quorate_consul::Method::Get, "/v1/catalog/nodes");
        let answer = c
            .client
            .raw()
            .request(request.with_options(options))
            .await?;
        let error = answer.json::<Value>().expect_err("refused");
        ensure!(
            error.kind() == quorate_consul::ErrorKind::InvalidArgument,
            "{filter}: {error}"
        );
    }
    Ok(())
}
