//! What the text of a policy says.

use std::fmt;

use super::access::Access;
use super::{decode, hcl, json};

/// The longest text of rules that is read, in bytes.
pub(crate) const MAX_RULES_BYTES: usize = 512 * 1024;
/// How deep blocks and lists may be nested; rules need four levels.
pub(super) const MAX_DEPTH: usize = 32;

/// What rules with a name speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    Agent,
    Event,
    Key,
    Node,
    Query,
    Service,
    Session,
}

impl Resource {
    /// Every resource, in the order in which Consul checks their rules.
    pub(crate) const ALL: [Self; 7] = [
        Self::Agent,
        Self::Key,
        Self::Node,
        Self::Service,
        Self::Session,
        Self::Event,
        Self::Query,
    ];

    /// The word of its exact rules; those of prefixes have `_prefix` behind it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Event => "event",
            Self::Key => "key",
            Self::Node => "node",
            Self::Query => "query",
            Self::Service => "service",
            Self::Session => "session",
        }
    }
}

/// One rule with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) resource: Resource,
    pub(crate) is_prefix: bool,
    pub(crate) name: String,
    pub(crate) access: Access,
    /// Of services alone; unless given it follows from the access.
    pub(crate) intentions: Option<Access>,
}

/// The rules of one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) acl: Option<Access>,
    pub(crate) keyring: Option<Access>,
    pub(crate) operator: Option<Access>,
    pub(crate) named: Vec<Rule>,
}

/// Why a text is no policy, in Consul's words as far as they can be foreseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RulesError(pub(super) String);

impl RulesError {
    pub(super) fn unreadable(problem: impl fmt::Display) -> Self {
        Self(format!("Failed to parse ACL rules: {problem}"))
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Rules {
    /// Reads a policy of today's syntax, in HCL or JSON. Unknown blocks are ignored, as in Consul.
    pub(crate) fn parse(text: &str) -> Result<Self, RulesError> {
        decode::rules(&items(text).map_err(RulesError::unreadable)?)
    }

    /// Reads the rules of a token from before Consul 1.4, where every name is a prefix.
    pub(crate) fn parse_legacy(text: &str) -> Result<Self, RulesError> {
        let mut rules = Self::parse(text)?;
        rules.acl = None;
        rules.named.retain(|rule| !rule.is_prefix);
        for rule in &mut rules.named {
            rule.is_prefix = true;
        }
        Ok(rules)
    }
}

/// The items of a text: JSON when it begins with a brace.
pub(super) fn items(text: &str) -> Result<Vec<hcl::Item>, String> {
    if text.len() > MAX_RULES_BYTES {
        return Err(format!(
            "the rules have {} bytes, more than the {MAX_RULES_BYTES} allowed",
            text.len()
        ));
    }
    match text.trim_start().starts_with('{') {
        true => json::parse(text),
        false => hcl::parse(text),
    }
}

#[cfg(test)]
mod tests;
