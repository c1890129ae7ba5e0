use std::sync::Arc;

use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{ANONYMOUS_ACCESSOR, Token};

use super::super::index::Table;
use super::super::row::Row;
use super::super::session_id::SessionId;
use super::super::state::{State, Step};
use super::command::{AclReply, DeleteToken, SetToken};
use super::expiry;
use super::identity::{check_nodes, check_services, dedupe_nodes, dedupe_services};
use super::refusal::AclRefusal;
use super::token::AclToken;
use crate::engine::Time;
use crate::engine::change::Changes;
use crate::quote::quote;

/// Ids that the server keeps for itself begin with this.
const RESERVED: &str = "00000000-0000-0000-0000-0000000000";

impl State {
    pub(super) fn set_acl_token(
        &mut self,
        set: SetToken,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        let known = match set.token.accessor_id.as_str() {
            "" => None,
            accessor => {
                let found = self.acl_token_by_accessor(accessor);
                let found = found.map_err(|error| {
                    AclRefusal::Invalid(format!("Failed acl token lookup by accessor: {error}"))
                })?;
                found.value.cloned()
            }
        };
        let (mut token, old) = if set.create || set.token.accessor_id.is_empty() {
            (self.new_token(set, known.is_some())?, None)
        } else {
            let old = known.ok_or_else(|| {
                let accessor = quote(&set.token.accessor_id);
                AclRefusal::Invalid(format!("Cannot find token {accessor}"))
            })?;
            (changed_token(set, &old.token)?, Some(old))
        };
        token.policies = self.acl_policy_links(&token.policies)?;
        token.roles = self.acl_role_links(&token.roles)?;
        check_services(&token.service_identities, "token", token.local)?;
        token.service_identities = dedupe_services(token.service_identities);
        check_nodes(&token.node_identities, "token")?;
        token.node_identities = dedupe_nodes(token.node_identities);
        if !token.rules.is_empty() {
            return Err(AclRefusal::invalid(
                "Rules cannot be specified for this token",
            ));
        }
        let mut step = Step::begin(self, now, changes);
        token.create_index = old.map_or(step.index, |old| old.token.create_index);
        let token = step.put_token(AclToken::new(token, None));
        Ok(AclReply::Token(Box::new(self.acl_token_shown(&token))))
    }

    /// A token that does not exist yet, with ids that are free.
    fn new_token(&self, set: SetToken, accessor_is_taken: bool) -> Result<Token, AclRefusal> {
        let SetToken {
            mut token,
            ttl_nanos,
            login,
            fresh,
            now,
            ..
        } = set;
        match token.accessor_id.as_str() {
            "" => token.accessor_id = fresh.accessor_id,
            given => {
                let is_secret = self.acl_token(&given.into()).is_some();
                check_given("AccessorID", given, accessor_is_taken || is_secret)?;
                token.accessor_id = given.to_lowercase();
            }
        }
        match token.secret_id.expose() {
            "" => token.secret_id = fresh.secret_id,
            given => {
                let is_accessor = self.acl_token_by_accessor(given);
                let is_accessor = is_accessor.is_ok_and(|found| found.value.is_some());
                let taken = is_accessor || self.acl_token(&token.secret_id).is_some();
                check_given("SecretID", given, taken)?;
            }
        }
        token.create_time = now;
        token.expiration_time = expiry::of_new(token.expiration_time, ttl_nanos, now)?;
        if !login && !token.auth_method.is_empty() {
            return Err(AclRefusal::invalid(
                "AuthMethod field is disallowed outside of Login",
            ));
        }
        Ok(token)
    }

    pub(super) fn delete_acl_token(
        &mut self,
        delete: &DeleteToken,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        let Ok(Some(id)) = SessionId::named(&delete.accessor_id) else {
            let text = "Accessor ID is missing or an invalid UUID";
            return Err(AclRefusal::invalid(text));
        };
        let id = id.to_string();
        if id == ANONYMOUS_ACCESSOR {
            let text = "Delete operation not permitted on the anonymous token";
            return Err(AclRefusal::invalid(text));
        }
        let Some(token) = self.acl_token_by_accessor(&id)?.value.cloned() else {
            return Ok(AclReply::Done);
        };
        if token.token.secret_id == delete.requester {
            let text = "Deletion of the request's authorization token is not permitted";
            return Err(AclRefusal::invalid(text));
        }
        Step::begin(self, now, changes).remove_token(&token.token.secret_id);
        Ok(AclReply::Done)
    }
}

/// Checks an id that the client chose for a new token.
fn check_given(field: &str, id: &str, taken: bool) -> Result<(), AclRefusal> {
    let problem = if SessionId::named(id).ok().flatten().is_none() {
        format!("{field} is not a valid UUID")
    } else if taken {
        format!("{field} is already in use")
    } else if id.starts_with(RESERVED) {
        format!("UUIDs with the prefix {} are reserved", quote(RESERVED))
    } else {
        return Ok(());
    };
    Err(AclRefusal::Invalid(format!("Invalid Token: {problem}")))
}

/// A token that exists, with what was changed about it.
fn changed_token(set: SetToken, old: &Token) -> Result<Token, AclRefusal> {
    let mut token = set.token;
    let accessor = &old.accessor_id;
    if !token.secret_id.is_empty() && token.secret_id != old.secret_id {
        let text = "Changing a tokens SecretID is not permitted";
        return Err(AclRefusal::invalid(text));
    }
    if token.local != old.local {
        let text = format!("cannot toggle local mode of {accessor}");
        return Err(AclRefusal::Invalid(text));
    }
    if !token.auth_method.is_empty() && token.auth_method != old.auth_method {
        let text = format!("Cannot change AuthMethod of {accessor}");
        return Err(AclRefusal::Invalid(text));
    }
    let same_end = |end| token.expiration_time.is_none() || token.expiration_time == end;
    if set.ttl_nanos != 0 || !same_end(old.expiration_time) {
        let text = format!("Cannot change expiration time of {accessor}");
        return Err(AclRefusal::Invalid(text));
    }
    token.accessor_id.clone_from(accessor);
    token.secret_id = old.secret_id.clone();
    token.auth_method.clone_from(&old.auth_method);
    token.expiration_time = old.expiration_time;
    token.create_time = old.create_time;
    Ok(token)
}

impl Step<'_> {
    /// Writes a token at the index of this step; its index of creation is there already.
    pub(super) fn put_token(&mut self, mut token: AclToken) -> Arc<AclToken> {
        token.token.modify_index = self.index;
        let token = Arc::new(token);
        self.state.acl.put_token(Arc::clone(&token));
        let id = token.token.accessor_id.as_str().into();
        self.store(Row::AclToken(id, Some(Arc::clone(&token))));
        self.touch(Table::AclTokens);
        token
    }

    /// Removes a token, if it exists.
    pub(super) fn remove_token(&mut self, secret: &SecretText) {
        let Some(token) = self.state.acl.tokens.get(secret).cloned() else {
            return;
        };
        self.state.acl.remove_token(secret);
        let id = token.token.accessor_id.as_str().into();
        self.store(Row::AclToken(id, None));
        self.touch(Table::AclTokens);
    }
}
