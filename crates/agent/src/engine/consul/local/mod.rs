//! The agent's own services and checks: what clients registered with this agent, apart from the
//! catalog, which has those of every node.
//!
//! What a write changes here it changes in the catalog too, in the same commit. Only an output
//! without a new status may wait, and what others change in the catalog is put right by
//! [`LocalChange::Sync`].

mod command;
mod deadlines;
mod entry;
mod maintenance;
mod plan;
mod push;
mod read;
mod register;
mod registry;
mod sidecar;
mod status;
mod sync;

pub use command::{LocalChange, LocalWrite, ServiceRegistration, SidecarSpec};
pub use entry::{LocalCheck, LocalService};
pub use maintenance::{NODE_MAINTENANCE, SERVICE_MAINTENANCE_PREFIX};
pub use plan::{CheckKind, CheckPlan, MAX_OUTPUT_BYTES, MIN_INTERVAL, MIN_REAP};
pub(super) use registry::Local;
