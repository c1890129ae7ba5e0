//! A complete client of etcd.
//!
//! ```no_run
//! use quorate_etcd::v2::Client;
//!
//! # async fn example() -> Result<(), quorate_etcd::v2::Error> {
//! let client = Client::new("http://127.0.0.1:2379")?;
//! client.keys().set("/config/port", "8080").await?;
//! let node = client.keys().get("/config/port").await?.expect("just written");
//! assert_eq!(node.value.as_deref(), Some("8080"));
//! # Ok(())
//! # }
//! ```
//!
//! | I want … | go to |
//! |---|---|
//! | the v2 API, as etcd 0.4 to 3.5 have it (3.4 and 3.5 with `--enable-v2`) | [`v2`] |

pub mod v2;
