//! A TCP proxy that can be made to fail while it runs.
//!
//! It stands between a client and a server, forwards everything, and does on command what networks
//! do: cut connections, refuse new ones, delay, hold or half-close one direction, swallow
//! everything, break off in the middle of an answer.
//!
//! ```
//! use quorate_testkit::proxy::{Direction, Proxy};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! # let server = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let proxy = Proxy::start(server.local_addr()?).await?;
//! // The client connects to proxy.addr(). Each write is applied, and no answer comes back:
//! proxy.cut_after(Direction::ToClient, 0);
//! // As it was:
//! proxy.restore().await;
//! # Ok(()) }
//! ```

mod connection;
mod door;
mod faults;
mod lane;
#[cfg(test)]
mod tests;
mod traffic;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quorate_net::task::TaskGroup;
use tokio::sync::watch;

use self::door::Door;
use self::faults::{AtLimit, Entrance, Faults, Limit};
use self::traffic::Traffic;

pub use faults::Direction;

use crate::server::ReservedPort;

/// A proxy for one server, on a port of the loopback interface that stays the same.
///
/// Every method takes `&self`, and takes effect on the connections that are there and on those to
/// come, unless it says otherwise. Dropping the value closes the port and all connections.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    faults: watch::Sender<Faults>,
    traffic: Arc<Traffic>,
    /// Whether the port is open now.
    open: watch::Receiver<bool>,
    /// The tasks of the port and of the connections.
    _tasks: TaskGroup,
}

impl Proxy {
    /// Starts one that forwards to `server`, which need not be there yet: a connection whose server
    /// cannot be reached is accepted and reset.
    ///
    /// # Errors
    ///
    /// When no port can be opened.
    pub async fn start(server: SocketAddr) -> io::Result<Self> {
        let port = ReservedPort::new()?;
        let listener = door::listen(&port)?;
        let addr = port.addr();
        let (faults, _) = watch::channel(Faults::none(server));
        let (opened, open) = watch::channel(true);
        let traffic = Arc::new(Traffic::default());
        let tasks = TaskGroup::new();
        let door = Door {
            port,
            faults: faults.subscribe(),
            traffic: traffic.clone(),
            opened,
            spawner: tasks.spawner(),
        };
        tasks.spawn(door.run(listener));
        Ok(Self {
            addr,
            faults,
            traffic,
            open,
            _tasks: tasks,
        })
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The same for HTTP: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Forwards new connections to another server, such as the same one after a restart on another
    /// port.
    pub fn set_server(&self, server: SocketAddr) {
        self.faults.send_modify(|faults| faults.server = server);
    }

    /// Resets every connection that is there now, on both sides, and returns how many when they are
    /// gone. What the proxy had not forwarded yet is lost. New connections are not concerned.
    ///
    /// # Cancel safety
    ///
    /// The connections are reset even when the future is dropped.
    pub async fn cut(&self) -> usize {
        let there = self.traffic.live();
        self.faults.send_modify(|faults| faults.cuts += 1);
        self.traffic.until_gone(&there).await;
        there.len()
    }

    /// Closes the port: new connections are refused. Those that are there stay; see
    /// [`cut`](Self::cut). Returns when the port is closed.
    pub async fn refuse(&self) {
        self.faults
            .send_modify(|faults| faults.entrance = Entrance::Refuse);
        self.until_open(false).await;
    }

    /// Accepts connections and lets nothing through, in either direction; also on those that are
    /// there, where the bytes wait. [`restore`](Self::restore) lets the old ones go on and resets
    /// those accepted meanwhile, which never reached the server.
    pub fn black_hole(&self) {
        self.faults.send_modify(|faults| {
            faults.entrance = Entrance::BlackHole;
            for direction in Direction::BOTH {
                faults.lane_mut(direction).hold = true;
            }
        });
    }

    /// Forwards everything of this direction so much later. The order is kept, and the rate is not
    /// lowered. The closing of a connection is delayed too.
    pub fn delay(&self, direction: Direction, delay: Duration) {
        self.change(direction, |lane| lane.delay = delay);
    }

    /// Lets nothing through in this direction; the bytes, and the closing of a connection, wait in
    /// the proxy until [`restore`](Self::restore), and then arrive late.
    pub fn hold(&self, direction: Direction) {
        self.change(direction, |lane| lane.hold = true);
    }

    /// Closes this direction of every connection that is there, as a server does that ends its side
    /// first: the receiver reads the end of the stream, and what is sent from now on is lost. The
    /// other direction goes on.
    pub fn half_close(&self, direction: Direction) {
        self.change(direction, |lane| lane.half_closes += 1);
    }

    /// Resets each connection when the sender in this direction has sent more than `bytes`, counted
    /// from now or from its beginning: the first `bytes` arrive, and no more. With 0 to the client,
    /// requests are carried out and not one byte of an answer comes back.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        self.limit(direction, bytes, AtLimit::Cut);
    }

    /// Lets `bytes` through in this direction of each connection, counted from now or from its
    /// beginning, and holds the rest until [`restore`](Self::restore).
    pub fn hold_after(&self, direction: Direction, bytes: u64) {
        self.limit(direction, bytes, AtLimit::Hold);
    }

    /// Forwards as in the beginning. What was held arrives now; what was cut or half-closed stays
    /// so. Returns when the port is open.
    pub async fn restore(&self) {
        self.faults.send_modify(Faults::end);
        self.until_open(true).await;
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.traffic.live().len()
    }

    /// How many connections were accepted since the start.
    pub fn accepted(&self) -> u64 {
        self.traffic.accepted()
    }

    /// How many bytes were forwarded in this direction since the start.
    pub fn forwarded(&self, direction: Direction) -> u64 {
        self.traffic.forwarded(direction)
    }

    fn limit(&self, direction: Direction, bytes: u64, then: AtLimit) {
        self.change(direction, |lane| {
            lane.limits += 1;
            lane.limit = Some(Limit { bytes, then });
        });
    }

    fn change(&self, direction: Direction, change: impl FnOnce(&mut faults::Rule)) {
        self.faults
            .send_modify(|faults| change(faults.lane_mut(direction)));
    }

    async fn until_open(&self, open: bool) {
        // The door ends only with the proxy.
        drop(self.open.clone().wait_for(|now| *now == open).await);
    }
}
