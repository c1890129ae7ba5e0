//! The agent itself: `/v1/agent/…`.

mod check_registration;
mod connect;
mod health;
mod host;
mod info;
mod log;
mod member;
mod metrics;
mod service;
mod service_registration;
mod token;
mod ttl;

pub use super::health_status::HealthStatus;
pub use super::service::{
    Connect, Expose, ExposedPath, MeshGateway, MeshGatewayMode, Proxy, ServiceAddress, ServiceKind,
    Upstream, Weights,
};
pub use check_registration::{
    CheckDefinition, CheckKind, CheckRegistration, DockerCheck, GrpcCheck, HttpCheck, InvalidCheck,
    ScriptCheck, TcpCheck,
};
pub use connect::{Authorization, AuthorizeRequest, CaLeaf};
pub use health::ServiceHealth;
pub use host::{HostCpu, HostDisk, HostInfo, HostMemory, HostReport};
pub use info::{AgentConfig, AgentSelf};
pub use log::{LogLevel, LogLine, UnknownLevel};
pub use member::{Member, MemberStatus};
pub use metrics::{Gauge, Metrics, Point, Sampled};
pub use service::AgentService;
pub use service_registration::{
    ConnectRegistration, InvalidService, MAX_META, MAX_META_KEY_BYTES, MAX_META_VALUE_BYTES,
    ServiceRegistration,
};
pub use token::{AgentToken, TokenUpdate};
pub use ttl::TtlUpdate;
