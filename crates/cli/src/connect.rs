//! From the settings to an open backend.

use std::time::Duration;

use quorate::{Builder, Coordinator, ErrorKind};

use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};

/// For how long a server is tried that can't be reached. Somebody waits at the shell, and most
/// often the address is wrong or nothing was started; a service would rather wait.
const REACH: Duration = Duration::from_secs(2);

/// Opens the backend that `--at` names.
pub(crate) async fn open(config: &Config) -> Result<Coordinator, Failure> {
    open_url(config, &config.at).await
}

/// Opens it, works with it, and closes it whatever came of it.
pub(crate) async fn with<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Coordinator) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let coordinator = open(config).await?;
    let result = work(&coordinator).await;
    close(&coordinator).await;
    result
}

/// As [`with`], until the work is done or a signal asks to end.
pub(crate) async fn until_signal(
    config: &Config,
    work: impl AsyncFnOnce(&Coordinator) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    with(config, async |coordinator| {
        tokio::select! {
            result = work(coordinator) => result,
            signal = signals.next() => Ok(Exit::Signal(signals::number(signal))),
        }
    })
    .await
}

/// Closes a backend. What is wrong with that is of no interest to anybody: the work is done.
pub(crate) async fn close(coordinator: &Coordinator) {
    if let Err(error) = coordinator.close().await {
        tracing::debug!(%error, "closing");
    }
}

/// Opens another backend with the same settings.
pub(crate) async fn open_url(config: &Config, url: &str) -> Result<Coordinator, Failure> {
    let mut builder = Builder::new(url).reach(REACH);
    if let Some(timeout) = config.timeout {
        builder = builder.timeout(timeout);
    }
    if let Some(path) = &config.token_file {
        builder = builder.token_file(path);
    }
    builder.connect().await.map_err(|error| {
        let kind = error.kind();
        Failure::from(error).or_next(|| match kind {
            ErrorKind::Unsupported | ErrorKind::InvalidArgument => {
                "quorate --at consul://127.0.0.1:8500 …, or quorate --help for the URLs".into()
            }
            _ => "quorate --at embedded:DIR …, with a directory that you may write to".into(),
        })
    })
}
