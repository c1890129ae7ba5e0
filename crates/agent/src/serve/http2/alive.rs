//! Whether a client is still there.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep, sleep};

/// How often a client is asked whether it is still there.
const PING: Duration = Duration::from_secs(60);
/// How long it may take to say so.
const PONG: Duration = Duration::from_secs(20);

/// Asks a client now and then whether it is still there.
pub(super) struct Alive {
    pings: PingPong,
    timer: Pin<Box<Sleep>>,
    asked: bool,
}

/// The client does not answer.
pub(super) struct Dead;

impl Alive {
    pub(super) fn new(pings: PingPong) -> Self {
        Self {
            pings,
            timer: Box::pin(sleep(PING)),
            asked: false,
        }
    }

    /// Asks when it is time to, and takes the answer.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Result<(), Dead> {
        // An error says that the connection ends, which its owner learns as well.
        if self.asked && self.pings.poll_pong(cx).is_ready() {
            self.asked = false;
            self.timer.as_mut().reset(Instant::now() + PING);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if self.asked {
                return Err(Dead);
            }
            let _ = self.pings.send_ping(Ping::opaque());
            self.asked = true;
            self.timer.as_mut().reset(Instant::now() + PONG);
            // So that the answer wakes us.
            if self.pings.poll_pong(cx).is_ready() {
                return Ok(());
            }
        }
        Ok(())
    }
}
