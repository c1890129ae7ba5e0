use quorate_wire::consul::acl::{Link, Role, Token};

use super::super::session_id::SessionId;
use super::super::state::State;
use super::refusal::AclRefusal;

/// Checks that `id` is a UUID where a `what` is looked up, and gives it in lower case; `None` for
/// one that Consul accepts and nothing can have.
pub(super) fn lookup_id(what: &'static str, id: &str) -> Result<Option<String>, AclRefusal> {
    match SessionId::named(id) {
        Ok(id) => Ok(id.map(|id| id.to_string())),
        Err(problem) => Err(AclRefusal::MalformedId { what, problem }),
    }
}

impl State {
    /// The links of a token to policies, by id alone and each once.
    pub(super) fn acl_policy_links(&self, links: &[Link]) -> Result<Vec<Link>, AclRefusal> {
        let mut resolved = Vec::with_capacity(links.len());
        for link in links {
            let id = if link.id.is_empty() {
                self.acl_policy_id(&link.name)?
            } else {
                let found = self.acl_policy(&link.id).map_err(|error| {
                    let id = crate::quote::quote(&link.id);
                    AclRefusal::Invalid(format!("Error looking up policy for id {id}: {error}"))
                })?;
                let found = found.value.map(|policy| policy.policy.id.clone());
                found.ok_or_else(|| AclRefusal::no_such_id("policy", &link.id))?
            };
            push(&mut resolved, id);
        }
        Ok(resolved)
    }

    /// The links of a role to policies, likewise. They are looked at in another place, with other
    /// words.
    pub(super) fn acl_role_policy_links(&self, links: &[Link]) -> Result<Vec<Link>, AclRefusal> {
        let mut resolved = Vec::with_capacity(links.len());
        for link in links {
            match link.id.is_empty() {
                true => push(&mut resolved, self.acl_policy_id(&link.name)?),
                false => push(&mut resolved, link.id.clone()),
            }
        }
        for link in &resolved {
            if self.acl_policy(&link.id)?.value.is_none() {
                let text = format!("No such policy with ID: {}", link.id);
                return Err(AclRefusal::Invalid(text));
            }
        }
        Ok(resolved)
    }

    fn acl_policy_id(&self, name: &str) -> Result<String, AclRefusal> {
        let found = self.acl_policy_named(name).value;
        let found = found.map(|policy| policy.policy.id.clone());
        found.ok_or_else(|| AclRefusal::no_such_name("policy", name))
    }

    /// The links of a token to roles, by id alone and each once.
    pub(super) fn acl_role_links(&self, links: &[Link]) -> Result<Vec<Link>, AclRefusal> {
        let mut resolved = Vec::with_capacity(links.len());
        for link in links {
            let found = if link.id.is_empty() {
                let role = self.acl_role_named(&link.name).value;
                role.ok_or_else(|| AclRefusal::no_such_name("role", &link.name))?
            } else {
                let role = self.acl_role(&link.id).map_err(|error| {
                    let id = crate::quote::quote(&link.id);
                    AclRefusal::Invalid(format!("Error looking up role for id {id}: {error}"))
                })?;
                role.value
                    .ok_or_else(|| AclRefusal::no_such_id("role", &link.id))?
            };
            push(&mut resolved, found.id.clone());
        }
        Ok(resolved)
    }

    /// A token as it is shown: its links have the names of today, and none leads nowhere.
    pub(super) fn show_acl_token(&self, token: &Token) -> Token {
        let mut token = token.clone();
        token.policies = self.show_policy_links(&token.policies);
        token.roles = token
            .roles
            .iter()
            .filter_map(|link| {
                let role = self.acl.roles.get(link.id.as_str())?;
                Some(Link::new(&role.id, &role.name))
            })
            .collect();
        token
    }

    /// A role as it is shown, likewise.
    pub(super) fn show_acl_role(&self, role: &Role) -> Role {
        let mut role = role.clone();
        role.policies = self.show_policy_links(&role.policies);
        role
    }

    fn show_policy_links(&self, links: &[Link]) -> Vec<Link> {
        let shown = links.iter().filter_map(|link| {
            let policy = &self.acl.policies.get(link.id.as_str())?.policy;
            Some(Link::new(&policy.id, &policy.name))
        });
        shown.collect()
    }
}

fn push(links: &mut Vec<Link>, id: String) {
    if links.iter().all(|link| link.id != id) {
        links.push(Link::id(id));
    }
}
