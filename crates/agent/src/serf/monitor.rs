//! Following the log: `monitor`.

use bytes::Bytes;
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{self, LogRecord, Monitor};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connection::{Ended, Session};
use super::outgoing::{Outgoing, with_body};
use super::refusal::MONITOR_EXISTS;
use crate::log::LogLevel;

impl Session {
    /// First the lines that are kept, then each new one.
    pub(super) async fn follow_log(&mut self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let Monitor { log_level } = Monitor::from_msgpack(body)?;
        let Ok(level) = log_level.parse() else {
            let error = format!("Unknown log level: {}", log_level.to_uppercase());
            return self.answer(seq, &error).await;
        };
        if self.monitor.is_some() {
            return self.answer(seq, MONITOR_EXISTS).await;
        }
        // Whoever has the answer misses nothing that is said from then on, and is told after it.
        let (kept, lines) = self.front.log.replay(of(level));
        self.answer(seq, "").await?;
        let stopped = CancellationToken::new();
        self.monitor = Some((seq, stopped.clone()));
        let out = self.out.clone();
        self.tell(stopped, async move { pass_on(seq, kept, lines, out).await });
        Ok(())
    }
}

async fn pass_on(
    seq: u64,
    kept: Vec<Bytes>,
    mut lines: mpsc::Receiver<Bytes>,
    out: Outgoing,
) -> Result<(), Ended> {
    let kept: Vec<u8> = kept.iter().flat_map(|line| record(seq, line)).collect();
    out.send(&kept).await?;
    while let Some(line) = lines.recv().await {
        out.send(&record(seq, &line)).await?;
    }
    Ok(())
}

fn record(seq: u64, line: &[u8]) -> Vec<u8> {
    let log = String::from_utf8_lossy(line).into_owned();
    with_body(seq, "", &LogRecord { log })
}

fn of(level: serf::LogLevel) -> LogLevel {
    match level {
        serf::LogLevel::Trace => LogLevel::Trace,
        serf::LogLevel::Debug => LogLevel::Debug,
        serf::LogLevel::Info => LogLevel::Info,
        serf::LogLevel::Warn => LogLevel::Warn,
        serf::LogLevel::Err => LogLevel::Error,
    }
}
