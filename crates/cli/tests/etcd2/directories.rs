use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

/// etcd 3.5.16 refuses every change of a directory that is there.
pub(crate) const DIRECTORY_TTL: &str = "the TTL of a directory";

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        directories_are_listed_as_etcdctl_prints_it,
        directories_are_made_and_removed,
        a_directory_gets_a_ttl_whether_it_is_there_or_not needs [DIRECTORY_TTL],
    ]
    .into()
}

async fn directories_are_listed_as_etcdctl_prints_it(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    server.ok("set /dl/b/c 1").await?;
    server.ok("set /dl/a 2").await?;
    server.ok("mkdir /dl/d").await?;
    server
        .prints("ls --sort /dl", "/dl/a\n/dl/b\n/dl/d\n")
        .await?;
    server
        .prints("ls --sort -p /dl", "/dl/a\n/dl/b/\n/dl/d/\n")
        .await?;
    server
        .prints(
            "ls --sort --recursive -p /dl",
            "/dl/a\n/dl/b/\n/dl/b/c\n/dl/d/\n",
        )
        .await?;
    server.prints("ls /dl/a", "/dl/a\n").await?;
    server.prints("ls /dl/d", "").await?;
    ensure!(server.ok("ls").await?.lines().any(|line| line == "/dl"));
    let json = server.json("ls -r --sort --quorum /dl").await?;
    ensure!(
        json["node"]["nodes"][1]["nodes"][0]["value"] == "1",
        "{json}"
    );
    let shown = server.ok("-o extended ls /dl").await?;
    ensure!(
        shown.starts_with("Key: /dl\n") && shown.ends_with("\n\n\n"),
        "{shown:?}"
    );
    server.fails("ls /dl/none", 3).await?;
    Ok(())
}

async fn directories_are_made_and_removed(server: &Subject<Server>) -> anyhow::Result<()> {
    server.prints("mkdir /dm/a", "").await?;
    server.fails("mkdir /dm/a", 4).await?;
    let json = server.json("mkdir /dm/b").await?;
    ensure!(
        json["action"] == "create" && json["node"]["dir"] == true,
        "{json}"
    );
    let said = server.fails("rmdir /dm", 1).await?;
    ensure!(
        said.contains("(code 108)") && said.contains("hidden"),
        "{said}"
    );
    server.prints("rmdir /dm/a", "").await?;
    server.fails("rmdir /dm/a", 3).await?;
    server.prints("rm --recursive /dm", "").await?;
    // A server does not tell a file from a directory here; what it was is shown.
    server.ok("set /dm x").await?;
    server.prints("rmdir /dm", "PrevNode.Value: x\n").await
}

async fn a_directory_gets_a_ttl_whether_it_is_there_or_not(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let ttl = async || -> anyhow::Result<Option<i64>> {
        Ok(server.json("ls /dt/a").await?["node"]["ttl"].as_i64())
    };
    server.fails("updatedir --ttl 100 /dt/a", 3).await?;
    server.prints("setdir --ttl 100 /dt/a", "").await?;
    ensure!(ttl().await?.is_some_and(|ttl| ttl <= 100));
    server.prints("setdir --ttl 1h /dt/a", "").await?;
    ensure!(ttl().await?.is_some_and(|ttl| ttl > 100));
    server.prints("updatedir /dt/a", "").await?;
    ensure!(ttl().await?.is_none(), "it stays for ever");
    server.prints("updatedir --ttl 100 /dt/a", "").await?;
    ensure!(ttl().await?.is_some());
    Ok(())
}
