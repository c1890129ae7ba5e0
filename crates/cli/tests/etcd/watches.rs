use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use tokio::process::Command;
use tokio::time::timeout;

use crate::beside::{ETCDCTL, etcdctl};
use crate::program::Server;
use crate::program::run::{Running, words};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        a_watch_prints_what_etcdctl_prints needs [ETCDCTL],
        a_watch_tells_what_was_there_before,
        a_command_runs_at_each_change,
        a_revision_that_is_compacted_is_told,
        watches_are_read_from_standard_input,
        the_environment_says_what_is_watched,
    ]
    .into()
}

async fn changes(server: &Server, prefix: &str) -> anyhow::Result<()> {
    for line in [
        "put X/a 1",
        "put X/a 2",
        "put X/b <é>",
        "del X/a",
        "del X/b",
    ] {
        server.ok(line.replace('X', prefix)).await?;
    }
    Ok(())
}

/// The revision before anything happened below the prefix.
async fn before(server: &Server) -> anyhow::Result<u64> {
    let json = server.json("get none").await?;
    json["header"]["revision"].as_u64().context("no revision")
}

/// How often a watch of what was may be begun until it tells what was before, too: a real etcd takes
/// note that this was asked for after it has begun the watch, and what it tells in between lacks it.
fn beginnings(server: &Subject<Server>) -> usize {
    if server.prefix().contains("/embedded/") {
        1
    } else {
        4
    }
}

/// Looks at a watch, again as often as it may be begun again. Lines that never come are missing.
async fn begun_again<F>(beginnings: usize, look: impl Fn() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    for _ in 1..beginnings {
        if let Ok(Ok(())) = timeout(Duration::from_secs(25), look()).await {
            return Ok(());
        }
    }
    look().await
}

/// On a server where nothing else happens, both get the history as one answer.
async fn a_watch_prints_what_etcdctl_prints(server: &Subject<Server>) -> anyhow::Result<()> {
    let (server, beginnings) = (server.fresh().await?, beginnings(server));
    let from = before(&server).await? + 1;
    changes(&server, "bw").await?;
    // The header has the revision of the store, which is ahead of what is told.
    server.ok("put elsewhere 1").await?;
    for (form, lines) in [("simple", 21), ("json", 1), ("fields", 57)] {
        let line = format!("-w {form} watch --prefix --prev-kv --rev {from} bw/");
        begun_again(beginnings, || async {
            let mut theirs = Command::new(etcdctl().context("there is no etcdctl")?);
            theirs
                .env_clear()
                .env("ETCDCTL_ENDPOINTS", &server.url)
                .args(words(&line))
                .stdout(Stdio::piped())
                .kill_on_drop(true);
            let (mut theirs, mut ours) = (Running::of(theirs)?, server.start(&line)?);
            let (theirs, ours) = (theirs.lines(lines).await?, ours.lines(lines).await?);
            ensure!(
                theirs == ours,
                "{form}: etcdctl's\n{theirs:#?}ours\n{ours:#?}"
            );
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn a_watch_tells_what_was_there_before(server: &Subject<Server>) -> anyhow::Result<()> {
    let from = before(server).await? + 1;
    changes(server, "wb").await?;
    begun_again(beginnings(server), || async {
        let mut watch = server.start(&format!("watch --prefix --prev-kv --rev {from} wb/"))?;
        let expected = "PUT wb/a 1 PUT wb/a 1 wb/a 2 PUT wb/b <é> DELETE wb/a 2 wb/a";
        for word in expected.split(' ') {
            let line = watch.line().await?;
            ensure!(line == word, "{line} instead of {word}");
        }
        watch.interrupt()?;
        ensure!(watch.end().await? == 130);
        Ok(())
    })
    .await
}

async fn a_command_runs_at_each_change(server: &Subject<Server>) -> anyhow::Result<()> {
    let from = before(server).await? + 1;
    changes(server, "wx").await?;
    let script = "echo $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE; \
                  test $ETCD_WATCH_EVENT_TYPE = \"\\\"PUT\\\"\"";
    server.write("hook", script)?;
    let line = format!("etcd watch --prefix --rev {from} wx/ -- sh hook");
    let done = server.run(&line, "").await?;
    // The deletion makes the command fail, and so the watch.
    ensure!(
        done.code == 1 && done.stderr.contains("the command: exit status: 1"),
        "{done:?}"
    );
    for said in [
        "\"PUT\" \"wx/a\" \"1\"",
        "\"PUT\" \"wx/b\" \"<é>\"",
        "\"DELETE\" \"wx/a\" \"\"",
    ] {
        ensure!(
            done.stdout.lines().any(|line| line == said),
            "{said}: {done:?}"
        );
    }
    Ok(())
}

async fn a_revision_that_is_compacted_is_told(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    changes(&server, "wc").await?;
    let now = before(&server).await?;
    server
        .prints(
            format!("compaction {now}"),
            &format!("compacted revision {now}\n"),
        )
        .await?;
    let said = server.fails("watch --rev 2 wc/a", 3).await?;
    ensure!(
        said.contains("required revision has been compacted"),
        "{said}"
    );
    ensure!(said.contains("next: quorate etcd watch --rev"), "{said}");
    let said = server.fails("get --rev 2 wc/a", 3).await?;
    ensure!(said.contains("next: "), "{said}");
    let said = server
        .fails(format!("get --rev {} wc/a", now + 100), 2)
        .await?;
    ensure!(said.contains("future revision"), "{said}");
    Ok(())
}

async fn watches_are_read_from_standard_input(server: &Subject<Server>) -> anyhow::Result<()> {
    let from = before(server).await? + 1;
    changes(server, "wi").await?;
    changes(server, "wj").await?;
    let mut watch = server.start("watch --interactive")?;
    let typed = format!("watch wi/b --rev {from}\nnonsense\nwatch --rev={from} --prefix wj/\n");
    watch.write(&typed).await?;
    // Two changes of wi/b, and all five below wj/: three lines each.
    let lines = watch.lines(21).await?;
    let count = |key: &str| lines.iter().filter(|line| *line == key).count();
    ensure!(
        count("wi/b") == 2 && count("wj/a") == 3 && count("wj/b") == 2,
        "{lines:?}"
    );
    Ok(())
}

async fn the_environment_says_what_is_watched(server: &Subject<Server>) -> anyhow::Result<()> {
    let from = before(server).await? + 1;
    changes(server, "we").await?;
    let variables = [
        ("ETCDCTL_WATCH_KEY", "we/a"),
        ("ETCDCTL_WATCH_RANGE_END", "we/c"),
    ];
    let mut watch = server.start_in(&variables, &format!("watch --rev {from}"))?;
    for word in ["PUT", "we/a", "1", "PUT", "we/a", "2", "PUT", "we/b"] {
        ensure!(watch.line().await? == word);
    }
    let said = server.fails("watch", 2).await?;
    ensure!(said.contains("there is no key"), "{said}");
    Ok(())
}
