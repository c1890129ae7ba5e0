//! The options about TLS.

use std::path::PathBuf;

use quorate_net::tls::{TlsOptions, Verify};

use super::query::Query;
use super::refuse;
use crate::Result;

/// Whom to trust and who to be, where TLS is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsTarget {
    /// `ca`: a file with the certificates that certify the server.
    pub ca_file: Option<PathBuf>,
    /// `ca-dir`: a directory with such files.
    pub ca_dir: Option<PathBuf>,
    /// `cert`: the client's certificate.
    pub cert_file: Option<PathBuf>,
    /// `key`: the key of the client's certificate.
    pub key_file: Option<PathBuf>,
    /// `server-name`: the name that the server's certificate must have.
    pub server_name: Option<String>,
    /// `verify=false`: the server's certificate is not checked.
    pub insecure: bool,
}

/// The names of the options.
pub(super) const OPTIONS: [&str; 6] = ["ca", "ca-dir", "cert", "key", "server-name", "verify"];

impl TlsTarget {
    /// Takes the options out. `plain` is a scheme that has no TLS, and the one that has.
    pub(super) fn take(url: &str, query: &mut Query, plain: Option<&str>) -> Result<Self> {
        if let Some(with_tls) = plain
            && let Some(name) = OPTIONS.iter().find(|name| query.has(name))
        {
            let detail = format!("option `{name}` needs TLS: write `{with_tls}://`");
            return Err(refuse(url, &detail));
        }
        let tls = Self {
            ca_file: query.take_path(url, "ca")?,
            ca_dir: query.take_path(url, "ca-dir")?,
            cert_file: query.take_path(url, "cert")?,
            key_file: query.take_path(url, "key")?,
            server_name: query.take_text(url, "server-name")?,
            insecure: insecure(url, query)?,
        };
        if tls.cert_file.is_some() != tls.key_file.is_some() {
            return Err(refuse(url, "options `cert` and `key` belong together"));
        }
        Ok(tls)
    }

    /// The options of a client, with what is said here instead of what they say.
    #[must_use]
    pub fn over(&self, mut options: TlsOptions) -> TlsOptions {
        if let Some(path) = &self.ca_file {
            options = options.with_ca_file(path);
        }
        if let Some(path) = &self.ca_dir {
            options = options.with_ca_dir(path);
        }
        if let (Some(cert), Some(key)) = (&self.cert_file, &self.key_file) {
            options = options.with_client_files(cert, key);
        }
        if let Some(name) = &self.server_name {
            options = options.with_server_name(name);
        }
        if self.insecure {
            options = options.with_verify(Verify::None);
        }
        options
    }
}

fn insecure(url: &str, query: &mut Query) -> Result<bool> {
    match query.take_text(url, "verify")?.as_deref() {
        None | Some("true") => Ok(false),
        Some("false") => Ok(true),
        Some(_) => Err(refuse(url, "option `verify` is true or false")),
    }
}
