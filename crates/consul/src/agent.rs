//! The agent itself: `/v1/agent`.

mod checks;
mod connect;
mod health;
mod maintenance;
mod members;
mod monitor;
mod services;
mod tokens;
mod ttl;
mod watch;

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::consul::agent::{HostReport, Metrics};
use quorate_wire::consul::{AgentSelf, path};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::call::{Call, Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

pub use monitor::{LogFormat, LogLines, MonitorOptions};
pub use services::RegisterOptions;
pub use watch::ServiceWatch;

/// The agent behind the client's first address: its services and checks, the pool that it is a
/// member of, its log and its counters.
///
/// What an agent knows about itself is not what another knows about itself, so these calls never
/// fail over to another address, and never carry a datacenter.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// assert_eq!(client.agent().datacenter().await?, "dc1");
/// println!("served by {}", client.agent().node_name().await?);
/// for member in client.agent().members().await? {
///     println!("{} at {} is {}", member.name, member.addr, member.status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Agent {
    client: Client,
}

impl Agent {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// What the agent says of itself: its configuration, itself as a member, its counters.
    ///
    /// `GET /v1/agent/self`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `agent:read`.
    pub async fn self_info(&self) -> Result<AgentSelf, Error> {
        Ok(self.self_info_with(&QueryOptions::default()).await?.value)
    }

    /// [`self_info`](Self::self_info) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`self_info`](Self::self_info).
    pub async fn self_info_with(&self, options: &QueryOptions) -> Result<Answer<AgentSelf>, Error> {
        let operation = Operation::new("ask the agent about itself", "");
        self.read(operation, Url::new(path::AGENT_SELF), options)
            .await
    }

    /// The name of the agent's node.
    ///
    /// # Errors
    /// As [`self_info`](Self::self_info).
    pub async fn node_name(&self) -> Result<String, Error> {
        Ok(self.self_info().await?.config.node_name)
    }

    /// The name of the agent's datacenter.
    ///
    /// # Errors
    /// As [`self_info`](Self::self_info).
    pub async fn datacenter(&self) -> Result<String, Error> {
        Ok(self.self_info().await?.config.datacenter)
    }

    /// What the agent says of its machine: memory, processors, system, disk.
    ///
    /// `GET /v1/agent/host`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `operator:read`; `Unsupported` before Consul 1.7.
    pub async fn host(&self) -> Result<HostReport, Error> {
        Ok(self.host_with(&QueryOptions::default()).await?.value)
    }

    /// [`host`](Self::host) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`host`](Self::host).
    pub async fn host_with(&self, options: &QueryOptions) -> Result<Answer<HostReport>, Error> {
        let operation = Operation::new("ask the agent about its machine", "");
        self.read(operation, Url::new(path::AGENT_HOST), options)
            .await
    }

    /// What the agent counted in its last interval of 10 s.
    ///
    /// `GET /v1/agent/metrics`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `agent:read`.
    pub async fn metrics(&self) -> Result<Metrics, Error> {
        Ok(self.metrics_with(&QueryOptions::default()).await?.value)
    }

    /// [`metrics`](Self::metrics) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`metrics`](Self::metrics).
    pub async fn metrics_with(&self, options: &QueryOptions) -> Result<Answer<Metrics>, Error> {
        let operation = Operation::new("ask the agent for its counters", "");
        self.read(operation, Url::new(path::AGENT_METRICS), options)
            .await
    }

    /// The counters in the text format of Prometheus.
    ///
    /// `GET /v1/agent/metrics?format=prometheus`
    ///
    /// # Errors
    /// As [`metrics`](Self::metrics); `Unsupported` unless the agent's
    /// `telemetry.prometheus_retention_time` is set.
    pub async fn metrics_prometheus(&self) -> Result<String, Error> {
        let options = QueryOptions::default();
        Ok(self.metrics_prometheus_with(&options).await?.value)
    }

    /// [`metrics_prometheus`](Self::metrics_prometheus) with options; only the token and the
    /// timeout matter here.
    ///
    /// # Errors
    /// As [`metrics_prometheus`](Self::metrics_prometheus).
    pub async fn metrics_prometheus_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<String>, Error> {
        let operation = Operation::new("ask the agent for its counters", "");
        let mut url = Url::new(path::AGENT_METRICS);
        url.pair("format", "prometheus");
        let mut call = self.client.read_local(operation, url, options);
        call.listing = true;
        let reply = self.client.execute(call).await?;
        reply.answer(|body| std::str::from_utf8(body).map(str::to_owned))
    }

    /// Makes the agent read its configuration files again. Sent again when the answer is lost.
    ///
    /// A Consul in development mode, which has no data directory, forgets the services and checks
    /// that were registered through the API.
    ///
    /// `PUT /v1/agent/reload`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `agent:write`.
    pub async fn reload(&self) -> Result<(), Error> {
        self.reload_with(&WriteOptions::default()).await
    }

    /// [`reload`](Self::reload) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`reload`](Self::reload).
    pub async fn reload_with(&self, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("reload the agent", "");
        self.write(operation, Url::new(path::AGENT_RELOAD), options)
            .await
    }

    /// A read whose answer is JSON.
    async fn read<T: DeserializeOwned>(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<T>, Error> {
        let mut call = self.client.read_local(operation, url, options);
        call.listing = true;
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// A `PUT` that says the same when it is said twice, and is answered with nothing.
    async fn write(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        self.finish(self.put(operation, url, options)).await
    }

    /// The same with a body.
    async fn write_json(
        &self,
        operation: Operation<'_>,
        url: Url,
        body: &impl Serialize,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let mut call = self.put(operation, url, options);
        call.body = encode(operation, body)?;
        self.finish(call).await
    }

    fn put<'a>(&self, operation: Operation<'a>, url: Url, options: &'a WriteOptions) -> Call<'a> {
        let mut call = self
            .client
            .write_local(operation, Method::PUT, url, options);
        call.effect = Effect::Idempotent;
        call
    }

    async fn finish(&self, call: Call<'_>) -> Result<(), Error> {
        self.client.execute(call).await?.success().map(drop)
    }
}

fn encode(operation: Operation<'_>, body: &impl Serialize) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(body)
        .map_err(|error| Error::invalid(operation.to_string(), "the request").with_source(error))?;
    Ok(body.into())
}

/// Refuses a name that can't be sent as one segment of a path.
fn check_name(operation: Operation<'_>, what: &str, name: &str) -> Result<(), Error> {
    path::check_key(name)
        .map_err(|error| Error::invalid(operation.to_string(), format_args!("{what}: {error}")))
}

/// Whether an answer says that the thing asked for is not there, and not that the route is not.
fn is_missing(reply: &crate::reply::Reply<'_>) -> bool {
    reply.status == StatusCode::NOT_FOUND && !reply.body.is_empty()
}
