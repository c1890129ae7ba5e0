//! Paths of keys.

use anyhow::ensure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::target::{Etcd, FAULTS};
use super::world::World;
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        an_escaped_slash_separates_and_one_at_the_end_is_dropped,
        keys_are_any_text,
        an_odd_path_is_answered_with_301 needs [FAULTS],
        a_bad_escape_in_a_path_is_400,
        a_path_that_is_no_text_is_replaced,
    ]
    .into()
}

async fn an_escaped_slash_separates_and_one_at_the_end_is_dropped(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT a/b value=1", "201 set /a/b='1' @A"),
            ("GET a%2Fb", "200 get /a/b='1' @A"),
            ("GET a/b/", "200 get /a/b='1' @A"),
            ("GET a/", "200 get /a/ @A {/a/b='1' @A}"),
            ("PUT c/ value=2", "201 set /c='2' @B"),
            ("GET c", "200 get /c='2' @B"),
            ("PUT a/b/?value=9", "200 set /a/b='9' @C was /a/b='1' @A"),
        ])
        .await
}

async fn keys_are_any_text(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT sp%20ace value=1", "201 set /sp ace='1' @A"),
            ("GET sp%20ace", "200 get /sp ace='1' @A"),
            ("PUT %C3%A9 value=1", "201 set /é='1' @B"),
            ("PUT a%25b value=1", "201 set /a%b='1' @C"),
            ("PUT plus+plus value=1", "201 set /plus+plus='1' @D"),
            ("GET plus%2Bplus", "200 get /plus+plus='1' @D"),
            ("PUT q%3Fq value=1", "201 set /q?q='1' @E"),
            ("PUT h%23h value=1", "201 set /h#h='1' @F"),
            ("GET q%3Fq", "200 get /q?q='1' @E"),
        ])
        .await
}

async fn an_odd_path_is_answered_with_301(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT a/b value=1", "201 set /a/b='1' @A"),
            ("GET a//b", "301 to /v2/keys/a/b"),
            ("PUT a//b value=3", "301 to /v2/keys/a/b"),
            ("GET a/./b", "301 to /v2/keys/a/b"),
            ("GET a/x/../b", "301 to /v2/keys/a/b"),
            ("DELETE a//b", "301 to /v2/keys/a/b"),
            ("POST a//q value=1", "301 to /v2/keys/a/q"),
            ("GET a/%2E%2E/c", "301 to /v2/keys/c"),
            ("GET a%2F%2Fb", "301 to /v2/keys/a/b"),
            ("GET a/b", "200 get /a/b='1' @A"),
        ])
        .await
}

async fn a_bad_escape_in_a_path_is_400(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    // Go closes the connection, and so says nothing of a length.
    let request = "GET /v2/keys/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut socket = TcpStream::connect(etcd.addr()).await?;
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    ensure!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    Ok(())
}

async fn a_path_that_is_no_text_is_replaced(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[("PUT %FFx value=1", "201 set /�x='1' @A")])
        .await
}
