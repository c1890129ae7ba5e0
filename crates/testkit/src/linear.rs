//! Proof that a store looked like one copy whose operations happened one at a time, from what its
//! clients did and saw at the same time.
//!
//! Each client writes down when it called and when the answer came ([`Recorder`]).
//! [`check`] then looks for an order in which all of it could have happened one after
//! another, each operation at some moment between its call and its answer: the search of Wing, Gong
//! and Lowe, with a memory of where it has been. An operation whose answer was lost may have
//! happened at any moment after its call, or never.
//!
//! What the operations mean is a [`Model`]; [`Keys`] is that of etcd's v3 API.
//!
//! ```
//! use quorate_testkit::linear::{Action, Keys, Recorder, Reply, Request, Seen, check};
//!
//! let recorder = Recorder::new();
//! let put = recorder.called(0, Request::of(Action::Put(0, 7)));
//! put.answered(Reply::new(2).with_seen([None]));
//! let get = recorder.called(1, Request::of(Action::Get(0)));
//! get.answered(Reply::new(2).with_seen([Some(Seen::new(7).at(2, 2, 1))]));
//! assert_eq!(check(&Keys::new(1), &recorder.operations()).unwrap(), 2);
//!
//! let stale = recorder.called(1, Request::of(Action::Get(0)));
//! stale.answered(Reply::new(2).with_seen([None]));
//! assert!(check(&Keys::new(1), &recorder.operations()).is_err());
//! ```

mod check;
mod keys;
mod list;
mod operation;
mod record;
mod violation;

pub use check::check;
pub use keys::{Action, Condition, Keys, Reply, Request, Seen};
pub use operation::{Model, Operation};
pub use record::{Called, Recorder};
pub use violation::NotLinear;
