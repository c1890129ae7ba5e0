use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::server::SerfOptions;
use quorate_testkit::trial::{Case, Subject};

use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        an_agent_with_a_token_wants_it,
        an_agent_is_found_where_it_was_said_to_be,
        what_is_wrong_is_named_with_the_next_command,
    ]
    .into()
}

async fn an_agent_with_a_token_wants_it(server: &Subject<Server>) -> anyhow::Result<()> {
    let alone = server
        .alone(SerfOptions::named("alpha").with_rpc_auth("s3cret & more"))
        .await?;
    let said = alone.fails("members", 8).await?;
    ensure!(
        said.contains("next: ") && said.contains("SERF_RPC_AUTH"),
        "{said}"
    );
    let said = alone.fails("--rpc-auth wrong members", 8).await?;
    ensure!(!said.contains("s3cret"), "{said}");
    alone.ok("--rpc-auth 's3cret & more' members").await?;
    alone.write("token", "s3cret & more\n")?;
    alone.ok("--token-file token members").await?;
    alone
        .fails("--token-file token --rpc-auth x members", 2)
        .await?;
    let url = format!("serf://{}?AuthKey=s3cret%20%26%20more", alone.rpc()?);
    let done = alone.run(&format!("--at {url} serf members"), "").await?;
    ensure!(done.code == 0, "{done:?}");
    let mut command = alone.command("serf members");
    let output = command
        .env("SERF_RPC_AUTH", "s3cret & more")
        .output()
        .await?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

async fn an_agent_is_found_where_it_was_said_to_be(server: &Subject<Server>) -> anyhow::Result<()> {
    let rpc = server.rpc()?;
    for line in [
        format!("serf --rpc-addr 127.0.0.1:1,{rpc} members"),
        format!("serf members --rpc-addr {rpc}"),
        format!("--at serf://{rpc} serf members"),
    ] {
        let mut command = server.command(&line);
        let output = command.env("SERF_RPC_ADDR", "127.0.0.1:1").output().await?;
        ensure!(output.status.success(), "{line}: {output:?}");
    }
    let said = server.fails("--rpc-addr 127.0.0.1:1 members", 6).await?;
    ensure!(said.contains("next: quorate agent --serf-rpc"), "{said}");
    let done = server
        .run("--at consul://127.0.0.1:8500 serf members", "")
        .await?;
    ensure!(
        done.code == 2 && done.stderr.contains("--rpc-addr"),
        "{done:?}"
    );
    Ok(())
}

async fn what_is_wrong_is_named_with_the_next_command(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let said = server.fails("members --name '['", 2).await?;
    ensure!(said.contains("name"), "{said}");
    server.fails("members --format xml", 2).await?;
    server.fails("query --relay-factor 256 load", 2).await?;
    server.fails("join", 2).await?;
    server.fails("force-leave", 2).await?;
    server.fails("rtt", 2).await?;
    Ok(())
}
