use quorate_wire::consul::acl::{AuthMethod, BindingRule, Entry, Policy, Role, Token};
use quorate_wire::consul::{GoTime, SecretText};

/// A write of access rules, decoded and otherwise as the client sent it: the engine checks it.
/// Who may do it was checked before.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AclCommand {
    /// What every server with access rules has, and the token of its configuration.
    Seed(Box<Seed>),
    /// `PUT /v1/acl/bootstrap`.
    Bootstrap(Box<Bootstrap>),
    /// `PUT /v1/acl/token` and `PUT /v1/acl/token/:accessor`.
    SetToken(Box<SetToken>),
    /// `DELETE /v1/acl/token/:accessor`.
    DeleteToken(DeleteToken),
    /// `PUT /v1/acl/create` and `PUT /v1/acl/update`; the accessor is for a new one.
    SetEntry(Box<Entry>, String),
    /// `PUT /v1/acl/destroy/:id`.
    DeleteEntry(SecretText),
    /// `PUT /v1/acl/policy` and `PUT /v1/acl/policy/:id`; the id is for a policy without one.
    SetPolicy(Box<Policy>, String),
    /// `DELETE /v1/acl/policy/:id`.
    DeletePolicy(String),
    /// `PUT /v1/acl/role` and `PUT /v1/acl/role/:id`; the id is for a role without one.
    SetRole(Box<Role>, String),
    /// `DELETE /v1/acl/role/:id`.
    DeleteRole(String),
    /// `PUT /v1/acl/auth-method` and `PUT /v1/acl/auth-method/:name`. What its kind needs to know
    /// was checked before.
    SetAuthMethod(Box<AuthMethod>),
    /// `DELETE /v1/acl/auth-method/:name`.
    DeleteAuthMethod(String),
    /// `PUT /v1/acl/binding-rule` and `PUT /v1/acl/binding-rule/:id`; the id is for a rule without
    /// one. Its selector was checked before.
    SetBindingRule(Box<BindingRule>, String),
    /// `PUT /v1/agent/token/:name`, to be remembered.
    SetAgentToken(String, SecretText),
    /// `DELETE /v1/acl/binding-rule/:id`.
    DeleteBindingRule(String),
}

/// New random UUIDs for a token: the engine draws none itself.
#[derive(Clone, Debug, Default)]
pub struct Fresh {
    /// The accessor.
    pub accessor_id: String,
    /// The secret.
    pub secret_id: SecretText,
}

/// What a server with access rules begins with.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// The token of the configuration that may do everything.
    pub management: Option<SecretText>,
    /// Its accessor, if it is new.
    pub accessor_id: String,
    /// The time on the clock.
    pub now: GoTime,
}

/// The first token.
#[derive(Clone, Debug, Default)]
pub struct Bootstrap {
    /// Its ids.
    pub fresh: Fresh,
    /// The time on the clock.
    pub now: GoTime,
    /// The operator's permission to do it again, which names the index of the last time.
    pub reset_index: Option<u64>,
}

/// A token to write.
#[derive(Clone, Debug, Default)]
pub struct SetToken {
    /// What it is to be.
    pub token: Token,
    /// For how long it lives, in nanoseconds; 0 for what its expiration time says.
    pub ttl_nanos: i64,
    /// Whether it must be new.
    pub create: bool,
    /// Whether it comes from a login, which alone may name an auth method.
    pub login: bool,
    /// Ids for a new one that names none.
    pub fresh: Fresh,
    /// The time on the clock.
    pub now: GoTime,
}

/// A token to delete.
#[derive(Clone, Debug, Default)]
pub struct DeleteToken {
    /// Its accessor.
    pub accessor_id: String,
    /// The secret of the request, which must not delete itself; empty where it may.
    pub requester: SecretText,
}

/// The answer to an [`AclCommand`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AclReply {
    /// The token as it is now.
    Token(Box<Token>),
    /// The policy as it is now.
    Policy(Box<Policy>),
    /// The role as it is now.
    Role(Box<Role>),
    /// The auth method as it is now.
    AuthMethod(Box<AuthMethod>),
    /// The binding rule as it is now.
    BindingRule(Box<BindingRule>),
    /// The secret of an old token.
    Secret(SecretText),
    /// Nothing but that it is done.
    Done,
}
