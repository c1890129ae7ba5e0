//! Health: `/v1/health`.

mod check;
mod query;
mod service;

use crate::client::Client;

pub use query::ServiceQuery;

/// Health: which nodes and services work.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::{HealthStatus, HealthCheck, NodeService, RegisterRequest, ServiceQuery};
///
/// let search = NodeService::new("search").with_port(9200);
/// let check = |status| HealthCheck::new("search-http", status).with_service_id("search");
/// let register = |status| {
///     RegisterRequest::new("search-1", "10.0.0.7").with_service(search.clone()).with_check(check(status))
/// };
/// client.catalog().register(&register(HealthStatus::Passing)).await?;
///
/// let usable = ServiceQuery::new("search").with_passing_only();
/// let instances = client.health().service(usable.clone()).await?;
/// assert_eq!(instances[0].effective_address(), "10.0.0.7");
///
/// client.catalog().register(&register(HealthStatus::Critical)).await?;
/// assert!(client.health().service(usable).await?.is_empty());
/// assert_eq!(client.health().service("search").await?[0].status(), HealthStatus::Critical);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Health {
    client: Client,
}

impl Health {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}
