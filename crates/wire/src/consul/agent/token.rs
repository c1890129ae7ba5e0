//! The ACL tokens that an agent itself uses.

use serde::{Deserialize, Serialize};

use crate::consul::SecretText;

/// One of the ACL tokens that an agent itself uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AgentToken {
    /// Of requests that bring none.
    Default,
    /// Of what the agent does by itself, such as registering its node.
    Agent,
    /// Lets its holder manage the agent while no server can be reached.
    AgentMaster,
    /// With which a server copies the ACLs of the primary datacenter.
    Replication,
}

impl AgentToken {
    /// The word in the path, since Consul 1.4.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Agent => "agent",
            Self::AgentMaster => "agent_master",
            Self::Replication => "replication",
        }
    }

    /// The word in the path before Consul 1.4.
    #[must_use]
    pub fn old_name(self) -> &'static str {
        match self {
            Self::Default => "acl_token",
            Self::Agent => "acl_agent_token",
            Self::AgentMaster => "acl_agent_master_token",
            Self::Replication => "acl_replication_token",
        }
    }

    /// Reads both words.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Default,
            Self::Agent,
            Self::AgentMaster,
            Self::Replication,
        ];
        all.into_iter()
            .find(|token| word == token.as_str() || word == token.old_name())
    }
}

/// The body of `PUT /v1/agent/token/NAME`; an empty token takes the agent's away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct TokenUpdate {
    /// The token's secret.
    pub token: SecretText,
}

impl TokenUpdate {
    /// The token's secret.
    pub fn new(token: impl Into<SecretText>) -> Self {
        Self {
            token: token.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_a_token_are_read() {
        assert_eq!(
            AgentToken::parse("agent_master"),
            Some(AgentToken::AgentMaster)
        );
        assert_eq!(AgentToken::parse("acl_token"), Some(AgentToken::Default));
        assert_eq!(AgentToken::parse("nothing"), None);
    }
}
