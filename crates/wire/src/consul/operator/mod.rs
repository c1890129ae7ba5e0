//! The operation of the cluster: `/v1/operator/…`.

pub mod autopilot;
pub mod keyring;
pub mod raft;

pub use autopilot::{AutopilotConfig, AutopilotConfigRequest, AutopilotHealth, ServerHealth};
pub use keyring::{KeyRequest, Keyring};
pub use raft::{RaftConfiguration, RaftServer};
