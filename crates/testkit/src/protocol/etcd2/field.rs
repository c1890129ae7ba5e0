//! Words and numbers in parameters.

use super::target::{Etcd, REAL};
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_flag_is_one_of_twelve_words,
        any_other_word_is_refused,
        parameters_are_read_whatever_the_verb,
        a_ttl_is_a_number_of_seconds_without_a_sign,
        an_empty_ttl_is_none,
        a_long_ttl_is_kept,
        a_ttl_past_the_year_2262_wraps_around needs [REAL],
        an_index_is_a_number_without_a_sign,
        a_wait_index_without_wait_is_a_read,
        wait_is_for_get_alone,
        quorum_beats_wait,
    ]
    .into()
}

async fn a_flag_is_one_of_twelve_words(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("GET f?recursive=1", "200 get /f='1' @A"),
            ("GET f?recursive=t", "200 get /f='1' @A"),
            ("GET f?recursive=T", "200 get /f='1' @A"),
            ("GET f?recursive=TRUE", "200 get /f='1' @A"),
            ("GET f?recursive=true", "200 get /f='1' @A"),
            ("GET f?recursive=True", "200 get /f='1' @A"),
            ("GET f?recursive=0", "200 get /f='1' @A"),
            ("GET f?recursive=f", "200 get /f='1' @A"),
            ("GET f?recursive=F", "200 get /f='1' @A"),
            ("GET f?recursive=FALSE", "200 get /f='1' @A"),
            ("GET f?recursive=false", "200 get /f='1' @A"),
            ("GET f?recursive=False", "200 get /f='1' @A"),
            ("PUT d dir=True&prevExist=False", "201 create /d/ @B"),
            ("PUT e dir=1&prevExist=f", "201 create /e/ @C"),
        ])
        .await
}

async fn any_other_word_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "GET f?recursive=yes",
                r#"400 209 Invalid field (invalid value for "recursive") at 0"#,
            ),
            (
                "GET f?recursive=tRUE",
                r#"400 209 Invalid field (invalid value for "recursive") at 0"#,
            ),
            (
                "GET f?recursive=2",
                r#"400 209 Invalid field (invalid value for "recursive") at 0"#,
            ),
            (
                "GET f?recursive=",
                r#"400 209 Invalid field (invalid value for "recursive") at 0"#,
            ),
            (
                "GET f?recursive",
                r#"400 209 Invalid field (invalid value for "recursive") at 0"#,
            ),
            (
                "GET f?sorted=x",
                r#"400 209 Invalid field (invalid value for "sorted") at 0"#,
            ),
            (
                "GET f?wait=x",
                r#"400 209 Invalid field (invalid value for "wait") at 0"#,
            ),
            (
                "GET f?dir=x",
                r#"400 209 Invalid field (invalid value for "dir") at 0"#,
            ),
            (
                "GET f?quorum=x",
                r#"400 209 Invalid field (invalid value for "quorum") at 0"#,
            ),
            (
                "GET f?stream=x",
                r#"400 209 Invalid field (invalid value for "stream") at 0"#,
            ),
            (
                "PUT f noValueOnSuccess=x",
                r#"400 209 Invalid field (invalid value for "noValueOnSuccess") at 0"#,
            ),
            (
                "PUT f prevExist=x",
                "400 209 Invalid field (invalid value for prevExist) at 0",
            ),
            (
                "PUT f refresh=x",
                "400 209 Invalid field (invalid value for refresh) at 0",
            ),
            (
                "PUT f prevExist=",
                "400 209 Invalid field (invalid value for prevExist) at 0",
            ),
            (
                "PUT f refresh=",
                "400 209 Invalid field (invalid value for refresh) at 0",
            ),
            (
                "PUT f noValueOnSuccess=",
                r#"400 209 Invalid field (invalid value for "noValueOnSuccess") at 0"#,
            ),
        ])
        .await
}

async fn parameters_are_read_whatever_the_verb(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[
        ("GET f?prevExist=x", "400 209 Invalid field (invalid value for prevExist) at 0"),
        ("GET f?ttl=x", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("GET f?refresh=x", "400 209 Invalid field (invalid value for refresh) at 0"),
        ("GET f?noValueOnSuccess=x", r#"400 209 Invalid field (invalid value for "noValueOnSuccess") at 0"#),
        ("DELETE f?ttl=x", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f recursive=x", r#"400 209 Invalid field (invalid value for "recursive") at 0"#),
        ("GET f?prevIndex=x", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
        ("DELETE f?prevIndex=x", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
        ("PUT f?waitIndex=x value=1", r#"400 203 The given index in POST form is not a number (invalid value for "waitIndex") at 0"#),
    ]).await
}

async fn a_ttl_is_a_number_of_seconds_without_a_sign(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[
        ("PUT f ttl=1000", "201 set /f='' ttl 1000 @A"),
        ("PUT f ttl=0001000", "200 set /f='' ttl 1000 @B was /f='' ttl 1000 @A"),
        ("PUT f ttl=-1", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f ttl=1.5", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f ttl=x", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f ttl=0x5", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f ttl=1e3", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f ttl=18446744073709551616", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f ttl=+5", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
        ("PUT f ttl=%205", r#"400 202 The given TTL in POST form is not a number (invalid value for "ttl") at 0"#),
    ]).await
}

async fn an_empty_ttl_is_none(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f ttl=1000", "201 set /f='' ttl 1000 @A"),
            ("PUT f ttl=", "200 set /f='' @B was /f='' ttl 1000 @A"),
            ("GET f", "200 get /f='' @B"),
        ])
        .await
}

async fn a_long_ttl_is_kept(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "PUT f value=2&ttl=7000000000",
                "201 set /f='2' ttl 7000000000 @A",
            ),
            ("GET f", "200 get /f='2' ttl 7000000000 @A"),
        ])
        .await
}

async fn a_ttl_past_the_year_2262_wraps_around(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1&ttl=9223372036", "201 set /f='1' @A"),
            ("GET f", "200 get /f='1' @A"),
            (
                "PUT f value=3&ttl=18446744073709551615",
                "200 set /f='3' ttl -1 @B was /f='1' @A",
            ),
        ])
        .await
}

async fn an_index_is_a_number_without_a_sign(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[
        ("PUT f prevIndex=x", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
        ("PUT f prevIndex=-1", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
        ("PUT f prevIndex=", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
        ("PUT f prevIndex=1.5", r#"400 203 The given index in POST form is not a number (invalid value for "prevIndex") at 0"#),
        ("GET f?waitIndex=x", r#"400 203 The given index in POST form is not a number (invalid value for "waitIndex") at 0"#),
        ("GET f?waitIndex=-1", r#"400 203 The given index in POST form is not a number (invalid value for "waitIndex") at 0"#),
        ("GET f?waitIndex=", r#"400 203 The given index in POST form is not a number (invalid value for "waitIndex") at 0"#),
    ]).await
}

async fn a_wait_index_without_wait_is_a_read(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("GET f?waitIndex=7", "200 get /f='1' @A"),
        ])
        .await
}

async fn wait_is_for_get_alone(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            (
                "PUT f?wait=true value=2",
                r#"400 209 Invalid field ("wait" can only be used with GET requests) at 0"#,
            ),
            (
                "POST f?wait=true value=2",
                r#"400 209 Invalid field ("wait" can only be used with GET requests) at 0"#,
            ),
            (
                "DELETE f?wait=true",
                r#"400 209 Invalid field ("wait" can only be used with GET requests) at 0"#,
            ),
            ("HEAD f?wait=true", "400"),
            (
                "PUT f?wait=false value=2",
                "200 set /f='2' @B was /f='1' @A",
            ),
        ])
        .await
}

async fn quorum_beats_wait(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1", "201 set /f='1' @A"),
            ("GET f?wait=true&quorum=true", "200 get /f='1' @A"),
            ("GET f?quorum=true", "200 get /f='1' @A"),
            (
                "GET nothing?quorum=true&wait=true",
                "404 100 Key not found (/nothing)",
            ),
            ("HEAD f?quorum=true", "200"),
        ])
        .await
}
