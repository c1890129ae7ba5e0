//! What services are made of, wherever they stand: in the catalog, in health, at an agent.

mod address;
mod kind;
mod proxy;
mod weights;

pub use address::ServiceAddress;
pub use kind::ServiceKind;
pub use proxy::{Connect, Expose, ExposedPath, MeshGateway, MeshGatewayMode, Proxy, Upstream};
pub use weights::Weights;
