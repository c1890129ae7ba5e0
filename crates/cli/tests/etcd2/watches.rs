use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        a_watch_ends_after_a_change_or_goes_on,
        a_watch_begins_after_an_index,
        a_watch_of_a_tree_tells_of_directories_too,
        a_command_runs_at_each_change,
    ]
    .into()
}

async fn a_watch_ends_after_a_change_or_goes_on(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    let mut once = server.start("watch /w/x")?;
    let mut always = server.start("watch --forever --recursive /w")?;
    server.watched(2).await?;
    server.ok("set /w/x 1").await?;
    ensure!(once.line().await? == "1" && once.end().await? == 0);
    server.ok("rm /w/x").await?;
    for expected in ["[set] /w/x", "1", "[delete] /w/x", "PrevNode.Value: 1"] {
        ensure!(always.line().await? == expected, "{expected}");
    }
    Ok(())
}

async fn a_watch_begins_after_an_index(server: &Subject<Server>) -> anyhow::Result<()> {
    // Its own: the watches of others would lose what is forgotten here.
    let server = server.fresh().await?;
    let made = server.json("set /wa/x 1").await?;
    let index = made["node"]["modifiedIndex"].clone();
    server.ok("set /wa/x 2").await?;
    server
        .prints(format!("watch --after-index {index} /wa/x"), "2\n")
        .await?;
    let json = server
        .json(format!("watch --after-index {index} -r /wa"))
        .await?;
    ensure!(json["prevNode"]["value"] == "1", "{json}");
    let client = server.client()?;
    for _ in 0..1001 {
        client.keys().set("/wa/other", "").await?;
    }
    let said = server
        .fails(format!("watch --after-index {index} /wa/x"), 3)
        .await?;
    ensure!(
        said.contains("forgotten") && said.contains("next: "),
        "{said}"
    );
    Ok(())
}

async fn a_watch_of_a_tree_tells_of_directories_too(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.ok("set /wt/d/x 1").await?;
    let mut watch = server.start("watch -f -r /wt")?;
    server.watched(1).await?;
    server.ok("rm --recursive /wt/d").await?;
    ensure!(
        watch.line().await? == "[delete] /wt/d",
        "its keys are gone with it"
    );
    Ok(())
}

async fn a_command_runs_at_each_change(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.write(
        "handler",
        "echo $ETCD_WATCH_ACTION $ETCD_WATCH_KEY $ETCD_WATCH_VALUE $ETCD_WATCH_MODIFIED_INDEX; exit 3",
    )?;
    let mut watch = server.start("exec-watch -r /we -- sh handler")?;
    server.watched(1).await?;
    // It goes on although the command fails.
    for value in ["1", "2"] {
        let set = server.json(format!("set /we/x {value}")).await?;
        let expected = format!("set /we/x {value} {}", set["node"]["modifiedIndex"]);
        let found = watch.line().await?;
        ensure!(found == expected, "{found}");
    }
    // The first goes on: how long a server counts one that has left is its own affair.
    let missing = server.start("exec-watch /we/x -- ./no-such-program")?;
    server.watched(2).await?;
    server.ok("set /we/x 3").await?;
    ensure!(missing.end().await? == 127);
    Ok(())
}
