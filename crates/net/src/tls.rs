//! Who to trust, and who to be, when speaking TLS.

mod certificates;
mod client;
mod layer;
mod source;

use std::fmt;
use std::path::PathBuf;

use crate::error::BoxError;
use crate::secret::Secret;

pub(crate) use client::{TlsClient, is_rejection};
pub use layer::TlsLayer;
pub(crate) use source::TlsSource;

/// How the server's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verify {
    /// Signed by a trusted CA, valid now, and for the name that was dialled.
    #[default]
    Full,
    /// Not at all. Anybody on the way can read and change everything: for experiments only.
    None,
}

/// The TLS side of a client. The default trusts the system's CAs and shows no certificate.
///
/// CAs from a file, a directory and memory add up, and replace those of the system. Everything
/// is read when the client is built, and files again before a connection when they changed.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct TlsOptions {
    /// A PEM file with one or more CA certificates.
    pub ca_file: Option<PathBuf>,
    /// A directory whose files, at any depth, hold CA certificates in PEM. Files without one are
    /// passed over.
    pub ca_dir: Option<PathBuf>,
    /// CA certificates in PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// A PEM file with the client's certificate chain, its own certificate first.
    pub client_cert_file: Option<PathBuf>,
    /// A PEM file with the client's private key. Default: the certificate's file.
    pub client_key_file: Option<PathBuf>,
    /// The client's certificate chain in PEM, instead of a file.
    pub client_cert_pem: Option<Vec<u8>>,
    /// The client's private key in PEM, instead of a file. Default: looked for in the
    /// certificate's PEM.
    pub client_key_pem: Option<Secret>,
    /// The name to ask for and to check, instead of the host that is dialled.
    pub server_name: Option<String>,
    /// How the server is checked. Default [`Verify::Full`].
    pub verify: Verify,
}

impl TlsOptions {
    /// Trusts the CAs in this PEM file.
    #[must_use]
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Trusts the CAs in the PEM files of this directory.
    #[must_use]
    pub fn with_ca_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_dir = Some(path.into());
        self
    }

    /// Trusts the CAs in this PEM text.
    #[must_use]
    pub fn with_ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// Shows the certificate in one PEM file, with the key in another (or in the same).
    #[must_use]
    pub fn with_client_files(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.client_cert_file = Some(cert.into());
        self.client_key_file = Some(key.into());
        self
    }

    /// Shows this certificate.
    #[must_use]
    pub fn with_client_pem(mut self, cert: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        self.client_cert_pem = Some(cert.into());
        self.client_key_pem = Some(key.into());
        self
    }

    /// Asks for this name and checks it, whatever host is dialled.
    #[must_use]
    pub fn with_server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Sets how the server is checked.
    #[must_use]
    pub fn with_verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The PEM texts are left out: a certificate's may hold the key as well.
        f.debug_struct("TlsOptions")
            .field("ca_file", &self.ca_file)
            .field("ca_dir", &self.ca_dir)
            .field("ca_pem", &self.ca_pem.is_some())
            .field("client_cert_file", &self.client_cert_file)
            .field("client_key_file", &self.client_key_file)
            .field("client_cert_pem", &self.client_cert_pem.is_some())
            .field("client_key_pem", &self.client_key_pem)
            .field("server_name", &self.server_name)
            .field("verify", &self.verify)
            .finish()
    }
}

/// Why a client cannot speak TLS as it was told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file or directory cannot be read.
    #[error("cannot read the {what} `{}`", path.display())]
    Read {
        /// What it should hold.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A text is not PEM.
    #[error("the {what} is not valid PEM")]
    Pem {
        /// What it should hold.
        what: &'static str,
        /// Why.
        source: BoxError,
    },
    /// A text or a directory holds nothing of what it should.
    #[error("no {what} found")]
    Missing {
        /// What should be there.
        what: &'static str,
    },
    /// The same thing is given both as a file and as text.
    #[error("the {what} is given twice: as a file and as text")]
    Twice {
        /// What is given.
        what: &'static str,
    },
    /// A CA certificate cannot be used.
    #[error("a CA certificate is not valid")]
    Ca {
        /// Why.
        source: BoxError,
    },
    /// The client's certificate and key do not belong together, or are of an unknown kind.
    #[error("the client certificate and key cannot be used")]
    Identity {
        /// Why.
        source: BoxError,
    },
    /// The system has no CA certificates, and no others are given.
    #[error("the system has no CA certificates; give a CA file")]
    NoSystemRoots,
    /// The name to check is neither a DNS name nor an IP address.
    #[error("`{name}` is not a name that a certificate can have")]
    ServerName {
        /// The name.
        name: String,
    },
    /// The TLS library refuses the combination.
    #[error("TLS cannot be set up")]
    Setup {
        /// Why.
        source: BoxError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_print_no_key() {
        let options = TlsOptions::default()
            .with_client_pem("cert with key: hunter2", "hunter2")
            .with_server_name("server.dc1.consul");
        let text = format!("{options:?}");
        assert!(
            !text.contains("hunter2") && !text.contains("104, 117"),
            "{text}"
        );
        assert!(text.contains("server.dc1.consul"));
    }
}
