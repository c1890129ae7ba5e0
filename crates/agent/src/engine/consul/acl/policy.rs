use std::sync::Arc;

use quorate_wire::consul::acl::{MANAGEMENT_POLICY_ID, Policy};
use serde::{Deserialize, Serialize};

use super::super::index::Table;
use super::super::kv::Found;
use super::super::row::Row;
use super::super::session_id::SessionId;
use super::super::state::{State, Step};
use super::command::AclReply;
use super::hash::Content;
use super::is_name;
use super::link::lookup_id;
use super::refusal::AclRefusal;
use crate::acl::Rules;
use crate::engine::Time;
use crate::engine::change::Changes;
use crate::quote::quote;

const MAX_NAME_BYTES: usize = 128;
const BAD_NAME: &str =
    "Invalid Policy: invalid Name. Only alphanumeric characters, '-' and '_' are allowed";

/// A policy, with its rules ready to be merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Policy", into = "Policy")]
pub struct AclPolicy {
    /// The policy as it is shown.
    pub policy: Policy,
    rules: Arc<Rules>,
}

impl AclPolicy {
    pub(super) fn new(mut policy: Policy) -> Result<Self, AclRefusal> {
        let rules = Rules::parse(&policy.rules);
        let rules = rules.map_err(|error| AclRefusal::Invalid(error.to_string()))?;
        let content = Content::default();
        let content = content.add(&policy.name).add(&policy.description);
        let mut content = content.add(&policy.rules);
        for datacenter in &policy.datacenters {
            content = content.add(datacenter);
        }
        policy.hash = content.finish();
        Ok(Self {
            policy,
            rules: Arc::new(rules),
        })
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }
}

impl From<Policy> for AclPolicy {
    /// From the store, where only rules are that could be read; others would say nothing.
    fn from(policy: Policy) -> Self {
        let rules = Rules::parse(&policy.rules).unwrap_or_default();
        Self {
            policy,
            rules: Arc::new(rules),
        }
    }
}

impl From<AclPolicy> for Policy {
    fn from(policy: AclPolicy) -> Self {
        policy.policy
    }
}

impl State {
    /// All policies, by id.
    #[must_use]
    pub fn acl_policies(&self) -> Found<Vec<&Arc<AclPolicy>>> {
        let policies = self.acl.policies.values().collect();
        Found::new(policies, self.table_index(Table::AclPolicies))
    }

    /// The policy with an id.
    ///
    /// # Errors
    /// When the id is no UUID.
    pub fn acl_policy(&self, id: &str) -> Result<Found<Option<&Arc<AclPolicy>>>, AclRefusal> {
        let id = lookup_id("policy", id)?;
        let policy = id.and_then(|id| self.acl.policies.get(id.as_str()));
        Ok(Found::new(policy, self.table_index(Table::AclPolicies)))
    }

    /// The policy with a name, in any case.
    #[must_use]
    pub fn acl_policy_named(&self, name: &str) -> Found<Option<&Arc<AclPolicy>>> {
        let id = self.acl.policy_names.get(name.to_lowercase().as_str());
        let policy = id.and_then(|id| self.acl.policies.get(id));
        Found::new(policy, self.table_index(Table::AclPolicies))
    }

    pub(super) fn set_acl_policy(
        &mut self,
        mut policy: Policy,
        fresh: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        if policy.name.is_empty() {
            return Err(AclRefusal::invalid("Invalid Policy: no Name is set"));
        }
        if !is_name(&policy.name, MAX_NAME_BYTES) {
            return Err(AclRefusal::invalid(BAD_NAME));
        }
        let named = self.acl_policy_named(&policy.name).value;
        let old = if policy.id.is_empty() {
            if named.is_some() {
                let name = quote(&policy.name);
                let text = format!("Invalid Policy: A Policy with Name {name} already exists");
                return Err(AclRefusal::Invalid(text));
            }
            fresh.clone_into(&mut policy.id);
            None
        } else {
            Some(self.changed_policy(&mut policy)?)
        };
        let mut policy = AclPolicy::new(policy)?;
        let mut step = Step::begin(self, now, changes);
        policy.policy.create_index = old.unwrap_or(step.index);
        policy.policy.modify_index = step.index;
        let shown = policy.policy.clone();
        step.put_policy(Arc::new(policy));
        Ok(AclReply::Policy(Box::new(shown)))
    }

    /// Checks a change of a policy that exists, and gives the index of its creation.
    fn changed_policy(&self, policy: &mut Policy) -> Result<u64, AclRefusal> {
        let Ok(Some(id)) = SessionId::named(&policy.id) else {
            return Err(AclRefusal::invalid("Policy ID invalid UUID"));
        };
        let Some(old) = self.acl.policies.get(id.to_string().as_str()) else {
            let text = format!("cannot find policy {}", policy.id);
            return Err(AclRefusal::Invalid(text));
        };
        let old = &old.policy;
        policy.id.clone_from(&old.id);
        let named = self.acl_policy_named(&policy.name).value;
        if named.is_some_and(|named| named.policy.id != old.id) {
            let name = quote(&policy.name);
            let text = format!("Invalid Policy: A policy with name {name} already exists");
            return Err(AclRefusal::Invalid(text));
        }
        if policy.id == MANAGEMENT_POLICY_ID {
            let builtin = |what: &str| {
                AclRefusal::Invalid(format!(
                    "Changing the {what} builtin global-management policy is not permitted"
                ))
            };
            if policy.datacenters != old.datacenters {
                return Err(builtin("Datacenters of the"));
            }
            if policy.rules != old.rules {
                return Err(builtin("Rules for the"));
            }
        }
        Ok(old.create_index)
    }

    pub(super) fn delete_acl_policy(
        &mut self,
        id: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        let policy = self.acl_policy(id)?.value.cloned();
        let Some(policy) = policy else {
            return Ok(AclReply::Done);
        };
        if policy.policy.id == MANAGEMENT_POLICY_ID {
            return Err(AclRefusal::invalid(
                "Delete operation not permitted on the builtin global-management policy",
            ));
        }
        let mut step = Step::begin(self, now, changes);
        step.state.acl.remove_policy(&policy.policy.id);
        step.store(Row::AclPolicy(policy.policy.id.as_str().into(), None));
        step.touch(Table::AclPolicies);
        Ok(AclReply::Done)
    }
}

impl Step<'_> {
    pub(super) fn put_policy(&mut self, policy: Arc<AclPolicy>) {
        let id = policy.policy.id.as_str().into();
        self.state.acl.put_policy(Arc::clone(&policy));
        self.store(Row::AclPolicy(id, Some(policy)));
        self.touch(Table::AclPolicies);
    }
}
