//! `quorate consul watch`.

mod handler;
mod request;
mod terms;

use quorate_consul::{Error, PlanChange, RetryAdvice};

use super::Context;
use crate::args::consul::watch::WatchArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};

use terms::Terms;

/// Handles each change until a signal, a command that fails, or an error that does not pass.
pub(super) async fn run(context: Context<'_>, args: &WatchArgs) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    let Terms { plan, handler } = terms::of(args)?;
    let mut changes = context.client.watch(&plan);
    let mut told = false;
    loop {
        let change = tokio::select! {
            change = changes.next() => change,
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        };
        match change {
            Ok(change) => {
                if let Some(exit) = handler.take(context, &change, &mut signals).await? {
                    return Ok(exit);
                }
                told = true;
                if args.once {
                    return Ok(Exit::Success);
                }
            }
            // Nothing was ever there to follow, or it will not come back by itself.
            Err(error) if !told || is_lasting(&error) => return Err(error.into()),
            Err(error) => context.config.screen.note(&Failure::from(error).view())?,
        }
    }
}

fn is_lasting(error: &Error) -> bool {
    error.advice() == RetryAdvice::Never
}

/// What handlers are given: the state in one line, as Go writes JSON, and its end.
fn document(change: &PlanChange) -> Result<Vec<u8>, Failure> {
    let json = quorate_wire::consul::json::encode(&change.state);
    let mut json = json.map_err(|error| Failure::caused(Exit::Failure, error))?;
    json.push(b'\n');
    Ok(json)
}
