use std::sync::Arc;

use quorate_wire::consul::acl::Role;

use super::super::index::Table;
use super::super::kv::Found;
use super::super::row::Row;
use super::super::session_id::SessionId;
use super::super::state::{State, Step};
use super::command::AclReply;
use super::hash::Content;
use super::identity::{check_nodes, check_services, dedupe_nodes, dedupe_services};
use super::is_name;
use super::link::lookup_id;
use super::refusal::AclRefusal;
use crate::engine::Time;
use crate::engine::change::Changes;
use crate::quote::quote;

const MAX_NAME_BYTES: usize = 256;
const BAD_NAME: &str =
    "Invalid Role: invalid Name. Only alphanumeric characters, '-' and '_' are allowed";

impl State {
    /// The roles as they are shown, by id; those with a policy if its id is given.
    #[must_use]
    pub fn acl_roles(&self, policy: Option<&str>) -> Found<Vec<Role>> {
        let has = |role: &Role| {
            policy.is_none_or(|policy| role.policies.iter().any(|link| link.id == policy))
        };
        let roles = self.acl.roles.values().filter(|role| has(role));
        let roles = roles.map(|role| self.show_acl_role(role)).collect();
        Found::new(roles, self.table_index(Table::AclRoles))
    }

    /// The role with an id, as it is stored.
    ///
    /// # Errors
    /// When the id is no UUID.
    pub fn acl_role(&self, id: &str) -> Result<Found<Option<&Arc<Role>>>, AclRefusal> {
        let id = lookup_id("role", id)?;
        let role = id.and_then(|id| self.acl.roles.get(id.as_str()));
        Ok(Found::new(role, self.table_index(Table::AclRoles)))
    }

    /// The role with a name, in any case, as it is stored.
    #[must_use]
    pub fn acl_role_named(&self, name: &str) -> Found<Option<&Arc<Role>>> {
        let id = self.acl.role_names.get(name.to_lowercase().as_str());
        let role = id.and_then(|id| self.acl.roles.get(id));
        Found::new(role, self.table_index(Table::AclRoles))
    }

    /// A stored role as it is shown: its links have the names of today.
    #[must_use]
    pub fn shown_acl_role(&self, role: &Role) -> Role {
        self.show_acl_role(role)
    }

    pub(super) fn set_acl_role(
        &mut self,
        mut role: Role,
        fresh: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        if role.name.is_empty() {
            return Err(AclRefusal::invalid("Invalid Role: no Name is set"));
        }
        if !is_name(&role.name, MAX_NAME_BYTES) {
            return Err(AclRefusal::invalid(BAD_NAME));
        }
        let old = self.old_role(&mut role, fresh)?;
        role.policies = self.acl_role_policy_links(&role.policies)?;
        check_services(&role.service_identities, "role", false)?;
        check_nodes(&role.node_identities, "role")?;
        role.service_identities = dedupe_services(role.service_identities);
        role.node_identities = dedupe_nodes(role.node_identities);
        let content = Content::default().add(&role.name).add(&role.description);
        let content = content.links(&role.policies);
        let content = content.services(&role.service_identities);
        role.hash = content.nodes(&role.node_identities).finish();
        let mut step = Step::begin(self, now, changes);
        role.create_index = old.unwrap_or(step.index);
        role.modify_index = step.index;
        let (id, role) = (role.id.as_str().into(), Arc::new(role));
        step.state.acl.put_role(Arc::clone(&role));
        step.store(Row::AclRole(id, Some(Arc::clone(&role))));
        step.touch(Table::AclRoles);
        Ok(AclReply::Role(Box::new(self.show_acl_role(&role))))
    }

    /// The index of the creation of the role that is changed; `None` for a new one, which gets its
    /// id here.
    fn old_role(&self, role: &mut Role, fresh: &str) -> Result<Option<u64>, AclRefusal> {
        let named = self.acl_role_named(&role.name).value;
        if role.id.is_empty() {
            if named.is_some() {
                let name = quote(&role.name);
                let text = format!("Invalid Role: A Role with Name {name} already exists");
                return Err(AclRefusal::Invalid(text));
            }
            fresh.clone_into(&mut role.id);
            return Ok(None);
        }
        let Ok(Some(id)) = SessionId::named(&role.id) else {
            return Err(AclRefusal::invalid("Role ID invalid UUID"));
        };
        let Some(old) = self.acl.roles.get(id.to_string().as_str()) else {
            return Err(AclRefusal::Invalid(format!("cannot find role {}", role.id)));
        };
        role.id.clone_from(&old.id);
        if named.is_some_and(|named| named.id != old.id) {
            let name = quote(&role.name);
            let text = format!("Invalid Role: A role with name {name} already exists");
            return Err(AclRefusal::Invalid(text));
        }
        Ok(Some(old.create_index))
    }

    pub(super) fn delete_acl_role(
        &mut self,
        id: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        let Some(role) = self.acl_role(id)?.value.cloned() else {
            return Ok(AclReply::Done);
        };
        let mut step = Step::begin(self, now, changes);
        step.state.acl.remove_role(&role.id);
        step.store(Row::AclRole(role.id.as_str().into(), None));
        step.touch(Table::AclRoles);
        Ok(AclReply::Done)
    }
}
