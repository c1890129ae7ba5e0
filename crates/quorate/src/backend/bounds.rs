//! What is refused before it is sent, where etcd itself has no bounds or none that are told.

use std::time::Duration;

use bytes::Bytes;

use crate::{Error, Result};

/// The largest value beside a lock: everybody who waits reads it.
pub(super) const MAX_VALUE_BYTES: usize = 64 * 1024;
/// The longest TTL.
pub(super) const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest lock-delay.
pub(super) const MAX_DELAY: Duration = Duration::from_secs(60);

/// Refuses times of a lock, slot or office that are too long.
pub(super) fn check_times(
    ttl: Duration,
    delay: Duration,
    operation: impl Fn() -> String,
) -> Result<()> {
    if ttl > MAX_TTL {
        let detail = format!("ttl: {ttl:?} is more than {MAX_TTL:?}");
        return Err(Error::invalid(operation(), detail));
    }
    if delay > MAX_DELAY {
        let detail = format!("lock_delay: {delay:?} is more than {MAX_DELAY:?}");
        return Err(Error::invalid(operation(), detail));
    }
    Ok(())
}

/// Refuses what others are to read of a holder if it is too large.
pub(super) fn check_beside(value: &Bytes, operation: impl Fn() -> String) -> Result<()> {
    let bytes = value.len();
    if bytes > MAX_VALUE_BYTES {
        let detail = format!("value: {bytes} bytes, more than the {MAX_VALUE_BYTES} allowed");
        return Err(Error::invalid(operation(), detail));
    }
    Ok(())
}

/// Refuses the value of a key if it has more than `most` bytes.
pub(super) fn check_value(
    value: &Bytes,
    most: usize,
    operation: impl Fn() -> String,
) -> Result<()> {
    let bytes = value.len();
    if bytes > most {
        let detail = format!("the value has {bytes} bytes, more than the {most} allowed");
        return Err(Error::invalid(operation(), detail));
    }
    Ok(())
}
