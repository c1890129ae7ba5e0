//! Access rules as state: tokens, policies, roles, auth methods and binding rules.

mod agent_token;
mod auth_method;
mod binding_rule;
mod bootstrap;
mod command;
mod entry;
mod expiry;
mod hash;
mod identity;
mod link;
mod policy;
mod refusal;
mod role;
mod table;
mod token;
mod token_write;

pub(crate) use auth_method::is_auth_method_name;
pub use command::{AclCommand, AclReply, Bootstrap, DeleteToken, Fresh, Seed, SetToken};
pub(crate) use entry::ROOTS;
pub use policy::AclPolicy;
pub use refusal::AclRefusal;
pub use token::{AclToken, TokenFilter};

pub(super) use table::Tables;

use super::refusal::Refusal;
use super::state::State;
use crate::engine::Time;
use crate::engine::change::Changes;

/// The characters that names may have besides letters and digits of ASCII.
fn is_name(name: &str, longest: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=longest).contains(&name.len()) && name.bytes().all(plain)
}

impl State {
    /// Carries out a write of access rules.
    pub(super) fn apply_acl(
        &mut self,
        command: AclCommand,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, Refusal> {
        let reply = match command {
            AclCommand::Seed(seed) => self.seed_acl(&seed, now, changes),
            AclCommand::Bootstrap(fresh) => self.bootstrap_acl(*fresh, now, changes),
            AclCommand::SetToken(set) => self.set_acl_token(*set, now, changes),
            AclCommand::DeleteToken(delete) => self.delete_acl_token(&delete, now, changes),
            AclCommand::SetEntry(entry, fresh) => self.set_acl_entry(&entry, &fresh, now, changes),
            AclCommand::DeleteEntry(secret) => self.delete_acl_entry(&secret, now, changes),
            AclCommand::SetPolicy(policy, fresh) => {
                self.set_acl_policy(*policy, &fresh, now, changes)
            }
            AclCommand::DeletePolicy(id) => self.delete_acl_policy(&id, now, changes),
            AclCommand::SetRole(role, fresh) => self.set_acl_role(*role, &fresh, now, changes),
            AclCommand::DeleteRole(id) => self.delete_acl_role(&id, now, changes),
            AclCommand::SetAuthMethod(method) => self.set_acl_auth_method(*method, now, changes),
            AclCommand::DeleteAuthMethod(name) => self.delete_acl_auth_method(&name, now, changes),
            AclCommand::SetBindingRule(rule, fresh) => {
                self.set_acl_binding_rule(*rule, &fresh, now, changes)
            }
            AclCommand::SetAgentToken(name, secret) => {
                self.set_agent_token(&name, &secret, now, changes)
            }
            AclCommand::DeleteBindingRule(id) => self.delete_acl_binding_rule(&id, now, changes),
        };
        reply.map_err(Refusal::Acl)
    }
}
