//! Keys in the order of their making.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_post_makes_a_key_named_by_its_index,
        a_post_makes_the_directory_and_ignores_conditions,
        a_post_needs_a_directory,
    ]
    .into()
}

async fn a_post_makes_a_key_named_by_its_index(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("POST q value=1", "201 create /q/#A='1' @A"),
            ("POST q value=2", "201 create /q/#B='2' @B"),
            (
                "POST q value=3&ttl=1000",
                "201 create /q/#C='3' ttl 1000 @C",
            ),
            ("POST q dir=true", "201 create /q/#D/ @D"),
            (
                "GET q?sorted=true",
                "200 get /q/ @A {/q/#A='1' @A, /q/#B='2' @B, /q/#C='3' ttl 1000 @C, /q/#D/ @D}",
            ),
        ])
        .await
}

async fn a_post_makes_the_directory_and_ignores_conditions(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("POST q/deep/er value=1", "201 create /q/deep/er/#A='1' @A"),
            ("POST q?prevExist=true value=7", "201 create /q/#B='7' @B"),
            (
                "POST q?prevValue=x&prevIndex=5 value=7",
                "201 create /q/#C='7' @C",
            ),
        ])
        .await
}

async fn a_post_needs_a_directory(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("POST f value=2", "400 104 Not a directory (/f)"),
            ("POST f/x value=2", "400 104 Not a directory (/f)"),
        ])
        .await
}
