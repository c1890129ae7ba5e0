//! Questions to all members: `query`.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::connection::{Connection, PATIENCE};
use super::target::{ALONE, MENDED, REAL, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

const MILLISECOND: u64 = 1_000_000;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_query_without_a_time_has_what_suits_the_cluster,
        a_query_ends_with_its_time_and_not_before,
        every_member_says_that_it_received_a_query,
        a_query_may_be_for_some_members,
        a_query_whose_time_is_over_ends_at_once,
        a_query_is_told_with_a_number_of_the_connection,
        queries_run_side_by_side,
        a_query_that_is_too_large_is_refused,
        names_of_serf_itself_are_refused,
        an_expression_for_tags_that_is_none_is_asked_of_nobody needs [REAL],
        an_expression_for_tags_that_is_none_is_refused needs [MENDED],
        no_record_of_a_query_is_from_nobody needs [ALONE, MENDED],
    ]
    .into()
}

/// The records of a query up to its end: who said that it received it, and who answered what. Real
/// agents may send records from nobody near the end; they are left out.
pub(super) async fn answers(
    rpc: &mut Connection,
    query: u64,
) -> anyhow::Result<(Vec<String>, Vec<(String, String)>)> {
    let (mut acks, mut responses) = (Vec::new(), Vec::new());
    loop {
        let record = rpc.record(query).await?;
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        match record["Type"].as_str() {
            Some("done") => {
                let done = json!({"Type": "done", "From": "", "Payload": null});
                equal("done", record, done)?;
                acks.sort();
                responses.sort();
                return Ok((acks, responses));
            }
            _ if record["From"] == "" => {}
            Some("ack") => {
                equal("of an ack", &record["Payload"], &Value::Null)?;
                acks.push(text("From"));
            }
            Some("response") => responses.push((text("From"), text("Payload"))),
            _ => anyhow::bail!("unknown: {record}"),
        }
    }
}

/// Asks for acknowledgements until all of `who` have sent theirs, and nobody else: gossip may miss a
/// member, above all where others have much to say, and a real agent mixes up two queries that are
/// asked at the same moment, and passes over what comes for one of them.
pub(super) async fn acked(rpc: &mut Connection, mut query: Value, who: &[&str]) -> Outcome {
    if let Some(fields) = query.as_object_mut() {
        fields.insert("RequestAck".to_owned(), true.into());
        fields.insert("Timeout".to_owned(), (3000 * MILLISECOND).into());
    }
    let begun = Instant::now();
    let mut missing = who.to_vec();
    while !missing.is_empty() {
        ensure!(begun.elapsed() < PATIENCE, "nothing from {missing:?}");
        let query = rpc.begin("query", query.clone()).await?;
        while !missing.is_empty() {
            let record = rpc.record(query).await?;
            let from = record["From"].as_str().unwrap_or_default();
            match record["Type"].as_str() {
                Some("done") => break,
                Some("ack") if !from.is_empty() => {
                    ensure!(who.contains(&from), "also from {from}");
                    missing.retain(|name| *name != from);
                }
                _ => ensure!(from.is_empty(), "{record}"),
            }
        }
    }
    Ok(())
}

async fn a_query_without_a_time_has_what_suits_the_cluster(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let begun = Instant::now();
    let query = json!({"Name": serf.key("nobody"), "Timeout": 0});
    let query = rpc.begin("query", query).await?;
    let (acks, responses) = answers(&mut rpc, query).await?;
    ensure!(acks.is_empty() && responses.is_empty());
    // 16 times the pause of gossip, which is 100 ms in the profile `local`.
    let took = begun.elapsed();
    ensure!(took >= Duration::from_millis(1550), "{took:?}");
    Ok(())
}

async fn a_query_ends_with_its_time_and_not_before(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let begun = Instant::now();
    let query = json!({
        "Name": serf.key("acked"), "RequestAck": true, "Timeout": 1000 * MILLISECOND,
    });
    let query = rpc.begin("query", query).await?;
    answers(&mut rpc, query).await?;
    let took = begun.elapsed();
    ensure!(took >= Duration::from_millis(950), "{took:?}");
    rpc.is_open().await
}

async fn a_query_whose_time_is_over_ends_at_once(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for timeout in [-1, i64::MIN] {
        let query = json!({"Name": serf.key("over"), "Timeout": timeout});
        let query = rpc.begin("query", query).await?;
        answers(&mut rpc, query).await?;
    }
    rpc.is_open().await
}

async fn every_member_says_that_it_received_a_query(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    // Serf's own question, and one on which others pass the answers on.
    for query in [
        json!({"Name": "_serf_ping"}),
        json!({"Name": serf.key("relayed"), "RelayFactor": 2}),
    ] {
        acked(&mut rpc, query, &serf.names()).await?;
    }
    Ok(())
}

async fn a_query_may_be_for_some_members(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let all = serf.names();
    let last = all[all.len() - 1];
    let name = serf.key("some");
    let query =
        |nodes: Value, tags: Value| json!({"Name": name, "FilterNodes": nodes, "FilterTags": tags});
    let mut for_nobody = Vec::new();
    for (nodes, tags) in [
        (json!(["nobody"]), json!({})),
        (json!([]), json!({"role": "^e"})),
        (json!([last]), json!({"role": "db"})),
        (json!([]), json!({"role": "web", "nothing": "."})),
    ] {
        let mut query = query(nodes, tags);
        query["RequestAck"] = json!(true);
        query["Timeout"] = json!(1000 * MILLISECOND);
        for_nobody.push(rpc.begin("query", query).await?);
    }
    for (nodes, tags, who) in [
        (json!([last]), json!({}), &[last][..]),
        // Expressions of tags need not match the whole.
        (json!([]), json!({"role": "e"}), &all),
        (json!([]), json!({"role": "^w.b$"}), &all),
        (json!(all), json!({"role": ""}), &all),
    ] {
        acked(&mut rpc, query(nodes, tags), who).await?;
    }
    for query in for_nobody {
        let (acks, _) = answers(&mut rpc, query).await?;
        ensure!(acks.is_empty(), "{acks:?}");
    }
    Ok(())
}

async fn a_query_is_told_with_a_number_of_the_connection(serf: &Trial) -> Outcome {
    let name = "numbered";
    let filter = json!({"Type": format!("query:{name}")});
    // Real ones mix up queries of the same moment.
    let alone = serf.another("alpha", Setup::default()).await?;
    let (mut one, mut two) = (alone.connect().await?, alone.connect().await?);
    let first = one.begin("stream", filter.clone()).await?;
    for id in 1..4 {
        let query = json!({
            "Name": name, "Payload": "?", "Timeout": 200 * MILLISECOND, "FilterNodes": ["alpha"],
        });
        two.begin("query", query).await?;
        let mut told = one.record(first).await?;
        ensure!(told["LTime"].take().as_u64() > Some(0));
        let expected = json!({
            "Event": "query", "ID": id, "LTime": null, "Name": name, "Payload": "?",
        });
        equal("told", told, expected)?;
    }
    Ok(())
}

async fn queries_run_side_by_side(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let mut queries = Vec::new();
    for timeout in [600, 300, 900] {
        let query = json!({
            "Name": serf.key("aside"), "RequestAck": true, "Timeout": timeout * MILLISECOND,
        });
        queries.push(rpc.begin("query", query).await?);
    }
    // Other commands are answered meanwhile.
    rpc.is_open().await?;
    for query in queries {
        answers(&mut rpc, query).await?;
    }
    Ok(())
}

async fn a_query_that_is_too_large_is_refused(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let query = json!({"Name": "n", "Payload": "p".repeat(1024), "Timeout": MILLISECOND});
    let refused = rpc.ask("query", query).await?;
    let error = "query exceeds limit of 1024 bytes";
    equal("too large", refused.error.as_str(), error)?;
    let query = json!({"Name": "n", "Payload": "p".repeat(880), "Timeout": MILLISECOND});
    let query = rpc.begin("query", query).await?;
    answers(&mut rpc, query).await?;
    Ok(())
}

async fn names_of_serf_itself_are_refused(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let refused = rpc.ask("query", json!({"Name": "_serf_nothing"})).await?;
    let error = "Queries cannot contain the '_serf_' prefix";
    equal("reserved", refused.error.as_str(), error)
}

fn none(serf: &Trial) -> Value {
    json!({
        "Name": serf.key("none"), "FilterTags": {"role": "("}, "RequestAck": true,
        "Timeout": 500 * MILLISECOND,
    })
}

async fn an_expression_for_tags_that_is_none_is_asked_of_nobody(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let query = rpc.begin("query", none(serf)).await?;
    let (acks, _) = answers(&mut rpc, query).await?;
    ensure!(acks.is_empty(), "{acks:?}");
    Ok(())
}

async fn an_expression_for_tags_that_is_none_is_refused(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let error = rpc.ask("query", none(serf)).await?.error;
    ensure!(error.starts_with("Failed to format filters: "), "{error}");
    rpc.is_open().await
}

async fn no_record_of_a_query_is_from_nobody(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for _ in 0..100 {
        let query = json!({"Name": "q", "RequestAck": true, "Timeout": MILLISECOND});
        let query = rpc.begin("query", query).await?;
        loop {
            let record = rpc.record(query).await?;
            if record["Type"] == "done" {
                break;
            }
            ensure!(record["From"] != "", "{record}");
        }
    }
    Ok(())
}
