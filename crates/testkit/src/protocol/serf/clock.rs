//! The times of events: what of one time is the same, and what is too old to be told.

use serde_json::json;

use super::connection::{Connection, request};
use super::target::{ALONE, Member, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

/// Of so many times an agent remembers the events.
const REMEMBERED: u64 = 512;
/// How many requests are under way at once.
const AT_ONCE: usize = 50;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        the_same_event_of_one_time_is_told_once needs [ALONE],
        an_event_from_before_the_remembered_times_is_not_told needs [ALONE],
    ]
    .into()
}

/// Time, name and payload.
type Told = (u64, String, String);

/// Sends events one after the other, so that each has a time of its own, from 1 on.
pub(super) async fn send(member: &Member, events: &[(&str, String)]) -> Outcome {
    let mut rpc = member.connect().await?;
    for events in events.chunks(AT_ONCE) {
        let numbered = || (1000_u64..).zip(events);
        let requests = numbered().flat_map(|(number, (name, payload))| {
            let body = json!({"Name": name, "Payload": payload});
            [request(number, "event"), body]
        });
        rpc.write(&requests.collect::<Vec<_>>()).await?;
        for (number, _) in numbered() {
            rpc.answer(number, "event").await?.done()?;
        }
    }
    Ok(())
}

/// A member joins another one and is told of what that one remembers; then it sends an event of its
/// own, which ends what it was told. Gives that by time.
async fn joins(
    member: &Member,
    other: &Member,
    (rpc, stream): (&mut Connection, u64),
) -> anyhow::Result<Vec<Told>> {
    member.join_and(other, true).await?;
    let mut asks = member.connect().await?;
    asks.ask("event", json!({"Name": "end"})).await?.done()?;
    let mut all = Vec::new();
    loop {
        let told = rpc.record(stream).await?;
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        if text("Name") == "end" {
            // Gossip may have told some of it before the joining did, and in another order.
            all.sort();
            return Ok(all);
        }
        let ltime = told["LTime"].as_u64().unwrap_or_default();
        all.push((ltime, text("Name"), text("Payload")));
    }
}

/// Two agents that do not know each other, so that both count from 1.
async fn strangers(serf: &Trial) -> anyhow::Result<[Member; 2]> {
    let one = serf.another("one", Setup::default()).await?;
    Ok([one, serf.another("two", Setup::default()).await?])
}

fn event<'a>(name: &'a str, payload: &str) -> (&'a str, String) {
    (name, payload.to_owned())
}

async fn the_same_event_of_one_time_is_told_once(serf: &Trial) -> Outcome {
    let [one, two] = strangers(serf).await?;
    let mut rpc = two.connect().await?;
    let stream = rpc.begin("stream", json!({"Type": "user"})).await?;
    let same = || event("same", "of both");
    send(&one, &[same(), event("named", "of one"), same()]).await?;
    send(
        &two,
        &[same(), event("named", "of two"), event("other", "of both")],
    )
    .await?;
    let told = joins(&two, &one, (&mut rpc, stream)).await?;
    let of = |ltime: u64, name: &str, payload: &str| (ltime, name.to_owned(), payload.to_owned());
    let expected = [
        // The first of the other one is its own first. Another payload, another name or another
        // time make another event.
        of(1, "same", "of both"),
        of(2, "named", "of one"),
        of(2, "named", "of two"),
        of(3, "other", "of both"),
        of(3, "same", "of both"),
    ];
    equal("told", told, expected)
}

async fn an_event_from_before_the_remembered_times_is_not_told(serf: &Trial) -> Outcome {
    const OWN: u64 = 600;
    const OLD: u64 = 100;
    let [one, two] = strangers(serf).await?;
    let numbered = |name, count: u64| -> Vec<_> {
        let payloads = (1..=count).map(|number| number.to_string());
        payloads.map(|payload| (name, payload)).collect()
    };
    send(&two, &numbered("own", OWN)).await?;
    send(&one, &numbered("old", OLD)).await?;
    let mut rpc = two.connect().await?;
    let stream = rpc
        .begin("stream", json!({"Type": "user:old,user:end"}))
        .await?;
    let told = joins(&two, &one, (&mut rpc, stream)).await?;
    // Its clock stands at the time after its own last.
    let first = OWN + 1 - REMEMBERED;
    let old = |ltime: u64| (ltime, "old".to_owned(), ltime.to_string());
    equal("told", told, (first..=OLD).map(old).collect::<Vec<_>>())
}
