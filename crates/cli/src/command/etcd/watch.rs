//! `quorate etcd watch`.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::pin::Pin;

use clap::Parser as _;
use futures_util::stream::{self, SelectAll, StreamExt};
use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb::{MemberListRequest, ResponseHeader};
use quorate_etcd::v3::raw::proto::mvccpb::Event;
use quorate_etcd::v3::{Change, Error, KeyValue, Watch, WatchOptions};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};

use super::key::key_range;
use super::{Context, words};
use crate::args::etcd::connection::WriteOut;
use crate::args::etcd::watch::{FollowArgs, Line, WatchArgs};
use crate::command::hook;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::failure::etcd::is_lasting;
use crate::signals::{self, Signals};
use crate::view::etcd::fields::quote;
use crate::view::etcd::watch::{EventsView, sent, written};
use crate::view::said::Said;

type Told = (usize, Result<Change, Error>);
type Changes = Pin<Box<dyn stream::Stream<Item = Told>>>;

/// What is followed, and what is known of it.
struct Following<'a> {
    context: Context<'a>,
    changes: SelectAll<Changes>,
    watches: HashMap<usize, State>,
    command: Vec<OsString>,
    signals: Signals,
    /// Who answers; the revision is that of each message.
    header: Option<ResponseHeader>,
}

/// One watch.
#[derive(Debug)]
struct State {
    args: FollowArgs,
    /// Whether anything of it was told.
    begun: bool,
}

pub(super) async fn run(context: Context<'_>, args: WatchArgs) -> Result<Exit, Failure> {
    if context.printing.form == WriteOut::Table {
        return Err(Failure::usage("table not supported as output format"));
    }
    let mut following = Following {
        context,
        changes: SelectAll::new(),
        watches: HashMap::new(),
        command: args.command,
        signals: Signals::listen(&Signals::END)?,
        header: None,
    };
    let lines = match args.interactive {
        true => Some(BufReader::new(tokio::io::stdin()).lines()),
        false => {
            following.follow(from_environment(args.what)?)?;
            None
        }
    };
    following.stay(lines).await
}

/// What is followed, if only the environment says.
fn from_environment(mut args: FollowArgs) -> Result<FollowArgs, Failure> {
    let said = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty());
    let (key, end) = (said("ETCDCTL_WATCH_KEY"), said("ETCDCTL_WATCH_RANGE_END"));
    match (&args.key, key) {
        (None, None) => {
            let why = "there is no key";
            Err(Failure::usage(why).with_next("quorate etcd watch KEY"))
        }
        (Some(_), Some(_)) => {
            let why = "the key is on the command line and in $ETCDCTL_WATCH_KEY";
            Err(Failure::usage(why).with_next("unset ETCDCTL_WATCH_KEY"))
        }
        (None, Some(key)) => {
            args.key = Some(key);
            args.range_end = end;
            Ok(args)
        }
        (Some(_), None) => Ok(args),
    }
}

impl Following<'_> {
    fn follow(&mut self, args: FollowArgs) -> Result<(), Failure> {
        let key = args.key.as_deref().unwrap_or_default();
        let range = key_range(key, args.range_end.as_deref(), args.prefix, false)?;
        let mut options = WatchOptions::new();
        options.from = (args.rev > 0).then_some(args.rev);
        options.previous = args.prev_kv;
        let watch = self.context.client.kv().watch_with(range, options);
        let id = self.watches.len();
        let changes = stream::unfold(watch, move |mut watch: Watch| async move {
            let change = watch.next().await;
            Some(((id, change), watch))
        });
        self.changes.push(Box::pin(changes));
        let begun = false;
        self.watches.insert(id, State { args, begun });
        Ok(())
    }

    /// Until a signal, a failure for good, or the end of what is read while nothing is followed.
    async fn stay(&mut self, mut lines: Option<Lines<BufReader<Stdin>>>) -> Result<Exit, Failure> {
        loop {
            if self.watches.is_empty() && lines.is_none() {
                return Ok(Exit::Success);
            }
            tokio::select! {
                Some((id, change)) = self.changes.next() => {
                    if let Some(exit) = self.told(id, change).await? {
                        return Ok(exit);
                    }
                }
                line = read(&mut lines) => match line? {
                    Some(line) => self.typed(&line)?,
                    None => lines = None,
                },
                signal = self.signals.next() => {
                    return Ok(Exit::Signal(signals::number(signal)));
                }
            }
        }
    }

    /// A line of `--interactive`.
    fn typed(&mut self, line: &str) -> Result<(), Failure> {
        let words = words::split(line)?;
        if words.is_empty() {
            return Ok(());
        }
        match Line::try_parse_from(words) {
            Ok(Line::Watch(args)) => self.follow(args),
            Ok(Line::Progress) => {
                let why = "progress is told by itself: watch --progress-notify KEY";
                let failure = Failure::usage(why);
                Ok(self.context.config.screen.note(&failure.view())?)
            }
            Err(error) => {
                let error = error.to_string();
                let why = error.lines().next().unwrap_or_default();
                let why = format!("Invalid command {line} ({why})");
                let failure = Failure::usage(why).with_next("watch [OPTIONS] KEY [RANGE_END]");
                Ok(self.context.config.screen.note(&failure.view())?)
            }
        }
    }

    async fn told(
        &mut self,
        id: usize,
        change: Result<Change, Error>,
    ) -> Result<Option<Exit>, Failure> {
        let Some(state) = self.watches.get_mut(&id) else {
            return Ok(None);
        };
        let begun = std::mem::replace(&mut state.begun, true);
        match change {
            Ok(Change::Live { .. }) => {
                state.begun = begun;
                self.header = None;
            }
            Ok(Change::Events {
                store_revision,
                events,
                ..
            }) => {
                let events = events.iter().map(sent).collect();
                return self.show(store_revision, events).await;
            }
            Ok(Change::Progress { revision }) if state.args.progress_notify => {
                return self.show(revision, Vec::new()).await;
            }
            Ok(Change::Listed { compacted, .. }) if !begun && state.args.rev > 0 => {
                return Err(forgotten(state.args.rev, compacted));
            }
            Ok(Change::Listed { revision, kvs, .. }) => return self.listed(revision, kvs).await,
            Ok(_) => {}
            Err(error) if !begun || is_lasting(&error) => return Err(error.into()),
            Err(error) => {
                let screen = &self.context.config.screen;
                screen.note(&Failure::from(error).view())?;
            }
        }
        Ok(None)
    }

    /// Everything that is there, because what happened is forgotten.
    async fn listed(&mut self, revision: i64, kvs: Vec<KeyValue>) -> Result<Option<Exit>, Failure> {
        let thing = json!({"event": "relisted", "reason": "compacted", "revision": revision});
        let text = format!(
            "changes may have been missed (compacted): what is there at revision {revision} follows"
        );
        self.context.config.screen.note(&Said::new(thing, text))?;
        let events: Vec<_> = kvs.iter().map(written).collect();
        match events.is_empty() {
            true => Ok(None),
            false => self.show(revision, events).await,
        }
    }

    /// Prints what happened, and runs the command for each of it.
    async fn show(&mut self, revision: i64, events: Vec<Event>) -> Result<Option<Exit>, Failure> {
        let mut header = self.header().await;
        header.revision = revision;
        let view = EventsView { header, events };
        self.context.show(&view)?;
        if self.command.is_empty() {
            return Ok(None);
        }
        for event in &view.events {
            let environment = environment(revision, event);
            let ended = hook::run(&self.command, &environment, None, &mut self.signals).await?;
            match ended {
                hook::Ended::Signalled(exit) => return Ok(Some(exit)),
                hook::Ended::Command(status) if status.success() => {}
                hook::Ended::Command(status) => {
                    return Err(Failure::new(
                        Exit::Failure,
                        format!("the command: {status}"),
                    ));
                }
            }
        }
        Ok(None)
    }

    /// Who answers: asked for once after each connection, and only where it is shown.
    async fn header(&mut self) -> ResponseHeader {
        if self.context.printing.form == WriteOut::Simple {
            return ResponseHeader::default();
        }
        if let Some(header) = self.header {
            return header;
        }
        let raw = self.context.client.raw().of_any_member();
        let request = MemberListRequest::default();
        let asked = raw.send(&raw::MEMBER_LIST, &request).await;
        // What happened is worth more than who said so.
        let header = asked.ok().and_then(|list| list.header);
        self.header = header;
        header.unwrap_or_default()
    }
}

async fn read(lines: &mut Option<Lines<BufReader<Stdin>>>) -> Result<Option<String>, Failure> {
    match lines {
        Some(lines) => Ok(lines.next_line().await?),
        None => std::future::pending().await,
    }
}

fn forgotten(asked: i64, compacted: Option<i64>) -> Failure {
    let text = "watch was canceled (etcdserver: mvcc: required revision has been compacted)";
    let next = match compacted {
        Some(oldest) => format!("quorate etcd watch --rev {oldest} …, what is left of the history"),
        None => "quorate etcd get KEY, then watch without --rev".to_owned(),
    };
    let failure = Failure::new(Exit::NotFound, text).with_next(next);
    failure.context(format!("watch from revision {asked}"))
}

/// The change, under the names and in the form that etcdctl gives its parts.
fn environment(revision: i64, event: &Event) -> [(&'static str, String); 4] {
    let kv = event.kv.clone().unwrap_or_default();
    let kind = event.r#type().as_str_name();
    [
        ("ETCD_WATCH_REVISION", revision.to_string()),
        ("ETCD_WATCH_EVENT_TYPE", quote(kind.as_bytes())),
        ("ETCD_WATCH_KEY", quote(&kv.key)),
        ("ETCD_WATCH_VALUE", quote(&kv.value)),
    ]
}
