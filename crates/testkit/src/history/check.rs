//! What must be true of a whole history.

use std::fmt;

use super::{Moment, Validity};

/// How a history shows that a lock or a semaphore failed.
///
/// The text says what was broken and lists the holders concerned, with times that count from the
/// beginning of the history. `Debug` prints the same, so that `unwrap` reads well.
#[derive(Clone, thiserror::Error)]
pub struct Violation {
    what: String,
    holders: Vec<Validity>,
    origin: Moment,
}

impl Violation {
    /// The holders concerned, in the order in which they began to hold.
    pub fn holders(&self) -> &[Validity] {
        &self.holders
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.what)?;
        self.holders.iter().try_for_each(|claim| {
            let Validity {
                holder,
                token,
                from,
                until,
                end,
            } = claim;
            let (from, until) = (from.since(self.origin), until.since(self.origin));
            write!(
                f,
                "\n  {holder}, token {token}: {from:?} to {until:?} ({})",
                end.text()
            )
        })
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The claims that were true for a time, by their beginning.
fn valid(mut claims: Vec<Validity>) -> (Vec<Validity>, Moment) {
    claims.retain(|claim| claim.from <= claim.until);
    claims.sort_by_key(|claim| claim.from);
    let origin = claims
        .first()
        .map_or(Moment::from_nanos(0), |claim| claim.from);
    (claims, origin)
}

/// No two overlap, and tokens grow.
pub(super) fn exclusive(claims: Vec<Validity>) -> Result<usize, Violation> {
    let (claims, origin) = valid(claims);
    // Without an overlap so far, the last one to begin is the last one to end, so that neighbours
    // are all there is to compare.
    for pair in claims.windows(2) {
        let [first, second] = pair else { continue };
        let what = if second.from < first.until {
            let overlap = first.until.min(second.until).since(second.from);
            format!("two holders at once, for {overlap:?}")
        } else if second.token <= first.token {
            let (first, second) = (first.token, second.token);
            format!("the fencing token did not grow from {first} to {second}")
        } else {
            continue;
        };
        return Err(Violation {
            what,
            holders: pair.to_vec(),
            origin,
        });
    }
    Ok(claims.len())
}

/// Never more than `limit` at once.
pub(super) fn limit(claims: Vec<Validity>, limit: usize) -> Result<usize, Violation> {
    let (claims, origin) = valid(claims);
    let mut holders: Vec<&Validity> = Vec::new();
    for claim in &claims {
        holders.retain(|holder| claim.from < holder.until);
        holders.push(claim);
        if holders.len() > limit {
            let (count, at) = (holders.len(), claim.from.since(origin));
            let what = format!("{count} holders at once where {limit} are allowed, at {at:?}");
            let holders = holders.into_iter().cloned().collect();
            return Err(Violation {
                what,
                holders,
                origin,
            });
        }
    }
    Ok(claims.len())
}

#[cfg(test)]
mod tests {
    use super::super::End;
    use super::*;

    fn claim(holder: &str, token: u64, from: u64, until: u64) -> Validity {
        let moment = |ms: u64| Moment::from_nanos(1_000_000 * (100 + ms));
        let (from, until) = (moment(from), moment(until));
        Validity {
            holder: holder.into(),
            token,
            from,
            until,
            end: End::Released,
        }
    }

    #[test]
    fn holders_one_after_another_are_fine() {
        let claims = vec![
            claim("c", 9, 20, 30),
            claim("a", 3, 0, 10),
            claim("b", 4, 10, 20),
        ];
        assert_eq!(exclusive(claims).unwrap(), 3);
        assert_eq!(exclusive(Vec::new()).unwrap(), 0);
    }

    #[test]
    fn two_at_once_are_reported_with_their_times() {
        let claims = vec![
            claim("a", 3, 0, 10),
            claim("b", 4, 8, 20),
            claim("c", 5, 30, 40),
        ];
        let violation = exclusive(claims).unwrap_err();
        let names: Vec<_> = violation
            .holders()
            .iter()
            .map(|claim| claim.holder.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
        let text = "two holders at once, for 2ms:\n  \
                    a, token 3: 0ns to 10ms (released)\n  \
                    b, token 4: 8ms to 20ms (released)";
        assert_eq!(violation.to_string(), text);
    }

    #[test]
    fn one_inside_a_longer_one_is_reported() {
        let claims = vec![claim("long", 1, 0, 100), claim("short", 2, 40, 50)];
        let text = exclusive(claims).unwrap_err().to_string();
        assert!(text.starts_with("two holders at once, for 10ms:"), "{text}");
    }

    #[test]
    fn a_token_that_stays_or_falls_is_reported() {
        for second in [7, 6] {
            let claims = vec![claim("a", 7, 0, 10), claim("b", second, 10, 20)];
            let text = exclusive(claims).unwrap_err().to_string();
            let start = format!("the fencing token did not grow from 7 to {second}:\n  a, token 7");
            assert!(text.starts_with(&start), "{text}");
        }
    }

    #[test]
    fn tokens_grow_in_the_order_of_acquisition_not_of_writing() {
        let claims = vec![claim("b", 8, 10, 20), claim("a", 7, 0, 10)];
        assert_eq!(exclusive(claims).unwrap(), 2);
    }

    #[test]
    fn a_claim_that_was_over_before_it_began_is_none() {
        let claims = vec![
            claim("a", 7, 0, 30),
            claim("late", 6, 20, 15),
            claim("b", 8, 30, 40),
        ];
        assert_eq!(exclusive(claims).unwrap(), 2);
    }

    #[test]
    fn as_many_as_allowed_are_fine() {
        let claims = vec![
            claim("a", 1, 0, 10),
            claim("b", 2, 0, 20),
            claim("c", 3, 10, 20),
            claim("d", 4, 20, 30),
        ];
        assert_eq!(limit(claims.clone(), 2).unwrap(), 4);
        assert_eq!(
            exclusive(claims).unwrap_err().to_string().lines().count(),
            3
        );
    }

    #[test]
    fn one_too_many_is_reported_with_all_who_held() {
        let claims = vec![
            claim("a", 1, 0, 10),
            claim("b", 2, 2, 20),
            claim("c", 3, 9, 20),
        ];
        let violation = limit(claims, 2).unwrap_err();
        let text = violation.to_string();
        assert!(
            text.starts_with("3 holders at once where 2 are allowed, at 9ms:\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 4, "{text}");
    }

    #[test]
    fn a_limit_of_nothing_allows_nobody() {
        assert!(limit(vec![claim("a", 1, 0, 10)], 0).is_err());
        assert_eq!(limit(Vec::new(), 0).unwrap(), 0);
    }
}
