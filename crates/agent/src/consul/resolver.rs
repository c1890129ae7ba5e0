//! From the secret of a request to what its holder may do.

use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{
    ANONYMOUS_SECRET, EntryKind, Link, MANAGEMENT_POLICY_ID, NodeIdentity, ServiceIdentity,
};
use rpds::HashTrieMapSync;
use serde_json::{Value, json};

use super::agent::token::AgentTokens;
use crate::acl::{Authorizer, Compiler, Fallback, Rules, node_rules, service_rules};
use crate::config::{AclConfig, AclDefault};
use crate::engine::consul::{AclToken, ROOTS, Seed, State, Table};
use crate::start::acl_seed;

/// The fewest places of the cache that are worth emptying.
const CACHE_FLOOR: usize = 1024;

/// Finds out what the holder of a secret may do. Rules are merged once for each token, and again
/// when the token, a policy or a role has changed; nothing is parsed here.
#[derive(Debug)]
pub(crate) struct Resolver {
    fallback: Fallback,
    pub(crate) key_list_policy: bool,
    pub(crate) persistent: bool,
    pub(crate) own: AgentTokens,
    config: AclConfig,
    datacenter: String,
    /// For the agent's master token: it may write the agent and read every node.
    of_agent: Arc<Authorizer>,
    cache: ArcSwap<HashTrieMapSync<SecretText, Arc<Entry>>>,
}

/// What was found out about a token, and what it depends on.
#[derive(Debug)]
struct Entry {
    token: Arc<AclToken>,
    policies: u64,
    roles: u64,
    authorizer: Arc<Authorizer>,
}

/// Why a secret is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// No token has it, or no longer.
    NotFound,
    /// It stands for a whole policy within Consul, and is never a token.
    Root,
}

impl Resolver {
    pub(crate) fn new(config: &AclConfig, datacenter: &str, node: &str, state: &State) -> Self {
        let fallback = match config.default_policy {
            AclDefault::Deny => Fallback::Deny,
            AclDefault::Allow => Fallback::Allow,
        };
        Self {
            fallback,
            key_list_policy: config.enable_key_list_policy,
            persistent: config.enable_token_persistence,
            own: AgentTokens::new(config, state),
            config: config.clone(),
            datacenter: datacenter.to_owned(),
            of_agent: Arc::new(of_agent(node, fallback)),
            cache: ArcSwap::default(),
        }
    }

    /// What access rules begin with, should it be gone.
    pub(crate) fn seed(&self) -> Seed {
        acl_seed(&self.config)
    }

    /// What is allowed that no rule speaks of, and the settings of the rules, as Consul calls
    /// them.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "ACLsEnabled": true,
            "ACLDefaultPolicy": match self.config.default_policy {
                AclDefault::Deny => "deny",
                AclDefault::Allow => "allow",
            },
            "ACLEnableKeyListPolicy": self.key_list_policy,
            "ACLEnableTokenPersistence": self.persistent,
        })
    }

    /// What is allowed that no rule speaks of.
    pub(crate) fn fallback(&self) -> Fallback {
        self.fallback
    }

    /// What the holder of `secret` may do; without one, what everybody may.
    pub(crate) fn resolve(
        &self,
        secret: &SecretText,
        state: &State,
    ) -> Result<Arc<Authorizer>, Unresolved> {
        let token = self.token(secret, state);
        let Some(token) = token else {
            return match self.own.is_agent_master(secret) {
                true => Ok(Arc::clone(&self.of_agent)),
                false if ROOTS.contains(&secret.expose()) => Err(Unresolved::Root),
                false => Err(Unresolved::NotFound),
            };
        };
        let (policies, roles) = versions(state);
        let cache = self.cache.load();
        if let Some(entry) = cache.get(&token.token.secret_id)
            && Arc::ptr_eq(&entry.token, token)
            && (entry.policies, entry.roles) == (policies, roles)
        {
            return Ok(Arc::clone(&entry.authorizer));
        }
        let authorizer = Arc::new(self.compile(token, state));
        self.remember(Entry {
            token: Arc::clone(token),
            policies,
            roles,
            authorizer: Arc::clone(&authorizer),
        });
        Ok(authorizer)
    }

    /// The token of a secret, unless it has ended.
    pub(crate) fn token<'a>(
        &self,
        secret: &SecretText,
        state: &'a State,
    ) -> Option<&'a Arc<AclToken>> {
        let token = match secret.is_empty() {
            true => state.acl_token(&ANONYMOUS_SECRET.into()),
            false => state.acl_token(secret),
        };
        let ends = |token: &&Arc<AclToken>| token.token.expiration_time.is_some();
        match token.filter(ends) {
            Some(token) if token.is_expired(SystemTime::now().into()) => None,
            _ => token,
        }
    }

    /// Secrets that no token has any more are forgotten with all others, now and then.
    fn remember(&self, entry: Entry) {
        let entry = Arc::new(entry);
        self.cache.rcu(|cache| {
            let mut cache = HashTrieMapSync::clone(cache);
            if cache.size() >= CACHE_FLOOR && cache.size().is_power_of_two() {
                cache = HashTrieMapSync::default();
            }
            cache.insert_mut(entry.token.token.secret_id.clone(), Arc::clone(&entry));
            cache
        });
    }

    fn compile(&self, token: &AclToken, state: &State) -> Authorizer {
        let mut merge = Merge {
            resolver: self,
            state,
            compiler: Compiler::default(),
            manages: token.kind == Some(EntryKind::Management),
        };
        if let Some(rules) = token.rules() {
            merge.compiler.add(rules);
        }
        let token = &token.token;
        merge.policies(&token.policies);
        merge.identities(&token.service_identities, &token.node_identities);
        for link in &token.roles {
            if let Some(role) = state.acl_role(&link.id).ok().and_then(|role| role.value) {
                merge.policies(&role.policies);
                merge.identities(&role.service_identities, &role.node_identities);
            }
        }
        match merge.manages {
            true => Compiler::default().finish(Fallback::Manage),
            false => merge.compiler.finish(self.fallback),
        }
    }

    /// Whether something with these datacenters holds here.
    fn is_here(&self, datacenters: &[String]) -> bool {
        datacenters.is_empty() || datacenters.contains(&self.datacenter)
    }
}

/// The rules of one token on their way into an authorizer.
struct Merge<'a> {
    resolver: &'a Resolver,
    state: &'a State,
    compiler: Compiler,
    manages: bool,
}

impl Merge<'_> {
    /// Links that lead nowhere grant nothing.
    fn policies(&mut self, links: &[Link]) {
        for link in links {
            let policy = self.state.acl_policy(&link.id).ok();
            let Some(policy) = policy.and_then(|policy| policy.value) else {
                continue;
            };
            if self.resolver.is_here(&policy.policy.datacenters) {
                self.manages |= policy.policy.id == MANAGEMENT_POLICY_ID;
                self.compiler.add(policy.rules());
            }
        }
    }

    fn identities(&mut self, services: &[ServiceIdentity], nodes: &[NodeIdentity]) {
        let services = services.iter();
        for identity in services.filter(|it| self.resolver.is_here(&it.datacenters)) {
            self.compiler.add(&service_rules(&identity.service_name));
        }
        let nodes = nodes.iter();
        for identity in nodes.filter(|it| it.datacenter == self.resolver.datacenter) {
            self.compiler.add(&node_rules(&identity.node_name));
        }
    }
}

/// What authorizers depend on besides their token.
fn versions(state: &State) -> (u64, u64) {
    let index = |table| state.indexes().table(table);
    (index(Table::AclPolicies), index(Table::AclRoles))
}

fn of_agent(node: &str, fallback: Fallback) -> Authorizer {
    use crate::acl::{Access, Resource, Rule};
    let rule = |resource, is_prefix, name: &str, access| Rule {
        resource,
        is_prefix,
        name: name.to_owned(),
        access,
        intentions: None,
    };
    let mut compiler = Compiler::default();
    compiler.add(&Rules {
        named: vec![
            rule(Resource::Agent, false, node, Access::Write),
            rule(Resource::Node, true, "", Access::Read),
        ],
        ..Rules::default()
    });
    compiler.finish(fallback)
}
