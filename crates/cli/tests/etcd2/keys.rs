use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        keys_are_written_and_read_as_etcdctl_prints_it,
        keys_are_swapped_under_conditions,
        keys_are_made_updated_and_removed,
        keys_in_order_come_after_each_other,
        keys_live_as_long_as_their_ttl_says,
        a_value_comes_from_standard_input_and_is_text,
        what_is_not_there_and_what_can_not_be_is_told,
        the_server_is_named_in_every_way_there_is,
    ]
    .into()
}

async fn keys_are_written_and_read_as_etcdctl_prints_it(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    server
        .prints("set /kw/message 'Hello world'", "Hello world\n")
        .await?;
    server.prints("get /kw/message", "Hello world\n").await?;
    server
        .prints("get --sort --quorum kw/message", "Hello world\n")
        .await?;
    server.prints("set /kw/empty ''", "\n").await?;
    server.prints("get /kw/empty", "\n").await?;
    let shown = server.ok("-o extended get /kw/message").await?;
    let labels: Vec<_> = shown
        .lines()
        .filter_map(|line| line.split(": ").next())
        .collect();
    let expected = [
        "Key",
        "Created-Index",
        "Modified-Index",
        "TTL",
        "Index",
        "",
        "Hello world",
    ];
    ensure!(
        labels == expected && shown.starts_with("Key: /kw/message\n"),
        "{shown}"
    );
    let json = server.json("get /kw/message").await?;
    ensure!(
        json["action"] == "get" && json["node"]["value"] == "Hello world",
        "{json}"
    );
    server
        .prints("-o simple get /kw/message", "Hello world\n")
        .await
}

async fn keys_are_swapped_under_conditions(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("set /ks/a 1").await?;
    server
        .prints("set --swap-with-value 1 /ks/a 2", "2\n")
        .await?;
    let said = server.fails("set --swap-with-value 1 /ks/a 3", 4).await?;
    ensure!(
        said.contains("(code 101)") && said.contains("[1 != 2]"),
        "{said}"
    );
    let index = server.json("get /ks/a").await?["node"]["modifiedIndex"].clone();
    server
        .fails(format!("set --swap-with-index {index}1 /ks/a 3"), 4)
        .await?;
    server
        .prints(format!("set /ks/a 3 --swap-with-index {index}"), "3\n")
        .await?;
    // A server would take 0 as no condition at all.
    let said = server.fails("set --swap-with-index 0 /ks/a 4", 2).await?;
    ensure!(said.contains("prev_index"), "{said}");
    server.fails("rm --with-value 4 /ks/a", 4).await?;
    server
        .fails("rm --with-value 4 --recursive /ks/a", 2)
        .await?;
    server.ok("rm --with-value 3 /ks/a").await?;
    server.fails("get /ks/a", 3).await?;
    Ok(())
}

async fn keys_are_made_updated_and_removed(server: &Subject<Server>) -> anyhow::Result<()> {
    server.prints("mk /km/a 1", "1\n").await?;
    let said = server.fails("mk /km/a 2", 4).await?;
    ensure!(said.contains("(code 105)"), "{said}");
    server.prints("update /km/a 2", "2\n").await?;
    server.fails("update /km/none 2", 3).await?;
    let json = server.json("update /km/a 3").await?;
    ensure!(json["prevNode"]["value"] == "2", "{json}");
    server.prints("rm /km/a", "PrevNode.Value: 3\n").await?;
    server.fails("rm /km/a", 3).await?;
    let said = server.fails("rm /km", 1).await?;
    ensure!(
        said.contains("(code 102)") && said.contains("next: "),
        "{said}"
    );
    server.prints("rm --dir /km", "").await
}

async fn keys_in_order_come_after_each_other(server: &Subject<Server>) -> anyhow::Result<()> {
    server.prints("mk --in-order /ko one", "one\n").await?;
    let second = server.json("mk --in-order /ko two").await?;
    let listed = server.ok("ls --sort /ko").await?;
    let keys: Vec<_> = listed.lines().collect();
    ensure!(
        keys.len() == 2 && second["node"]["key"] == keys[1],
        "{listed}"
    );
    ensure!(
        keys[0] < keys[1] && keys[0].len() == "/ko/".len() + 20,
        "{listed}"
    );
    Ok(())
}

async fn keys_live_as_long_as_their_ttl_says(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("set --ttl 100 /kt/a x").await?;
    let ttl = |json: serde_json::Value| json["node"]["ttl"].as_i64();
    let first = ttl(server.json("get /kt/a").await?);
    ensure!(
        first.is_some_and(|ttl| (1..=100).contains(&ttl)),
        "{first:?}"
    );
    server.prints("refresh --ttl 1h /kt/a", "x\n").await?;
    let later = ttl(server.json("get /kt/a").await?);
    ensure!(later.is_some_and(|ttl| ttl > 100), "{later:?}");
    server.fails("refresh --ttl 0 /kt/a", 2).await?;
    server.fails("refresh --ttl 5 /kt/none", 3).await?;
    server.ok("set --ttl 0 /kt/a y").await?;
    ensure!(
        ttl(server.json("get /kt/a").await?).is_none(),
        "0 is for ever"
    );
    server.fails("set --ttl soon /kt/a y", 2).await?;
    Ok(())
}

async fn a_value_comes_from_standard_input_and_is_text(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let shown = server.ok_with("set /ki/a", "two\nlines\n").await?;
    ensure!(shown == "two\nlines\n\n", "{shown:?}");
    ensure!(server.json("get /ki/a").await?["node"]["value"] == "two\nlines\n");
    let said = server.fails("set /ki/a", 2).await?;
    ensure!(said.contains("standard input is empty"), "{said}");
    // As typed: neither a file nor standard input.
    server.prints("set /ki/b @x", "@x\n").await?;
    server.prints("set -- /ki/b -x", "-x\n").await
}

async fn what_is_not_there_and_what_can_not_be_is_told(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let said = server.fails("get /kn/none", 3).await?;
    ensure!(said.contains("next: quorate etcd2 ls /"), "{said}");
    server.ok("set /kn/file x").await?;
    let said = server.fails("set /kn/file/below x", 1).await?;
    ensure!(said.contains("(code 104)"), "{said}");
    let said = server.fails("set / x", 1).await?;
    ensure!(said.contains("(code 107)"), "{said}");
    let said = server.fails("get /kn", 1).await?;
    ensure!(said.contains("quorate etcd2 ls /kn"), "{said}");
    let said = server.fails("-o json set /kn x", 1).await?;
    let json: serde_json::Value = serde_json::from_str(&said)?;
    ensure!(json["error"]["kind"] == "not-file", "{json}");
    ensure!(json["error"]["outcome"] == "did-not-happen", "{json}");
    let said = server.fails("backup --data-dir x", 2).await?;
    ensure!(said.contains("etcdctl backup"), "{said}");
    server.fails("--token-file x ls", 2).await?;
    Ok(())
}

async fn the_server_is_named_in_every_way_there_is(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("set /ka/a 1").await?;
    let host = server.url.trim_start_matches("http://");
    for line in [
        format!("etcd2 --endpoints {} get /ka/a", server.url),
        format!("etcd2 get /ka/a -C {host}"),
        format!("etcd2 --endpoint http://127.0.0.1:1,{host} get /ka/a"),
        format!("--at etcd2://{host} etcd2 --sync get /ka/a"),
        "etcd2 --no-sync --timeout 5s --total-timeout 20s get /ka/a".to_owned(),
    ] {
        let done = server.run(&line, "").await?;
        ensure!(done.code == 0 && done.stdout == "1\n", "{line}: {done:?}");
    }
    let said = server
        .fails(
            "--endpoints http://127.0.0.1:1 --timeout 300ms get /ka/a",
            6,
        )
        .await?;
    ensure!(said.contains("quorate agent --etcd"), "{said}");
    let done = server.run("--at consul://127.0.0.1:1 etcd2 ls", "").await?;
    ensure!(
        done.code == 2 && done.stderr.contains("--endpoints"),
        "{done:?}"
    );
    Ok(())
}
