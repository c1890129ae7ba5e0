//! Waiting for a condition, instead of sleeping and hoping.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// The pause after the first try; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Asks `probe` again and again until it gives a value, for at most `within`.
///
/// `what` names the condition, for the text of the failure: "the watch sees the key". Pauses grow
/// from 1 ms to 50 ms, and the last try is made when the time is over. A probe that hangs is cut
/// short and counts as a try.
///
/// ```
/// use std::time::Duration;
/// use quorate_testkit::eventually;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut left = 3;
/// let probe = || {
///     left -= 1;
///     std::future::ready((left == 0).then_some("here"))
/// };
/// let found = eventually(Duration::from_secs(5), "the third try", probe).await;
/// assert_eq!(found.unwrap(), "here");
/// # }
/// ```
///
/// # Errors
///
/// [`NotInTime`] names the condition, the time and the number of tries.
///
/// # Cancel safety
///
/// Dropping the future drops the try that runs.
pub async fn eventually<T, F>(
    within: Duration,
    what: impl fmt::Display,
    mut probe: impl FnMut() -> F,
) -> Result<T, NotInTime>
where
    F: Future<Output = Option<T>>,
{
    let probe = || {
        let next = probe();
        async { next.await.ok_or(Nothing) }
    };
    eventually_ok(within, what, probe).await
}

/// Like [`eventually`] for a probe that can say why not yet: the last reason is in the failure.
///
/// # Errors
///
/// [`NotInTime`] names the condition, the time, the number of tries and the last reason.
///
/// # Cancel safety
///
/// Dropping the future drops the try that runs.
pub async fn eventually_ok<T, E, F>(
    within: Duration,
    what: impl fmt::Display,
    mut probe: impl FnMut() -> F,
) -> Result<T, NotInTime>
where
    E: fmt::Display,
    F: Future<Output = Result<T, E>>,
{
    let deadline = Instant::now() + within;
    let mut pause = FIRST_PAUSE;
    let mut tries = 0_u32;
    loop {
        tries += 1;
        let left = deadline.saturating_duration_since(Instant::now());
        // Also a try that starts at the very end has a moment to answer.
        let last = match timeout_at(deadline.max(Instant::now() + LONGEST_PAUSE), probe()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(reason)) => reason.to_string(),
            Err(_) => "it did not end".to_owned(),
        };
        if left.is_zero() {
            return Err(NotInTime {
                what: what.to_string(),
                within,
                tries,
                last,
            });
        }
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The reason of a probe that gives none.
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A condition did not come true in time.
///
/// `Debug` prints the same text as `Display`, so that `unwrap` reads well.
#[derive(Clone, thiserror::Error)]
pub struct NotInTime {
    what: String,
    within: Duration,
    tries: u32,
    last: String,
}

impl fmt::Display for NotInTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            within,
            tries,
            last,
        } = self;
        write!(f, "not within {within:?}: {what} (tries: {tries}")?;
        if !last.is_empty() {
            write!(f, ", the last one: {last}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for NotInTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_that_comes_later_is_waited_for() {
        let begun = Instant::now();
        let probe = || ready((begun.elapsed() >= Duration::from_secs(3)).then_some(7));
        assert_eq!(
            eventually(Duration::from_secs(5), "seven", probe)
                .await
                .unwrap(),
            7
        );
        assert!(
            begun.elapsed() < Duration::from_millis(3100),
            "{:?}",
            begun.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_failure_names_the_condition_the_time_and_the_tries() {
        let never = || ready(None::<()>);
        let late = eventually(Duration::from_millis(7), "the key is gone", never)
            .await
            .unwrap_err();
        assert_eq!(
            late.to_string(),
            "not within 7ms: the key is gone (tries: 4)"
        );
        assert_eq!(format!("{late:?}"), late.to_string());
    }

    #[tokio::test(start_paused = true)]
    async fn the_failure_says_what_the_last_try_said() {
        let mut count = 0;
        let probe = || {
            count += 1;
            ready(Err::<(), _>(format!("status 50{count}")))
        };
        let late = eventually_ok(Duration::from_millis(3), "a leader", probe)
            .await
            .unwrap_err();
        let text = late.to_string();
        assert_eq!(
            text,
            "not within 3ms: a leader (tries: 3, the last one: status 503)"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_hangs_is_cut_short() {
        let begun = Instant::now();
        let late = eventually(Duration::from_secs(2), "an answer", pending::<Option<()>>).await;
        let text = late.unwrap_err().to_string();
        assert!(text.contains("the last one: it did not end"), "{text}");
        assert!(
            begun.elapsed() < Duration::from_millis(2200),
            "{:?}",
            begun.elapsed()
        );
    }
}
