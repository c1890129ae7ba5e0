//! Keys, conditions and transactions.

use quorate::prelude::*;
use quorate::{ErrorKind, Result, Transaction, TxnOutcome};

use super::Stage;
use super::step::Step;

pub(super) async fn write_and_read(stage: &Stage, step: &mut Step) -> Result<()> {
    let kv = stage.coordinator.kv();
    let port = stage.key("config/port");
    step.sent(format!("put {port} = 8080"));
    let revision = kv.put(&port, "8080").await?;
    step.received(format!("revision {revision}"));
    step.sent(format!("get {port}"));
    let entry = kv.get(&port).await?;
    let text = entry
        .as_ref()
        .and_then(|entry| entry.text())
        .unwrap_or("nothing")
        .to_owned();
    step.received(format!("{text:?}"));
    step.expect("the value is the one that was written", text == "8080");
    step.expect(
        "with the revision of the write",
        entry.is_some_and(|entry| entry.revision == revision),
    );
    kv.put(&stage.key("config/bytes"), vec![0u8, 255, 10])
        .await?;
    let bytes = kv
        .get(&stage.key("config/bytes"))
        .await?
        .map(|entry| entry.value.to_vec());
    step.expect(
        "a value is bytes, not text",
        bytes == Some(vec![0, 255, 10]),
    );
    let folder = stage.key("config");
    step.sent(format!("list {folder}/"));
    let keys = kv.keys(&folder).await?;
    step.received(keys.join(", "));
    step.expect(
        "the listing is in order",
        keys == [stage.key("config/bytes"), port],
    );
    Ok(())
}

pub(super) async fn compare_and_set(stage: &Stage, step: &mut Step) -> Result<()> {
    let kv = stage.coordinator.kv();
    let key = stage.key("config/level");
    step.sent(format!("create {key} = info"));
    let first = kv.create(&key, "info").await?;
    step.received(format!("revision {first}"));
    step.sent(format!("create {key} = warn"));
    let refused = kv.create(&key, "warn").await.err();
    step.received(said(refused.as_ref()));
    let kind = refused.map(|error| error.kind());
    step.expect("it exists already", kind == Some(ErrorKind::AlreadyExists));
    step.sent(format!("put {key} = debug, if its revision is {first}"));
    let second = kv.replace(&key, "debug", first).await?;
    step.received(format!("revision {second}"));
    step.expect("the revision grew", second > first);
    step.sent(format!("put {key} = trace, if its revision is {first}"));
    let refused = kv.replace(&key, "trace", first).await.err();
    step.received(said(refused.as_ref()));
    let kind = refused.map(|error| error.kind());
    step.expect(
        "another write came between",
        kind == Some(ErrorKind::Conflict),
    );
    let value = kv.get(&key).await?.map(|entry| entry.value);
    step.expect("nothing was changed", value.as_deref() == Some(b"debug"));
    Ok(())
}

pub(super) async fn transaction(stage: &Stage, step: &mut Step) -> Result<()> {
    let kv = stage.coordinator.kv();
    let (from, to) = (stage.key("accounts/ann"), stage.key("accounts/bob"));
    let revision = kv.put(&from, "100").await?;
    let transfer = Transaction::new()
        .revision(&from, revision)?
        .not_exists(&to)?
        .put(&from, "60")?
        .put(&to, "40")?;
    let text =
        format!("if {from} has revision {revision} and {to} does not exist: ann = 60 and bob = 40");
    step.sent(text.clone());
    let outcome = kv.transact(transfer.clone()).await?;
    step.received(told(&outcome));
    let (ann, bob) = (kv.get(&from).await?, kv.get(&to).await?);
    let together = ann.as_ref().map(|e| e.revision) == bob.as_ref().map(|e| e.revision);
    step.expect("both keys changed", outcome.is_committed() && bob.is_some());
    step.expect("at the same revision", together);
    step.sent(format!("the same again: {text}"));
    let outcome = kv.transact(transfer).await?;
    step.received(told(&outcome));
    let failed = match &outcome {
        TxnOutcome::Failed(failed) => failed.len(),
        TxnOutcome::Committed(_) => 0,
    };
    step.expect("both conditions are reported", failed == 2);
    let unchanged = kv.get(&from).await? == ann && kv.get(&to).await? == bob;
    step.expect("nothing was changed", unchanged);
    Ok(())
}

fn said(error: Option<&quorate::Error>) -> String {
    error.map_or_else(|| "done".into(), |error| format!("refused: {error}"))
}

fn told(outcome: &TxnOutcome) -> String {
    match outcome {
        TxnOutcome::Committed(done) => match done.revision {
            Some(revision) => format!("committed at revision {revision}"),
            None => "committed".into(),
        },
        TxnOutcome::Failed(failed) => {
            let details: Vec<_> = failed.iter().map(|failed| failed.detail.as_str()).collect();
            format!("refused: {}", details.join("; "))
        }
    }
}
