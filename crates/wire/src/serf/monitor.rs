//! Following the log of an agent.

use crate::msgpack::record;

record! {
    /// Follows the log of the agent: first up to 512 lines from before, then each new one. A
    /// connection has one of these.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Monitor {
        /// The least important lines that are told: the name of a [`LogLevel`](super::LogLevel).
        log_level: String = "LogLevel",
    }
}

record! {
    /// A line of the log, without its end.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct LogRecord {
        /// As in `2006/01/02 15:04:05 [INFO] agent: …`.
        log: String = "Log",
    }
}
