use anyhow::ensure;
use bytes::Bytes;
use quorate_consul::{
    CacheControl, Client, Compression, Consistency, ErrorKind, PutOptions, QueryOptions,
    SessionRequest,
};
use quorate_testkit::trial::Subject;

use crate::{Consul, kind, unlimited};

pub(crate) async fn values_of_every_kind_are_read_back(c: &Subject<Consul>) -> anyhow::Result<()> {
    let kv = c.client.kv();
    let all: Vec<u8> = (0..=255).collect();
    for (name, value) in [
        ("empty", Vec::new()),
        ("all", all),
        ("large", vec![7; 512 * 1024]),
    ] {
        let (key, value) = (c.key(name), Bytes::from(value));
        let options = PutOptions::new().with_flags(u64::MAX);
        ensure!(kv.put_with(&key, value.clone(), &options).await?);
        let answer = kv.get_with(&key, &QueryOptions::new()).await?;
        let entry = answer.value.expect("just written");
        ensure!(entry.value == value && entry.flags == u64::MAX && entry.key == key);
        ensure!(
            answer.meta.index == Some(entry.modify_index),
            "{:?}",
            answer.meta
        );
        ensure!(answer.meta.known_leader == Some(true));
        ensure!(kv.raw(&key).await? == Some(value));
    }
    ensure!(kv.list(c.prefix()).await?.len() == 3);
    kv.delete_tree(c.prefix()).await?;
    ensure!(kv.list(c.prefix()).await?.is_empty() && kv.get(&c.key("all")).await?.is_none());
    Ok(())
}

pub(crate) async fn every_legal_key_is_read_back(c: &Subject<Consul>) -> anyhow::Result<()> {
    let kv = c.client.kv();
    let mut names: Vec<String> = ["a b", "ä/漢/🦀", "tree/", "..x/y..", "%2F%41+"]
        .map(str::to_owned)
        .to_vec();
    names.extend(
        (b' '..=b'~')
            .filter(|byte| !b"./".contains(byte))
            .map(|byte| char::from(byte).into()),
    );
    for name in &names {
        kv.put(&c.key(name), name.clone()).await?;
        let entry = kv.get(&c.key(name)).await?;
        ensure!(
            entry.is_some_and(|entry| entry.value == name.as_bytes()),
            "{name:?}"
        );
    }
    let mut listed = kv.keys(c.prefix(), None).await?;
    let mut keys: Vec<_> = names.iter().map(|name| c.key(name)).collect();
    keys.sort();
    listed.sort();
    ensure!(listed == keys, "{listed:?}");
    Ok(())
}

pub(crate) async fn preconditions_decide(c: &Subject<Consul>) -> anyhow::Result<()> {
    let (kv, key) = (c.client.kv(), c.key("k"));
    ensure!(kv.cas(&key, "1", 0).await? && !kv.cas(&key, "2", 0).await?);
    let index = kv.get(&key).await?.expect("created").modify_index;
    ensure!(!kv.cas(&key, "2", index + 1).await? && kv.cas(&key, "2", index).await?);
    let session = c.client.session().create(&SessionRequest::new()).await?;
    let other = c.client.session().create(&SessionRequest::new()).await?;
    ensure!(kv.acquire(&key, "3", &session).await? && !kv.acquire(&key, "4", &other).await?);
    let entry = kv.get(&key).await?.expect("locked");
    ensure!(entry.session.as_ref() == Some(&session) && entry.lock_index == 1);
    ensure!(!kv.release(&key, "5", &other).await? && kv.release(&key, "5", &session).await?);
    let entry = kv.get(&key).await?.expect("released");
    ensure!(entry.session.is_none() && entry.value == "5");
    ensure!(!kv.delete_cas(&key, index).await? && !kv.delete_cas(&key, 0).await?);
    ensure!(kv.delete_cas(&key, entry.modify_index).await? && kv.delete_cas(&key, 7).await?);
    kv.delete(&key).await?;
    ensure!(kv.get(&key).await?.is_none());
    Ok(())
}

pub(crate) async fn names_are_cut_at_the_separator(c: &Subject<Consul>) -> anyhow::Result<()> {
    let kv = c.client.kv();
    for name in ["a", "dir/x", "dir/y", "z-1"] {
        kv.put(&c.key(name), "").await?;
    }
    let cut = kv.keys(c.prefix(), Some("/")).await?;
    ensure!(
        cut == ["a", "dir/", "z-1"].map(|name| c.key(name)),
        "{cut:?}"
    );
    let other = kv.keys(&c.key("z"), Some("-")).await?;
    ensure!(other == [c.key("z-")], "{other:?}");
    ensure!(kv.keys(&c.key("nothing"), None).await?.is_empty());
    Ok(())
}

pub(crate) async fn a_compressed_listing_is_the_same(c: &Subject<Consul>) -> anyhow::Result<()> {
    let kv = c.client.kv();
    for name in 0..50 {
        kv.put(&c.key(&format!("{name:02}")), vec![b'v'; 1000])
            .await?;
    }
    let client = Client::builder()
        .address(&c.server.url())
        .compression(Compression::Listings);
    let compressed = client.build()?.kv().list(c.prefix()).await?;
    ensure!(compressed.len() == 50 && compressed == kv.list(c.prefix()).await?);
    Ok(())
}

pub(crate) async fn options_change_nothing_but_how_it_is_asked(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (kv, key) = (c.client.kv(), c.key("k"));
    kv.put(&key, "v").await?;
    let options = QueryOptions::new;
    for options in [
        options().with_consistency(Consistency::Consistent),
        options().with_consistency(Consistency::Stale),
        options().with_max_stale(std::time::Duration::from_secs(60)),
        options().with_datacenter("dc1"),
        options().with_cache(CacheControl::new().with_max_age(std::time::Duration::from_secs(9))),
        options()
            .with_near("_agent")
            .with_node_meta("a", "b")
            .with_filter("ServicePort == 1"),
    ] {
        let answer = kv.get_with(&key, &options).await?;
        ensure!(
            answer.value.is_some_and(|entry| entry.value == "v"),
            "{options:?}"
        );
        ensure!(answer.meta.last_contact.is_some());
    }
    Ok(())
}

pub(crate) async fn the_servers_own_limit_of_a_value_is_an_invalid_argument(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let kv = unlimited(&c.server.url())?.kv();
    let error = kv
        .put(&c.key("k"), vec![0; 512 * 1024 + 1])
        .await
        .expect_err("too large");
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error:?}");
    ensure!(error.status() == Some(413), "{error:?}");
    Ok(())
}

pub(crate) async fn an_unknown_datacenter_is_not_found(c: &Subject<Consul>) -> anyhow::Result<()> {
    let options = QueryOptions::new().with_datacenter("nowhere");
    let result = c.client.kv().get_with("a", &options).await;
    ensure!(kind(result) == Some(ErrorKind::NotFound));
    Ok(())
}
