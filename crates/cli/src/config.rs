//! What the program needs, made of what was typed, the environment and the terminal.

use std::path::PathBuf;
use std::time::Duration;

use quorate_agent::AgentLog;

use crate::args::Global;
use crate::view::Screen;

/// The settings that every command shares.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The URL of the backend, as it was given.
    pub(crate) at: String,
    /// Whether `--at` or `$QUORATE_URL` named it.
    pub(crate) at_given: bool,
    /// How long an operation may take; `None` is the backend's default.
    pub(crate) timeout: Option<Duration>,
    /// Where the token stands.
    pub(crate) token_file: Option<PathBuf>,
    /// Whether more is to be said than usual.
    pub(crate) verbose: bool,
    /// Where results go.
    pub(crate) screen: Screen,
    /// What an agent in this program says of its work.
    pub(crate) log: AgentLog,
}

impl Config {
    /// Resolves the global options.
    pub(crate) fn new(global: Global, at_given: bool) -> Self {
        Self {
            at: global.at,
            at_given,
            timeout: global.timeout,
            token_file: global.token_file,
            verbose: global.verbose > 0,
            screen: Screen::new(global.output),
            log: AgentLog::new(),
        }
    }

    /// The backend as messages name it: without what stands before an `@` or behind a `?`, which
    /// may be secret.
    pub(crate) fn target(&self) -> String {
        redact(&self.at)
    }
}

fn redact(url: &str) -> String {
    let shown = url.split('?').next().unwrap_or_default();
    match (shown.split_once("://"), shown.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => shown.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_target_has_no_secret() {
        assert_eq!(redact("consul://u:p@h:8500?token=x"), "consul://h:8500");
        assert_eq!(redact("embedded:/a/b"), "embedded:/a/b");
    }
}
