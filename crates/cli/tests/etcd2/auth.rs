use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        users_and_roles_come_and_go_as_etcdctl_prints_it,
        users_and_roles_decide_when_they_count,
        a_user_with_a_role_that_is_gone_is_told_what_to_do,
    ]
    .into()
}

async fn users_and_roles_come_and_go_as_etcdctl_prints_it(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.prints("user list", "").await?;
    server
        .prints("user add ann:pw", "User ann created\n")
        .await?;
    let said = server.fails("user add ann:other", 4).await?;
    ensure!(said.contains("quorate etcd2 user passwd ann"), "{said}");
    ensure!(server.ok_with("user passwd ann", "secret\n").await? == "Password updated\n");
    server.fails("user passwd nobody", 3).await?;
    server.fails("user passwd ann", 2).await?;
    server.prints("role add dev", "Role dev created\n").await?;
    server.fails("role add dev", 4).await?;
    server
        .prints(
            "role grant dev --path /foo/* --readwrite",
            "Role dev updated\n",
        )
        .await?;
    server
        .prints("role grant dev --path /bar --read", "Role dev updated\n")
        .await?;
    let shown = "Role: dev\nKV Read:\n\t/bar\n\t/foo/*\nKV Write:\n\t/foo/*\n";
    server.prints("role get dev", shown).await?;
    server
        .prints(
            "role revoke dev --path /foo/* --write",
            "Role dev updated\n",
        )
        .await?;
    let json = server.json("role get dev").await?;
    ensure!(json["permissions"]["kv"]["read"][1] == "/foo/*", "{json}");
    server.prints("role list", "dev\nroot\n").await?;
    server
        .prints("user grant ann --roles dev,root", "User ann updated\n")
        .await?;
    server
        .prints("user get ann", "User: ann\nRoles:  dev root\n")
        .await?;
    server
        .prints("user revoke ann --roles root", "User ann updated\n")
        .await?;
    server.prints("user list", "ann\n").await?;
    server
        .prints("user remove ann", "User ann removed\n")
        .await?;
    server.fails("user get ann", 3).await?;
    server
        .prints("role remove dev", "Role dev removed\n")
        .await?;
    server.fails("role get dev", 3).await?;
    server
        .fails("role grant dev --path /x --read --write", 2)
        .await?;
    Ok(())
}

async fn users_and_roles_decide_when_they_count(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    let said = server.fails("auth enable", 4).await?;
    ensure!(said.contains("next: quorate etcd2 user add root"), "{said}");
    server
        .prints("auth status", "Authentication Disabled\n")
        .await?;
    server.ok("user add root:secret").await?;
    server.ok("set /au/a 1").await?;
    let done = server.run("etcd2 auth enable", "").await?;
    ensure!(done.stdout == "Authentication Enabled\n", "{done:?}");
    ensure!(done.stderr.contains("role remove guest"), "{done:?}");
    server.ok("get /au/a").await?;
    server.write("password", "secret\n")?;
    let root = "-u root --password-file password";
    server
        .prints(format!("{root} role remove guest"), "Role guest removed\n")
        .await?;
    let said = server.fails("get /au/a", 8).await?;
    ensure!(said.contains("--username"), "{said}");
    let said = server.fails("-u root:wrong get /au/a", 8).await?;
    ensure!(said.contains("(code 110)"), "{said}");
    server.prints(format!("{root} get /au/a"), "1\n").await?;
    server
        .prints("--username root:secret get /au/a", "1\n")
        .await?;
    let shown = server.ok_with("-u root get /au/a", "secret\n").await?;
    ensure!(shown == "1\n", "{shown}");
    server.write("credentials", "root:secret\n")?;
    let host = server.url.trim_start_matches("http://");
    let url = format!("--at etcd2://{host}/app?auth-file=credentials etcd2 get /au/a");
    let done = server.run(&url, "").await?;
    ensure!(done.code == 0 && done.stdout == "1\n", "{done:?}");
    server.fails("user list", 8).await?;
    server
        .prints(format!("{root} auth disable"), "Authentication Disabled\n")
        .await
}

async fn a_user_with_a_role_that_is_gone_is_told_what_to_do(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.ok_with("user add ben --roles gone", "pw").await?;
    let said = server.fails("user get ben", 3).await?;
    ensure!(said.contains("user revoke ben"), "{said}");
    server.fails("user add ben:pw", 4).await?;
    server
        .prints("user revoke ben --roles gone", "User ben updated\n")
        .await?;
    server.prints("user get ben", "User: ben\nRoles: \n").await
}
