//! The log for the program that the agent is a part of.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{AgentLog, Form, Hub, LogLevel, rank};

/// The lines of an agent's log from a moment on.
///
/// 512 of them wait for a reader that is slow; how many more there were is a line of its own.
#[derive(Debug)]
pub struct LogLines {
    lines: mpsc::Receiver<Bytes>,
    threshold: LogThreshold,
}

/// From which level on a reader of the log is told lines. Can be changed while the log is read.
#[derive(Clone, Debug)]
pub struct LogThreshold {
    least: Arc<AtomicU8>,
    hub: Weak<Hub>,
}

impl LogThreshold {
    /// Has only lines of `level` and above told that are said from now on. Those that wait already
    /// stay.
    pub fn set(&self, level: LogLevel) {
        self.least.store(rank(level), Relaxed);
        if let Some(hub) = self.hub.upgrade() {
            let log = AgentLog(hub);
            log.update(&log.listeners());
        }
    }
}

impl AgentLog {
    /// The lines of `level` and above from now on, as Serf's agent writes them: time in UTC, level,
    /// the part of the agent that says it, and what it says.
    ///
    /// ```
    /// use quorate_agent::{AgentLog, LogLevel};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let log = AgentLog::new(); // AgentConfig::with_log(log.clone())
    /// let mut lines = log.lines(LogLevel::Info);
    /// log.record(LogLevel::Info, "agent", "hello", &[]);
    /// let line = lines.next().await.expect("the log is there");
    /// assert!(line.ends_with(b" [INFO] agent: hello"));
    /// # }
    /// ```
    #[must_use]
    pub fn lines(&self, level: LogLevel) -> LogLines {
        let added = self.add(level, Form::Serf);
        LogLines {
            lines: added.lines,
            threshold: LogThreshold {
                least: added.least,
                hub: Arc::downgrade(&self.0),
            },
        }
    }
}

impl LogLines {
    /// The next line, without its end. `None` when the log is gone.
    ///
    /// # Cancel safety
    /// Safe: no line is lost.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.lines.recv().await
    }

    /// What the level can be changed by, whoever reads.
    ///
    /// ```
    /// use quorate_agent::{AgentLog, LogLevel};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let log = AgentLog::new();
    /// let mut lines = log.lines(LogLevel::Warn);
    /// log.record(LogLevel::Debug, "agent", "not told", &[]);
    /// lines.threshold().set(LogLevel::Debug);
    /// log.record(LogLevel::Debug, "agent", "told", &[]);
    /// lines.threshold().set(LogLevel::Error);
    /// log.record(LogLevel::Warn, "agent", "not told", &[]);
    /// log.record(LogLevel::Error, "agent", "last", &[]);
    /// for text in ["[DEBUG] agent: told", "[ERR] agent: last"] {
    ///     let line = lines.next().await.expect("the log is there");
    ///     assert!(line.ends_with(text.as_bytes()));
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn threshold(&self) -> LogThreshold {
        self.threshold.clone()
    }
}
