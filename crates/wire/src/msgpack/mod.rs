//! MessagePack as HashiCorp's programs write and read it.
//!
//! | I want … | go to |
//! |---|---|
//! | to know where an object ends that arrives in pieces | [`Splitter`] |
//! | to read one object | [`Reader`], [`Decode`] |
//! | to write one object | [`Writer`], [`Encode`] |
//!
//! Reading is lenient where the real programs are: text may come as bytes and bytes as text or as a
//! list of numbers, integers in any width, a structure as a list of its fields, and `nil` stands for
//! whatever is empty. Writing is exact: the shortest form of each number, `str8` for text of 32 bytes
//! and more, `bin` for bytes.
//!
//! ```
//! use quorate_wire::msgpack::{Decode, Encode, Splitter, Writer};
//! use std::collections::BTreeMap;
//!
//! let tags = BTreeMap::from([("role".to_owned(), "web".to_owned())]);
//! let bytes = tags.to_msgpack();
//! // Two objects back to back: where does the first end?
//! let both = [&bytes[..], &[0x90]].concat();
//! assert_eq!(Splitter::new(1024).scan(&both)?, Some(bytes.len()));
//! assert_eq!(BTreeMap::from_msgpack(&both[..bytes.len()])?, tags);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod field;
mod reader;
mod record;
mod splitter;
mod writer;

pub use error::DecodeError;
pub use field::{Decode, Encode};
pub use reader::Reader;
pub(crate) use record::record;
pub use splitter::{SplitError, Splitter};
pub use writer::Writer;

/// How deep maps and lists may be nested. What Serf sends has three levels.
pub const MAX_DEPTH: usize = 16;
