//! What only Consul has, through its native client: sessions, flags, raw requests, query metadata.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::{Consistency, PutOptions, QueryOptions, SessionBehavior, SessionRequest};
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let client = coordinator.native_consul().context("not a Consul")?.clone();
    let key = prefix("native");

    let request = SessionRequest::new()
        .with_name("example")
        .with_ttl(Duration::from_secs(30))
        .with_behavior(SessionBehavior::Delete);
    let session = client.session().create(&request).await?;
    let options = PutOptions::new().with_flags(42).with_acquire(&session);
    ensure!(client.kv().put_with(&key, "mine", &options).await?);

    let fresh = QueryOptions::new().with_consistency(Consistency::Consistent);
    let answer = client.kv().get_with(&key, &fresh).await?;
    let entry = answer.value.context("the key was just written")?;
    ensure!(entry.flags == 42 && entry.session.as_deref() == Some(session.as_str()));
    println!(
        "index {:?}, leader known: {:?}",
        answer.meta.index, answer.meta.known_leader
    );

    let raw = client.raw().get("/v1/status/leader").await?;
    println!("raw: {}", raw.json::<String>()?);

    // The session's behaviour takes its keys with it.
    client.session().destroy(&session).await?;
    ensure!(client.kv().get(&key).await?.is_none());
    coordinator.close().await?;
    Ok(())
}
