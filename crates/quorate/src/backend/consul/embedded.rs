//! The agent in this process, through the same client over an in-memory connection.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use quorate_agent::{AgentConfig, AgentError, SharedAgent};
use quorate_consul::Client;

use super::{ConsulBackend, Host, capabilities, error};
use crate::backend::{Backend, BoxFuture};
use crate::builder::Settings;
use crate::target::user_data_dir;
use crate::{Capabilities, Consistency, Error, ErrorKind, Result};

/// The agent on `dir`, or on the user's own data directory.
pub(crate) async fn open(dir: Option<PathBuf>, settings: &Settings) -> Result<Backend> {
    let url = match &dir {
        Some(dir) => format!("embedded:{}", dir.display()),
        None => "embedded:".to_owned(),
    };
    let dir = dir.map_or_else(user_data_dir, Ok)?;
    let capabilities = Capabilities {
        durable: true,
        shared: true,
        ..capabilities()
    };
    start(AgentConfig::directory(dir), url, capabilities, settings).await
}

/// An agent of its own, in memory.
pub(crate) async fn open_memory(settings: &Settings) -> Result<Backend> {
    start(
        AgentConfig::memory(),
        "memory:".to_owned(),
        capabilities(),
        settings,
    )
    .await
}

async fn start(
    config: AgentConfig,
    url: String,
    capabilities: Capabilities,
    settings: &Settings,
) -> Result<Backend> {
    let agent = SharedAgent::open(config)
        .await
        .map_err(|error| from_agent(error, &url))?;
    // The client keeps the agent: what is still to be released when the last handle is dropped
    // finds somebody to tell.
    let mut builder = Client::builder().dialer(agent.clone());
    if let Some(timeout) = settings.timeout {
        builder = builder.timeouts(super::timeouts(Some(timeout)));
    }
    let client = builder.build();
    let client =
        client.map_err(|error| error::from_native(error, format!("connect to `{url}`"), &url))?;
    let consistency = Consistency::Default;
    let host: Option<Arc<dyn Host>> = Some(Arc::new(agent));
    Ok(ConsulBackend {
        client,
        url,
        consistency,
        host,
    }
    .into_backend(capabilities))
}

fn from_agent(error: AgentError, url: &str) -> Error {
    let kind = match &error {
        AgentError::InvalidName { .. }
        | AgentError::InvalidListen { .. }
        | AgentError::UnknownCompat(_) => ErrorKind::InvalidArgument,
        AgentError::NewerFormat { .. } => ErrorKind::Unsupported,
        AgentError::Closed => ErrorKind::Closed,
        AgentError::Directory { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename => ErrorKind::InvalidArgument,
            _ => ErrorKind::Unavailable,
        },
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, "start the embedded agent", error.to_string())
        .with_target(url)
        .with_source(error)
}

impl Host for SharedAgent {
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.shutdown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(error: AgentError) -> ErrorKind {
        let error = from_agent(error, "embedded:/d");
        assert!(error.native::<AgentError>().is_some());
        assert_eq!(error.target(), Some("embedded:/d"));
        error.kind()
    }

    #[test]
    fn why_an_agent_does_not_start_has_a_kind() {
        let directory = |kind: io::ErrorKind| AgentError::Directory {
            path: "/d".into(),
            source: kind.into(),
        };
        for (error, expected) in [
            (
                directory(io::ErrorKind::PermissionDenied),
                ErrorKind::PermissionDenied,
            ),
            (
                directory(io::ErrorKind::NotADirectory),
                ErrorKind::InvalidArgument,
            ),
            (
                directory(io::ErrorKind::StorageFull),
                ErrorKind::Unavailable,
            ),
            (AgentError::Store("damaged".into()), ErrorKind::Unavailable),
            (AgentError::Closed, ErrorKind::Closed),
            (
                AgentError::NewerFormat {
                    path: "/d".into(),
                    found: 2,
                    known: 1,
                },
                ErrorKind::Unsupported,
            ),
        ] {
            assert_eq!(kind(error), expected);
        }
    }
}
