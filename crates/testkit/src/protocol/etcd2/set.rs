//! Writing files.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_set_creates_with_201_and_replaces_with_200,
        a_set_drops_the_ttl_unless_it_is_given_again,
        a_missing_value_is_empty,
        missing_parents_are_made_and_have_the_index_of_the_write,
        parents_that_are_left_empty_stay,
        no_value_on_success_leaves_the_action_alone,
        a_create_needs_that_nothing_is_there,
        a_create_ignores_conditions,
    ]
    .into()
}

async fn a_set_creates_with_201_and_replaces_with_200(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("PUT f value=2", "200 set /f='2' @B was /f='1' @A"),
            ("GET f", "200 get /f='2' @B"),
        ])
        .await
}

async fn a_set_drops_the_ttl_unless_it_is_given_again(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=3&ttl=1000", "201 set /f='3' ttl 1000 @A"),
            ("GET f", "200 get /f='3' ttl 1000 @A"),
            ("PUT f value=4", "200 set /f='4' @B was /f='3' ttl 1000 @A"),
            ("GET f", "200 get /f='4' @B"),
        ])
        .await
}

async fn a_missing_value_is_empty(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f", "201 set /f='' @A"),
            ("GET f", "200 get /f='' @A"),
            ("PUT g value=", "201 set /g='' @B"),
            ("POST q", "201 create /q/#C='' @C"),
            ("PUT f value=1", "200 set /f='1' @D was /f='' @A"),
            (
                "PUT f?prevExist=true",
                "200 update /f='' @E/D was /f='1' @D",
            ),
        ])
        .await
}

async fn missing_parents_are_made_and_have_the_index_of_the_write(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT a/b/f value=1", "201 set /a/b/f='1' @A"),
            ("GET a", "200 get /a/ @A {/a/b/ @A}"),
            ("GET a/b", "200 get /a/b/ @A {/a/b/f='1' @A}"),
            (
                "PUT a/c/f?prevExist=false value=1",
                "201 create /a/c/f='1' @B",
            ),
            ("GET a/c", "200 get /a/c/ @B {/a/c/f='1' @B}"),
        ])
        .await
}

async fn parents_that_are_left_empty_stay(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT a/b/f value=1", "201 set /a/b/f='1' @A"),
            ("DELETE a/b/f", "200 delete /a/b/f @B/A was /a/b/f='1' @A"),
            ("GET a/b", "200 get /a/b/ @A"),
            ("GET a", "200 get /a/ @A {/a/b/ @A}"),
        ])
        .await
}

async fn no_value_on_success_leaves_the_action_alone(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1&noValueOnSuccess=true", "201 set"),
            ("PUT f?noValueOnSuccess=true value=2", "200 set"),
            (
                "PUT f?noValueOnSuccess=true&prevValue=2 value=3",
                "200 compareAndSwap",
            ),
            (
                "PUT f?noValueOnSuccess=true&prevExist=true value=3",
                "200 update",
            ),
            (
                "PUT g?noValueOnSuccess=true&prevExist=false value=3",
                "201 create",
            ),
            ("POST q?noValueOnSuccess=true value=3", "201 create"),
            (
                "PUT f?noValueOnSuccess=true&prevValue=2 value=3",
                "412 101 Compare failed ([2 != 3])",
            ),
            ("GET f?noValueOnSuccess=true", "200 get /f='3' @A/B"),
            (
                "DELETE f?noValueOnSuccess=true",
                "200 delete /f @C/B was /f='3' @A/B",
            ),
        ])
        .await
}

async fn a_create_needs_that_nothing_is_there(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f?prevExist=false value=1", "201 create /f='1' @A"),
            (
                "PUT f?prevExist=false value=2",
                "412 105 Key already exists (/f)",
            ),
            ("PUT d dir=true", "201 set /d/ @B"),
            (
                "PUT d?prevExist=false value=1",
                "412 105 Key already exists (/d)",
            ),
            (
                "PUT d?prevExist=false dir=true",
                "412 105 Key already exists (/d)",
            ),
        ])
        .await
}

async fn a_create_ignores_conditions(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "PUT f prevExist=false&prevValue=nonsense&prevIndex=7&value=1",
                "201 create /f='1' @A",
            ),
            (
                "PUT f prevExist=false&prevValue=1&value=2",
                "412 105 Key already exists (/f)",
            ),
        ])
        .await
}
