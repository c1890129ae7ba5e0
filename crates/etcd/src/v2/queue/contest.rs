//! Waiting for one's turn.

use std::time::Duration;

use quorate_net::backoff::Backoff;
use tokio::time::{Instant, sleep, timeout};

use super::Holder;
use super::entry::Entry;
use super::place::{Place, Signal, Standing};
use crate::queue::{Place as _, Turn};
use crate::v2::error::{Class, Error, ErrorKind};
use crate::v2::watch::Change;

/// The longest wait before the queue is looked at again, come what may.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Waits until the entry holds, or `until`.
pub(super) async fn wait_for_turn(
    place: &Place,
    entry: &Entry,
    until: Option<Instant>,
) -> Result<Turn<(), Holder>, Error> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    let mut last = Vec::new();
    loop {
        let signal = match look(place, entry).await {
            Ok(Standing::Holds) => return Ok(Turn::Mine(())),
            Ok(Standing::Gone) => return Ok(Turn::Gone),
            Ok(Standing::Disagrees(slots)) => return Err(disagrees(place, slots)),
            Ok(Standing::Behind { watch, holders }) => {
                backoff.reset();
                last = holders;
                Some(watch)
            }
            // Our entry is kept meanwhile; if that fails too, it is lost, and that ends this.
            Err(error) if passes(&error) => {
                tracing::debug!(%error, "can't see whose turn it is");
                None
            }
            Err(error) => return Err(error),
        };
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Turn::TimedOut(last));
        }
        let wait = async {
            match &signal {
                Some(signal) => signalled(place, signal).await,
                None => sleep(backoff.next_delay()).await,
            }
        };
        let most = left.map_or(MAX_WAIT, |left| left.min(MAX_WAIT));
        let _ = timeout(most, wait).await;
    }
}

async fn look(place: &Place, entry: &Entry) -> Result<Standing, Error> {
    let entries = place.entries().await?;
    Ok(place.standing(&entry.key, &entries))
}

fn disagrees(place: &Place, slots: usize) -> Error {
    let class = Class::refused(ErrorKind::Conflict);
    let detail = format_args!("others state {slots} slots, and not {}", place.slots);
    Error::new(class, format!("acquire {}", place.title())).with_detail(detail)
}

/// Whether a failure may pass by itself.
fn passes(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}

/// Resolves when what is waited for has happened, or may have.
async fn signalled(place: &Place, signal: &Signal) {
    let mut watch = place.client.keys().watch_with(&signal.key, signal.options);
    loop {
        match watch.next().await {
            Ok(Change::Event(event)) if signal.removal && !event.action.is_removal() => {}
            Ok(_) => return,
            // The next look tells whether it passes; the pause is so that it is not the next one.
            Err(_) => return sleep(Duration::from_millis(100)).await,
        }
    }
}
