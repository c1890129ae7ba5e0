//! `etcdctl member` and `endpoint`.

use anyhow::{Context as _, ensure};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::command::SOON;
use crate::etcd3::{Etcd3, field};

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        endpoints_that_do_not_answer_are_unhealthy,
        the_only_member_is_listed,
        members_that_can_not_be_are_refused,
        a_member_that_would_take_the_majority_is_refused,
        endpoints_are_healthy,
        the_status_is_printed_in_each_way,
        the_hash_of_what_is_stored_changes_with_it,
    ]
    .into()
}

async fn the_only_member_is_listed(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let members = etcd.client.members().list().await?;
    let [member] = members.as_slice() else {
        anyhow::bail!("{members:?}");
    };
    let (id, peer, client) = (member.id, &member.peer_urls[0], &member.client_urls[0]);
    ensure!(*client == format!("http://{}", etcd.addr()), "{member:?}");
    let line = format!("{id:x}, started, node-1, {peer}, {client}, false\n");
    etcd.says(&["member", "list"], &line).await?;
    let json = etcd.json(&["member", "list"]).await?;
    ensure!(
        json["members"][0]["ID"] == id && json["members"][0]["clientURLs"][0] == **client,
        "{json}"
    );
    let hex = etcd.json(&["member", "list", "--hex"]).await?;
    ensure!(hex["members"][0]["ID"] == format!("{id:x}"), "{hex}");
    let fields = etcd.run(&["member", "list", "-w", "fields"]).await?;
    for (name, expected) in [
        ("ID", id.to_string()),
        ("Name", "\"node-1\"".to_owned()),
        ("PeerURL", format!("\"{peer}\"")),
        ("ClientURL", format!("\"{client}\"")),
        ("IsLearner", "false".to_owned()),
    ] {
        ensure!(field(&fields, name)? == expected, "{name}: {fields}");
    }
    let table = etcd.run(&["member", "list", "-w", "table"]).await?;
    let row = format!("| {id:x} | started | node-1 | {peer} | {client} |      false |\n");
    ensure!(table.contains(&row), "{table}");
    Ok(())
}

async fn members_that_can_not_be_are_refused(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let members = etcd.client.members().list().await?;
    let peer = &members[0].peer_urls[0];
    let id = &format!("{:x}", members[0].id);
    let missing = "etcdserver: member not found";
    for (arguments, said) in [
        (&["member", "remove", "1234"][..], missing),
        (&["member", "promote", "1234"], missing),
        (
            &["member", "update", "1234", "--peer-urls=http://127.0.0.1:1"],
            missing,
        ),
        (
            &["member", "add", "new", "--peer-urls=nonsense"],
            "URL scheme must be http, https, unix, or unixs: nonsense",
        ),
        (
            &["member", "add", "new", &format!("--peer-urls={peer}")],
            "etcdserver: Peer URLs already exists",
        ),
        (
            &["member", "promote", id],
            "etcdserver: can only promote a learner member",
        ),
    ] {
        etcd.refuses(arguments, said).await?;
    }
    let said = etcd.refused(&["member", "remove", "zz"]).await?;
    ensure!(said.starts_with("bad member ID arg"), "{said}");
    let same = ["member", "update", id, &format!("--peer-urls={peer}")];
    let said = etcd.run(&same).await?;
    ensure!(
        said.starts_with(&format!("Member {id:>16} updated in cluster")),
        "{said}"
    );
    Ok(())
}

async fn a_member_that_would_take_the_majority_is_refused(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    let id = &format!("{:x}", own.client.members().list().await?[0].id);
    let said = own.refused(&["member", "remove", id]).await?;
    let few = "etcdserver: re-configuration failed due to not enough started members";
    ensure!(said == few, "{said}");
    own.says(&["put", "f", "1"], "OK\n").await
}

async fn endpoints_are_healthy(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let said = etcd.run(&["endpoint", "health"]).await?;
    let healthy = format!(
        "{} is healthy: successfully committed proposal: took = ",
        etcd.addr()
    );
    ensure!(said.starts_with(&healthy), "{said}");
    let json = etcd.json(&["endpoint", "health", "--cluster"]).await?;
    let url = format!("http://{}", etcd.addr());
    ensure!(
        json[0]["endpoint"] == url && json[0]["health"] == true,
        "{json}"
    );
    let table = etcd.run(&["endpoint", "health", "-w", "table"]).await?;
    ensure!(
        table.contains(&format!("| {} |   true |", etcd.addr())),
        "{table}"
    );
    Ok(())
}

async fn endpoints_that_do_not_answer_are_unhealthy(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let dead = ["endpoint", "health", "--endpoints=127.0.0.1:1"];
    let dead = [&dead[..], &["--command-timeout=12s"]].concat();
    let done = etcd.etcdctl(&dead)?.run().await?;
    let (alive, unhealthy) = (etcd.addr(), "127.0.0.1:1 is unhealthy: ");
    let said = format!("{}{}", done.stdout, done.stderr);
    ensure!(
        done.code == 1
            && said.contains(&format!("{alive} is healthy: "))
            && said.contains(unhealthy)
            && said.ends_with("Error: unhealthy cluster\n"),
        "{done:?}"
    );
    // The other one is asked.
    let both = ["put", &etcd.key("f"), "1", "--endpoints=127.0.0.1:1"];
    etcd.says(&both, "OK\n").await
}

async fn the_status_is_printed_in_each_way(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    own.run(&["put", "f", "1"]).await?;
    let addr = own.addr().to_string();
    let line = own.run(&["endpoint", "status"]).await?;
    let words: Vec<_> = line.trim_end().split(", ").collect();
    ensure!(
        words[0] == addr && words[2].starts_with("3.5.") && words[4..6] == ["true", "false"],
        "{line}"
    );
    // A server that writes something of its own applies it a moment later.
    let applied = || async {
        let fields = own.run(&["endpoint", "status", "-w", "fields"]).await?;
        let same = field(&fields, "RaftIndex")? == field(&fields, "RaftAppliedIndex")?;
        ensure!(same, "{fields}");
        Ok(fields)
    };
    let fields = eventually_ok(SOON, "all is applied", applied).await?;
    ensure!(
        field(&fields, "Revision")? == "2"
            && field(&fields, "Leader")? == field(&fields, "MemberID")?
            && field(&fields, "Errors")? == "[]"
            && field(&fields, "Endpoint")? == format!("\"{addr}\""),
        "{fields}"
    );
    let json = own.json(&["endpoint", "status", "--cluster"]).await?;
    let status = &json[0]["Status"];
    let (size, used) = (&status["dbSize"], &status["dbSizeInUse"]);
    ensure!(
        size.as_i64() > Some(0) && used.as_i64() > Some(0) && used.as_i64() <= size.as_i64(),
        "{json}"
    );
    let table = own.run(&["endpoint", "status", "-w", "table"]).await?;
    ensure!(table.contains(&format!("| {addr} |")), "{table}");
    let member = own.client.members().list().await?[0].id;
    ensure!(table.contains(&format!("{member:x} |")), "{table}");
    Ok(())
}

async fn the_hash_of_what_is_stored_changes_with_it(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    let hash = async |arguments: &[&str]| {
        let arguments = [&["endpoint", "hashkv"], arguments].concat();
        let json = own.json(&arguments).await?;
        json[0]["HashKV"]["hash"].as_u64().context("no hash")
    };
    own.run(&["put", "f", "1"]).await?;
    let first = hash(&[]).await?;
    ensure!(hash(&[]).await? == first);
    own.run(&["put", "f", "2"]).await?;
    ensure!(hash(&[]).await? != first);
    ensure!(hash(&["--rev=2"]).await? == first);
    let line = own.run(&["endpoint", "hashkv", "--rev=2"]).await?;
    ensure!(line == format!("{}, {first}\n", own.addr()), "{line}");
    let own = own.refused(&["endpoint", "hashkv", "--rev=100"]).await?;
    let future = "etcdserver: mvcc: required revision is a future revision";
    ensure!(own == future, "{own}");
    Ok(())
}
