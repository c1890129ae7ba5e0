//! From the settings to an open backend.

use std::time::Duration;

use quorate::{Builder, Coordinator, ErrorKind};

use crate::config::Config;
use crate::failure::Failure;

/// For how long a server is tried that can't be reached. Somebody waits at the shell, and most
/// often the address is wrong or nothing was started; a service would rather wait.
const REACH: Duration = Duration::from_secs(2);

/// Opens the backend that `--at` names.
pub(crate) async fn open(config: &Config) -> Result<Coordinator, Failure> {
    open_url(config, &config.at).await
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
