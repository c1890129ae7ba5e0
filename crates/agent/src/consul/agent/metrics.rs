//! What the agent counts: `GET /v1/agent/metrics`.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use quorate_wire::consul::GoTime;
use quorate_wire::consul::agent::{Gauge, Metrics, Sampled};

use crate::consul::front::Front;
use crate::consul::permit::require;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::resident::resident_bytes;

/// How long an interval of counting is at least.
const INTERVAL: Duration = Duration::from_secs(10);

/// What is counted, without a lock on the way of requests.
#[derive(Debug)]
pub(crate) struct Counts {
    requests: AtomicU64,
    window: Mutex<Window>,
}

/// The interval that is being counted, and what the last one came to. Nobody turns it over by the
/// clock: whoever asks does, so that an idle agent does nothing.
#[derive(Debug)]
struct Window {
    since: Instant,
    before: Totals,
    last: Option<Vec<Sampled>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    requests: u64,
    applied: u64,
}

impl Totals {
    fn named(self) -> [(&'static str, u64); 2] {
        [
            ("consul.rpc.request", self.requests),
            ("consul.raft.apply", self.applied),
        ]
    }
}

impl Counts {
    /// Nothing so far, of a state at this index.
    pub(crate) fn starting_at(index: u64) -> Self {
        let before = Totals {
            requests: 0,
            applied: index,
        };
        Self {
            requests: AtomicU64::new(0),
            window: Mutex::new(Window {
                since: Instant::now(),
                before,
                last: None,
            }),
        }
    }

    /// One more request.
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    fn totals(&self, index: u64) -> Totals {
        Totals {
            requests: self.requests.load(Relaxed),
            applied: index,
        }
    }

    /// What the last whole interval came to; in the first, what there is so far.
    fn counters(&self, index: u64) -> Vec<Sampled> {
        let now = self.totals(index);
        let held = self.window.lock();
        let mut window = held.unwrap_or_else(PoisonError::into_inner);
        let elapsed = window.since.elapsed();
        if elapsed < INTERVAL
            && let Some(last) = &window.last
        {
            return last.clone();
        }
        let seconds = elapsed.max(INTERVAL).as_secs_f64();
        let pairs = now.named().into_iter().zip(window.before.named());
        let counters: Vec<_> = pairs
            .map(|((name, now), (_, before))| counted(name, now.saturating_sub(before), seconds))
            .filter(|counter| counter.count > 0)
            .collect();
        if elapsed >= INTERVAL {
            window.since = Instant::now();
            window.before = now;
            window.last = Some(counters.clone());
        }
        counters
    }
}

/// That many times one.
#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody counts")]
fn counted(name: &str, count: u64, seconds: f64) -> Sampled {
    let mut counter = Sampled::default();
    counter.name = name.into();
    counter.count = count;
    counter.sum = count as f64;
    counter.rate = counter.sum / seconds;
    (counter.min, counter.max, counter.mean) = (1.0, 1.0, 1.0);
    counter
}

/// `GET /v1/agent/metrics`: as JSON, or in the format of Prometheus.
pub(super) fn metrics(request: Request<'_>) -> Result<Answer, Refused> {
    let front = request.front;
    require(request.permit()?.agent_read(&front.node.name))?;
    if request.params.text("format") != Some("prometheus") {
        return Ok(Reply::object(&report(front)).into());
    }
    if front.strict {
        let text = "Prometheus is not enabled since its retention time is not positive";
        return Err(Reply::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into());
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    let reply = Reply::text(StatusCode::OK, prometheus(front));
    Ok(reply.with(CONTENT_TYPE, kind).into())
}

fn report(front: &Front) -> Metrics {
    let mut metrics = Metrics::default();
    metrics.timestamp = timestamp(SystemTime::now());
    metrics.gauges = gauges(front);
    metrics.counters = front.counts.counters(last_index(front));
    metrics
}

fn last_index(front: &Front) -> u64 {
    front.snapshot().consul().indexes().last()
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody counts")]
fn gauges(front: &Front) -> Vec<Gauge> {
    let index = last_index(front) as f64;
    let snapshot = front.snapshot();
    let sessions = snapshot.consul().sessions().value;
    let with_ttl = sessions
        .iter()
        .filter(|session| session.ttl.is_some())
        .count();
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let mut gauges = vec![
        Gauge::new("consul.autopilot.failure_tolerance", 0.0),
        Gauge::new("consul.autopilot.healthy", 1.0),
        Gauge::new("consul.raft.applied_index", index),
        Gauge::new("consul.raft.last_index", index),
        Gauge::new(
            "consul.rpc.queries_blocking",
            front.writer.waiters().len() as f64,
        ),
        Gauge::new("consul.runtime.num_goroutines", tasks as f64),
        Gauge::new("consul.session_ttl.active", with_ttl as f64),
    ];
    if let Some(bytes) = resident_bytes() {
        gauges.insert(5, Gauge::new("consul.runtime.alloc_bytes", bytes as f64));
    }
    gauges
}

/// All gauges, and all counters since the start.
fn prometheus(front: &Front) -> String {
    let mut text = String::new();
    let mut add = |name: &str, kind: &str, value: f64| {
        let name = name.replace(['.', '-'], "_");
        // Writing to a text can't fail.
        let _ = writeln!(
            text,
            "# HELP {name} {name}\n# TYPE {name} {kind}\n{name} {value}"
        );
    };
    for gauge in gauges(front) {
        add(&gauge.name, "gauge", gauge.value);
    }
    for (name, count) in front.counts.totals(last_index(front)).named() {
        let counter = counted(name, count, 1.0);
        add(name, "counter", counter.sum);
    }
    text
}

/// As Go prints a time, cut to whole intervals.
fn timestamp(time: SystemTime) -> String {
    let seconds = GoTime::from(time).unix_seconds();
    let text = GoTime::from_unix(seconds - seconds.rem_euclid(10), 0).to_string();
    text.replace('T', " ").replace('Z', " +0000 UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn an_interval_that_has_begun_shows_what_there_is() {
        let counts = Counts::starting_at(10);
        assert!(counts.counters(10).is_empty());
        counts.request();
        counts.request();
        let counters = counts.counters(13);
        let shown: Vec<_> = counters.iter().map(|it| (&*it.name, it.count)).collect();
        assert_eq!(shown, [("consul.rpc.request", 2), ("consul.raft.apply", 3)]);
    }

    #[test]
    fn a_whole_interval_is_shown_until_the_next_is_whole() {
        let counts = Counts::starting_at(0);
        counts.request();
        let past = Instant::now().checked_sub(Duration::from_secs(20)).unwrap();
        counts.window.lock().unwrap().since = past;
        let rate = counts.counters(0)[0].rate;
        assert!((0.04..0.06).contains(&rate), "{rate}");
        counts.request();
        assert_eq!(counts.counters(0)[0].count, 1);
    }

    #[test]
    fn the_time_looks_like_gos() {
        let time = UNIX_EPOCH + Duration::from_secs(1_795_243_057);
        assert_eq!(timestamp(time), "2026-11-21 06:37:30 +0000 UTC");
    }
}
