//! `quorate etcd2 watch` and `exec-watch`.

use std::ffi::OsString;

use quorate_etcd::v2::{Action, Change, Event, Node, Relisted, Watch, WatchOptions};
use serde::Serialize;

use super::Context;
use super::child;
use crate::args::etcd2::watch::{ExecWatchArgs, FollowArgs, WatchArgs};
use crate::command::hook;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::failure::etcd2::is_lasting;
use crate::signals::{self, Signals};
use crate::view::etcd2::event::EventView;
use crate::view::said::Said;

/// What is done with changes.
#[derive(Clone, Copy)]
enum Handler<'a> {
    /// They are printed; the first one alone, or all.
    Print { forever: bool },
    /// A command runs.
    Command(&'a [OsString]),
}

/// Prints a change, or each.
pub(super) async fn run(context: Context<'_>, args: &WatchArgs) -> Result<Exit, Failure> {
    let forever = args.forever;
    follow(context, &args.what, Handler::Print { forever }).await
}

/// Runs a command at each change.
pub(super) async fn exec(context: Context<'_>, args: &ExecWatchArgs) -> Result<Exit, Failure> {
    follow(context, &args.what, Handler::Command(&args.command)).await
}

async fn follow(
    context: Context<'_>,
    what: &FollowArgs,
    handler: Handler<'_>,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    let mut options = WatchOptions::new();
    options.recursive = what.recursive;
    options.after = what.after_index;
    let mut watch = context.client.keys().watch_with(&what.key, options);
    let mut begun = false;
    loop {
        let change = tokio::select! {
            change = watch.next() => change,
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        };
        let events = match change {
            Ok(change) => events(context, change, begun)?,
            // Nothing was ever there to follow, or it will not come back by itself.
            Err(error) if !begun || is_lasting(&error) => return Err(error.into()),
            Err(error) => {
                context.config.screen.note(&Failure::from(error).view())?;
                continue;
            }
        };
        begun = true;
        for event in events {
            let ended = handle(context, what, handler, &watch, event, &mut signals).await?;
            if let Some(exit) = ended {
                return Ok(exit);
            }
        }
    }
}

/// What a change tells: itself, or all that is there, where changes may have been missed.
fn events(context: Context<'_>, change: Change, begun: bool) -> Result<Vec<Event>, Failure> {
    let (node, index, reason) = match change {
        Change::Event(event) => return Ok(vec![event]),
        Change::Listed {
            node,
            index,
            reason,
        } => (node, index, reason),
        _ => return Ok(Vec::new()),
    };
    match reason {
        Relisted::Started => return Ok(Vec::new()),
        Relisted::HistoryCleared if !begun => {
            let why = "the events after that index are forgotten: servers keep the last 1,000";
            return Err(Failure::new(Exit::NotFound, why)
                .with_next("quorate etcd2 get KEY, then watch without --after-index"));
        }
        _ => {}
    }
    let relisted = Listed {
        event: "relisted",
        reason: reason_key(reason),
        index,
    };
    let text = format!(
        "changes may have been missed ({}): what is there at index {index} follows",
        relisted.reason
    );
    context.config.screen.note(&Said::new(relisted, text))?;
    let files = node.iter().flat_map(Node::files).cloned();
    let got = |node| Event {
        action: Action::Get,
        node: Some(node),
        prev_node: None,
    };
    Ok(files.map(got).collect())
}

/// That the state as a whole follows.
#[derive(Debug, Serialize)]
struct Listed {
    event: &'static str,
    reason: &'static str,
    index: u64,
}

fn reason_key(reason: Relisted) -> &'static str {
    match reason {
        Relisted::HistoryCleared => "history-cleared",
        Relisted::IndexWentBack => "index-went-back",
        Relisted::ClusterChanged => "cluster-changed",
        _ => "started",
    }
}

/// Does what is to be done with a change; `Some` says that the program ends now.
async fn handle(
    context: Context<'_>,
    what: &FollowArgs,
    handler: Handler<'_>,
    watch: &Watch,
    event: Event,
    signals: &mut Signals,
) -> Result<Option<Exit>, Failure> {
    let screen = &context.config.screen;
    match handler {
        Handler::Print { forever } => {
            let view = EventView::new(event, Some(watch.index()), screen.is_extended());
            screen.show(&view.named(what.recursive))?;
            Ok((!forever).then_some(Exit::Success))
        }
        Handler::Command(words) => {
            match hook::run(words, &child::environment(&event), None, signals).await? {
                hook::Ended::Signalled(exit) => Ok(Some(exit)),
                hook::Ended::Command(status) => {
                    if !status.success() {
                        let failed = Failure::new(Exit::Failure, format!("the command: {status}"));
                        screen.note(&failed.view())?;
                    }
                    Ok(None)
                }
            }
        }
    }
}
