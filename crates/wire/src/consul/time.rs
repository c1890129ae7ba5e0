//! Points in time as Go's JSON writes them: RFC 3339 with up to nine digits of a second.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const SECONDS_PER_DAY: i64 = 86_400;
/// Days from 0001-01-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_162;

/// A point in time, with the offset of the clock that wrote it.
///
/// The default is Go's zero time, `0001-01-01T00:00:00Z`, which stands for "never".
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use quorate_wire::consul::GoTime;
///
/// let time: GoTime = "1970-01-01T00:00:01.5Z".parse()?;
/// assert_eq!(time.to_system_time(), Some(UNIX_EPOCH + Duration::from_millis(1500)));
/// assert_eq!(time.to_string(), "1970-01-01T00:00:01.5Z");
/// assert!(GoTime::default().is_zero());
/// # Ok::<(), quorate_wire::consul::time::ParseTimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GoTime {
    /// Seconds since 1970 in UTC.
    seconds: i64,
    nanos: u32,
    offset_minutes: i16,
}

impl GoTime {
    /// Go's zero time: "never".
    pub const ZERO: Self = Self {
        seconds: -DAYS_TO_EPOCH * SECONDS_PER_DAY,
        nanos: 0,
        offset_minutes: 0,
    };

    /// A time in UTC by its seconds since 1970 and the nanoseconds on top, of which more than a
    /// second counts as the last nanosecond.
    #[must_use]
    pub fn from_unix(seconds: i64, nanos: u32) -> Self {
        Self {
            seconds,
            nanos: nanos.min(999_999_999),
            offset_minutes: 0,
        }
    }

    /// Whether it is Go's zero time, which stands for "never".
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.seconds == Self::ZERO.seconds && self.nanos == 0
    }

    /// Seconds since 1970 in UTC, negative before.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// The nanoseconds on top of [`unix_seconds`](Self::unix_seconds).
    #[must_use]
    pub fn subsec_nanos(&self) -> u32 {
        self.nanos
    }

    /// The same instant for the standard library; `None` for Go's zero time, and for what the
    /// system can't express.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        if self.is_zero() {
            return None;
        }
        let whole = Duration::from_secs(self.seconds.unsigned_abs());
        let base = if self.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        base?.checked_add(Duration::from_nanos(self.nanos.into()))
    }
}

impl Default for GoTime {
    fn default() -> Self {
        Self::ZERO
    }
}

impl PartialOrd for GoTime {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GoTime {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |time: &Self| (time.seconds, time.nanos, time.offset_minutes);
        key(self).cmp(&key(other))
    }
}

impl From<SystemTime> for GoTime {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => {
                let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
                Self::from_unix(seconds, after.subsec_nanos())
            }
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                match before.subsec_nanos() {
                    0 => Self::from_unix(-seconds, 0),
                    nanos => Self::from_unix(-seconds - 1, 1_000_000_000 - nanos),
                }
            }
        }
    }
}

/// The text is no point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no time such as 2006-01-02T15:04:05Z")]
pub struct ParseTimeError {
    text: String,
}

impl FromStr for GoTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        parse(text).ok_or_else(|| ParseTimeError {
            text: text.chars().take(64).collect(),
        })
    }
}

fn parse(text: &str) -> Option<GoTime> {
    let (date, clock) = text.split_once('T')?;
    let mut date = date.split('-');
    let year = number(date.next()?, 4)?;
    let month = number(date.next()?, 2).filter(|month| (1..=12).contains(month))?;
    let day = number(date.next()?, 2).filter(|day| (1..=days_in(year, month)).contains(day))?;
    if date.next().is_some() {
        return None;
    }
    let zone = clock.find(['Z', '+', '-'])?;
    let (clock, zone) = clock.split_at(zone);
    let (clock, nanos) = match clock.split_once('.') {
        Some((clock, digits)) => (clock, fraction(digits)?),
        None => (clock, 0),
    };
    let mut clock = clock.split(':');
    let hour = number(clock.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(clock.next()?, 2).filter(|minute| *minute < 60)?;
    let second = number(clock.next()?, 2).filter(|second| *second < 60)?;
    if clock.next().is_some() {
        return None;
    }
    let offset_minutes = offset(zone)?;
    let days = days_before(year, month) + day - 1 - DAYS_TO_EPOCH;
    let local = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    Some(GoTime {
        seconds: local - i64::from(offset_minutes) * 60,
        nanos,
        offset_minutes,
    })
}

/// A number of exactly `width` digits.
fn number(digits: &str, width: usize) -> Option<i64> {
    let right = digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_digit());
    if right { digits.parse().ok() } else { None }
}

/// The nanoseconds of the digits behind the point; those after the ninth don't count.
fn fraction(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().ok()
}

fn offset(zone: &str) -> Option<i16> {
    if zone == "Z" {
        return Some(0);
    }
    let (hours, minutes) = zone[1..].split_once(':')?;
    let minutes = number(hours, 2).filter(|hours| *hours < 24)? * 60
        + number(minutes, 2).filter(|minutes| *minutes < 60)?;
    let minutes = i16::try_from(minutes).ok()?;
    Some(if zone.starts_with('-') {
        -minutes
    } else {
        minutes
    })
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 0001-01-01 to the first of the month.
fn days_before(year: i64, month: i64) -> i64 {
    let past = year - 1;
    let years = past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    years + (1..month).map(|month| days_in(year, month)).sum::<i64>()
}

/// Year, month and day of a number of days since 0001-01-01.
fn date_of(days: i64) -> (i64, i64, i64) {
    // 146,097 days are 400 years: an estimate that is never too early by more than a year.
    let mut year = days * 400 / 146_097 + 1;
    while days_before(year, 1) > days {
        year -= 1;
    }
    while days_before(year + 1, 1) <= days {
        year += 1;
    }
    let mut rest = days - days_before(year, 1);
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

impl fmt::Display for GoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self
            .seconds
            .saturating_add(i64::from(self.offset_minutes) * 60);
        let days = local.div_euclid(SECONDS_PER_DAY);
        let clock = local.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = date_of(days + DAYS_TO_EPOCH);
        let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if self.nanos > 0 {
            let digits = format!("{:09}", self.nanos);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        match self.offset_minutes {
            0 => f.write_str("Z"),
            minutes => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl fmt::Debug for GoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoTime({self})")
    }
}

impl Serialize for GoTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_writes_is_read_and_written_again() {
        for (text, seconds) in [
            ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00.5Z", 951_825_600),
            ("2026-11-21T06:28:37.072083555Z", 1_795_242_517),
            ("2026-11-21T08:28:37+02:00", 1_795_242_517),
            ("2026-11-20T22:58:37-07:30", 1_795_242_517),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let time: GoTime = text.parse().unwrap();
            assert_eq!(time.unix_seconds(), seconds, "{text}");
            assert_eq!(time.to_string(), text);
        }
    }

    #[test]
    fn every_day_of_eight_centuries_survives() {
        for day in -146_097..146_097 {
            let time = GoTime::from_unix(day * SECONDS_PER_DAY + 1, 7);
            assert_eq!(time.to_string().parse(), Ok(time), "{time}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "T",
            "2026-11-21",
            "2026-11-21T06:28:37",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T06:28:37.Z",
            "2026-11-21T06:28:37Zé",
            "2026-11-21T06:28:37+é0:00",
            "2026-11-21T06:28:37+0100",
            "26-11-21T06:28:37Z",
        ] {
            assert!(text.parse::<GoTime>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_zero_time_is_no_instant() {
        assert!(GoTime::default().is_zero());
        assert_eq!(GoTime::default().to_system_time(), None);
        assert_eq!(GoTime::default().to_string(), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn the_systems_times_survive() {
        for nanos in [0, 1, 999_999_999, 1_795_242_517_072_083_555] {
            let after = UNIX_EPOCH + Duration::from_nanos(nanos);
            let before = UNIX_EPOCH - Duration::from_nanos(nanos);
            for time in [after, before] {
                assert_eq!(GoTime::from(time).to_system_time(), Some(time));
            }
        }
    }
}
