//! A complete client of etcd.
//!
//! ```no_run
//! use quorate_etcd::v3::Client;
//!
//! # async fn example() -> Result<(), quorate_etcd::v3::Error> {
//! let client = Client::new("http://127.0.0.1:2379")?;
//! client.kv().put("config/port", "8080").await?;
//! let port = client.kv().get("config/port").await?.expect("just written");
//! assert_eq!(port.value, "8080");
//! # Ok(())
//! # }
//! ```
//!
//! | I want … | go to |
//! |---|---|
//! | the v3 API, as etcd has it today | [`v3`] |
//! | the v2 API, as etcd 0.4 to 3.5 have it (3.4 and 3.5 with `--enable-v2`) | [`v2`] |
//! | what the environment says, for either | [`Environment`] |

mod effect;
mod environment;
mod lease;
mod queue;
pub mod v2;
pub mod v3;

pub use environment::{Environment, EnvironmentError};
