//! Forms: how parameters are read.

use super::target::Etcd;
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_body_wins_over_the_query,
        the_first_of_equal_names_wins,
        a_body_that_is_no_form_is_ignored,
        escapes_and_plus_signs_are_decoded,
        what_is_no_text_becomes_a_replacement_character,
        a_bad_escape_or_a_semicolon_is_refused,
        unknown_parameters_are_ignored,
    ]
    .into()
}

async fn the_body_wins_over_the_query(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f?value=query value=body", "201 set /f='body' @A"),
            (
                "PUT f?value=query",
                "200 set /f='query' @B was /f='body' @A",
            ),
            (
                "POST q?value=query value=body",
                "201 create /q/#C='body' @C",
            ),
            (
                "PUT f?ttl=x value=1&ttl=1000",
                "200 set /f='1' ttl 1000 @D was /f='query' @B",
            ),
            (
                "PUT f?ttl=1000 value=1",
                "200 set /f='1' ttl 1000 @E was /f='1' ttl 1000 @D",
            ),
            (
                "PUT f?prevExist=true prevExist=false&value=2",
                "412 105 Key already exists (/f)",
            ),
        ])
        .await
}

async fn the_first_of_equal_names_wins(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f?value=a&value=b", "201 set /f='a' @A"),
            ("PUT f value=c&value=d", "200 set /f='c' @B was /f='a' @A"),
            (
                "PUT f?value=e&value=f ttl=1000",
                "200 set /f='e' ttl 1000 @C was /f='c' @B",
            ),
        ])
        .await
}

async fn a_body_that_is_no_form_is_ignored(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                r#"PUT f application/json|{"value":"x"}"#,
                "201 set /f='' @A",
            ),
            ("PUT f text/plain|value=x", "200 set /f='' @B was /f='' @A"),
            (
                "PUT f multipart/form-data|value=x",
                "200 set /f='' @C was /f='' @B",
            ),
            (
                "PUT f?value=q text/plain|value=x",
                "200 set /f='q' @D was /f='' @C",
            ),
            (
                "PUT f application/x-www-form-urlencoded|value=x",
                "200 set /f='x' @E was /f='q' @D",
            ),
            ("POST q application/json|value=x", "201 create /q/#F='' @F"),
        ])
        .await
}

async fn escapes_and_plus_signs_are_decoded(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=a+b", "201 set /f='a b' @A"),
            ("PUT f value=a%2Bb", "200 set /f='a+b' @B was /f='a b' @A"),
            (
                "PUT f value=a%20b%26c%3Dd",
                "200 set /f='a b&c=d' @C was /f='a+b' @B",
            ),
            (
                "PUT f value=%C3%A9",
                "200 set /f='é' @D was /f='a b&c=d' @C",
            ),
            ("PUT f value=a=b", "200 set /f='a=b' @E was /f='é' @D"),
            ("PUT f value", "200 set /f='' @F was /f='a=b' @E"),
            ("PUT f &&value=x&&", "200 set /f='x' @G was /f='' @F"),
            ("PUT f =x&value=y", "200 set /f='y' @H was /f='x' @G"),
            ("PUT f Value=x", "200 set /f='' @I was /f='y' @H"),
        ])
        .await
}

async fn what_is_no_text_becomes_a_replacement_character(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[("PUT f value=%FF%FE", "201 set /f='��' @A")])
        .await
}

async fn a_bad_escape_or_a_semicolon_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            (
                "PUT f value=%zz",
                r#"400 210 Invalid POST form (invalid URL escape "%zz") at 0"#,
            ),
            (
                "PUT f?value=%zz",
                r#"400 210 Invalid POST form (invalid URL escape "%zz") at 0"#,
            ),
            (
                "PUT f value=a;b",
                "400 210 Invalid POST form (invalid semicolon separator in query) at 0",
            ),
            (
                "PUT f?value=a;b=c",
                "400 210 Invalid POST form (invalid semicolon separator in query) at 0",
            ),
            (
                "GET f?a;b",
                "400 210 Invalid POST form (invalid semicolon separator in query) at 0",
            ),
            (
                "DELETE f?a;b",
                "400 210 Invalid POST form (invalid semicolon separator in query) at 0",
            ),
            (
                "GET f?recursive=%zz",
                r#"400 210 Invalid POST form (invalid URL escape "%zz") at 0"#,
            ),
        ])
        .await
}

async fn unknown_parameters_are_ignored(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT f value=1&unknown=x", "201 set /f='1' @A"),
            ("GET f?unknown=x", "200 get /f='1' @A"),
            ("GET f?dir=true", "200 get /f='1' @A"),
            ("GET f?stream=true", "200 get /f='1' @A"),
            (
                "PUT f recursive=true&sorted=true&quorum=true&value=2",
                "200 set /f='2' @B was /f='1' @A",
            ),
            (
                "PUT f?waitIndex=7 value=3",
                "200 set /f='3' @C was /f='2' @B",
            ),
        ])
        .await
}
