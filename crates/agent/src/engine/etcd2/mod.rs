//! etcd's v2 key space: a tree of directories and files, its history, its users and its rules.
//!
//! [`State`] is what readers see: its public methods read. Changes go through
//! [`Engine::apply`](super::Engine::apply).

mod action;
mod auth;
mod command;
mod compare;
mod delete;
mod event;
mod expire;
mod history;
mod members;
mod node;
mod path;
mod refusal;
mod row;
mod set;
mod state;
mod stats;
mod update;
mod watch;

pub use action::Action;
pub use auth::{
    Auth, AuthCommand, AuthRefusal, AuthReply, Flags, Patterns, Permissions, PutRole, PutUser,
    Role, User,
};
pub use command::{Command, Condition, Op, Put, Reply, Write};
pub use event::{Event, NodeState};
pub use history::{HISTORY, History, RETAINED, RETAINED_BYTES};
pub use node::{Children, Content, Node};
pub use path::{clean, is_hidden};
pub use refusal::{KeyRefusal, Problem, Refusal};
pub use row::Row;
pub use state::{FIRST_INDEX, State};
pub use stats::{Stats, Tally};
pub use watch::{Seen, Watch};
