//! Further addresses of a service.

use serde::{Deserialize, Serialize};

/// An address of a service with its port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServiceAddress {
    /// An IP address or a host name.
    pub address: String,
    /// The port: servers take any number.
    pub port: i64,
}

impl ServiceAddress {
    /// An address with its port.
    #[must_use]
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self {
            address: address.into(),
            port: port.into(),
        }
    }
}
