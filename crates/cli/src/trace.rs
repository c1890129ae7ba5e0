//! What `-v` prints on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts tracing if `-v` was given or `$QUORATE_LOG` says what to trace; otherwise costs nothing.
pub(crate) fn start(verbose: u8) {
    let filter = match (std::env::var("QUORATE_LOG"), verbose) {
        (Ok(filter), _) if !filter.is_empty() => filter,
        (_, 0) => return,
        (_, 1) => {
            "warn,quorate=info,quorate_cli=info,quorate_consul=info,quorate_agent=info".into()
        }
        (_, 2) => "info,quorate=debug,quorate_cli=debug,quorate_consul=debug,quorate_net=debug,\
                   quorate_agent=debug"
            .into(),
        (_, _) => "trace".into(),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    // Only a second call in one process could fail.
    let _ = builder.try_init();
}
