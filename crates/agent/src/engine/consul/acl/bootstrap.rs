use std::sync::Arc;

use quorate_wire::consul::acl::{
    ANONYMOUS_ACCESSOR, ANONYMOUS_SECRET, EntryKind, Link, MANAGEMENT_POLICY_ID,
    MANAGEMENT_POLICY_NAME, Policy, Token,
};

use super::super::row::Row;
use super::super::state::{State, Step};
use super::command::{AclReply, Bootstrap, Seed};
use super::policy::AclPolicy;
use super::refusal::AclRefusal;
use super::token::AclToken;
use crate::engine::Time;
use crate::engine::change::Changes;

/// The rules of the policy that allows everything, as the real server shows them.
const MANAGEMENT_RULES: &str = r#"
acl = "write"
agent_prefix "" {
	policy = "write"
}
event_prefix "" {
	policy = "write"
}
key_prefix "" {
	policy = "write"
}
keyring = "write"
node_prefix "" {
	policy = "write"
}
operator = "write"
query_prefix "" {
	policy = "write"
}
service_prefix "" {
	policy = "write"
	intentions = "write"
}
session_prefix "" {
	policy = "write"
}"#;

/// At which index the first token was made; 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Bootstrapped(u64);

impl Bootstrapped {
    pub(super) fn at(index: u64) -> Self {
        Self(index)
    }

    pub(super) fn row(self) -> Option<Row> {
        (self.0 > 0).then_some(Row::AclBootstrap(self.0))
    }
}

impl State {
    /// Makes sure of what every server with access rules has; what is there is left alone.
    pub(super) fn seed_acl(
        &mut self,
        seed: &Seed,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        if !self.acl.policies.contains_key(MANAGEMENT_POLICY_ID) {
            let mut policy = Policy::default();
            policy.id = MANAGEMENT_POLICY_ID.into();
            policy.name = MANAGEMENT_POLICY_NAME.into();
            policy.description = "Builtin Policy that grants unlimited access".into();
            policy.rules = MANAGEMENT_RULES.into();
            let mut policy = AclPolicy::new(policy)?;
            let mut step = Step::begin(self, now, changes);
            policy.policy.create_index = step.index;
            policy.policy.modify_index = step.index;
            step.put_policy(Arc::new(policy));
        }
        if let Some(secret) = &seed.management
            && self.acl_token(secret).is_none()
        {
            let mut token = management("Master Token");
            token.accessor_id.clone_from(&seed.accessor_id);
            token.secret_id = secret.clone();
            token.create_time = seed.now;
            let first = self.acl.bootstrapped.0 == 0;
            self.put_management(token, first, now, changes);
        }
        if self.acl_token(&ANONYMOUS_SECRET.into()).is_none() {
            let mut token = Token::default();
            token.accessor_id = ANONYMOUS_ACCESSOR.into();
            token.secret_id = ANONYMOUS_SECRET.into();
            token.description = "Anonymous Token".into();
            token.create_time = seed.now;
            let mut step = Step::begin(self, now, changes);
            token.create_index = step.index;
            step.put_token(AclToken::new(token, None));
        }
        Ok(AclReply::Done)
    }

    pub(super) fn bootstrap_acl(
        &mut self,
        bootstrap: Bootstrap,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        let Bootstrapped(index) = self.acl.bootstrapped;
        if index > 0 && bootstrap.reset_index != Some(index) {
            let text = format!(": ACL bootstrap no longer allowed (reset index: {index})");
            return Err(AclRefusal::Denied(text));
        }
        let mut token = management("Bootstrap Token (Global Management)");
        token.accessor_id = bootstrap.fresh.accessor_id;
        token.secret_id = bootstrap.fresh.secret_id;
        token.create_time = bootstrap.now;
        let token = self.put_management(token, true, now, changes);
        Ok(AclReply::Token(Box::new(self.acl_token_shown(&token))))
    }

    /// Writes a token that may do everything; after the first one none is made for the asking.
    fn put_management(
        &mut self,
        mut token: Token,
        first: bool,
        now: Time,
        changes: &mut Changes,
    ) -> Arc<AclToken> {
        let mut step = Step::begin(self, now, changes);
        token.create_index = step.index;
        let token = step.put_token(AclToken::new(token, Some(EntryKind::Management)));
        if first {
            let index = step.index;
            step.state.acl.bootstrapped = Bootstrapped(index);
            step.store(Row::AclBootstrap(index));
        }
        token
    }
}

fn management(description: &str) -> Token {
    let mut token = Token::default();
    token.description = description.into();
    token.policies = vec![Link::id(MANAGEMENT_POLICY_ID)];
    token
}
