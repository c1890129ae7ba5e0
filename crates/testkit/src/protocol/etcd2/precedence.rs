//! Which of several errors is told.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_wrong_method_comes_first_and_then_a_bad_form,
        bad_indexes_come_before_bad_flags,
        flags_are_looked_at_in_their_order,
        what_a_write_means_is_looked_at_last,
        the_request_is_checked_before_the_store,
        the_root_comes_before_what_is_there,
        a_directory_comes_before_a_comparison_and_its_content,
    ]
    .into()
}

async fn a_wrong_method_comes_first_and_then_a_bad_form(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PATCH f?recursive=x", "405 Method Not Allowed"),
            (
                "GET f?recursive=x&prevIndex=x&a;b",
                "400 210 Invalid POST form (invalid semicolon separator in query) at 0",
            ),
        ])
        .await
}

async fn bad_indexes_come_before_bad_flags(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[
        ("GET f?prevIndex=x&waitIndex=x", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
        ("GET f?waitIndex=x&recursive=y", r#"400 203 The given index in POST form is not a number (invalid value for "waitIndex") at 0"#),
    ]).await
}

async fn flags_are_looked_at_in_their_order(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "GET f?recursive=x&sorted=x",
                r#"400 209 Invalid field (invalid value for "recursive") at 0"#,
            ),
            (
                "GET f?sorted=x&wait=x",
                r#"400 209 Invalid field (invalid value for "sorted") at 0"#,
            ),
            (
                "GET f?wait=x&dir=x",
                r#"400 209 Invalid field (invalid value for "wait") at 0"#,
            ),
            (
                "GET f?dir=x&quorum=x",
                r#"400 209 Invalid field (invalid value for "dir") at 0"#,
            ),
            (
                "GET f?quorum=x&stream=x",
                r#"400 209 Invalid field (invalid value for "quorum") at 0"#,
            ),
            (
                "PUT f?stream=x&wait=true",
                r#"400 209 Invalid field (invalid value for "stream") at 0"#,
            ),
        ])
        .await
}

async fn what_a_write_means_is_looked_at_last(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[
        ("PUT f?wait=true&prevValue=", r#"400 209 Invalid field ("wait" can only be used with GET requests) at 0"#),
        ("PUT f?prevValue=&noValueOnSuccess=x", r#"400 201 PrevValue is Required in POST form ("prevValue" cannot be empty) at 0"#),
        ("PUT f?noValueOnSuccess=x&ttl=x", r#"400 209 Invalid field (invalid value for "noValueOnSuccess") at 0"#),
        ("PUT f?ttl=x&prevExist=x", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f?prevExist=x&refresh=x", "400 209 Invalid field (invalid value for prevExist) at 0"),
        ("PUT f?refresh=x&value=1", "400 209 Invalid field (invalid value for refresh) at 0"),
        ("PUT f?refresh=true&value=1", "400 211 Value provided on refresh (A value was provided on a refresh) at 0"),
        ("PUT f?refresh=true", "400 212 A TTL must be provided on refresh (No TTL value set) at 0"),
    ]).await
}

async fn the_request_is_checked_before_the_store(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[
        ("PUT :/v2/keys/?refresh=true&value=1", "400 211 Value provided on refresh (A value was provided on a refresh) at 0"),
        ("PUT nothing?prevExist=true&refresh=true", "400 212 A TTL must be provided on refresh (No TTL value set) at 0"),
        ("PUT f?prevExist=false&prevValue=", r#"400 201 PrevValue is Required in POST form ("prevValue" cannot be empty) at 0"#),
        ("PUT f?prevExist=true&prevIndex=x&ttl=x", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
    ]).await
}

async fn the_root_comes_before_what_is_there(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "PUT :/v2/keys/?prevExist=false value=1",
                "400 107 Root is read only (/)",
            ),
            (
                "PUT :/v2/keys/?prevExist=true value=1",
                "400 107 Root is read only (/)",
            ),
            (
                "PUT :/v2/keys/?prevIndex=1 value=1",
                "400 107 Root is read only (/)",
            ),
            ("DELETE :/v2/keys/", "400 107 Root is read only (/)"),
        ])
        .await
}

async fn a_directory_comes_before_a_comparison_and_its_content(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT d/f value=1", "201 set /d/f='1' @A"),
            ("PUT d?prevValue=x value=1", "403 102 Not a file (/d)"),
            ("DELETE d?prevValue=x", "403 102 Not a file (/d)"),
            ("DELETE d", "403 102 Not a file (/d)"),
            ("DELETE d?dir=true", "403 108 Directory not empty (/d)"),
        ])
        .await
}
