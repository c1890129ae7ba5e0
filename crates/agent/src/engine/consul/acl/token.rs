use std::sync::Arc;

use quorate_wire::consul::acl::{EntryKind, Token};
use quorate_wire::consul::{GoTime, SecretText};
use serde::{Deserialize, Serialize};

use super::super::index::Table;
use super::super::kv::Found;
use super::super::state::State;
use super::hash::Content;
use super::link::lookup_id;
use super::refusal::AclRefusal;
use crate::acl::Rules;

/// A token. Its links hold ids alone; [`State::acl_token_shown`] gives the names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct AclToken {
    /// The token.
    pub token: Token,
    /// What it was before Consul 1.4; `None` for a token of today.
    pub kind: Option<EntryKind>,
    rules: Option<Arc<Rules>>,
}

/// A token in the store.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    token: Token,
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<EntryKind>,
}

impl AclToken {
    /// A token of today, or one from before Consul 1.4, with its hash.
    pub(super) fn new(mut token: Token, kind: Option<EntryKind>) -> Self {
        let content = Content::default().add(&token.description);
        let content = content.add(kind.as_ref().map_or("", EntryKind::as_str));
        let content = content.add(&token.rules);
        let content = content.add(if token.local { "local" } else { "global" });
        let content = content.links(&token.policies).links(&token.roles);
        let content = content.services(&token.service_identities);
        token.hash = content.nodes(&token.node_identities).finish();
        Self::from(Stored { token, kind })
    }

    /// The rules of a token from before Consul 1.4.
    pub(crate) fn rules(&self) -> Option<&Rules> {
        self.rules.as_deref()
    }

    /// Whether it has ended by `now`.
    #[must_use]
    pub fn is_expired(&self, now: GoTime) -> bool {
        self.token.expiration_time.is_some_and(|end| end <= now)
    }
}

impl From<Stored> for AclToken {
    /// Rules that can't be read would have been refused before they were stored.
    fn from(stored: Stored) -> Self {
        let Stored { token, kind } = stored;
        let has_rules = kind == Some(EntryKind::Client) && !token.rules.is_empty();
        let rules = has_rules.then(|| Rules::parse_legacy(&token.rules).unwrap_or_default());
        Self {
            token,
            kind,
            rules: rules.map(Arc::new),
        }
    }
}

impl From<AclToken> for Stored {
    fn from(token: AclToken) -> Self {
        let AclToken { token, kind, .. } = token;
        Self { token, kind }
    }
}

/// Which tokens a list has: those with this policy, role, or auth method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFilter {
    /// All.
    All,
    /// Those with a policy, by its id.
    Policy(String),
    /// Those with a role, by its id.
    Role(String),
    /// Those of an auth method, by its name.
    AuthMethod(String),
}

impl TokenFilter {
    fn takes(&self, token: &Token) -> bool {
        match self {
            Self::All => true,
            Self::Policy(id) => token.policies.iter().any(|link| link.id == *id),
            Self::Role(id) => token.roles.iter().any(|link| link.id == *id),
            Self::AuthMethod(name) => token.auth_method.eq_ignore_ascii_case(name),
        }
    }
}

impl State {
    /// The token that requests carry.
    #[must_use]
    pub fn acl_token(&self, secret: &SecretText) -> Option<&Arc<AclToken>> {
        self.acl.tokens.get(secret)
    }

    /// The token with an accessor.
    ///
    /// # Errors
    /// When the accessor is no UUID.
    pub fn acl_token_by_accessor(
        &self,
        accessor: &str,
    ) -> Result<Found<Option<&Arc<AclToken>>>, AclRefusal> {
        let id = lookup_id("token", accessor)?;
        let secret = id.and_then(|id| self.acl.accessors.get(id.as_str()));
        let token = secret.and_then(|secret| self.acl.tokens.get(secret));
        Ok(Found::new(token, self.table_index(Table::AclTokens)))
    }

    /// The tokens that `filter` takes, by secret.
    #[must_use]
    pub fn acl_tokens(&self, filter: &TokenFilter) -> Found<Vec<&Arc<AclToken>>> {
        let tokens = self.acl.tokens.values();
        let tokens = tokens.filter(|token| filter.takes(&token.token));
        let mut tokens: Vec<_> = tokens.collect();
        tokens.sort_by(|one, other| one.token.secret_id.cmp(&other.token.secret_id));
        Found::new(tokens, self.table_index(Table::AclTokens))
    }

    /// A token as it is shown: its links have the names of today, and none leads nowhere.
    #[must_use]
    pub fn acl_token_shown(&self, token: &AclToken) -> Token {
        self.show_acl_token(&token.token)
    }
}
