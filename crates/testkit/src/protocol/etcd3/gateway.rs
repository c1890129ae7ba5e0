//! The JSON gateway: the same services over HTTP/1.1.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::line::BUSY;
use super::target::{ALONE, Etcd, PATIENCE, SINCE_3_5, V3_4, V3_5, V3_7};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        json_has_bytes_as_base64_and_numbers_as_text,
        json_takes_names_in_either_style_and_ignores_unknown_ones,
        json_leaves_out_what_is_zero,
        json_has_transactions_and_enums_by_name,
        json_refuses_with_code_and_message,
        json_of_a_failed_condition_is_400 needs [SINCE_3_5],
        json_of_a_failed_condition_is_412 needs [V3_4],
        json_is_refused_by_another_method needs [SINCE_3_5],
        json_is_refused_by_another_method_as_405 needs [V3_4],
        json_has_the_older_paths_of_leases,
        json_streams_a_line_for_each_answer,
        json_has_tokens_without_a_word_before_them needs [ALONE, V3_5],
        json_has_tokens_with_a_word_before_them_too needs [ALONE, V3_7],
        json_has_every_service,
    ]
    .into()
}

/// The status and the body of an answer. A server that did not get round to it, because the machine is
/// busy, is asked again.
async fn post(etcd: &Etcd, path: &str, body: Value) -> anyhow::Result<(u16, Value)> {
    let (target, request) = (format!("/v3/{path}"), body.to_string());
    let begun = Instant::now();
    loop {
        let answer = etcd.send("POST", &target, &[], &request).await?;
        let (status, text) = (answer.status, answer.text());
        if !text.contains(BUSY) || begun.elapsed() > PATIENCE {
            let body = answer.json();
            let body = body.with_context(|| format!("{path}: {status} {text}"))?;
            return Ok((status, body));
        }
    }
}

/// The body of an answer that is 200.
async fn ask(etcd: &Etcd, path: &str, body: Value) -> anyhow::Result<Value> {
    let (status, body) = post(etcd, path, body).await?;
    ensure!(status == 200, "{path}: {status} {body}");
    Ok(body)
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}

async fn json_has_bytes_as_base64_and_numbers_as_text(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = base64(&etcd.key("a"));
    let put = ask(etcd, "kv/put", json!({ "key": key, "value": base64("v") })).await?;
    let header = &put["header"];
    let revision = header["revision"].as_str().context("a text")?.to_owned();
    ensure!(revision.parse::<i64>()? > 0);
    ensure!(
        header["cluster_id"].is_string() && header["raft_term"].is_string(),
        "{header}"
    );
    let found = ask(etcd, "kv/range", json!({ "key": key })).await?;
    equal("count", &found["count"], "1")?;
    let expected = json!({
        "key": key, "value": base64("v"), "version": "1",
        "create_revision": revision, "mod_revision": revision,
    });
    equal("key", &found["kvs"][0], &expected)?;
    // Numbers may be numbers on their way in.
    let number: i64 = revision.parse()?;
    let old = ask(etcd, "kv/range", json!({ "key": key, "revision": number })).await?;
    equal("old", &old["kvs"][0], &expected)?;
    let old = ask(
        etcd,
        "kv/range",
        json!({ "key": key, "revision": revision }),
    )
    .await?;
    equal("old", &old["kvs"][0], &expected)
}

async fn json_takes_names_in_either_style_and_ignores_unknown_ones(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let (key, end) = (base64(&etcd.key("a")), base64(&etcd.key("z")));
    ask(etcd, "kv/put", json!({ "key": key, "nonsense": [1] })).await?;
    for name in ["range_end", "rangeEnd"] {
        let found = ask(etcd, "kv/range", json!({ "key": key, name: end, "x": {} })).await?;
        equal(name, &found["count"], "1")?;
    }
    let gone = ask(
        etcd,
        "kv/deleterange",
        json!({ "key": key, "prevKv": true }),
    )
    .await?;
    equal("deleted", &gone["deleted"], "1")?;
    ensure!(gone["prev_kvs"][0]["key"] == key, "{gone}");
    Ok(())
}

async fn json_leaves_out_what_is_zero(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let found = ask(etcd, "kv/range", json!({ "key": base64(&etcd.key("a")) })).await?;
    let fields: Vec<_> = found.as_object().context("an object")?.keys().collect();
    equal("fields", fields, ["header"])?;
    let kept = ask(etcd, "lease/keepalive", json!({ "ID": "9999999999" })).await?;
    ensure!(kept["result"]["TTL"].is_null(), "{kept}");
    equal("id", &kept["result"]["ID"], "9999999999")
}

async fn json_has_transactions_and_enums_by_name(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = base64(&etcd.key("a"));
    let txn = json!({
        "compare": [{ "key": key, "target": "VERSION", "result": "EQUAL", "version": "0" }],
        "success": [{ "requestPut": { "key": key, "value": base64("1") } }],
        "failure": [{ "request_range": { "key": key } }],
    });
    let first = ask(etcd, "kv/txn", txn.clone()).await?;
    ensure!(
        first["succeeded"] == true && first["responses"][0]["response_put"].is_object(),
        "{first}"
    );
    let second = ask(etcd, "kv/txn", txn).await?;
    ensure!(second["succeeded"].is_null(), "{second}");
    let kvs = &second["responses"][0]["response_range"]["kvs"];
    equal("key", &kvs[0]["key"], &key)?;
    let sorted = json!({ "key": key, "sort_order": "DESCEND", "sort_target": "VALUE" });
    equal(
        "sorted",
        &ask(etcd, "kv/range", sorted).await?["count"],
        "1",
    )?;
    let sorted = json!({ "key": key, "sort_order": 2, "sort_target": 4 });
    equal(
        "numbers",
        &ask(etcd, "kv/range", sorted).await?["count"],
        "1",
    )
}

async fn json_refuses_with_code_and_message(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = base64(&etcd.key("a"));
    let far = json!({ "key": key, "revision": "9000000000" });
    let leased = json!({ "key": key, "lease": "9999999999" });
    for (path, body, status, code, message) in [
        (
            "kv/range",
            json!({}),
            400,
            3,
            "etcdserver: key is not provided",
        ),
        (
            "kv/range",
            far,
            400,
            11,
            "etcdserver: mvcc: required revision is a future revision",
        ),
        (
            "kv/put",
            leased,
            404,
            5,
            "etcdserver: requested lease not found",
        ),
        (
            "lease/revoke",
            json!({ "ID": "9999999999" }),
            404,
            5,
            "etcdserver: requested lease not found",
        ),
        (
            "election/leader",
            json!({ "name": base64(&etcd.key("e")) }),
            500,
            2,
            "election: no leader",
        ),
    ] {
        let (found, body) = post(etcd, path, body).await?;
        equal(
            path,
            refusal(found, &body),
            (status, code, message.to_owned()),
        )?;
    }
    for body in ["nonsense", "{\"key\":\"not base64\"}", "{\"key\":1}"] {
        let answer = etcd.send("POST", "/v3/kv/range", &[], body).await?;
        equal(
            body,
            (answer.status, &answer.json()?["code"]),
            (400, &json!(3)),
        )?;
    }
    Ok(())
}

/// The status, code and message of a refusal.
fn refusal(status: u16, body: &Value) -> (u16, i64, String) {
    let code = body["code"].as_i64().unwrap_or_default();
    let message = body["message"].as_str().unwrap_or_default();
    (status, code, message.to_owned())
}

async fn json_is_refused_by_another_method(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let answer = etcd.send("GET", "/v3/kv/range", &[], "").await?;
    let refused = refusal(answer.status, &answer.json()?);
    equal(
        "method",
        refused,
        (501, 12, "Method Not Allowed".to_owned()),
    )?;
    let answer = etcd.send("POST", "/v3/nothing", &[], "{}").await?;
    let refused = refusal(answer.status, &answer.json()?);
    equal("path", refused, (404, 5, "Not Found".to_owned()))
}

async fn json_is_refused_by_another_method_as_405(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let answer = etcd.send("GET", "/v3/kv/range", &[], "").await?;
    equal("status", answer.status, 405)?;
    let answer = etcd.send("POST", "/v3/nothing", &[], "{}").await?;
    equal("path", answer.status, 404)
}

async fn json_has_the_older_paths_of_leases(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let granted = ask(etcd, "lease/grant", json!({ "TTL": 600 })).await?;
    equal("time", &granted["TTL"], "600")?;
    let id = granted["ID"].as_str().context("no id")?;
    let body = json!({ "ID": id, "keys": true });
    for path in ["lease/timetolive", "kv/lease/timetolive"] {
        equal(
            path,
            &ask(etcd, path, body.clone()).await?["grantedTTL"],
            "600",
        )?;
    }
    for path in ["lease/leases", "kv/lease/leases"] {
        let listed = ask(etcd, path, json!({})).await?;
        let leases = listed["leases"].as_array().context("no leases")?;
        ensure!(leases.iter().any(|lease| lease["ID"] == id), "{listed}");
    }
    ask(etcd, "kv/lease/revoke", json!({ "ID": id })).await?;
    let gone = ask(etcd, "lease/timetolive", json!({ "ID": id })).await?;
    equal("gone", &gone["TTL"], "-1")
}

/// A watch over HTTP/1.1, line by line.
struct Lines(BufReader<TcpStream>);

impl Lines {
    async fn open(etcd: &Etcd, body: &Value) -> anyhow::Result<Self> {
        let address = etcd.url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).await?;
        let body = body.to_string();
        let head = format!(
            "POST /v3/watch HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The next line that is JSON; those between are how it travels.
    async fn next(&mut self) -> anyhow::Result<Value> {
        loop {
            let mut line = String::new();
            let read = timeout(PATIENCE, self.0.read_line(&mut line)).await;
            ensure!(read.context("nothing comes")?? > 0, "it ended");
            if line.starts_with('{') {
                return Ok(serde_json::from_str(&line)?);
            }
        }
    }
}

async fn json_streams_a_line_for_each_answer(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = base64(&etcd.key("a"));
    let create = json!({ "create_request": { "key": key, "prev_kv": true } });
    let mut watch = Lines::open(etcd, &create).await?;
    equal("created", &watch.next().await?["result"]["created"], true)?;
    for value in ["1", "2"] {
        ask(
            etcd,
            "kv/put",
            json!({ "key": key, "value": base64(value) }),
        )
        .await?;
    }
    ask(etcd, "kv/deleterange", json!({ "key": key })).await?;
    // A server under load tells several events in one line.
    let mut events = Vec::new();
    while events.len() < 3 {
        let line = watch.next().await?;
        let told = line["result"]["events"].as_array();
        events.extend_from_slice(told.with_context(|| format!("no events: {line}"))?);
    }
    // A put is the type 0, which is left out.
    ensure!(events[0]["type"].is_null(), "{events:?}");
    equal("value", &events[0]["kv"]["value"], &base64("1"))?;
    equal("before", &events[1]["prev_kv"]["value"], &base64("1"))?;
    equal("type", &events[2]["type"], "DELETE")
}

/// The statuses of a request with a token as it is, and with `Bearer` before it.
async fn with_token(etcd: &Subject<Etcd>) -> anyhow::Result<(u16, u16)> {
    let etcd = etcd.alone().await?;
    for (path, body) in [
        ("auth/user/add", json!({ "name": "root", "password": "r" })),
        ("auth/role/add", json!({ "name": "root" })),
        ("auth/user/grant", json!({ "user": "root", "role": "root" })),
        ("auth/enable", json!({})),
    ] {
        ask(&etcd, path, body).await?;
    }
    let (status, body) = post(&etcd, "kv/range", json!({ "key": "YQ==" })).await?;
    let nobody = (400, 3, "etcdserver: user name is empty".to_owned());
    equal("nobody", refusal(status, &body), nobody)?;
    let login = json!({ "name": "root", "password": "r" });
    let token = ask(&etcd, "auth/authenticate", login).await?;
    let token = token["token"].as_str().context("no token")?;
    let with = async |value: &str| {
        let headers = [("Authorization", value)];
        let answer = etcd
            .send("POST", "/v3/kv/range", &headers, "{\"key\":\"YQ==\"}")
            .await;
        anyhow::Ok(answer?.status)
    };
    Ok((with(token).await?, with(&format!("Bearer {token}")).await?))
}

async fn json_has_tokens_without_a_word_before_them(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal("statuses", with_token(etcd).await?, (200, 401))
}

async fn json_has_tokens_with_a_word_before_them_too(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal("statuses", with_token(etcd).await?, (200, 200))
}

/// The refusal of what needs another state.
async fn of_a_failed_condition(etcd: &Etcd) -> anyhow::Result<(u16, i64, String)> {
    let login = json!({ "name": "a", "password": "b" });
    let (status, body) = post(etcd, "auth/authenticate", login).await?;
    Ok(refusal(status, &body))
}

const NOT_ENABLED: &str = "etcdserver: authentication is not enabled";

async fn json_of_a_failed_condition_is_400(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let refused = (400, 9, NOT_ENABLED.to_owned());
    equal("refusal", of_a_failed_condition(etcd).await?, refused)
}

async fn json_of_a_failed_condition_is_412(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let refused = (412, 9, NOT_ENABLED.to_owned());
    equal("refusal", of_a_failed_condition(etcd).await?, refused)
}

async fn json_has_every_service(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let members = ask(etcd, "cluster/member/list", json!({})).await?;
    ensure!(
        members["members"][0]["clientURLs"][0].is_string(),
        "{members}"
    );
    let status = ask(etcd, "maintenance/status", json!({})).await?;
    equal("version", &status["version"], etcd.number())?;
    ensure!(ask(etcd, "maintenance/alarm", json!({})).await?["alarms"].is_null());
    let users = ask(etcd, "auth/user/list", json!({})).await?;
    ensure!(users["header"].is_object(), "{users}");
    let name = base64(&etcd.key("l"));
    let granted = ask(etcd, "lease/grant", json!({ "TTL": "600" })).await?;
    let lock = json!({ "name": name, "lease": granted["ID"] });
    let held = ask(etcd, "lock/lock", lock).await?;
    ask(etcd, "lock/unlock", json!({ "key": held["key"] })).await?;
    let campaign = json!({ "name": name, "lease": granted["ID"], "value": base64("v") });
    let leader = ask(etcd, "election/campaign", campaign).await?;
    let found = ask(etcd, "election/leader", json!({ "name": name })).await?;
    equal("leader", &found["kv"]["key"], &leader["leader"]["key"])?;
    ask(
        etcd,
        "election/resign",
        json!({ "leader": leader["leader"] }),
    )
    .await?;
    Ok(())
}
