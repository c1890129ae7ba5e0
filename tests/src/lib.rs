//! What the conformance tests share with the programs that they start.

pub mod contender;
pub mod leased;
pub mod random;
