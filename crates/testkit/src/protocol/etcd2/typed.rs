//! The typed client through each of its calls.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::{
    Action, Change, Condition, DeleteOptions, ErrorCode, ErrorKind, GetOptions, Outcome,
    Permissions, SetOptions,
};

use super::target::{ALONE, Etcd};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        keys_are_written_in_each_way,
        keys_of_every_kind_of_text_are_read_back,
        conditions_decide_what_happens,
        directories_are_made_listed_and_removed,
        keys_in_order_are_listed_in_order,
        a_refusal_has_kind_code_cause_and_index,
        what_servers_would_ignore_is_not_sent,
        an_odd_key_is_cleaned_before_it_is_sent,
        a_watch_tells_what_is_there_and_what_changes,
        a_tree_is_followed_without_what_is_hidden,
        users_and_roles_are_kept needs [ALONE],
        access_control_decides_by_name needs [ALONE],
        recipes_exclude_and_hand_on,
    ]
    .into()
}

async fn keys_are_written_in_each_way(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, key) = (etcd.client.keys(), etcd.key("f"));
    let made = keys.create(&key, "1").await?;
    equal("path", made.key.as_str(), format!("/{key}").as_str())?;
    equal("one index", made.modified_index, made.created_index)?;
    let updated = keys.update(&key, "2").await?;
    equal("making", updated.created_index, made.created_index)?;
    let set = keys.set(&key, "3").await?;
    equal("anew", set.created_index, set.modified_index)?;
    let condition = Condition::index(set.modified_index).and_value("3");
    let swapped = keys.compare_and_swap(&key, "4", &condition).await?;
    let options = SetOptions::new().with_ttl(Duration::from_secs(1000));
    let answer = keys.set_with(&key, "5", &options).await?;
    equal("action", &answer.value.action, &Action::Set)?;
    equal("before", answer.value.prev_node, Some(swapped))?;
    equal(
        "index",
        answer.meta.index,
        answer.value.node.map(|node| node.modified_index),
    )?;
    let renewed = keys.refresh(&key, Duration::from_secs(500)).await?;
    equal("value", renewed.value.as_deref(), Some("5"))?;
    let quiet = SetOptions::new().with_no_value_on_success();
    let answer = keys.set_with(&key, "6", &quiet).await?;
    equal(
        "no nodes",
        (answer.value.node, answer.value.prev_node),
        (None, None),
    )?;
    let read = keys
        .get_with(&key, &GetOptions::new().with_quorum())
        .await?;
    equal(
        "value",
        read.value.and_then(|node| node.value).as_deref(),
        Some("6"),
    )?;
    let last = keys.delete(&key).await?;
    equal(
        "last",
        last.and_then(|node| node.value).as_deref(),
        Some("6"),
    )?;
    equal("gone", keys.get(&key).await?, None)
}

async fn keys_of_every_kind_of_text_are_read_back(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let keys = etcd.client.keys();
    for name in [
        "sp ace",
        "q?m#h",
        "a%2Fb",
        "plus+and&",
        "\u{e9}\u{1f980}",
        "a;b=c",
        "\u{7}bell",
        "...",
    ] {
        let key = etcd.key(name);
        for value in ["", "a+b&c=d;e%", "line\nfeed\0nul", "\u{1f980}"] {
            keys.set(&key, value).await?;
            let node = keys
                .get(&key)
                .await?
                .with_context(|| format!("no {name}"))?;
            equal(name, node.value.as_deref(), Some(value))?;
            equal("name", node.name(), name)?;
        }
    }
    Ok(())
}

async fn conditions_decide_what_happens(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, key) = (etcd.client.keys(), etcd.key("f"));
    let made = keys.set(&key, "1").await?;
    for wrong in [
        Condition::value("2"),
        Condition::index(made.modified_index + 1),
        Condition::index(made.modified_index).and_value("2"),
    ] {
        let error = keys
            .compare_and_swap(&key, "x", &wrong)
            .await
            .err()
            .context("swapped")?;
        equal("swap", error.kind(), ErrorKind::CompareFailed)?;
        let error = keys
            .compare_and_delete(&key, &wrong)
            .await
            .err()
            .context("deleted")?;
        equal("delete", error.kind(), ErrorKind::CompareFailed)?;
    }
    let both = Condition::index(made.modified_index).and_value("1");
    keys.compare_and_swap(&key, "2", &both).await?;
    let deleted = keys
        .compare_and_delete(&key, &Condition::value("2"))
        .await?;
    equal(
        "deleted",
        deleted.and_then(|node| node.value).as_deref(),
        Some("2"),
    )
}

async fn directories_are_made_listed_and_removed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, key) = (etcd.client.keys(), etcd.key("d"));
    ensure!(keys.ensure_dir(&key).await? && !keys.ensure_dir(&key).await?);
    for name in ["b", "a", "s/t"] {
        keys.set(&format!("{key}/{name}"), name).await?;
    }
    let listed = keys.list(&key).await?;
    let names: Vec<_> = listed.iter().map(|node| node.name()).collect();
    equal("names", names, ["a", "b", "s"])?;
    let tree = keys.tree(&key).await?.context("no tree")?;
    let files: Vec<_> = tree
        .files()
        .filter_map(|node| node.value.as_deref())
        .collect();
    equal("files", files, ["a", "b", "s/t"])?;
    let refused = keys.delete_dir(&key).await.err().context("deleted")?;
    equal("not empty", refused.kind(), ErrorKind::DirectoryNotEmpty)?;
    let refused = keys.delete(&key).await.err().context("deleted")?;
    equal("not a file", refused.kind(), ErrorKind::NotFile)?;
    ensure!(keys.delete_tree(&key).await?.is_some_and(|node| node.dir));
    ensure!(!keys.contains(&key).await?);
    keys.create_dir_for(&key, Duration::from_secs(1000)).await?;
    ensure!(keys.delete_dir(&key).await?.is_some());
    Ok(())
}

async fn keys_in_order_are_listed_in_order(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, queue) = (etcd.client.keys(), etcd.key("queue"));
    let mut made = Vec::new();
    for value in ["c", "a", "b"] {
        made.push(keys.create_in_order(&queue, value).await?);
    }
    equal("listed", keys.in_order(&queue).await?, made.clone())?;
    for node in &made {
        equal(
            "name",
            node.name(),
            format!("{:020}", node.created_index).as_str(),
        )?;
    }
    let ttl = Some(Duration::from_secs(1000));
    let answer = keys.create_in_order_with(&queue, "d", ttl).await?;
    ensure!(answer.value.node.is_some_and(|node| node.ttl > Some(900)));
    Ok(())
}

async fn a_refusal_has_kind_code_cause_and_index(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, key) = (etcd.client.keys(), etcd.key("f"));
    keys.set(&key, "1").await?;
    let error = keys.create(&key, "2").await.err().context("created")?;
    equal("kind", error.kind(), ErrorKind::AlreadyExists)?;
    equal(
        "code",
        (error.code(), error.status()),
        (Some(ErrorCode::NodeExists), Some(412)),
    )?;
    equal("cause", error.cause(), Some(format!("/{key}").as_str()))?;
    ensure!(error.index() > Some(0), "{error:?}");
    equal("outcome", error.outcome(), Outcome::DidNotHappen)?;
    let below = keys
        .get(&format!("{key}/below"))
        .await
        .err()
        .context("read")?;
    equal("kind", below.kind(), ErrorKind::NotDirectory)?;
    let error = keys
        .update(&etcd.key("nothing"), "2")
        .await
        .err()
        .context("updated")?;
    equal("kind", error.kind(), ErrorKind::NotFound)?;
    let root = keys.set("/", "x").await.err().context("written")?;
    equal("kind", root.kind(), ErrorKind::RootReadOnly)
}

async fn what_servers_would_ignore_is_not_sent(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, key) = (etcd.client.keys(), etcd.key("f"));
    let made = keys.set(&key, "1").await?;
    for condition in [
        Condition::index(0),
        Condition::value(""),
        Condition::default(),
    ] {
        let swapped = keys.compare_and_swap(&key, "x", &condition).await;
        let error = swapped.err().context("swapped")?;
        equal("kind", error.kind(), ErrorKind::InvalidArgument)?;
        let deleted = keys.compare_and_delete(&key, &condition).await;
        ensure!(deleted.is_err_and(|error| error.kind() == ErrorKind::InvalidArgument));
    }
    let options = DeleteOptions::new()
        .with_recursive()
        .with_condition(Condition::value("1"));
    ensure!(keys.delete_with(&key, &options).await.is_err());
    equal("untouched", keys.get(&key).await?, Some(made))
}

async fn an_odd_key_is_cleaned_before_it_is_sent(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, key) = (etcd.client.keys(), etcd.key("a/b"));
    for odd in [
        format!("//{key}/"),
        key.replace("/a/", "//a//"),
        key.replace("/a/", "/./a/x/../"),
    ] {
        let node = keys.set(&odd, &odd).await?;
        equal("key", node.key.as_str(), format!("/{key}").as_str())?;
        let read = keys.get(&key).await?.context("not read")?;
        equal("value", read.value.as_deref(), Some(odd.as_str()))?;
    }
    Ok(())
}

async fn a_watch_tells_what_is_there_and_what_changes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, key) = (etcd.client.keys(), etcd.key("f"));
    let first = keys.set(&key, "1").await?;
    let mut watch = keys.watch(&key);
    match watch.next().await? {
        Change::Listed { node, .. } => equal("listed", node, Some(first))?,
        other => anyhow::bail!("{other:?}"),
    }
    let mut written = vec![keys.set(&key, "2").await?, keys.update(&key, "3").await?];
    keys.refresh(&key, Duration::from_secs(1000)).await?;
    keys.delete(&key).await?;
    written.push(keys.create(&key, "4").await?);
    let mut actions = Vec::new();
    for _ in 0..4 {
        match watch.next().await? {
            Change::Event(event) => actions.push(event),
            other => anyhow::bail!("{other:?}"),
        }
    }
    let words: Vec<_> = actions.iter().map(|event| event.action.as_str()).collect();
    equal("actions", words, ["set", "update", "delete", "create"])?;
    actions.remove(2);
    let nodes: Vec<_> = actions.into_iter().filter_map(|event| event.node).collect();
    equal("nodes", nodes, written)
}

async fn a_tree_is_followed_without_what_is_hidden(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (keys, directory) = (etcd.client.keys(), etcd.key("d"));
    keys.set(&format!("{directory}/a"), "1").await?;
    let mut watch = keys.watch_tree(&directory);
    let listed = watch.next().await?;
    ensure!(matches!(&listed, Change::Listed { node: Some(node), .. } if node.nodes.len() == 1));
    for name in ["_hidden", "s/_hidden/x", "s/b", "a"] {
        keys.set(&format!("{directory}/{name}"), "2").await?;
    }
    keys.delete_tree(&directory).await?;
    let mut told = Vec::new();
    while told.len() < 3 {
        match watch.next().await? {
            Change::Event(event) => {
                let key = event.node.context("no node")?.key;
                told.push(key.replace(&format!("/{directory}"), ""));
            }
            other => anyhow::bail!("{other:?}"),
        }
    }
    equal("keys", told, ["/s/b", "/a", ""])
}

async fn users_and_roles_are_kept(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let (users, roles) = (etcd.client.auth().users(), etcd.client.auth().roles());
    ensure!(!etcd.client.auth().is_enabled().await?);
    equal("no users", users.list().await?.len(), 0)?;
    let none = [""; 0];
    let role = roles.create("r", Permissions::new(["/a/*"], none)).await?;
    equal("role", roles.get("r").await?, Some(role))?;
    let role = roles.grant("r", Permissions::new(["/c"], ["/b"])).await?;
    equal("read", role.permissions.read(), ["/a/*", "/c"])?;
    let role = roles.revoke("r", Permissions::new(["/a/*"], none)).await?;
    equal("read", role.permissions.read(), ["/c"])?;
    users.create("u", "secret").await?;
    equal(
        "granted",
        users.grant("u", ["r"]).await?.roles,
        Some(vec!["r".to_owned()]),
    )?;
    let user = users.get("u").await?.context("no user")?;
    equal("roles", user.roles, vec![role])?;
    equal(
        "revoked",
        users.revoke("u", ["r"]).await?.roles,
        Some(Vec::new()),
    )?;
    users.set_password("u", "other").await?;
    users.create_with_roles("v", "secret", ["r"]).await?;
    let names: Vec<_> = users
        .list()
        .await?
        .into_iter()
        .map(|user| user.name)
        .collect();
    equal("users", names, ["u", "v"])?;
    let again = users.create_with_roles("v", "secret", ["r"]).await;
    let again = again.err().context("made twice")?;
    ensure!(
        matches!(again.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists),
        "{again:?}"
    );
    users.delete("u").await?;
    roles.delete("r").await?;
    equal(
        "gone",
        (users.get("u").await?, roles.get("r").await?),
        (None, None),
    )
}

async fn access_control_decides_by_name(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    etcd.client.auth().users().create("root", "pw").await?;
    etcd.client.auth().enable().await?;
    let root = etcd.client.with_basic_auth("root", "pw")?;
    let all = Permissions::new(["/*"], ["/*"]);
    root.auth().roles().revoke("guest", all).await?;
    root.auth()
        .roles()
        .create("reader", Permissions::new(["/a/*"], [""; 0]))
        .await?;
    root.auth()
        .users()
        .create_with_roles("u", "p", ["reader"])
        .await?;
    root.keys().set("/a/f", "1").await?;
    let user = etcd.client.with_basic_auth("u", "p")?;
    ensure!(user.keys().contains("/a/f").await?);
    for refused in [
        user.keys().set("/a/f", "2").await.err(),
        user.keys().get("/b").await.err(),
        etcd.client.keys().get("/a/f").await.err(),
        etcd.client
            .with_basic_auth("u", "wrong")?
            .keys()
            .get("/a/f")
            .await
            .err(),
        user.auth().users().list().await.err(),
    ] {
        let refused = refused.context("it is allowed")?;
        let kinds = [ErrorKind::PermissionDenied, ErrorKind::Unauthenticated];
        ensure!(kinds.contains(&refused.kind()), "{refused:?}");
        equal("status", refused.status(), Some(401))?;
    }
    root.auth().disable().await?;
    ensure!(etcd.client.keys().contains("/a/f").await?);
    Ok(())
}

async fn recipes_exclude_and_hand_on(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let client = &etcd.client;
    let lock = client.lock(&etcd.key("lock"));
    let first = lock.acquire().await?;
    let briefly = Duration::from_millis(100);
    ensure!(
        lock.acquire_within(briefly).await?.acquired().is_none(),
        "two holders"
    );
    let token = first.fencing_token();
    first.release().await?;
    let second = lock.acquire().await?;
    ensure!(second.is_held() && second.fencing_token() > token);
    second.release().await?;
    let semaphore = client.semaphore(&etcd.key("semaphore"), 2);
    let (one, two) = (semaphore.acquire().await?, semaphore.acquire().await?);
    ensure!(
        semaphore
            .acquire_within(briefly)
            .await?
            .acquired()
            .is_none(),
        "three holders"
    );
    one.release().await?;
    two.release().await?;
    let election = client.election(&etcd.key("election"));
    let leader = election.campaign("one").await?;
    let named = election.leader().await?.context("no leader")?;
    equal("value", named.value.as_str(), "one")?;
    leader.resign().await?;
    equal(
        "nobody leads",
        election.leader().await?.map(|it| it.value),
        None,
    )
}
