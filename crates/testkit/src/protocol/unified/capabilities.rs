//! What a backend says of itself, and that what it can't do is refused before anything is sent.

use anyhow::{Context as _, bail, ensure};
use quorate::backend::Backend;
use quorate::prelude::*;
use quorate::{ErrorKind, LockOptions, Outcome, TagChanges, Transaction};

use super::target::{REMOTE, Unified};
use crate::cases;
use crate::protocol::equal;
use crate::proxy::Direction;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        every_part_is_there,
        the_url_opens_the_same_data_again,
        what_is_too_much_is_never_sent needs [REMOTE],
        what_a_backend_lacks_is_unsupported,
        a_check_asks_the_server,
    ]
    .into()
}

async fn every_part_is_there(it: &Subject<Unified>) -> anyhow::Result<()> {
    let can = it.coordinator.capabilities();
    ensure!(can.kv && can.watch, "{can:?}");
    ensure!(can.locks && can.semaphores && can.elections, "{can:?}");
    ensure!(
        can.max_key_bytes >= 512 && can.max_value_bytes >= 64 * 1024,
        "{can:?}"
    );
    ensure!(can.min_ttl < can.max_ttl, "{can:?}");
    let etcd2 = it.coordinator.native_etcd2().is_some();
    for part in [
        can.keys_beneath_keys,
        can.transactions && can.max_txn_ops >= 16,
        can.fenced_writes,
    ] {
        equal("what etcd v2 lacks", part, !etcd2)?;
    }
    let consul = it.coordinator.native_consul().is_some();
    for part in [
        can.services,
        can.nodes,
        can.events && can.event_filters,
        can.snapshots,
    ] {
        equal("what only Consul has", part, consul)?;
    }
    let memory = it.coordinator.url().starts_with("memory:");
    equal(
        "durable and shared",
        (can.durable, can.shared),
        (!memory, !memory),
    )
}

async fn the_url_opens_the_same_data_again(it: &Subject<Unified>) -> anyhow::Result<()> {
    if !it.coordinator.capabilities().shared {
        return Ok(());
    }
    let revision = it.coordinator.kv().put(&it.key("k"), "v").await?;
    let again = quorate::connect(it.coordinator.url()).await?;
    let entry = again.kv().get(&it.key("k")).await?.context("not there")?;
    equal("revision", entry.revision, revision)?;
    Ok(again.close().await?)
}

/// HTTP/2 sends frames of its own (an acknowledgement of settings, a ping, a window) behind an answer and in
/// between, so one attempt may see bytes that no call sent. A refusal that sends something does so each time.
async fn what_is_too_much_is_never_sent(it: &Subject<Unified>) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    remote.coordinator.kv().put("k", "v").await?;
    let sent = || remote.proxy.forwarded(Direction::ToServer);
    let mut seen = Vec::new();
    for _ in 0..20 {
        let before = sent();
        ask_for_too_much(&remote.coordinator).await?;
        match sent() - before {
            0 => return Ok(()),
            bytes => seen.push(bytes),
        }
    }
    bail!("each attempt sent something: {seen:?} bytes")
}

async fn ask_for_too_much(coordinator: &Coordinator) -> anyhow::Result<()> {
    let (kv, can) = (coordinator.kv(), coordinator.capabilities());
    let mut many = Transaction::new();
    for number in 0..=can.max_txn_ops {
        many = many.put(&number.to_string(), "v")?;
    }
    let ttl = LockOptions::default().with_ttl(can.max_ttl * 2);
    let errors = [
        kv.put("k", vec![0; can.max_value_bytes + 1]).await.err(),
        kv.put(&"k".repeat(can.max_key_bytes + 1), "v").await.err(),
        kv.put("a//b", "v").await.err(),
        coordinator
            .lock("jobs")
            .with_options(ttl)
            .try_acquire()
            .await
            .err(),
        coordinator.semaphore("pool", 0).try_acquire().await.err(),
        kv.transact(many).await.err(),
    ];
    let mut expected = [ErrorKind::InvalidArgument; 6];
    if !can.transactions {
        expected[5] = ErrorKind::Unsupported;
    }
    for (error, expected) in errors.into_iter().zip(expected) {
        let error = error.context("accepted")?;
        let shown = (error.kind(), error.outcome());
        equal("error", shown, (expected, Outcome::DidNotHappen))?;
    }
    Ok(())
}

async fn what_a_backend_lacks_is_unsupported(_: &Subject<Unified>) -> anyhow::Result<()> {
    let nothing = Coordinator::new(Backend::new("nothing:"));
    let kv = nothing.kv();
    let errors = [
        kv.get("k").await.err(),
        kv.put("k", "v").await.err(),
        kv.list("d").await.err(),
        kv.delete("k").await.err(),
        kv.transact(Transaction::new().put("k", "v")?).await.err(),
        nothing.watch("k").err(),
        nothing.lock("jobs").acquire().await.err(),
        nothing.semaphore("pool", 2).acquire().await.err(),
        nothing.election("e").campaign("x").await.err(),
        nothing.election("e").leader().await.err(),
        nothing.election("e").observe().err(),
        nothing.services().register("web").await.err(),
        nothing.services().add("web").await.err(),
        nothing.services().deregister("web").await.err(),
        nothing.services().list().await.err(),
        nothing.services().instances("web").await.err(),
        nothing.services().checks("web").await.err(),
        nothing.services().watch("web").err(),
        nothing.services().end_maintenance("web").await.err(),
        nothing.nodes().list().await.err(),
        nothing.nodes().get("n").await.err(),
        nothing.nodes().watch().err(),
        nothing.members().list().await.err(),
        nothing.members().watch().err(),
        nothing
            .members()
            .change_tags(&TagChanges::default())
            .await
            .err(),
        nothing.queries().ask("q", "").await.err(),
        nothing.queries().watch(None).await.err(),
        nothing.events().fire("e", "").await.err(),
        nothing.events().watch("e").await.err(),
        nothing.snapshot().save().await.err(),
        nothing.snapshot().restore(tokio::io::empty()).await.err(),
    ];
    for error in errors {
        let error = error.context("supported")?;
        let shown = (error.kind(), error.outcome());
        equal(
            "error",
            shown,
            (ErrorKind::Unsupported, Outcome::DidNotHappen),
        )?;
    }
    Ok(())
}

async fn a_check_asks_the_server(it: &Subject<Unified>) -> anyhow::Result<()> {
    Ok(it.coordinator.check().await?)
}
