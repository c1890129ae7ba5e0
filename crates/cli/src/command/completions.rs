//! `quorate completions`: made from the definitions themselves.

use std::io::Write;

use clap::CommandFactory;

use crate::args::Cli;
use crate::args::completions::CompletionsArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "quorate", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Success)
}
