//! Keys, values and transactions on the agent in memory.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain fails")]

use quorate::backend::KvBackend;
use quorate::prelude::*;
use quorate::{
    Compare, DeleteOptions, ErrorKind, Key, Outcome, PutOptions, Revision, Transaction, TxnOutcome,
};

async fn memory() -> Coordinator {
    quorate::connect("memory:").await.unwrap()
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

#[tokio::test]
async fn a_value_comes_back_with_its_history() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    assert_eq!(kv.get("a/b").await.unwrap(), None);
    let first = kv.put("a/b", vec![0, 255, 10]).await.unwrap();
    let second = kv.put("a/b", "").await.unwrap();
    assert!(second > first);
    let entry = kv.get("a/b").await.unwrap().unwrap();
    assert_eq!(entry, Entry::new("a/b", "", second, first));
    kv.delete("a/b").await.unwrap();
    kv.delete("a/b").await.unwrap();
    assert_eq!(kv.get("a/b").await.unwrap(), None);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_put_that_changes_nothing_keeps_its_revision() {
    let coordinator = memory().await;
    let first = coordinator.kv().put("a", "1").await.unwrap();
    assert_eq!(coordinator.kv().put("a", "1").await.unwrap(), first);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_prefix_is_a_directory() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    for key in ["jobs", "jobs/a", "jobs/b/c", "jobs/b/d", "jobs2"] {
        kv.put(key, key).await.unwrap();
    }
    for prefix in ["jobs", "jobs/"] {
        assert_eq!(
            names(&kv.list(prefix).await.unwrap()),
            ["jobs/a", "jobs/b/c", "jobs/b/d"]
        );
        assert_eq!(
            kv.keys(prefix).await.unwrap(),
            ["jobs/a", "jobs/b/c", "jobs/b/d"]
        );
        assert_eq!(kv.children(prefix).await.unwrap(), ["jobs/a", "jobs/b/"]);
    }
    assert_eq!(kv.children("").await.unwrap(), ["jobs", "jobs/", "jobs2"]);
    assert!(kv.list("nothing").await.unwrap().is_empty());
    assert!(kv.keys("nothing").await.unwrap().is_empty());
    kv.delete_prefix("jobs").await.unwrap();
    assert_eq!(kv.keys("").await.unwrap(), ["jobs", "jobs2"]);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_precondition_that_does_not_hold_changes_nothing() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let first = kv.create("a", "1").await.unwrap();
    let error = kv.create("a", "2").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::AlreadyExists, Outcome::DidNotHappen)
    );
    let second = kv.replace("a", "2", first).await.unwrap();
    let error = kv.replace("a", "3", first).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Conflict, Outcome::DidNotHappen)
    );
    assert_eq!(
        kv.replace("b", "1", second).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(
        kv.delete_at("a", first).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(kv.get("a").await.unwrap().unwrap().text(), Some("2"));
    kv.delete_at("a", second).await.unwrap();
    let error = kv.delete_at("a", second).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Conflict,
        "a key that is gone is at no revision"
    );
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn arguments_without_a_meaning_are_refused() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let invalid = |error: quorate::Error, part: &str| {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(part), "{error}");
    };
    invalid(kv.put("a//b", "").await.unwrap_err(), "'//'");
    invalid(
        kv.replace("a", "", Revision(0)).await.unwrap_err(),
        "NotExists",
    );
    let key = Key::new("a").unwrap();
    let options = DeleteOptions::default().with_precondition(Precondition::NotExists);
    invalid(
        kv.delete_with(&key, &options).await.unwrap_err(),
        "must not exist",
    );
    let options = DeleteOptions::default().with_precondition(Precondition::Revision(Revision(0)));
    invalid(
        kv.delete_with(&key, &options).await.unwrap_err(),
        "revision 0",
    );
    invalid(kv.transact(Transaction::new()).await.unwrap_err(), "empty");
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn the_largest_value_is_written_and_one_byte_more_refused() {
    let coordinator = memory().await;
    let max = coordinator.capabilities().max_value_bytes;
    let key = Key::new("k".repeat(coordinator.capabilities().max_key_bytes)).unwrap();
    let options = PutOptions::default();
    coordinator
        .kv()
        .put_with(&key, vec![7; max].into(), &options)
        .await
        .unwrap();
    let found = coordinator.kv().get(key.as_str()).await.unwrap().unwrap();
    assert_eq!(found.value.len(), max);
    let error = coordinator
        .kv()
        .put("a", vec![7; max + 1])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains(&max.to_string()), "{error}");
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_transaction_happens_whole() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("dir/x", "1").await.unwrap();
    kv.put("gone", "1").await.unwrap();
    let read = kv.put("read", "r").await.unwrap();
    let transaction = Transaction::new()
        .not_exists("new")
        .and_then(|t| t.exists("read"))
        .and_then(|t| t.revision("read", read))
        .and_then(|t| t.put("new", "n"))
        .and_then(|t| t.put("other", "o"))
        .and_then(|t| t.get("read"))
        .and_then(|t| t.delete("gone"))
        .and_then(|t| t.delete_prefix("dir"));
    let TxnOutcome::Committed(done) = kv.transact(transaction.unwrap()).await.unwrap() else {
        panic!("every comparison holds");
    };
    assert_eq!(done.entries, [Entry::new("read", "r", read, read)]);
    assert_eq!(kv.keys("").await.unwrap(), ["new", "other", "read"]);
    for key in ["new", "other"] {
        assert_eq!(
            Some(kv.get(key).await.unwrap().unwrap().revision),
            done.revision
        );
    }
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_fails_changes_nothing_and_names_every_reason() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let revision = kv.put("a", "1").await.unwrap();
    let transaction = Transaction::new()
        .not_exists("a")
        .and_then(|t| t.exists("b"))
        .and_then(|t| t.revision("a", Revision(revision.0 + 1)))
        .and_then(|t| t.revision("a", revision))
        .and_then(|t| t.get("c"))
        .and_then(|t| t.put("a", "2"));
    let outcome = kv.transact(transaction.unwrap()).await.unwrap();
    let TxnOutcome::Failed(failed) = outcome else {
        panic!("{outcome:?}")
    };
    let failed: Vec<_> = failed.into_iter().map(|failed| failed.compare).collect();
    let key = |text: &str| Key::new(text).unwrap();
    let expected = [
        Compare::NotExists(key("a")),
        Compare::Exists(key("b")),
        Compare::Revision(key("a"), Revision(revision.0 + 1)),
        Compare::Exists(key("c")),
    ];
    assert_eq!(failed, expected);
    assert_eq!(kv.get("a").await.unwrap().unwrap().text(), Some("1"));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_listing_shows_keys_that_others_wrote_against_the_rules() {
    let coordinator = memory().await;
    let native = coordinator.native_consul().unwrap();
    native.kv().put("dir/", "folder").await.unwrap();
    assert_eq!(coordinator.kv().keys("dir").await.unwrap(), ["dir/"]);
    coordinator.close().await.unwrap();
}
