//! Following the log: `monitor`.

use anyhow::ensure;
use serde_json::{Value, json};

use super::target::{ALONE, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_line_of_the_log_has_a_time_a_level_and_a_text,
        old_lines_come_first,
        old_lines_are_512 needs [ALONE],
        a_level_leaves_out_what_is_less,
        a_level_that_is_none_is_refused,
        a_connection_follows_one_log,
        a_log_and_a_stream_may_share_a_number,
    ]
    .into()
}

fn text(record: &Value) -> &str {
    record["Log"].as_str().unwrap_or_default()
}

async fn a_line_of_the_log_has_a_time_a_level_and_a_text(serf: &Trial) -> Outcome {
    // One whose log is long drops new lines while it tells the old ones.
    let alone = serf.another("alpha", Setup::default()).await?;
    let name = "logged";
    let mut rpc = alone.connect().await?;
    let monitor = rpc.begin("monitor", json!({"LogLevel": "debug"})).await?;
    rpc.ask("event", json!({"Name": name})).await?.done()?;
    let begins = " [DEBUG] agent: Requesting user event send: ";
    // A cluster's agents speak of it in other lines too.
    let record = rpc.until(monitor, |record| {
        text(record).contains(name) && text(record).contains(begins)
    });
    let record = record.await?;
    let line = text(&record);
    // 2006/01/02 15:04:05 [DEBUG] agent: …
    let (time, said) = line.split_at_checked(19).unwrap_or_default();
    let mask: String = time
        .chars()
        .map(|digit| if digit.is_ascii_digit() { '0' } else { digit })
        .collect();
    equal("time", mask.as_str(), "0000/00/00 00:00:00")?;
    ensure!(said.starts_with(begins), "{said}");
    ensure!(!line.contains('\n'), "{line:?}");
    equal("fields", record.as_object().map_or(0, |all| all.len()), 1)
}

async fn old_lines_come_first(serf: &Trial) -> Outcome {
    let alone = serf.another("alpha", Setup::default()).await?;
    let name = "said-before";
    let mut rpc = alone.connect().await?;
    let stream = rpc.begin("stream", json!({"Type": "user"})).await?;
    rpc.ask("event", json!({"Name": name})).await?.done()?;
    rpc.record(stream).await?;
    // What happened before is in it.
    let monitor = rpc.begin("monitor", json!({"LogLevel": "info"})).await?;
    let line = rpc.until(monitor, |record| text(record).contains(name));
    let line = line.await?;
    let ends = format!("[INFO] agent: Received event: user-event: {name}");
    ensure!(text(&line).ends_with(&ends), "{line}");
    Ok(())
}

async fn old_lines_are_512(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let (mut sends, mut log) = (one.connect().await?, one.connect().await?);
    // Each is said at least once, before it is told.
    let stream = sends.begin("stream", json!({"Type": "user:old"})).await?;
    for _ in 0..600 {
        sends.ask("event", json!({"Name": "old"})).await?.done()?;
        sends.record(stream).await?;
    }
    let monitor = log.begin("monitor", json!({"LogLevel": "trace"})).await?;
    for _ in 0..512 {
        log.record(monitor).await?;
    }
    // A line of before that was kept in addition would come before those of this.
    sends.ask("event", json!({"Name": "new"})).await?.done()?;
    let mut more = 0;
    while !text(&log.record(monitor).await?).contains("new") {
        more += 1;
    }
    // What agents say now and then may come between.
    ensure!(more < 40, "{more} lines more");
    Ok(())
}

async fn a_level_leaves_out_what_is_less(serf: &Trial) -> Outcome {
    let alone = serf.another("alpha", Setup::default()).await?;
    let mut rpc = alone.connect().await?;
    let monitor = rpc.begin("monitor", json!({"LogLevel": "Warn"})).await?;
    // One is made, by a join that fails.
    let nobody = json!({"Existing": ["127.0.0.1:1"]});
    ensure!(!rpc.ask("join", nobody).await?.error.is_empty());
    let found = rpc.until(monitor, |record| {
        let line = text(record);
        !(line.contains(" [WARN] ") || line.contains(" [ERR] "))
            || line.contains("connection refused")
    });
    let found = found.await?;
    ensure!(text(&found).contains("connection refused"), "{found}");
    Ok(())
}

async fn a_level_that_is_none_is_refused(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let levels = [
        ("", ""),
        ("x", "X"),
        ("error", "ERROR"),
        ("Warning", "WARNING"),
    ];
    for (level, shown) in levels {
        let refused = rpc.ask("monitor", json!({"LogLevel": level})).await?;
        let error = format!("Unknown log level: {shown}");
        equal("refused", refused.error, error)?;
    }
    for level in ["trace", "DEBUG", "Info", "warn", "ERR"] {
        let monitor = rpc.begin("monitor", json!({"LogLevel": level})).await?;
        rpc.ask("stop", json!({"Stop": monitor})).await?.done()?;
    }
    Ok(())
}

async fn a_connection_follows_one_log(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let monitor = rpc.begin("monitor", json!({"LogLevel": "err"})).await?;
    for (level, error) in [
        ("err", "Monitor already exists"),
        ("none", "Unknown log level: NONE"),
    ] {
        let refused = rpc.ask("monitor", json!({"LogLevel": level})).await?;
        equal("another", refused.error.as_str(), error)?;
    }
    // Another connection has its own.
    let mut other = serf.rpc().await?;
    other.begin("monitor", json!({"LogLevel": "err"})).await?;
    rpc.ask("stop", json!({"Stop": monitor})).await?.done()?;
    rpc.begin("monitor", json!({"LogLevel": "err"})).await?;
    Ok(())
}

async fn a_log_and_a_stream_may_share_a_number(serf: &Trial) -> Outcome {
    // One whose log is long drops new lines while it tells the old ones.
    let alone = serf.another("alpha", Setup::default()).await?;
    let (mut rpc, mut sends) = (alone.connect().await?, alone.connect().await?);
    let name = "shared";
    let stream = json!({"Type": format!("user:{name}")});
    let level = json!({"LogLevel": "debug"});
    rpc.ask_as(4, "stream", stream.clone()).await?.done()?;
    rpc.has_begun().await?;
    // Its old lines have the number of the answers as well.
    rpc.ask_as(4, "monitor", level.clone()).await?.done()?;
    sends.ask("event", json!({"Name": name})).await?.done()?;
    let (mut told, mut logged) = (false, false);
    while !(told && logged) {
        let record = rpc.record(4).await?;
        told |= record["Name"] == name;
        logged |= text(&record).contains(name);
    }
    // Both end together, and the number and the log are free again.
    rpc.ask("stop", json!({"Stop": 4})).await?.done()?;
    for (command, body) in [("stream", stream), ("monitor", level)] {
        let error = rpc.ask_among(4, command, body).await?;
        equal(command, error.as_str(), "")?;
        rpc.ask("stop", json!({"Stop": 4})).await?.done()?;
    }
    Ok(())
}
