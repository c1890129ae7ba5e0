//! Writing files that are there.

use super::target::{DIRECTORY_TTL, Etcd};
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        an_update_needs_the_file_and_keeps_its_making,
        an_update_without_a_ttl_makes_permanent,
        an_update_without_a_value_empties_it,
        an_update_of_a_directory_has_no_value,
        an_update_changes_the_ttl_of_a_directory_and_a_read_shows_the_old_index needs [DIRECTORY_TTL],
        a_refresh_without_a_condition_is_a_set_that_keeps_the_value,
        a_refresh_of_what_exists_is_an_update,
        a_refresh_with_a_condition_is_a_compare_and_swap,
        a_refresh_that_creates_has_an_empty_value,
        a_refresh_of_a_directory_is_refused_without_prev_exist,
        a_refresh_changes_the_ttl_of_a_directory needs [DIRECTORY_TTL],
        a_refresh_needs_a_ttl_and_takes_no_value,
    ]
    .into()
}

async fn an_update_needs_the_file_and_keeps_its_making(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f?prevExist=true value=1", "404 100 Key not found (/f)"),
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f?prevExist=true value=2",
                "200 update /f='2' @B/A was /f='1' @A",
            ),
            ("GET f", "200 get /f='2' @B/A"),
        ])
        .await
}

async fn an_update_without_a_ttl_makes_permanent(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1&ttl=1000", "201 set /f='1' ttl 1000 @A"),
            (
                "PUT f?prevExist=true value=2",
                "200 update /f='2' @B/A was /f='1' ttl 1000 @A",
            ),
            ("GET f", "200 get /f='2' @B/A"),
        ])
        .await
}

async fn an_update_without_a_value_empties_it(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f?prevExist=true ttl=1000",
                "200 update /f='' ttl 1000 @B/A was /f='1' @A",
            ),
            ("GET f", "200 get /f='' ttl 1000 @B/A"),
        ])
        .await
}

async fn an_update_of_a_directory_has_no_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d dir=true", "201 set /d/ @A"),
            ("PUT d?prevExist=true value=x", "403 102 Not a file (/d)"),
            (
                "PUT d?prevExist=true dir=true&ttl=1000&value=x",
                "403 102 Not a file (/d)",
            ),
        ])
        .await
}

async fn an_update_changes_the_ttl_of_a_directory_and_a_read_shows_the_old_index(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d dir=true", "201 set /d/ @A"),
            (
                "PUT d?prevExist=true ttl=1000",
                "200 update /d/ ttl 1000 @B/A was /d/ @A",
            ),
            ("GET d", "200 get /d/ ttl 1000 @A"),
            (
                "PUT d?prevExist=true value=",
                "200 update /d/ @C/A was /d/ ttl 1000 @A",
            ),
            ("GET d", "200 get /d/ @A"),
            (
                "PUT d?prevExist=true dir=true",
                "200 update /d/ @D/A was /d/ @A",
            ),
        ])
        .await
}

async fn a_refresh_without_a_condition_is_a_set_that_keeps_the_value(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1&ttl=1000", "201 set /f='1' ttl 1000 @A"),
            (
                "PUT f refresh=true&ttl=2000",
                "200 set /f='1' ttl 2000 @B was /f='1' ttl 1000 @A",
            ),
            ("GET f", "200 get /f='1' ttl 2000 @B"),
            (
                "PUT f refresh=true&ttl=1000&value=",
                "200 set /f='1' ttl 1000 @C was /f='1' ttl 2000 @B",
            ),
            ("PUT g refresh=true&ttl=1000", "404 100 Key not found (/g)"),
        ])
        .await
}

async fn a_refresh_of_what_exists_is_an_update(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1&ttl=1000", "201 set /f='1' ttl 1000 @A"),
            (
                "PUT f?prevExist=true refresh=true&ttl=2000",
                "200 update /f='1' ttl 2000 @B/A was /f='1' ttl 1000 @A",
            ),
            (
                "PUT g?prevExist=true refresh=true&ttl=1000",
                "404 100 Key not found (/g)",
            ),
        ])
        .await
}

async fn a_refresh_with_a_condition_is_a_compare_and_swap(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f?prevIndex=@A refresh=true&ttl=1000",
                "200 compareAndSwap /f='1' ttl 1000 @B/A was /f='1' @A",
            ),
            (
                "PUT f?prevValue=1 refresh=true&ttl=1000",
                "200 compareAndSwap /f='1' ttl 1000 @C/A was /f='1' ttl 1000 @B/A",
            ),
            (
                "PUT f?prevValue=2 refresh=true&ttl=1000",
                "412 101 Compare failed ([2 != 1])",
            ),
            (
                "PUT f?prevIndex=@A refresh=true&ttl=1000",
                "412 101 Compare failed ([@A != @C])",
            ),
        ])
        .await
}

async fn a_refresh_that_creates_has_an_empty_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "PUT n?prevExist=false refresh=true&ttl=1000",
                "201 create /n='' ttl 1000 @A",
            ),
            (
                "PUT n?prevExist=false refresh=true&ttl=1000",
                "412 105 Key already exists (/n)",
            ),
            (
                "POST q refresh=true&ttl=1000",
                "201 create /q/#B='' ttl 1000 @B",
            ),
        ])
        .await
}

async fn a_refresh_of_a_directory_is_refused_without_prev_exist(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d dir=true", "201 set /d/ @A"),
            ("PUT d refresh=true&ttl=1000", "403 102 Not a file (/d)"),
        ])
        .await
}

async fn a_refresh_changes_the_ttl_of_a_directory(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d dir=true", "201 set /d/ @A"),
            (
                "PUT d?prevExist=true refresh=true&ttl=1000",
                "200 update /d/ ttl 1000 @B/A was /d/ @A",
            ),
            ("GET d", "200 get /d/ ttl 1000 @A"),
        ])
        .await
}

async fn a_refresh_needs_a_ttl_and_takes_no_value(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f refresh=true",
                "400 212 A TTL must be provided on refresh (No TTL value set) at 0",
            ),
            (
                "PUT f refresh=true&ttl=",
                "400 212 A TTL must be provided on refresh (No TTL value set) at 0",
            ),
            (
                "PUT f refresh=true&ttl=1000&value=x",
                "400 211 Value provided on refresh (A value was provided on a refresh) at 0",
            ),
            (
                "PUT f refresh=false&value=7",
                "200 set /f='7' @B was /f='1' @A",
            ),
        ])
        .await
}
