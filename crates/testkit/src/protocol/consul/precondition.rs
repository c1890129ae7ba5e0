//! Compare-and-set, and parameters that exclude each other.

use anyhow::ensure;

use super::target::{Consul, kv};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c09_cas_0_creates_once_and_a_bad_index_is_500,
        cas_needs_the_exact_modify_index,
        a_refused_write_changes_nothing,
        cas_over_a_locked_key_keeps_the_session,
        c10_delete_with_cas_is_true_for_what_is_missing_and_never_for_0,
        delete_with_cas_needs_the_exact_modify_index,
        a_bad_cas_of_a_delete_is_500,
        conflicting_flags_are_named_in_order,
    ]
    .into()
}

async fn c09_cas_0_creates_once_and_a_bad_index_is_500(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    ensure!(consul.put(&key, "cas=0", "1").await?);
    ensure!(!consul.put(&key, "cas=0", "2").await?);
    equal("value", consul.entry(&key).await?.value, "1")?;
    let bad = |index: &str| format!("{}?cas={index}", kv(&key));
    let text = "strconv.ParseUint: parsing \"bad\": invalid syntax";
    consul.expect("PUT", &bad("bad"), "3", (500, text)).await?;
    let text = "strconv.ParseUint: parsing \"-1\": invalid syntax";
    consul.expect("PUT", &bad("-1"), "3", (500, text)).await?;
    equal("value", consul.entry(&key).await?.value, "1")
}

async fn cas_needs_the_exact_modify_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, keys) = (consul.key("k"), consul.client.kv());
    keys.put(&key, "1").await?;
    let index = consul.entry(&key).await?.modify_index;
    ensure!(!keys.cas(&key, "2", index - 1).await?);
    ensure!(!keys.cas(&key, "2", index + 1).await?);
    ensure!(keys.cas(&key, "2", index).await?);
    ensure!(!keys.cas(&key, "3", index).await?, "it has moved");
    equal("value", consul.entry(&key).await?.value, "2")?;
    let missing = consul.key("none");
    ensure!(!keys.cas(&missing, "v", index).await?);
    equal("missing", keys.get(&missing).await?, None)
}

async fn a_refused_write_changes_nothing(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "flags=3", "1").await?;
    let before = consul.entry(&key).await?;
    ensure!(!consul.put(&key, "cas=1&flags=4", "2").await?);
    ensure!(!consul.put(&key, "cas=0&flags=4", "2").await?);
    equal("entry", consul.entry(&key).await?, before.clone())?;
    equal(
        "index",
        consul.index(consul.prefix(), "recurse").await?,
        before.modify_index,
    )
}

async fn cas_over_a_locked_key_keeps_the_session(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let session = consul.session(serde_json::json!({})).await?;
    ensure!(
        consul
            .put(&key, &format!("acquire={session}&flags=5"), "1")
            .await?
    );
    let locked = consul.entry(&key).await?;
    equal("LockIndex", locked.lock_index, 1)?;
    ensure!(
        consul
            .client
            .kv()
            .cas(&key, "2", locked.modify_index)
            .await?
    );
    let after = consul.entry(&key).await?;
    let shown = (after.session.as_deref(), after.lock_index, after.flags);
    equal("after", shown, (Some(session.as_str()), 0, 0))
}

async fn c10_delete_with_cas_is_true_for_what_is_missing_and_never_for_0(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    ensure!(consul.delete(&key, "cas=5").await?);
    ensure!(consul.delete(&key, "cas=0").await?);
    consul.put(&key, "", "v").await?;
    ensure!(!consul.delete(&key, "cas=0").await?);
    equal("value", consul.entry(&key).await?.value, "v")
}

async fn delete_with_cas_needs_the_exact_modify_index(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, keys) = (consul.key("k"), consul.client.kv());
    keys.put(&key, "v").await?;
    let index = consul.entry(&key).await?.modify_index;
    ensure!(!keys.delete_cas(&key, index - 1).await?);
    ensure!(!keys.delete_cas(&key, index + 1).await?);
    equal("there", consul.entry(&key).await?.modify_index, index)?;
    ensure!(keys.delete_cas(&key, index).await?);
    equal("gone", keys.get(&key).await?, None)
}

async fn a_bad_cas_of_a_delete_is_500(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    let target = format!("{}?cas=x", kv(&key));
    let text = "strconv.ParseUint: parsing \"x\": invalid syntax";
    consul.expect("DELETE", &target, "", (500, text)).await?;
    equal("there", consul.entry(&key).await?.value, "v")
}

async fn conflicting_flags_are_named_in_order(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    for (method, parameters, sorted) in [
        ("PUT", "cas=1&acquire=x", "acquire=x&cas=1"),
        ("PUT", "release=y&acquire=x", "acquire=x&release=y"),
        ("PUT", "release=y&cas=2&flags=1", "cas=2&flags=1&release=y"),
        (
            "PUT",
            "release=c&cas=2&acquire=a",
            "acquire=a&cas=2&release=c",
        ),
        ("DELETE", "recurse&cas=1", "cas=1&recurse="),
    ] {
        let text = format!("Conflicting flags: {sorted}");
        let target = format!("{}?{parameters}", kv(&key));
        consul.expect(method, &target, "", (400, &text)).await?;
    }
    equal(
        "nothing is written",
        consul.client.kv().get(&key).await?,
        None,
    )
}
