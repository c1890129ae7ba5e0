//! The command of `quorate etcd2 exec-watch`.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use quorate_etcd::v2::{Event, Node};
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

/// Runs a command to its end, with a change in its environment.
pub(super) async fn run(
    words: &[OsString],
    event: &Event,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let mut child = start(words, event)?;
    let mut asked = None;
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                return Ok(asked.map_or(Ended::Command(status), Ended::Signalled));
            }
            signal = signals.next() => {
                pass_on(&child, signal);
                asked = Some(Exit::Signal(signals::number(signal)));
            }
        }
    }
}

fn start(words: &[OsString], event: &Event) -> Result<Child, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::usage("there is no command to run"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(environment(event))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command.spawn().map_err(|error| {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::CommandNotFound,
            _ => Exit::CannotExecute,
        };
        let program = program.to_string_lossy();
        Failure::caused(exit, error).context(format!("start {program}"))
    })
}

/// The change, under the names that etcdctl gives its parts. No name or value has a NUL in it, for
/// which there is no place in an environment.
fn environment(event: &Event) -> [(&'static str, String); 4] {
    let node = event.node.as_ref();
    let value = node.and_then(|node| node.value.as_deref());
    let index = node.map(|node| node.modified_index);
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    [
        ("ETCD_WATCH_ACTION", clean(event.action.as_str())),
        ("ETCD_WATCH_KEY", clean(node.map_or("", Node::path))),
        ("ETCD_WATCH_VALUE", clean(value.unwrap_or_default())),
        (
            "ETCD_WATCH_MODIFIED_INDEX",
            index.unwrap_or_default().to_string(),
        ),
    ]
}

fn pass_on(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id
        && let Err(error) = signal::kill(Pid::from_raw(id), signal)
    {
        tracing::debug!(%error, "the signal was not passed on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_etcd::v2::Action;

    #[test]
    fn a_command_finds_the_change_where_etcdctl_puts_it() {
        let event = Event {
            action: Action::Set,
            node: Some(Node::file("/a", "x\0y", 7)),
            prev_node: None,
        };
        let expected = ["set", "/a", "x\u{fffd}y", "7"];
        assert_eq!(environment(&event).map(|(_, value)| value), expected);
    }
}
