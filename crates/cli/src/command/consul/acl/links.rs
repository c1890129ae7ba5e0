//! Links to policies and roles, and what becomes of those that are there.

use quorate_consul::QueryOptions;
use quorate_consul::acl::{Acl, Link, NodeIdentity, ServiceIdentity};

use super::which;
use crate::args::consul::acl::rights::RightsArgs;
use crate::args::consul::acl::token::RolesArgs;
use crate::failure::Failure;

/// The policies that were named.
pub(super) async fn policies(
    acl: &Acl,
    args: &RightsArgs,
    options: &QueryOptions,
) -> Result<Vec<Link>, Failure> {
    let mut links: Vec<Link> = args.policy_name.iter().map(Link::name).collect();
    for prefix in &args.policy_id {
        links.push(Link::id(which::policy_id(acl, prefix, options).await?));
    }
    Ok(links)
}

/// The roles that were named.
pub(super) async fn roles(
    acl: &Acl,
    args: &RolesArgs,
    options: &QueryOptions,
) -> Result<Vec<Link>, Failure> {
    let mut links: Vec<Link> = args.role_name.iter().map(Link::name).collect();
    for prefix in &args.role_id {
        links.push(Link::id(which::role_id(acl, prefix, options).await?));
    }
    Ok(links)
}

/// Adds links to those that are there, each once.
pub(super) fn add(present: &mut Vec<Link>, named: Vec<Link>) {
    for link in named {
        let same = |other: &Link| {
            (!link.id.is_empty() && link.id == other.id)
                || (!link.name.is_empty() && link.name == other.name)
        };
        if !present.iter().any(same) {
            present.push(link);
        }
    }
}

/// Adds services; one that is there already holds in the datacenters that are named now.
pub(super) fn add_services(present: &mut Vec<ServiceIdentity>, named: &[ServiceIdentity]) {
    for identity in named {
        match present
            .iter_mut()
            .find(|other| other.service_name == identity.service_name)
        {
            Some(other) => other.clone_from(identity),
            None => present.push(identity.clone()),
        }
    }
}

/// Adds nodes, each once.
pub(super) fn add_nodes(present: &mut Vec<NodeIdentity>, named: &[NodeIdentity]) {
    for identity in named {
        if !present.contains(identity) {
            present.push(identity.clone());
        }
    }
}

/// Links as people read them.
pub(super) fn names(links: &[Link]) -> String {
    let names: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_added_once_by_whatever_it_is_named() {
        let mut links = vec![Link::new("1", "one")];
        add(
            &mut links,
            vec![Link::name("one"), Link::id("1"), Link::name("two")],
        );
        assert_eq!(links, [Link::new("1", "one"), Link::name("two")]);
    }

    #[test]
    fn a_service_that_is_named_again_changes_its_datacenters() {
        // As `consul acl role update` of 1.8.7 does it.
        let mut services = vec![ServiceIdentity::new("a"), ServiceIdentity::new("b")];
        let named = [ServiceIdentity::new("a").with_datacenter("dc1")];
        add_services(&mut services, &named);
        assert_eq!(services, [named[0].clone(), ServiceIdentity::new("b")]);
    }

    #[test]
    fn a_node_is_added_for_each_datacenter() {
        let mut nodes = vec![NodeIdentity::new("n", "dc1")];
        let named = [NodeIdentity::new("n", "dc1"), NodeIdentity::new("n", "dc2")];
        add_nodes(&mut nodes, &named);
        assert_eq!(nodes, named);
    }
}
