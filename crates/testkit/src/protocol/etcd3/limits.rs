//! How large requests and answers may be.

use anyhow::ensure;
use quorate_etcd::v3::ErrorKind;

use super::line::World;
use super::target::Etcd;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_request_has_at_most_one_and_a_half_mebibytes,
        a_message_beyond_two_mebibytes_is_not_read,
        an_answer_may_be_larger_than_a_request,
    ]
    .into()
}

async fn a_request_has_at_most_one_and_a_half_mebibytes(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let too_large = "InvalidArgument: etcdserver: request is too large";
    world
        .play(&[
            ("put a @1570000", "put @A"),
            ("put a @1573000", too_large),
            ("txn ? put a @800000 ; put b @800000", too_large),
            ("get * keys", "[a='' @A]"),
        ])
        .await?;
    let value = vec![0_u8; 1_573_000];
    let refused = etcd.client.kv().put(etcd.key("b"), value).await;
    let kind = refused.map_err(|error| error.kind()).err();
    equal("typed", kind, Some(ErrorKind::InvalidArgument))
}

async fn a_message_beyond_two_mebibytes_is_not_read(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let told = world.ask("put a @2200000").await?;
    ensure!(told.starts_with("ResourceExhausted: "), "{told}");
    world.play(&[("get a", "[]")]).await
}

async fn an_answer_may_be_larger_than_a_request(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    for key in ["a", "b", "c", "d"] {
        let told = world.ask(&format!("put {key} @1500000")).await?;
        ensure!(told.starts_with("put @"), "{told}");
    }
    let told = world.ask("get *").await?;
    equal("values", told.matches("<1500000 bytes>").count(), 4)?;
    let range = quorate_etcd::v3::KeyRange::prefix(etcd.prefix());
    let found = etcd
        .client
        .kv()
        .range(&range, &quorate_etcd::v3::RangeOptions::new())
        .await?;
    equal("typed", found.kvs.len(), 4)
}
