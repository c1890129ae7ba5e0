use std::sync::Arc;

use quorate_wire::consul::acl::{AuthMethod, BindingRule, Role};
use quorate_wire::consul::{GoTime, SecretText};
use rpds::{HashTrieMapSync, RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::super::row::Row;
use super::bootstrap::Bootstrapped;
use super::policy::AclPolicy;
use super::token::AclToken;

/// Everything that access rules consist of, and how it is found.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Tables {
    pub(super) tokens: HashTrieMapSync<SecretText, Arc<AclToken>>,
    /// The secret of each accessor.
    pub(super) accessors: HashTrieMapSync<Box<str>, SecretText>,
    /// When tokens end by themselves.
    pub(super) ends: RedBlackTreeSetSync<(GoTime, SecretText)>,
    pub(super) policies: RedBlackTreeMapSync<Box<str>, Arc<AclPolicy>>,
    /// The id of each name in lower case.
    pub(super) policy_names: HashTrieMapSync<Box<str>, Box<str>>,
    pub(super) roles: RedBlackTreeMapSync<Box<str>, Arc<Role>>,
    /// The id of each name in lower case.
    pub(super) role_names: HashTrieMapSync<Box<str>, Box<str>>,
    /// By name in lower case.
    pub(super) methods: RedBlackTreeMapSync<Box<str>, Arc<AuthMethod>>,
    pub(super) binding_rules: RedBlackTreeMapSync<Box<str>, Arc<BindingRule>>,
    pub(super) bootstrapped: Bootstrapped,
    /// The tokens that the agent uses itself, by what they are for.
    pub(super) agent_tokens: RedBlackTreeMapSync<Box<str>, SecretText>,
}

impl Tables {
    pub(in super::super) fn put_token(&mut self, token: Arc<AclToken>) {
        let (id, secret) = (&token.token.accessor_id, token.token.secret_id.clone());
        self.remove_token(&secret);
        self.accessors
            .insert_mut(id.as_str().into(), secret.clone());
        if let Some(end) = token.token.expiration_time {
            self.ends.insert_mut((end, secret.clone()));
        }
        self.tokens.insert_mut(secret, token);
    }

    pub(super) fn remove_token(&mut self, secret: &SecretText) {
        let Some(old) = self.tokens.get(secret).cloned() else {
            return;
        };
        self.accessors.remove_mut(old.token.accessor_id.as_str());
        if let Some(end) = old.token.expiration_time {
            self.ends.remove_mut(&(end, secret.clone()));
        }
        self.tokens.remove_mut(secret);
    }

    pub(in super::super) fn put_policy(&mut self, policy: Arc<AclPolicy>) {
        let id: Box<str> = policy.policy.id.as_str().into();
        self.remove_policy(&id);
        let name = policy.policy.name.to_lowercase();
        self.policy_names.insert_mut(name.into(), id.clone());
        self.policies.insert_mut(id, policy);
    }

    pub(super) fn remove_policy(&mut self, id: &str) {
        if let Some(old) = self.policies.get(id) {
            let name = old.policy.name.to_lowercase();
            self.policy_names.remove_mut(name.as_str());
            self.policies.remove_mut(id);
        }
    }

    pub(in super::super) fn put_role(&mut self, role: Arc<Role>) {
        let id: Box<str> = role.id.as_str().into();
        self.remove_role(&id);
        let name = role.name.to_lowercase();
        self.role_names.insert_mut(name.into(), id.clone());
        self.roles.insert_mut(id, role);
    }

    pub(super) fn remove_role(&mut self, id: &str) {
        if let Some(old) = self.roles.get(id) {
            let name = old.name.to_lowercase();
            self.role_names.remove_mut(name.as_str());
            self.roles.remove_mut(id);
        }
    }

    /// Everything as rows.
    pub(in super::super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let tokens = self.tokens.values().map(|token| {
            let id = token.token.accessor_id.as_str().into();
            Row::AclToken(id, Some(Arc::clone(token)))
        });
        let policies = self.policies.iter();
        let policies = policies.map(|(id, it)| Row::AclPolicy(id.clone(), Some(Arc::clone(it))));
        let roles = self.roles.iter();
        let roles = roles.map(|(id, it)| Row::AclRole(id.clone(), Some(Arc::clone(it))));
        let methods = self.methods.iter();
        let methods =
            methods.map(|(name, it)| Row::AclAuthMethod(name.clone(), Some(Arc::clone(it))));
        let rules = self.binding_rules.iter();
        let rules = rules.map(|(id, it)| Row::AclBindingRule(id.clone(), Some(Arc::clone(it))));
        let agents = self.agent_tokens.iter();
        let agents = agents.map(|(name, it)| Row::AgentToken(name.clone(), Some(it.clone())));
        tokens
            .chain(policies)
            .chain(roles)
            .chain(methods)
            .chain(rules)
            .chain(self.bootstrapped.row())
            .chain(agents)
    }

    /// Takes up a row of the store.
    pub(in super::super) fn restore(&mut self, row: Row) {
        match row {
            Row::AclToken(_, Some(token)) => self.put_token(token),
            Row::AclPolicy(_, Some(policy)) => self.put_policy(policy),
            Row::AclRole(_, Some(role)) => self.put_role(role),
            Row::AclAuthMethod(name, Some(method)) => self.methods.insert_mut(name, method),
            Row::AclBindingRule(id, Some(rule)) => self.binding_rules.insert_mut(id, rule),
            Row::AgentToken(name, Some(secret)) => self.agent_tokens.insert_mut(name, secret),
            Row::AclBootstrap(index) => self.bootstrapped = Bootstrapped::at(index),
            _ => {}
        }
    }
}
