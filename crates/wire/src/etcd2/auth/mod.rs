//! Access control: `/v2/auth`. All bodies but refusals are followed by a line feed.

mod enable;
mod permissions;
mod role;
mod user;

pub use enable::AuthEnabled;
pub use permissions::{KvPermissions, Permissions};
pub use role::{Role, RoleList, RoleRequest};
pub use user::{User, UserList, UserRequest, UserRoles};
