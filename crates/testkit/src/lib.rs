//! What quorate's tests stand on.
//!
//! | I want … | go to |
//! |---|---|
//! | a real Consul that ends with my test | [`server::ConsulServer`] |
//! | a real etcd that ends with my test | [`server::EtcdServer`] |
//! | to know whether a real server is on this machine | [`server::locate`], [`server::Located`] |
//! | certificates for a server and its clients | [`certificates::Authority`] |
//! | to cut, delay, hold, half-close or refuse connections | [`proxy::Proxy`] |
//! | to wait for a condition instead of sleeping | [`eventually`], [`eventually_ok`] |
//! | to prove that no two holders of a lock overlapped | [`history::History`] |
//! | to prove that concurrent operations happened one at a time | [`linear::check`] |
//! | one table of cases, run against several targets | [`trial::Suite`], [`cases!`] |
//! | to send and read HTTP byte for byte | [`exchange`] |
//! | a server in memory that answers as a script says | [`script::Server`], for gRPC [`grpc::Server`] |
//! | several of them, that come and go | [`network::Network`] |
//! | what the real Consul answered, recorded | [`fixture::Fixture`] |
//! | the cases that every Consul, and every backend of quorate, has to pass | [`protocol`] |
//!
//! Nothing here is for production: the library is on the side of the tests, which may block for a
//! moment in a `Drop` and print where a log is kept.

pub mod certificates;
mod eventually;
pub mod exchange;
pub mod fixture;
pub mod grpc;
pub mod history;
pub mod linear;
pub mod network;
pub mod protocol;
pub mod proxy;
mod say;
pub mod script;
pub mod server;
pub mod trial;

pub use eventually::{NotInTime, eventually, eventually_ok};
