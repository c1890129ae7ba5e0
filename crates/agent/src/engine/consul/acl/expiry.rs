use std::time::{Duration, SystemTime};

use quorate_wire::consul::{GoDuration, GoTime};

use super::super::state::{State, Step};
use super::refusal::AclRefusal;
use crate::engine::Time;
use crate::engine::change::Changes;

const NANOS: i128 = 1_000_000_000;
/// A token that ends lives at least this long.
const SHORTEST: i128 = 60 * NANOS;
/// A token that ends lives at most this long.
const LONGEST: i128 = 24 * 60 * 60 * NANOS;

/// When a new token ends: by its time, or by its life in nanoseconds.
pub(super) fn of_new(
    given: Option<GoTime>,
    ttl_nanos: i64,
    now: GoTime,
) -> Result<Option<GoTime>, AclRefusal> {
    let given = given.filter(|end| !end.is_zero());
    let end = match (given, ttl_nanos) {
        (None, 0) => return Ok(None),
        (_, ..0) => {
            let ttl = duration(ttl_nanos.into());
            let text = format!("Token Expiration TTL '{ttl}' should be > 0");
            return Err(AclRefusal::Invalid(text));
        }
        (Some(end), 0) => end,
        (Some(_), _) => {
            let text = "Token Expiration TTL and Expiration Time cannot both be set";
            return Err(AclRefusal::invalid(text));
        }
        (None, ttl) => time(nanos(now) + i128::from(ttl)),
    };
    let left = nanos(end) - nanos(now);
    if left < 0 {
        return Err(AclRefusal::invalid(
            "ExpirationTime cannot be before CreateTime",
        ));
    }
    if left > LONGEST {
        return Err(AclRefusal::ExpiresTooLate(duration(left)));
    }
    if left < SHORTEST {
        return Err(AclRefusal::ExpiresTooSoon(duration(left)));
    }
    Ok(Some(end))
}

/// Nanoseconds since 1970.
fn nanos(time: GoTime) -> i128 {
    i128::from(time.unix_seconds()) * NANOS + i128::from(time.subsec_nanos())
}

fn time(nanos: i128) -> GoTime {
    let seconds = i64::try_from(nanos.div_euclid(NANOS)).unwrap_or(i64::MAX);
    let rest = u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or(0);
    GoTime::from_unix(seconds, rest)
}

/// As Go has it, which knows no longer duration than 292 years.
fn duration(nanos: i128) -> GoDuration {
    let nanos = nanos.clamp(i64::MIN.into(), i64::MAX.into());
    GoDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

impl State {
    pub(crate) fn set_started(&mut self, clock: SystemTime) {
        self.started = clock.into();
    }

    /// When the next token ends on the engine's own clock.
    pub(in super::super) fn next_acl_end(&self) -> Option<Time> {
        let (end, _) = self.acl.ends.first()?;
        let left = u64::try_from((nanos(*end) - nanos(self.started)).max(0));
        Some(Time::since_start(Duration::from_nanos(
            left.unwrap_or(u64::MAX),
        )))
    }

    /// Removes the tokens that have ended.
    pub(in super::super) fn expire_acl(&mut self, now: Time, changes: &mut Changes) {
        if self.next_acl_end().is_none_or(|end| end > now) {
            return;
        }
        let elapsed = i128::try_from(now.elapsed().as_nanos()).unwrap_or(i128::MAX);
        let clock = time(nanos(self.started).saturating_add(elapsed));
        let ended = self.acl.ends.iter().take_while(|(end, _)| *end <= clock);
        let ended: Vec<_> = ended.map(|(_, secret)| secret.clone()).collect();
        let mut step = Step::begin(self, now, changes);
        for secret in ended {
            step.remove_token(&secret);
        }
    }
}
