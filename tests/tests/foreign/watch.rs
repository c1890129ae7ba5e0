//! `consul watch`: every type, once and with a handler.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use serde_json::Value;

use crate::area::{CATALOG, EVENTS, SERVICES};
use crate::command::Running;
use crate::server::{NODE, Server};

const SOON: Duration = Duration::from_secs(30);

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        watch_of_each_type_shows_what_is_there needs [CATALOG, EVENTS],
        watch_of_a_key_runs_its_handler_for_each_change,
        watch_of_a_prefix_runs_its_handler_for_each_change,
        watch_of_services_runs_its_handler_for_each_change needs [CATALOG, SERVICES],
        watch_of_a_service_runs_its_handler_for_each_change needs [CATALOG, SERVICES],
        watch_of_checks_runs_its_handler_for_each_change needs [CATALOG, SERVICES],
        watch_of_nodes_runs_its_handler_for_each_change needs [CATALOG],
        watch_of_events_runs_its_handler_for_each_event needs [EVENTS],
    ]
    .into()
}

async fn once<const N: usize>(
    server: &Subject<Server>,
    arguments: [&str; N],
) -> anyhow::Result<Value> {
    let shown = server.consul(["watch"])?.arguments(arguments).run().await?;
    ensure!(shown.code == 0, "{shown:?}");
    serde_json::from_str(&shown.stdout).with_context(|| shown.stdout)
}

async fn watch_of_each_type_shows_what_is_there(server: &Subject<Server>) -> anyhow::Result<()> {
    let nodes = once(server, ["-type=nodes"]).await?;
    ensure!(nodes.to_string().contains(NODE), "{nodes}");
    let services = once(server, ["-type=services"]).await?;
    ensure!(services["consul"] == serde_json::json!([]), "{services}");
    let service = once(server, ["-type=service", "-service=consul"]).await?;
    ensure!(service[0]["Service"]["ID"] == "consul", "{service}");
    let service = once(
        server,
        ["-type=service", "-service=consul", "-passingonly=true"],
    )
    .await?;
    ensure!(service[0]["Node"]["Node"] == NODE, "{service}");
    let checks = once(server, ["-type=checks", "-state=passing"]).await?;
    ensure!(checks.to_string().contains("serfHealth"), "{checks}");
    let checks = once(server, ["-type=checks", "-service=consul"]).await?;
    ensure!(checks == serde_json::json!([]), "{checks}");
    let key = server.key("k");
    ensure!(once(server, ["-type=key", "-key", &key]).await? == Value::Null);
    server.run(["kv", "put", &key, "v"]).await?;
    let shown = once(server, ["-type=key", "-key", &key]).await?;
    ensure!(shown["Key"] == key && shown["Value"] == "dg==", "{shown}");
    let shown = once(server, ["-type=keyprefix", "-prefix", server.prefix()]).await?;
    ensure!(shown[0]["Key"] == key, "{shown}");
    server.run(["event", "-name=once", "now"]).await?;
    let listed = || async {
        let shown = once(server, ["-type=event", "-name=once"]).await;
        let shown = shown.map_err(|error| error.to_string())?;
        let fired = shown[0]["Payload"] == "bm93";
        fired.then_some(()).ok_or_else(|| shown.to_string())
    };
    eventually_ok(SOON, "the event", listed).await?;
    Ok(())
}

/// A watch whose handler appends what it is told to a file, one line each time.
struct Watch {
    _running: Running,
    folder: tempfile::TempDir,
}

impl Watch {
    fn start<const N: usize>(
        server: &Subject<Server>,
        arguments: [&str; N],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // The JSON has a line end of its own, or none.
        let handler = format!(
            "tr -d '\\n' >> {0}; echo >> {0}",
            folder.path().join("told").display()
        );
        let command = server.consul(["watch"])?.arguments(arguments);
        let running = command.arguments([&*handler]).start()?;
        Ok(Self {
            _running: running,
            folder,
        })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until the newest of what the handler was told satisfies `is`.
    async fn tells(&self, what: &str, is: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
        let told = || async {
            let told = std::fs::read_to_string(self.path().join("told")).unwrap_or_default();
            let newest = told.lines().last().unwrap_or_default();
            let newest: Value = serde_json::from_str(newest).map_err(|error| error.to_string())?;
            is(&newest).then_some(()).ok_or_else(|| newest.to_string())
        };
        eventually_ok(SOON, what, told).await?;
        Ok(())
    }
}

async fn watch_of_a_key_runs_its_handler_for_each_change(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let key = &server.key("k");
    server.run(["kv", "put", key, "1"]).await?;
    let watch = Watch::start(server, ["-type=key", "-key", key])?;
    watch
        .tells("the first", |told| told["Value"] == "MQ==")
        .await?;
    server.run(["kv", "put", key, "2"]).await?;
    watch
        .tells("the second", |told| told["Value"] == "Mg==")
        .await?;
    server.run(["kv", "delete", key]).await?;
    watch.tells("its end", Value::is_null).await
}

async fn watch_of_a_prefix_runs_its_handler_for_each_change(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    server.run(["kv", "put", &server.key("d/1"), "1"]).await?;
    let prefix = &server.key("d/");
    let watch = Watch::start(server, ["-type=keyprefix", "-prefix", prefix])?;
    let count =
        |count: usize| move |told: &Value| told.as_array().is_some_and(|it| it.len() == count);
    watch.tells("one", count(1)).await?;
    server.run(["kv", "put", &server.key("d/2"), "1"]).await?;
    watch.tells("two", count(2)).await?;
    server.run(["kv", "delete", &server.key("d/1")]).await?;
    watch.tells("one again", count(1)).await
}

async fn watch_of_services_runs_its_handler_for_each_change(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let watch = Watch::start(server, ["-type=services"])?;
    watch
        .tells("what is there", |told| told["consul"].is_array())
        .await?;
    server
        .run(["services", "register", "-name=appears"])
        .await?;
    watch
        .tells("a new one", |told| told["appears"].is_array())
        .await?;
    server
        .run(["services", "deregister", "-id=appears"])
        .await?;
    watch
        .tells("its end", |told| told["appears"].is_null())
        .await
}

async fn watch_of_a_service_runs_its_handler_for_each_change(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let watch = Watch::start(server, ["-type=service", "-service=served"])?;
    watch
        .tells("none", |told| *told == serde_json::json!([]))
        .await?;
    server
        .run(["services", "register", "-name=served", "-port=1"])
        .await?;
    watch
        .tells("an instance", |told| told[0]["Service"]["Port"] == 1)
        .await?;
    server
        .run(["services", "register", "-name=served", "-port=2"])
        .await?;
    watch
        .tells("its new port", |told| told[0]["Service"]["Port"] == 2)
        .await?;
    server.run(["services", "deregister", "-id=served"]).await?;
    watch
        .tells("none again", |told| *told == serde_json::json!([]))
        .await
}

async fn watch_of_checks_runs_its_handler_for_each_change(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let watch = Watch::start(server, ["-type=checks", "-service=checked"])?;
    watch
        .tells("none", |told| *told == serde_json::json!([]))
        .await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("checked.json");
    std::fs::write(
        &file,
        r#"{"service":{"name":"checked","check":{"ttl":"10m"}}}"#,
    )?;
    server
        .run(["services", "register", &file.to_string_lossy()])
        .await?;
    watch
        .tells("a check", |told| told[0]["Status"] == "critical")
        .await?;
    server
        .run(["services", "deregister", "-id=checked"])
        .await?;
    watch
        .tells("none again", |told| *told == serde_json::json!([]))
        .await
}

async fn watch_of_nodes_runs_its_handler_for_each_change(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let watch = Watch::start(server, ["-type=nodes"])?;
    let has = |name: &'static str| move |told: &Value| told.to_string().contains(name);
    watch.tells("the node itself", has(NODE)).await?;
    let change = async |target: &str, body: &'static str| {
        let url = format!("/v1/catalog/{target}");
        let bytes = quorate_testkit::exchange::request("PUT", &url, &[], body.as_bytes());
        let answer = quorate_testkit::exchange::exchange(server.addr(), &bytes, SOON).await?;
        ensure!(answer.status == 200, "{}", answer.text());
        Ok(())
    };
    change("register", r#"{"Node":"watched","Address":"10.0.0.9"}"#).await?;
    watch.tells("a new one", has("watched")).await?;
    change("deregister", r#"{"Node":"watched"}"#).await?;
    watch
        .tells("its end", |told| !told.to_string().contains("watched"))
        .await
}

async fn watch_of_events_runs_its_handler_for_each_event(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let watch = Watch::start(server, ["-type=event", "-name=watched"])?;
    for payload in ["one", "two"] {
        server.run(["event", "-name=watched", payload]).await?;
        let encoded = if payload == "one" { "b25l" } else { "dHdv" };
        let last = |told: &Value| {
            let newest = told.as_array().and_then(|events| events.last()).cloned();
            newest.is_some_and(|event| event["Payload"] == encoded)
        };
        watch.tells(payload, last).await?;
    }
    Ok(())
}
