//! The certificate authority of Consul's mesh: `/v1/connect/ca/…`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::duration::GoDuration;
use super::time::GoTime;

/// The authorities that are trusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CaRoots {
    /// The id of the one that signs.
    #[serde(rename = "ActiveRootID")]
    pub active_root_id: String,
    /// The domain in the identities of services.
    pub trust_domain: String,
    /// All that are trusted.
    #[serde(deserialize_with = "super::nullable::or_default")]
    pub roots: Vec<CaRoot>,
}

impl CaRoots {
    /// The one that signs.
    #[must_use]
    pub fn active(&self) -> Option<&CaRoot> {
        self.roots.iter().find(|root| root.active)
    }
}

/// One authority.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CaRoot {
    /// Its id: the certificate's fingerprint.
    #[serde(rename = "ID")]
    pub id: String,
    /// A name for people.
    pub name: String,
    /// The certificate's serial number.
    pub serial_number: u64,
    /// The id of the key that signs.
    #[serde(rename = "SigningKeyID")]
    pub signing_key_id: String,
    /// The cluster that it was made for.
    pub external_trust_domain: String,
    /// From when it is valid.
    pub not_before: GoTime,
    /// Until when it is valid.
    pub not_after: GoTime,
    /// The certificate, in PEM.
    pub root_cert: String,
    /// Certificates between it and those of services, in PEM; `None` is shown as `null`.
    pub intermediate_certs: Option<Vec<String>>,
    /// Whether it is the one that signs.
    pub active: bool,
    /// `ec` or `rsa`.
    pub private_key_type: String,
    /// The length of its key.
    pub private_key_bits: u64,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// How certificates are made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct CaConfiguration {
    /// Who makes them: `consul`, `vault` or `aws-pca`.
    pub provider: String,
    /// The provider's settings, such as `LeafCertTTL`.
    pub config: Option<Map<String, Value>>,
    /// What the provider remembers; only the server writes it.
    pub state: Option<Map<String, Value>>,
    /// Whether a new authority may replace one that can't sign it.
    pub force_without_cross_signing: bool,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl CaConfiguration {
    /// Certificates of a provider with its default settings.
    #[must_use]
    pub fn new(provider: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            ..Self::default()
        }
    }

    /// Sets one of the provider's settings.
    #[must_use]
    pub fn with_config(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let config = self.config.get_or_insert_default();
        config.insert(key.into(), value.into());
        self
    }

    /// Sets for how long certificates of services are valid: an hour to a year.
    #[must_use]
    pub fn with_leaf_cert_ttl(self, ttl: Duration) -> Self {
        self.with_config("LeafCertTTL", GoDuration::from(ttl).to_string())
    }

    /// Lets a new authority replace one that can't sign it.
    #[must_use]
    pub fn forced_without_cross_signing(mut self) -> Self {
        self.force_without_cross_signing = true;
        self
    }

    /// For how long certificates of services are valid; `None` for the server's default of three
    /// days, and for what is no duration.
    #[must_use]
    pub fn leaf_cert_ttl(&self) -> Option<Duration> {
        self.duration("LeafCertTTL")
    }

    /// After which time the authority is replaced; `None` for the server's default of 90 days.
    #[must_use]
    pub fn rotation_period(&self) -> Option<Duration> {
        self.duration("RotationPeriod")
    }

    fn duration(&self, setting: &str) -> Option<Duration> {
        let text = self.config.as_ref()?.get(setting)?.as_str()?;
        text.parse::<GoDuration>().ok()?.to_duration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_they_are_written() {
        let three_days = Duration::from_secs(3 * 24 * 60 * 60);
        let configuration = CaConfiguration::new("consul").with_leaf_cert_ttl(three_days);
        assert_eq!(configuration.leaf_cert_ttl(), Some(three_days));
        assert_eq!(configuration.rotation_period(), None);
        let json = serde_json::to_value(&configuration).unwrap();
        assert_eq!(json["Config"]["LeafCertTTL"], "72h0m0s");
    }
}
