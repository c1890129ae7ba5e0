//! The service mesh as an agent serves it.

use serde::{Deserialize, Serialize};

use crate::consul::{GoTime, SecretText};

/// The body of `POST /v1/agent/connect/authorize`: may a client connect to a service?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct AuthorizeRequest {
    /// The name of the service that the client connects to.
    pub target: String,
    /// The URI in the client's certificate: `spiffe://…/svc/NAME`.
    #[serde(rename = "ClientCertURI")]
    pub client_cert_uri: String,
    /// The serial number of the client's certificate, as hexadecimal pairs with colons.
    pub client_cert_serial: String,
}

impl AuthorizeRequest {
    /// A client with this certificate that connects to `target`.
    pub fn new(
        target: impl Into<String>,
        uri: impl Into<String>,
        serial: impl Into<String>,
    ) -> Self {
        Self {
            target: target.into(),
            client_cert_uri: uri.into(),
            client_cert_serial: serial.into(),
        }
    }
}

/// Whether a client may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Authorization {
    /// Whether it may.
    pub authorized: bool,
    /// Why, for people.
    pub reason: String,
}

impl Authorization {
    /// An answer with its reason.
    pub fn new(authorized: bool, reason: impl Into<String>) -> Self {
        Self {
            authorized,
            reason: reason.into(),
        }
    }
}

/// The certificate of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CaLeaf {
    /// Its serial number, as hexadecimal pairs with colons.
    pub serial_number: String,
    /// The certificate, as PEM.
    #[serde(rename = "CertPEM")]
    pub cert_pem: String,
    /// Its key, as PEM.
    #[serde(rename = "PrivateKeyPEM")]
    pub private_key_pem: SecretText,
    /// The service's name.
    pub service: String,
    /// The URI in the certificate.
    #[serde(rename = "ServiceURI")]
    pub service_uri: String,
    /// From when it counts.
    pub valid_after: GoTime,
    /// Until when it counts.
    pub valid_before: GoTime,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}
