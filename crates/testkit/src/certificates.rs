//! Certificates for tests of TLS: an authority of the test's own, and what it signs.
//!
//! ```
//! use quorate_testkit::certificates::Authority;
//!
//! let folder = tempfile::tempdir()?;
//! // ca.pem, 127.0.0.1.pem, 127.0.0.1.key, client.pem and client.key.
//! Authority::new()?.write(folder.path(), &["127.0.0.1", "client"])?;
//! assert!(folder.path().join("client.key").exists());
//! # std::io::Result::Ok(())
//! ```

use std::path::Path;
use std::{fs, io};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// An authority that nobody knows but those who are given its [`pem`](Self::pem).
#[derive(Debug)]
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, both in PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub pem: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// Makes one, with a key that no other has.
    ///
    /// # Errors
    ///
    /// When the machine has no randomness.
    pub fn new() -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self {
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// Its own certificate, for those who are to trust it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for `name`, a host's name or an IP address, for a server as for a client.
    ///
    /// # Errors
    ///
    /// When `name` can be in no certificate.
    pub fn sign(&self, name: &str) -> io::Result<Certificate> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = CertificateParams::new(vec![name.to_owned()]).map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer);
        Ok(Certificate {
            pem: certificate.map_err(io::Error::other)?.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Writes `ca.pem` into `folder`, and for each name a new certificate, as `NAME.pem` and
    /// `NAME.key`. Files of these names are replaced.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign), and when a file cannot be written.
    pub fn write(&self, folder: &Path, names: &[&str]) -> io::Result<()> {
        fs::write(folder.join("ca.pem"), self.pem())?;
        for name in names {
            let Certificate { pem, key } = self.sign(name)?;
            fs::write(folder.join(format!("{name}.pem")), pem)?;
            fs::write(folder.join(format!("{name}.key")), key)?;
        }
        Ok(())
    }
}
