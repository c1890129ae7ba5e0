//! A resolver that reads the system's settings.

use std::io;

use hickory_resolver::TokioResolver;
use quorate_net::transport::BoxFuture;

use super::{SrvLookup, SrvRecord};

/// Asks the name servers that the system is set up with (`/etc/resolv.conf`).
#[derive(Clone, Debug)]
pub struct SystemResolver(TokioResolver);

impl SystemResolver {
    /// Reads the system's settings.
    ///
    /// # Errors
    /// The settings cannot be read.
    pub fn new() -> io::Result<Self> {
        let builder = TokioResolver::builder_tokio().map_err(io::Error::other)?;
        Ok(Self(builder.build()))
    }
}

impl SrvLookup for SystemResolver {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<SrvRecord>>> {
        Box::pin(async move {
            let found = self.0.srv_lookup(name).await.map_err(|error| {
                if error.is_no_records_found() {
                    io::Error::from(io::ErrorKind::NotFound)
                } else {
                    io::Error::other(error)
                }
            })?;
            let records = found.iter().map(|srv| {
                SrvRecord::new(srv.target().to_string(), srv.port())
                    .with_priority(srv.priority())
                    .with_weight(srv.weight())
            });
            Ok(records.collect())
        })
    }
}
