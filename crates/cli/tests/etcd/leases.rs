use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::beside::{Compare, ETCDCTL};
use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        leases_print_what_etcdctl_prints needs [ETCDCTL],
        a_lease_is_granted_kept_and_revoked,
    ]
    .into()
}

/// As a message, etcdctl prints the header alone.
const LISTED: [&str; 4] = ["simple", "json", "fields", "protobuf"];

/// The id in `lease ID granted …`.
async fn granted(server: &Server, ttl: u32) -> anyhow::Result<String> {
    let said = server.ok(format!("lease grant {ttl}")).await?;
    Ok(said.split(' ').nth(1).unwrap_or_default().to_owned())
}

async fn leases_print_what_etcdctl_prints(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server
        .same_with("lease list", "", Compare::Bytes, &LISTED)
        .await?;
    let id = granted(&server, 9_000_000).await?;
    server.ok(format!("put --lease {id} bl/a 1")).await?;
    server
        .same_with("lease list", "", Compare::Bytes, &LISTED)
        .await?;
    server.same("lease grant 1000", Compare::Words).await?;
    server.same("lease grant -- -5", Compare::Words).await?;
    for line in ["timetolive", "timetolive --keys", "keep-alive --once"] {
        let line = format!("lease {line} {id}");
        server
            .same_with(&line, "", Compare::Bytes, &["protobuf"])
            .await?;
    }
    for line in ["timetolive", "timetolive --keys", "keep-alive --once"] {
        server
            .same(&format!("lease {line} {id}"), Compare::Words)
            .await?;
    }
    server.ok(format!("lease revoke {id}")).await?;
    server
        .same(&format!("lease timetolive {id}"), Compare::Bytes)
        .await?;
    server
        .same(&format!("lease revoke {id}"), Compare::Bytes)
        .await?;
    server
        .same(&format!("lease keep-alive --once {id}"), Compare::Bytes)
        .await
}

async fn a_lease_is_granted_kept_and_revoked(server: &Subject<Server>) -> anyhow::Result<()> {
    let id = granted(server, 600).await?;
    server.ok(format!("put --lease {id} le/a 1")).await?;
    let told = server.ok(format!("lease timetolive --keys {id}")).await?;
    ensure!(
        told.starts_with(&format!("lease {id} granted with TTL(600s), remaining(")),
        "{told}"
    );
    ensure!(told.ends_with(", attached keys([le/a])\n"), "{told}");
    let once = format!("lease {id} keepalived with TTL(600)\n");
    server
        .prints(format!("lease keep-alive --once {id}"), &once)
        .await?;
    let mut kept = server.start(&format!("lease keep-alive {id}"))?;
    ensure!(kept.line().await? == once.trim_end());
    kept.interrupt()?;
    ensure!(kept.end().await? == 130);
    server
        .prints(
            format!("lease revoke {id}"),
            &format!("lease {id} revoked\n"),
        )
        .await?;
    server.prints("get le/a", "").await?;
    let said = server.fails(format!("lease revoke {id}"), 3).await?;
    ensure!(said.contains("next: quorate etcd lease list"), "{said}");
    let said = server.fails(format!("lease keep-alive {id}"), 3).await?;
    ensure!(said.contains("expired or revoked"), "{said}");
    Ok(())
}
