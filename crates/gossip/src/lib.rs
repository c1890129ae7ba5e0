//! Membership by gossip: who is there, who failed, who left; tags, events and queries over all.
//!
//! This speaks the protocols of HashiCorp's memberlist and Serf, so that its members and those of
//! real Serf clusters are one cluster.
//!
//! | I want … | go to |
//! |---|---|
//! | to take part in a cluster | [`Gossip::start`] with a [`Config`] |
//! | to know who is there | [`Gossip::members`], [`Gossip::events`] |
//! | to tell or ask all members something | [`Gossip::user_event`], [`Gossip::query`] |
//! | to change the keys of a cluster that runs | [`Gossip::install_key`] and what follows it |
//! | to know how far members are | [`Gossip::coordinate_of`], [`coordinate`] |
//! | to drive a member with my own sockets and clock | [`engine`] |
//! | to read or write the messages | [`codec`], [`serf::message`] |
//!
//! Membership is eventually consistent: use it to find others and as a hint, never for a lock.
//!
//! ```
//! use quorate_gossip::{Config, Event, Gossip};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let local = |name| Config::new(name).with_bind(([127, 0, 0, 1], 0).into());
//! let web = Gossip::start(local("web-1").with_tags([("role", "web")])).await?;
//! let db = Gossip::start(local("db-1")).await?;
//! let mut events = db.events().await?;
//!
//! db.join(&[web.address().to_string()], false).await?;
//! assert_eq!(db.members().await?.len(), 2);
//! let Some(Ok(Event::Members(joined))) = events.next().await else { panic!() };
//! assert_eq!(joined.members[0].tags["role"], "web");
//!
//! web.user_event("deploy", "v2", false).await?;
//! let Some(Ok(Event::User(event))) = events.next().await else { panic!() };
//! assert_eq!((&event.name[..], &event.payload[..]), ("deploy", &b"v2"[..]));
//! web.leave().await?;
//! web.shutdown().await;
//! db.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod address;
pub mod codec;
pub mod coordinate;
pub mod engine;
pub mod error;
pub mod event;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gossip;
mod memberlist;
pub mod msgpack;
pub mod profile;
pub mod rng;
pub mod serf;

pub use engine::Failure;
pub use error::Error;
pub use event::Event;
pub use gossip::{Config, Ending, EventStream, Gossip, Joined, Missed, QueryStream};
pub use serf::{Member, Status};
