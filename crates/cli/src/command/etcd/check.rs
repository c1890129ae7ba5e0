//! `quorate etcd check`.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;
use quorate_etcd::v3::{Client, DeleteOptions, Error, KeyRange};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{Context, maintenance};
use crate::args::etcd::check::{CheckVerb, Load, PerfArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::etcd::Answer;
use crate::view::etcd::json::{Object, array};

/// The sizes of keys and values, and what is fast enough, as etcdctl has them.
const KEY: usize = 256;
const VALUE: usize = 1024;
const SLOWEST: Duration = Duration::from_millis(500);
const DEVIATION: f64 = 0.1;
const SHARE: f64 = 0.9;

/// Writes a second, and how many of them wait at once.
fn size(load: Load) -> (u32, usize) {
    match load {
        Load::Small => (150, 50),
        Load::Medium => (1000, 200),
        Load::Large => (8000, 500),
        Load::ExtraLarge => (15000, 1000),
    }
}

pub(super) async fn run(context: Context<'_>, verb: &CheckVerb) -> Result<Exit, Failure> {
    let CheckVerb::Perf(args) = verb;
    let range = KeyRange::prefix(&args.prefix);
    let kv = context.client.kv();
    if args.prefix.is_empty() {
        return Err(Failure::usage(
            "--prefix is empty: all keys would be deleted",
        ));
    }
    if kv.count(&range).await? > 0 {
        let next = format!("quorate etcd del --prefix {}", args.prefix);
        let why = format!("prefix {:?} has keys", args.prefix);
        return Err(Failure::new(Exit::Conflict, why).with_next(next));
    }
    let mut signals = Signals::listen(&Signals::END)?;
    let ended = tokio::select! {
        measured = measure(context.client, args) => Ok(measured),
        signal = signals.next() => Err(Exit::Signal(signals::number(signal))),
    };
    let deleted = kv.delete_range(&range, &DeleteOptions::new()).await?;
    tidy(context, args, deleted.header.revision).await?;
    let measured = match ended {
        Ok(measured) => measured,
        Err(exit) => return Ok(exit),
    };
    let verdict = Verdict::of(args, &measured);
    context.show(&verdict)?;
    Ok(match verdict.passed() {
        true => Exit::Success,
        false => Exit::Failure,
    })
}

/// What was asked for after the writes.
async fn tidy(context: Context<'_>, args: &PerfArgs, revision: i64) -> Result<(), Failure> {
    if args.auto_compact {
        let request = pb::CompactionRequest {
            revision,
            physical: true,
        };
        let raw = context.client.raw();
        raw.send(&raw::COMPACT, &request).await?;
    }
    if args.auto_defrag {
        for endpoint in &context.servers.endpoints {
            maintenance::defrag_one(context, endpoint).await?;
        }
    }
    Ok(())
}

/// What was measured.
#[derive(Debug, Default)]
struct Measured {
    /// How long each write took, in seconds.
    times: Vec<f64>,
    /// How long all took.
    total: f64,
    /// What went wrong, each kind once.
    errors: Vec<String>,
}

/// Writes at the given rate, as long as it was asked for.
async fn measure(client: &Client, args: &PerfArgs) -> Measured {
    let (rate, clients) = size(args.load);
    let begun = Instant::now();
    let end = begun + args.duration;
    let mut tick = interval(Duration::from_secs(1) / rate);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut running, mut measured, mut number) =
        (FuturesUnordered::new(), Measured::default(), 0_u64);
    let mut over = std::pin::pin!(sleep_until(end));
    loop {
        tokio::select! {
            () = &mut over => break,
            Some(done) = running.next() => measured.add(done),
            _ = tick.tick(), if running.len() < clients => {
                number += 1;
                running.push(write(client, &args.prefix, number));
            }
        }
    }
    while let Some(done) = running.next().await {
        measured.add(done);
    }
    measured.total = begun.elapsed().as_secs_f64();
    measured
}

async fn write(client: &Client, prefix: &str, number: u64) -> Result<Duration, Error> {
    // Spread over the whole prefix, as keys of programs are.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut key = format!("{prefix}{spread:016x}").into_bytes();
    key.resize(KEY.max(key.len()), b'-');
    let begun = Instant::now();
    let value = Bytes::from(vec![b'v'; VALUE]);
    client.kv().put(key, value).await?;
    Ok(begun.elapsed())
}

impl Measured {
    fn add(&mut self, done: Result<Duration, Error>) {
        match done {
            Ok(time) => self.times.push(time.as_secs_f64()),
            Err(error) => {
                let text = format!("{:?}", error.kind());
                if !self.errors.contains(&text) {
                    self.errors.push(text);
                }
            }
        }
    }
}

/// What is made of it: each judgement, and whether it is good.
#[derive(Debug)]
struct Verdict(Vec<(bool, String)>);

impl Verdict {
    fn of(args: &PerfArgs, measured: &Measured) -> Self {
        let (rate, _) = size(args.load);
        let times = &measured.times;
        let number = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
        let mean = times.iter().sum::<f64>() / number.max(1.0);
        let squares = times.iter().map(|time| (time - mean).powi(2));
        let deviation = (squares.sum::<f64>() / number.max(1.0)).sqrt();
        let slowest = times.iter().copied().fold(0.0, f64::max);
        let throughput = number / measured.total.max(f64::MIN_POSITIVE);
        let mut verdict = Vec::new();
        let mut say = |good: bool, pass: String, fail: String| {
            verdict.push((good, if good { pass } else { fail }));
        };
        if !measured.errors.is_empty() {
            say(
                false,
                String::new(),
                format!("too many errors\n{}", measured.errors.join("\n")),
            );
        }
        say(
            throughput >= f64::from(rate) * SHARE,
            format!("Throughput is {throughput:.0} writes/s"),
            format!("Throughput too low: {throughput:.0} writes/s"),
        );
        say(
            slowest <= SLOWEST.as_secs_f64(),
            format!("Slowest request took {slowest:.6}s"),
            format!("Slowest request took too long: {slowest:.6}s"),
        );
        say(
            deviation <= DEVIATION,
            format!("Stddev is {deviation:.6}s"),
            format!("Stddev too high: {deviation:.6}s"),
        );
        Self(verdict)
    }

    fn passed(&self) -> bool {
        self.0.iter().all(|(good, _)| *good)
    }
}

fn word(good: bool) -> &'static str {
    match good {
        true => "PASS",
        false => "FAIL",
    }
}

impl Answer for Verdict {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        for (good, text) in &self.0 {
            out.extend_from_slice(format!("{}: {text}\n", word(*good)).as_bytes());
        }
        out.extend_from_slice(format!("{}\n", word(self.passed())).as_bytes());
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.always("passed", self.passed());
            object.always(
                "checks",
                array(&self.0, |(good, text)| {
                    Object::of(|object| {
                        object.always("passed", *good);
                        object.text("text", text);
                    })
                }),
            );
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fast_enough_passes() {
        let args = PerfArgs {
            load: Load::Small,
            prefix: "/x/".into(),
            auto_compact: false,
            auto_defrag: false,
            duration: Duration::from_secs(1),
        };
        let mut measured = Measured {
            times: vec![0.01; 150],
            total: 1.0,
            errors: Vec::new(),
        };
        let text = |measured: &Measured| {
            let mut out = Vec::new();
            Verdict::of(&args, measured).simple(&mut out, false);
            String::from_utf8(out).unwrap()
        };
        let good = "PASS: Throughput is 150 writes/s\nPASS: Slowest request took 0.010000s\n\
                    PASS: Stddev is 0.000000s\nPASS\n";
        assert_eq!(text(&measured), good);
        measured.times[0] = 0.7;
        assert!(text(&measured).contains("FAIL: Slowest request took too long: 0.700000s"));
        assert!(text(&measured).ends_with("\nFAIL\n"));
    }
}
