use anyhow::{bail, ensure};
use quorate_consul::{
    Consistency, ErrorKind, KvOp, KvVerb, QueryOptions, SessionRequest, TxnOutcome,
};
use quorate_testkit::trial::Subject;

use crate::{Consul, kind, unlimited};

pub(crate) async fn every_verb_of_a_transaction_works(c: &Subject<Consul>) -> anyhow::Result<()> {
    let (client, key) = (&c.client, |name: &str| c.key(name));
    let id = client.session().create(&SessionRequest::new()).await?;
    let first = client
        .txn()
        .set(key("a"), "1")
        .set_with_flags(key("b"), "2", 7)
        .cas(key("c"), "3", 0)
        .check_not_exists(key("none"))
        .lock(key("lock"), "me", &id)
        .check_session(key("lock"), &id)
        .get(key("b"));
    let TxnOutcome::Committed(rows) = first.commit().await? else {
        bail!("rolled back")
    };
    let rows: Vec<_> = rows.value.into_iter().filter_map(|row| row.kv).collect();
    ensure!(rows.len() == 6, "{rows:?}");
    ensure!(rows[5].value == "2" && rows[5].flags == 7 && rows[0].value.is_empty());
    let index = rows[0].modify_index;
    let second = client
        .txn()
        .check_index(key("a"), index)
        .unlock(key("lock"), "free", &id)
        .check_session(key("lock"), "")
        .delete_cas(key("a"), index)
        .delete(key("b"))
        .delete_tree(key("c"));
    ensure!(second.commit().await?.is_committed());
    let stale = QueryOptions::new().with_consistency(Consistency::Stale);
    let third = client
        .txn()
        .get_tree(c.prefix())
        .commit_with(&stale)
        .await?;
    let TxnOutcome::Committed(rows) = third else {
        bail!("rolled back")
    };
    let keys: Vec<_> = rows
        .value
        .iter()
        .filter_map(|row| Some(&row.kv.as_ref()?.key))
        .collect();
    ensure!(keys == [&key("lock")], "{keys:?}");
    ensure!(rows.meta.known_leader == Some(true));
    ensure!(
        client.txn().commit().await?.is_committed(),
        "nothing to do is done"
    );
    Ok(())
}

pub(crate) async fn what_fails_in_a_transaction_is_listed(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, missing) = (c.key("k"), c.key("missing"));
    let txn = c
        .client
        .txn()
        .set(&key, "1")
        .get(&missing)
        .cas(&missing, "", 9)
        .get(&key);
    let TxnOutcome::RolledBack(errors) = txn.commit().await? else {
        bail!("committed")
    };
    let at: Vec<_> = errors.iter().map(|error| error.op_index).collect();
    ensure!(at == [1, 2], "{errors:?}");
    ensure!(errors[0].what == format!("key \"{missing}\" doesn't exist"));
    ensure!(
        c.client.kv().get(&key).await?.is_none(),
        "nothing has happened"
    );
    Ok(())
}

pub(crate) async fn keys_that_a_path_cannot_carry_work_in_a_transaction(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    for name in ["a//b", "a/../b", "./x"] {
        let key = c.key(name);
        ensure!(kind(c.client.kv().get(&key).await) == Some(ErrorKind::InvalidArgument));
        let outcome = c.client.txn().set(&key, name).get(&key).commit().await?;
        let TxnOutcome::Committed(rows) = outcome else {
            bail!("{outcome:?}")
        };
        let entry = rows.value[1].kv.as_ref().expect("a key");
        ensure!(entry.key == key && entry.value == name);
        ensure!(
            c.client
                .kv()
                .list(c.prefix())
                .await?
                .iter()
                .any(|entry| entry.key == key)
        );
    }
    Ok(())
}

pub(crate) async fn the_servers_own_limit_of_operations_is_an_invalid_argument(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let ops = |count| (0..count).map(|n| KvOp::new(KvVerb::Delete, c.key(&n.to_string())));
    ensure!(c.client.txn().ops(ops(64)).commit().await?.is_committed());
    let client = unlimited(&c.server.url())?;
    let result = client.txn().ops(ops(65)).commit().await;
    ensure!(kind(result) == Some(ErrorKind::InvalidArgument));
    let result = client
        .txn()
        .set(c.key("k"), vec![0; 600 * 1024])
        .commit()
        .await;
    ensure!(kind(result) == Some(ErrorKind::InvalidArgument));
    Ok(())
}
