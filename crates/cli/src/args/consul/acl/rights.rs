//! What gives a token or a role its rights.

use clap::Args;
use quorate_consul::acl::{NodeIdentity, ServiceIdentity};

/// Policies and identities.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Rights")]
pub(crate) struct RightsArgs {
    /// A policy, by its id or the beginning of it; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) policy_id: Vec<String>,
    /// A policy, by its name; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) policy_name: Vec<String>,
    /// A service that it may be, everywhere or in some datacenters; may be repeated
    #[arg(long, value_name = "NAME[:DC,…]", value_parser = service_identity)]
    pub(crate) service_identity: Vec<ServiceIdentity>,
    /// A node that it may be; may be repeated
    #[arg(long, value_name = "NODE:DC", value_parser = node_identity)]
    pub(crate) node_identity: Vec<NodeIdentity>,
}

/// `web`, or `web:dc1,dc2`.
fn service_identity(text: &str) -> Result<ServiceIdentity, String> {
    let (name, datacenters) = match text.split_once(':') {
        None => (text, Vec::new()),
        Some((name, datacenters)) => (name, datacenters.split(',').collect()),
    };
    if name.is_empty() || datacenters.iter().any(|datacenter| datacenter.is_empty()) {
        return Err("write it as NAME or NAME:DC,DC".into());
    }
    let identity = ServiceIdentity::new(name);
    Ok(datacenters
        .into_iter()
        .fold(identity, ServiceIdentity::with_datacenter))
}

/// `n1:dc1`.
fn node_identity(text: &str) -> Result<NodeIdentity, String> {
    match text.split_once(':') {
        Some((node, datacenter))
            if !node.is_empty() && !datacenter.is_empty() && !datacenter.contains(':') =>
        {
            Ok(NodeIdentity::new(node, datacenter))
        }
        _ => Err("write it as NODE:DC".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_with_or_without_datacenters() {
        assert_eq!(service_identity("web"), Ok(ServiceIdentity::new("web")));
        let two = ServiceIdentity::new("web")
            .with_datacenter("dc1")
            .with_datacenter("dc2");
        assert_eq!(service_identity("web:dc1,dc2"), Ok(two));
        for wrong in ["", ":dc1", "web:", "web:dc1,"] {
            assert!(service_identity(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_node_is_named_with_its_datacenter() {
        assert_eq!(node_identity("n1:dc1"), Ok(NodeIdentity::new("n1", "dc1")));
        for wrong in ["n1", "n1:", ":dc1", "n1:a:b"] {
            assert!(node_identity(wrong).is_err(), "{wrong}");
        }
    }
}
