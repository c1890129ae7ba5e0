//! Answers byte for byte, and their headers.

use anyhow::ensure;

use super::target::{ALONE, Etcd, number};
use super::world::World;
use crate::cases;
use crate::exchange::Answer;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        an_event_has_its_fields_in_their_order,
        a_directory_has_neither_value_nor_empty_nodes,
        html_and_control_characters_are_escaped_as_go_does,
        the_root_has_neither_key_nor_indexes needs [ALONE],
        an_error_has_four_fields_and_a_line_feed,
        the_headers_of_a_key_are_those_of_the_store,
        an_error_of_a_key_has_its_index_alone,
        a_refused_method_names_those_that_are_allowed,
        a_head_is_a_get_without_its_body,
        everyone_may_ask_from_everywhere,
        more_than_ten_million_bytes_are_refused,
        two_million_bytes_are_a_value,
    ]
    .into()
}

/// The body with its indexes in letters: what was written, and what the answer must be.
fn body(world: &World<'_>, answer: &Answer, expected: &str) -> anyhow::Result<()> {
    let node = answer.json()?["node"].clone();
    let (modified, created) = (&node["modifiedIndex"], &node["createdIndex"]);
    let directory = world.key("");
    let expected = expected
        .replace("'", "\"")
        .replace("DIR/", &directory)
        .replace("M", &modified.to_string())
        .replace("C", &created.to_string());
    equal("body", answer.text(), format!("{expected}\n"))
}

async fn an_event_has_its_fields_in_their_order(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let first = world.send("PUT f value=1").await?;
    body(
        &world,
        &first,
        "{'action':'set','node':{'key':'DIR/f','value':'1','modifiedIndex':M,'createdIndex':C}}",
    )?;
    let second = world.send("PUT f value=2&ttl=1000").await?;
    let (was, node) = (
        first.json()?["node"].clone(),
        second.json()?["node"].clone(),
    );
    let (expiration, before) = (&node["expiration"], &was["modifiedIndex"]);
    let ttl = &node["ttl"];
    let expected = format!(
        "{{'action':'set','node':{{'key':'DIR/f','value':'2','expiration':{expiration},'ttl':{ttl},'modifiedIndex':M,'createdIndex':C}},'prevNode':{{'key':'DIR/f','value':'1','modifiedIndex':{before},'createdIndex':{before}}}}}"
    );
    // The time has letters of its own.
    let expected = expected
        .replace("'expiration':\"", "'expiration':'")
        .replace("Z\",", "Z',");
    body(&world, &second, &expected)?;
    let gone = world.send("DELETE f").await?;
    let text = gone.text();
    ensure!(
        text.starts_with("{\"action\":\"delete\",\"node\":{\"key\":"),
        "{text}"
    );
    ensure!(gone.json()?["node"].get("value").is_none(), "{text}");
    ensure!(
        text.contains(",\"prevNode\":{\"key\":") && text.ends_with("}}\n"),
        "{text}"
    );
    Ok(())
}

async fn a_directory_has_neither_value_nor_empty_nodes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    world.send("PUT d dir=true").await?;
    let empty = world.send("GET d").await?;
    body(
        &world,
        &empty,
        "{'action':'get','node':{'key':'DIR/d','dir':true,'modifiedIndex':M,'createdIndex':C}}",
    )?;
    let file = world.send("PUT d/f value=1").await?.json()?["node"]["modifiedIndex"].clone();
    let full = world.send("GET d").await?;
    let expected = "{'action':'get','node':{'key':'DIR/d','dir':true,'nodes':[{'key':'DIR/d/f','value':'1','modifiedIndex':F,'createdIndex':F}],'modifiedIndex':M,'createdIndex':C}}";
    body(&world, &full, &expected.replace('F', &file.to_string()))
}

async fn html_and_control_characters_are_escaped_as_go_does(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let form = "PUT f value=%0A%09%22%5C%3C%3E%26%00%7F%08%0C%E2%80%A8%E2%80%A9%C3%A9";
    let answer = world.send(form).await?;
    let value = r#""value":"\n\t\"\\\u003c\u003e\u0026\u0000"#;
    ensure!(answer.text().contains(value), "{}", answer.text());
    let rest = "\\u2028\\u2029\u{e9}\",";
    ensure!(answer.text().contains(rest), "{}", answer.text());
    let node = etcd.client.keys().get(&world.key("f")).await?;
    let value = node.and_then(|node| node.value);
    equal(
        "value",
        value.as_deref(),
        Some("\n\t\"\\<>&\0\u{7f}\u{8}\u{c}\u{2028}\u{2029}\u{e9}"),
    )
}

async fn the_root_has_neither_key_nor_indexes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    for path in ["/v2/keys", "/v2/keys/", "/v2/keys/?recursive=true"] {
        let text = etcd.read(path).await?.text();
        equal(
            path,
            text.as_str(),
            "{\"action\":\"get\",\"node\":{\"dir\":true}}\n",
        )?;
    }
    etcd.write("/v2/keys/f", "value=1").await?;
    let text = etcd.read("/v2/keys").await?.text();
    let start = "{\"action\":\"get\",\"node\":{\"dir\":true,\"nodes\":[{\"key\":\"/f\",";
    ensure!(text.starts_with(start), "{text}");
    Ok(())
}

async fn an_error_has_four_fields_and_a_line_feed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let answer = world.send("GET nothing").await?;
    let index = number(&answer, "X-Etcd-Index")?;
    let key = world.key("nothing");
    let expected = format!(
        "{{\"errorCode\":100,\"message\":\"Key not found\",\"cause\":\"{key}\",\"index\":{index}}}\n"
    );
    equal("body", answer.text(), expected)?;
    let answer = world.send("GET nothing?wait=x").await?;
    let expected = "{\"errorCode\":209,\"message\":\"Invalid field\",\"cause\":\"invalid value for \\\"wait\\\"\",\"index\":0}\n";
    equal("body", answer.text().as_str(), expected)
}

async fn the_headers_of_a_key_are_those_of_the_store(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let written = world.send("PUT f value=1").await?;
    let index = written.json()?["node"]["modifiedIndex"].as_u64();
    equal(
        "the index of a write",
        Some(number(&written, "X-Etcd-Index")?),
        index,
    )?;
    for line in [
        "PUT f value=2",
        "GET f",
        "GET f?quorum=true",
        "POST q value=1",
        "DELETE f",
    ] {
        let answer = world.send(line).await?;
        equal(
            line,
            answer.header("Content-Type"),
            Some("application/json"),
        )?;
        let id = answer.header("X-Etcd-Cluster-Id").unwrap_or_default();
        ensure!(u64::from_str_radix(id, 16).is_ok(), "{line}: {id}");
        equal(line, Some(id), written.header("X-Etcd-Cluster-Id"))?;
        for header in ["X-Etcd-Index", "X-Raft-Index", "X-Raft-Term"] {
            ensure!(number(&answer, header)? > 0, "{line}: {header}");
        }
    }
    Ok(())
}

async fn an_error_of_a_key_has_its_index_alone(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    for (line, known) in [("GET nothing", true), ("GET nothing?wait=x", false)] {
        let answer = world.send(line).await?;
        equal(
            line,
            answer.header("Content-Type"),
            Some("application/json"),
        )?;
        equal(line, number(&answer, "X-Etcd-Index")? > 0, known)?;
        ensure!(answer.header("X-Etcd-Cluster-Id").is_some(), "{line}");
        equal(line, answer.header("X-Raft-Index"), None)?;
        equal(line, answer.header("X-Raft-Term"), None)?;
    }
    Ok(())
}

async fn a_refused_method_names_those_that_are_allowed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    for (method, target, allowed) in [
        ("PATCH", "/v2/keys/f", "HEAD,GET,PUT,POST,DELETE"),
        ("HEAD", "/v2/members", "GET,POST,DELETE,PUT"),
        ("PUT", "/v2/machines", "GET,HEAD"),
        ("POST", "/v2/stats/self", "GET"),
        ("PUT", "/v2/stats/store", "GET"),
        ("PUT", "/v2/stats/leader", "GET"),
        ("POST", "/version", "GET"),
        ("POST", "/health", "GET"),
        ("POST", "/v2/auth/enable", "GET,PUT,DELETE"),
        ("POST", "/v2/auth/users", "GET"),
        ("POST", "/v2/auth/users/u", "GET,PUT,DELETE"),
        ("POST", "/v2/auth/roles", "GET"),
        ("POST", "/v2/auth/roles/r", "GET,PUT,DELETE"),
    ] {
        let answer = etcd.send(method, target, &[], "").await?;
        equal(target, answer.status, 405)?;
        equal(target, answer.header("Allow"), Some(allowed))?;
        let kind = "text/plain; charset=utf-8";
        equal(target, answer.header("Content-Type"), Some(kind))?;
    }
    Ok(())
}

async fn a_head_is_a_get_without_its_body(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    world.send("PUT f value=1").await?;
    for name in ["f", "nothing", "f?quorum=true", "f?recursive=x"] {
        let head = world.send(&format!("HEAD {name}")).await?;
        let get = world.send(&format!("GET {name}")).await?;
        equal(name, head.status, get.status)?;
        equal(name, head.body.len(), 0)?;
        let length = get.body.len().to_string();
        equal(name, head.header("Content-Length"), Some(length.as_str()))?;
    }
    Ok(())
}

async fn everyone_may_ask_from_everywhere(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    for (method, target) in [
        ("GET", "/v2/keys/"),
        ("OPTIONS", "/v2/keys/"),
        ("PATCH", "/v2/keys/"),
    ] {
        let answer = etcd.send(method, target, &[], "").await?;
        equal(
            method,
            answer.header("Access-Control-Allow-Origin"),
            Some("*"),
        )?;
        let methods = answer.header("Access-Control-Allow-Methods");
        equal(method, methods, Some("POST, GET, OPTIONS, PUT, DELETE"))?;
        let headers = answer.header("Access-Control-Allow-Headers");
        equal(method, headers, Some("accept, content-type, authorization"))?;
    }
    Ok(())
}

async fn more_than_ten_million_bytes_are_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let value = "v".repeat(10 << 20);
    let told = world.ask(&format!("PUT f value={value}")).await?;
    let expected = "400 210 Invalid POST form (http: POST too large) at 0";
    equal("answer", told.as_str(), expected)
}

async fn two_million_bytes_are_a_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let (keys, key, value) = (etcd.client.keys(), world.key("f"), "v".repeat(2_000_000));
    keys.set(&key, &value).await?;
    let node = keys.get(&key).await?;
    ensure!(node.and_then(|node| node.value) == Some(value));
    keys.delete(&key).await?;
    Ok(())
}
