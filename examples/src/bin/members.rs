//! Members: who is in the cluster, followed; what they say of themselves; an event to everybody and a
//! question to everybody.
//!
//! It runs on an agent in this process, on Consul and on Serf (`QUORATE_URL=serf://127.0.0.1:7373`):
//! what a backend can't do is in its capabilities.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use anyhow::{Context as _, bail};
use quorate::{Coordinator, Delivery, Inquiry, MemberEvent, TagChanges};
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    // A name of this run's own: on a shared server examples must not meet.
    let name = prefix("members").replace('/', "-");

    for member in coordinator.members().list().await? {
        let (status, tags) = (member.status.as_str(), member.tags);
        println!("{} at {}: {status} {tags:?}", member.name, member.address);
    }

    // All that are there first, then every change.
    let mut changes = coordinator.members().watch()?;
    while let Some(change) = changes.next().await {
        match change? {
            MemberEvent::InitDone => break,
            change => println!("at first: {change:?}"),
        }
    }
    if coordinator.capabilities().tags {
        let tag = TagChanges::default().with("example", &name);
        coordinator.members().change_tags(&tag).await?;
        let change = changes.next().await.context("it is open")??;
        println!("then: {change:?}");
        let gone = TagChanges::default().without("example");
        coordinator.members().change_tags(&gone).await?;
    }

    let mut events = coordinator.events().watch(&name).await?;
    coordinator.events().fire(&name, "v17").await?;
    match events.next().await.context("it is open")?? {
        Delivery::Event(event) => assert_eq!(event.payload, "v17"),
        gap => bail!("{gap:?}"),
    }
    if coordinator.capabilities().queries {
        question(&coordinator, &name).await?;
    }
    println!("everybody was told");
    Ok(coordinator.close().await?)
}

/// Asks everybody, and answers.
async fn question(coordinator: &Coordinator, name: &str) -> anyhow::Result<()> {
    let queries = coordinator.queries();
    let mut asked = queries.watch(Some(name)).await?;
    let answers = queries.ask(name, "uptime?").await?;
    let Inquiry::Question(question) = asked.next().await.context("it is open")?? else {
        bail!("a gap");
    };
    question.answer("7 days").await?;
    for (member, answer) in answers.collect().await?.responses {
        println!("{member} answers {}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}
