//! Go durations: `"10s"`, `"1h30m"`, or a number of nanoseconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

const NANOS_PER_MICRO: u64 = 1_000;
const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MINUTE: u64 = 60 * NANOS_PER_SECOND;
const NANOS_PER_HOUR: u64 = 60 * NANOS_PER_MINUTE;

/// A duration as Go and therefore Consul, etcd and Serf write it.
///
/// It is a signed number of nanoseconds, at most about ±292 years. Text has the units `ns`, `us`
/// (`µs`), `ms`, `s`, `m` and `h`; days and weeks do not exist. Serialised as text; deserialised
/// from text or from an integer of nanoseconds.
///
/// ```
/// use quorate_wire::consul::GoDuration;
/// use std::time::Duration;
///
/// let d: GoDuration = "1h30m".parse().unwrap();
/// assert_eq!(d.to_duration(), Some(Duration::from_secs(5400)));
/// assert_eq!(d.to_string(), "1h30m0s");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration {
    nanos: i64,
}

/// Why a text is not a Go duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseDurationError {
    /// The text is empty, has no digits, or has something that is not a number.
    #[error("invalid duration {0:?}")]
    Invalid(String),
    /// A number has no unit: `"15"`.
    #[error("missing unit in duration {0:?}")]
    MissingUnit(String),
    /// The unit is none of ns, us, ms, s, m, h.
    #[error("unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// More than about 292 years.
    #[error("duration {0:?} is out of range")]
    OutOfRange(String),
}

impl GoDuration {
    /// No time at all.
    pub const ZERO: Self = Self { nanos: 0 };

    /// A duration of `nanos` nanoseconds; negative ones exist on the wire.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self { nanos }
    }

    /// The signed number of nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.nanos
    }

    /// As a [`Duration`], or `None` if it is negative.
    #[must_use]
    pub fn to_duration(self) -> Option<Duration> {
        u64::try_from(self.nanos).ok().map(Duration::from_nanos)
    }

    /// The text of `duration` in whole milliseconds (`"1500ms"`), as Go's client sends waits and
    /// lock-delays: a positive part below a millisecond is rounded up, because zero means
    /// "default" to the server.
    #[must_use]
    pub fn millis_text(duration: Duration) -> String {
        let millis = duration.as_nanos().div_ceil(u128::from(NANOS_PER_MILLI));
        format!("{millis}ms")
    }
}

impl From<Duration> for GoDuration {
    /// Saturates at about 292 years.
    fn from(duration: Duration) -> Self {
        Self {
            nanos: i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX),
        }
    }
}

impl FromStr for GoDuration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(ParseDurationError::Invalid(text.into()));
        }
        let mut total = 0u128;
        while !rest.is_empty() {
            let (nanos, after) = parse_term(rest, text)?;
            total += nanos;
            if total > u128::from(i64::MAX.unsigned_abs()) {
                return Err(ParseDurationError::OutOfRange(text.into()));
            }
            rest = after;
        }
        let nanos =
            i64::try_from(total).map_err(|_| ParseDurationError::OutOfRange(text.into()))?;
        Ok(Self {
            nanos: if negative { -nanos } else { nanos },
        })
    }
}

/// Reads one `12.5ms` and returns its nanoseconds and what follows it.
fn parse_term<'a>(rest: &'a str, text: &str) -> Result<(u128, &'a str), ParseDurationError> {
    let invalid = || ParseDurationError::Invalid(text.into());
    let (whole, rest) = split_while(rest, |b| b.is_ascii_digit());
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => split_while(after, |b| b.is_ascii_digit()),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let (unit, rest) = split_while(rest, |b| b != b'.' && !b.is_ascii_digit());
    let scale = unit_nanos(unit, text)?;
    let out_of_range = || ParseDurationError::OutOfRange(text.into());
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().map_err(|_| out_of_range())?
    };
    let nanos = u128::from(whole) * u128::from(scale) + fraction_nanos(fraction, scale);
    Ok((nanos, rest))
}

fn split_while(text: &str, keep: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|b| !keep(b)).unwrap_or(text.len());
    text.split_at(end)
}

fn unit_nanos(unit: &str, text: &str) -> Result<u64, ParseDurationError> {
    match unit {
        "ns" => Ok(1),
        "us" | "µs" | "μs" => Ok(NANOS_PER_MICRO),
        "ms" => Ok(NANOS_PER_MILLI),
        "s" => Ok(NANOS_PER_SECOND),
        "m" => Ok(NANOS_PER_MINUTE),
        "h" => Ok(NANOS_PER_HOUR),
        "" => Err(ParseDurationError::MissingUnit(text.into())),
        _ => Err(ParseDurationError::UnknownUnit {
            unit: unit.into(),
            text: text.into(),
        }),
    }
}

/// The nanoseconds of the digits behind the point; digits beyond the 18th cannot matter.
fn fraction_nanos(digits: &str, scale: u64) -> u128 {
    let mut value = 0u128;
    let mut divisor = 1u128;
    for digit in digits.bytes().take(18) {
        value = value * 10 + u128::from(digit - b'0');
        divisor *= 10;
    }
    value * u128::from(scale) / divisor
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos.unsigned_abs();
        if self.nanos < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            n if n < NANOS_PER_MICRO => write!(f, "{n}ns"),
            n if n < NANOS_PER_MILLI => write_decimal(f, n, NANOS_PER_MICRO, "µs"),
            n if n < NANOS_PER_SECOND => write_decimal(f, n, NANOS_PER_MILLI, "ms"),
            n => {
                let (hours, n) = (n / NANOS_PER_HOUR, n % NANOS_PER_HOUR);
                let (minutes, n) = (n / NANOS_PER_MINUTE, n % NANOS_PER_MINUTE);
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if hours > 0 || minutes > 0 {
                    write!(f, "{minutes}m")?;
                }
                write_decimal(f, n, NANOS_PER_SECOND, "s")
            }
        }
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, nanos: u64, scale: u64, unit: &str) -> fmt::Result {
    let whole = nanos / scale;
    let rest = nanos % scale;
    if rest == 0 {
        return write!(f, "{whole}{unit}");
    }
    let width = usize::try_from(scale.ilog10()).unwrap_or(9);
    let digits = format!("{rest:0width$}");
    write!(f, "{whole}.{}{unit}", digits.trim_end_matches('0'))
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DurationVisitor;

        impl Visitor<'_> for DurationVisitor {
            type Value = GoDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a Go duration such as \"10s\", or nanoseconds")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, nanos: i64) -> Result<GoDuration, E> {
                Ok(GoDuration { nanos })
            }

            fn visit_u64<E: de::Error>(self, nanos: u64) -> Result<GoDuration, E> {
                i64::try_from(nanos)
                    .map(|nanos| GoDuration { nanos })
                    .map_err(|_| E::custom("nanoseconds out of range"))
            }
        }

        deserializer.deserialize_any(DurationVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<i64, ParseDurationError> {
        text.parse::<GoDuration>().map(GoDuration::nanos)
    }

    #[test]
    fn every_unit_is_understood() {
        for (text, nanos) in [
            ("0", 0),
            ("0s", 0),
            ("15ns", 15),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("1.5ms", 1_500_000),
            (".5s", 500_000_000),
            ("10s", 10_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("-5s", -5_000_000_000),
            ("+1m0.25s", 60_250_000_000),
        ] {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        assert!(matches!(
            parse("15"),
            Err(ParseDurationError::MissingUnit(_))
        ));
        assert!(matches!(
            parse("1d"),
            Err(ParseDurationError::UnknownUnit { .. })
        ));
        for text in ["", "-", "s", ".s", "1s ", "abc"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(matches!(
            parse("300000000h"),
            Err(ParseDurationError::OutOfRange(_))
        ));
        assert!(matches!(
            parse("99999999999999999999s"),
            Err(ParseDurationError::OutOfRange(_))
        ));
    }

    #[test]
    fn text_is_written_as_go_writes_it() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (2_000_000, "2ms"),
            (1_500_000_000, "1.5s"),
            (5_400_000_000_000, "1h30m0s"),
            (60_000_000_000, "1m0s"),
            (-5_000_000_000, "-5s"),
            (3_600_000_000_001, "1h0m0.000000001s"),
        ] {
            assert_eq!(GoDuration::from_nanos(nanos).to_string(), text);
            assert_eq!(parse(text), Ok(nanos));
        }
    }

    #[test]
    fn json_takes_text_and_nanoseconds() {
        let read = |json: &str| serde_json::from_str::<GoDuration>(json);
        assert_eq!(read("\"10s\"").unwrap().nanos(), 10_000_000_000);
        assert_eq!(read("15").unwrap().nanos(), 15);
        assert_eq!(read("-15").unwrap().nanos(), -15);
        assert!(read("\"10\"").is_err());
        assert!(read("1.5").is_err());
    }

    #[test]
    fn a_part_of_a_millisecond_is_rounded_up() {
        assert_eq!(GoDuration::millis_text(Duration::from_micros(1)), "1ms");
        assert_eq!(GoDuration::millis_text(Duration::ZERO), "0ms");
        assert_eq!(GoDuration::millis_text(Duration::from_micros(1500)), "2ms");
    }
}
