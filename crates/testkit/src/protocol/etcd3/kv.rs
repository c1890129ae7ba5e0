//! Keys: revisions, ranges, puts and deletions.

use anyhow::ensure;
use quorate_etcd::v3::{ErrorKind, KeyRange, PutOptions, RangeOptions, SortBy};

use super::line::World;
use super::target::{ALONE, Etcd, UP_TO_3_5, V3_7};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_first_revision_is_1_and_every_write_is_the_next needs [ALONE],
        what_changes_nothing_is_no_revision needs [ALONE],
        versions_begin_again_after_a_deletion,
        a_range_ends_before_its_end,
        a_range_may_be_everything needs [ALONE],
        a_range_in_the_wrong_order_is_empty,
        a_prefix_of_the_last_byte_goes_up_to_the_next_prefix,
        keys_and_values_are_bytes,
        a_count_knows_no_limit_and_no_filter,
        an_old_revision_is_read_and_a_future_one_is_refused,
        a_range_is_sorted_by_what_is_asked,
        a_sort_order_that_does_not_exist_is_none needs [UP_TO_3_5],
        a_sort_order_that_does_not_exist_is_refused needs [V3_7],
        an_empty_key_is_refused,
        a_put_keeps_what_it_is_asked_to_keep,
        a_put_without_a_lease_takes_the_key_from_its_lease,
        keys_alone_have_their_leases needs [UP_TO_3_5],
        keys_alone_have_no_leases needs [V3_7],
        a_deletion_tells_how_many_and_which,
        what_is_compacted_is_gone needs [ALONE],
        the_typed_client_reads_and_writes,
        the_typed_client_pages_at_one_revision,
    ]
    .into()
}

async fn the_first_revision_is_1_and_every_write_is_the_next(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world
        .play(&[
            ("get a", "[] @1"),
            ("put a 1", "put @2"),
            ("put a 1", "put @3"),
            ("put b 1", "put @4"),
            (
                "txn ? put a 2 ; put c 1 ; del b",
                "yes @5 { put @5 ; put @5 ; deleted 1 @5 }",
            ),
            ("del a..z", "deleted 2 @6"),
            ("grant 7 60", "lease 7 ttl 60 @6"),
            ("put a 1 lease=7", "put @7"),
            ("put b 1 lease=7", "put @8"),
            ("revoke 7", "revoked @9"),
            ("get a rev=8", "[a='1' @7 lease 7] @9"),
        ])
        .await
}

async fn what_changes_nothing_is_no_revision(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world
        .play(&[
            ("put a 1", "put @2"),
            ("del nothing", "deleted 0 @2"),
            ("txn ?", "yes @2 {  }"),
            ("txn ? get a", "yes @2 { [a='1' @2] @2 }"),
            ("txn ? del nothing", "yes @2 { deleted 0 @2 }"),
            ("txn version a = 0 ? put a 2", "no @2 {  }"),
            (
                "put '' 1",
                "InvalidArgument: etcdserver: key is not provided",
            ),
            (
                "put a 1 lease=99",
                "NotFound: etcdserver: requested lease not found",
            ),
            ("grant 7 60", "lease 7 ttl 60 @2"),
            ("revoke 7", "revoked @2"),
            ("put a 1", "put @3"),
        ])
        .await
}

async fn versions_begin_again_after_a_deletion(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put a 1", "put @A"),
            ("put a 2", "put @B"),
            ("get a", "[a='2' @B/A v2]"),
            ("put a 3", "put @C"),
            ("get a", "[a='3' @C/A v3]"),
            ("del a", "deleted 1 @D"),
            ("get a", "[]"),
            ("put a 4", "put @E"),
            ("get a", "[a='4' @E]"),
            ("get a rev=C", "[a='3' @C/A v3]"),
            ("get a rev=D", "[]"),
        ])
        .await
}

async fn a_range_ends_before_its_end(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "txn ? put a 1 ; put b 1 ; put c 1",
                "yes @A { put @A ; put @A ; put @A }",
            ),
            ("get a..c", "[a='1' @A, b='1' @A]"),
            ("get a..c%00", "[a='1' @A, b='1' @A, c='1' @A]"),
            ("get a%00..c", "[b='1' @A]"),
            ("get b", "[b='1' @A]"),
            ("get *", "[a='1' @A, b='1' @A, c='1' @A]"),
        ])
        .await
}

async fn a_range_may_be_everything(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world
        .play(&[
            (
                "txn ? put %00 1 ; put b 1 ; put %FF%FF 1",
                "yes @2 { put @2 ; put @2 ; put @2 }",
            ),
            ("get .. count", "[] of 3 @2"),
            ("get b.. keys", "[b='' @2, \\xff\\xff='' @2] @2"),
            ("get %FF* keys", "[\\xff\\xff='' @2] @2"),
            ("del ..", "deleted 3 @3"),
        ])
        .await?;
    equal("count", etcd.client.kv().count(&KeyRange::all()).await?, 0)
}

async fn a_range_in_the_wrong_order_is_empty(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put a 1", "put @A"),
            ("get b..a", "[]"),
            ("get a..a", "[]"),
            ("del b..a", "deleted 0"),
            (
                "txn version b..a > 7 ? get b..a : get a",
                "no { [a='1' @A] }",
            ),
        ])
        .await
}

async fn a_prefix_of_the_last_byte_goes_up_to_the_next_prefix(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "txn ? put a%FF 1 ; put a%FF%FF 1 ; put b 1",
                "yes @A { put @A ; put @A ; put @A }",
            ),
            ("get a%FF*", "[a\\xff='1' @A, a\\xff\\xff='1' @A]"),
        ])
        .await?;
    let mut prefix = etcd.key("a").into_bytes();
    prefix.push(0xff);
    equal(
        "typed",
        etcd.client.kv().count(&KeyRange::prefix(&prefix)).await?,
        2,
    )
}

async fn keys_and_values_are_bytes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put %00%FF%C3 %00%0A%FE", "put @A"),
            ("get %00%FF%C3", "[\\x00\\xff\\xc3='\\x00\\n\\xfe' @A]"),
            ("put //a/../b/ ''", "put @B"),
            ("get //a/../b/", "[//a/../b/='' @B]"),
            ("get a", "[]"),
        ])
        .await
}

async fn a_count_knows_no_limit_and_no_filter(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put a 1", "put @A"),
            ("put b 1", "put @B"),
            ("put c 1", "put @C"),
            ("get * limit=1", "[a='1' @A] of 3 more"),
            ("get * limit=3", "[a='1' @A, b='1' @B, c='1' @C]"),
            ("get * limit=9", "[a='1' @A, b='1' @B, c='1' @C]"),
            ("get * limit=-1", "[a='1' @A, b='1' @B, c='1' @C]"),
            ("get * count", "[] of 3"),
            ("get * count limit=1", "[] of 3"),
            ("get * mod=B..", "[b='1' @B, c='1' @C] of 3"),
            ("get * mod=..B", "[a='1' @A, b='1' @B] of 3"),
            ("get * mod=B..B", "[b='1' @B] of 3"),
            ("get * mod=B.. limit=1", "[b='1' @B] of 3 more"),
            ("put a 2", "put @D"),
            ("get * made=..A", "[a='2' @D/A v2] of 3"),
            ("get * made=B..B", "[b='1' @B] of 3"),
            ("get * keys", "[a='' @D/A v2, b='' @B, c='' @C]"),
        ])
        .await
}

async fn an_old_revision_is_read_and_a_future_one_is_refused(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let future = "OutOfRange: etcdserver: mvcc: required revision is a future revision";
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put a 1", "put @A"),
            ("put a 2", "put @B"),
            ("get a rev=A", "[a='1' @A]"),
            ("get a rev=A old", "[a='1' @A]"),
            ("get a rev=A-1", "[]"),
            ("get a rev=0", "[a='2' @B/A v2]"),
            ("get a rev=-7", "[a='2' @B/A v2]"),
            ("get a rev=9000000000", future),
            ("get nothing rev=9000000000", future),
            ("txn ? get a rev=9000000000 ; put a 3", future),
            ("get a", "[a='2' @B/A v2]"),
        ])
        .await?;
    let far = RangeOptions::new().with_revision(9_000_000_000);
    let refused = etcd
        .client
        .kv()
        .range(&KeyRange::key(etcd.key("a")), &far)
        .await;
    equal(
        "kind",
        refused.map_err(|error| error.kind()).err(),
        Some(ErrorKind::FutureRevision),
    )
}

async fn a_range_is_sorted_by_what_is_asked(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put a z", "put @A"),
            ("put c x", "put @B"),
            ("put b y", "put @C"),
            ("put a z", "put @D"),
            ("get * keys", "[a='' @D/A v2, b='' @C, c='' @B]"),
            ("get * keys down=key", "[c='' @B, b='' @C, a='' @D/A v2]"),
            ("get * keys up=made", "[a='' @D/A v2, c='' @B, b='' @C]"),
            ("get * keys up=mod", "[c='' @B, b='' @C, a='' @D/A v2]"),
            (
                "get * keys down=version",
                "[a='' @D/A v2, b='' @C, c='' @B]",
            ),
            ("get * up=value", "[c='x' @B, b='y' @C, a='z' @D/A v2]"),
            ("get * down=value limit=1", "[a='z' @D/A v2] of 3 more"),
            // Without an order there is one all the same, unless it is by key.
            ("get * by=value", "[c='x' @B, b='y' @C, a='z' @D/A v2]"),
            // The order of those that are equal is that of their keys.
            ("get * up=version limit=2", "[b='y' @C, c='x' @B] of 3 more"),
        ])
        .await?;
    let (range, by) = (KeyRange::prefix(etcd.prefix()), SortBy::Value);
    let sorted = RangeOptions::new().sorted_down_by(by).with_limit(2);
    let found = etcd.client.kv().range(&range, &sorted).await?;
    let values: Vec<_> = found.kvs.iter().map(|kv| kv.value_text()).collect();
    equal("typed", values, ["z", "y"])
}

const NO_ORDER: &str = "get * keys order=7";

async fn a_sort_order_that_does_not_exist_is_none(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[("put a 1", "put @A"), (NO_ORDER, "[a='' @A]")])
        .await
}

async fn a_sort_order_that_does_not_exist_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[(NO_ORDER, "InvalidArgument: etcdserver: invalid sort option")])
        .await
}

async fn an_empty_key_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let empty = "InvalidArgument: etcdserver: key is not provided";
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("get ''", empty),
            ("put '' 1", empty),
            ("del ''", empty),
            ("txn ? get ''", empty),
            ("txn ? put '' 1", empty),
            ("txn ? del ''", empty),
            ("txn ? : get ''", empty),
            ("txn value '' = 1 ?", empty),
        ])
        .await
}

async fn a_put_keeps_what_it_is_asked_to_keep(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "put a '' keep-value",
                "InvalidArgument: etcdserver: key not found",
            ),
            (
                "put a 1 keep-lease",
                "InvalidArgument: etcdserver: key not found",
            ),
            ("grant 7 600", "lease 7 ttl 600"),
            ("put a 1 lease=7", "put @A"),
            (
                "put a 2 keep-value",
                "InvalidArgument: etcdserver: value is provided",
            ),
            (
                "put a 2 lease=7 keep-lease",
                "InvalidArgument: etcdserver: lease is provided",
            ),
            ("put a 2 keep-lease prev", "put @B was a='1' @A lease 7"),
            ("get a", "[a='2' @B/A v2 lease 7]"),
            ("put a '' keep-value keep-lease", "put @C"),
            ("get a", "[a='2' @C/A v3 lease 7]"),
            ("put a '' keep-value", "put @D"),
            ("get a", "[a='2' @D/A v4]"),
            (
                "put a 3 lease=99",
                "NotFound: etcdserver: requested lease not found",
            ),
            ("get a", "[a='2' @D/A v4]"),
        ])
        .await
}

async fn a_put_without_a_lease_takes_the_key_from_its_lease(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 600", "lease 7 ttl 600"),
            ("grant 8 600", "lease 8 ttl 600"),
            ("put a 1 lease=7", "put @A"),
            ("put b 1 lease=7", "put @B"),
            ("put c 1 lease=7", "put @C"),
            ("ttl 7 keys", "alive of 600 [a, b, c]"),
            ("put b 2", "put @D"),
            ("put c 2 lease=8", "put @E"),
            ("ttl 7 keys", "alive of 600 [a]"),
            ("ttl 8 keys", "alive of 600 [c]"),
            ("revoke 7", "revoked"),
            ("get *", "[b='2' @D/B v2, c='2' @E/C v2 lease 8]"),
            ("revoke 8", "revoked"),
            ("get *", "[b='2' @D/B v2]"),
        ])
        .await
}

/// A key with a lease, read without its value.
async fn key_alone(etcd: &Subject<Etcd>) -> anyhow::Result<String> {
    let mut world = World::new(etcd).await?;
    let lines = [
        ("grant 7 600", "lease 7 ttl 600"),
        ("put a 1 lease=7", "put @A"),
    ];
    world.play(&lines).await?;
    world.ask("get a keys").await
}

async fn keys_alone_have_their_leases(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal("key", key_alone(etcd).await?.as_str(), "[a='' @A lease 7]")
}

async fn keys_alone_have_no_leases(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal("key", key_alone(etcd).await?.as_str(), "[a='' @A]")
}

async fn a_deletion_tells_how_many_and_which(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "txn ? put a 1 ; put b 2 ; put c 3",
                "yes @A { put @A ; put @A ; put @A }",
            ),
            ("del nothing prev", "deleted 0"),
            ("del a..c prev", "deleted 2 @B was [a='1' @A, b='2' @A]"),
            ("del c", "deleted 1 @C"),
            ("get *", "[]"),
        ])
        .await?;
    equal(
        "typed",
        etcd.client.kv().delete(etcd.key("a")).await?,
        false,
    )
}

async fn what_is_compacted_is_gone(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let compacted = "OutOfRange: etcdserver: mvcc: required revision has been compacted";
    let future = "OutOfRange: etcdserver: mvcc: required revision is a future revision";
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world
        .play(&[
            ("put a 1", "put @2"),
            ("put b 1", "put @3"),
            ("put a 2", "put @4"),
            // Nothing is compacted yet, not even this.
            ("compact 0", "compacted @4"),
            ("compact 0", compacted),
            ("compact -5", compacted),
            ("compact 5", future),
            ("compact 3", "compacted @4"),
            ("compact 3", compacted),
            ("compact 2", compacted),
            ("get a rev=2", compacted),
            ("get nothing rev=2", compacted),
            ("txn ? get a rev=2 ; put a 3", compacted),
            ("get * rev=3", "[a='1' @2, b='1' @3] @4"),
            ("compact 4 physical", "compacted @4"),
            ("get * rev=4", "[a='2' @4/2 v2, b='1' @3] @4"),
        ])
        .await?;
    let old = RangeOptions::new().with_revision(3);
    let refused = etcd.client.kv().range(&KeyRange::key("a"), &old).await;
    equal(
        "kind",
        refused.map_err(|error| error.kind()).err(),
        Some(ErrorKind::Compacted),
    )
}

async fn the_typed_client_reads_and_writes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (kv, key) = (etcd.client.kv(), etcd.key("a"));
    ensure!(kv.get(&key).await?.is_none());
    let made = kv.put(&key, "1").await?;
    let again = kv
        .put_with(&key, "2", &PutOptions::new().with_previous())
        .await?;
    equal(
        "before",
        again.previous.map(|kv| kv.value),
        Some("1".into()),
    )?;
    let found = kv.get(&key).await?;
    let found = found.map(|kv| (kv.create_revision, kv.mod_revision, kv.version));
    let expected = (made.header.revision, again.header.revision, 2);
    equal("key", found, Some(expected))?;
    ensure!(kv.delete(&key).await? && kv.get(&key).await?.is_none());
    let empty = kv.put("", "1").await.map_err(|error| error.kind());
    equal("empty", empty.err(), Some(ErrorKind::InvalidArgument))
}

async fn the_typed_client_pages_at_one_revision(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let kv = etcd.client.kv();
    for number in 0..25 {
        kv.put(etcd.key(&format!("{number:02}")), "1").await?;
    }
    let range = KeyRange::prefix(etcd.prefix());
    let mut pages = kv.pages(range.clone(), RangeOptions::new().with_limit(10));
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await? {
        ensure!(
            page.iter().all(|it| it.value == "1"),
            "a page of later: {page:?}"
        );
        sizes.push(page.len());
        // What is written between two pages is in none of them.
        kv.put(etcd.key("20"), "2").await?;
        kv.put(etcd.key("30"), "2").await?;
    }
    equal("sizes", sizes, [10, 10, 5])?;
    equal("all", kv.count(&range).await?, 26)
}
