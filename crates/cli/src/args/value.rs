//! Small types of the command line: durations, keys, limits.

use std::time::Duration;

use quorate_wire::consul::GoDuration;

/// A duration such as `500ms`, `10s` or `1m30s`; never negative.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: GoDuration = text
        .parse()
        .map_err(|error| format!("{error}; write it as 500ms, 10s or 1m30s"))?;
    parsed
        .to_duration()
        .ok_or_else(|| format!("{text:?} is negative"))
}

/// A duration that is more than nothing.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.is_zero() {
        Err("has to be more than nothing".into())
    } else {
        Ok(duration)
    }
}

/// A key, a prefix or a name that is not empty.
pub(crate) fn key(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("may not be empty".into())
    } else {
        Ok(text.to_owned())
    }
}

/// `KEY=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_go() {
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_wrong_duration_says_how_to_write_one() {
        assert!(duration("15").unwrap_err().contains("10s"));
        assert!(duration("-1s").unwrap_err().contains("negative"));
        assert!(positive_duration("0s").is_err());
    }
}
