//! What the `kubernetes` kind of auth methods needs to know. It is checked and kept; logins would
//! need the cluster itself.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Map, Value};

use super::config::{refuse, text};

pub(super) fn check(config: &Map<String, Value>) -> Result<(), String> {
    let (mut host, mut certificate, mut account) = Default::default();
    let (mut problems, mut unknown) = (Vec::new(), Vec::new());
    for (name, value) in config {
        let field: &mut String = match name.to_ascii_lowercase().as_str() {
            "host" => &mut host,
            "cacert" => &mut certificate,
            "serviceaccountjwt" => &mut account,
            _ => {
                unknown.push(name.as_str());
                continue;
            }
        };
        match text(name, value) {
            Ok(text) => *field = text,
            Err(problem) => problems.push(problem),
        }
    }
    if !unknown.is_empty() {
        problems.push(format!("'' has invalid keys: {}", unknown.join(", ")));
    }
    refuse(&problems)?;
    if host.is_empty() {
        return Err("Config.Host is required".into());
    }
    if certificate.is_empty() {
        return Err("Config.CACert is required".into());
    }
    if CertificateDer::from_pem_slice(certificate.as_bytes()).is_err() {
        let text = "data does not contain any valid RSA or ECDSA certificates";
        return Err(format!("error parsing kubernetes ca cert: {text}"));
    }
    if account.is_empty() {
        return Err("Config.ServiceAccountJWT is required".into());
    }
    if account.trim().split('.').count() != 3 {
        let text = "square/go-jose: compact JWS format must have three parts";
        return Err(format!(
            "Config.ServiceAccountJWT is not a valid JWT: {text}"
        ));
    }
    Ok(())
}
