//! Binding rules: `/v1/acl/binding-rule…`.

use serde::{Deserialize, Serialize};

use crate::consul::words::words;

words! {
    /// What the tokens of a login are given.
    #[derive(Default)]
    BindType {
        /// The identity of a service.
        #[default]
        Service = "service",
        /// The identity of a node.
        Node = "node",
        /// A role, if it exists.
        Role = "role",
    }
}

/// A binding rule as the server shows it: what those get who log in by an auth method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct BindingRule {
    /// The UUID that the server gave it.
    #[serde(rename = "ID")]
    pub id: String,
    /// A note for people.
    pub description: String,
    /// The auth method that it belongs to.
    pub auth_method: String,
    /// A filter expression over what the method knows of who logs in; empty is everyone.
    pub selector: String,
    /// What they are given.
    pub bind_type: BindType,
    /// The name of the service, node or role; `${value.field}` stands for what the method knows.
    pub bind_name: String,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// The body of `PUT /v1/acl/binding-rule` and of `PUT /v1/acl/binding-rule/ID`. An update replaces
/// all of it, so start from the rule that is there: `BindingRuleRequest::from(&rule)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct BindingRuleRequest {
    /// The UUID of the rule that is changed; a new one has none.
    #[serde(rename = "ID", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// A note for people.
    pub description: String,
    /// The auth method that it belongs to. It never changes.
    pub auth_method: String,
    /// What those are given who log in.
    pub bind_type: BindType,
    /// The name of the service, node or role; `${value.field}` stands for what the method knows.
    pub bind_name: String,
    /// A filter expression over what the method knows of who logs in; empty is everyone.
    pub selector: String,
}

impl BindingRuleRequest {
    /// Gives everyone who logs in by `auth_method` a service, a node or a role.
    #[must_use]
    pub fn new(
        auth_method: impl Into<String>,
        bind_type: BindType,
        bind_name: impl Into<String>,
    ) -> Self {
        Self {
            auth_method: auth_method.into(),
            bind_type,
            bind_name: bind_name.into(),
            ..Self::default()
        }
    }

    /// Sets the note for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Gives it only to those for whom this filter expression holds, as in
    /// `value.namespace == "team"`.
    #[must_use]
    pub fn with_selector(mut self, selector: impl Into<String>) -> Self {
        self.selector = selector.into();
        self
    }
}

/// The rule as it is, ready to be changed and sent back.
impl From<&BindingRule> for BindingRuleRequest {
    fn from(rule: &BindingRule) -> Self {
        Self {
            id: rule.id.clone(),
            description: rule.description.clone(),
            auth_method: rule.auth_method.clone(),
            bind_type: rule.bind_type.clone(),
            bind_name: rule.bind_name.clone(),
            selector: rule.selector.clone(),
        }
    }
}
