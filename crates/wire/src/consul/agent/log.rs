//! An agent's log.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

/// How much a line of a log matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Every step.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What somebody should look at.
    Warn,
    /// What went wrong.
    Error,
}

impl LogLevel {
    /// The word on the wire, as `loglevel` takes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown log level: {0}")]
pub struct UnknownLevel(String);

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    /// Reads what Consul reads: the words in any case, and `err`.
    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        match word.to_ascii_lowercase().as_str() {
            "trace" => Ok(Self::Trace),
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" => Ok(Self::Warn),
            "err" | "error" => Ok(Self::Error),
            _ => Err(UnknownLevel(word.to_owned())),
        }
    }
}

/// A line of a log in its JSON form.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LogLine {
    /// How much it matters; empty if the line does not say.
    #[serde(rename = "@level")]
    pub level: String,
    /// What it says.
    #[serde(rename = "@message")]
    pub message: String,
    /// The part of the agent that says it: `agent.server.raft`.
    #[serde(rename = "@module")]
    pub module: String,
    /// When, as RFC 3339 with microseconds.
    #[serde(rename = "@timestamp")]
    pub timestamp: String,
    /// Everything else that it says.
    #[serde(flatten)]
    pub fields: BTreeMap<String, Value>,
}

impl LogLine {
    /// The level, if it is one.
    #[must_use]
    pub fn level(&self) -> Option<LogLevel> {
        self.level.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_any_case_and_ordered() {
        for level in [
            LogLevel::Trace,
            LogLevel::Debug,
            LogLevel::Info,
            LogLevel::Warn,
            LogLevel::Error,
        ] {
            assert_eq!(level.as_str().to_uppercase().parse(), Ok(level));
        }
        assert_eq!("ERR".parse(), Ok(LogLevel::Error));
        assert!(LogLevel::Debug < LogLevel::Info);
        for word in ["", "off", "warning"] {
            assert!(word.parse::<LogLevel>().is_err(), "{word}");
        }
    }

    #[test]
    fn a_json_line_keeps_its_fields() {
        let text = r#"{"@level":"debug","@message":"Synced","@module":"agent",
            "@timestamp":"2026-11-21T06:28:50.273810Z","service":"web"}"#;
        let line: LogLine = serde_json::from_str(text).unwrap();
        assert_eq!(line.level(), Some(LogLevel::Debug));
        assert_eq!(line.fields["service"], "web");
    }
}
