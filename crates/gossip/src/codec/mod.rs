//! What goes over the wire between members: memberlist's messages and the layers around them.
//!
//! Serf's own messages, which travel inside of [`Kind::User`], are in [`crate::serf::message`].
//! Everything here is a function of bytes: no I/O, no clock, no randomness.

mod alive;
mod checksum;
mod cipher;
mod compound;
mod compress;
mod envelope;
mod frame;
mod keyring;
mod kind;
mod label;
mod message;
mod probe;
mod push_pull;
mod rumor;
mod versions;

pub use alive::Alive;
pub use cipher::{CipherError, Key, NONCE_LEN};
pub use compound::{MAX_PARTS, join, split};
pub use compress::{Compressed, MAX_DECOMPRESSED, compress, decompress};
pub use envelope::{Envelope, OpenError, PACKET_LIMIT};
pub use frame::{FrameScanner, MAX_STREAM};
pub use keyring::{Keyring, KeyringError};
pub use kind::Kind;
pub use label::{Label, LabelError};
pub use message::Message;
pub use probe::{Ack, Fault, IndirectPing, Nack, Ping};
pub use push_pull::{MAX_NODES, NodeState, PushPull, RemoteNode, StreamUser};
pub use rumor::{Dead, Suspect};
pub use versions::Versions;
