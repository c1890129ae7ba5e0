//! `quorate serf monitor`.

use clap::Args;
use quorate_serf::LogLevel;

const FOLLOWING: &str = "\
First the last 512 lines that the agent remembers are printed. When the agent ends or can't be reached
any more, that is said on standard error; it goes on when the agent is back.
";

const EXAMPLES: &str = "\
Examples:
  quorate serf monitor
  quorate serf monitor --log-level debug
  quorate -o json serf monitor --log-level warn
";

/// `quorate serf monitor`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{FOLLOWING}\n{EXAMPLES}"))]
pub(crate) struct MonitorArgs {
    /// The least important lines that are printed: trace, debug, info, warn or err
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = level)]
    pub(crate) log_level: LogLevel,
}

fn level(text: &str) -> Result<LogLevel, String> {
    text.parse()
        .map_err(|_| "is none of trace, debug, info, warn and err".to_owned())
}
