use std::process::Stdio;

use anyhow::ensure;
use quorate_testkit::server::{Located, SerfOptions, SerfServer};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use tokio::process::Command;

use crate::SOON;
use crate::run::words;
use crate::server::Server;

/// What a target needs for cases that compare: the `serf` command.
pub(crate) const SERF: &str = "serf";

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        members_are_printed_as_serf_prints_them needs [SERF],
        an_agent_is_described_as_serf_describes_it needs [SERF],
        what_is_done_is_said_as_serf_says_it needs [SERF],
        a_query_is_printed_as_serf_prints_it needs [SERF],
    ]
    .into()
}

impl Server {
    /// Runs `serf LINE`, with its options as Go has them, and gives what it printed.
    async fn serf(&self, line: &str) -> anyhow::Result<String> {
        let Located::Found(program) = SerfServer::locate() else {
            anyhow::bail!("there is no serf");
        };
        let output = Command::new(program)
            .env_clear()
            .env("SERF_RPC_ADDR", self.rpc()?)
            .args(words(line))
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .output()
            .await?;
        ensure!(output.status.success(), "serf {line}: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Both print the same bytes.
    async fn same(&self, line: &str) -> anyhow::Result<String> {
        let theirs = self.serf(line).await?;
        let ours = self.ok(line).await?;
        ensure!(ours == theirs, "{line}: {ours:?}, serf {theirs:?}");
        Ok(ours)
    }
}

async fn members_are_printed_as_serf_prints_them(server: &Subject<Server>) -> anyhow::Result<()> {
    for line in [
        "members",
        "members --detailed",
        "members --detailed --format text",
        "members --format=json",
        "members --name nobody",
        "members --name nobody --format json",
        "members --status alive --tag role=w.b --name 'al.*'",
    ] {
        server.same(line).await?;
    }
    // Serf warns among the members, where a pipe would take it for one; ours says nothing.
    let theirs = server.serf("members --role web").await?;
    let warned = "Deprecation warning: 'Role' has been replaced with 'Tags'\n";
    let ours = server.ok("members --role web").await?;
    ensure!(theirs == format!("{warned}{ours}"), "{ours:?}, {theirs:?}");
    Ok(())
}

async fn an_agent_is_described_as_serf_describes_it(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    // Clocks, queues and goroutines change from one question to the next.
    let lasting = |text: &str| {
        let lines = text.lines().filter(|line| {
            let changing = ["goroutines", "_time", "_queue", "health_score"];
            !changing.iter().any(|word| line.contains(word))
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for line in ["info", "info --format json"] {
        let (ours, theirs) = (server.ok(line).await?, server.serf(line).await?);
        ensure!(lasting(&ours) == lasting(&theirs), "{ours}\n{theirs}");
        ensure!(
            ours.lines().count() == theirs.lines().count(),
            "{ours}\n{theirs}"
        );
    }
    Ok(())
}

async fn what_is_done_is_said_as_serf_says_it(server: &Subject<Server>) -> anyhow::Result<()> {
    let alone = server.fresh().await?;
    for line in [
        "event deploy v17",
        "event --coalesce=false deploy 'a b'",
        "event ''",
        "tags --set a=<&> --delete none",
        "members --format json",
        "rtt alpha",
        "rtt alpha alpha",
    ] {
        alone.same(line).await?;
    }
    let beta = server.alone(SerfOptions::named("beta")).await?;
    let other = beta.gossip()?;
    // In their profile agents wait for a second only.
    for line in [
        format!("join {other}"),
        format!("join --replay {other} 127.0.0.1:1"),
    ] {
        eventually_ok(SOON, &line, || alone.same(&line)).await?;
    }
    Ok(())
}

async fn a_query_is_printed_as_serf_prints_it(server: &Subject<Server>) -> anyhow::Result<()> {
    // Real agents mix up queries of the same moment.
    let alone = server.fresh().await?;
    for line in [
        "query load",
        "query --format json load now",
        "query --no-ack --format json --node alpha load",
        "query --no-ack --tag role=w --relay-factor 2 load",
    ] {
        // Theirs waits for all of its time, which Go reads of the same option. On a loaded machine an answer
        // may come too late for one of them.
        let line = line.replace("query ", "query --timeout=500ms ");
        let answered = || async {
            let said = alone.same(&line).await?;
            ensure!(said.contains("up 3 days"), "{said}");
            anyhow::Ok(())
        };
        eventually_ok(SOON, &line, answered).await?;
    }
    Ok(())
}
