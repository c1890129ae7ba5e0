//! Who may do what.

use super::access::Access;
use super::rules::Resource;
use super::tree::Tree;

/// What is allowed that no rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// Nothing.
    Deny,
    /// Everything but to manage access rules and snapshots.
    Allow,
    /// Everything.
    Manage,
}

/// What the holder of a token may do. Made by a [`Compiler`](super::Compiler).
///
/// For each resource the rule of exactly the name counts, or else that of its longest prefix, or
/// else the fallback.
#[derive(Debug)]
pub(crate) struct Authorizer {
    pub(super) fallback: Fallback,
    pub(super) acl: Option<Access>,
    pub(super) keyring: Option<Access>,
    pub(super) operator: Option<Access>,
    pub(super) agents: Tree,
    pub(super) events: Tree,
    pub(super) keys: Tree,
    pub(super) nodes: Tree,
    pub(super) queries: Tree,
    pub(super) services: Tree,
    pub(super) sessions: Tree,
    pub(super) intentions: Tree,
}

impl Authorizer {
    fn or_fallback(&self, allowed: Option<bool>) -> bool {
        allowed.unwrap_or(self.fallback != Fallback::Deny)
    }

    fn plain(&self, rule: Option<Access>, wanted: Access) -> bool {
        self.or_fallback(rule.map(|rule| rule.grants(wanted)))
    }

    fn named(&self, tree: &Tree, name: &[u8], wanted: Access) -> bool {
        self.plain(tree.access(name), wanted)
    }

    /// Rules that a fallback of `allow` does not stand in for.
    fn managing(&self, wanted: Access) -> bool {
        let rule = self.acl.map(|rule| rule.grants(wanted));
        rule.unwrap_or(self.fallback == Fallback::Manage)
    }

    pub(crate) fn acl_read(&self) -> bool {
        self.managing(Access::Read)
    }

    pub(crate) fn acl_write(&self) -> bool {
        self.managing(Access::Write)
    }

    /// Whether snapshots may be taken and restored: they hold every secret.
    pub(crate) fn snapshot(&self) -> bool {
        self.managing(Access::Write)
    }

    pub(crate) fn keyring(&self, wanted: Access) -> bool {
        self.plain(self.keyring, wanted)
    }

    pub(crate) fn operator(&self, wanted: Access) -> bool {
        self.plain(self.operator, wanted)
    }

    /// Whether one thing may be accessed.
    pub(crate) fn allows(&self, resource: Resource, name: &[u8], wanted: Access) -> bool {
        let tree = match resource {
            Resource::Agent => &self.agents,
            Resource::Event => &self.events,
            Resource::Key => &self.keys,
            Resource::Node => &self.nodes,
            Resource::Query => &self.queries,
            Resource::Service => &self.services,
            Resource::Session => &self.sessions,
        };
        self.named(tree, name, wanted)
    }

    pub(crate) fn key_read(&self, key: &[u8]) -> bool {
        self.named(&self.keys, key, Access::Read)
    }

    pub(crate) fn key_list(&self, prefix: &[u8]) -> bool {
        self.named(&self.keys, prefix, Access::List)
    }

    pub(crate) fn key_write(&self, key: &[u8]) -> bool {
        self.named(&self.keys, key, Access::Write)
    }

    /// Whether everything under `prefix` may be written.
    pub(crate) fn key_write_under(&self, prefix: &[u8]) -> bool {
        self.or_fallback(self.keys.may_write_under(prefix))
    }

    /// Whether the intentions of a service may be read; `*` asks for those of any.
    pub(crate) fn intention_read(&self, service: &str) -> bool {
        match service {
            "*" => self.or_fallback(self.intentions.any_grants(Access::Read)),
            _ => self.named(&self.intentions, service.as_bytes(), Access::Read),
        }
    }

    /// Whether the intentions of a service may be written; `*` asks for those of all.
    pub(crate) fn intention_write(&self, service: &str) -> bool {
        match service {
            "*" => self.or_fallback(self.intentions.all_grant(Access::Write)),
            _ => self.named(&self.intentions, service.as_bytes(), Access::Write),
        }
    }
}

#[cfg(test)]
mod tests;
