//! `etcdctl` 3.4 in the words of the v2 API.

use anyhow::{Context as _, ensure};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::command::SOON;
use crate::etcd::{DIRECTORY_TTL, Etcd};

pub(crate) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        users_roles_and_access_control,
        passwords_are_changed,
        members_are_listed_changed_and_not_removed,
        the_cluster_is_healthy,
        set_and_get_keep_a_value,
        set_compares_before_it_swaps,
        mk_makes_what_is_not_there,
        update_needs_what_is_there,
        directories_are_made_listed_and_removed,
        the_ttl_of_a_directory_is_updated needs [DIRECTORY_TTL],
        ls_lists_in_each_way,
        rm_removes_on_conditions,
        values_are_printed_in_each_way,
        watch_waits_for_one_change,
        watch_goes_on_for_ever_and_begins_in_the_past,
        exec_watch_runs_a_command_for_each_change,
    ]
    .into()
}

/// A key of this trial, as the command takes and prints it.
fn key(etcd: &Subject<Etcd>, name: &str) -> String {
    format!("/{}", etcd.key(name))
}

/// The text of a refusal without the index at its end.
fn without_index(text: &str) -> &str {
    text.rsplit_once(" [").map_or(text, |(text, _)| text)
}

async fn set_and_get_keep_a_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = &key(etcd, "a/f");
    for value in ["one", "two words & = ; + %", "\u{e9}"] {
        ensure!(etcd.run(&["set", key, value]).await? == format!("{value}\n"));
        ensure!(etcd.run(&["get", key]).await? == format!("{value}\n"));
        let node = etcd.client.keys().get(key).await?;
        ensure!(node.and_then(|node| node.value).as_deref() == Some(value));
    }
    ensure!(
        etcd.run(&["get", "--quorum", key])
            .await?
            .starts_with('\u{e9}')
    );
    etcd.run(&["set", "--ttl", "1000", key, "--", "-dash"])
        .await?;
    let node = etcd.client.keys().get(key).await?.context("no key")?;
    ensure!(
        node.ttl > Some(900) && node.value.as_deref() == Some("-dash"),
        "{node:?}"
    );
    let piped = etcd.etcdctl(&["set", key])?.input("piped").run().await?;
    ensure!(piped.stdout == "piped\n", "{piped:?}");
    let missing = key.replace("/a/f", "/none");
    let refused = etcd.refused(4, &["get", &missing]).await?;
    ensure!(without_index(&refused) == format!("Error:  100: Key not found ({missing})"));
    Ok(())
}

async fn set_compares_before_it_swaps(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = &key(etcd, "f");
    etcd.run(&["set", key, "one"]).await?;
    etcd.run(&["set", key, "two", "--swap-with-value", "one"])
        .await?;
    let refused = etcd
        .refused(4, &["set", key, "x", "--swap-with-value", "one"])
        .await?;
    ensure!(
        without_index(&refused) == "Error:  101: Compare failed ([one != two])",
        "{refused}"
    );
    let node = etcd.client.keys().get(key).await?.context("no key")?;
    let index = node.modified_index.to_string();
    etcd.run(&["set", key, "three", "--swap-with-index", &index])
        .await?;
    let refused = etcd
        .refused(4, &["set", key, "x", "--swap-with-index", &index])
        .await?;
    ensure!(
        refused.starts_with("Error:  101: Compare failed"),
        "{refused}"
    );
    ensure!(etcd.run(&["get", key]).await? == "three\n");
    Ok(())
}

async fn mk_makes_what_is_not_there(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (file, queue) = (&key(etcd, "f"), &key(etcd, "q"));
    ensure!(etcd.run(&["mk", "--ttl", "1000", file, "one"]).await? == "one\n");
    let refused = etcd.refused(4, &["mk", file, "two"]).await?;
    ensure!(without_index(&refused) == format!("Error:  105: Key already exists ({file})"));
    for item in ["c", "a", "b"] {
        etcd.run(&["mk", "--in-order", queue, item]).await?;
    }
    let items = etcd.client.keys().in_order(queue).await?;
    let items: Vec<_> = items.into_iter().filter_map(|node| node.value).collect();
    ensure!(items == ["c", "a", "b"], "{items:?}");
    Ok(())
}

async fn update_needs_what_is_there(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = &key(etcd, "d/f");
    etcd.run(&["set", key, "one"]).await?;
    ensure!(etcd.run(&["update", key, "two"]).await? == "two\n");
    let missing = format!("{key}ff");
    let refused = etcd.refused(4, &["update", &missing, "x"]).await?;
    ensure!(without_index(&refused) == format!("Error:  100: Key not found ({missing})"));
    Ok(())
}

async fn directories_are_made_listed_and_removed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (made, set) = (&key(etcd, "made"), &key(etcd, "set"));
    etcd.run(&["mkdir", "--ttl", "1000", made]).await?;
    let refused = etcd.refused(4, &["mkdir", made]).await?;
    ensure!(refused.contains("105: Key already exists"), "{refused}");
    etcd.run(&["setdir", set]).await?;
    let refused = etcd.refused(4, &["setdir", set]).await?;
    ensure!(refused.contains("102: Not a file"), "{refused}");
    let refused = etcd.refused(4, &["rm", made]).await?;
    ensure!(refused.contains("102: Not a file"), "{refused}");
    etcd.run(&["set", &format!("{made}/f"), "1"]).await?;
    let refused = etcd.refused(4, &["rmdir", made]).await?;
    ensure!(refused.contains("108: Directory not empty"), "{refused}");
    etcd.run(&["rm", "--recursive", made]).await?;
    etcd.run(&["rmdir", set]).await?;
    for gone in [made, set] {
        ensure!(!etcd.client.keys().contains(gone).await?, "{gone}");
    }
    Ok(())
}

async fn the_ttl_of_a_directory_is_updated(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = &key(etcd, "d");
    etcd.run(&["mkdir", key]).await?;
    etcd.run(&["updatedir", "--ttl", "1000", key]).await?;
    let node = etcd.client.keys().get(key).await?.context("no directory")?;
    ensure!(node.dir && node.ttl > Some(900), "{node:?}");
    let refused = etcd
        .refused(4, &["updatedir", &format!("{key}/none")])
        .await?;
    ensure!(refused.contains("100: Key not found"), "{refused}");
    Ok(())
}

async fn ls_lists_in_each_way(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let root = &key(etcd, "d");
    for name in ["b", "a", "s/t", "_hidden"] {
        etcd.run(&["set", &format!("{root}/{name}"), "1"]).await?;
    }
    let lines = |names: &[&str]| -> String {
        names
            .iter()
            .map(|name| format!("{root}/{name}\n"))
            .collect()
    };
    ensure!(etcd.run(&["ls", "--sort", root]).await? == lines(&["a", "b", "s"]));
    let tree = etcd
        .run(&["ls", "--sort", "--recursive", "-p", root])
        .await?;
    ensure!(tree == lines(&["a", "b", "s/", "s/t"]), "{tree}");
    let refused = etcd.refused(4, &["ls", &format!("{root}/none")]).await?;
    ensure!(refused.contains("100: Key not found"), "{refused}");
    Ok(())
}

async fn rm_removes_on_conditions(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = &key(etcd, "f");
    etcd.run(&["set", key, "one"]).await?;
    let refused = etcd.refused(4, &["rm", "--with-value", "two", key]).await?;
    ensure!(
        without_index(&refused) == "Error:  101: Compare failed ([two != one])",
        "{refused}"
    );
    etcd.run(&["rm", "--with-value", "one", key]).await?;
    etcd.run(&["set", key, "two"]).await?;
    let index = etcd
        .client
        .keys()
        .get(key)
        .await?
        .context("no key")?
        .modified_index;
    etcd.refused(4, &["rm", "--with-index", &(index + 1).to_string(), key])
        .await?;
    etcd.run(&["rm", "--with-index", &index.to_string(), key])
        .await?;
    etcd.run(&["set", key, "three"]).await?;
    ensure!(etcd.run(&["rm", key]).await? == "PrevNode.Value: three\n");
    let refused = etcd.refused(4, &["rm", key]).await?;
    ensure!(refused.contains("100: Key not found"), "{refused}");
    Ok(())
}

async fn values_are_printed_in_each_way(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = &key(etcd, "f");
    etcd.run(&["set", key, "one"]).await?;
    let index = etcd
        .client
        .keys()
        .get(key)
        .await?
        .context("no key")?
        .modified_index;
    let json = etcd.run(&["-o", "json", "get", key]).await?;
    let json: serde_json::Value = serde_json::from_str(&json)?;
    ensure!(
        json["node"]["value"] == "one" && json["node"]["modifiedIndex"] == index,
        "{json}"
    );
    let extended = etcd.run(&["-o", "extended", "get", key]).await?;
    let start =
        format!("Key: {key}\nCreated-Index: {index}\nModified-Index: {index}\nTTL: 0\nIndex: ");
    ensure!(
        extended.starts_with(&start) && extended.ends_with("\n\none\n"),
        "{extended}"
    );
    Ok(())
}

/// Writes again and again until the command has ended: nothing shows when it waits.
async fn write_until_it_ends(
    etcd: &Subject<Etcd>,
    command: &crate::command::Running,
    key: &str,
) -> anyhow::Result<()> {
    let ended = || async {
        let write = etcd.client.keys().set(key, "changed").await;
        write.map_err(|error| error.to_string())?;
        let ended = !command.is_running();
        ended.then_some(()).ok_or("it waits".to_owned())
    };
    Ok(eventually_ok(SOON, "the command sees a change", ended).await?)
}

async fn watch_waits_for_one_change(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let key = &key(etcd, "d/f");
    let command = etcd.start(&["watch", key])?;
    write_until_it_ends(etcd, &command, key).await?;
    let done = command.end().await?;
    ensure!(
        (done.code, done.stdout.as_str()) == (0, "changed\n"),
        "{done:?}"
    );
    let index = etcd.client.keys().set(key, "known").await?.modified_index;
    let after = (index - 1).to_string();
    ensure!(etcd.run(&["watch", "--after-index", &after, key]).await? == "known\n");
    let folder = key.replace("/d/f", "/d");
    let command = etcd.start(&["watch", "--recursive", &folder])?;
    write_until_it_ends(etcd, &command, key).await?;
    let done = command.end().await?;
    ensure!(
        done.stdout == format!("[set] {key}\nchanged\n") || done.stdout == "changed\n",
        "{done:?}"
    );
    Ok(())
}

async fn watch_goes_on_for_ever_and_begins_in_the_past(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (folder, key) = (key(etcd, "d"), key(etcd, "d/f"));
    let index = etcd.client.keys().set(&key, "1").await?.modified_index;
    let after = (index - 1).to_string();
    let arguments = [
        "watch",
        "--forever",
        "--recursive",
        "--after-index",
        &after,
        &folder,
    ];
    let command = etcd.etcdctl(&arguments)?.tell()?;
    etcd.run(&["set", &key, "2"]).await?;
    etcd.run(&["rm", &key]).await?;
    let all = format!("[set] {key}\n1\n[set] {key}\n2\n[delete] {key}\n");
    command.until(&all).await?;
    ensure!(command.running.is_running());
    Ok(())
}

async fn exec_watch_runs_a_command_for_each_change(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (folder, key) = (key(etcd, "d"), key(etcd, "d/f"));
    let index = etcd.client.keys().set(&key, "1").await?.modified_index;
    let child = "echo $ETCD_WATCH_ACTION $ETCD_WATCH_KEY $ETCD_WATCH_VALUE";
    let after = (index - 1).to_string();
    // With an index, it takes its last argument for the key, not the first as its help says.
    let arguments = [
        "exec-watch",
        "--recursive",
        "--after-index",
        &after,
        "--",
        "sh",
        "-c",
        child,
        &folder,
    ];
    let command = etcd.etcdctl(&arguments)?.tell()?;
    etcd.run(&["set", &key, "2"]).await?;
    etcd.run(&["update", &key, "3"]).await?;
    // It does not wait for one child before it starts the next.
    for line in ["set KEY 1\n", "set KEY 2\n", "update KEY 3\n"] {
        command.until(&line.replace("KEY", &key)).await?;
    }
    ensure!(command.running.is_running());
    Ok(())
}

async fn members_are_listed_changed_and_not_removed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let members = etcd.client.members().list().await?;
    let [member] = members.as_slice() else {
        anyhow::bail!("{members:?}");
    };
    let (id, peers, clients) = (&member.id, &member.peer_urls[0], &member.client_urls[0]);
    let line = format!("{id}: name=node-1 peerURLs={peers} clientURLs={clients} isLeader=true\n");
    ensure!(etcd.run(&["member", "list"]).await? == line);
    for unknown in ["1234", "zz"] {
        let said = etcd.etcdctl(&["member", "remove", unknown])?.run().await?;
        let both = format!("{}{}", said.stdout, said.stderr);
        let expected = format!("Couldn't find a member in the cluster with an ID of {unknown}.");
        ensure!(said.code == 1 && both.contains(&expected), "{said:?}");
    }
    let said = etcd
        .refused(1, &["member", "update", "1234", "http://127.0.0.1:1"])
        .await?;
    ensure!(said == "No such member: 1234", "{said}");
    let said = etcd.run(&["member", "update", id, peers]).await?;
    ensure!(
        said.trim() == format!("Updated member with ID {id} in cluster"),
        "{said}"
    );
    let said = etcd
        .refused(1, &["member", "add", "new", "nonsense"])
        .await?;
    ensure!(
        said == "URL scheme must be http, https, unix, or unixs: nonsense",
        "{said}"
    );
    let said = etcd.etcdctl(&["member", "remove", id])?.run().await?;
    ensure!(said.code == 1, "{said:?}");
    ensure!(etcd.run(&["member", "list"]).await? == line);
    Ok(())
}

async fn the_cluster_is_healthy(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let said = etcd.run(&["cluster-health"]).await?;
    let place = format!(
        "is healthy: got healthy result from http://{}\n",
        etcd.addr()
    );
    ensure!(
        said.contains(&place) && said.ends_with("cluster is healthy\n"),
        "{said}"
    );
    Ok(())
}

async fn users_roles_and_access_control(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    for (arguments, expected) in [
        (&["user", "add", "root:pw"][..], "User root created\n"),
        (&["user", "add", "u1:p1"], "User u1 created\n"),
        (&["user", "list"], "root\nu1\n"),
        (&["role", "add", "r1"], "Role r1 created\n"),
        (&["role", "list"], "r1\nroot\n"),
        (
            &["role", "grant", "r1", "--path", "/a/*", "--readwrite"],
            "Role r1 updated\n",
        ),
        (
            &["role", "grant", "r1", "--path", "/b", "--read"],
            "Role r1 updated\n",
        ),
        (
            &["role", "get", "r1"],
            "Role: r1\nKV Read:\n\t/a/*\n\t/b\nKV Write:\n\t/a/*\n",
        ),
        (
            &["role", "revoke", "r1", "--path", "/b", "--read"],
            "Role r1 updated\n",
        ),
        (
            &["user", "grant", "u1", "--roles", "r1"],
            "User u1 updated\n",
        ),
        (&["user", "get", "u1"], "User: u1\nRoles:  r1\n"),
        (
            &["user", "revoke", "u1", "--roles", "r1"],
            "User u1 updated\n",
        ),
        (&["user", "get", "u1"], "User: u1\nRoles: \n"),
        (
            &["user", "grant", "u1", "--roles", "r1"],
            "User u1 updated\n",
        ),
        (&["auth", "enable"], "Authentication Enabled\n"),
        (
            &[
                "-u",
                "root:pw",
                "role",
                "revoke",
                "guest",
                "--path",
                "/*",
                "--readwrite",
            ],
            "Role guest updated\n",
        ),
        (&["-u", "u1:p1", "set", "/a/f", "1"], "1\n"),
        (&["-u", "u1:p1", "get", "/a/f"], "1\n"),
    ] {
        let said = etcd.run(arguments).await?;
        ensure!(
            said == expected,
            "{arguments:?}: {said:?}, not {expected:?}"
        );
    }
    for (code, arguments, expected) in [
        (1, &["user", "list"][..], "Insufficient credentials"),
        (
            1,
            &["-u", "root:pw", "auth", "enable"],
            "auth: already enabled",
        ),
        (
            1,
            &["-u", "root:pw", "role", "get", "none"],
            "auth: Role none does not exist.",
        ),
        (
            1,
            &["-u", "root:pw", "user", "get", "none"],
            "auth: User none does not exist.",
        ),
        (
            1,
            &["-u", "root:pw", "role", "remove", "none"],
            "auth: Role none doesn't exist.",
        ),
        (
            1,
            &["-u", "root:pw", "user", "remove", "none"],
            "auth: User none does not exist",
        ),
        (
            4,
            &["-u", "u1:p1", "set", "/b", "1"],
            "Error:  110: The request requires user authentication (Insufficient credentials) [0]",
        ),
        (
            4,
            &["get", "/a/f"],
            "Error:  110: The request requires user authentication (Insufficient credentials) [0]",
        ),
    ] {
        let said = etcd.refused(code, arguments).await?;
        ensure!(
            said == expected,
            "{arguments:?}: {said:?}, not {expected:?}"
        );
    }
    for (arguments, expected) in [
        (
            &["-u", "root:pw", "user", "remove", "u1"][..],
            "User u1 removed\n",
        ),
        (
            &["-u", "root:pw", "role", "remove", "r1"],
            "Role r1 removed\n",
        ),
        (
            &["-u", "root:pw", "auth", "disable"],
            "Authentication Disabled\n",
        ),
    ] {
        let said = etcd.run(arguments).await?;
        ensure!(
            said == expected,
            "{arguments:?}: {said:?}, not {expected:?}"
        );
    }
    let said = etcd.refused(1, &["auth", "disable"]).await?;
    ensure!(said == "auth: already disabled", "{said}");
    Ok(())
}

/// It reads the new password from where it reads its input.
async fn passwords_are_changed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    etcd.run(&["user", "add", "u1:old"]).await?;
    let done = etcd
        .etcdctl(&["user", "passwd", "u1"])?
        .input("new\n")
        .run()
        .await?;
    ensure!(
        done.code == 0 && done.stdout.contains("Password updated"),
        "{done:?}"
    );
    etcd.run(&["user", "add", "root:pw"]).await?;
    etcd.run(&["auth", "enable"]).await?;
    etcd.run(&["-u", "root:pw", "user", "grant", "u1", "--roles", "root"])
        .await?;
    etcd.run(&["-u", "u1:new", "set", "/f", "1"]).await?;
    etcd.refused(4, &["-u", "u1:old", "set", "/f", "1"]).await?;
    Ok(())
}
