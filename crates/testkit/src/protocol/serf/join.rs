//! Joining others: `join`.

use anyhow::ensure;
use serde_json::{Value, json};

use super::connection::{PATIENCE, request};
use super::target::{Member, Serf};
use super::{Outcome, Trial};
use crate::protocol::equal;
use crate::trial::Case;
use crate::{cases, eventually_ok};

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        nobody_is_joined_without_an_address,
        an_address_where_nobody_is_has_an_error_and_a_body,
        what_can_be_joined_of_several_is_counted,
        an_address_may_have_a_name,
        a_host_that_has_no_address_is_told,
        a_long_error_has_two_bytes_for_its_length,
    ]
    .into()
}

/// Joins one of them. It is asked again: in the profile `local` an agent waits for
/// a second only.
async fn joins_one(member: &Member, existing: Value) -> Outcome {
    let joins = || async {
        let answer = join(member, existing.clone()).await?;
        equal("joined", answer, joined("", 1))
    };
    Ok(eventually_ok(PATIENCE, "it joins", joins).await?)
}

async fn join(member: &Member, existing: Value) -> anyhow::Result<(String, Value)> {
    let mut rpc = member.connect().await?;
    let answer = rpc.ask("join", json!({"Existing": existing})).await?;
    Ok((answer.error, answer.body))
}

fn joined(error: &str, num: u64) -> (String, Value) {
    (error.to_owned(), json!({"Num": num}))
}

const REFUSED: &str =
    "Failed to join 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused";

async fn nobody_is_joined_without_an_address(serf: &Trial) -> Outcome {
    equal("none", join(serf.first(), json!([])).await?, joined("", 0))
}

async fn an_address_where_nobody_is_has_an_error_and_a_body(serf: &Trial) -> Outcome {
    let one = format!("1 error occurred:\n\t* {REFUSED}\n\n");
    let expected = joined(&one, 0);
    equal(
        "one",
        join(serf.first(), json!(["127.0.0.1:1"])).await?,
        expected,
    )?;
    let other = REFUSED.replace(":1", ":2");
    let two = format!("2 errors occurred:\n\t* {REFUSED}\n\t* {other}\n\n");
    let both = json!(["127.0.0.1:1", "127.0.0.1:2"]);
    equal("two", join(serf.first(), both).await?, joined(&two, 0))
}

async fn what_can_be_joined_of_several_is_counted(serf: &Trial) -> Outcome {
    let alpha = serf.joiner().await?;
    let some = json!(["127.0.0.1:1", alpha.gossip.to_string()]);
    joins_one(&alpha, some).await
}

async fn an_address_may_have_a_name(serf: &Trial) -> Outcome {
    let alpha = serf.joiner().await?;
    let named = json!([format!("alpha/{}", alpha.gossip)]);
    joins_one(&alpha, named).await?;
    let expected = joined(&format!("1 error occurred:\n\t* {REFUSED}\n\n"), 0);
    let nobody = json!(["somebody/127.0.0.1:1"]);
    equal("nobody", join(&alpha, nobody).await?, expected)
}

async fn a_host_that_has_no_address_is_told(serf: &Trial) -> Outcome {
    let (error, body) = join(serf.first(), json!(["::::"])).await?;
    let begins = "1 error occurred:\n\t* Failed to resolve ::::: ";
    ensure!(error.starts_with(begins), "{error}");
    equal("body", body, json!({"Num": 0}))
}

async fn a_long_error_has_two_bytes_for_its_length(serf: &Trial) -> Outcome {
    let nobody: Vec<_> = (1..=4).map(|port| format!("127.0.0.1:{port}")).collect();
    let mut rpc = serf.rpc().await?;
    rpc.write(&[request(7, "join"), json!({"Existing": nobody})])
        .await?;
    let header = rpc.raw().await?;
    let begins = b"\x82\xa5Error\xda\x01";
    ensure!(header.starts_with(begins), "{}", header.escape_ascii());
    ensure!(
        header.ends_with(b"\n\n\xa3Seq\x07"),
        "{}",
        header.escape_ascii()
    );
    equal("body", rpc.expect().await?, json!({"Num": 0}))
}
