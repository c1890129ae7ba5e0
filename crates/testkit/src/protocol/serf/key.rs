//! The keys of the cluster: `install-key`, `use-key`, `remove-key`, `list-keys`.

use anyhow::ensure;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::connection::{Answer, Connection, PATIENCE};
use super::target::{ALONE, MENDED, REAL, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

const KEY: &str = "HIDxTe3QS8hQoXmNBp6SHA==";
const OTHER: &str = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_cluster_is_given_another_key needs [ALONE],
        what_is_wrong_with_a_key_is_told_by_each_member needs [ALONE],
        without_a_keyring_every_member_refuses,
        what_is_no_base64_is_refused_with_a_body,
        a_key_of_a_wrong_size_is_sent_to_all needs [REAL],
        a_key_of_a_wrong_size_is_refused_at_once needs [MENDED],
    ]
    .into()
}

/// What all members said, if anything.
fn report(keys: &Value, messages: &Value, all: usize, refused: usize) -> Value {
    json!({
        "Keys": keys, "Messages": messages,
        "NumNodes": all, "NumResp": all, "NumErr": refused,
    })
}

fn refused(error: &str, body: Value) -> Answer {
    let error = error.to_owned();
    Answer { error, body }
}

async fn key(rpc: &mut Connection, command: &str, key: &str, of: usize) -> anyhow::Result<Answer> {
    from_everybody(rpc, command, &json!({"Key": key}), of).await
}

/// Asks until so many members were asked and have answered: gossip may miss one, Serf waits no longer
/// than for a query, and whoever stands still for a moment may be thought failed for a while.
async fn from_everybody(
    rpc: &mut Connection,
    command: &str,
    body: &Value,
    of: usize,
) -> anyhow::Result<Answer> {
    let begun = Instant::now();
    loop {
        let answer = rpc.ask(command, body.clone()).await?;
        let of = Value::from(of);
        let all = answer.body["NumResp"] == of && answer.body["NumNodes"] == of;
        if all || begun.elapsed() > PATIENCE {
            return Ok(answer);
        }
    }
}

/// The same from every member.
fn from_all(serf: &Trial, text: &str) -> Value {
    let names = serf.names().into_iter();
    let messages: Map<_, _> = names
        .map(|name| (name.to_owned(), Value::from(text)))
        .collect();
    messages.into()
}

async fn without_a_keyring_every_member_refuses(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let count = serf.members.len();
    let error = format!("{count}/{count} nodes reported failure");
    let said = from_all(serf, "No keyring to modify (encryption not enabled)");
    for command in ["install-key", "use-key", "remove-key"] {
        let expected = refused(&error, report(&Value::Null, &said, count, count));
        equal(command, key(&mut rpc, command, KEY, count).await?, expected)?;
    }
    let said = from_all(serf, "Keyring is empty (encryption not enabled)");
    let expected = refused(&error, report(&json!({}), &said, count, count));
    let listed = from_everybody(&mut rpc, "list-keys", &Value::Null, count).await?;
    equal("list", listed, expected)?;
    rpc.is_open().await
}

async fn what_is_no_base64_is_refused_with_a_body(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for command in ["install-key", "use-key", "remove-key"] {
        for (text, at) in [("!!", 0), ("HID*", 3), ("HID", 0), ("AAAAA", 4)] {
            let error = format!("illegal base64 data at input byte {at}");
            let nobody = report(&Value::Null, &json!({}), 0, 0);
            let expected = refused(&error, nobody);
            equal(command, key(&mut rpc, command, text, 0).await?, expected)?;
        }
    }
    rpc.is_open().await
}

async fn a_key_of_a_wrong_size_is_sent_to_all(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let count = serf.members.len();
    let answer = key(&mut rpc, "install-key", "AAAA", count).await?;
    equal("nodes", &answer.body["NumNodes"], &json!(count))?;
    ensure!(answer.error.ends_with("nodes reported failure"));
    Ok(())
}

async fn a_key_of_a_wrong_size_is_refused_at_once(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let answer = key(&mut rpc, "install-key", "AAAA", 0).await?;
    let expected = report(&Value::Null, &json!({}), 0, 0);
    equal("nobody", answer.body, expected)?;
    let error = "key size must be 16, 24 or 32 bytes";
    ensure!(answer.error.contains(error), "{}", answer.error);
    Ok(())
}

fn encrypted() -> Setup {
    Setup {
        token: None,
        key: Some(KEY),
    }
}

async fn a_cluster_is_given_another_key(serf: &Trial) -> Outcome {
    let (one, two) = serf.pair(encrypted()).await?;
    let mut rpc = one.connect().await?;
    let list = async |rpc: &mut Connection, keys: Value| {
        let expected = refused("", report(&keys, &json!({}), 2, 0));
        let listed = from_everybody(rpc, "list-keys", &Value::Null, 2).await?;
        equal("list", listed, expected)
    };
    let done = refused("", report(&Value::Null, &json!({}), 2, 0));
    list(&mut rpc, json!({KEY: 2})).await?;
    equal(
        "install",
        &key(&mut rpc, "install-key", OTHER, 2).await?,
        &done,
    )?;
    list(&mut rpc, json!({KEY: 2, OTHER: 2})).await?;
    equal("use", &key(&mut rpc, "use-key", OTHER, 2).await?, &done)?;
    equal("remove", &key(&mut rpc, "remove-key", KEY, 2).await?, &done)?;
    // From the other as well.
    let mut rpc = two.connect().await?;
    list(&mut rpc, json!({OTHER: 2})).await?;
    let stats = rpc.ask("stats", Value::Null).await?.done()?;
    equal("encrypted", &stats["serf"]["encrypted"], &json!("true"))
}

async fn what_is_wrong_with_a_key_is_told_by_each_member(serf: &Trial) -> Outcome {
    let (one, _two) = serf.pair(encrypted()).await?;
    let mut rpc = one.connect().await?;
    for (command, text, said) in [
        ("use-key", OTHER, "Requested key is not in the keyring"),
        ("remove-key", KEY, "Removing the primary key is not allowed"),
    ] {
        let answer = key(&mut rpc, command, text, 2).await?;
        let error = "2/2 nodes reported failure";
        let both = json!({"one": said, "two": said});
        equal(
            command,
            answer,
            refused(error, report(&Value::Null, &both, 2, 2)),
        )?;
    }
    Ok(())
}
