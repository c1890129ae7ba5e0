//! One key: values, flags, indexes, raw reads.

use anyhow::ensure;
use quorate_consul::{Consistency, Method};
use quorate_consul::{KvEntry, PutOptions, QueryOptions, RawRequest};

use super::target::{Consul, index_of, kv};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c03_an_identical_put_moves_no_index,
        a_put_that_changes_value_or_flags_moves_the_index,
        a_plain_put_without_flags_sets_them_to_0,
        c37_flags_of_u64_max_round_trip,
        every_byte_round_trips,
        an_empty_value_is_null,
        a_large_value_round_trips,
        the_index_of_a_key_is_its_modify_index,
        odd_keys_round_trip,
        an_encoded_slash_is_a_slash,
        a_raw_read_is_the_bytes_as_text_in_a_sandbox,
        a_raw_read_of_a_missing_key_is_404,
        a_delete_of_what_is_missing_is_true_and_moves_no_index,
        a_deleted_and_created_key_has_a_new_create_index,
        reads_at_every_consistency_agree,
        an_index_of_0_does_not_block,
        the_path_without_a_key_is_refused,
    ]
    .into()
}

async fn c03_an_identical_put_moves_no_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "flags=7", "same").await?;
    let first = consul.entry(&key).await?;
    for _ in 0..2 {
        ensure!(consul.put(&key, "flags=7", "same").await?);
        equal("entry", consul.entry(&key).await?, first.clone())?;
    }
    equal(
        "list",
        consul.index(consul.prefix(), "recurse").await?,
        first.modify_index,
    )
}

async fn a_put_that_changes_value_or_flags_moves_the_index(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    let mut last = 0;
    let mut created = None;
    for (flags, value) in [("flags=0", "1"), ("flags=0", "2"), ("flags=1", "2")] {
        consul.put(&key, flags, value).await?;
        let entry = consul.entry(&key).await?;
        ensure!(entry.modify_index > last, "{entry:?} after {last}");
        last = entry.modify_index;
        equal(
            "CreateIndex",
            entry.create_index,
            *created.get_or_insert(entry.create_index),
        )?;
    }
    Ok(())
}

async fn a_plain_put_without_flags_sets_them_to_0(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "flags=9", "v").await?;
    consul.put(&key, "", "v").await?;
    equal("flags", consul.entry(&key).await?.flags, 0)
}

async fn c37_flags_of_u64_max_round_trip(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let options = PutOptions::new().with_flags(u64::MAX);
    ensure!(consul.client.kv().put_with(&key, "v", &options).await?);
    equal("typed", consul.entry(&key).await?.flags, u64::MAX)?;
    let text = consul.ask("GET", &kv(&key), "").await?;
    ensure!(text.contains("\"Flags\":18446744073709551615,"), "{text}");
    let too_large = format!("{}?flags=18446744073709551616", kv(&key));
    let refusal = "strconv.ParseUint: parsing \"18446744073709551616\": value out of range";
    consul
        .expect("PUT", &too_large, "v", (500, refusal))
        .await?;
    Ok(())
}

async fn every_byte_round_trips(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    consul.client.kv().put(&key, bytes.clone()).await?;
    equal("entry", &consul.entry(&key).await?.value[..], &bytes[..])?;
    let raw = consul.client.kv().raw(&key).await?;
    equal("raw", raw.as_deref(), Some(&bytes[..]))
}

async fn an_empty_value_is_null(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "").await?;
    let text = consul.ask("GET", &kv(&key), "").await?;
    ensure!(text.contains(",\"Value\":null,"), "{text}");
    equal("typed", consul.entry(&key).await?.value.len(), 0)?;
    consul
        .expect("GET", &format!("{}?raw", kv(&key)), "", (200, ""))
        .await?;
    Ok(())
}

async fn a_large_value_round_trips(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let value = vec![b'x'; 512 * 1024];
    ensure!(
        consul.put(&key, "", &value).await?,
        "the limit itself is allowed"
    );
    ensure!(consul.entry(&key).await?.value == value);
    ensure!(
        consul
            .client
            .kv()
            .raw(&key)
            .await?
            .is_some_and(|raw| raw == value)
    );
    Ok(())
}

async fn the_index_of_a_key_is_its_modify_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, other) = (consul.key("k"), consul.key("other"));
    consul.put(&key, "", "1").await?;
    consul.put(&other, "", "1").await?;
    let entry = consul.entry(&key).await?;
    equal("new", entry.create_index, entry.modify_index)?;
    ensure!(consul.entry(&other).await?.modify_index > entry.modify_index);
    equal("read", consul.index(&key, "").await?, entry.modify_index)?;
    equal("raw", consul.index(&key, "raw").await?, entry.modify_index)?;
    let answer = consul
        .client
        .kv()
        .get_with(&key, &QueryOptions::new())
        .await?;
    equal("typed", answer.meta.index, Some(entry.modify_index))
}

async fn odd_keys_round_trip(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for name in [
        "with space",
        "a+b",
        "a%b",
        "100%25",
        "q?x=1",
        "a#b",
        "é/☃/🦀",
        "<&>\"'\\",
        "a:b;c,d",
        "~tilde~",
        "trail/",
        "...",
    ] {
        let key = consul.key(name);
        consul.client.kv().put(&key, name.to_owned()).await?;
        let entry = consul.entry(&key).await?;
        equal("key", entry.key, key.clone())?;
        equal("value", entry.value, name)?;
        let found = consul.client.kv().keys(&key, None).await?;
        equal("keys", found, [key])?;
    }
    Ok(())
}

async fn an_encoded_slash_is_a_slash(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("a/b");
    let encoded = kv(&key).replace("a/b", "a%2Fb");
    equal("put", consul.ask("PUT", &encoded, "v").await?, "true")?;
    equal("key", consul.entry(&key).await?.key, key.clone())?;
    // And a plus is a plus, not a space.
    let plus = kv(&consul.key("a")) + "+b";
    consul.ask("PUT", &plus, "v").await?;
    equal("plus", consul.entry(&consul.key("a+b")).await?.value, "v")
}

async fn a_raw_read_is_the_bytes_as_text_in_a_sandbox(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "<b>raw</b>").await?;
    let target = format!("{}?raw", kv(&key));
    let answer = consul
        .expect("GET", &target, "", (200, "<b>raw</b>"))
        .await?;
    equal("type", answer.header("Content-Type"), Some("text/plain"))?;
    equal(
        "sniff",
        answer.header("X-Content-Type-Options"),
        Some("nosniff"),
    )?;
    equal(
        "csp",
        answer.header("Content-Security-Policy"),
        Some("sandbox"),
    )?;
    equal(
        "index",
        index_of(&answer)?,
        consul.entry(&key).await?.modify_index,
    )
}

async fn a_raw_read_of_a_missing_key_is_404(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let target = format!("{}?raw", kv(&consul.key("none")));
    let answer = consul.expect("GET", &target, "", (404, "")).await?;
    ensure!(index_of(&answer)? >= 1);
    equal(
        "typed",
        consul.client.kv().raw(&consul.key("none")).await?,
        None,
    )
}

async fn a_delete_of_what_is_missing_is_true_and_moves_no_index(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("dir/k");
    consul.put(&key, "", "v").await?;
    let index = consul.index(&consul.key("dir/"), "recurse").await?;
    ensure!(consul.delete(&consul.key("dir/none"), "").await?);
    ensure!(consul.delete(&consul.key("dir/none/"), "recurse").await?);
    equal(
        "dir",
        consul.index(&consul.key("dir/"), "recurse").await?,
        index,
    )
}

async fn a_deleted_and_created_key_has_a_new_create_index(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    let first = consul.entry(&key).await?;
    ensure!(consul.delete(&key, "").await?);
    let gone: Option<KvEntry> = consul.client.kv().get(&key).await?;
    equal("deleted", gone, None)?;
    consul.put(&key, "", "v").await?;
    ensure!(consul.entry(&key).await?.create_index > first.modify_index);
    Ok(())
}

async fn reads_at_every_consistency_agree(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    for consistency in [
        Consistency::Default,
        Consistency::Consistent,
        Consistency::Stale,
    ] {
        let options = QueryOptions::new().with_consistency(consistency);
        let answer = consul.client.kv().get_with(&key, &options).await?;
        equal(
            "value",
            answer.value.map(|entry| entry.value),
            Some("v".into()),
        )?;
        equal("leader", answer.meta.known_leader, Some(true))?;
        equal(
            "keys do not say it",
            answer.meta.effective_consistency,
            None,
        )?;
    }
    Ok(())
}

async fn an_index_of_0_does_not_block(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    let begun = tokio::time::Instant::now();
    equal(
        "index",
        consul.index(&key, "index=0&wait=30s").await?,
        consul.entry(&key).await?.modify_index,
    )?;
    ensure!(begun.elapsed().as_secs() < 20, "it blocked");
    Ok(())
}

async fn the_path_without_a_key_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (method, parameters) in [("GET", ""), ("GET", "?raw"), ("PUT", ""), ("DELETE", "")] {
        let target = format!("/v1/kv/{parameters}");
        let refusal = (400, "Missing key name");
        consul.expect(method, &target, "", refusal).await?;
    }
    let request = RawRequest::new(Method::Delete, "/v1/kv/")
        .with_flag("recurse")
        .with_param("cas", "1");
    let answer = consul.client.raw().request(request).await?;
    equal("conflict", answer.status, 400)
}
