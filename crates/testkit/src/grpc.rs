//! A gRPC server in memory, each of whose calls is answered by a function of the test.
//!
//! [`Server::dialer`] leads to it, and a [`Network`] to several of them. A [`Call`] can be answered
//! in every right and wrong way: in pieces, too late, with garbage, or not at all.

mod call;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quorate_net::task::{Task, TaskGroup, spawn};
use quorate_net::transport::{BoxFuture, MemoryDialer, Stream, memory};
use tokio::sync::mpsc;

pub use crate::network::Network;
pub use call::{Call, frame};

/// How many bytes of one call, and of all, may be on the way.
const WINDOW: u32 = 16 << 20;

type Handler = Box<dyn Fn(Call) -> BoxFuture<'static, ()> + Send + Sync>;

/// A server that gives each call to a function.
pub struct Server {
    dialer: MemoryDialer,
    shared: Arc<Shared>,
    _accepting: Task<()>,
}

/// What the server knows about itself.
struct Shared {
    handler: Handler,
    paths: Mutex<Vec<String>>,
    connections: AtomicUsize,
    live: AtomicUsize,
    orders: Mutex<Vec<mpsc::UnboundedSender<Order>>>,
}

/// What is done to a connection.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// It is gone, in the middle of whatever it does.
    Cut,
    /// It takes no further calls, and ends when those that it has do.
    GoAway,
}

/// The connection of a call, to be treated badly.
#[derive(Clone, Debug)]
pub struct Connection(mpsc::UnboundedSender<Order>);

impl Connection {
    /// Cuts it, in the middle of whatever it does.
    pub fn cut(&self) {
        // It may be gone already.
        let _ = self.0.send(Order::Cut);
    }

    /// Says that it takes no further calls (GOAWAY), and ends it when those that it has do.
    pub fn go_away(&self) {
        let _ = self.0.send(Order::GoAway);
    }
}

impl Server {
    /// A server whose calls are answered by `handler`, each in a task of its own.
    pub fn new<F>(handler: impl Fn(Call) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shared = Arc::new(Shared {
            handler: Box::new(move |call| Box::pin(handler(call))),
            paths: Mutex::default(),
            connections: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            orders: Mutex::default(),
        });
        let (dialer, mut listener) = memory();
        let own = Arc::clone(&shared);
        let accepting = spawn(async move {
            let connections = TaskGroup::new();
            while let Some(stream) = listener.accept().await {
                own.connections.fetch_add(1, SeqCst);
                connections.spawn(serve(stream, Arc::clone(&own)));
            }
        });
        Self {
            dialer,
            shared,
            _accepting: accepting,
        }
    }

    /// The way to it.
    pub fn dialer(&self) -> MemoryDialer {
        self.dialer.clone()
    }

    /// The method of every call so far: `/etcdserverpb.KV/Range`.
    pub fn paths(&self) -> Vec<String> {
        lock(&self.shared.paths).clone()
    }

    /// How many calls of a method there were, by the end of its path.
    pub fn count(&self, method: &str) -> usize {
        let paths = lock(&self.shared.paths);
        paths.iter().filter(|path| path.ends_with(method)).count()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }

    /// How many calls are being answered now.
    pub fn live(&self) -> usize {
        self.shared.live.load(SeqCst)
    }

    /// Cuts every connection, in the middle of whatever it does.
    pub fn cut(&self) {
        for order in lock(&self.shared.orders).drain(..) {
            let _ = order.send(Order::Cut);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("paths", &self.paths())
            .field("connections", &self.connections())
            .field("live", &self.live())
            .finish_non_exhaustive()
    }
}

/// Counts a call for as long as it is being answered.
struct Live(Arc<Shared>);

impl Live {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.live.fetch_add(1, SeqCst);
        Self(Arc::clone(shared))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, SeqCst);
    }
}

async fn serve(stream: Stream, shared: Arc<Shared>) {
    let mut builder = h2::server::Builder::new();
    builder.initial_window_size(WINDOW);
    builder.initial_connection_window_size(WINDOW);
    let Ok(mut connection) = builder.handshake(stream).await else {
        return;
    };
    let (sender, mut orders) = mpsc::unbounded_channel();
    lock(&shared.orders).push(sender.clone());
    // They end with the connection.
    let calls = TaskGroup::new();
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                let path = request.uri().path().to_owned();
                lock(&shared.paths).push(path);
                let call = Call::new(request, respond, Connection(sender.clone()));
                let (answer, live) = ((shared.handler)(call), Live::new(&shared));
                calls.spawn(async move {
                    let _live = live;
                    answer.await;
                });
            }
            Some(order) = orders.recv() => match order {
                Order::Cut => return,
                Order::GoAway => connection.graceful_shutdown(),
            },
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
