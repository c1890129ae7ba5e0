//! What locks, semaphores and elections of both APIs have in common: taking part in a queue, and
//! holding what it is about. How an entry is made, kept and given back is the API's own.

mod acquisition;
mod entry;
mod held;
mod options;
mod tenure;

pub(crate) use acquisition::Acquisition;
pub(crate) use entry::{Entry, Parted, Place, Turn};
pub(crate) use held::held;
pub(crate) use options::QueueOptions;
pub use options::{DEFAULT_TTL, MIN_TTL};
pub(crate) use tenure::{Tenure, acquire};
