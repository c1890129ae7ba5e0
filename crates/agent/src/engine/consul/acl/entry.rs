use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{
    ANONYMOUS_SECRET, Entry, EntryKind, Link, MANAGEMENT_POLICY_ID, Token,
};

use super::super::state::{State, Step};
use super::command::AclReply;
use super::refusal::AclRefusal;
use super::token::AclToken;
use crate::acl::Rules;
use crate::engine::Time;
use crate::engine::change::Changes;

/// Secrets that stand for whole policies within the real server.
pub(crate) const ROOTS: [&str; 3] = ["allow", "deny", "manage"];

impl AclToken {
    /// The token in the form that it had before Consul 1.4, if it can have it.
    #[must_use]
    pub fn to_entry(&self) -> Option<Entry> {
        let mut entry = Entry::default();
        entry.kind = self.kind.clone()?;
        entry.id = self.token.secret_id.clone();
        entry.name.clone_from(&self.token.description);
        entry.rules.clone_from(&self.token.rules);
        entry.create_index = self.token.create_index;
        entry.modify_index = self.token.modify_index;
        Some(entry)
    }
}

impl State {
    /// Writes a token in the form that it had before Consul 1.4.
    pub(super) fn set_acl_entry(
        &mut self,
        entry: &Entry,
        fresh: &str,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        if ROOTS.contains(&entry.id.expose()) {
            let text = ": Cannot modify root ACL".into();
            return Err(AclRefusal::Denied(text));
        }
        if matches!(entry.kind, EntryKind::Other(_)) {
            return Err(AclRefusal::invalid("Invalid ACL Type"));
        }
        let old = self.acl_token(&entry.id).cloned();
        if let Some(old) = &old
            && (old.kind.is_none() || !old.token.policies.is_empty())
        {
            return Err(AclRefusal::invalid(
                "Cannot use legacy endpoint to modify a non-legacy token",
            ));
        }
        Rules::parse_legacy(&entry.rules).map_err(|error| {
            AclRefusal::Invalid(format!("ACL rule compilation failed: {error}"))
        })?;
        let mut token = Token::default();
        token.secret_id = entry.id.clone();
        token.description.clone_from(&entry.name);
        token.rules.clone_from(&entry.rules);
        if entry.kind == EntryKind::Management {
            token.policies = vec![Link::id(MANAGEMENT_POLICY_ID)];
        }
        let mut step = Step::begin(self, now, changes);
        token.create_index = step.index;
        token.accessor_id = fresh.to_owned();
        if let Some(old) = &old {
            token.create_index = old.token.create_index;
            token.accessor_id.clone_from(&old.token.accessor_id);
        }
        step.put_token(AclToken::new(token, Some(entry.kind.clone())));
        Ok(AclReply::Secret(entry.id.clone()))
    }

    /// Deletes the token with a secret, if there is one.
    pub(super) fn delete_acl_entry(
        &mut self,
        secret: &SecretText,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        if secret.expose() == ANONYMOUS_SECRET {
            let text = ": Cannot delete anonymous token".into();
            return Err(AclRefusal::Denied(text));
        }
        if self.acl_token(secret).is_some() {
            Step::begin(self, now, changes).remove_token(secret);
        }
        Ok(AclReply::Done)
    }
}
