use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::ClientConfig;

use super::client::{handshake, server_name};
use super::{TlsError, TlsOptions};
use crate::transport::{Protocol, Stream};

/// Puts TLS on top of connections that were made elsewhere. Clones share what was read and set up.
#[derive(Clone)]
pub struct TlsLayer(Arc<ClientConfig>);

impl TlsLayer {
    /// Reads what the options name, and offers `protocols` (such as `http/1.1` or `h2`) to servers.
    ///
    /// # Errors
    ///
    /// [`TlsError`], when something can't be read or used.
    pub fn new(options: &TlsOptions, protocols: &[&[u8]]) -> Result<Self, TlsError> {
        let mut config = ClientConfig::clone(&*options.build(Protocol::Http1)?);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Self(Arc::new(config)))
    }

    /// Speaks TLS with a server of that name, which is a DNS name or an IP address.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] when it is neither, [`io::ErrorKind::InvalidData`] when the
    /// two don't come to terms, and what the connection says.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn handshake(&self, name: &str, stream: Stream) -> io::Result<Stream> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let name = server_name(name).map_err(invalid)?;
        handshake(Arc::clone(&self.0), name, stream).await
    }
}

impl fmt::Debug for TlsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsLayer").finish_non_exhaustive()
    }
}
