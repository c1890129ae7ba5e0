//! A watch stream, told line by line.
//!
//! ```text
//! created 0                put a='1' @A                 delete a @B was a='1' @A
//! canceled 0               canceled 0, compacted A      canceled -1: REASON       progress -1
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::stream;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::watch_request::RequestUnion;
use quorate_etcd_proto::mvccpb;
use quorate_etcd_proto::mvccpb::event::EventType;
use quorate_etcd_proto::tonic::Streaming;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::line::{Line, Names, World, tell_kv};

/// How long what has to come may take.
const PATIENCE: Duration = Duration::from_secs(50);
/// How long is listened for what must not come.
const SILENCE: Duration = Duration::from_millis(250);

/// One stream with its watches.
#[derive(Debug)]
pub struct Stream {
    asks: mpsc::UnboundedSender<pb::WatchRequest>,
    answers: Streaming<pb::WatchResponse>,
    told: VecDeque<String>,
}

impl Stream {
    /// Opens a stream with its first watch: `a*`, and `from=A`, `id=5`, `prev`, `fragment`,
    /// `progress`, `noput`, `nodelete`.
    ///
    /// # Errors
    ///
    /// When the server refuses the stream.
    pub async fn open(world: &World, line: &str) -> anyhow::Result<Self> {
        let (asks, mut asked) = mpsc::unbounded_channel();
        asks.send(create(world, line)?)?;
        let outbound = stream::poll_fn(move |cx| asked.poll_recv(cx));
        let mut stub = world.channel.watch();
        let answers = timeout(PATIENCE, stub.watch(world.request(outbound))).await;
        let answers = answers.context("no stream")??;
        Ok(Self {
            asks,
            answers: answers.into_inner(),
            told: VecDeque::new(),
        })
    }

    /// Begins another watch.
    ///
    /// # Errors
    ///
    /// When the line makes no sense or the stream has ended.
    pub fn create(&self, world: &World, line: &str) -> anyhow::Result<()> {
        Ok(self.asks.send(create(world, line)?)?)
    }

    /// Ends one.
    ///
    /// # Errors
    ///
    /// When the stream has ended.
    pub fn cancel(&self, watch_id: i64) -> anyhow::Result<()> {
        self.send(RequestUnion::CancelRequest(pb::WatchCancelRequest {
            watch_id,
        }))
    }

    /// Asks how far the watches are.
    ///
    /// # Errors
    ///
    /// When the stream has ended.
    pub fn progress(&self) -> anyhow::Result<()> {
        self.send(RequestUnion::ProgressRequest(pb::WatchProgressRequest {}))
    }

    fn send(&self, union: RequestUnion) -> anyhow::Result<()> {
        let request_union = Some(union);
        Ok(self.asks.send(pb::WatchRequest { request_union })?)
    }

    /// The next message as it is.
    ///
    /// # Errors
    ///
    /// When none comes within 50 s, or the stream ends.
    pub async fn message(&mut self) -> anyhow::Result<pb::WatchResponse> {
        let message = timeout(PATIENCE, self.answers.message()).await;
        message.context("nothing comes")??.context("the end")
    }

    /// What is told next.
    ///
    /// # Errors
    ///
    /// As [`message`](Self::message).
    pub async fn next(&mut self, world: &mut World) -> anyhow::Result<String> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Ok(told);
            }
            let message = self.message().await?;
            self.told.extend(tell(&mut world.names, &message));
        }
    }

    /// Takes what is told, which must be this.
    ///
    /// # Errors
    ///
    /// When it is something else, or does not come.
    pub async fn expect(&mut self, world: &mut World, lines: &[&str]) -> anyhow::Result<()> {
        for (at, line) in lines.iter().enumerate() {
            let told = self.next(world).await;
            let told = told.with_context(|| format!("not told: {line} (line {at})"))?;
            ensure!(told == *line, "line {at}: {told}\nnot {line}");
        }
        Ok(())
    }

    /// Nothing more comes for a moment.
    ///
    /// # Errors
    ///
    /// When something does.
    pub async fn silence(&mut self, world: &mut World) -> anyhow::Result<()> {
        ensure!(self.told.is_empty(), "told too: {:?}", self.told);
        match timeout(SILENCE, self.answers.message()).await {
            Err(_) => Ok(()),
            Ok(Ok(Some(message))) => bail!("told too: {:?}", tell(&mut world.names, &message)),
            Ok(other) => bail!("it ended: {other:?}"),
        }
    }
}

fn create(world: &World, line: &str) -> anyhow::Result<pb::WatchRequest> {
    let mut words = Line::new(line, &world.names);
    let (key, range_end) = words.range()?;
    let mut create = pb::WatchCreateRequest {
        key,
        range_end,
        ..pb::WatchCreateRequest::default()
    };
    while let Some(option) = words.option() {
        match option.split_once('=').unwrap_or((option, "")) {
            ("from", revision) => create.start_revision = world.names.revision(revision)?,
            ("id", id) => create.watch_id = id.parse()?,
            ("prev", _) => create.prev_kv = true,
            ("fragment", _) => create.fragment = true,
            ("progress", _) => create.progress_notify = true,
            ("noput", _) => create.filters.push(0),
            ("nodelete", _) => create.filters.push(1),
            _ => bail!("no watch has {option}"),
        }
    }
    let request_union = Some(RequestUnion::CreateRequest(create));
    Ok(pb::WatchRequest { request_union })
}

/// A message, in a line for each thing that it tells.
fn tell(names: &mut Names, message: &pb::WatchResponse) -> Vec<String> {
    let id = message.watch_id;
    let mut told = Vec::new();
    if message.created {
        told.push(format!("created {id}"));
    }
    if message.canceled {
        let mut line = format!("canceled {id}");
        if message.compact_revision != 0 {
            line += &format!(
                ", compacted {}",
                names.tell_revision(message.compact_revision)
            );
        }
        if !message.cancel_reason.is_empty() {
            line += &format!(": {}", message.cancel_reason);
        }
        told.push(line);
    }
    told.extend(message.events.iter().map(|event| tell_event(names, event)));
    if told.is_empty() {
        told.push(format!("progress {id}"));
    }
    told
}

fn tell_event(names: &mut Names, event: &mvccpb::Event) -> String {
    let before = event
        .prev_kv
        .as_ref()
        .map(|kv| format!(" was {}", tell_kv(names, kv)));
    let kv = event.kv.clone().unwrap_or_default();
    let told = if event.r#type() == EventType::Delete {
        let at = names.tell_revision(kv.mod_revision);
        format!("delete {} @{at}", names.tell_key(&kv.key))
    } else {
        format!("put {}", tell_kv(names, &kv))
    };
    told + &before.unwrap_or_default()
}
