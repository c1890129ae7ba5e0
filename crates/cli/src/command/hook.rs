//! A command that runs at a change, and is waited for.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};

/// How a command ended.
pub(super) enum Ended {
    /// By itself.
    Command(ExitStatus),
    /// After a signal for this program, which was passed on to it.
    Signalled(Exit),
}

/// Runs a command to its end, with these variables in its environment and `document`, if there is
/// one, on its standard input.
pub(super) async fn run(
    words: &[OsString],
    environment: &[(&str, impl AsRef<OsStr>)],
    document: Option<&[u8]>,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let stdin = document.map_or_else(Stdio::null, |_| Stdio::piped());
    let mut child = start(words, environment, stdin)?;
    let stdin = child.stdin.take().zip(document);
    let write = async move {
        if let Some((mut stdin, document)) = stdin {
            // A command that does not read closes it.
            let _ = stdin.write_all(document).await;
        }
    };
    tokio::pin!(write);
    let (mut written, mut asked) = (false, None);
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                return Ok(asked.map_or(Ended::Command(status), Ended::Signalled));
            }
            () = &mut write, if !written => written = true,
            signal = signals.next() => {
                pass_on(&child, signal);
                asked = Some(Exit::Signal(signals::number(signal)));
            }
        }
    }
}

fn start(
    words: &[OsString],
    environment: &[(&str, impl AsRef<OsStr>)],
    stdin: Stdio,
) -> Result<Child, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::usage("there is no command to run"));
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(stdin).kill_on_drop(true);
    for (name, value) in environment {
        command.env(name, value);
    }
    command.spawn().map_err(|error| {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::CommandNotFound,
            _ => Exit::CannotExecute,
        };
        let program = program.to_string_lossy();
        Failure::caused(exit, error).context(format!("start {program}"))
    })
}

fn pass_on(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id
        && let Err(error) = signal::kill(Pid::from_raw(id), signal)
    {
        tracing::debug!(%error, "the signal was not passed on");
    }
}
