//! Several keys: recursive reads, names, separators.

use anyhow::ensure;

use super::target::{Consul, index_of, kv};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_prefix_is_a_prefix_of_bytes,
        a_listing_is_in_the_order_of_bytes,
        a_separator_folds_what_is_behind_it,
        a_separator_may_be_any_text,
        a_misspelt_separator_is_a_separator,
        recurse_has_no_separator_and_no_raw,
        a_listing_of_nothing_is_404_with_an_index,
        the_index_of_a_prefix_is_the_newest_beneath_it,
        a_listing_of_the_root_has_everything,
        a_large_listing_is_whole,
    ]
    .into()
}

async fn fill(consul: &Subject<Consul>, names: &[&str]) -> anyhow::Result<()> {
    for name in names {
        consul.put(&consul.key(name), "", name).await?;
    }
    Ok(())
}

/// The names beneath a prefix, without the prefix of the trial.
async fn keys(consul: &Subject<Consul>, prefix: &str, more: &str) -> anyhow::Result<Vec<String>> {
    let target = format!("{}?keys{more}", kv(&consul.key(prefix)));
    let names: Vec<String> = serde_json::from_str(&consul.ask("GET", &target, "").await?)?;
    let short = |name: String| {
        name.strip_prefix(consul.prefix())
            .unwrap_or(&name)
            .to_owned()
    };
    Ok(names.into_iter().map(short).collect())
}

async fn a_prefix_is_a_prefix_of_bytes(consul: &Subject<Consul>) -> anyhow::Result<()> {
    fill(consul, &["tree", "tree/a", "treehouse", "tre"]).await?;
    equal(
        "tree",
        keys(consul, "tree", "").await?,
        ["tree", "tree/a", "treehouse"],
    )?;
    equal("tree/", keys(consul, "tree/", "").await?, ["tree/a"])?;
    equal("tre", keys(consul, "tre", "").await?.len(), 4)?;
    let listed = consul.client.kv().list(&consul.key("tree")).await?;
    equal("recurse", listed.len(), 3)?;
    equal(
        "entry",
        listed[1].clone(),
        consul.entry(&consul.key("tree/a")).await?,
    )
}

async fn a_listing_is_in_the_order_of_bytes(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let ordered = ["A", "Z", "a", "a!", "a/b", "a0", "z", "é", "☃", "🦀"];
    let mut shuffled = ordered;
    shuffled.reverse();
    shuffled.swap(2, 7);
    fill(consul, &shuffled).await?;
    equal("keys", keys(consul, "", "").await?, ordered)?;
    let listed = consul.client.kv().list(consul.prefix()).await?;
    let values: Vec<_> = listed.iter().map(|entry| entry.value.clone()).collect();
    equal("recurse", values, ordered)
}

async fn a_separator_folds_what_is_behind_it(consul: &Subject<Consul>) -> anyhow::Result<()> {
    fill(consul, &["t/a", "t/b", "t/b/1", "t/b/2/3", "t/c/", "t2"]).await?;
    equal(
        "t/",
        keys(consul, "t/", "&separator=/").await?,
        ["t/a", "t/b", "t/b/", "t/c/"],
    )?;
    equal("t", keys(consul, "t", "&separator=/").await?, ["t/", "t2"])?;
    equal(
        "t/b/",
        keys(consul, "t/b/", "&separator=/").await?,
        ["t/b/1", "t/b/2/"],
    )?;
    let typed = consul
        .client
        .kv()
        .keys(&consul.key("t/"), Some("/"))
        .await?;
    equal("typed", typed.len(), 4)
}

async fn a_separator_may_be_any_text(consul: &Subject<Consul>) -> anyhow::Result<()> {
    fill(consul, &["a--b", "a--b--c", "a-c", "x"]).await?;
    equal(
        "--",
        keys(consul, "", "&separator=--").await?,
        ["a--", "a-c", "x"],
    )?;
    equal(
        "a--",
        keys(consul, "a--", "&separator=--").await?,
        ["a--b", "a--b--"],
    )?;
    equal(
        "absent",
        keys(consul, "", "&separator=none").await?.len(),
        4,
    )?;
    equal("empty", keys(consul, "", "&separator=").await?.len(), 4)
}

async fn a_misspelt_separator_is_a_separator(consul: &Subject<Consul>) -> anyhow::Result<()> {
    fill(consul, &["a/1", "a/2"]).await?;
    equal("seperator", keys(consul, "", "&seperator=/").await?, ["a/"])
}

async fn recurse_has_no_separator_and_no_raw(consul: &Subject<Consul>) -> anyhow::Result<()> {
    fill(consul, &["a/1", "a/2"]).await?;
    let plain = consul
        .ask("GET", &format!("{}?recurse", kv(consul.prefix())), "")
        .await?;
    for more in ["&separator=/", "&raw"] {
        let target = format!("{}?recurse{more}", kv(consul.prefix()));
        equal(more, consul.ask("GET", &target, "").await?, plain.clone())?;
    }
    Ok(())
}

async fn a_listing_of_nothing_is_404_with_an_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for parameters in ["recurse", "keys", "keys&separator=/"] {
        let target = format!("{}?{parameters}", kv(&consul.key("none/")));
        let answer = consul.expect("GET", &target, "", (404, "")).await?;
        ensure!(index_of(&answer)? >= 1);
    }
    let (none, nobody) = (consul.key("none/"), consul.client.kv());
    equal("typed list", nobody.list(&none).await?.len(), 0)?;
    equal("typed keys", nobody.keys(&none, None).await?.len(), 0)
}

async fn the_index_of_a_prefix_is_the_newest_beneath_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    fill(consul, &["p/1", "p/2", "q/1"]).await?;
    let newest = consul.entry(&consul.key("p/2")).await?.modify_index;
    for parameters in ["recurse", "keys", "keys&separator=/"] {
        equal(
            parameters,
            consul.index(&consul.key("p/"), parameters).await?,
            newest,
        )?;
    }
    consul.put(&consul.key("p/1"), "", "changed").await?;
    let newest = consul.entry(&consul.key("p/1")).await?.modify_index;
    equal(
        "p/",
        consul.index(&consul.key("p/"), "recurse").await?,
        newest,
    )?;
    let above = consul.entry(&consul.key("q/1")).await?.modify_index;
    equal(
        "all",
        consul.index(consul.prefix(), "recurse").await?,
        newest.max(above),
    )
}

async fn a_listing_of_the_root_has_everything(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    let all = consul.client.kv().keys("", None).await?;
    ensure!(all.contains(&key));
    ensure!(all.is_sorted(), "{all:?}");
    let entries = consul.client.kv().list("").await?;
    ensure!(entries.iter().any(|entry| entry.key == key));
    Ok(())
}

async fn a_large_listing_is_whole(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let mut transaction = Vec::new();
    let mut expected = Vec::new();
    for number in 0..320 {
        let key = consul.key(&format!("many/{number:04}"));
        transaction.push(
            quorate_consul::KvOp::new(quorate_consul::KvVerb::Set, key.clone())
                .with_value(vec![b'v'; 500]),
        );
        expected.push(key);
    }
    for ops in transaction.chunks(64) {
        let outcome = consul
            .client
            .txn()
            .ops(ops.iter().cloned())
            .commit()
            .await?;
        ensure!(outcome.is_committed());
    }
    let entries = consul.client.kv().list(&consul.key("many/")).await?;
    let names: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
    equal("names", names, expected)?;
    ensure!(entries.iter().all(|entry| entry.value.len() == 500));
    Ok(())
}
