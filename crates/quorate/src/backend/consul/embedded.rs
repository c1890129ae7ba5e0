//! The agent in this process, through the same client over an in-memory connection.

use std::path::PathBuf;
use std::sync::Arc;

use quorate_agent::shared::SharedAgent;
use quorate_agent::{Agent, AgentConfig, AgentError};
use quorate_consul::{Client, ClientBuilder};

use super::{ConsulBackend, capabilities, error};
use crate::backend::{Backend, BoxFuture, Lifecycle};
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
    let agent = SharedAgent::open(AgentConfig::directory(dir)).await;
    let agent = agent.map_err(|error| from_agent(error, &url))?;
    let client = client(
        Client::builder().dialer(Arc::new(agent.clone())),
        settings,
        &url,
    )?;
    let capabilities = Capabilities {
        durable: true,
        shared: true,
        ..capabilities()
    };
    Ok(backend(client, url, Arc::new(Shared(agent)), capabilities))
}

/// An agent of its own, in memory.
pub(crate) async fn open_memory(settings: &Settings) -> Result<Backend> {
    let url = "memory:".to_owned();
    let agent = Agent::start(AgentConfig::memory()).await;
    let agent = agent.map_err(|error| from_agent(error, &url))?;
    let client = client(
        Client::builder().dialer(Arc::new(agent.dialer())),
        settings,
        &url,
    )?;
    Ok(backend(client, url, Arc::new(Own(agent)), capabilities()))
}

fn client(builder: ClientBuilder, settings: &Settings, url: &str) -> Result<Client> {
    let builder = match settings.timeout {
        Some(timeout) => builder.timeouts(super::timeouts(timeout)),
        None => builder,
    };
    let client = builder.build();
    client.map_err(|error| error::from_native(error, format!("connect to `{url}`"), url))
}

fn backend(
    client: Client,
    url: String,
    host: Arc<dyn Lifecycle>,
    capabilities: Capabilities,
) -> Backend {
    let consistency = Consistency::Default;
    ConsulBackend {
        client,
        url,
        consistency,
        host: Some(host),
    }
    .into_backend(capabilities)
}

fn from_agent(error: AgentError, url: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "start the embedded agent",
        error.to_string(),
    )
    .with_target(url)
    .with_source(error)
}

#[derive(Debug)]
struct Shared(SharedAgent);

impl Lifecycle for Shared {
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.0.shutdown().await;
            Ok(())
        })
    }
}

#[derive(Debug)]
struct Own(Agent);

impl Lifecycle for Own {
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.0.shutdown().await;
            Ok(())
        })
    }
}
