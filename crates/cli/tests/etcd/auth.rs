use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::beside::{Compare, ETCDCTL};
use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        users_and_roles_print_what_etcdctl_prints needs [ETCDCTL],
        users_and_roles_are_made_shown_and_removed,
        access_control_counts_when_it_is_on,
    ]
    .into()
}

async fn users_and_roles_print_what_etcdctl_prints(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    for line in [
        "role add readers",
        "user add ann:pw",
        "user add --no-password bob",
        "role grant-permission readers readwrite foo",
        "role grant-permission readers read foo fop",
        "role grant-permission readers write pre --prefix",
        "role grant-permission readers read fr --from-key",
        "role grant-permission readers read a c",
        "user grant-role ann readers",
    ] {
        server.ok(line).await?;
    }
    for line in [
        "role get readers",
        "role list",
        "role get none",
        "user get ann",
        "user get ann --detail",
        "user get bob",
        "user list",
        "auth status",
        "role add readers",
        "user delete none",
        "auth enable",
    ] {
        server.same(line, Compare::Bytes).await?;
    }
    server
        .same("role grant-permission readers read x", Compare::Bytes)
        .await?;
    // What changes something once is done by one of them, and read beside.
    for (theirs, ours) in [
        ("role add one", "role add two"),
        ("user add one:p", "user add two:p"),
        (
            "user add one3 --new-user-password p",
            "user add two3 --new-user-password p",
        ),
        ("user grant-role one one", "user grant-role two two"),
        ("user revoke-role one one", "user revoke-role two two"),
        (
            "role grant-permission one read k",
            "role grant-permission two read k",
        ),
        (
            "role grant-permission one read p --prefix",
            "role grant-permission two read p --prefix",
        ),
        (
            "role revoke-permission one k",
            "role revoke-permission two k",
        ),
        (
            "role revoke-permission one p --prefix",
            "role revoke-permission two p --prefix",
        ),
        ("user delete one", "user delete two"),
        ("role delete one", "role delete two"),
    ] {
        let (succeeded, theirs) = server.etcdctl(theirs, "").await?;
        let theirs = String::from_utf8(theirs)?.replace("one", "two");
        let shown = server.ok(ours).await?;
        ensure!(succeeded && theirs == shown, "{ours}: {theirs}{shown}");
    }
    Ok(())
}

async fn users_and_roles_are_made_shown_and_removed(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.prints("role add r", "Role r created\n").await?;
    server
        .prints("user add ann:pw", "User ann created\n")
        .await?;
    let said = server.fails("user add ann:pw", 4).await?;
    ensure!(
        said.contains("next: quorate etcd user passwd ann"),
        "{said}"
    );
    let shown = server
        .ok_with("user add --interactive=false eve", "secret\n")
        .await?;
    ensure!(shown == "User eve created\n", "{shown}");
    let shown = server
        .ok_with("user passwd --interactive=false eve", "other\n")
        .await?;
    ensure!(shown == "Password updated\n", "{shown}");
    server
        .prints(
            "role grant-permission r read p/ --prefix",
            "Role r updated\n",
        )
        .await?;
    let shown = "Role r\nKV Read:\n\t[p/, p0) (prefix p/)\nKV Write:\n";
    server.prints("role get r", shown).await?;
    server
        .prints("user grant-role ann r", "Role r is granted to user ann\n")
        .await?;
    server
        .prints("user get ann", "User: ann\nRoles: r\n")
        .await?;
    let revoked = "Permission of range [p/, p0) is revoked from role r\n";
    server
        .prints("role revoke-permission r p/ --prefix", revoked)
        .await?;
    server
        .prints("user delete ann", "User ann deleted\n")
        .await?;
    server.prints("role delete r", "Role r deleted\n").await?;
    server.prints("user list", "eve\n").await?;
    let said = server.fails("user get ann", 3).await?;
    ensure!(said.contains("next: quorate etcd user list"), "{said}");
    Ok(())
}

async fn access_control_counts_when_it_is_on(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    let said = server.fails("auth enable", 3).await?;
    ensure!(said.contains("next: quorate etcd user add root"), "{said}");
    for line in [
        "user add root:r00t",
        "role add root",
        "user grant-role root root",
    ] {
        // Servers differ on whether the role root is there before.
        server.run(&format!("etcd {line}"), "").await?;
    }
    server.ok("user add ann:pw").await?;
    server
        .prints("auth enable", "Authentication Enabled\n")
        .await?;
    let said = server.fails("get a", 8).await?;
    ensure!(
        said.contains("next: the same command with --user NAME"),
        "{said}"
    );
    let said = server.fails("--user ann:pw get a", 8).await?;
    ensure!(said.contains("permission denied"), "{said}");
    server.fails("--user root:wrong get a", 8).await?;
    server.prints("--user root:r00t put a 1", "OK\n").await?;
    server
        .prints("--user root --password r00t get a", "a\n1\n")
        .await?;
    let variables = [("ETCDCTL_USER", "root"), ("ETCDCTL_PASSWORD", "r00t")];
    let mut shown = server.start_in(&variables, "get a")?;
    ensure!(shown.line().await? == "a" && shown.end().await? == 0);
    server
        .prints("--user root:r00t auth disable", "Authentication Disabled\n")
        .await?;
    server.prints("get a", "a\n1\n").await
}
