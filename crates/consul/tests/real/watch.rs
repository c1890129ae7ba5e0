use std::time::Duration;

use anyhow::ensure;
use quorate_consul::{QueryOptions, SessionRequest};
use quorate_testkit::trial::Subject;
use tokio::time::timeout;

use crate::Consul;

const SOON: Duration = Duration::from_secs(40);
/// Long enough for a wake-up to arrive, had there been one.
const WHILE: Duration = Duration::from_millis(300);

pub(crate) async fn a_change_wakes_the_watch_and_nothing_else_does(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (kv, key) = (c.client.kv(), c.key("k"));
    let mut changes = kv.watch(&key);
    let first = timeout(SOON, changes.next()).await??;
    ensure!(first.value.is_none() && first.index > 0);
    // An absent key's query wakes for writes beside it, and must not tell.
    kv.put(&c.key("k-beside"), "x").await?;
    ensure!(timeout(WHILE, changes.next()).await.is_err());
    for value in ["1", "2"] {
        kv.put(&key, value).await?;
        let change = timeout(SOON, changes.next()).await??;
        let entry = change.value.expect("written");
        ensure!(entry.value == value && change.index == entry.modify_index);
        kv.put(&key, value).await?;
        ensure!(
            timeout(WHILE, changes.next()).await.is_err(),
            "the same value is no change"
        );
    }
    kv.delete(&key).await?;
    ensure!(timeout(SOON, changes.next()).await??.value.is_none());
    Ok(())
}

pub(crate) async fn a_prefix_is_watched_to_its_end(c: &Subject<Consul>) -> anyhow::Result<()> {
    let kv = c.client.kv();
    let options = QueryOptions::new().with_wait(Duration::from_secs(2));
    let mut changes = kv.watch_prefix_with(c.prefix(), options);
    ensure!(timeout(SOON, changes.next()).await??.value.is_empty());
    for count in 1..=5 {
        kv.put(&c.key(&count.to_string()), "").await?;
        ensure!(timeout(SOON, changes.next()).await??.value.len() == count);
    }
    let one_wait = Duration::from_secs(3);
    ensure!(
        timeout(one_wait, changes.next()).await.is_err(),
        "a wait that ends is no change"
    );
    kv.delete_tree(c.prefix()).await?;
    ensure!(timeout(SOON, changes.next()).await??.value.is_empty());
    Ok(())
}

pub(crate) async fn a_session_is_watched_to_its_end(c: &Subject<Consul>) -> anyhow::Result<()> {
    let api = c.client.session();
    let id = api.create(&SessionRequest::new()).await?;
    let mut changes = api.watch(&id);
    ensure!(timeout(SOON, changes.next()).await??.value.is_some());
    api.destroy(&id).await?;
    ensure!(timeout(SOON, changes.next()).await??.value.is_none());
    Ok(())
}
