//! What the agent says of its work, for those who listen.

mod line;
mod lines;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};

pub use quorate_wire::consul::agent::LogLevel;

use line::Line;
pub use lines::{LogLines, LogThreshold};

/// How many lines wait for a listener that is slow. Further ones are dropped, and counted in a line
/// of their own.
const BACKLOG: usize = 512;
/// What [`AgentLog::interest`] holds while nobody listens.
const NOBODY: u8 = u8::MAX;
/// How many lines are kept for Serf's clients, which see the last ones first.
const KEPT: usize = 512;
/// What is kept: what is less important comes with every request.
const KEPT_LEVEL: LogLevel = LogLevel::Info;

/// The log of an agent, which `GET /v1/agent/monitor` and the `monitor` of Serf's RPC stream.
///
/// Nothing is written anywhere: a line goes to those who listen at that moment, among them the
/// program itself by [`lines`](Self::lines). An agent with
/// Serf's RPC keeps the last 512 lines of level info and above in memory, as its clients expect;
/// others keep nothing, and while nobody listens, saying something costs one look at an atomic.
///
/// The agent says by itself what it does. What its parts tell `tracing` is a program's own affair;
/// one that wants it streamed too hands it over, from a layer of its own, with
/// [`record`](Self::record). That layer should tell `tracing` the lowest level that
/// [is wanted](Self::is_wanted): it is asked again whenever somebody begins or ceases to listen.
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
    listeners: Mutex<Listeners>,
}

#[derive(Default)]
struct Listeners {
    all: Vec<Listener>,
    /// The last lines in Serf's form, if they are kept.
    kept: Option<VecDeque<(LogLevel, Bytes)>>,
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
    /// The rank of the least level that it hears.
    least: Arc<AtomicU8>,
    form: Form,
    lines: mpsc::Sender<Bytes>,
    dropped: u64,
}

/// A listener that was added.
struct Added {
    /// What is kept from before.
    kept: Vec<Bytes>,
    lines: mpsc::Receiver<Bytes>,
    least: Arc<AtomicU8>,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    /// As Serf's agent writes them, without the end of the line.
    Serf,
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
        let before = listeners.all.len();
        listeners.all.retain_mut(|listener| listener.hears(line));
        if listeners.all.len() < before {
            self.update(&listeners);
        }
        if let Some(kept) = &mut listeners.kept
            && line.level >= KEPT_LEVEL
        {
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back((line.level, line.written(Form::Serf)));
        }
    }

    /// Keeps the last lines from now on, for [`replay`](Self::replay).
    pub(crate) fn keep(&self) {
        let mut listeners = self.listeners();
        listeners.kept.get_or_insert_default();
        self.update(&listeners);
    }

    /// Listens to lines of `level` and above until the receiver is dropped.
    pub(crate) fn listen(&self, level: LogLevel, form: Form) -> mpsc::Receiver<Bytes> {
        self.add(level, form).lines
    }

    /// The lines of `level` and above that are kept, and those that follow, in Serf's form.
    pub(crate) fn replay(&self, level: LogLevel) -> (Vec<Bytes>, mpsc::Receiver<Bytes>) {
        let added = self.add(level, Form::Serf);
        (added.kept, added.lines)
    }

    fn add(&self, level: LogLevel, form: Form) -> Added {
        let (lines, receiver) = mpsc::channel(BACKLOG);
        let least = Arc::new(AtomicU8::new(rank(level)));
        let mut listeners = self.listeners();
        listeners.all.retain(|listener| !listener.lines.is_closed());
        listeners.all.push(Listener {
            least: Arc::clone(&least),
            form,
            lines,
            dropped: 0,
        });
        self.update(&listeners);
        let kept = listeners.kept.iter().flatten();
        let kept = kept.filter(|(of, _)| *of >= level);
        Added {
            kept: kept.map(|(_, line)| line.clone()).collect(),
            lines: receiver,
            least,
        }
    }

    fn update(&self, listeners: &Listeners) {
        let all = listeners.all.iter();
        let least = all.map(|listener| listener.least.load(Relaxed));
        let kept = listeners.kept.as_ref().map(|_| rank(KEPT_LEVEL));
        let least = least.chain(kept).min().unwrap_or(NOBODY);
        if self.0.interest.swap(least, Relaxed) != least {
            // What nobody listens to is not even looked at: libraries tell much of each request.
            tracing::callsite::rebuild_interest_cache();
        }
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        let held = self.0.listeners.lock();
        held.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Tells it a line. `false` if it has gone.
    fn hears(&mut self, line: &Line<'_>) -> bool {
        if rank(line.level) < self.least.load(Relaxed) {
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
            .field("listeners", &self.listeners().all.len())
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

    /// Asks the log what is wanted, as a layer does, and counts how often it is asked.
    struct Asks(AgentLog, Arc<Mutex<Vec<bool>>>);

    impl tracing::Subscriber for Asks {
        fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
            lock(&self.1).push(self.0.is_wanted(LogLevel::Info));
            None
        }

        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            false
        }

        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
            tracing::Id::from_u64(1)
        }

        fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {}
        fn enter(&self, _: &tracing::Id) {}
        fn exit(&self, _: &tracing::Id) {}
    }

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap()
    }

    #[test]
    fn tracing_is_told_when_somebody_begins_and_when_he_ceases_to_listen() {
        let (log, asked) = (AgentLog::new(), Arc::default());
        let asks = Asks(log.clone(), Arc::clone(&asked));
        let _held = tracing::subscriber::set_default(asks);
        lock(&asked).clear();
        let lines = log.listen(LogLevel::Info, Form::Text);
        assert_eq!(lock(&asked).last(), Some(&true));
        drop(lines);
        log.record(LogLevel::Info, "agent", "hello", &[]);
        assert_eq!(lock(&asked).last(), Some(&false));
    }

    #[tokio::test]
    async fn the_last_lines_are_kept_once_that_is_wanted() {
        let log = AgentLog::new();
        log.record(LogLevel::Error, "agent", "before", &[]);
        log.keep();
        assert!(log.is_wanted(LogLevel::Info) && !log.is_wanted(LogLevel::Debug));
        for number in 0..KEPT + 3 {
            log.record(LogLevel::Info, "agent", &number.to_string(), &[]);
        }
        log.record(LogLevel::Error, "agent", "bad", &[]);
        let (kept, mut lines) = log.replay(LogLevel::Info);
        assert_eq!(kept.len(), KEPT);
        assert!(text(&kept[0]).ends_with(" [INFO] agent: 4"), "{kept:?}");
        let (errors, _) = log.replay(LogLevel::Error);
        assert_eq!(errors.len(), 1);
        assert!(text(&errors[0]).ends_with(" [ERR] agent: bad"));
        log.record(LogLevel::Warn, "agent", "next", &[]);
        assert!(text(&lines.recv().await.unwrap()).ends_with(" [WARN] agent: next"));
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
