//! What `-v` prints on standard error, and what `quorate agent` adds to its own log.

use std::fmt::{self, Write};
use std::io::IsTerminal;

use quorate_agent::{AgentLog, LogLevel};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Starts tracing if `-v` was given or `$QUORATE_LOG` says what to trace, and for an agent, which
/// streams it to those who listen to its `log`; otherwise costs nothing.
pub(crate) fn start(verbose: u8, log: Option<AgentLog>) {
    let printed = filter(verbose).map(|filter| {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_filter(EnvFilter::new(filter))
    });
    let streamed = log.map(|log| ToLog(log.clone()).with_filter(Wanted(log)));
    if printed.is_none() && streamed.is_none() {
        return;
    }
    let layers = tracing_subscriber::registry().with(printed).with(streamed);
    // Only a second call in one process could fail.
    let _ = layers.try_init();
}

fn filter(verbose: u8) -> Option<String> {
    let filter = match (std::env::var("QUORATE_LOG"), verbose) {
        (Ok(filter), _) if !filter.is_empty() => filter,
        (_, 0) => return None,
        (_, 1) => {
            "warn,quorate=info,quorate_cli=info,quorate_consul=info,quorate_agent=info".into()
        }
        (_, 2) => "info,quorate=debug,quorate_cli=debug,quorate_consul=debug,quorate_net=debug,\
                   quorate_agent=debug"
            .into(),
        (_, _) => "trace".into(),
    };
    Some(filter)
}

/// Lets through what anybody listens to at the moment.
struct Wanted(AgentLog);

impl<S> Filter<S> for Wanted {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        metadata.is_event() && self.0.is_wanted(level(*metadata.level()))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    /// Without it every event of every library would be offered while nobody listens, and HTTP/2
    /// has dozens for each call of gRPC.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        let levels = [
            Level::TRACE,
            Level::DEBUG,
            Level::INFO,
            Level::WARN,
            Level::ERROR,
        ];
        let mut wanted = levels.into_iter().filter(|it| self.0.is_wanted(level(*it)));
        Some(wanted.next().map_or(LevelFilter::OFF, Into::into))
    }
}

/// Hands events to the agent's log.
struct ToLog(AgentLog);

impl<S: Subscriber> Layer<S> for ToLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let fields: Vec<(&str, &dyn fmt::Display)> = said
            .fields
            .iter()
            .map(|(name, value)| (*name, value as &dyn fmt::Display))
            .collect();
        let metadata = event.metadata();
        let module = metadata.target().replace("::", ".");
        let level = level(*metadata.level());
        self.0.record(level, &module, &said.message, &fields);
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::TRACE => LogLevel::Trace,
        Level::DEBUG => LogLevel::Debug,
        Level::INFO => LogLevel::Info,
        Level::WARN => LogLevel::Warn,
        Level::ERROR => LogLevel::Error,
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a text can't fail.
            let _ = write!(self.message, "{value:?}");
        } else {
            self.fields.push((field.name(), format!("{value:?}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::Registry;

    #[test]
    fn nothing_is_offered_to_a_log_that_nobody_listens_to() {
        let filter = Wanted(AgentLog::new());
        let hint = Filter::<Registry>::max_level_hint(&filter);
        assert_eq!(hint, Some(LevelFilter::OFF));
    }
}
