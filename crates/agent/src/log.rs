//! What the agent says of its work, for those who listen.

mod line;

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};

pub use quorate_wire::consul::agent::LogLevel;

use line::Line;

/// How many lines wait for a listener that is slow. Further ones are dropped, and counted in a line
/// of their own.
const BACKLOG: usize = 512;
/// What [`AgentLog::interest`] holds while nobody listens.
const NOBODY: u8 = u8::MAX;

/// The log of an agent, which `GET /v1/agent/monitor` streams.
///
/// Nothing is kept and nothing is written anywhere: a line goes to those who listen at that moment.
/// While nobody does, saying something costs one look at an atomic.
///
/// The agent says by itself what it does. What its parts tell `tracing` is a program's own affair;
/// one that wants it streamed too hands it over, from a layer of its own, with
/// [`record`](Self::record).
///
/// ```
/// use quorate_agent::{AgentConfig, AgentLog, LogLevel};
///
/// let log = AgentLog::new();
/// let config = AgentConfig::memory().with_log(log.clone());
/// log.record(LogLevel::Warn, "backup", "the disk is nearly full", &[("free", &"2%")]);
/// # assert!(!log.is_wanted(LogLevel::Error), "nobody listens");
/// # drop(config);
/// ```
#[derive(Clone, Default)]
pub struct AgentLog(Arc<Hub>);

struct Hub {
    /// The lowest level that anybody listens to.
    interest: AtomicU8,
    listeners: Mutex<Vec<Listener>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            interest: AtomicU8::new(NOBODY),
            listeners: Mutex::default(),
        }
    }
}

struct Listener {
    level: LogLevel,
    form: Form,
    lines: mpsc::Sender<Bytes>,
    dropped: u64,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

impl AgentLog {
    /// A log that nobody listens to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether anybody listens to lines of this level. For callers to whom making a line is work.
    #[must_use]
    pub fn is_wanted(&self, level: LogLevel) -> bool {
        self.0.interest.load(Relaxed) <= rank(level)
    }

    /// Says something: `module` is the part of the program that says it, as in `agent.http`.
    pub fn record(
        &self,
        level: LogLevel,
        module: &str,
        message: &str,
        fields: &[(&str, &dyn fmt::Display)],
    ) {
        if self.is_wanted(level) {
            self.tell(&Line::new(level, module, message, fields));
        }
    }

    fn tell(&self, line: &Line<'_>) {
        let mut listeners = self.listeners();
        let before = listeners.len();
        listeners.retain_mut(|listener| listener.hears(line));
        if listeners.len() < before {
            self.update(&listeners);
        }
    }

    /// Listens to lines of `level` and above until the receiver is dropped.
    pub(crate) fn listen(&self, level: LogLevel, form: Form) -> mpsc::Receiver<Bytes> {
        let (lines, receiver) = mpsc::channel(BACKLOG);
        let mut listeners = self.listeners();
        listeners.retain(|listener| !listener.lines.is_closed());
        listeners.push(Listener {
            level,
            form,
            lines,
            dropped: 0,
        });
        self.update(&listeners);
        receiver
    }

    fn update(&self, listeners: &[Listener]) {
        let least = listeners.iter().map(|listener| rank(listener.level)).min();
        self.0.interest.store(least.unwrap_or(NOBODY), Relaxed);
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Listener>> {
        let held = self.0.listeners.lock();
        held.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Tells it a line. `false` if it has gone.
    fn hears(&mut self, line: &Line<'_>) -> bool {
        if line.level < self.level {
            return !self.lines.is_closed();
        }
        if self.dropped > 0 && self.lines.capacity() > 1 {
            let count: &dyn fmt::Display = &self.dropped;
            let fields = [("count", count)];
            let lost = Line::new(LogLevel::Warn, "agent", "Dropped lines of the log", &fields);
            let _ = self.lines.try_send(lost.written(self.form));
            self.dropped = 0;
        }
        match self.lines.try_send(line.written(self.form)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.dropped += 1;
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

impl fmt::Debug for AgentLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentLog")
            .field("listeners", &self.listeners().len())
            .finish()
    }
}

fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Trace => 0,
        LogLevel::Debug => 1,
        LogLevel::Info => 2,
        LogLevel::Warn => 3,
        LogLevel::Error => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn a_line_goes_to_those_who_listen_to_its_level() {
        let log = AgentLog::new();
        assert!(!log.is_wanted(LogLevel::Error));
        let mut warnings = log.listen(LogLevel::Warn, Form::Text);
        assert!(log.is_wanted(LogLevel::Warn) && !log.is_wanted(LogLevel::Info));
        let mut all = log.listen(LogLevel::Trace, Form::Json);
        log.record(LogLevel::Info, "agent", "hello", &[]);
        log.record(LogLevel::Warn, "agent.http", "slow", &[("url", &"/v1/x y")]);
        let line = warnings.recv().await.unwrap();
        assert!(
            text(&line).ends_with("Z [WARN]  agent.http: slow: url=\"/v1/x y\"\n"),
            "{line:?}"
        );
        assert!(text(&all.recv().await.unwrap()).contains("\"@message\":\"hello\""));
        drop(all);
        log.record(LogLevel::Error, "agent", "bye", &[]);
        assert!(
            !log.is_wanted(LogLevel::Info),
            "the one who wanted it has gone"
        );
    }

    #[tokio::test]
    async fn a_slow_listener_misses_lines_and_learns_how_many() {
        let log = AgentLog::new();
        let mut lines = log.listen(LogLevel::Info, Form::Text);
        for number in 0..BACKLOG + 7 {
            log.record(LogLevel::Info, "m", &number.to_string(), &[]);
        }
        for _ in 0..BACKLOG {
            lines.recv().await.unwrap();
        }
        log.record(LogLevel::Info, "m", "next", &[]);
        assert!(text(&lines.recv().await.unwrap()).contains("count=7"));
        assert!(text(&lines.recv().await.unwrap()).contains("m: next"));
    }
}
