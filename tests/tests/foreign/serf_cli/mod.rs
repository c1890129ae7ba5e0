//! `serf` 0.10.1, each of its commands.

mod event;
mod key;
mod member;
mod query;
mod token;

use quorate_testkit::trial::Case;

use crate::serf::Serf;

pub(crate) fn cases() -> Vec<Case<Serf>> {
    [
        // The long ones first.
        member::cases(),
        query::cases(),
        key::cases(),
        event::cases(),
        token::cases(),
    ]
    .concat()
}
