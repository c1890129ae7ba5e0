use std::sync::Arc;

use quorate_wire::consul::acl::AuthMethod;

use super::super::index::Table;
use super::super::kv::Found;
use super::super::row::Row;
use super::super::state::{State, Step};
use super::command::AclReply;
use super::is_name;
use super::refusal::AclRefusal;
use crate::engine::Time;
use crate::engine::change::Changes;

const MAX_NAME_BYTES: usize = 128;
const BAD_NAME: &str =
    "Invalid Auth Method: invalid Name. Only alphanumeric characters, '-' and '_' are allowed";

/// Whether an auth method may have this name.
pub(crate) fn is_auth_method_name(name: &str) -> bool {
    is_name(name, MAX_NAME_BYTES)
}

impl State {
    /// All auth methods, by name.
    #[must_use]
    pub fn acl_auth_methods(&self) -> Found<Vec<&Arc<AuthMethod>>> {
        let methods = self.acl.methods.values().collect();
        Found::new(methods, self.table_index(Table::AclAuthMethods))
    }

    /// The auth method with a name, in any case.
    #[must_use]
    pub fn acl_auth_method(&self, name: &str) -> Found<Option<&Arc<AuthMethod>>> {
        let method = self.acl.methods.get(name.to_lowercase().as_str());
        Found::new(method, self.table_index(Table::AclAuthMethods))
    }

    pub(super) fn set_acl_auth_method(
        &mut self,
        mut method: AuthMethod,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        if method.name.is_empty() {
            return Err(AclRefusal::invalid("Invalid Auth Method: no Name is set"));
        }
        if !is_name(&method.name, MAX_NAME_BYTES) {
            return Err(AclRefusal::invalid(BAD_NAME));
        }
        let old = self.acl_auth_method(&method.name).value.cloned();
        if old.as_ref().is_some_and(|old| old.kind != method.kind) {
            let text = "the Type field of an Auth Method is immutable";
            return Err(AclRefusal::invalid(text));
        }
        let mut step = Step::begin(self, now, changes);
        method.create_index = old.map_or(step.index, |old| old.create_index);
        method.modify_index = step.index;
        let key: Box<str> = method.name.to_lowercase().into();
        let shown = method.clone();
        let method = Arc::new(method);
        step.state
            .acl
            .methods
            .insert_mut(key.clone(), Arc::clone(&method));
        step.store(Row::AclAuthMethod(key, Some(method)));
        step.touch(Table::AclAuthMethods);
        Ok(AclReply::AuthMethod(Box::new(shown)))
    }

    /// Deletes an auth method with its binding rules and the tokens of its logins.
    pub(super) fn delete_acl_auth_method(
        &mut self,
        name: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        let key: Box<str> = name.to_lowercase().into();
        if self.acl.methods.get(&key).is_none() {
            return Ok(AclReply::Done);
        }
        let of_method = |method: &str| method.to_lowercase() == *key;
        let rules = self.acl.binding_rules.iter();
        let rules = rules.filter(|(_, rule)| of_method(&rule.auth_method));
        let rules: Vec<_> = rules.map(|(id, _)| id.clone()).collect();
        let tokens = self.acl.tokens.iter();
        let tokens = tokens.filter(|(_, token)| of_method(&token.token.auth_method));
        let tokens: Vec<_> = tokens.map(|(secret, _)| secret.clone()).collect();
        let mut step = Step::begin(self, now, changes);
        for id in rules {
            step.remove_binding_rule(id);
        }
        for secret in tokens {
            step.remove_token(&secret);
        }
        step.state.acl.methods.remove_mut(&key);
        step.store(Row::AclAuthMethod(key, None));
        step.touch(Table::AclAuthMethods);
        Ok(AclReply::Done)
    }
}
