//! `etcdctl user`, `role` and `auth`.

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::etcd3::Etcd3;
use crate::server::MASTER;

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        users_may_do_what_their_roles_allow,
        access_control_is_turned_on_and_off,
        users_are_added_changed_and_deleted,
        roles_are_granted_ranges,
        what_has_a_name_already_or_none_is_refused,
    ]
    .into()
}

async fn users_are_added_changed_and_deleted(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    own.says(&["user", "add", "a:pw"], "User a created\n")
        .await?;
    own.says(
        &["user", "add", "b", "--new-user-password=pw"],
        "User b created\n",
    )
    .await?;
    own.says(&["user", "add", "c", "--no-password"], "User c created\n")
        .await?;
    let piped = ["user", "add", "d", "--interactive=false"];
    ensure!(own.run_with(&piped, "pw\n").await? == "User d created\n");
    own.says(&["user", "list"], "a\nb\nc\nd\n").await?;
    own.says(&["role", "add", "r"], "Role r created\n").await?;
    let granted = "Role r is granted to user a\n";
    own.says(&["user", "grant-role", "a", "r"], granted).await?;
    own.says(&["user", "get", "a"], "User: a\nRoles: r\n")
        .await?;
    own.says(
        &["user", "get", "a", "--detail"],
        "User: a\n\nRole r\nKV Read:\nKV Write:\n",
    )
    .await?;
    let revoked = "Role r is revoked from user a\n";
    own.says(&["user", "revoke-role", "a", "r"], revoked)
        .await?;
    own.says(&["user", "get", "a"], "User: a\nRoles:\n").await?;
    let changed = ["user", "passwd", "a", "--interactive=false"];
    ensure!(own.run_with(&changed, "new\n").await? == "Password updated\n");
    own.says(&["user", "delete", "c"], "User c deleted\n")
        .await?;
    let listed = own.json(&["user", "list"]).await?;
    ensure!(
        listed["users"] == serde_json::json!(["a", "b", "d"]),
        "{listed}"
    );
    Ok(())
}

async fn roles_are_granted_ranges(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    own.says(&["role", "add", "r"], "Role r created\n").await?;
    for arguments in [
        &["readwrite", "k"][..],
        &["read", "p/", "--prefix"],
        &["write", "z", "--from-key"],
        &["read", "a", "b"],
    ] {
        let grant = [&["role", "grant-permission", "r"], arguments].concat();
        own.says(&grant, "Role r updated\n").await?;
    }
    own.says(
        &["role", "get", "r"],
        "Role r\nKV Read:\n\t[a, b) (prefix a)\n\tk\n\t[p/, p0) (prefix p/)\n\
         KV Write:\n\tk\n\t[z, <open ended>\n",
    )
    .await?;
    let json = own.json(&["role", "get", "r"]).await?;
    ensure!(
        json["perm"][1]["permType"] == 2 && json["perm"][1]["key"] == "aw==",
        "{json}"
    );
    for (arguments, said) in [
        (&["k"][..], "Permission of key k is revoked from role r\n"),
        (
            &["p/", "--prefix"],
            "Permission of range [p/, p0) is revoked from role r\n",
        ),
        (
            &["z", "--from-key"],
            "Permission of range [z, <open ended> is revoked from role r\n",
        ),
        (
            &["a", "b"],
            "Permission of range [a, b) is revoked from role r\n",
        ),
    ] {
        let revoke = [&["role", "revoke-permission", "r"], arguments].concat();
        own.says(&revoke, said).await?;
    }
    own.says(&["role", "get", "r"], "Role r\nKV Read:\nKV Write:\n")
        .await?;
    own.says(&["role", "list"], "r\n").await?;
    own.says(&["role", "delete", "r"], "Role r deleted\n")
        .await?;
    own.says(&["role", "list"], "").await
}

async fn what_has_a_name_already_or_none_is_refused(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    own.run(&["user", "add", "u:pw"]).await?;
    own.run(&["role", "add", "r"]).await?;
    let (no_user, no_role) = (
        "etcdserver: user name not found",
        "etcdserver: role name not found",
    );
    for (arguments, said) in [
        (
            &["user", "add", "u:pw"][..],
            "etcdserver: user name already exists",
        ),
        (
            &["role", "add", "r"],
            "etcdserver: role name already exists",
        ),
        (&["user", "get", "none"], no_user),
        (&["user", "delete", "none"], no_user),
        (&["user", "grant-role", "none", "r"], no_user),
        (&["user", "grant-role", "u", "none"], no_role),
        (
            &["user", "revoke-role", "u", "r"],
            "etcdserver: role is not granted to the user",
        ),
        (&["role", "get", "none"], no_role),
        (&["role", "delete", "none"], no_role),
        (&["role", "grant-permission", "none", "read", "k"], no_role),
        (
            &["role", "revoke-permission", "r", "k"],
            "etcdserver: permission is not granted to the role",
        ),
        (
            &["role", "grant-permission", "r", "x", "k"],
            "invalid permission type: x",
        ),
        (&["auth", "enable"], "etcdserver: root user does not exist"),
        (
            &["get", "k", "--user=u:pw"],
            "etcdserver: authentication is not enabled",
        ),
    ] {
        if arguments[0] != "get" {
            own.refuses(arguments, said).await?;
        }
    }
    // Who has a password that is not asked for is let in.
    own.says(&["get", "k", "--user=u:pw"], "").await
}

async fn access_control_is_turned_on_and_off(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    let status = own.run(&["auth", "status"]).await?;
    ensure!(
        status == "Authentication Status: false\nAuthRevision: 1\n",
        "{status}"
    );
    own.run(&["user", "add", "root:pw"]).await?;
    let bare = own.refused(&["auth", "enable"]).await;
    // It makes the role that is missing, and tries again.
    ensure!(bare.is_err(), "{bare:?}");
    let empty = "etcdserver: user name is empty";
    own.refuses(&["put", "f", "1"], empty).await?;
    own.refuses(&["auth", "disable"], empty).await?;
    let root = "--user=root:pw";
    own.says(&["put", "f", "1", root], "OK\n").await?;
    own.says(&["put", "f", "2", "--user=root", "--password=pw"], "OK\n")
        .await?;
    let wrong = "etcdserver: authentication failed, invalid user ID or password";
    own.refuses(&["put", "f", "1", "--user=root:no"], wrong)
        .await?;
    own.refuses(&["put", "f", "1", "--user=none:pw"], wrong)
        .await?;
    let status = own.run(&["auth", "status", root]).await?;
    ensure!(
        status.starts_with("Authentication Status: true\n"),
        "{status}"
    );
    own.says(&["auth", "disable", root], "Authentication Disabled\n")
        .await?;
    own.says(&["get", "f"], "f\n2\n").await
}

async fn users_may_do_what_their_roles_allow(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?.guarded().await?;
    let root = &format!("--user=root:{MASTER}");
    for arguments in [
        &["user", "add", "u:pw"][..],
        &["role", "add", "r"],
        &[
            "role",
            "grant-permission",
            "r",
            "readwrite",
            "open/",
            "--prefix",
        ],
        &["role", "grant-permission", "r", "read", "seen"],
        &["user", "grant-role", "u", "r"],
        &["put", "seen", "1"],
        &["put", "shut", "1"],
    ] {
        own.run(&[arguments, &[root]].concat()).await?;
    }
    let user = "--user=u:pw";
    for (allowed, arguments) in [
        (true, &["put", "open/a", "1"][..]),
        (true, &["get", "open/a"]),
        (true, &["get", "open/", "--prefix"]),
        (true, &["del", "open/", "--prefix", "--prev-kv"]),
        (true, &["get", "seen"]),
        (true, &["lease", "grant", "100"]),
        (true, &["member", "list"]),
        (true, &["endpoint", "status"]),
        (true, &["endpoint", "health"]),
        (true, &["user", "get", "u"]),
        (true, &["role", "get", "r"]),
        (true, &["compaction", "2"]),
        (false, &["put", "seen", "2"]),
        (false, &["get", "shut"]),
        (false, &["get", "", "--prefix"]),
        (false, &["get", "open/", "--from-key"]),
        (false, &["del", "", "--prefix"]),
        (false, &["user", "list"]),
        (false, &["user", "get", "root"]),
        (false, &["role", "list"]),
        (false, &["user", "add", "x:y"]),
        (false, &["auth", "disable"]),
        (false, &["defrag"]),
        (false, &["snapshot", "save", "/dev/null"]),
        (false, &["endpoint", "hashkv"]),
    ] {
        let done = own.etcdctl(&[arguments, &[user]].concat())?.run().await?;
        let denied = done.stderr.contains("permission denied");
        ensure!(
            (done.code == 0) == allowed && (denied || allowed),
            "{arguments:?}: {done:?}"
        );
    }
    let watch = own.etcdctl(&["watch", "shut", user])?.run().await?;
    ensure!(watch.stderr.contains("watch was canceled"), "{watch:?}");
    let watch = own.tell(&["watch", "open/", "--prefix", user, "--rev=2"])?;
    own.run(&["put", "open/b", "1", user]).await?;
    watch.until("PUT\nopen/b\n1\n").await?;
    watch.interrupt().await?;
    Ok(())
}
