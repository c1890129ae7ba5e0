//! Real servers that start with a value and end with it.
//!
//! A server runs on free ports of the loopback interface and in a temporary folder of its own. It
//! is killed when its value is dropped, and also when the test process ends in any other way. When
//! the test fails, its folder with the log is kept and printed.
//!
//! ```no_run
//! use quorate_testkit::server::{ConsulOptions, ConsulServer};
//!
//! # async fn test() -> Result<(), quorate_testkit::server::ServerError> {
//! let consul = ConsulServer::start(ConsulOptions::default()).await?;
//! println!("ready at {}", consul.url());
//! consul.pause().await?;  // the process stands still, its connections stay open
//! consul.resume()?;
//! consul.kill()?;         // kill -9
//! consul.restart().await?; // same address, same data
//! # Ok(()) }
//! ```

mod consul;
mod error;
mod etcd;
mod folder;
mod launch;
mod locate;
mod port;
mod process;
mod serf;

pub use consul::{
    ConsulClients, ConsulCluster, ConsulData, ConsulOptions, ConsulServer, ConsulTls,
};
pub use error::ServerError;
pub use etcd::{EtcdCluster, EtcdServer, EtcdVersion};
pub use locate::{Located, locate, real_servers_required};
pub use port::ReservedPort;
pub use serf::{SerfOptions, SerfServer};
