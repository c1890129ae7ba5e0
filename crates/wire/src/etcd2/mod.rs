//! The v2 API of etcd: bodies, parameters, headers and paths.
//!
//! Reference level: etcd 3.4.23 and 3.5.16 with `--enable-v2=true`; 3.6 and newer have no v2 API.
//! Unknown fields in an answer are ignored, and what servers before 2.3 wrote differently is read
//! too.
//!
//! ```
//! use quorate_wire::etcd2::{Action, Event, json};
//!
//! // As a client reads it …
//! let body = br#"{"action":"set","node":{"key":"/port","value":"80","modifiedIndex":7,"createdIndex":7}}"#;
//! let event: Event = serde_json::from_slice(body)?;
//! assert_eq!(event.action, Action::Set);
//! assert_eq!(event.node.as_ref().and_then(|node| node.value.as_deref()), Some("80"));
//! // … and as a server writes it.
//! assert_eq!(json::encode(&event)?, body);
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod auth;
pub mod error;
pub mod event;
pub mod form;
pub mod health;
pub mod json;
pub mod key;
pub mod machines;
pub mod member;
pub mod meta;
pub mod node;
pub mod parameters;
pub mod path;
pub mod stats;
pub mod version;

pub use auth::{
    AuthEnabled, KvPermissions, Permissions, Role, RoleList, RoleRequest, User, UserList,
    UserRequest, UserRoles,
};
pub use error::{ErrorBody, ErrorCode, MessageBody};
pub use event::{Action, Event};
pub use form::{Form, FormError};
pub use health::Health;
pub use key::KeyError;
pub use member::{Member, MemberList, MemberRequest};
pub use meta::Meta;
pub use node::Node;
pub use parameters::{ParameterError, Parameters};
pub use path::Route;
pub use stats::{LeaderStats, SelfStats, StoreStats};
pub use version::Version;

pub use crate::consul::duration::GoDuration;
pub use crate::consul::secret::SecretText;
pub use crate::consul::time::GoTime;
