use quorate_wire::consul::config_entry::{ResolverFailover, ResolverRedirect, ServiceResolver};

use super::super::refusal::Refusal;
use super::check::{refuse_if, required_name};
use crate::quote::quote;

/// The longest name of a subset.
const MAX_SUBSET: usize = 63;

pub(super) fn check(resolver: &ServiceResolver) -> Result<(), Refusal> {
    required_name(&resolver.name)?;
    for name in resolver.subsets.keys() {
        check_subset_name(name)?;
    }
    let default = &resolver.default_subset;
    refuse_if(!default.is_empty() && !has(resolver, default), || {
        format!("DefaultSubset {} is not a valid subset", quote(default))
    })?;
    if let Some(redirect) = &resolver.redirect {
        check_redirect(resolver, redirect)?;
    }
    for (subset, failover) in &resolver.failover {
        check_failover(resolver, subset, failover)?;
    }
    Ok(())
}

fn has(resolver: &ServiceResolver, subset: &str) -> bool {
    resolver.subsets.contains_key(subset)
}

fn check_subset_name(name: &str) -> Result<(), Refusal> {
    refuse_if(name.is_empty(), || {
        "Subset defined with empty name".to_owned()
    })?;
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = name.len() <= MAX_SUBSET
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-');
    refuse_if(!good, || {
        format!(
            "Subset {} is invalid: must be 63 characters or fewer, begin or end with lower case alphanumeric characters, and contain lower case alphanumeric characters or '-' in between",
            quote(name)
        )
    })
}

fn check_redirect(resolver: &ServiceResolver, redirect: &ResolverRedirect) -> Result<(), Refusal> {
    let text = |text: &str| text.to_owned();
    refuse_if(!resolver.failover.is_empty(), || {
        text("Redirect and Failover cannot both be set")
    })?;
    let ResolverRedirect {
        service,
        service_subset: subset,
        namespace,
        datacenter,
        ..
    } = redirect;
    let all = [service, subset, namespace, datacenter];
    refuse_if(all.iter().all(|it| it.is_empty()), || {
        text("Redirect is empty")
    })?;
    if service.is_empty() {
        refuse_if(!subset.is_empty(), || {
            text("Redirect.ServiceSubset defined without Redirect.Service")
        })?;
        return refuse_if(!namespace.is_empty(), || {
            text("Redirect.Namespace defined without Redirect.Service")
        });
    }
    let own = *service == resolver.name && !subset.is_empty();
    refuse_if(own && !has(resolver, subset), || {
        let (subset, service) = (quote(subset), quote(service));
        format!("Redirect.ServiceSubset {subset} is not a valid subset of {service}")
    })
}

fn check_failover(
    resolver: &ServiceResolver,
    of: &str,
    failover: &ResolverFailover,
) -> Result<(), Refusal> {
    let place = quote(of);
    refuse_if(of != "*" && !has(resolver, of), || {
        format!("Bad Failover[{place}]: not a valid subset")
    })?;
    let ResolverFailover {
        service,
        service_subset: subset,
        namespace,
        datacenters,
        ..
    } = failover;
    let nothing = [service, subset, namespace].iter().all(|it| it.is_empty());
    refuse_if(nothing && datacenters.is_empty(), || {
        format!(
            "Bad Failover[{place}] one of Service, ServiceSubset, Namespace, or Datacenters is required"
        )
    })?;
    let own = service.is_empty() || *service == resolver.name;
    refuse_if(own && !subset.is_empty() && !has(resolver, subset), || {
        let (subset, service) = (quote(subset), quote(service));
        format!("Bad Failover[{place}].ServiceSubset {subset} is not a valid subset of {service}")
    })?;
    refuse_if(datacenters.iter().any(String::is_empty), || {
        format!("Bad Failover[{place}].Datacenters: found empty datacenter")
    })
}
