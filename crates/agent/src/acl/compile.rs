//! From the rules of many policies to one authorizer.

use std::collections::HashMap;

use super::access::Access;
use super::authorizer::{Authorizer, Fallback};
use super::rules::{Resource, Rule, Rules};
use super::tree::Tree;

/// Merges rules. When two policies have the same rule, a denial counts, or else the greater access.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    acl: Option<Access>,
    keyring: Option<Access>,
    operator: Option<Access>,
    trees: HashMap<Resource, Tree>,
    /// What services' rules say of intentions, by name and kind, merged before the access fills in.
    services: HashMap<(bool, String), (Access, Option<Access>)>,
}

impl Compiler {
    /// Adds the rules of one policy.
    pub(crate) fn add(&mut self, rules: &Rules) {
        merge(&mut self.acl, rules.acl);
        merge(&mut self.keyring, rules.keyring);
        merge(&mut self.operator, rules.operator);
        for rule in &rules.named {
            self.add_named(rule);
        }
    }

    fn add_named(&mut self, rule: &Rule) {
        let tree = self.trees.entry(rule.resource).or_default();
        tree.add(rule.name.as_bytes(), rule.is_prefix, rule.access);
        if rule.resource == Resource::Service {
            let name = (rule.is_prefix, rule.name.clone());
            let service = self.services.entry(name).or_insert((rule.access, None));
            service.0 = service.0.merge(rule.access);
            merge(&mut service.1, rule.intentions);
        }
    }

    /// The authorizer; what no rule speaks of is up to `fallback`.
    pub(crate) fn finish(mut self, fallback: Fallback) -> Authorizer {
        let mut intentions = Tree::default();
        for ((is_prefix, name), (access, given)) in self.services {
            let access = given.unwrap_or(match access {
                Access::Read | Access::Write => Access::Read,
                Access::Deny | Access::List => Access::Deny,
            });
            intentions.add(name.as_bytes(), is_prefix, access);
        }
        let mut tree = |resource| self.trees.remove(&resource).unwrap_or_default();
        Authorizer {
            fallback,
            acl: self.acl,
            keyring: self.keyring,
            operator: self.operator,
            agents: tree(Resource::Agent),
            events: tree(Resource::Event),
            keys: tree(Resource::Key),
            nodes: tree(Resource::Node),
            queries: tree(Resource::Query),
            services: tree(Resource::Service),
            sessions: tree(Resource::Session),
            intentions,
        }
    }
}

fn merge(into: &mut Option<Access>, rule: Option<Access>) {
    if let Some(rule) = rule {
        *into = Some(into.map_or(rule, |old| old.merge(rule)));
    }
}
