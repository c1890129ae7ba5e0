//! The command that runs while the lock is held.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use tokio::process::{Child, Command};

use super::job::Job;
use crate::command::watchdog;
use crate::exit::Exit;
use crate::failure::Failure;

/// Starts the command in a process group of its own. By `mark` the watchdog finds it whatever
/// happens to this process.
pub(crate) fn start(job: &Job, token: u64, mark: &str) -> Result<Child, Failure> {
    let token = token.to_string();
    let variables = [
        (watchdog::MARK, mark),
        (job.variable(), &job.name),
        ("QUORATE_FENCING_TOKEN", &token),
    ];
    start_with(&job.command, &variables)
}

/// Starts a command in a process group of its own, with these variables in its environment.
pub(crate) fn start_with(words: &[OsString], variables: &[(&str, &str)]) -> Result<Child, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::usage("there is no command to run"));
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(variables.iter().copied());
    start_in_group(command)
}

/// Starts a command in a process group of its own.
pub(crate) fn start_in_group(mut command: Command) -> Result<Child, Failure> {
    command.process_group(0);
    let program = command.as_std().get_program().to_owned();
    command
        .spawn()
        .map_err(|error| not_started(&program, error))
}

fn not_started(program: &OsString, error: io::Error) -> Failure {
    let (exit, next) = match error.kind() {
        io::ErrorKind::NotFound => (Exit::CommandNotFound, "the path of a program that exists"),
        _ => (
            Exit::CannotExecute,
            "a program that may be executed; scripts: chmod +x",
        ),
    };
    let program = program.to_string_lossy();
    Failure::caused(exit, error)
        .context(format!("start {program}"))
        .with_next(next)
}

/// The exit code for how the command ended.
pub(crate) fn exit(status: ExitStatus) -> Exit {
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Child(byte(code)),
        (None, Some(signal)) => Exit::Signal(byte(signal)),
        (None, None) => Exit::Failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_cannot_start_says_which_kind_of_not() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(
            not_started(&"x".into(), missing).exit(),
            Exit::CommandNotFound
        );
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(not_started(&"x".into(), denied).exit(), Exit::CannotExecute);
    }

    #[test]
    fn a_signal_becomes_128_and_its_number() {
        assert_eq!(exit(ExitStatus::from_raw(9)).code(), 137);
        assert_eq!(exit(ExitStatus::from_raw(7 << 8)).code(), 7);
    }
}
