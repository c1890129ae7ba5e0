//! One line of the log, in the two forms in which Consul writes them, and in Serf's.

use std::fmt::{self, Write};
use std::time::SystemTime;

use bytes::Bytes;
use quorate_wire::consul::{GoTime, json};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Form, LogLevel};

/// One line of the log.
pub(super) struct Line<'a> {
    pub(super) level: LogLevel,
    time: SystemTime,
    module: &'a str,
    message: &'a str,
    fields: &'a [(&'a str, &'a dyn fmt::Display)],
}

impl<'a> Line<'a> {
    pub(super) fn new(
        level: LogLevel,
        module: &'a str,
        message: &'a str,
        fields: &'a [(&'a str, &'a dyn fmt::Display)],
    ) -> Self {
        Self {
            level,
            time: SystemTime::now(),
            module,
            message,
            fields,
        }
    }

    /// The line with its end.
    pub(super) fn written(&self, form: Form) -> Bytes {
        match form {
            Form::Text => self.text(),
            Form::Json => {
                // It has no keys but texts, which is all that can fail.
                let mut line = json::encode(self).unwrap_or_default();
                line.push(b'\n');
                line.into()
            }
            Form::Serf => self.serf(),
        }
    }

    /// `2006/01/02 15:04:05 [INFO] agent: …`, in UTC.
    fn serf(&self) -> Bytes {
        let seconds = GoTime::from_unix(GoTime::from(self.time).unix_seconds(), 0).to_string();
        let stamp = seconds.trim_end_matches('Z').replace('-', "/");
        let level = match self.level {
            LogLevel::Trace => "TRACE",
            LogLevel::Debug => "DEBUG",
            LogLevel::Info => "INFO",
            LogLevel::Warn => "WARN",
            LogLevel::Error => "ERR",
        };
        let mut line = format!(
            "{} [{level}] {}: {}",
            stamp.replace('T', " "),
            self.module,
            self.message
        );
        self.add_fields(&mut line);
        line.into()
    }

    fn text(&self) -> Bytes {
        let mut line = stamp(self.time, 3);
        let level = match self.level {
            LogLevel::Trace => "[TRACE]",
            LogLevel::Debug => "[DEBUG]",
            LogLevel::Info => "[INFO] ",
            LogLevel::Warn => "[WARN] ",
            LogLevel::Error => "[ERROR]",
        };
        // Writing to a text can't fail.
        let _ = write!(line, " {level} {}: {}", self.module, self.message);
        self.add_fields(&mut line);
        line.push('\n');
        line.into()
    }

    fn add_fields(&self, line: &mut String) {
        let mut separator = ": ";
        for (name, value) in self.fields {
            let value = value.to_string();
            // As Consul quotes: only what would be taken for several words or lines.
            let _ = if value.contains(char::is_whitespace) || value.contains(char::is_control) {
                write!(line, "{separator}{name}={value:?}")
            } else {
                write!(line, "{separator}{name}={value}")
            };
            separator = " ";
        }
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("@level", self.level.as_str())?;
        map.serialize_entry("@message", self.message)?;
        map.serialize_entry("@module", self.module)?;
        map.serialize_entry("@timestamp", &stamp(self.time, 6))?;
        for (name, value) in self.fields {
            map.serialize_entry(name, &value.to_string())?;
        }
        map.end()
    }
}

/// The time in UTC with this many digits of a second.
fn stamp(time: SystemTime, digits: usize) -> String {
    let time = GoTime::from(time);
    let seconds = GoTime::from_unix(time.unix_seconds(), 0).to_string();
    let nanos = format!("{:09}", time.subsec_nanos());
    format!("{}.{}Z", seconds.trim_end_matches('Z'), &nanos[..digits])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn lines_look_like_consuls() {
        let fields: [(&str, &dyn fmt::Display); 3] = [
            ("url", &"/v1/kv/a?recurse&x=1"),
            ("error", &"no \"disk\""),
            ("n", &3),
        ];
        let mut line = Line::new(LogLevel::Info, "agent.http", "Request", &fields);
        line.time = UNIX_EPOCH + Duration::from_micros(1_795_242_530_273_810);
        assert_eq!(
            line.written(Form::Text),
            "2026-11-21T06:28:50.273Z [INFO]  agent.http: Request: url=/v1/kv/a?recurse&x=1 \
             error=\"no \\\"disk\\\"\" n=3\n"
        );
        assert_eq!(
            line.written(Form::Serf),
            "2026/11/21 06:28:50 [INFO] agent.http: Request: url=/v1/kv/a?recurse&x=1 \
             error=\"no \\\"disk\\\"\" n=3"
        );
        assert_eq!(
            line.written(Form::Json),
            "{\"@level\":\"info\",\"@message\":\"Request\",\"@module\":\"agent.http\",\
             \"@timestamp\":\"2026-11-21T06:28:50.273810Z\",\"url\":\"/v1/kv/a?recurse\\u0026x=1\",\
             \"error\":\"no \\\"disk\\\"\",\"n\":\"3\"}\n"
        );
    }

    #[test]
    fn a_field_makes_no_second_line() {
        let fields: [(&str, &dyn fmt::Display); 1] = [("x", &"/a\nb")];
        let line = Line::new(LogLevel::Error, "m", "t", &fields).written(Form::Text);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    }
}
