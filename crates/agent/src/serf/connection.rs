//! A connection: requests in, answers in the same order out.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use quorate_net::transport::Stream;
use quorate_wire::msgpack::{Decode, DecodeError, Encode, SplitError};
use quorate_wire::serf::{Command, Handshake, RequestHeader, VERSION};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Front;
use super::objects::Objects;
use super::outgoing::{Outgoing, header, with_body};
use super::query::Pending;
use super::refusal::{
    AUTHENTICATION_REQUIRED, HANDSHAKE_REPEATED, HANDSHAKE_REQUIRED, UNSUPPORTED_COMMAND,
    UNSUPPORTED_VERSION,
};
use crate::log::LogLevel;

/// How long a client may take to say who it is.
const GREETING: Duration = Duration::from_secs(60);

/// Why a connection ends before the client closes it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("failed to decode a request: {0}")]
    Decode(#[from] DecodeError),
    #[error("failed to decode a request: {0}")]
    Split(#[from] SplitError),
    #[error("failed to decode a request header: there is no command in it")]
    NoCommand,
    #[error("a request was refused")]
    Refused,
    #[error("the client went away within an object")]
    Cut,
    #[error("an object did not arrive in time")]
    TooSlow,
    #[error("the client did not say in time who it is")]
    NoGreeting,
    #[error("the client takes nothing")]
    NotTaken,
    #[error("the agent ends")]
    Stopped,
}

/// What is known of a client, and what it follows.
pub(super) struct Session {
    pub(super) front: Arc<Front>,
    pub(super) out: Outgoing,
    /// How the log calls it.
    pub(super) client: Arc<str>,
    handshaken: bool,
    pub(super) authenticated: bool,
    pub(super) streams: HashMap<u64, CancellationToken>,
    pub(super) monitor: Option<(u64, CancellationToken)>,
    pub(super) pending: Pending,
}

/// Serves a client until it goes away or the agent ends.
pub(crate) async fn serve(stream: Stream, front: Arc<Front>) {
    let (read, write) = tokio::io::split(stream);
    let number = front.clients.fetch_add(1, Relaxed) + 1;
    let out = Outgoing::new(write);
    let mut session = Session {
        client: format!("rpc client {number}").into(),
        front: Arc::clone(&front),
        out: out.clone(),
        handshaken: false,
        authenticated: false,
        streams: HashMap::new(),
        monitor: None,
        pending: Pending::default(),
    };
    let client = Arc::clone(&session.client);
    let said = format!("Accepted client: {client}");
    front.say(LogLevel::Info, "agent.ipc", &said);
    let mut objects = Objects::new(read);
    let mut stop = front.spawner.cancelled();
    let ended = tokio::select! {
        ended = session.run(&mut objects) => ended,
        () = out.closed() => Err(Ended::NotTaken),
        () = &mut stop => Err(Ended::Stopped),
    };
    // What streams and queries tell ends with this.
    out.close();
    if let Err(ended) = ended {
        let level = match ended {
            Ended::Refused | Ended::Stopped | Ended::Io(_) => LogLevel::Debug,
            _ => LogLevel::Error,
        };
        let said = format!("{client}: {ended}");
        front.say(level, "agent.ipc", &said);
    }
}

impl Session {
    async fn run(&mut self, objects: &mut Objects) -> Result<(), Ended> {
        let late = Instant::now() + GREETING;
        loop {
            let object = if self.is_known() {
                objects.trust();
                objects.next().await
            } else {
                let next = timeout_at(late, objects.next()).await;
                next.map_err(|_| Ended::NoGreeting)?
            };
            let Some(object) = object? else {
                return Ok(());
            };
            let header = RequestHeader::from_msgpack(&object)?;
            self.request(&header, objects).await?;
        }
    }

    fn is_known(&self) -> bool {
        self.handshaken && self.has_shown_token()
    }

    fn has_shown_token(&self) -> bool {
        self.authenticated || self.front.auth.is_none()
    }

    async fn request(
        &mut self,
        header: &RequestHeader,
        objects: &mut Objects,
    ) -> Result<(), Ended> {
        let seq = header.seq;
        if header.command.is_empty() {
            // Often a body after a command that takes none. Serf would do the last command again.
            return Err(Ended::NoCommand);
        }
        let command: Option<Command> = header.command.parse().ok();
        if !self.handshaken && command != Some(Command::Handshake) {
            self.answer(seq, HANDSHAKE_REQUIRED).await?;
            return Err(Ended::Refused);
        }
        // Also of what is refused: it would be taken for the next request.
        let body = match command {
            Some(command) if command.request_has_body() => {
                objects.next().await?.ok_or(Ended::Cut)?
            }
            _ => bytes::Bytes::new(),
        };
        let greets = matches!(command, Some(Command::Handshake | Command::Auth));
        if !greets && !self.has_shown_token() {
            return self.answer(seq, AUTHENTICATION_REQUIRED).await;
        }
        match command {
            Some(command) => self.carry_out(command, seq, &body).await,
            None => {
                self.answer(seq, UNSUPPORTED_COMMAND).await?;
                Err(Ended::Refused)
            }
        }
    }

    async fn carry_out(&mut self, command: Command, seq: u64, body: &[u8]) -> Result<(), Ended> {
        match command {
            Command::Handshake => self.handshake(seq, body).await,
            Command::Auth => self.auth(seq, body).await,
            Command::Event => self.event(seq, body).await,
            Command::ForceLeave => self.force_leave(seq, body).await,
            Command::Join => self.join(seq, body).await,
            Command::Members => self.members(seq).await,
            Command::MembersFiltered => self.members_filtered(seq, body).await,
            Command::Tags => self.tags(seq, body).await,
            Command::Stream => self.stream(seq, body).await,
            Command::Monitor => self.follow_log(seq, body).await,
            Command::Stop => self.stop(seq, body).await,
            Command::Leave => self.leave(seq).await,
            Command::Query => self.query(seq, body).await,
            Command::Respond => self.respond(seq, body).await,
            Command::InstallKey => self.install_key(seq, body).await,
            Command::UseKey => self.use_key(seq, body).await,
            Command::RemoveKey => self.remove_key(seq, body).await,
            Command::ListKeys => self.list_keys(seq).await,
            Command::Stats => self.stats(seq).await,
            Command::GetCoordinate => self.get_coordinate(seq, body).await,
            _ => self.answer(seq, UNSUPPORTED_COMMAND).await,
        }
    }

    async fn handshake(&mut self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let Handshake { version } = Handshake::from_msgpack(body)?;
        if version != VERSION {
            return self.answer(seq, UNSUPPORTED_VERSION).await;
        }
        if self.handshaken {
            return self.answer(seq, HANDSHAKE_REPEATED).await;
        }
        self.handshaken = true;
        self.answer(seq, "").await
    }

    /// Answers without a body.
    pub(super) async fn answer(&self, seq: u64, error: &str) -> Result<(), Ended> {
        self.out.send(&header(seq, error)).await
    }

    /// Answers with a body.
    pub(super) async fn answer_with(
        &self,
        seq: u64,
        error: &str,
        body: &impl Encode,
    ) -> Result<(), Ended> {
        self.out.send(&with_body(seq, error, body)).await
    }

    /// Answers what was done, or why not.
    pub(super) async fn answer_done<T>(
        &self,
        seq: u64,
        done: Result<T, String>,
    ) -> Result<(), Ended> {
        self.answer(seq, done.err().as_deref().unwrap_or_default())
            .await
    }
}
