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
use crate::tls::{TlsClient, TlsOptions, TlsSource};

/// What is spoken on a connection, as TLS announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

impl Protocol {
    pub(crate) fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// Makes connections to the servers of one set. What is constant for each is computed once.
#[derive(Debug)]
pub struct Connector {
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
    /// For the servers of `endpoints`, each connection within `limit`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when TLS cannot be set up as asked, or a server cannot be reached by any
    /// means given.
    pub fn new(
        endpoints: &EndpointSet,
        dial: Option<Arc<dyn Dial>>,
        tls: &TlsOptions,
        protocol: Protocol,
        limit: Duration,
    ) -> Result<Self, ConfigError> {
        let mut source = None;
        let mut targets = Vec::with_capacity(endpoints.len());
        for (_, endpoint) in endpoints.iter() {
            if dial.is_none() && matches!(endpoint.address(), Address::Memory) {
                return Err(ConfigError::MemoryWithoutDialer);
            }
            let tls = match endpoint.address() {
                Address::Tcp { host, .. } if endpoint.is_tls() => {
                    let source = match &source {
                        Some(source) => Arc::clone(source),
                        None => Arc::clone(source.insert(Arc::new(TlsSource::new(tls, protocol)?))),
                    };
                    Some(TlsClient::new(
                        source,
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
    pub fn host(&self, id: EndpointId) -> Option<&HeaderValue> {
        self.targets.get(id.index()).map(|target| &target.host)
    }

    /// Connects within the time to connect. `phase` follows.
    ///
    /// # Errors
    ///
    /// Why there is no connection. Nothing was sent.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left behind.
    pub async fn connect(&self, id: EndpointId, phase: &mut Phase) -> Result<Stream, Failure> {
        let Some(target) = self.targets.get(id.index()) else {
            return Err(Failure::new(
                *phase,
                NetErrorKind::Request,
                "no such server",
            ));
        };
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
