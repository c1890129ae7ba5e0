//! The wire formats that quorate speaks, as plain types without I/O.
//!
//! Every type here encodes *and* decodes: the clients use one half, the embedded agent the other,
//! and recorded bytes of the real servers (`fixtures/`) check both.
//!
//! | I want… | go to |
//! |---|---|
//! | Consul's HTTP API: keys, transactions, sessions, query options, headers | [`consul`] |

pub mod consul;
