use std::collections::HashSet;

use quorate_wire::consul::config_entry::{
    IngressGateway, IngressListener, IngressService, LinkedService, TerminatingGateway,
};

use super::super::refusal::Refusal;
use super::check::refuse_if;
use crate::quote::quote;

/// What stands for any service, and at the left of a host for any label.
const ANY: &str = "*";
/// The longest host, and the longest label of one.
const MAX_HOST: usize = 255;
const MAX_LABEL: usize = 63;

pub(super) fn check_ingress(gateway: &mut IngressGateway) -> Result<(), Refusal> {
    for listener in &mut gateway.listeners {
        listener.protocol = match listener.protocol.as_str() {
            "" => "tcp".to_owned(),
            protocol => protocol.to_lowercase(),
        };
    }
    refuse_if(gateway.name.is_empty(), || {
        "failed inserting config entry: object missing primary index".to_owned()
    })?;
    let mut ports = HashSet::new();
    for listener in &gateway.listeners {
        let port = listener.port;
        refuse_if(!ports.insert(port), || {
            format!("port {port} declared on two listeners")
        })?;
        check_listener(listener, gateway.tls.enabled)?;
    }
    Ok(())
}

fn check_listener(listener: &IngressListener, tls: bool) -> Result<(), Refusal> {
    let IngressListener {
        port,
        protocol,
        services,
        ..
    } = listener;
    let known = ["tcp", "http", "http2", "grpc"].contains(&protocol.as_str());
    refuse_if(!known, || {
        format!(
            "protocol must be 'tcp', 'http', 'http2', or 'grpc'. '{protocol}' is an unsupported protocol"
        )
    })?;
    refuse_if(services.is_empty(), || {
        format!("No service declared for listener with port {port}")
    })?;
    refuse_if(protocol != "http" && services.len() > 1, || {
        format!(
            "Multiple services per listener are only supported for protocol = 'http' (listener on port {port})"
        )
    })?;
    let mut hosts = HashSet::new();
    for service in services {
        check_service(listener, service)?;
        for host in &service.hosts {
            refuse_if(!hosts.insert(host), || {
                format!("Hosts must be unique within a specific listener (listener on port {port})")
            })?;
            check_host(host, tls)?;
        }
    }
    Ok(())
}

fn check_service(listener: &IngressListener, service: &IngressService) -> Result<(), Refusal> {
    let port = listener.port;
    let (any, hosts) = (service.name == ANY, !service.hosts.is_empty());
    let tcp = listener.protocol == "tcp";
    let problems = [
        (
            tcp && any,
            "Wildcard service name is only valid for protocol = 'http'",
        ),
        (
            tcp && hosts,
            "Associating hosts to a service is not supported for the tcp protocol",
        ),
        (service.name.is_empty(), "Service name cannot be blank"),
        (
            any && hosts,
            "Associating hosts to a wildcard service is not supported",
        ),
    ];
    for (wrong, problem) in problems {
        refuse_if(wrong, || format!("{problem} (listener on port {port})"))?;
    }
    Ok(())
}

fn check_host(host: &str, tls: bool) -> Result<(), Refusal> {
    if host == ANY {
        return refuse_if(tls, || {
            "Host '*' is not allowed when TLS is enabled, all hosts must be valid DNS records to add as a DNSSAN".to_owned()
        });
    }
    refuse_if(!is_domain_name(host), || {
        format!("Host {} must be a valid DNS hostname", quote(host))
    })?;
    let rest = host.strip_prefix("*.").unwrap_or(host);
    refuse_if(rest.contains('*'), || {
        format!(
            "Host {} is not valid, a wildcard specifier is only allowed as the leftmost label",
            quote(host)
        )
    })
}

/// Whether DNS can carry the name: no label is empty or too long. Any byte may stand in one.
fn is_domain_name(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let label = |label: &str| !label.is_empty() && label.len() <= MAX_LABEL;
    host == "." || (host.len() <= MAX_HOST && labels.split('.').all(label))
}

pub(super) fn check_terminating(gateway: &TerminatingGateway) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for service in &gateway.services {
        let name = &service.name;
        refuse_if(name.is_empty(), || {
            "Service name cannot be blank.".to_owned()
        })?;
        refuse_if(!seen.insert(name), || {
            format!(
                "Service {} was specified more than once within a namespace",
                quote(name)
            )
        })?;
        refuse_if(is_half_configured(service), || {
            format!(
                "Service {} must have a CertFile, CAFile, and KeyFile specified for TLS origination",
                quote(name)
            )
        })?;
    }
    Ok(())
}

/// A file of authorities may stand alone; a certificate and its key need all three.
fn is_half_configured(service: &LinkedService) -> bool {
    let (ca, cert, key) = (&service.ca_file, &service.cert_file, &service.key_file);
    let some = !cert.is_empty() || !key.is_empty();
    some && [ca, cert, key].iter().any(|file| file.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_that_dns_can_carry() {
        for good in ["a", "a_b", "a.b:80", "*.a", "a.", "."] {
            assert!(is_domain_name(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "a..b", ".a", long.as_str()] {
            assert!(!is_domain_name(bad), "{bad}");
        }
    }
}
