//! Keys, ranges, transactions.

use anyhow::ensure;
use quorate_etcd::v3::{
    Cond, DeleteOptions, ErrorKind, KeyRange, PutOptions, RangeOptions, SortBy, Txn, TxnOp,
    TxnReply,
};

use crate::{Etcd, Outcome, Trial};

pub(crate) async fn keys_are_written_read_and_deleted(etcd: &Trial) -> Outcome {
    let (kv, key) = (etcd.client.kv(), etcd.key("k"));
    ensure!(kv.get(&key).await?.is_none());
    let value = &b"\0\xff any bytes"[..];
    let put = kv.put(&key, value).await?;
    ensure!(put.header.revision > 1 && put.header.cluster_id != 0);
    let read = kv.get(&key).await?.unwrap();
    ensure!(read.value == value && read.version == 1);
    ensure!(read.create_revision == read.mod_revision);
    ensure!(read.lease.is_none());
    let again = kv
        .put_with(&key, "2", &PutOptions::new().with_previous())
        .await?;
    ensure!(again.previous == Some(read.clone()));
    let found = kv.was_written(&key, "2", read.mod_revision).await?;
    ensure!(matches!(found, quorate_etcd::v3::Resolved::Happened(kv) if kv.version == 2));
    ensure!(kv.delete(&key).await? && !kv.delete(&key).await?);
    Ok(())
}

pub(crate) async fn each_option_of_a_range_decides(etcd: &Trial) -> Outcome {
    let kv = etcd.client.kv();
    let prefix = etcd.key("r/");
    let mut first = 0;
    for (name, value) in [("a", "3"), ("b", "1"), ("c", "2")] {
        let put = kv.put(format!("{prefix}{name}"), value).await?;
        first = if first == 0 {
            put.header.revision
        } else {
            first
        };
    }
    let range = KeyRange::prefix(&prefix);
    let names = async |options: RangeOptions| -> anyhow::Result<String> {
        let found = kv.range(&range, &options).await?;
        let names = found.kvs.iter().map(|kv| kv.key_text().into_owned());
        Ok(names.map(|name| name[prefix.len()..].to_owned()).collect())
    };
    let all = RangeOptions::new;
    ensure!(names(all()).await? == "abc");
    ensure!(names(all().sorted_down_by(SortBy::Key)).await? == "cba");
    ensure!(names(all().sorted_by(SortBy::Value)).await? == "bca");
    ensure!(names(all().sorted_down_by(SortBy::Created).with_limit(1)).await? == "c");
    ensure!(names(all().with_revision(first)).await? == "a");
    ensure!(names(all().serializable()).await?.len() <= 3);
    ensure!(names(all().modified_between(Some(first + 1), None)).await? == "bc");
    ensure!(names(all().created_between(None, Some(first))).await? == "a");
    let limited = kv.range(&range, &all().with_limit(2).keys_only()).await?;
    ensure!(limited.more && limited.count == 3 && limited.kvs.len() == 2);
    ensure!(limited.kvs.iter().all(|kv| kv.value.is_empty()));
    ensure!(kv.count(&range).await? == 3);
    let options = DeleteOptions::new().with_previous();
    let middle = KeyRange::between(format!("{prefix}b"), format!("{prefix}c"));
    let deleted = kv.delete_range(&middle, &options).await?;
    ensure!(deleted.count == 1 && deleted.previous[0].value == "1");
    Ok(())
}

pub(crate) async fn a_put_decides_about_the_lease_of_its_key(etcd: &Trial) -> Outcome {
    let (kv, key) = (etcd.client.kv(), etcd.key("l"));
    let unknown = "7f".parse()?;
    let with = PutOptions::new().with_lease(unknown);
    let error = kv.put_with(&key, "1", &with).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotFound, "{error}");
    let keep = PutOptions::new().keep_lease();
    let error = kv.put_with(&key, "1", &keep).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error}");
    kv.put(&key, "1").await?;
    kv.set_lease(&key, &PutOptions::new()).await?;
    let read = kv.get(&key).await?.unwrap();
    ensure!(read.value == "1" && read.version == 2 && read.lease.is_none());
    Ok(())
}

pub(crate) async fn a_transaction_does_one_list_or_the_other(etcd: &Trial) -> Outcome {
    let (kv, key) = (etcd.client.kv(), etcd.key("t"));
    let create = Txn::new()
        .when(Cond::missing(&key))
        .then(TxnOp::put(&key, "1"))
        .then(TxnOp::get(KeyRange::key(&key)))
        .otherwise(TxnOp::get(KeyRange::key(&key)));
    let made = kv.txn(&create).await?;
    ensure!(made.succeeded && made.replies.len() == 2);
    let seen = &made.range(1).unwrap().kvs[0];
    ensure!(seen.value == "1" && seen.mod_revision == made.header.revision);
    let second = kv.txn(&create).await?;
    ensure!(!second.succeeded && second.range(0).unwrap().kvs[0].value == "1");
    let nested = Txn::new()
        .when(Cond::value(&key).is("1"))
        .when(Cond::version(&key).above(0))
        .when(Cond::mod_revision(&key).is(seen.mod_revision))
        .then(TxnOp::txn(
            Txn::new()
                .when(Cond::value(&key).is_not("1"))
                .otherwise(TxnOp::delete(KeyRange::key(&key))),
        ));
    let done = kv.txn(&nested).await?;
    let TxnReply::Txn(inner) = &done.replies[0] else {
        anyhow::bail!("{done:?}");
    };
    ensure!(done.succeeded && !inner.succeeded);
    ensure!(matches!(&inner.replies[0], TxnReply::Deleted(deleted) if deleted.count == 1));
    let twice = Txn::new()
        .then(TxnOp::put(&key, "1"))
        .then(TxnOp::put(&key, "2"));
    let error = kv.txn(&twice).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error}");
    ensure!(error.text().unwrap().contains("duplicate"), "{error}");
    let none = KeyRange::prefix(etcd.key("none"));
    let missing = Txn::new().when(Cond::missing(&key).of_each(&none));
    ensure!(
        kv.txn(&missing).await?.succeeded,
        "no keys are as one that is missing"
    );
    let exists = Txn::new().when(Cond::exists(&key).of_each(&none));
    ensure!(!kv.txn(&exists).await?.succeeded);
    Ok(())
}

pub(crate) async fn what_is_compacted_is_told_apart(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let kv = etcd.client.kv();
    let first = kv.put("k", "1").await?.header.revision;
    let last = kv.put("k", "2").await?.header.revision;
    kv.compact(last, true).await?;
    let at = |revision| RangeOptions::new().with_revision(revision);
    let range = KeyRange::key("k");
    let error = kv.range(&range, &at(first)).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Compacted, "{error}");
    let error = kv.range(&range, &at(last + 100)).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::FutureRevision, "{error}");
    ensure!(kv.range(&range, &at(last)).await?.kvs.len() == 1);
    let error = kv.compact(last, false).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Compacted, "{error}");
    Ok(())
}

pub(crate) async fn a_large_range_is_read_in_pages_at_one_revision(etcd: &Trial) -> Outcome {
    let kv = etcd.client.kv();
    let prefix = etcd.key("p/");
    for at in 0..25 {
        kv.put(format!("{prefix}{at:02}"), vec![b'x'; 1000]).await?;
    }
    let range = KeyRange::prefix(&prefix);
    let mut pages = kv.pages(range.clone(), RangeOptions::new().with_limit(10));
    let first = pages.next().await?.unwrap();
    kv.put(format!("{prefix}10a"), "late").await?;
    kv.delete(format!("{prefix}24")).await?;
    let mut keys: Vec<_> = first.iter().map(|kv| kv.key_text().into_owned()).collect();
    while let Some(page) = pages.next().await? {
        keys.extend(page.iter().map(|kv| kv.key_text().into_owned()));
    }
    let want: Vec<_> = (0..25).map(|at| format!("{prefix}{at:02}")).collect();
    ensure!(keys == want, "{keys:?}");
    let limits = quorate_etcd::v3::Limits::default().with_max_response_bytes(8 << 10);
    let small = quorate_etcd::v3::Client::builder()
        .address(&etcd.server.url())
        .limits(limits)
        .build()?;
    let error = small.kv().range(&range, &RangeOptions::new()).await;
    let error = error.unwrap_err();
    ensure!(error.kind() == ErrorKind::Protocol, "{error}");
    let all = small
        .kv()
        .pages(range, RangeOptions::new())
        .collect()
        .await?;
    ensure!(all.len() == 25);
    Ok(())
}

pub(crate) async fn what_is_wrong_is_told_as_such(etcd: &Trial) -> Outcome {
    let kv = etcd.client.kv();
    let error = kv.put("", "1").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument && error.peer().is_none());
    let large = vec![0; (3 << 20) / 2];
    let error = kv.put(etcd.key("k"), large).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error:?}");
    ensure!(error.text().unwrap().contains("too large"), "{error}");
    let larger = vec![0; 4 << 20];
    let error = kv.put(etcd.key("k"), larger).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error:?}");
    let many = (0..129).fold(Txn::new(), |txn, at| {
        txn.then(TxnOp::put(etcd.key(&format!("{at}")), "1"))
    });
    let error = kv.txn(&many).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error:?}");
    Ok(())
}
