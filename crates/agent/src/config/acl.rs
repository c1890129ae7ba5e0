//! Access rules in the agent's configuration.

use std::str::FromStr;

use quorate_net::Secret;

use crate::error::AgentError;

/// What is allowed that no rule speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AclDefault {
    /// Nothing.
    #[default]
    Deny,
    /// Everything but to manage access rules and snapshots.
    Allow,
}

impl FromStr for AclDefault {
    type Err = AgentError;

    /// Reads `deny` or `allow`.
    fn from_str(text: &str) -> Result<Self, AgentError> {
        match text {
            "deny" => Ok(Self::Deny),
            "allow" => Ok(Self::Allow),
            _ => Err(AgentError::UnknownAclDefault(text.into())),
        }
    }
}

/// Access rules: who may do what with Consul's API.
///
/// They are off unless [`AgentConfig::with_acl`](crate::AgentConfig::with_acl) turns them on. The
/// tokens of requests are those that were made through the API; the ones in here are the agent's
/// own. Their secrets are never logged, and never part of an error.
///
/// ```
/// use quorate_agent::{AclConfig, AclDefault};
///
/// let acl = AclConfig::default().with_management_token("3b9c6f52-…");
/// assert_eq!(acl.default_policy, AclDefault::Deny);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AclConfig {
    /// What is allowed that no rule speaks of. Default: nothing.
    pub default_policy: AclDefault,
    /// The secret of a token that may do everything, made at the start unless it is there
    /// (Consul's `tokens.master`). Default: none; `PUT /v1/acl/bootstrap` then makes the first.
    pub management_token: Option<Secret>,
    /// What requests without a token use (`tokens.default`). Default: the anonymous token.
    pub default_token: Option<Secret>,
    /// What the agent itself uses (`tokens.agent`). Default: the default token.
    pub agent_token: Option<Secret>,
    /// A secret that may write this agent and read every node, whatever the state of the tokens
    /// (`tokens.agent_master`). Default: none.
    pub agent_master_token: Option<Secret>,
    /// Whether listing keys needs a rule with `list`. Default: false, lists are filtered only.
    pub enable_key_list_policy: bool,
    /// Whether tokens that are set through `/v1/agent/token/…` are kept over a restart. Default:
    /// false.
    pub enable_token_persistence: bool,
}

impl AclConfig {
    /// Sets what is allowed that no rule speaks of.
    #[must_use]
    pub fn with_default_policy(mut self, policy: AclDefault) -> Self {
        self.default_policy = policy;
        self
    }

    /// Makes a token with this secret that may do everything.
    #[must_use]
    pub fn with_management_token(mut self, secret: impl Into<Secret>) -> Self {
        self.management_token = Some(secret.into());
        self
    }

    /// Sets what requests without a token use.
    #[must_use]
    pub fn with_default_token(mut self, secret: impl Into<Secret>) -> Self {
        self.default_token = Some(secret.into());
        self
    }

    /// Sets what the agent itself uses.
    #[must_use]
    pub fn with_agent_token(mut self, secret: impl Into<Secret>) -> Self {
        self.agent_token = Some(secret.into());
        self
    }

    /// Sets a secret that may write this agent and read every node.
    #[must_use]
    pub fn with_agent_master_token(mut self, secret: impl Into<Secret>) -> Self {
        self.agent_master_token = Some(secret.into());
        self
    }

    /// Lets listing keys need a rule with `list`.
    #[must_use]
    pub fn with_key_list_policy(mut self, enable: bool) -> Self {
        self.enable_key_list_policy = enable;
        self
    }

    /// Keeps tokens that are set through `/v1/agent/token/…` over a restart.
    #[must_use]
    pub fn with_token_persistence(mut self, enable: bool) -> Self {
        self.enable_token_persistence = enable;
        self
    }

    /// Checks what can be checked before anything is opened.
    pub(crate) fn validate(&self) -> Result<(), AgentError> {
        let tokens = [
            ("management token", &self.management_token),
            ("default token", &self.default_token),
            ("agent token", &self.agent_token),
            ("agent master token", &self.agent_master_token),
        ];
        for (field, token) in tokens {
            let Some(token) = token.as_ref().map(Secret::expose) else {
                continue;
            };
            let reserved = ["", "anonymous", "allow", "deny", "manage"];
            if reserved.contains(&token) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(AgentError::InvalidToken { field });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_no_request_can_carry_is_refused_without_showing_it() {
        for secret in ["", "anonymous", "allow", "two words", "sécret"] {
            let acl = AclConfig::default().with_management_token(secret);
            let error = acl.validate().unwrap_err().to_string();
            assert!(error.contains("management token"), "{error}");
            assert!(secret.is_empty() || !error.contains(secret), "{error}");
        }
        let acl = AclConfig::default().with_management_token("root");
        assert!(acl.validate().is_ok());
        assert!(!format!("{acl:?}").contains("root"));
    }
}
