//! Values of any shape as trees of keys: maps become directories, lists become ordered children,
//! everything else becomes a leaf. A struct that derives `Serialize` and `Deserialize` comes back
//! as it was, from every backend.
//!
//! [`Tree`] reads and writes them; [`to_entries`] and [`from_entries`] are the mapping alone,
//! without a backend.
//!
//! ```
//! use quorate::tree::{TreeOptions, from_entries, to_entries};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Pool {
//!     name: String,
//!     size: u16,
//!     hosts: Vec<String>,
//!     password: Option<String>,
//! }
//!
//! let pool = Pool {
//!     name: "main".into(),
//!     size: 8,
//!     hosts: vec!["a".into(), "b".into()],
//!     password: None,
//! };
//! let options = TreeOptions::default();
//! let entries = to_entries(&pool, &options)?;
//! let shown: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), &value[..])).collect();
//! assert_eq!(
//!     shown,
//!     [("hosts/1", &b"a"[..]), ("hosts/2", b"b"), ("name", b"main"), ("size", b"8")]
//! );
//! assert_eq!(from_entries::<Pool, _, _, _>("", entries, &options)?, pool);
//! # Ok::<(), quorate::TreeError>(())
//! ```
//!
//! # The rules
//!
//! | value | what is written |
//! |---|---|
//! | struct, map | a directory, with one child a field or key |
//! | `None` in a field of a struct | nothing: a field that is not there is read as `None` |
//! | any other `None`, `()`, unit struct, JSON `null` | the marker `.tree` with the value `null`; a leaf `null` with [`Scalars::Json`] |
//! | empty map, struct without fields | the marker `.tree` with the value `{}` |
//! | empty list | the marker `.tree` with the value `[]` |
//! | list, tuple, tuple struct | a directory with the children `1`, `2`, …; or 20 digits each, by [`ListNames::Padded`] |
//! | map whose keys look like those of a list | its children, and the marker `.tree` with the value `{}` |
//! | text, `char` | the text |
//! | `bool` | `true`, `false` |
//! | integer of any width, up to `i128` and `u128` | decimal digits |
//! | `f32`, `f64` | the shortest text that is read as the same number: `0.1`, `1e300`, `NaN`, `inf`, `-inf` |
//! | bytes (`serde_bytes`) | the bytes as they are; a plain `Vec<u8>` is a list of numbers for serde |
//! | newtype struct, `Some` | what is within |
//! | enum, variant without data | its name, as a leaf |
//! | enum, variant with data | a directory with one child, the name of the variant |
//!
//! With [`Scalars::Json`] leaves are JSON: text has quotes, `NaN` and infinities are refused, bytes
//! stay as they are.
//!
//! **Names.** A key of a map is text, a `char`, a `bool`, a number, or a variant without data; any
//! other is refused. It becomes one segment of the path: a `/`, a `%` and what no key may hold are
//! written as `%2F`, `%25` and so on, byte by byte; so are a `.` and a `_` at the beginning, because
//! names with `.` are quorate's own (`.tree`, and the `.lock` of locks), and etcd v2 hides those with
//! `_`. The empty key is a lone `%`. [`escape`] and [`unescape`] do it. Names that others wrote are
//! read as they are where they are no such escapes; where two would be read as the same name, the one
//! that is written by these rules counts. Keys named `.lock` are never part of a value.
//!
//! **Reading.** What type is wanted decides: `8080` is read as a `u16` or as a `String`. Where no
//! type is wanted, as for `serde_json::Value`, every leaf is text, or, with [`Scalars::Json`], what
//! its JSON says; a directory is a list if its names are exactly `1` to `n`, or all have 20 digits,
//! as the in-order keys of etcd v2 do, and a map otherwise; a marker decides first. The types that
//! serde buffers (fields with `#[serde(flatten)]`, enums that are internally tagged or untagged)
//! are read like that too, and need [`Scalars::Json`] if they hold numbers or flags.
//! A list is read in the order of the numbers, whatever their padding, with holes between them or
//! without. White space around numbers and flags is ignored, and `True` and `False` are flags too.
//! Where a key has a value and children, the wanted type decides; where none is wanted, the value
//! is ignored if it is empty (as graphical tools write directories), and otherwise the reading fails.
//!
//! **Limits.** [`TreeOptions`] bounds depth, number of keys and bytes, both ways. What is refused is
//! a [`TreeError`] that names the path, and never quotes a value.
//!
//! **What can't come back**, as with JSON: `Some(None)` and `Some(())` are read as `None`.

mod append;
mod de;
mod de_key;
mod entries;
mod error;
mod handle;
mod name;
mod node;
mod options;
mod place;
mod plan;
mod scalar;
mod ser;
mod ser_compound;
mod ser_key;
#[cfg(test)]
mod tests;
mod update;
mod watch;
mod write;

pub use entries::{from_entries, to_entries};
pub use error::{TreeError, TreeProblem};
pub use handle::{Tree, Written};
pub(crate) use name::{MARKER, is_index, look_like_a_list};
pub use name::{escape, unescape};
pub use options::{ListNames, Scalars, TreeOptions};
pub use watch::TreeWatch;
