//! A Consul of a few hundred lines in memory, for tests with a paused clock: keys, sessions with
//! TTL and lock-delay, transactions and blocking queries, and faults on request.

#![allow(dead_code, reason = "each test program uses a part of it")]

mod http;
mod state;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_consul::{Client, Timeouts};
use quorate_net::task::TaskGroup;
use quorate_net::transport::{MemoryDialer, Stream, memory};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

pub(crate) use http::Request;
use http::{read_request, write_answer};
pub(crate) use state::State;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing out of the ordinary.
    None,
    /// It is answered with this status and text, without any effect.
    Status(u16, &'static str),
    /// It takes effect at once, and its answer takes this long.
    Slow(Duration),
    /// It is never answered, and has no effect.
    Hang,
    /// The connection breaks before it takes effect.
    CutBefore,
    /// The connection breaks after it took effect.
    CutAfter,
}

type Judge = Box<dyn FnMut(&Request) -> Fault + Send>;

/// The server, and what it was asked.
#[derive(Clone)]
pub(crate) struct FakeConsul {
    dialer: MemoryDialer,
    shared: Arc<Shared>,
    _tasks: TaskGroup,
}

struct Shared {
    state: Mutex<State>,
    judge: Mutex<Judge>,
    log: Mutex<Vec<(Instant, Request)>>,
    changed: watch::Sender<u64>,
}

impl FakeConsul {
    pub(crate) fn start() -> Self {
        let (dialer, mut listener) = memory();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new()),
            judge: Mutex::new(Box::new(|_| Fault::None)),
            log: Mutex::default(),
            changed: watch::Sender::new(0),
        });
        let tasks = TaskGroup::new();
        let (server, spawner) = (Arc::clone(&shared), tasks.spawner());
        tasks.spawn(async move {
            while let Some(stream) = listener.accept().await {
                spawner.spawn(serve(stream, Arc::clone(&server)));
            }
        });
        Self {
            dialer,
            shared,
            _tasks: tasks,
        }
    }

    /// A client of its own, with connections of its own.
    pub(crate) fn client(&self) -> Client {
        self.client_with(Timeouts::default())
    }

    pub(crate) fn client_with(&self, timeouts: Timeouts) -> Client {
        Client::builder()
            .dialer(self.dialer.clone())
            .timeouts(timeouts)
            .build()
            .unwrap()
    }

    /// Decides from now on what happens to each request.
    pub(crate) fn on_request(&self, judge: impl FnMut(&Request) -> Fault + Send + 'static) {
        *self.shared.judge.lock().unwrap() = Box::new(judge);
    }

    pub(crate) fn heal(&self) {
        self.on_request(|_| Fault::None);
    }

    /// Looks at the state, or changes it behind everybody's back; watchers notice.
    pub(crate) fn state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let result = {
            let mut state = self.shared.state.lock().unwrap();
            state.expire();
            f(&mut state)
        };
        self.shared.changed.send_modify(|n| *n += 1);
        result
    }

    /// Every request so far, oldest first.
    pub(crate) fn requests(&self) -> Vec<(Instant, Request)> {
        self.shared.log.lock().unwrap().clone()
    }

    pub(crate) fn forget_requests(&self) {
        self.shared.log.lock().unwrap().clear();
    }

    /// `VERB /path` of every request so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.requests()
            .iter()
            .map(|(_, request)| request.call())
            .collect()
    }

    /// How many requests have `text` in their `VERB /path`.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.calls()
            .iter()
            .filter(|call| call.contains(text))
            .count()
    }

    /// Whether nothing is left: no session lives and no key is held.
    pub(crate) fn is_clean(&self) -> bool {
        self.state(|state| state.sessions.is_empty() && state.held_keys().is_empty())
    }
}

async fn serve(mut stream: Stream, shared: Arc<Shared>) {
    while let Some(request) = read_request(&mut stream).await {
        shared
            .log
            .lock()
            .unwrap()
            .push((Instant::now(), request.clone()));
        let fault = (shared.judge.lock().unwrap())(&request);
        let (status, index, body) = match fault {
            Fault::None => answer(&shared, &request).await,
            Fault::Slow(time) => {
                let answer = answer(&shared, &request).await;
                sleep(time).await;
                answer
            }
            Fault::Status(status, text) => (status, 0, text.to_owned()),
            Fault::Hang => return std::future::pending().await,
            Fault::CutBefore => return,
            Fault::CutAfter => {
                answer(&shared, &request).await;
                return;
            }
        };
        if write_answer(&mut stream, status, index, &body)
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Answers, after waiting if the query blocks.
async fn answer(shared: &Shared, request: &Request) -> (u16, u64, String) {
    let until = Instant::now() + request.wait();
    let mut changed = shared.changed.subscribe();
    loop {
        let (answer, wrote, wake) = {
            let mut state = shared.state.lock().unwrap();
            state.expire();
            let before = state.index;
            let answer = state.handle(request);
            (answer, state.index != before, state.next_expiry())
        };
        if wrote {
            shared.changed.send_modify(|n| *n += 1);
        }
        let blocks = request.index() > 0 && answer.1 <= request.index() && Instant::now() < until;
        if !blocks {
            return answer;
        }
        let wake = wake.map_or(until, |wake| wake.min(until));
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(wake) => {}
        }
    }
}

/// Polls a future so many times and drops it then, as `select!` and time-outs do.
pub(crate) async fn poll_times<F: Future>(future: F, polls: usize) -> bool {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        let once =
            std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready()));
        if once.await {
            return true;
        }
        sleep(Duration::from_millis(1)).await;
    }
    false
}
