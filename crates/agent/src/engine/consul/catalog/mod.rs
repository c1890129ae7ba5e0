//! The catalog: nodes, the instances of services on them, and checks of both.

mod check;
mod gateway;
mod instance;
mod lookup;
mod meta;
mod node;
mod proxy_rules;
mod read;
mod remove;
mod service;
mod service_index;
mod tables;
mod txn;
mod write;

pub use check::Check;
pub use instance::Instance;
pub(crate) use meta::check_meta;
pub use node::Node;
pub(crate) use proxy_rules::mesh_problems;
pub use service::{Service, ServiceWeights};
pub(super) use tables::{Catalog, PartKey};
pub use txn::{CatalogOp, CheckOp, NodeOp, ServiceOp};
