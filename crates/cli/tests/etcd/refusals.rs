use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server; what_can_not_be_is_told_with_the_next_command].into()
}

async fn what_can_not_be_is_told_with_the_next_command(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    for (line, code, said) in [
        ("get", 2, "<KEY>"),
        ("get ''", 2, "--prefix ''"),
        ("get --prefix --from-key a", 2, "cannot be used with"),
        ("get --prefix a b", 2, "cannot be used with"),
        ("get --print-value-only -w json a", 2, "-w simple"),
        ("get a --order sideways", 2, "ASCEND"),
        ("-w table get a", 2, "table not supported"),
        ("-w odd get a", 2, "protobuf"),
        ("put --lease zz a b", 2, "hexadecimal"),
        ("put --lease 123 a b", 3, "quorate etcd lease list"),
        ("put --ignore-value a b", 2, "cannot be used with"),
        ("lease grant x", 2, "invalid"),
        ("lease revoke xyz", 2, "quorate etcd lease list"),
        ("lease grant 9000000001", 2, "9000000000"),
        ("member remove zz", 2, "quorate etcd member list"),
        ("member add x", 2, "--peer-urls"),
        ("move-leader zz", 2, "hexadecimal"),
        ("defrag --data-dir x", 2, "etcdutl defrag"),
        ("role grant-permission r odd k", 2, "readwrite"),
        ("elect e", 2, "<PROPOSAL>"),
        ("compaction 999999", 2, "future revision"),
        (
            "--endpoints 127.0.0.1:1 --dial-timeout 200ms get a",
            6,
            "quorate agent --etcd",
        ),
        ("--endpoints ftp://x get a", 2, "ftp"),
        ("--password x get a", 2, "--user"),
        ("--token-file x get a", 2, "--user NAME"),
    ] {
        let shown = server.fails(line, code).await?;
        ensure!(shown.contains(said), "{line}: {shown}");
    }
    let done = server
        .run("-o json etcd --endpoints 127.0.0.1:1 get a", "")
        .await?;
    let error: serde_json::Value = serde_json::from_str(&done.stderr)?;
    ensure!(error["error"]["kind"] == "unavailable", "{error}");
    ensure!(error["error"]["outcome"] == "did-not-happen", "{error}");
    Ok(())
}
