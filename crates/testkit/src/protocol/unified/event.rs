//! Events: each told once, and gaps told too.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::{Delivery, ErrorKind, Event, EventOptions, Feed, FireOptions};
use tokio::time::timeout;

use super::service::named;
use super::target::{CONSUL, REMOTE, Unified};
use crate::cases;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

const SOON: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        what_is_fired_after_a_watch_began_is_told needs [CONSUL],
        only_events_of_the_name_are_told needs [CONSUL],
        a_replay_begins_with_what_was_fired_before needs [CONSUL],
        an_event_for_others_is_not_told needs [CONSUL],
        what_cannot_be_fired_is_refused needs [CONSUL],
        more_events_than_are_kept_leave_a_gap needs [CONSUL],
        events_are_told_once_over_cut_connections needs [REMOTE, CONSUL],
    ]
    .into()
}

async fn next(events: &mut Feed<Delivery>) -> anyhow::Result<Event> {
    let next = timeout(SOON, events.next()).await.context("nothing came")?;
    match next.context("the feed ended")?? {
        Delivery::Event(event) => Ok(event),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn what_is_fired_after_a_watch_began_is_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, events) = (named(it, "e"), it.coordinator.events());
    events.fire(&name, "before").await?;
    // Not told before it is seen, wherever that takes a moment.
    let replay = EventOptions::default().with_name(&name).with_replay();
    let mut seen = events.watch_with(&replay).await?;
    equal(
        "payload",
        &next(&mut seen).await?.payload[..],
        &b"before"[..],
    )?;
    let mut told = it.another().await?.events().watch(&name).await?;
    let bytes = [0, 1, 255];
    let id = events.fire(&name, bytes.to_vec()).await?;
    let event = next(&mut told).await?;
    equal("id", &event.id, &id)?;
    equal("name", &event.name, &name)?;
    equal("payload", &event.payload[..], &bytes[..])?;
    ensure!(event.time > 0);
    events.fire(&name, "").await?;
    let later = next(&mut told).await?;
    ensure!(later.payload.is_empty() && later.time > event.time);
    let more = timeout(PARKED, told.next()).await;
    ensure!(more.is_err(), "{more:?}");
    Ok(())
}

async fn only_events_of_the_name_are_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, other) = (named(it, "a"), named(it, "b"));
    let events = it.coordinator.events();
    let mut named = events.watch(&name).await?;
    let mut all = events.watch_with(&EventOptions::default()).await?;
    events.fire(&other, "1").await?;
    let id = events.fire(&name, "2").await?;
    equal(
        "the first of the name",
        next(&mut named).await?.id,
        id.clone(),
    )?;
    let mut seen = Vec::new();
    while seen.last() != Some(&id) {
        // Others fire too, on a server that is shared.
        let event = next(&mut all).await?;
        if event.name == name || event.name == other {
            seen.push(event.id);
        }
    }
    equal("of all", seen.len(), 2)
}

async fn a_replay_begins_with_what_was_fired_before(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, events) = (named(it, "e"), it.coordinator.events());
    let mut fired = Vec::new();
    for number in 0..3 {
        fired.push(events.fire(&name, number.to_string()).await?);
    }
    let options = EventOptions::default().with_name(&name).with_replay();
    let mut told = events.watch_with(&options).await?;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(next(&mut told).await?.id);
    }
    equal("ids", ids, fired)
}

async fn an_event_for_others_is_not_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, events) = (named(it, "e"), it.coordinator.events());
    let mut told = events.watch(&name).await?;
    let others = FireOptions::default().with_node("^no-such-node$");
    events.fire_with(&name, "for others", &others).await?;
    let all = FireOptions::default().with_node(".");
    let id = events.fire_with(&name, "for all", &all).await?;
    equal("the first", next(&mut told).await?.id, id)
}

async fn what_cannot_be_fired_is_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, events) = (named(it, "e"), it.coordinator.events());
    let tag_alone = FireOptions::default().with_tag("v2");
    let errors = [
        events.fire("", "").await.err(),
        events.fire(&name, vec![0; 600]).await.err(),
        events.fire_with(&name, "", &tag_alone).await.err(),
    ];
    for error in errors {
        let kind = error.context("fired")?.kind();
        equal("kind", kind, ErrorKind::InvalidArgument)?;
    }
    Ok(())
}

async fn more_events_than_are_kept_leave_a_gap(it: &Subject<Unified>) -> anyhow::Result<()> {
    let alone = it.alone().await?;
    let events = alone.coordinator.events();
    let mut told = events.watch("e").await?;
    let mut last = String::new();
    for number in 0..300 {
        last = events.fire("e", number.to_string()).await?;
    }
    let first = timeout(SOON, told.next()).await.context("nothing came")?;
    equal(
        "the first",
        first.context("the feed ended")??,
        Delivery::Gap,
    )?;
    let mut seen = Vec::new();
    while seen.last() != Some(&last) {
        seen.push(next(&mut told).await?.id);
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    equal("none twice", seen.len(), count)?;
    ensure!(count <= 256, "{count}");
    alone.end().await;
    Ok(())
}

async fn events_are_told_once_over_cut_connections(it: &Subject<Unified>) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let direct = remote.direct().await?.events();
    let mut told = remote.coordinator.events().watch("e").await?;
    for round in 0..6_u8 {
        let id = direct.fire("e", vec![round]).await?;
        let event = loop {
            // What could not be asked is an item, and not the end.
            let item = timeout(SOON, told.next()).await.context("nothing came")?;
            match item.context("the feed ended")? {
                Ok(Delivery::Event(event)) => break event,
                Ok(other) => anyhow::bail!("{other:?}"),
                Err(_) => {}
            }
        };
        equal("event", (event.id, event.payload[0]), (id, round))?;
        remote.proxy.cut().await;
    }
    Ok(())
}
