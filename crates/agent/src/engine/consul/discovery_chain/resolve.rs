//! Resolvers: which instances a chain ends at.

use std::time::Duration;

use quorate_wire::consul::config_entry::{
    MeshGateway, MeshGatewayMode, ResolverFailover, ServiceDefaults, ServiceResolver,
};
use quorate_wire::consul::discovery_chain::{ChainFailover, ChainNode, ChainResolver, ChainTarget};
use quorate_wire::consul::{ConfigEntry, ConfigKind};

use super::{ChainError, Compiler, NAMESPACE, Trail};

/// How long connecting may take when nothing is said of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a redirect or a failover changes of a target; what is empty stays as it was.
struct Rewrite<'a> {
    service: &'a str,
    subset: &'a str,
    datacenter: &'a str,
}

impl<'a> Compiler<'a> {
    /// The instances of a service, of all or of a subset.
    pub(super) fn target(
        &self,
        service: &str,
        subset: &str,
        datacenter: Option<&str>,
    ) -> ChainTarget {
        let mut target = ChainTarget::default();
        service.clone_into(&mut target.service);
        subset.clone_into(&mut target.service_subset);
        NAMESPACE.clone_into(&mut target.namespace);
        let datacenter = datacenter.unwrap_or(&self.question.datacenter);
        datacenter.clone_into(&mut target.datacenter);
        let all = format!("{service}.{NAMESPACE}.{datacenter}");
        target.id = if subset.is_empty() {
            all
        } else {
            format!("{subset}.{all}")
        };
        target.sni = format!("{}.internal.{}", target.id, self.question.trust_domain);
        target.name.clone_from(&target.sni);
        target
    }

    fn rewritten(&self, target: &ChainTarget, to: &Rewrite<'_>) -> ChainTarget {
        let other = !to.service.is_empty() && to.service != target.service;
        let service = if other { to.service } else { &target.service };
        let subset = match (to.subset, other) {
            // A subset belongs to its service.
            ("", true) => "",
            ("", false) => &target.service_subset,
            (subset, _) => subset,
        };
        let datacenter = match to.datacenter {
            "" => &target.datacenter,
            datacenter => datacenter,
        };
        self.target(service, subset, Some(datacenter))
    }

    /// Keeps the node that resolves `target`, and gives its key.
    pub(super) fn resolver(&mut self, target: ChainTarget) -> Result<String, ChainError> {
        let (target, resolver) = self.follow(target)?;
        let key = format!("resolver:{}", target.id);
        if self.nodes.contains_key(&key) {
            return Ok(key);
        }
        let mut node = ChainNode::default();
        "resolver".clone_into(&mut node.node_type);
        node.name.clone_from(&target.id);
        let mut resolved = ChainResolver::default();
        resolved.default = resolver.is_none_or(says_nothing);
        resolved.target.clone_from(&target.id);
        resolved.connect_timeout = Some(self.connect_timeout(resolver));
        node.resolver = Some(resolved);
        self.load(&target, resolver)?;
        // Kept before what follows, so that a circle ends here.
        self.keep(node.clone());
        let failover = resolver.map_or(Ok(None), |it| self.failover(&target, it))?;
        if let Some(resolved) = &mut node.resolver {
            resolved.failover = failover;
        }
        Ok(self.keep(node))
    }

    /// Follows redirects and default subsets to the target that is meant in the end.
    fn follow(
        &mut self,
        mut target: ChainTarget,
    ) -> Result<(ChainTarget, Option<&'a ServiceResolver>), ChainError> {
        let mut trail = Trail::default();
        loop {
            self.note_protocol(&target.service)?;
            let resolver = match self.entry(&ConfigKind::ServiceResolver, &target.service) {
                Some(ConfigEntry::ServiceResolver(resolver)) => Some(resolver),
                _ => None,
            };
            if !trail.enter(&target.id) {
                return Err(ChainError::CircularRedirect(trail.names));
            }
            if let Some(next) = resolver.and_then(|it| self.redirected(&target, it)) {
                target = next;
                continue;
            }
            let subset = &target.service_subset;
            let known = resolver.is_some_and(|it| it.subsets.contains_key(subset));
            if !subset.is_empty() && !known {
                return Err(ChainError::UnknownSubset {
                    service: target.service.clone(),
                    subset: subset.clone(),
                });
            }
            return Ok((target, resolver));
        }
    }

    fn redirected(&self, target: &ChainTarget, resolver: &ServiceResolver) -> Option<ChainTarget> {
        if let Some(redirect) = &resolver.redirect {
            let next = self.rewritten(
                target,
                &Rewrite {
                    service: &redirect.service,
                    subset: &redirect.service_subset,
                    datacenter: &redirect.datacenter,
                },
            );
            if next.id != target.id {
                return Some(next);
            }
        }
        let defaults = target.service_subset.is_empty() && !resolver.default_subset.is_empty();
        defaults.then(|| {
            let subset = &resolver.default_subset;
            self.target(&target.service, subset, Some(&target.datacenter))
        })
    }

    fn connect_timeout(&mut self, resolver: Option<&ServiceResolver>) -> Duration {
        let own = resolver.and_then(|it| it.connect_timeout);
        let own = own.unwrap_or(CONNECT_TIMEOUT);
        match self.question.overrides.connect_timeout {
            Some(wanted) if wanted != own => {
                self.customized.connect_timeout = true;
                wanted
            }
            _ => own,
        }
    }

    /// Keeps a target with what is said of it.
    fn load(
        &mut self,
        target: &ChainTarget,
        resolver: Option<&ServiceResolver>,
    ) -> Result<(), ChainError> {
        let mut target = target.clone();
        let subset = resolver.and_then(|it| it.subsets.get(&target.service_subset));
        target.subset = subset.cloned().unwrap_or_default();
        let defaults = match self.entry(&ConfigKind::ServiceDefaults, &target.service) {
            Some(ConfigEntry::ServiceDefaults(defaults)) => Some(defaults),
            _ => None,
        };
        if let Some(outside) = defaults.filter(|it| !it.external_sni.is_empty()) {
            target.sni.clone_from(&outside.external_sni);
            target.external = true;
            resolver.map_or(Ok(()), |it| check_external(&target.service, it))?;
        }
        if !target.external && target.datacenter != self.question.own_datacenter {
            target.mesh_gateway = self.mesh_gateway(defaults);
        }
        self.targets.insert(target.id.clone(), target);
        Ok(())
    }

    fn mesh_gateway(&mut self, defaults: Option<&ServiceDefaults>) -> MeshGateway {
        let said = |gateway: &MeshGateway| gateway.mode != MeshGatewayMode::Default;
        let own = defaults.map(|it| &it.mesh_gateway).filter(|it| said(it));
        let common = self.proxy_defaults().map(|it| &it.mesh_gateway);
        let own = own.or(common).cloned().unwrap_or_default();
        let wanted = &self.question.overrides.mesh_gateway;
        if !said(wanted) || *wanted == own {
            return own;
        }
        self.customized.mesh_gateway = true;
        wanted.clone()
    }

    /// Where to turn when `target` has no healthy instance.
    fn failover(
        &mut self,
        target: &ChainTarget,
        resolver: &'a ServiceResolver,
    ) -> Result<Option<ChainFailover>, ChainError> {
        let of_subset = resolver.failover.get(&target.service_subset);
        let Some(failover) = of_subset.or_else(|| resolver.failover.get("*")) else {
            return Ok(None);
        };
        let mut chain = ChainFailover::default();
        for next in self.failover_targets(target, failover) {
            let (next, resolver) = self.follow(next)?;
            // A failover of a failover does not count, and its timeout neither, apart from what
            // it says of the proxy's own.
            self.connect_timeout(resolver);
            self.load(&next, resolver)?;
            chain.targets.push(next.id);
        }
        Ok((!chain.targets.is_empty()).then_some(chain))
    }

    fn failover_targets(
        &self,
        target: &ChainTarget,
        failover: &ResolverFailover,
    ) -> Vec<ChainTarget> {
        let mut datacenters: Vec<&str> = failover.datacenters.iter().map(String::as_str).collect();
        if datacenters.is_empty() {
            datacenters.push("");
        }
        let targets = datacenters.into_iter().map(|datacenter| {
            let to = Rewrite {
                service: &failover.service,
                subset: &failover.service_subset,
                datacenter,
            };
            self.rewritten(target, &to)
        });
        // Nothing fails over to itself.
        targets.filter(|next| next.id != target.id).collect()
    }
}

/// What is outside of the mesh is one thing, and stands for itself.
fn check_external(service: &str, resolver: &ServiceResolver) -> Result<(), ChainError> {
    let defined = [
        (resolver.redirect.is_some(), "redirects"),
        (!resolver.subsets.is_empty(), "subsets"),
        (!resolver.failover.is_empty(), "failover"),
    ];
    match defined.into_iter().find(|(defined, _)| *defined) {
        None => Ok(()),
        Some((_, what)) => Err(ChainError::External {
            service: service.to_owned(),
            what,
        }),
    }
}

/// Whether it resolves as if it were not there: it has a name, and labels perhaps.
fn says_nothing(resolver: &ServiceResolver) -> bool {
    resolver.default_subset.is_empty()
        && resolver.subsets.is_empty()
        && resolver.redirect.is_none()
        && resolver.failover.is_empty()
        && resolver.connect_timeout.unwrap_or_default().is_zero()
}
