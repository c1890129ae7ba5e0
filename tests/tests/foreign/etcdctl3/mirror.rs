//! `etcdctl make-mirror`.

use anyhow::ensure;
use quorate_etcd::v3::KeyRange;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::command::SOON;
use crate::etcd3::Etcd3;

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3; a_mirror_follows_what_it_mirrors].into()
}

/// What is in a range.
async fn all(etcd: &Etcd3, root: &str) -> anyhow::Result<Vec<(String, String)>> {
    let range = KeyRange::prefix(root);
    let pages = etcd.client.kv().pages(range, <_>::default());
    let pairs = pages.collect().await?.into_iter();
    Ok(pairs
        .map(|kv| (kv.key_text().into_owned(), kv.value_text().into_owned()))
        .collect())
}

async fn a_mirror_follows_what_it_mirrors(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (root, other) = (etcd.prefix(), etcd.alone().await?);
    let kv = etcd.client.kv();
    for number in 0..50 {
        kv.put(etcd.key(&format!("{number}")), "old").await?;
    }
    let destination = other.addr().to_string();
    let mirror = ["make-mirror", "--prefix", root, "--dest-prefix=copy/"];
    let mirror = etcd.tell(&[&mirror[..], &[&destination]].concat())?;
    let same = || async {
        let here = all(etcd, root).await.map_err(|error| error.to_string())?;
        let there = all(&other, "copy/").await;
        let there = there.map_err(|error| error.to_string())?;
        let ends = |pairs: &[(String, String)], root: &str| -> Vec<_> {
            pairs
                .iter()
                .map(|(key, value)| (key[root.len()..].to_owned(), value.clone()))
                .collect()
        };
        let same = ends(&here, root) == ends(&there, "copy/");
        same.then_some(here.len())
            .ok_or(format!("{} and {}", here.len(), there.len()))
    };
    let count = eventually_ok(SOON, "a mirror of all", same).await?;
    ensure!(count == 50);
    for number in 40..60 {
        kv.put(etcd.key(&format!("{number}")), "new").await?;
    }
    kv.delete_range(&KeyRange::prefix(etcd.key("1")), &<_>::default())
        .await?;
    let count = eventually_ok(SOON, "a mirror of the changes", same).await?;
    ensure!(count == 49, "{count}");
    mirror.interrupt().await?;
    Ok(())
}
