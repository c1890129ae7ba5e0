//! The agent's HTTP front, as a client meets it: a connection within the process to a whole agent.

use std::cell::RefCell;
use std::time::Duration;

use quorate_net::Secret;
use quorate_net::endpoint::Endpoint;
use quorate_net::transport::{Dial as _, Stream};
use quorate_wire::consul::snapshot::{SnapshotReader, StateSink};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::endpoint::{ENDPOINTS, Endpoint as Tried, Stored};
use super::reply::{self, Answer};
use crate::config::{AclConfig, AclDefault};
use crate::{Agent, AgentConfig};

/// How many inputs one agent lives for: what they leave behind must not add up.
const LIFE: u32 = 64;
/// Longer than the agent needs for anything.
const PATIENCE: Duration = Duration::from_secs(20);
/// The token that may do everything.
const TOKEN: &str = "root";

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// A body for one of the endpoints that take one; the first byte says which. It is answered with a
/// valid status within bounded time, and what was stored is stored again as it is shown.
pub fn body(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let endpoint = &ENDPOINTS[usize::from(*choice) % ENDPOINTS.len()];
    with_world(async |world| world.try_body(endpoint, body).await);
}

/// The bytes of a connection, as they are. Whatever is answered is HTTP with a valid status, the
/// connection ends when its client ends it, and somebody else is answered afterwards.
pub fn request(data: &[u8]) {
    let lower = data.to_ascii_lowercase();
    let has = |word: &[u8]| lower.windows(word.len()).any(|it| it == word);
    // A check of the agent's own would have it connect to wherever the bytes say.
    if has(b"agent") && has(b"register") {
        return;
    }
    // An answer to HEAD has a length and no body.
    let framed = !has(b"head");
    with_world(async |world| world.try_bytes(data, framed).await);
}

/// The state of an agent that was sent these bodies, as it stands in a snapshot behind the first line.
pub(super) fn state_after(bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut state = Kept::default();
    with_world(async |world| {
        for (choice, body) in bodies.iter().filter_map(|it| it.split_first()) {
            let endpoint = &ENDPOINTS[usize::from(*choice) % ENDPOINTS.len()];
            world.ask(endpoint.method, endpoint.target, body).await;
        }
        let answer = world.ask("GET", "/v1/snapshot", b"").await;
        let mut reader = SnapshotReader::new(Kept::default());
        reader.push(&answer.body).unwrap();
        state = reader.finish().unwrap().1;
        false
    });
    state.0.split_off(16)
}

/// The bytes of a state.
#[derive(Default)]
struct Kept(Vec<u8>);

impl StateSink for Kept {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn with_world(work: impl AsyncFnOnce(&mut World) -> bool) {
    WORLD.with_borrow_mut(|slot| {
        let mut world = slot.take().unwrap_or_else(World::new);
        let runtime = world.runtime.take().unwrap();
        let lives = runtime.block_on(async {
            let lives = timeout(PATIENCE, work(&mut world)).await;
            lives.expect("the agent is silent")
        });
        world.uses += 1;
        if lives && world.uses < LIFE {
            world.runtime = Some(runtime);
            *slot = Some(world);
        } else {
            runtime.block_on(world.agent.shutdown());
        }
    });
}

struct World {
    /// Taken out while it is at work.
    runtime: Option<Runtime>,
    agent: Agent,
    connection: Option<Connection>,
    uses: u32,
}

struct Connection {
    stream: Stream,
    seen: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().unwrap();
        let acl = AclConfig::default()
            .with_default_policy(AclDefault::Allow)
            .with_management_token(Secret::new(TOKEN.to_owned()));
        let config = AgentConfig::memory().with_node_name("n1").with_acl(acl);
        let agent = runtime.block_on(Agent::start(config)).unwrap();
        Self {
            runtime: Some(runtime),
            agent,
            connection: None,
            uses: 0,
        }
    }

    async fn connect(&self) -> Connection {
        let stream = self.agent.dialer().dial(&Endpoint::memory()).await;
        Connection {
            stream: stream.expect("the agent takes no connection"),
            seen: Vec::new(),
        }
    }

    async fn ask(&mut self, method: &str, target: &str, body: &[u8]) -> Answer {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await,
        };
        let length = body.len();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nX-Consul-Token: {TOKEN}\r\nContent-Length: {length}\r\n\r\n"
        );
        let bytes = [head.as_bytes(), body].concat();
        connection.stream.write_all(&bytes).await.unwrap();
        let answer = loop {
            if let Some((answer, end)) = reply::first(&connection.seen) {
                connection.seen.drain(..end);
                break answer;
            }
            let count = connection.stream.read_buf(&mut connection.seen).await;
            assert!(
                count.is_ok_and(|count| count > 0),
                "{method} {target}: no answer to {:?}",
                String::from_utf8_lossy(body)
            );
        };
        if !answer.closes {
            self.connection = Some(connection);
        }
        answer.check();
        answer
    }

    /// Whether the agent may be used again.
    async fn try_body(&mut self, endpoint: &Tried, body: &[u8]) -> bool {
        let answer = self.ask(endpoint.method, endpoint.target, body).await;
        if answer.status == 200 {
            match &endpoint.stored {
                Stored::Nowhere => {}
                Stored::At(target) => self.store_again(target, target).await,
                Stored::Raw(target) => {
                    let shown = self.ask("GET", target, b"").await;
                    assert_eq!(shown.body, body);
                }
                Stored::Listed(targets) => {
                    for list in *targets {
                        self.store_again(list, endpoint.target).await;
                    }
                }
                Stored::ById { id, under } => {
                    let made: Value = serde_json::from_slice(&answer.body).unwrap();
                    let at = format!("{under}{}", made[id].as_str().unwrap());
                    self.store_again(&at, &at).await;
                    assert_eq!(self.ask("DELETE", &at, b"").await.status, 200, "{at}");
                }
            }
        }
        self.is_well().await
    }

    /// Stores what is shown at `from` again at `to`: it is taken, and shown as before.
    async fn store_again(&mut self, from: &str, to: &str) {
        let shown = self.shown(from).await;
        for one in &shown {
            let written = one.to_string();
            let answer = self.ask("PUT", to, written.as_bytes()).await;
            let text = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, 200, "PUT {to} {written}: {text}");
        }
        let mut again = self.shown(from).await;
        let mut before = shown;
        before.iter_mut().for_each(reply::forget_times);
        again.iter_mut().for_each(reply::forget_times);
        assert_eq!(again, before, "{from}");
    }

    async fn shown(&mut self, target: &str) -> Vec<Value> {
        let answer = self.ask("GET", target, b"").await;
        assert_eq!(answer.status, 200, "{target}");
        match serde_json::from_slice(&answer.body).unwrap() {
            Value::Array(list) => list,
            one => vec![one],
        }
    }

    async fn try_bytes(&mut self, bytes: &[u8], framed: bool) -> bool {
        let Connection { stream, mut seen } = self.connect().await;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let send = async {
            // The agent may have closed already.
            let _ = writer.write_all(bytes).await;
            let _ = writer.shutdown().await;
        };
        let (_, read) = tokio::join!(send, reader.read_to_end(&mut seen));
        if read.is_ok() && framed {
            reply::check_all(&seen);
        }
        self.is_well().await
    }

    /// Whether others are answered. Nothing but a request to leave may end that.
    async fn is_well(&mut self) -> bool {
        let left = timeout(Duration::ZERO, self.agent.left()).await.is_ok();
        if left {
            return false;
        }
        self.ask("GET", "/v1/status/leader", b"").await.status == 200
    }
}
