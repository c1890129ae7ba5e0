//! The servers of a domain, looked up again and again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quorate_net::endpoint::Endpoint;
use quorate_net::error::EndpointError;

use super::error::{Class, Error, ErrorKind};
use crate::v2;
use crate::v2::discovery::{SrvLookup, addresses};

/// A domain whose servers are found by DNS SRV records.
#[derive(Clone)]
pub(crate) struct Discovery {
    pub(crate) domain: String,
    pub(crate) resolver: Arc<dyn SrvLookup>,
    /// How often the records are looked up.
    pub(crate) every: Duration,
    pub(crate) require_tls: bool,
}

impl Discovery {
    pub(super) async fn look_up(&self) -> Result<Vec<Endpoint>, Error> {
        let found = addresses(&*self.resolver, &self.domain).await;
        let found = found.map_err(|error| self.failed(error))?;
        let read = found.iter().map(|address| {
            let endpoint = Endpoint::parse(address)?;
            Ok(if self.require_tls {
                endpoint.with_tls(true)
            } else {
                endpoint
            })
        });
        read.collect::<Result<_, _>>()
            .map_err(|error: EndpointError| self.unusable(error))
    }

    fn operation(&self) -> String {
        format!("find the servers of `{}`", self.domain.escape_debug())
    }

    fn failed(&self, error: v2::Error) -> Error {
        let kind = match error.kind() {
            v2::ErrorKind::NotFound => ErrorKind::NotFound,
            v2::ErrorKind::InvalidArgument => ErrorKind::InvalidArgument,
            _ => ErrorKind::Unavailable,
        };
        let class = Class::new(kind, error.outcome(), error.advice());
        let text = error.text().unwrap_or("the look-up failed").to_owned();
        Error::new(class, self.operation())
            .with_detail(text)
            .with_source(error)
    }

    /// What was found can't be used.
    pub(super) fn unusable(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::new(Class::refused(ErrorKind::Protocol), self.operation())
            .with_detail("an address cannot be used")
            .with_source(error)
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery")
            .field("domain", &self.domain)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}
