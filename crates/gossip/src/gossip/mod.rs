//! A member that runs: sockets, a clock and tasks around an [`Engine`](crate::engine::Engine).

mod bind;
mod config;
mod driver;
mod files;
mod handle;
mod join;
mod mailbox;
mod stream;

pub use config::Config;
pub use handle::{Ending, Gossip};
pub use join::Joined;
pub use mailbox::{EventStream, Missed, QueryStream};
