//! How an agent runs checks.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::agent_service::{check, register};
use super::target::{ALONE, Consul, STREAKS};
use crate::cases;
use crate::eventually::eventually_ok;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        an_http_check_says_what_was_answered,
        an_http_request_is_made_as_the_check_says,
        a_tcp_check_says_whether_somebody_listens,
        a_script_says_it_by_its_exit_code needs [ALONE],
        an_alias_is_as_bad_as_the_worst,
        a_status_changes_after_as_many_in_a_row_as_asked_for needs [STREAKS],
    ]
    .into()
}

/// The first run begins within the interval of a second.
const WITHIN: Duration = Duration::from_secs(20);

/// Answers every request with what its path says: `/STATUS/BODY`, or `/to/LOCATION`. Gives the
/// requests as they came.
struct Web {
    url: String,
    seen: tokio::sync::mpsc::UnboundedReceiver<String>,
    _server: tokio::task::JoinSet<()>,
}

async fn web() -> anyhow::Result<Web> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (tell, seen) = tokio::sync::mpsc::unbounded_channel();
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            while !bytes.windows(4).any(|it| it == b"\r\n\r\n") {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut parts = path.splitn(3, '/').skip(1);
            let (status, body) = (parts.next().unwrap_or("200"), parts.next().unwrap_or(""));
            let head = match status {
                "to" => format!("302 Found\r\nLocation: /{body}"),
                status => format!("{status} Some Words"),
            };
            let body = match status {
                "big" => "x".repeat(5000),
                _ => body.to_owned(),
            };
            let head = head.replace("big", "200");
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = tell.send(text);
        }
    });
    Ok(Web {
        url,
        seen,
        _server: server,
    })
}

/// Registers a check that is run every second.
async fn put(consul: &Consul, name: &str, fields: Value) -> anyhow::Result<()> {
    let mut body = json!({"Name": name, "Interval": "1s"});
    if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
        body.extend(fields);
    }
    let target = "/v1/agent/check/register";
    consul.ask("PUT", target, body.to_string()).await?;
    Ok(())
}

/// Waits until a check has this status and output.
async fn says(consul: &Consul, id: &str, status: &str, output: &str) -> anyhow::Result<()> {
    let wanted = (Some(status), Some(output));
    eventually_ok(WITHIN, format!("{id} is {status}"), async || {
        let check = check(consul, id).await?;
        let shown = (check["Status"].as_str(), check["Output"].as_str());
        equal(id, shown, wanted)
    })
    .await?;
    let target = format!("/v1/agent/check/deregister/{id}");
    consul.ask("PUT", &target, "").await?;
    Ok(())
}

async fn an_http_check_says_what_was_answered(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let web = web().await?;
    let big = format!("200 Some Words Output: {}", "x".repeat(4096));
    for (name, path, status, said) in [
        (
            "http-ok",
            "/200/hello",
            "passing",
            "200 Some Words Output: hello",
        ),
        ("http-other", "/204/", "passing", "204 Some Words Output: "),
        (
            "http-busy",
            "/429/busy",
            "warning",
            "429 Some Words Output: busy",
        ),
        (
            "http-bad",
            "/500/oh",
            "critical",
            "500 Some Words Output: oh",
        ),
        (
            "http-to",
            "/to/200/there",
            "passing",
            "200 Some Words Output: there",
        ),
        ("http-big", "/big/", "passing", big.as_str()),
    ] {
        let url = format!("{}{path}", web.url);
        put(consul, name, json!({"HTTP": url})).await?;
        says(consul, name, status, &format!("HTTP GET {url}: {said}")).await?;
    }
    let shut = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    put(
        consul,
        "http-shut",
        json!({"HTTP": format!("http://{shut}/x")}),
    )
    .await?;
    let output = format!("Get \"http://{shut}/x\": dial tcp {shut}: connect: connection refused");
    says(consul, "http-shut", "critical", &output).await?;
    put(consul, "http-none", json!({"HTTP": "none"})).await?;
    let output = "Get \"none\": unsupported protocol scheme \"\"";
    says(consul, "http-none", "critical", output).await
}

async fn an_http_request_is_made_as_the_check_says(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let mut web = web().await?;
    let url = format!("{}/200/", web.url);
    let header = json!({"x-a": ["1", "2"], "Host": ["other.example"]});
    let fields = json!({"HTTP": url, "Method": "POST", "Header": header, "Body": "sent"});
    put(consul, "http-post", fields).await?;
    let output = format!("HTTP POST {url}: 200 Some Words Output: ");
    says(consul, "http-post", "passing", &output).await?;
    let seen = web
        .seen
        .recv()
        .await
        .context("nothing came")?
        .to_lowercase();
    ensure!(seen.starts_with("post /200/ http/1.1\r\n"), "{seen}");
    for line in [
        "host: other.example",
        "x-a: 1",
        "x-a: 2",
        "user-agent: consul health check",
        "accept: text/plain, text/*, */*",
        "content-length: 4",
    ] {
        ensure!(
            seen.contains(&format!("\r\n{line}\r\n")),
            "{line} in {seen}"
        );
    }
    Ok(())
}

async fn a_tcp_check_says_whether_somebody_listens(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let open = listener.local_addr()?.to_string();
    put(consul, "tcp-open", json!({"TCP": open})).await?;
    says(
        consul,
        "tcp-open",
        "passing",
        &format!("TCP connect {open}: Success"),
    )
    .await?;
    drop(listener);
    put(consul, "tcp-shut", json!({"TCP": open})).await?;
    let output = format!("dial tcp {open}: connect: connection refused");
    says(consul, "tcp-shut", "critical", &output).await?;
    put(consul, "tcp-none", json!({"TCP": "none"})).await?;
    let output = "dial tcp: address none: missing port in address";
    says(consul, "tcp-none", "critical", output).await
}

async fn a_script_says_it_by_its_exit_code(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let scripts = &consul.quick().await?;
    let long = "Captured 4 of 10 bytes\n...\n6789";
    for (name, script, fields, status, output) in [
        (
            "s0",
            "echo out; sleep 0.2; echo err >&2",
            json!({}),
            "passing",
            "out\nerr\n",
        ),
        ("s1", "echo w; exit 1", json!({}), "warning", "w\n"),
        ("s2", "exit 7", json!({"Status": "passing"}), "critical", ""),
        (
            "s3",
            "printf 0123456789",
            json!({"OutputMaxSize": 4}),
            "passing",
            long,
        ),
        (
            "s4",
            "echo a; sleep 60",
            json!({"Timeout": "1s"}),
            "critical",
            "Timed out (1s) running check\n\na\n",
        ),
    ] {
        let mut fields = fields;
        fields["Args"] = json!(["sh", "-c", script]);
        put(scripts, name, fields).await?;
        says(scripts, name, status, output).await?;
    }
    put(scripts, "s5", json!({"Args": ["/none"]})).await?;
    let output = "fork/exec /none: no such file or directory";
    says(scripts, "s5", "critical", output).await
}

async fn an_alias_is_as_bad_as_the_worst(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let alone = consul;
    let ttl = json!({"TTL": "10m", "Status": "passing", "Name": "a"});
    let other = json!({"TTL": "10m", "Status": "passing", "Name": "b"});
    consul
        .register("aliased", &[("node", "passing"), ("ill", "passing")])
        .await?;
    register(alone, &json!({"Name": "al-target", "Checks": [ttl, other]})).await?;
    let alias = json!({"Name": "al", "Check": {"AliasNode": "aliased"}});
    register(alone, &alias).await?;
    let is = async |status: &str, output: &str| {
        let wanted = (Some(status), Some(output));
        eventually_ok(WITHIN, format!("the alias is {status}"), async || {
            let check = check(alone, "service:al").await?;
            equal(
                "alias",
                (check["Status"].as_str(), check["Output"].as_str()),
                wanted,
            )
        })
        .await?;
        anyhow::Ok(())
    };
    is("passing", "All checks passing.").await?;
    consul.register("aliased", &[("ill", "warning")]).await?;
    is("warning", "Aliased check \"ill\" failing: ").await?;
    consul.register("aliased", &[("ill", "critical")]).await?;
    is("critical", "Aliased check \"ill\" failing: ").await?;
    consul.register("aliased", &[("ill", "passing")]).await?;
    is("passing", "All checks passing.").await?;
    register(
        alone,
        &json!({"Name": "al-2", "Check": {"AliasService": "nobody"}}),
    )
    .await?;
    let output = "Service nobody could not be found on node ";
    says(alone, "service:al-2", "critical", output).await
}

async fn a_status_changes_after_as_many_in_a_row_as_asked_for(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let mut web = web().await?;
    let url = format!("{}/500/", web.url);
    let fields = json!({"HTTP": url, "Status": "passing", "FailuresBeforeCritical": 3});
    put(consul, "streak", fields).await?;
    for at in 1..=2 {
        web.seen.recv().await.context("nothing came")?;
        let status = check(consul, "streak").await?["Status"].clone();
        equal(&format!("after {at}"), status, json!("passing"))?;
    }
    let output = format!("HTTP GET {url}: 500 Some Words Output: ");
    says(consul, "streak", "critical", &output).await
}
