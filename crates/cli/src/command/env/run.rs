//! The command while it runs: signals go to it, and changes.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::process::Command;

use super::Source;
use super::names::Variables;
use crate::args::env::EnvArgs;
use crate::command::lock::child;
use crate::command::lock::foreground::Foreground;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};

/// How often the rest of a group is looked at that has been asked to end.
const LOOK: Duration = Duration::from_millis(10);

/// Why the command is not waited for any longer.
enum Ended {
    ByItself(ExitStatus),
    /// It is to run anew with these variables.
    Restart(Variables),
}

/// Runs the command until it ends by itself.
pub(super) async fn run(
    args: &EnvArgs,
    source: &mut Source<'_>,
    mut variables: Variables,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| Failure::from(error).with_exit(Exit::LockFailed);
    // Heard from before there is a command that could stop.
    let mut stops = Signals::listen(&[Signal::SIGCHLD]).map_err(failed)?;
    loop {
        let mut front = Foreground::new(start(args, &variables)?).map_err(failed)?;
        let mut running = Running {
            args,
            front: &mut front,
            variables: &mut variables,
        };
        let ended = running.stay(source, signals, &mut stops).await;
        let stopped = match &ended {
            Ok(Ended::Restart(_)) => stop(args, &mut front, signals).await,
            _ => None,
        };
        front.take_back();
        match ended? {
            Ended::ByItself(status) => return Ok(child::exit(status)),
            Ended::Restart(newer) => variables = newer,
        }
        if let Some(signal) = stopped {
            return Ok(Exit::Signal(signals::number(signal)));
        }
        tracing::info!("the environment has changed: started anew");
    }
}

fn start(args: &EnvArgs, variables: &Variables) -> Result<tokio::process::Child, Failure> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Failure::usage("there is no command to run"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    if args.pristine {
        command.env_clear();
    }
    command.envs(variables);
    child::start_in_group(command)
}

struct Running<'a> {
    args: &'a EnvArgs,
    front: &'a mut Foreground,
    variables: &'a mut Variables,
}

impl Running<'_> {
    /// Until the command ends, or has to be started anew.
    async fn stay(
        &mut self,
        source: &mut Source<'_>,
        signals: &mut Signals,
        stops: &mut Signals,
    ) -> std::io::Result<Ended> {
        let follows = self.args.restart || self.args.signal.is_some();
        loop {
            let group = self.front.group;
            tokio::select! {
                biased;
                status = self.front.ended() => return status.map(Ended::ByItself),
                signal = signals.next() => group.signal(signal),
                _ = stops.next() => {
                    if self.front.follow_stop() {
                        self.front.resume();
                    }
                }
                newer = source.changed(), if follows => {
                    if newer == *self.variables {
                        continue;
                    }
                    match self.args.signal {
                        Some(signal) => {
                            *self.variables = newer;
                            group.signal(signal);
                        }
                        None => return Ok(Ended::Restart(newer)),
                    }
                }
            }
        }
    }
}

/// Returns when nothing is left of the command and what it has started.
async fn gone(front: &mut Foreground) {
    // Whether it could be waited for or not: what counts is that it is gone.
    let _ = front.ended().await;
    while front.group.is_left() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Ends the command to start it anew. A signal that asks to end meanwhile is told: then nothing is
/// started any more.
async fn stop(args: &EnvArgs, front: &mut Foreground, signals: &mut Signals) -> Option<Signal> {
    front.group.terminate();
    let kill_at = Instant::now() + args.grace;
    let mut asked = None;
    loop {
        tokio::select! {
            biased;
            () = gone(front) => return asked,
            signal = signals.next() => {
                asked = asked.or(Signals::END.contains(&signal).then_some(signal));
            }
            () = tokio::time::sleep_until(kill_at.into()) => break,
        }
    }
    front.group.kill();
    if let Err(error) = front.ended().await {
        tracing::warn!(%error, "the command was not waited for");
    }
    asked
}
