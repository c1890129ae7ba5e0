//! Reading certificates and keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{TlsError, TlsOptions};

const CA: &str = "CA certificate";
const CERT: &str = "client certificate";
const KEY: &str = "client private key";

/// A client's certificate chain and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The CAs to trust: those that are given, or else those of the system.
pub(super) fn roots(options: &TlsOptions) -> Result<RootCertStore, TlsError> {
    let TlsOptions {
        ca_file,
        ca_dir,
        ca_pem,
        ..
    } = options;
    if ca_file.is_none() && ca_dir.is_none() && ca_pem.is_none() {
        return system_roots();
    }
    let mut store = RootCertStore::empty();
    if let Some(path) = ca_file {
        add_some(&mut store, &read(CA, path)?)?;
    }
    if let Some(pem) = ca_pem {
        add_some(&mut store, pem)?;
    }
    if let Some(dir) = ca_dir {
        let mut found = 0;
        for path in files_below(dir)? {
            found += add(&mut store, &read(CA, &path)?)?;
        }
        if found == 0 {
            return Err(TlsError::Missing { what: CA });
        }
    }
    Ok(store)
}

/// The system's CAs, read at first use and kept: there may be hundreds.
fn system_roots() -> Result<RootCertStore, TlsError> {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut store = RootCertStore::empty();
        // Systems carry certificates that rustls cannot read; the others are good enough.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        store
    });
    if roots.is_empty() {
        Err(TlsError::NoSystemRoots)
    } else {
        Ok(roots.clone())
    }
}

/// Adds the certificates of a PEM text, at least one.
fn add_some(store: &mut RootCertStore, pem: &[u8]) -> Result<(), TlsError> {
    match add(store, pem)? {
        0 => Err(TlsError::Missing { what: CA }),
        _ => Ok(()),
    }
}

/// Adds the certificates of a PEM text and counts them.
fn add(store: &mut RootCertStore, pem: &[u8]) -> Result<usize, TlsError> {
    let certificates = chain(CA, pem)?;
    let count = certificates.len();
    for certificate in certificates {
        store.add(certificate).map_err(|error| TlsError::Ca {
            source: error.into(),
        })?;
    }
    Ok(count)
}

/// The client's certificate and key, if it has any.
pub(super) fn identity(options: &TlsOptions) -> Result<Option<Identity>, TlsError> {
    let cert = text(
        CERT,
        options.client_cert_file.as_deref(),
        options.client_cert_pem.as_deref(),
    )?;
    let key = options
        .client_key_pem
        .as_ref()
        .map(|key| key.expose().as_bytes());
    let key = text(KEY, options.client_key_file.as_deref(), key)?;
    let Some(cert) = cert else {
        return match key {
            None => Ok(None),
            Some(_) => Err(TlsError::Missing { what: CERT }),
        };
    };
    let chain = chain(CERT, &cert)?;
    if chain.is_empty() {
        return Err(TlsError::Missing { what: CERT });
    }
    let key = match PrivateKeyDer::from_pem_slice(key.as_deref().unwrap_or(&cert)) {
        Ok(key) => key,
        Err(rustls_pki_types::pem::Error::NoItemsFound) => {
            return Err(TlsError::Missing { what: KEY });
        }
        Err(error) => {
            return Err(TlsError::Pem {
                what: KEY,
                source: error.into(),
            });
        }
    };
    Ok(Some((chain, key)))
}

/// What is in the file, or in memory; both is a mistake.
fn text(
    what: &'static str,
    file: Option<&Path>,
    memory: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, TlsError> {
    match (file, memory) {
        (Some(_), Some(_)) => Err(TlsError::Twice { what }),
        (Some(path), None) => read(what, path).map(Some),
        (None, memory) => Ok(memory.map(<[u8]>::to_vec)),
    }
}

fn chain(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Pem {
            what,
            source: error.into(),
        })
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read {
        what,
        path: path.into(),
        source,
    })
}

/// The files below a directory, in a fixed order. Links to files are followed, links to
/// directories are not, so that the walk always ends.
fn files_below(dir: &Path) -> Result<Vec<PathBuf>, TlsError> {
    let fail = |path: &Path, source| TlsError::Read {
        what: CA,
        path: path.into(),
        source,
    };
    let mut files = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(&dir).map_err(|source| fail(&dir, source))? {
            let entry = entry.map_err(|source| fail(&dir, source))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|source| fail(&path, source))?;
            if kind.is_dir() {
                pending.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
