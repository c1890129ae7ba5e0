//! The options that every read takes, checked in the order in which Consul checks them.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue};
use quorate_wire::consul::{Consistency, GoDuration, text};

use super::reply::EFFECTIVE_CONSISTENCY;
use super::target::Params;

/// How long a read blocks unless the client says otherwise.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_secs(5 * 60);
/// The longest time that a read blocks.
const MAX_WAIT: Duration = Duration::from_secs(10 * 60);

/// The options of one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The consistency that was asked for. All are the same here: there is one server, and it
    /// always leads.
    pub(crate) consistency: Consistency,
    /// The index that the client knows; 0 does not block.
    pub(crate) index: u64,
    /// How long to block at most.
    pub(crate) wait: Duration,
}

impl Options {
    /// Reads the options, or says in Consul's words which one is wrong.
    pub(crate) fn parse(params: &Params<'_>, headers: &HeaderMap) -> Result<Self, String> {
        let consistency = Self::consistency(params, headers)?;
        let (index, wait) = Self::blocking(params, DEFAULT_WAIT)?;
        Ok(Self {
            consistency,
            index,
            wait,
        })
    }

    /// Reads the index and the wait alone, where a wait of nothing means `default`.
    pub(crate) fn blocking(
        params: &Params<'_>,
        default: Duration,
    ) -> Result<(u64, Duration), String> {
        let wait = match params.text("wait") {
            None => default,
            Some(wait) => parse_wait(wait, default).ok_or(text::INVALID_WAIT)?,
        };
        let index = match params.text("index") {
            None => 0,
            Some(index) => parse_u64(index).ok_or(text::INVALID_INDEX)?,
        };
        Ok((index, wait))
    }

    /// Reads only those options that also a read has which never blocks.
    pub(crate) fn consistency(
        params: &Params<'_>,
        headers: &HeaderMap,
    ) -> Result<Consistency, String> {
        let consistency = consistency(params)?;
        check_cache_control(headers)?;
        Ok(consistency)
    }

    /// The header that says which consistency the answer really has, which it has.
    pub(crate) fn effective(self) -> (HeaderName, HeaderValue) {
        let name = HeaderName::from_static(EFFECTIVE_CONSISTENCY);
        let value = match self.consistency {
            Consistency::Default => "leader",
            Consistency::Consistent => "consistent",
            Consistency::Stale => "stale",
        };
        (name, HeaderValue::from_static(value))
    }
}

fn consistency(params: &Params<'_>) -> Result<Consistency, String> {
    let mut stale = params.has("stale");
    let consistent = params.has("consistent");
    if let Some(age) = params.text("max_stale") {
        let Ok(age) = age.parse::<GoDuration>() else {
            return Err(format!(
                "{} {}",
                text::INVALID_MAX_STALE,
                crate::quote::quote(age)
            ));
        };
        stale |= age.nanos() > 0;
    }
    if stale && consistent {
        return Err(text::STALE_AND_CONSISTENT.into());
    }
    if params.has("cached") && consistent {
        return Err(text::CACHED_AND_CONSISTENT.into());
    }
    Ok(match (stale, consistent) {
        (true, _) => Consistency::Stale,
        (_, true) => Consistency::Consistent,
        _ => Consistency::Default,
    })
}

/// Consul checks this header on every read, also where it has no cache.
fn check_cache_control(headers: &HeaderMap) -> Result<(), String> {
    let Some(value) = headers.get(CACHE_CONTROL) else {
        return Ok(());
    };
    for part in value
        .to_str()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .split(',')
    {
        if let Some((name, value)) = part.split_once('=')
            && matches!(name.trim(), "max-age" | "stale-if-error")
            && value.trim().parse::<i64>().is_err()
        {
            return Err("Invalid Cache-Control header.".into());
        }
    }
    Ok(())
}

/// Zero and less mean the default; more than the maximum means the maximum.
fn parse_wait(text: &str, default: Duration) -> Option<Duration> {
    let wait = text
        .parse::<GoDuration>()
        .ok()?
        .to_duration()
        .unwrap_or_default();
    Some(if wait.is_zero() {
        default
    } else {
        wait.min(MAX_WAIT)
    })
}

/// A number as Go reads it: digits alone.
pub(crate) fn parse_u64(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Why Go does not read `text` as a number.
pub(crate) fn parse_u64_error(text: &str) -> String {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let problem = if digits {
        "value out of range"
    } else {
        "invalid syntax"
    };
    format!(
        "strconv.ParseUint: parsing {}: {problem}",
        crate::quote::quote(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Options, String> {
        Options::parse(&Params::parse(query).unwrap(), &HeaderMap::new())
    }

    #[test]
    fn waits_have_a_default_and_a_cap() {
        for (query, seconds) in [
            ("index=1", 300),
            ("index=1&wait=0s", 300),
            ("index=1&wait=-5s", 300),
            ("index=1&wait=", 300),
            ("index=1&wait=1h", 600),
            ("index=1&wait=7s", 7),
        ] {
            assert_eq!(
                parse(query).unwrap().wait,
                Duration::from_secs(seconds),
                "{query}"
            );
        }
    }

    // What Consul 1.8.7 answers to the same parameters.
    #[test]
    fn what_is_wrong_is_told_in_consuls_order() {
        for (query, error) in [
            ("max_stale=5&consistent", "Invalid max_stale value \"5\""),
            ("max_stale=5s&consistent", text::STALE_AND_CONSISTENT),
            (
                "cached&consistent&stale&index=x",
                text::STALE_AND_CONSISTENT,
            ),
            ("cached&consistent&wait=5", text::CACHED_AND_CONSISTENT),
            ("wait=5&index=x", "Invalid wait time"),
            ("index=-1", "Invalid index"),
            ("index=%2B1", "Invalid index"),
            ("index=18446744073709551616", "Invalid index"),
        ] {
            assert_eq!(parse(query), Err(error.into()), "{query}");
        }
        assert!(parse("max_stale=0s&consistent").is_ok());
        assert!(parse("index=1&index=x&leader&stale&near=x&filter=y&token=z").is_ok());
    }

    #[test]
    fn cache_control_is_checked_everywhere() {
        let check = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, value.parse().unwrap());
            check_cache_control(&headers)
        };
        for good in [
            "max-age=-1",
            "max-age = 5",
            ",",
            "no-cache",
            "must-revalidate,max-age=1",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "max-age=x",
            "max-age=",
            "stale-if-error=1.5",
            "no-store, max-age=0x1",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_are_refused_in_gos_words() {
        for (text, problem) in [
            ("x", "invalid syntax"),
            ("", "invalid syntax"),
            ("-1", "invalid syntax"),
            ("1_000", "invalid syntax"),
            ("18446744073709551616", "value out of range"),
        ] {
            assert_eq!(parse_u64(text), None);
            let want = format!("strconv.ParseUint: parsing \"{text}\": {problem}");
            assert_eq!(parse_u64_error(text), want);
        }
    }
}
