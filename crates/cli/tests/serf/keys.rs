use anyhow::ensure;
use quorate_testkit::server::SerfOptions;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use serde_json::json;

use crate::SOON;
use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        the_key_of_a_cluster_is_replaced_in_three_steps,
        members_that_do_not_do_it_are_named,
        a_key_is_32_random_bytes_in_base64,
    ]
    .into()
}

const OLD: &str = "cg8StVXbQJ0gPvMd9o7yrg==";

/// A key without the end of its line.
async fn made(server: &Server) -> anyhow::Result<String> {
    Ok(server.ok("keygen").await?.trim_end().to_owned())
}

async fn the_key_of_a_cluster_is_replaced_in_three_steps(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let new = made(server).await?;
    let alone = server
        .alone(SerfOptions::named("alpha").with_encrypt(OLD))
        .await?;
    let listed = format!(
        "==> Asking all members for installed keys...\n\
         ==> Keys gathered, listing cluster keys...\n\n{OLD}  [1/1]\n"
    );
    alone.prints_in_time("keys --list", &listed).await?;
    alone.write("new.key", &format!("{new}\n"))?;
    let said = "==> Installing key on all members...\n==> Successfully installed key!\n";
    alone
        .prints_in_time("keys --install @new.key", said)
        .await?;
    let said =
        "==> Changing primary key on all members...\n==> Successfully changed primary key!\n";
    let line = format!("keys --use {new}");
    alone.prints_in_time(&line, said).await?;
    let said = "==> Removing key on all members...\n==> Successfully removed key!\n";
    let line = format!("keys --remove {OLD}");
    alone.prints_in_time(&line, said).await?;
    let listed = || async {
        let keys = alone.json("keys --list").await?;
        ensure!(keys == json!({"members": 1, "keys": {&new: 1}}), "{keys}");
        anyhow::Ok(())
    };
    Ok(eventually_ok(SOON, "the new key is listed", listed).await?)
}

async fn members_that_do_not_do_it_are_named(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = made(server).await?;
    let line = format!("serf keys --install {key}");
    let refused = || async {
        let done = server.run(&line, "").await?;
        ensure!(done.code == 1, "{done:?}");
        let named = "failed:  alpha  No keyring to modify (encryption not enabled)\n";
        ensure!(done.stdout.contains(named), "{done:?}");
        ensure!(
            done.stderr.contains("1/1 nodes reported failure"),
            "{done:?}"
        );
        ensure!(!done.stderr.contains(&key), "{done:?}");
        anyhow::Ok(())
    };
    eventually_ok(SOON, "it answers in time", refused).await?;
    server.fails("keys --list", 1).await?;
    server.fails("keys", 2).await?;
    server.fails(format!("keys --list --use {key}"), 2).await?;
    Ok(())
}

async fn a_key_is_32_random_bytes_in_base64(server: &Subject<Server>) -> anyhow::Result<()> {
    let (one, other) = (made(server).await?, made(server).await?);
    ensure!(
        one != other && one.len() == 44 && one.ends_with('='),
        "{one} {other}"
    );
    let key = server.json("keygen").await?;
    ensure!(
        key["key"].as_str().is_some_and(|key| key.len() == 44),
        "{key}"
    );
    Ok(())
}
