//! What stands around every request: methods, paths, headers, encodings, limits.

use std::io::Read as _;

use anyhow::ensure;
use flate2::read::GzDecoder;

use super::target::{Consul, kv};
use crate::cases;
use crate::exchange::request;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c38_whoever_accepts_gzip_gets_gzip,
        wrong_verbs_are_405_with_allow,
        head_is_405_everywhere,
        options_lists_the_verbs,
        paths_are_cleaned_by_a_redirect,
        a_redirected_put_writes_nothing,
        unprintable_characters_in_a_path_are_400,
        unknown_paths_are_404_without_a_body,
        pretty_indents_every_json,
        a_value_over_512_kib_is_413,
        a_declared_length_over_512_kib_is_413_before_the_body,
        json_is_json_and_errors_are_text,
        writes_have_no_index_and_reads_have_all_headers,
        the_content_type_of_a_request_does_not_matter,
        one_connection_carries_many_requests,
        requests_may_follow_each_other_without_waiting,
        an_unknown_datacenter_and_a_namespace_are_refused,
        the_own_datacenter_can_be_named,
        the_key_of_a_put_may_be_long,
    ]
    .into()
}

async fn c38_whoever_accepts_gzip_gets_gzip(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v".repeat(3000)).await?;
    for target in [
        kv(&key),
        format!("{}?raw", kv(&key)),
        "/v1/session/list".to_owned(),
    ] {
        let plain = consul.send("GET", &target, "").await?;
        equal("plain", plain.header("Content-Encoding"), None)?;
        equal("vary", plain.header("Vary"), Some("Accept-Encoding"))?;
        let packed = consul
            .send_with("GET", &target, &[("Accept-Encoding", "gzip")])
            .await?;
        equal(&target, packed.header("Content-Encoding"), Some("gzip"))?;
        equal("vary", packed.header("Vary"), Some("Accept-Encoding"))?;
        equal(
            "type",
            packed.header("Content-Type"),
            plain.header("Content-Type"),
        )?;
        if target.contains("session") {
            continue; // Others create sessions meanwhile.
        }
        let mut body = Vec::new();
        GzDecoder::new(&packed.body[..]).read_to_end(&mut body)?;
        ensure!(body == plain.body, "{target} unpacks to something else");
    }
    for refusal in ["gzip;q=0", "identity", "br"] {
        let answer = consul
            .send_with("GET", &kv(&key), &[("Accept-Encoding", refusal)])
            .await?;
        equal(refusal, answer.header("Content-Encoding"), None)?;
    }
    Ok(())
}

async fn wrong_verbs_are_405_with_allow(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (method, path, allow) in [
        ("POST", "/v1/kv/k", "OPTIONS,GET,PUT,DELETE"),
        ("PATCH", "/v1/kv/k", "OPTIONS,GET,PUT,DELETE"),
        ("GET", "/v1/txn", "OPTIONS,PUT"),
        ("POST", "/v1/txn", "OPTIONS,PUT"),
        ("GET", "/v1/session/create", "OPTIONS,PUT"),
        ("DELETE", "/v1/session/destroy/x", "OPTIONS,PUT"),
        ("GET", "/v1/session/renew/x", "OPTIONS,PUT"),
        ("PUT", "/v1/session/info/x", "OPTIONS,GET"),
        ("PUT", "/v1/session/list", "OPTIONS,GET"),
        ("PUT", "/v1/session/node/x", "OPTIONS,GET"),
        ("PUT", "/v1/status/leader", "OPTIONS,GET"),
        ("PUT", "/v1/status/peers", "OPTIONS,GET"),
        ("PUT", "/v1/agent/self", "OPTIONS,GET"),
        ("PUT", "/v1/catalog/nodes", "OPTIONS,GET"),
    ] {
        let text = format!("method {method} not allowed");
        let answer = consul.expect(method, path, "", (405, &text)).await?;
        equal(path, answer.header("Allow"), Some(allow))?;
        let kind = answer.header("Content-Type");
        equal(path, kind, Some("text/plain; charset=utf-8"))?;
    }
    Ok(())
}

async fn head_is_405_everywhere(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    for path in [
        kv(&key),
        "/v1/status/leader".into(),
        "/v1/session/list".into(),
        "/v1/txn".into(),
    ] {
        let answer = consul.send("HEAD", &path, "").await?;
        equal(&path, (answer.status, answer.body.len()), (405, 0))?;
        ensure!(
            answer
                .header("Allow")
                .is_some_and(|allow| allow.starts_with("OPTIONS,"))
        );
    }
    Ok(())
}

async fn options_lists_the_verbs(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (path, allow) in [
        ("/v1/kv/k", "OPTIONS,GET,PUT,DELETE"),
        ("/v1/txn", "OPTIONS,PUT"),
        ("/v1/session/create", "OPTIONS,PUT"),
        ("/v1/session/list", "OPTIONS,GET"),
        ("/v1/status/peers", "OPTIONS,GET"),
    ] {
        let answer = consul.expect("OPTIONS", path, "", (200, "")).await?;
        equal(path, answer.header("Allow"), Some(allow))?;
    }
    Ok(())
}

async fn paths_are_cleaned_by_a_redirect(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (path, clean) in [
        ("/v1/kv/a//b", "/v1/kv/a/b"),
        ("/v1/kv/a/../b?raw", "/v1/kv/b?raw"),
        ("/v1/kv/a/./b", "/v1/kv/a/b"),
        ("/v1/kv/a%2F%2Fb", "/v1/kv/a/b"),
        ("/v1/kv/%2Fa", "/v1/kv/a"),
        ("/v1/kv/a%2F..%2Fb", "/v1/kv/b"),
        ("//v1/kv/a", "/v1/kv/a"),
        ("/v1/../v1/kv/a", "/v1/kv/a"),
        ("/v1/kv/a///?keys", "/v1/kv/a/?keys"),
        ("/v1/kv/../../..", "/"),
    ] {
        let answer = consul.send("GET", path, "").await?;
        equal(path, answer.status, 301)?;
        equal(path, answer.header("Location"), Some(clean))?;
        let page = format!("<a href=\"{clean}\">Moved Permanently</a>.\n\n");
        equal(path, answer.text(), page)?;
    }
    Ok(())
}

async fn a_redirected_put_writes_nothing(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let target = kv(&consul.key("a")) + "//b";
    for method in ["PUT", "DELETE"] {
        let answer = consul.expect(method, &target, "v", (301, "")).await?;
        let clean = kv(&consul.key("a/b"));
        equal(method, answer.header("Location"), Some(clean.as_str()))?;
    }
    equal(
        "keys",
        consul.client.kv().keys(consul.prefix(), None).await?.len(),
        0,
    )
}

async fn unprintable_characters_in_a_path_are_400(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for character in [
        "%0A",
        "%09",
        "%00",
        "%7F",
        "%1F",
        "%C2%85",
        "%E2%80%A8",
        "%C2%A0",
        "%E2%80%8B",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let target = format!("{}{character}", kv(&consul.key("a")));
            consul.expect(method, &target, "", (400, "")).await?;
        }
    }
    Ok(())
}

async fn unknown_paths_are_404_without_a_body(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (method, path) in [
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/nothing"),
        ("GET", "/v2/kv/a"),
        ("GET", "/v1/txn/"),
    ] {
        consul.expect(method, path, "", (404, "")).await?;
    }
    Ok(())
}

async fn pretty_indents_every_json(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "<v>").await?;
    let entry = consul.entry(&key).await?;
    let index = entry.modify_index;
    let expected = format!(
        "[\n    {{\n        \"LockIndex\": 0,\n        \"Key\": \"{key}\",\n        \"Flags\": 0,\n        \
         \"Value\": \"PHY+\",\n        \"CreateIndex\": {index},\n        \"ModifyIndex\": {index}\n    }}\n]"
    );
    let target = format!("{}?pretty", kv(&key));
    equal("entry", consul.ask("GET", &target, "").await?, expected)?;
    let target = format!("{}?keys&pretty", kv(&key));
    equal(
        "keys",
        consul.ask("GET", &target, "").await?,
        format!("[\n    \"{key}\"\n]"),
    )?;
    let written = consul
        .ask("PUT", &format!("{}?pretty", kv(&key)), "")
        .await?;
    equal("a flag", written, "true")?;
    let none = consul
        .ask("GET", "/v1/session/node/nobody?pretty", "")
        .await?;
    equal("an empty list", none, "[]")
}

async fn a_value_over_512_kib_is_413(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let text = "Request body(524289 bytes) too large, max size: 524288 bytes. See \
                https://www.consul.io/docs/agent/options.html#kv_max_value_size.";
    let body = vec![b'x'; 512 * 1024 + 1];
    consul.expect("PUT", &kv(&key), body, (413, text)).await?;
    equal(
        "nothing is written",
        consul.client.kv().get(&key).await?,
        None,
    )
}

async fn a_declared_length_over_512_kib_is_413_before_the_body(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for target in [kv(&consul.key("k")), "/v1/txn".to_owned()] {
        let head = format!("PUT {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
        let answer = consul.exchange(head.as_bytes()).await?;
        equal(&target, answer.status, 413)?;
        ensure!(
            answer
                .text()
                .starts_with("Request body(10000000 bytes) too large")
        );
        equal(
            "the connection ends",
            answer.header("Connection"),
            Some("close"),
        )?;
    }
    Ok(())
}

async fn json_is_json_and_errors_are_text(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let text = Some("text/plain; charset=utf-8");
    for (method, target, kind) in [
        ("PUT", kv(&key), Some("application/json")),
        ("GET", kv(&key), Some("application/json")),
        (
            "GET",
            format!("{}?keys", kv(&key)),
            Some("application/json"),
        ),
        ("DELETE", kv(&key), Some("application/json")),
        ("GET", kv(&key), None),
        (
            "GET",
            "/v1/session/list".to_owned(),
            Some("application/json"),
        ),
        (
            "GET",
            "/v1/status/leader".to_owned(),
            Some("application/json"),
        ),
        ("PUT", "/v1/session/create?dc=mars".to_owned(), text),
        ("GET", "/v1/kv/".to_owned(), text),
        ("PUT", format!("{}?cas=x", kv(&key)), text),
    ] {
        let answer = consul.send(method, &target, "").await?;
        equal(
            &format!("{method} {target}"),
            answer.header("Content-Type"),
            kind,
        )?;
    }
    Ok(())
}

async fn writes_have_no_index_and_reads_have_all_headers(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    let write = consul.send("PUT", &kv(&key), "v").await?;
    for name in [
        "X-Consul-Index",
        "X-Consul-KnownLeader",
        "X-Consul-LastContact",
    ] {
        equal(name, write.header(name), None)?;
    }
    for target in [
        kv(&key),
        "/v1/session/list".into(),
        "/v1/catalog/nodes".into(),
    ] {
        let read = consul.send("GET", &target, "").await?;
        ensure!(super::target::index_of(&read)? >= 1);
        equal(&target, read.header("X-Consul-KnownLeader"), Some("true"))?;
        equal(&target, read.header("X-Consul-LastContact"), Some("0"))?;
        equal(&target, read.header("Vary"), Some("Accept-Encoding"))?;
        ensure!(read.header("Date").is_some());
    }
    Ok(())
}

async fn the_content_type_of_a_request_does_not_matter(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    for kind in [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "image/png",
    ] {
        let bytes = request("PUT", &kv(&key), &[("Content-Type", kind)], b"a=b&flags=7");
        equal(kind, consul.exchange(&bytes).await?.status, 200)?;
        let entry = consul.entry(&key).await?;
        equal(kind, (entry.value, entry.flags), ("a=b&flags=7".into(), 0))?;
        consul.delete(&key, "").await?;
    }
    Ok(())
}

async fn one_connection_carries_many_requests(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let mut stream = consul.connect().await?;
    for number in 0..20 {
        let value = number.to_string();
        let put = request("PUT", &kv(&key), &[], value.as_bytes());
        let put = crate::exchange::exchange_on(&mut stream, &put).await?;
        equal("put", put.text().trim_end(), "true")?;
        let target = format!("{}?raw", kv(&key));
        let get = request("GET", &target, &[], b"");
        let get = crate::exchange::exchange_on(&mut stream, &get).await?;
        equal("get", get.text(), value)?;
        // A refusal does not end the connection either.
        let bad = request("GET", "/v1/kv/", &[], b"");
        let bad = crate::exchange::exchange_on(&mut stream, &bad).await?;
        equal("bad", bad.status, 400)?;
    }
    Ok(())
}

async fn requests_may_follow_each_other_without_waiting(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let key = consul.key("k");
    let mut bytes = Vec::new();
    for value in ["1", "2", "3"] {
        bytes.extend(request("PUT", &kv(&key), &[], value.as_bytes()));
        bytes.extend(request("GET", &format!("{}?raw", kv(&key)), &[], b""));
    }
    let mut stream = consul.connect().await?;
    stream.write_all(&bytes).await?;
    let (mut seen, mut answers) = (Vec::new(), Vec::new());
    while answers.len() < 6 {
        ensure!(
            stream.read_buf(&mut seen).await? > 0,
            "the connection ended"
        );
        while let Some(answer) = crate::exchange::Answer::parse("GET", &seen)? {
            seen.drain(..answer.wire_len);
            answers.push(answer.text().trim_end().to_owned());
        }
    }
    equal(
        "answers in order",
        answers,
        ["true", "1", "true", "2", "true", "3"],
    )
}

async fn an_unknown_datacenter_and_a_namespace_are_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = kv(&consul.key("k"));
    let namespace = "Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul \
                     Enterprise feature";
    for (method, target) in [
        ("GET", key.clone()),
        ("PUT", key.clone()),
        ("DELETE", key),
        ("GET", "/v1/session/list".into()),
        ("PUT", "/v1/session/create".into()),
    ] {
        let dc = format!("{target}?dc=mars");
        consul
            .expect(method, &dc, "", (500, "No path to datacenter"))
            .await?;
        let ns = format!("{target}?ns=team");
        consul.expect(method, &ns, "", (400, namespace)).await?;
    }
    consul
        .expect(
            "PUT",
            "/v1/txn?dc=mars",
            "[]",
            (500, "No path to datacenter"),
        )
        .await?;
    Ok(())
}

async fn the_own_datacenter_can_be_named(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    ensure!(consul.put(&key, "dc=dc1", "v").await?);
    equal(
        "read",
        consul
            .ask("GET", &format!("{}?raw&dc=dc1", kv(&key)), "")
            .await?,
        "v",
    )
}

async fn the_key_of_a_put_may_be_long(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key(&"long/segment/".repeat(300));
    let answer = consul.send("PUT", &kv(&key), "v").await?;
    equal(
        "put",
        (answer.status, answer.text().trim_end()),
        (200, "true"),
    )?;
    let read = consul.ask("GET", &format!("{}?raw", kv(&key)), "").await?;
    equal("read", read, "v")
}
