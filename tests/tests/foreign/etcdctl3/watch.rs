//! `etcdctl watch`.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use tokio::time::timeout;

use crate::command::SOON;
use crate::etcd3::{Etcd3, field};

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        watch_tells_what_happens_from_now_on,
        watch_begins_in_the_past,
        watch_of_a_range_tells_of_no_other_key,
        watch_runs_a_command_for_each_change,
        watch_takes_what_to_watch_from_its_input,
        what_is_watched_is_printed_in_each_way,
        watch_of_what_is_compacted_is_canceled,
        watch_tells_how_far_it_is,
    ]
    .into()
}

/// Puts, puts again and deletes a key; the revision of the first.
async fn history(etcd: &Etcd3, key: &str) -> anyhow::Result<i64> {
    let kv = etcd.client.kv();
    let revision = kv.put(key, "1").await?.header.revision;
    kv.put(key, "2").await?;
    kv.delete(key).await?;
    Ok(revision)
}

async fn watch_tells_what_happens_from_now_on(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (key, other) = (&etcd.key("f"), &etcd.key("g"));
    let watch = etcd.tell(&["watch", key])?;
    // Nothing shows when it begins.
    let begun = async {
        while !watch.text()?.starts_with("PUT\n") {
            etcd.client.kv().put(key, "0").await?;
        }
        anyhow::Ok(())
    };
    timeout(SOON, begun).await.context("no change is told")??;
    history(etcd, other).await?;
    history(etcd, key).await?;
    let told = format!("PUT\n{key}\n1\nPUT\n{key}\n2\nDELETE\n{key}\n\n");
    watch.until(&told).await?;
    ensure!(!watch.text()?.contains(other), "{}", watch.text()?);
    watch.interrupt().await?;
    Ok(())
}

async fn watch_begins_in_the_past(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let key = &etcd.key("f");
    let revision = history(etcd, key).await?;
    let from = format!("--rev={revision}");
    let told = format!("PUT\n{key}\n1\nPUT\n{key}\n2\nDELETE\n{key}\n\n");
    let watch = etcd.tell(&["watch", key, &from])?;
    watch.until(&told).await?;
    ensure!(watch.interrupt().await? == told);
    let told = format!("PUT\n{key}\n1\nPUT\n{key}\n1\n{key}\n2\nDELETE\n{key}\n2\n{key}\n\n");
    let mut begun = 0;
    let watch = loop {
        let watch = etcd.tell(&["watch", key, &from, "--prev-kv"])?;
        watch.until("DELETE\n").await?;
        begun += 1;
        // A real etcd takes note that a watch asked for what was before after it has begun it.
        let without = !watch
            .text()?
            .starts_with(&format!("PUT\n{key}\n1\nPUT\n{key}\n1\n"));
        if !without || begun >= etcd.beginnings() {
            break watch;
        }
    };
    watch.until(&told).await?;
    // It goes on with what is new, the earlier version among it.
    etcd.client.kv().put(key, "3").await?;
    watch.until(&format!("{told}PUT\n{key}\n3\n")).await?;
    watch.interrupt().await?;
    Ok(())
}

async fn watch_of_a_range_tells_of_no_other_key(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (a, b, c) = (&etcd.key("a"), &etcd.key("b"), &etcd.key("c"));
    let revision = history(etcd, a).await?;
    for key in [b, c] {
        history(etcd, key).await?;
    }
    let from = &format!("--rev={revision}");
    let root = etcd.prefix();
    for (arguments, keys) in [
        (&["watch", root, "--prefix", from][..], &[a, b, c][..]),
        (&["watch", a, c, from], &[a, b]),
        (&["watch", b, "--prefix", from], &[b]),
    ] {
        let told: String = keys
            .iter()
            .map(|key| format!("PUT\n{key}\n1\nPUT\n{key}\n2\nDELETE\n{key}\n\n"))
            .collect();
        let watch = etcd.tell(arguments)?;
        watch.until(&told).await?;
        let all = watch.interrupt().await?;
        ensure!(all == told, "{arguments:?}: {all}");
    }
    Ok(())
}

async fn watch_runs_a_command_for_each_change(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let key = &etcd.key("f");
    let revision = history(etcd, key).await?;
    let child =
        "echo $ETCD_WATCH_REVISION $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE";
    let from = format!("--rev={revision}");
    let watch = etcd.tell(&["watch", key, &from, "--", "sh", "-c", child])?;
    for told in [
        "\"PUT\" KEY \"1\"",
        "\"PUT\" KEY \"2\"",
        "\"DELETE\" KEY \"\"",
    ] {
        let told = told.replace("KEY", &format!("\"{key}\""));
        watch.until(&format!(" {told}\n")).await?;
    }
    watch.interrupt().await?;
    Ok(())
}

async fn watch_takes_what_to_watch_from_its_input(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (a, b) = (&etcd.key("a"), &etcd.key("b"));
    let revision = history(etcd, a).await?;
    history(etcd, b).await?;
    // Both go through one stream.
    let watch = etcd.etcdctl(&["watch", "-i"])?.open().tell()?;
    watch
        .running
        .write(&format!("watch {a} --rev {revision}\n"))?;
    watch
        .running
        .write(&format!("watch --prefix {b} --rev {revision}\n"))?;
    for key in [a, b] {
        let told = format!("PUT\n{key}\n1\nPUT\n{key}\n2\nDELETE\n{key}\n\n");
        watch.until(&told).await?;
    }
    let done = watch.running.end().await?;
    let last = "Error: error reading watch request line: EOF\n";
    ensure!(done.stderr.ends_with(last), "{done:?}");
    Ok(())
}

async fn what_is_watched_is_printed_in_each_way(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let key = &etcd.key("f");
    let revision = history(etcd, key).await?;
    let from = &format!("--rev={revision}");
    let watch = etcd.tell(&["watch", key, from, "-w", "json"])?;
    let lines = watch.lines(1).await?;
    let told: serde_json::Value = serde_json::from_str(&lines[0])?;
    let events = told["Events"].as_array().context("no events")?;
    let revisions: Vec<_> = events
        .iter()
        .map(|event| event["kv"]["mod_revision"].as_i64())
        .collect();
    ensure!(
        revisions.len() == 3 && revisions[0] == Some(revision) && revisions.is_sorted(),
        "{told}"
    );
    ensure!(
        events[1]["type"].is_null() && events[2]["type"] == 1,
        "{told}"
    );
    watch.interrupt().await?;
    let watch = etcd.tell(&["watch", key, from, "-w", "fields"])?;
    watch.until("\"Type\" : DELETE\n").await?;
    let fields = watch.interrupt().await?;
    ensure!(
        field(&fields, "CreateRevision")? == revision.to_string()
            && field(&fields, "Value")? == "\"1\"",
        "{fields}"
    );
    let watch = etcd.tell(&["watch", key, from, "--hex"])?;
    watch.until("PUT\n\\x").await?;
    watch.interrupt().await?;
    Ok(())
}

async fn watch_of_what_is_compacted_is_canceled(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    history(&own, "f").await?;
    let revision = own.revision().await?;
    own.client.kv().compact(revision, true).await?;
    let done = own.etcdctl(&["watch", "f", "--rev=1"])?.run().await?;
    let gone = "etcdserver: mvcc: required revision has been compacted";
    ensure!(
        done.code > 0
            && done
                .stderr
                .contains(&format!("watch was canceled ({gone})\n"))
            && done
                .stderr
                .ends_with("Error: watch is canceled by the server\n"),
        "{done:?}"
    );
    let watch = own.tell(&["watch", "f", &format!("--rev={revision}")])?;
    watch.until("DELETE\nf\n").await?;
    watch.interrupt().await?;
    Ok(())
}

async fn watch_tells_how_far_it_is(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let key = &etcd.key("f");
    let revision = history(etcd, key).await?;
    let watch = etcd.etcdctl(&["watch", "-i"])?.open().tell()?;
    watch
        .running
        .write(&format!("watch {key} --rev {revision}\n"))?;
    watch.until(&format!("DELETE\n{key}\n")).await?;
    // Without an answer where the server is not sure of it: etcd counts on being asked again.
    let told = async {
        while !watch.text()?.contains("progress notify: ") {
            watch.running.write("progress\n")?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    };
    timeout(SOON, told).await.context("no progress is told")??;
    let text = watch.interrupt().await?;
    let told = text
        .lines()
        .find_map(|line| line.strip_prefix("progress notify: "));
    let told: i64 = told.context("no number")?.parse()?;
    ensure!(told >= revision + 2, "{told} of {revision}");
    Ok(())
}
