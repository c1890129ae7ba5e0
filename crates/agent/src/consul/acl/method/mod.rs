//! Who vouches for those who log in, by the kind of the auth method.

mod config;
mod der;
mod jwt;
mod key;
mod kubernetes;

use std::collections::BTreeMap;
use std::time::SystemTime;

use quorate_wire::consul::acl::{AuthMethod, AuthMethodType};
use serde::Serialize;

use crate::consul::filter::{Fields, JWT_LOGIN, KUBERNETES_LOGIN};
use config::JwtConfig;

/// What an auth method says of someone who logs in: what selectors ask, and what stands for
/// `${…}` in names.
#[derive(Debug, Default, Serialize)]
pub(super) struct Identity {
    pub(super) value: BTreeMap<String, String>,
    pub(super) list: BTreeMap<String, Vec<String>>,
}

/// Checks what an auth method needs to know, in Consul's words.
pub(super) fn check(method: &AuthMethod) -> Result<(), String> {
    match &method.kind {
        AuthMethodType::Jwt => JwtConfig::parse(&method.config.0).map(drop),
        AuthMethodType::Kubernetes => kubernetes::check(&method.config.0),
        _ => Err("Type should be one of: [jwt kubernetes]".into()),
    }
}

/// Who it is that proves itself with `proof`.
pub(super) fn identify(
    method: &AuthMethod,
    proof: &str,
    now: SystemTime,
) -> Result<Identity, String> {
    match &method.kind {
        AuthMethodType::Jwt => {
            let config = JwtConfig::parse(&method.config.0)?;
            jwt::identify(&config, proof, now)
        }
        _ => Err(format!(
            "logins by an auth method of type {} are not served by this agent",
            crate::quote::quote(method.kind.as_str())
        )),
    }
}

/// What selectors of a method's binding rules may ask.
pub(super) fn selectors(method: &AuthMethod) -> &'static Fields {
    match &method.kind {
        AuthMethodType::Kubernetes => &KUBERNETES_LOGIN,
        _ => &JWT_LOGIN,
    }
}

/// What may stand in `${…}` of a method's binding rules.
pub(super) fn variables(method: &AuthMethod) -> Vec<String> {
    match &method.kind {
        AuthMethodType::Kubernetes => ["namespace", "name", "uid"]
            .iter()
            .map(|name| format!("serviceaccount.{name}"))
            .collect(),
        _ => {
            let config = JwtConfig::parse(&method.config.0).unwrap_or_default();
            let names = config.claims.into_values();
            names.map(|name| format!("value.{name}")).collect()
        }
    }
}
