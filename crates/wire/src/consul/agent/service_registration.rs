//! Services as they are registered at an agent.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::check_registration::{CheckDefinition, InvalidCheck};
use crate::consul::SecretText;
use crate::consul::service::{Connect, Proxy, ServiceAddress, ServiceKind, Weights};

/// The most labels of a service.
pub const MAX_META: usize = 64;
/// The longest name of a label, in bytes.
pub const MAX_META_KEY_BYTES: usize = 128;
/// The longest label, in bytes.
pub const MAX_META_VALUE_BYTES: usize = 512;

/// The body of `PUT /v1/agent/service/register`.
///
/// ```
/// use std::time::Duration;
/// use quorate_wire::consul::agent::{CheckDefinition, ServiceRegistration};
///
/// let service = ServiceRegistration::new("web")
///     .with_id("web-1")
///     .with_port(8080)
///     .with_tag("v2")
///     .with_meta("rack", "7")
///     .with_check(CheckDefinition::http("http://127.0.0.1:8080/", Duration::from_secs(10)));
/// assert_eq!(service.id(), "web-1");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ServiceRegistration {
    /// What it is for. Default: an ordinary service.
    #[serde(skip_serializing_if = "ServiceKind::is_typical")]
    pub kind: ServiceKind,
    /// Its id, unique at its agent. Default: its name.
    #[serde(rename = "ID", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The service's name. Only a sidecar has a default.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its labels: at most 64, names of up to 128 letters, digits, `-` and `_`, and values of up
    /// to 512 bytes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
    /// Its port; 0 if it has none.
    #[serde(skip_serializing_if = "is_zero")]
    pub port: u16,
    /// Its address. Default: that of its node.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Further addresses: `lan`, `wan`, …
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tagged_addresses: BTreeMap<String, ServiceAddress>,
    /// Lets its tags be changed in the catalog; otherwise the agent sets them back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub enable_tag_override: bool,
    /// How much of the load it takes. Default 1 and 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// Its checks. Those of an earlier registration that are not among them stay, unless they are
    /// to be replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckDefinition>,
    /// What it does if it is a proxy or a gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// How it takes part in the mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<ConnectRegistration>,
    /// The ACL token with which the agent keeps it in the catalog, instead of its own. Agents
    /// take it from a configuration file; of a request they take its own token, so a client sends
    /// this one there.
    #[serde(skip_serializing_if = "SecretText::is_empty")]
    pub token: SecretText,
}

/// How a service takes part in the mesh.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConnectRegistration {
    /// It speaks the mesh's protocol itself.
    Native,
    /// The agent registers a proxy beside it. Everything about the proxy has a default: its name
    /// is the service's with `-sidecar-proxy` behind it, its port a free one of 21000 to 21255.
    Sidecar(Box<ServiceRegistration>),
}

impl Serialize for ConnectRegistration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Form<'a> {
            sidecar_service: &'a ServiceRegistration,
        }
        match self {
            Self::Native => Connect::native().serialize(serializer),
            Self::Sidecar(sidecar) => Form {
                sidecar_service: sidecar,
            }
            .serialize(serializer),
        }
    }
}

impl ServiceRegistration {
    /// An instance of the service `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Its id: the one given, or else its name.
    #[must_use]
    pub fn id(&self) -> &str {
        match self.id.as_str() {
            "" => &self.name,
            id => id,
        }
    }

    /// Sets its id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets what it is for.
    #[must_use]
    pub fn with_kind(mut self, kind: ServiceKind) -> Self {
        self.kind = kind;
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Adds tags.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_meta(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.meta.insert(name.into(), value.into());
        self
    }

    /// Sets its port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets its address, an IP address or a host name.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Adds a further address: `lan`, `wan`, …
    #[must_use]
    pub fn with_tagged_address(mut self, tag: impl Into<String>, address: ServiceAddress) -> Self {
        self.tagged_addresses.insert(tag.into(), address);
        self
    }

    /// Lets its tags be changed in the catalog.
    #[must_use]
    pub fn with_enable_tag_override(mut self) -> Self {
        self.enable_tag_override = true;
        self
    }

    /// Sets how much of the load it takes.
    #[must_use]
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Adds a check.
    #[must_use]
    pub fn with_check(mut self, check: impl Into<CheckDefinition>) -> Self {
        self.checks.push(check.into());
        self
    }

    /// Sets what it does as a proxy or a gateway.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Says that it speaks the mesh's protocol itself.
    #[must_use]
    pub fn with_connect_native(mut self) -> Self {
        self.connect = Some(ConnectRegistration::Native);
        self
    }

    /// Registers a proxy beside it; [`ServiceRegistration::default`] leaves everything about it to
    /// the agent.
    #[must_use]
    pub fn with_sidecar(mut self, sidecar: Self) -> Self {
        self.connect = Some(ConnectRegistration::Sidecar(Box::new(sidecar)));
        self
    }

    /// Sets the ACL token with which the agent keeps it in the catalog.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<SecretText>) -> Self {
        self.token = token.into();
        self
    }

    /// Checks what an agent would refuse.
    ///
    /// # Errors
    /// [`InvalidService`] names the field.
    pub fn validate(&self) -> Result<(), InvalidService> {
        if self.name.is_empty() {
            return Err(InvalidService::Name);
        }
        self.validate_rest()
    }

    fn validate_rest(&self) -> Result<(), InvalidService> {
        if matches!(self.address.as_str(), "0.0.0.0" | "::" | "[::]") {
            return Err(InvalidService::Address);
        }
        if self.weights.is_some_and(|weights| {
            weights.passing == 0 || weights.passing.max(weights.warning) > 65_535
        }) {
            return Err(InvalidService::Weights);
        }
        if self.meta.len() > MAX_META {
            return Err(InvalidService::MetaCount(self.meta.len()));
        }
        for (name, value) in &self.meta {
            let named = !name.is_empty()
                && name.len() <= MAX_META_KEY_BYTES
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if !named || value.len() > MAX_META_VALUE_BYTES {
                return Err(InvalidService::Meta(name.clone()));
            }
        }
        for check in &self.checks {
            check.validate().map_err(InvalidService::Check)?;
        }
        match &self.connect {
            Some(ConnectRegistration::Sidecar(sidecar)) if sidecar.connect.is_some() => {
                Err(InvalidService::Sidecar)
            }
            Some(ConnectRegistration::Sidecar(sidecar)) => sidecar.validate_rest(),
            Some(ConnectRegistration::Native) | None => Ok(()),
        }
    }
}

/// What an agent would refuse of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidService {
    /// It has no name.
    #[error("Name: must not be empty")]
    Name,
    /// Nobody can connect to such an address.
    #[error("Address: must be one that others can connect to")]
    Address,
    /// The weights are out of bounds.
    #[error("Weights: Passing must be 1 to 65535, and Warning 0 to 65535")]
    Weights,
    /// It has too many labels.
    #[error("Meta: {0} labels are more than the {MAX_META} allowed")]
    MetaCount(usize),
    /// A label has a wrong name or is too long.
    #[error(
        "Meta: {0:?} needs a name of up to {MAX_META_KEY_BYTES} letters, digits, - and _, and a \
         value of up to {MAX_META_VALUE_BYTES} bytes"
    )]
    Meta(String),
    /// One of its checks is wrong.
    #[error("Checks: {0}")]
    Check(#[source] InvalidCheck),
    /// A sidecar has no sidecar.
    #[error("Connect.SidecarService: a sidecar takes no part in the mesh by itself")]
    Sidecar,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
fn is_zero(port: &u16) -> bool {
    *port == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_not_set_is_left_out() {
        let text = |service: &ServiceRegistration| serde_json::to_string(service).unwrap();
        assert_eq!(text(&ServiceRegistration::new("web")), r#"{"Name":"web"}"#);
        let native = ServiceRegistration::new("web").with_connect_native();
        assert_eq!(text(&native), r#"{"Name":"web","Connect":{"Native":true}}"#);
        let sidecar = ServiceRegistration::new("web").with_sidecar(ServiceRegistration::default());
        assert_eq!(
            text(&sidecar),
            r#"{"Name":"web","Connect":{"SidecarService":{}}}"#
        );
        assert_eq!(sidecar.validate(), Ok(()));
    }

    #[test]
    fn what_an_agent_would_refuse_is_refused() {
        let web = || ServiceRegistration::new("web");
        let ttl = CheckDefinition::ttl(Duration::ZERO);
        let many = (0..65).fold(web(), |web, at| web.with_meta(format!("k{at}"), ""));
        for (service, field) in [
            (ServiceRegistration::new(""), "Name"),
            (web().with_address("0.0.0.0"), "Address"),
            (web().with_weights(Weights::new(0, 1)), "Weights"),
            (web().with_weights(Weights::new(1, 65_536)), "Weights"),
            (web().with_meta("a b", ""), "Meta"),
            (web().with_meta("a", "x".repeat(513)), "Meta"),
            (web().with_meta("x".repeat(129), ""), "Meta"),
            (many, "Meta"),
            (web().with_check(ttl.clone()), "TTL"),
            (web().with_sidecar(web().with_check(ttl)), "TTL"),
            (web().with_sidecar(web().with_connect_native()), "Sidecar"),
        ] {
            let error = service.validate().unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
