//! How a comparison is started: as itself, or as the bare server that it starts for comparison.

use std::str::FromStr;

use anyhow::Context as _;

/// What [`Server::bare`](crate::process::Server::bare) starts this program again with, before what
/// the server is to know.
pub const BARE_SERVER: &str = "bare-server";

/// Runs the program: with the arguments `bare-server WORD` `server` on all cores, with `WORD` or
/// nothing; otherwise `comparison` on this thread alone, with all arguments.
///
/// # Errors
/// Those of what it runs.
pub fn run(
    server: impl AsyncFnOnce(String) -> anyhow::Result<()>,
    comparison: impl AsyncFnOnce(&[String]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == BARE_SERVER => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(server(rest.first().cloned().unwrap_or_default())),
        _ => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(comparison(&arguments)),
    }
}

/// The first argument, or what it is without one.
///
/// # Errors
/// When it is no such thing.
pub fn first<T>(arguments: &[String], without: T) -> anyhow::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    match arguments.first() {
        Some(first) => first.parse().with_context(|| first.clone()),
        None => Ok(without),
    }
}
