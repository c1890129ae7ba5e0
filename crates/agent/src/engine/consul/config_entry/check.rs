//! What an entry must be like, and the form in which it is kept.

use quorate_wire::consul::ConfigEntry;
use quorate_wire::consul::config_entry::ProxyDefaults;

use super::super::refusal::Refusal;
use super::{gateway, resolver, router, splitter};

/// Brings an entry into the form in which it is kept, and checks it by itself.
pub(super) fn check(entry: &mut ConfigEntry) -> Result<(), Refusal> {
    match entry {
        ConfigEntry::ServiceDefaults(defaults) => {
            defaults.protocol = defaults.protocol.to_lowercase();
            required_service(&defaults.name)
        }
        ConfigEntry::ProxyDefaults(defaults) => {
            ProxyDefaults::NAME.clone_into(&mut defaults.name);
            Ok(())
        }
        ConfigEntry::ServiceRouter(router) => router::check(router),
        ConfigEntry::ServiceSplitter(splitter) => splitter::check(splitter),
        ConfigEntry::ServiceResolver(resolver) => resolver::check(resolver),
        ConfigEntry::IngressGateway(gateway) => gateway::check_ingress(gateway),
        ConfigEntry::TerminatingGateway(gateway) => {
            required_service(&gateway.name)?;
            gateway::check_terminating(gateway)
        }
        other => Err(Refusal::ConfigEntry(format!(
            "invalid config entry kind: {}",
            other.kind()
        ))),
    }
}

/// Consul's word when it is asked for the chain of a service without a name.
fn required_service(name: &str) -> Result<(), Refusal> {
    refuse_if(name.is_empty(), || "serviceName is required".to_owned())
}

pub(super) fn required_name(name: &str) -> Result<(), Refusal> {
    refuse_if(name.is_empty(), || "Name is required".to_owned())
}

pub(super) fn refuse_if(wrong: bool, text: impl FnOnce() -> String) -> Result<(), Refusal> {
    if wrong {
        return Err(Refusal::ConfigEntry(text()));
    }
    Ok(())
}
