//! Typed configuration: read from keys, files and the environment into a type of your own,
//! followed, and never wrong.
//!
//! ```
//! # #[cfg(feature = "embedded")]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use quorate::config::{Config, ConfigEvent};
//! use quorate::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! #[serde(rename_all = "UPPERCASE", default)]
//! struct Settings {
//!     http: Http,
//! }
//! #[derive(Debug, Serialize, Deserialize)]
//! struct Http {
//!     port: u16,
//!     hosts: Vec<String>,
//! }
//! impl Default for Settings {
//!     fn default() -> Self {
//!         Self { http: Http { port: 80, hosts: vec!["localhost".into()] } }
//!     }
//! }
//!
//! let coordinator = quorate::connect("memory:").await?;
//! coordinator.kv().put("myproject/app/HTTP/port", "8080").await?;
//!
//! let config = Config::<Settings>::builder()
//!     .defaults(&Settings::default()) // what lies lowest
//!     .subtree(&coordinator, "myproject/app")
//!     .environment("MYAPP") // MYAPP_HTTP__PORT=9090 would win
//!     .validate(|settings: &Settings| match settings.http.port {
//!         0 => Err("port 0 is none"),
//!         _ => Ok(()),
//!     })
//!     .load()
//!     .await?;
//! assert_eq!(config.get().http.port, 8080); // a few nanoseconds, no lock, no copy
//!
//! let mut changes = config.changes();
//! coordinator.kv().put("myproject/app/HTTP/port", "0").await?;
//! match changes.next().await {
//!     Some(ConfigEvent::Refused(refusal)) => eprintln!("{}", refusal.error),
//!     other => panic!("{other:?}"),
//! }
//! assert_eq!(config.get().http.port, 8080); // the last good one
//! config.set("HTTP/port", &8081).await?; // refused before it is written if it were invalid
//! match changes.next().await {
//!     Some(ConfigEvent::Changed { changes, .. }) => {
//!         assert_eq!(changes[0].to_string(), "HTTP/port: 8080 -> 8081");
//!     }
//!     other => panic!("{other:?}"),
//! }
//! # Ok(coordinator.close().await?)
//! # }
//! # #[cfg(not(feature = "embedded"))] fn main() {}
//! ```
//!
//! # Layout
//! `path/CATEGORY/parameter` is a key each, its value the text of the parameter, nested as deep as
//! the type is: the rules are those of the [tree](crate::tree), which reads `8080` as a `u16` where
//! the type wants one. Or everything is one document (JSON; TOML and YAML with the features of that
//! name) in one key.
//!
//! # What is promised
//! * **Never torn.** A value is made of one consistent state of each store. On backends with
//!   transactions ([`Capabilities::transactions`](crate::Capabilities::transactions)) what was
//!   written together is seen together. Elsewhere several keys are written one after the other: a
//!   change is taken when it has been quiet for a while ([`ConfigBuilder::settle`]), or exactly
//!   when its writer says so ([`Store::with_marker`]); a document is whole everywhere. Two stores
//!   are not tied together.
//! * **Never invalid.** A value becomes the current one only if it could be decoded and every
//!   validation agrees. What is refused is reported, with the parameter at fault and where it came
//!   from, and the last good value stays.
//! * **Never stuck.** A store that can't be reached is tried until it can; what changed meanwhile
//!   follows. [`Config::status`] says since when the value may be old, and why.

mod builder;
mod change;
mod changes;
mod checks;
mod codec;
mod current;
mod defaults;
mod document;
mod draft;
mod edit;
mod environment;
mod error;
mod follow;
mod format;
mod handle;
mod merge;
mod parameter;
mod parameters;
mod reader;
mod remote;
mod secrets;
mod snapshot;
mod stack;
mod status;
mod store;

#[cfg(feature = "config")]
mod config_rs;
#[cfg(feature = "figment")]
mod figment;

pub use builder::ConfigBuilder;
pub use change::ParameterChange;
pub use changes::{Changes, ConfigEvent};
pub use checks::{Invalid, Validate};
pub use current::Current;
pub use edit::Edit;
pub use error::ConfigError;
pub use format::Format;
pub use handle::Config;
pub use parameter::{Origin, Parameter};
pub use parameters::Parameters;
pub use reader::Reader;
pub use secrets::Secrets;
pub use snapshot::ConfigSnapshot;
pub use status::{ConfigStatus, Refusal, StoreStatus};
pub use store::Store;
