//! What services are made of, wherever they stand: in the catalog, in health, at an agent.

mod address;
pub(crate) mod catalog_proxy;
mod kind;
mod node_service;
mod proxy;
mod weights;

pub use address::ServiceAddress;
pub use kind::ServiceKind;
pub use node_service::{NodeService, NodeServiceRef};
pub use proxy::{Connect, Expose, ExposedPath, MeshGateway, MeshGatewayMode, Proxy, Upstream};
pub use weights::Weights;
