use anyhow::{Context as _, ensure};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use serde_json::{Value, json};

use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        an_agent_is_started_in_the_words_of_serf,
    ]
    .into()
}

async fn an_agent_is_started_in_the_words_of_serf(server: &Subject<Server>) -> anyhow::Result<()> {
    // It joins the agent of a case of this one's own.
    let other = server.fresh().await?;
    let line = format!(
        "-o json agent --bind 127.0.0.1:0 --rpc-addr 127.0.0.1:0 --rpc-auth s3cret --node web-1 \
         --profile local --tag dc=eu --role db --join {} \
         --event-handler 'query:load=echo 0.7'",
        other.gossip()?
    );
    let mut agent = server.start(&line)?;
    let ready: Value = serde_json::from_str(&agent.line().await?)?;
    ensure!(
        ready["node"] == "web-1"
            && ready["listeners"]
                .as_array()
                .is_some_and(|all| all.len() == 1),
        "{ready}"
    );
    let url = ready["listeners"][0]["url"].as_str().context("a URL")?;
    let rpc = url.trim_start_matches("serf://");
    server.fails(format!("--rpc-addr {rpc} members"), 8).await?;
    let there = format!("--rpc-addr {rpc} --rpc-auth s3cret");
    let members = server.json(format!("{there} members --name web-1")).await?;
    ensure!(
        members[0]["tags"] == json!({"dc": "eu", "role": "db"}),
        "{members}"
    );
    let answers = server
        .json(format!("{there} query --timeout 50s --node web-1 load"))
        .await?;
    ensure!(answers["responses"][0]["value"] == "0.7\n", "{answers}");
    loop {
        let members = other.json("members --name web-1 --status alive").await?;
        if members.as_array().context("a list")?.len() == 1 {
            break;
        }
    }
    server.ok(format!("{there} leave")).await?;
    ensure!(agent.end().await? == 0);
    let line = "serf agent --bind 0.0.0.0 --rpc-addr 127.0.0.1:0";
    let done = server.run(line, "").await?;
    ensure!(done.code == 2 && done.stderr.contains("next: "), "{done:?}");
    let done = server.run("serf agent --bind nowhere", "").await?;
    ensure!(done.code == 2, "{done:?}");
    Ok(())
}
