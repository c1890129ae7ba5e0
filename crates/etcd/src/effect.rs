//! What calls do, of either API.

/// What the call does to the servers, which decides whether it may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: it may be repeated, and answers that pass by themselves are.
    Read,
    /// It changes something once, so it is sent again only if no byte of it was sent.
    Write,
    /// It changes something, and doing it twice is the same as doing it once.
    Idempotent,
}
