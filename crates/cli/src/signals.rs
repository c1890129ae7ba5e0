//! Signals that this process gets, as values.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use nix::sys::signal::Signal;
use tokio::signal::unix::{self, SignalKind};

/// A set of signals that no longer end the process, but are told.
#[derive(Debug)]
pub(crate) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// What asks a program to end.
    pub(crate) const END: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

    /// What `quorate lock` passes on.
    pub(crate) const PASSED_ON: [Signal; 5] = [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
    ];

    /// Starts to listen: from here on these signals have no other effect.
    pub(crate) fn listen(signals: &[Signal]) -> io::Result<Self> {
        let listen = |signal: &Signal| {
            let kind = SignalKind::from_raw(*signal as i32);
            unix::signal(kind).map(|stream| (*signal, stream))
        };
        signals
            .iter()
            .map(listen)
            .collect::<io::Result<Vec<_>>>()
            .map(Self)
    }

    /// The next signal. Dropping the future loses none.
    pub(crate) async fn next(&mut self) -> Signal {
        poll_fn(|cx| {
            for (signal, stream) in &mut self.0 {
                if stream.poll_recv(cx).is_ready() {
                    return Poll::Ready(*signal);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The number of a signal as an exit code has it.
pub(crate) fn number(signal: Signal) -> u8 {
    u8::try_from(signal as i32).unwrap_or(u8::MAX)
}
