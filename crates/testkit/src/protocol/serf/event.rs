//! User events: `event`.

use anyhow::ensure;
use serde_json::{Value, json};

use super::target::Serf;
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        an_event_is_told_with_its_payload,
        an_event_is_told_in_the_kinds_that_serf_writes,
        an_event_may_be_without_name_and_payload,
        an_event_that_is_too_large_is_refused_in_words,
        of_several_that_may_be_coalesced_the_last_is_told,
    ]
    .into()
}

async fn an_event_is_told_with_its_payload(serf: &Trial) -> Outcome {
    let name = serf.key("deploy");
    let mut rpc = serf.rpc().await?;
    let filter = json!({"Type": format!("user:{name}")});
    let stream = rpc.begin("stream", filter).await?;
    let mut times = Vec::new();
    for payload in ["v1", "v2", "v3"] {
        let event = json!({"Name": name, "Payload": payload, "Coalesce": false});
        let answer = rpc.ask("event", event).await?;
        equal("no body", answer.done()?, Value::Null)?;
        let mut told = rpc.record(stream).await?;
        times.push(told["LTime"].take().as_u64());
        let expected = json!({
            "Event": "user", "LTime": null, "Name": name, "Payload": payload, "Coalesce": false,
        });
        equal("told", told, expected)?;
    }
    ensure!(times.is_sorted() && times[0] < times[2], "{times:?}");
    Ok(())
}

async fn an_event_is_told_in_the_kinds_that_serf_writes(serf: &Trial) -> Outcome {
    let name = format!("{}{}", serf.key("kinds"), "x".repeat(40));
    let mut rpc = serf.rpc().await?;
    let stream = json!({"Type": format!("user:{name}")});
    rpc.ask_as(5, "stream", stream).await?.done()?;
    rpc.has_begun().await?;
    // A text of up to 255 bytes has one byte for its length, bytes are bytes. It is sent on another
    // connection: on this one it could be told before the answer.
    let event = json!({"Name": name, "Payload": "p".repeat(256)});
    serf.rpc().await?.ask("event", event).await?.done()?;
    let expected = b"\x82\xa5Error\xa0\xa3Seq\x05";
    equal("header", rpc.raw().await?, expected.to_vec())?;
    let record = rpc.raw().await?;
    let begins = b"\x85\xa8Coalesce\xc2\xa5Event\xa4user\xa5LTime";
    ensure!(record.starts_with(begins), "{}", record.escape_ascii());
    let length = u8::try_from(name.len())?;
    let payload = "p".repeat(256);
    let ends = [
        &b"\xa4Name\xd9"[..],
        &[length],
        name.as_bytes(),
        b"\xa7Payload\xc5\x01\x00",
        payload.as_bytes(),
    ]
    .concat();
    ensure!(record.ends_with(&ends), "{}", record.escape_ascii());
    Ok(())
}

async fn an_event_may_be_without_name_and_payload(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let stream = rpc.begin("stream", json!({"Type": "user"})).await?;
    rpc.ask("event", json!({})).await?.done()?;
    let told = rpc.until(stream, |told| told["Name"] == "").await?;
    // Both say nothing in the same way.
    equal("coalesced", &told["Coalesce"], &json!(false))?;
    ensure!(told["Payload"].is_null() || told["Payload"] == "", "{told}");
    Ok(())
}

async fn an_event_that_is_too_large_is_refused_in_words(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let before = "user event exceeds configured limit of 512 bytes before encoding";
    let after = "encoded user event exceeds configured limit of 512 bytes after encoding";
    for (name, payload, error) in [(1, 512, before), (513, 0, before), (1, 511, after)] {
        let event = json!({"Name": "n".repeat(name), "Payload": "p".repeat(payload)});
        let refused = rpc.ask("event", event).await?;
        equal("refused", refused.error.as_str(), error)?;
    }
    // Up to 8 bytes of it are the time.
    let event = json!({"Name": "n", "Payload": "p".repeat(473)});
    rpc.ask("event", event).await?.done()?;
    Ok(())
}

async fn of_several_that_may_be_coalesced_the_last_is_told(serf: &Trial) -> Outcome {
    let name = serf.key("coalesced");
    let mut rpc = serf.rpc().await?;
    let filter = json!({"Type": format!("user:{name}")});
    let stream = rpc.begin("stream", filter).await?;
    for payload in ["1", "2", "3"] {
        let event = json!({"Name": name, "Payload": payload, "Coalesce": true});
        rpc.ask("event", event).await?.done()?;
    }
    // On a machine that stands still some may be told before the last one.
    let last = rpc.until(stream, |told| told["Payload"] == "3").await?;
    equal("says so", &last["Coalesce"], &json!(true))
}
