//! Signs of life of a connection.

use std::time::Duration;

/// How connections are asked for signs of life (HTTP/2 pings), so that one whose other end is gone
/// or stands still is noticed, and its watches go on elsewhere.
///
/// etcd cuts connections that ask more often than its `--grpc-keepalive-min-time` allows (5 s by
/// default), and such as ask while no call is on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeepAlive {
    /// How long after the last sign one is asked for. Default 10 s; `None` is never.
    pub every: Option<Duration>,
    /// How long to wait for it. Default 5 s.
    pub timeout: Duration,
    /// Whether one is asked for while no call is on the connection. Default no.
    pub while_idle: bool,
}

impl KeepAlive {
    /// Asks this long after the last sign, and waits that long for the next.
    #[must_use]
    pub fn new(every: Duration, timeout: Duration) -> Self {
        Self {
            every: Some(every),
            timeout,
            while_idle: false,
        }
    }

    /// Never asks. A connection whose other end is gone is noticed only by calls that time out.
    #[must_use]
    pub fn never() -> Self {
        Self {
            every: None,
            ..Self::default()
        }
    }

    /// Asks also while no call is on the connection.
    #[must_use]
    pub fn while_idle(mut self) -> Self {
        self.while_idle = true;
        self
    }
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self::new(Duration::from_secs(10), Duration::from_secs(5))
    }
}
