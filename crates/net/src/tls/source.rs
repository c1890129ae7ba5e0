//! Certificates that change while a client lives.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ClientConfig;

use super::{TlsError, TlsOptions};
use crate::transport::Protocol;

/// What a file looked like: enough to see that it was replaced.
type Stamp = Vec<Option<(SystemTime, u64)>>;

/// TLS as the files say now. They are looked at before each handshake and read again when one of
/// them changed; as long as what they hold cannot be used, what they held before is.
pub(crate) struct TlsSource {
    options: TlsOptions,
    protocol: Protocol,
    state: Mutex<(Stamp, Arc<ClientConfig>)>,
}

impl TlsSource {
    pub(crate) fn new(options: &TlsOptions, protocol: Protocol) -> Result<Self, TlsError> {
        let stamp = stamp(options);
        let config = options.build(protocol)?;
        Ok(Self {
            options: options.clone(),
            protocol,
            state: Mutex::new((stamp, config)),
        })
    }

    pub(crate) fn current(&self) -> Arc<ClientConfig> {
        let stamp = stamp(&self.options);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 != stamp {
            match self.options.build(self.protocol) {
                Ok(config) => *state = (stamp, config),
                // They may be half written: the next handshake looks again.
                Err(error) => tracing::warn!(%error, "changed certificates cannot be used"),
            }
        }
        Arc::clone(&state.1)
    }
}

fn stamp(options: &TlsOptions) -> Stamp {
    let files = [
        &options.ca_file,
        &options.ca_dir,
        &options.client_cert_file,
        &options.client_key_file,
    ];
    let of = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let named = files.into_iter().filter_map(|file| file.as_ref());
    named.map(PathBuf::as_path).map(of).collect()
}

impl fmt::Debug for TlsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSource")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
        params.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn a_file_that_changes_is_read_again_and_nonsense_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, certificate()).unwrap();
        let options = TlsOptions::default().with_ca_file(&file);
        let source = TlsSource::new(&options, Protocol::Http2).unwrap();
        let first = source.current();
        assert!(Arc::ptr_eq(&first, &source.current()));
        std::fs::write(&file, "nonsense").unwrap();
        assert!(Arc::ptr_eq(&first, &source.current()));
        std::fs::write(&file, certificate() + "\n\n").unwrap();
        assert!(!Arc::ptr_eq(&first, &source.current()));
    }
}
