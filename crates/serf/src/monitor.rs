//! Reading the log of an agent.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use quorate_net::call::Operation;
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{Command, LogLevel, LogRecord, Monitor};

use crate::attempts::Connect;
use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::following::{self, Followed, Following};
use crate::link::Link;

/// How many lines from before an agent tells at first.
const REPLAYED: usize = 512;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LogLine {
    /// The line as it came, without its end.
    pub raw: String,
}

impl LogLine {
    /// When it was written, by the agent's clock: `2006/01/02 15:04:05`. Empty if the line has none.
    #[must_use]
    pub fn time(&self) -> &str {
        self.parts().map_or("", |(time, _, _)| time)
    }

    /// How important it is, if the line says so.
    #[must_use]
    pub fn level(&self) -> Option<LogLevel> {
        LogLevel::of_line(&self.raw)
    }

    /// What it says, without time and level.
    #[must_use]
    pub fn text(&self) -> &str {
        self.parts().map_or(&self.raw, |(_, _, text)| text)
    }

    fn parts(&self) -> Option<(&str, &str, &str)> {
        let (time, rest) = self.raw.split_once(" [")?;
        let (level, text) = rest.split_once("] ")?;
        Some((time, level, text))
    }
}

/// What following a log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogItem {
    /// A line.
    Line(LogLine),
    /// So many lines came here that the reader was too slow for, and are lost.
    Missed(u64),
    /// It goes on after a connection was lost. Lines of the time between may be lost: an agent keeps
    /// 512 of them, and none over a restart.
    Resumed,
}

impl Client {
    /// Follows the log of the agent: first up to 512 lines from before, then each new one. Lines that
    /// are less important than `level` are left out.
    ///
    /// Has a connection of its own, because a connection can follow one log.
    ///
    /// Protocol: `monitor`.
    ///
    /// # Errors
    /// As of every call, until the agent has accepted.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn monitor(&self, level: LogLevel) -> Result<LogStream, Error> {
        let mut stream = LogStream {
            following: Following::new(self.clone()),
            level,
            recent: VecDeque::new(),
            replayed: HashSet::new(),
        };
        stream.subscribe().await?;
        Ok(stream)
    }
}

/// The lines of a log. Ends the interest in it when dropped.
#[derive(Debug)]
pub struct LogStream {
    following: Following<LogItem>,
    level: LogLevel,
    /// The last lines that were told.
    recent: VecDeque<String>,
    /// Lines that an agent may tell again after the connection was lost.
    replayed: HashSet<String>,
}

impl LogStream {
    /// The next line. `None` after the client was closed.
    ///
    /// An error is told when the connection is lost and each time that it can't be made again; it
    /// goes on trying, with pauses of up to 5 s, for as long as it is read.
    ///
    /// # Errors
    /// Those of the connection, in between.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<LogItem, Error>> {
        following::next(self).await
    }
}

impl Followed for LogStream {
    type Item = LogItem;

    fn operation(&self) -> Operation<'_> {
        Operation::new("follow the log", "")
    }

    fn following(&mut self) -> &mut Following<LogItem> {
        &mut self.following
    }

    async fn subscribe(&mut self) -> Result<(), Error> {
        let body = Monitor {
            log_level: self.level.as_str().to_owned(),
        };
        let call = Call::read(self.operation(), Command::Monitor, &body);
        let records = self.following.client.follow(&call, Connect::Alone).await?;
        if !self.following.goes_on(records) {
            self.replayed = self.recent.iter().cloned().collect();
            self.following.ready.push_back(LogItem::Resumed);
        }
        Ok(())
    }

    /// Tells a line, unless it was told before.
    fn record(&mut self, record: &[u8], _: Arc<Link>) -> Result<(), Error> {
        let line = LogRecord::from_msgpack(record).map_err(|error| {
            Error::protocol("follow the log", false, "a line cannot be decoded").with_source(error)
        })?;
        let raw = line.log;
        if !self.replayed.is_empty() && self.replayed.remove(&raw) {
            return Ok(());
        }
        if self.recent.len() == REPLAYED {
            self.recent.pop_front();
        }
        self.recent.push_back(raw.clone());
        let line = LogItem::Line(LogLine { raw });
        self.following.ready.push_back(line);
        Ok(())
    }

    fn missed(&mut self, count: u64) {
        self.following.ready.push_back(LogItem::Missed(count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_time_a_level_and_a_text() {
        let line = LogLine {
            raw: "2026/11/21 16:05:57 [INFO] agent: Received event: member-update".to_owned(),
        };
        assert_eq!(line.time(), "2026/11/21 16:05:57");
        assert_eq!(line.level(), Some(LogLevel::Info));
        assert_eq!(line.text(), "agent: Received event: member-update");
        let other = LogLine {
            raw: "no line of Serf".to_owned(),
        };
        assert_eq!(
            (other.time(), other.level(), other.text()),
            ("", None, "no line of Serf")
        );
    }
}
