use std::time::Duration;

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::run::Running;
use crate::server::Server;

#[path = "../program/interrupt.rs"]
mod interrupt;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        a_monitor_tells_the_log_and_the_events,
        a_monitor_of_errors_leaves_the_rest_out,
        an_event_that_is_too_large_is_refused,
    ]
    .into()
}

/// Reads objects up to the first of which this holds.
async fn told(monitor: &mut Running, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    loop {
        let found: Value = serde_json::from_str(&monitor.line().await?)?;
        if wanted(&found) {
            return Ok(found);
        }
    }
}

async fn a_monitor_tells_the_log_and_the_events(server: &Subject<Server>) -> anyhow::Result<()> {
    let alone = server.fresh().await?;
    let mut monitor = alone.start("-o json monitor --log-level debug")?;
    // It follows events before it asks for the log.
    let line = told(&mut monitor, |told| told["event"] == "log").await?;
    ensure!(
        line["level"].is_string() && line["time"].is_string(),
        "{line}"
    );
    alone.ok("event deploy v17").await?;
    let event = told(&mut monitor, |told| told["event"] == "user").await?;
    ensure!(
        event["name"] == "deploy" && event["value"] == "v17",
        "{event}"
    );
    ensure!(event["coalesce"] == true, "{event}");
    alone.ok("query --timeout 100ms load").await?;
    let query = told(&mut monitor, |told| told["event"] == "query").await?;
    ensure!(query["name"] == "load", "{query}");
    alone.ok("tags --set a=b").await?;
    let members = told(&mut monitor, |told| told["event"] == "members").await?;
    ensure!(members["change"] == "member-update", "{members}");
    ensure!(members["members"][0]["tags"]["a"] == "b", "{members}");
    monitor.interrupt()?;
    ensure!(monitor.end().await? == 130);
    Ok(())
}

async fn a_monitor_of_errors_leaves_the_rest_out(server: &Subject<Server>) -> anyhow::Result<()> {
    let mut monitor = server.start("monitor --log-level err")?;
    // Events are told whatever the level; one is sent until the monitor is there.
    loop {
        server.ok("event --coalesce=false seen x").await?;
        let next = timeout(Duration::from_millis(300), monitor.line());
        let Ok(line) = next.await else {
            continue;
        };
        let line = line?;
        ensure!(
            !line.contains("[INFO]") && !line.contains("[DEBUG]"),
            "{line}"
        );
        if line.starts_with("user ") && line.ends_with(" seen \"x\"") {
            break;
        }
    }
    monitor.interrupt()?;
    ensure!(monitor.end().await? == 130);
    server.fails("monitor --log-level loud", 2).await?;
    Ok(())
}

async fn an_event_that_is_too_large_is_refused(server: &Subject<Server>) -> anyhow::Result<()> {
    let sent = server.json("event --coalesce=false a").await?;
    ensure!(sent == json!({"name": "a", "coalesce": false}), "{sent}");
    let said = server
        .fails(format!("event a {}", "x".repeat(600)), 2)
        .await?;
    ensure!(
        said.contains("512 bytes") && said.contains("next: "),
        "{said}"
    );
    Ok(())
}
