//! Answers to questions: `respond`.

use anyhow::ensure;
use serde_json::{Value, json};

use super::connection::{Connection, PATIENCE};
use super::query::answers;
use super::target::{ALONE, Member, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

const NO_QUERY: &str = "No pending queries matching ID";

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_query_is_answered_once needs [ALONE],
        a_query_is_not_answered_after_its_time needs [ALONE],
        a_query_is_answered_on_its_connection_alone needs [ALONE],
        an_answer_that_is_too_large_may_be_followed_by_another needs [ALONE],
        an_unknown_query_is_not_answered,
    ]
    .into()
}

/// An agent that nobody else asks anything: real ones mix up queries of the same moment.
async fn own(serf: &Trial) -> anyhow::Result<Member> {
    serf.another("alpha", Setup::default()).await
}

/// Asks an agent something, and gives who is told of it, its number there, who asks, and the query.
async fn asked(
    member: &Member,
    milliseconds: u64,
) -> anyhow::Result<(Connection, u64, Connection, u64)> {
    let name = "asked";
    let (mut told, mut asks) = (member.connect().await?, member.connect().await?);
    let filter = json!({"Type": format!("query:{name}")});
    let stream = told.begin("stream", filter).await?;
    let query = json!({
        "Name": name, "Timeout": milliseconds * 1_000_000, "FilterNodes": ["alpha"],
    });
    let query = asks.begin("query", query).await?;
    let record = told.record(stream).await?;
    let id = record["ID"].as_u64().unwrap_or_default();
    Ok((told, id, asks, query))
}

async fn respond(rpc: &mut Connection, id: u64, payload: &str) -> anyhow::Result<String> {
    let body = json!({"ID": id, "Payload": payload});
    Ok(rpc.ask("respond", body).await?.error)
}

/// How long a query is open that is to be answered.
const LONG: u64 = 20_000;

/// The first answer to a query.
async fn answer(rpc: &mut Connection, query: u64) -> anyhow::Result<Value> {
    rpc.until(query, |record| record["From"] != "").await
}

fn from_alpha(payload: &str) -> Value {
    json!({"Type": "response", "From": "alpha", "Payload": payload})
}

async fn a_query_is_answered_once(serf: &Trial) -> Outcome {
    let member = own(serf).await?;
    let (mut told, id, mut asks, query) = asked(&member, LONG).await?;
    equal("answered", respond(&mut told, id, "7 days").await?, "")?;
    let again = respond(&mut told, id, "8 days").await?;
    let error = "failed to respond to key query: response already sent";
    equal("again", again.as_str(), error)?;
    let told = answer(&mut asks, query).await?;
    equal("the answer", told, from_alpha("7 days"))
}

async fn a_query_is_not_answered_after_its_time(serf: &Trial) -> Outcome {
    let member = own(serf).await?;
    let (mut told, id, mut asks, query) = asked(&member, 300).await?;
    answers(&mut asks, query).await?;
    let begun = tokio::time::Instant::now();
    loop {
        let error = respond(&mut told, id, "late").await?;
        if error == NO_QUERY {
            return told.is_open().await;
        }
        // For a moment after its time it is still known.
        ensure!(error.contains("deadline"), "{error}");
        ensure!(begun.elapsed() < PATIENCE, "{error}");
    }
}

async fn a_query_is_answered_on_its_connection_alone(serf: &Trial) -> Outcome {
    let member = own(serf).await?;
    let (mut told, id, mut asks, query) = asked(&member, LONG).await?;
    let mut other = member.connect().await?;
    for rpc in [&mut other, &mut asks] {
        equal("another", respond(rpc, id, "x").await?.as_str(), NO_QUERY)?;
    }
    equal("its own", respond(&mut told, id, "y").await?, "")?;
    equal("its own", answer(&mut asks, query).await?, from_alpha("y"))
}

async fn an_answer_that_is_too_large_may_be_followed_by_another(serf: &Trial) -> Outcome {
    let member = own(serf).await?;
    let (mut told, id, mut asks, query) = asked(&member, LONG).await?;
    let large = respond(&mut told, id, &"x".repeat(1024)).await?;
    let error = "failed to respond to key query: response exceeds limit of 1024 bytes";
    equal("too large", large.as_str(), error)?;
    let most = "x".repeat(960);
    equal("the largest", respond(&mut told, id, &most).await?, "")?;
    equal(
        "the answer",
        answer(&mut asks, query).await?,
        from_alpha(&most),
    )
}

async fn an_unknown_query_is_not_answered(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for id in [0, 1, u64::MAX] {
        equal(
            "unknown",
            respond(&mut rpc, id, "").await?.as_str(),
            NO_QUERY,
        )?;
    }
    rpc.is_open().await
}
