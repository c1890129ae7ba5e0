//! `quorate`: keys, watches, locks and semaphores on the command line.
//!
//! What was typed (`args/`) becomes settings (`config`), a command runs (`command/`), what it has
//! to say is shown (`view/`), and the program ends with a documented code (`exit`).

mod args;
mod command;
mod config;
mod connect;
mod exit;
mod failure;
mod host;
mod input;
mod progress;
mod prompt;
mod record;
mod signals;
mod sink;
mod trace;
mod view;

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};
use command::watchdog;
use config::Config;
use exit::Exit;
use failure::Failure;

fn main() -> ExitCode {
    // Not a command of anybody's: `quorate lock` starts itself this way.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == watchdog::NAME)
    {
        return watchdog::run(std::env::args_os().nth(2).as_deref()).into();
    }
    let (cli, at_given) = parse();
    let verbose = cli.global.verbose;
    let config = Config::new(cli.global, at_given);
    let is_agent = is_agent(&cli.command);
    trace::start(verbose, is_agent.then(|| config.log.clone()));
    let ended = match command::run_alone(&config, &cli.command) {
        Some(ended) => ended,
        None => run(&config, cli.command),
    };
    ended
        .unwrap_or_else(|failure| report(&config, &failure))
        .into()
}

/// What was typed, and whether `--at` stood in it. Ends the program on help and on mistakes.
fn parse() -> (Cli, bool) {
    let matches = Cli::command().get_matches();
    let sources = std::iter::successors(Some(&matches), |level| {
        level.subcommand().map(|(_, deeper)| deeper)
    });
    let at_given = sources.into_iter().any(|level| {
        matches!(level.try_contains_id("at"), Ok(true))
            && level.value_source("at") == Some(ValueSource::CommandLine)
    });
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => (cli, at_given),
        Err(error) => error.exit(),
    }
}

fn run(config: &Config, command: Command) -> Result<Exit, Failure> {
    let runtime = runtime(&command)?;
    let ended = runtime.block_on(command::run(config, command));
    // What is left is reading a terminal or a pipe that nobody needs any more.
    runtime.shutdown_background();
    ended
}

/// Whether it serves clients for as long as it runs.
fn is_agent(command: &Command) -> bool {
    match command {
        Command::Agent(_) => true,
        Command::Serf(serf) => serf.is_agent(),
        _ => false,
    }
}

/// One thread is enough for a command, and starts faster; an agent serves many clients.
fn runtime(command: &Command) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match command {
        command if is_agent(command) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    builder.enable_all().build()
}

fn report(config: &Config, failure: &Failure) -> Exit {
    const SIGPIPE: u8 = 13;
    if failure.is_broken_pipe() {
        return Exit::Signal(SIGPIPE);
    }
    // If standard error is closed, the exit code is all that is left to say.
    let _ = config.screen.note(&failure.view());
    failure.exit()
}
