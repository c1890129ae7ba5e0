//! Times to live, as etcdctl writes them and as everything else here does.

use std::time::Duration;

use crate::args::value;

/// Seconds (`60`), or a duration (`1m30s`); 0 is for ever.
pub(crate) fn ttl(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => value::duration(text),
    }
}

/// The same, and more than nothing.
pub(crate) fn positive_ttl(text: &str) -> Result<Duration, String> {
    match ttl(text)? {
        Duration::ZERO => Err("has to be more than nothing".into()),
        ttl => Ok(ttl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_seconds_as_in_etcdctl() {
        assert_eq!(ttl("60"), Ok(Duration::from_secs(60)));
        assert_eq!(ttl("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(ttl("0"), Ok(Duration::ZERO));
        assert!(ttl("-1").is_err() && ttl("soon").is_err());
        assert!(positive_ttl("0").is_err());
    }
}
