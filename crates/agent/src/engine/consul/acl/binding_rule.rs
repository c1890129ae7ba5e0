use std::sync::Arc;

use quorate_wire::consul::acl::BindingRule;

use super::super::index::Table;
use super::super::kv::Found;
use super::super::row::Row;
use super::super::session_id::SessionId;
use super::super::state::{State, Step};
use super::command::AclReply;
use super::link::lookup_id;
use super::refusal::AclRefusal;
use crate::engine::Time;
use crate::engine::change::Changes;
use crate::quote::quote;

impl State {
    /// The binding rules by id; those of an auth method if it is given.
    #[must_use]
    pub fn acl_binding_rules(&self, method: Option<&str>) -> Found<Vec<&Arc<BindingRule>>> {
        let rules = self.acl.binding_rules.values();
        let rules = rules.filter(|rule| {
            method.is_none_or(|method| rule.auth_method.eq_ignore_ascii_case(method))
        });
        Found::new(rules.collect(), self.table_index(Table::AclBindingRules))
    }

    /// The binding rule with an id.
    ///
    /// # Errors
    /// When the id is no UUID.
    pub fn acl_binding_rule(
        &self,
        id: &str,
    ) -> Result<Found<Option<&Arc<BindingRule>>>, AclRefusal> {
        let id = lookup_id("binding rule", id)?;
        let rule = id.and_then(|id| self.acl.binding_rules.get(id.as_str()));
        Ok(Found::new(rule, self.table_index(Table::AclBindingRules)))
    }

    pub(super) fn set_acl_binding_rule(
        &mut self,
        mut rule: BindingRule,
        fresh: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        let old = self.old_binding_rule(&mut rule, fresh)?;
        if rule.auth_method.is_empty() {
            let text = "Invalid Binding Rule: no AuthMethod is set";
            return Err(AclRefusal::invalid(text));
        }
        if self.acl_auth_method(&rule.auth_method).value.is_none() {
            let name = quote(&rule.auth_method);
            let text = format!("cannot find auth method with name {name}");
            return Err(AclRefusal::Invalid(text));
        }
        let mut step = Step::begin(self, now, changes);
        rule.create_index = old.unwrap_or(step.index);
        rule.modify_index = step.index;
        let shown = rule.clone();
        let (id, rule): (Box<str>, _) = (rule.id.as_str().into(), Arc::new(rule));
        step.state
            .acl
            .binding_rules
            .insert_mut(id.clone(), Arc::clone(&rule));
        step.store(Row::AclBindingRule(id, Some(rule)));
        step.touch(Table::AclBindingRules);
        Ok(AclReply::BindingRule(Box::new(shown)))
    }

    /// The index of the creation of the rule that is changed; `None` for a new one, which gets its
    /// id here.
    fn old_binding_rule(
        &self,
        rule: &mut BindingRule,
        fresh: &str,
    ) -> Result<Option<u64>, AclRefusal> {
        if rule.id.is_empty() {
            fresh.clone_into(&mut rule.id);
            return Ok(None);
        }
        let Ok(Some(id)) = SessionId::named(&rule.id) else {
            return Err(AclRefusal::invalid("Binding Rule ID invalid UUID"));
        };
        let Some(old) = self.acl.binding_rules.get(id.to_string().as_str()) else {
            let text = format!("cannot find binding rule {}", rule.id);
            return Err(AclRefusal::Invalid(text));
        };
        rule.id.clone_from(&old.id);
        if rule.auth_method.is_empty() {
            rule.auth_method.clone_from(&old.auth_method);
        } else if rule.auth_method != old.auth_method {
            let text = "the AuthMethod field of an Binding Rule is immutable";
            return Err(AclRefusal::invalid(text));
        }
        Ok(Some(old.create_index))
    }

    pub(super) fn delete_acl_binding_rule(
        &mut self,
        id: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        if let Some(rule) = self.acl_binding_rule(id)?.value.cloned() {
            let mut step = Step::begin(self, now, changes);
            step.remove_binding_rule(rule.id.as_str().into());
        }
        Ok(AclReply::Done)
    }
}

impl Step<'_> {
    pub(super) fn remove_binding_rule(&mut self, id: Box<str>) {
        self.state.acl.binding_rules.remove_mut(&id);
        self.store(Row::AclBindingRule(id, None));
        self.touch(Table::AclBindingRules);
    }
}
