//! From an endpoint to a connection that is ready for a request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::timeout;

use super::{Dial, Stream, tcp};
use crate::endpoint::{Address, Endpoint, EndpointId, EndpointSet};
use crate::error::{BoxError, Failure, NetErrorKind, Phase};
use crate::http::ConfigError;
use crate::tls::{TlsClient, TlsOptions};

/// Makes connections to the servers of one set. What is constant for each is computed once.
#[derive(Debug)]
pub(crate) struct Connector {
    targets: Box<[Target]>,
    dial: Option<Arc<dyn Dial>>,
    limit: Duration,
}

#[derive(Debug)]
struct Target {
    endpoint: Endpoint,
    host: HeaderValue,
    tls: Option<TlsClient>,
}

impl Connector {
    pub(crate) fn new(
        endpoints: &EndpointSet,
        dial: Option<Arc<dyn Dial>>,
        tls: &TlsOptions,
        limit: Duration,
    ) -> Result<Self, ConfigError> {
        let mut config = None;
        let mut targets = Vec::with_capacity(endpoints.len());
        for (_, endpoint) in endpoints.iter() {
            if dial.is_none() && matches!(endpoint.address(), Address::Memory) {
                return Err(ConfigError::MemoryWithoutDialer);
            }
            let tls = match endpoint.address() {
                Address::Tcp { host, .. } if endpoint.is_tls() => {
                    let config = match &config {
                        Some(config) => Arc::clone(config),
                        None => Arc::clone(config.insert(tls.build()?)),
                    };
                    Some(TlsClient::new(
                        config,
                        tls.server_name.as_deref().unwrap_or(host),
                    )?)
                }
                _ => None,
            };
            let host =
                HeaderValue::try_from(endpoint.host_header()).map_err(|_| ConfigError::Host {
                    endpoint: endpoint.to_string(),
                })?;
            targets.push(Target {
                endpoint: endpoint.clone(),
                host,
                tls,
            });
        }
        Ok(Self {
            targets: targets.into(),
            dial,
            limit,
        })
    }

    /// The value of the `Host` header for a server; `None` if the set has no such server.
    pub(crate) fn host(&self, id: EndpointId) -> Option<&HeaderValue> {
        self.targets.get(id.index()).map(|target| &target.host)
    }

    /// Connects within the time to connect. `phase` follows.
    pub(crate) async fn connect(
        &self,
        id: EndpointId,
        phase: &mut Phase,
    ) -> Result<Stream, Failure> {
        let target = &self.targets[id.index()];
        let made = timeout(self.limit, self.establish(target, phase)).await;
        match made {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(source)) => {
                let kind = match *phase {
                    Phase::Tls if !is_cut(&source) => NetErrorKind::Tls,
                    _ => NetErrorKind::Io,
                };
                Err(Failure::new(*phase, kind, source))
            }
            Err(_) => Err(Failure::timeout(*phase)),
        }
    }

    async fn establish(&self, target: &Target, phase: &mut Phase) -> Result<Stream, BoxError> {
        *phase = Phase::Connect;
        let stream = match &self.dial {
            Some(dial) => dial.dial(&target.endpoint).await?,
            None => dial_by_address(target.endpoint.address(), phase).await?,
        };
        match &target.tls {
            None => Ok(stream),
            Some(tls) => {
                *phase = Phase::Tls;
                Ok(tls.handshake(stream).await?)
            }
        }
    }
}

async fn dial_by_address(address: &Address, phase: &mut Phase) -> Result<Stream, BoxError> {
    match address {
        Address::Tcp { host, port } => Ok(tcp::connect(host, *port, phase).await?.into()),
        #[cfg(unix)]
        Address::Unix(path) => Ok(tokio::net::UnixStream::connect(path).await?.into()),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
        Address::Memory => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
}

/// Whether a handshake failed because the connection broke, which may be better next time, and
/// not because the two sides disagree.
fn is_cut(error: &BoxError) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| {
        // rustls reports what it does not accept as `InvalidData`, and as `Other` what its own
        // side cannot do.
        !matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::Other
        )
    })
}
