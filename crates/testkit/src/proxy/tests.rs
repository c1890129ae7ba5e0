//! What the proxy does to a server that echoes.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use quorate_net::task::{Task, TaskGroup, spawn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::{Direction, Proxy};
use crate::eventually::eventually;
use crate::server::ReservedPort;

/// How long a thing may take that should happen.
const SOON: Duration = Duration::from_secs(50);
/// How long is waited for a thing that should not happen.
const NEVER: Duration = Duration::from_millis(60);

/// A server that sends everything back, and closes when its client does.
async fn echo() -> (SocketAddr, Task<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serve = async move {
        let connections = TaskGroup::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut from, mut to) = stream.split();
                drop(tokio::io::copy(&mut from, &mut to).await);
                drop(to.shutdown().await);
            });
        }
    };
    (addr, spawn(serve))
}

async fn proxied() -> (Proxy, Task<()>) {
    let (addr, server) = echo().await;
    (Proxy::start(addr).await.unwrap(), server)
}

struct Client(TcpStream);

impl Client {
    async fn connect(proxy: &Proxy) -> Self {
        let stream = timeout(SOON, TcpStream::connect(proxy.addr())).await;
        Self(stream.expect("connect in time").expect("connect"))
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn receive(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        let read = timeout(SOON, self.0.read_exact(&mut bytes)).await;
        read.expect("an answer in time").unwrap();
        String::from_utf8(bytes).unwrap()
    }

    async fn echoed(&mut self, text: &str) {
        self.send(text).await;
        assert_eq!(self.receive(text.len()).await, text);
    }

    async fn nothing_comes(&mut self) {
        let mut byte = [0];
        let came = timeout(NEVER, self.0.read(&mut byte)).await;
        assert!(came.is_err(), "nothing should come, but {came:?} did");
    }

    /// Reads to the end: what came, and the error that ended it.
    async fn rest(&mut self) -> (String, Option<ErrorKind>) {
        let mut bytes = Vec::new();
        let end = timeout(SOON, self.0.read_to_end(&mut bytes))
            .await
            .expect("an end in time");
        (
            String::from_utf8(bytes).unwrap(),
            end.err().map(|error| error.kind()),
        )
    }

    async fn is_reset(&mut self) {
        assert_eq!(
            self.rest().await,
            (String::new(), Some(ErrorKind::ConnectionReset))
        );
    }
}

#[tokio::test]
async fn everything_is_forwarded_and_counted() {
    let (proxy, _server) = proxied().await;
    let mut client = Client::connect(&proxy).await;
    client.echoed("hello").await;
    let mut large = Client::connect(&proxy).await;
    large.echoed(&"x".repeat(1_000_000)).await;
    assert_eq!((proxy.connections(), proxy.accepted()), (2, 2));
    assert_eq!(proxy.forwarded(Direction::ToServer), 1_000_005);
    assert_eq!(proxy.forwarded(Direction::ToClient), 1_000_005);
}

#[tokio::test]
async fn a_client_that_closes_ends_its_connection() {
    let (proxy, _server) = proxied().await;
    let mut client = Client::connect(&proxy).await;
    client.send("last words").await;
    client.0.shutdown().await.unwrap();
    assert_eq!(client.rest().await, ("last words".to_owned(), None));
    let gone = || async { (proxy.connections() == 0).then_some(()) };
    eventually(SOON, "no connection is left", gone)
        .await
        .unwrap();
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn cut_resets_what_is_there_and_lets_new_ones_in() {
    let (proxy, _server) = proxied().await;
    let mut clients = [Client::connect(&proxy).await, Client::connect(&proxy).await];
    for client in &mut clients {
        client.echoed("before").await;
    }
    assert_eq!(proxy.cut().await, 2);
    assert_eq!(proxy.connections(), 0);
    for client in &mut clients {
        client.is_reset().await;
    }
    Client::connect(&proxy).await.echoed("after").await;
    assert_eq!(proxy.cut().await, 1);
    assert_eq!(proxy.cut().await, 0);
}

#[tokio::test]
async fn connections_that_come_while_it_cuts_are_cut_or_work() {
    let (proxy, _server) = proxied().await;
    for _ in 0..50 {
        let (mut client, cut) = tokio::join!(Client::connect(&proxy), proxy.cut());
        assert!(cut <= 1, "{cut}");
        if cut == 0 {
            client.echoed("alive").await;
            assert_eq!(proxy.cut().await, 1);
        }
        client.is_reset().await;
    }
}

#[tokio::test]
async fn refused_connections_fail_until_it_is_restored() {
    let (proxy, _server) = proxied().await;
    let mut old = Client::connect(&proxy).await;
    old.echoed("before").await;
    for _ in 0..3 {
        proxy.refuse().await;
        let error = TcpStream::connect(proxy.addr()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        old.echoed("still here").await;
        proxy.restore().await;
        Client::connect(&proxy).await.echoed("again").await;
    }
}

#[tokio::test]
async fn a_black_hole_accepts_and_answers_nothing() {
    let (proxy, _server) = proxied().await;
    let mut old = Client::connect(&proxy).await;
    old.echoed("before").await;
    proxy.black_hole();
    let mut new = Client::connect(&proxy).await;
    new.send("hello?").await;
    old.send("late").await;
    tokio::join!(old.nothing_comes(), new.nothing_comes());
    proxy.restore().await;
    assert_eq!(old.receive(4).await, "late");
    new.is_reset().await;
}

#[tokio::test]
async fn cut_empties_a_black_hole_too() {
    let (proxy, _server) = proxied().await;
    proxy.black_hole();
    let mut client = Client::connect(&proxy).await;
    let entered = || async { (proxy.connections() == 1).then_some(()) };
    eventually(SOON, "it was accepted", entered).await.unwrap();
    assert_eq!(proxy.cut().await, 1);
    client.is_reset().await;
}

#[tokio::test]
async fn a_delay_is_added_in_each_direction_and_keeps_the_order() {
    let (proxy, _server) = proxied().await;
    let mut client = Client::connect(&proxy).await;
    let each = Duration::from_millis(40);
    proxy.delay(Direction::ToServer, each);
    proxy.delay(Direction::ToClient, each);
    let begun = Instant::now();
    for part in ["one ", "two ", "three"] {
        client.send(part).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.receive(13).await, "one two three");
    assert!(begun.elapsed() >= 2 * each, "{:?}", begun.elapsed());
    proxy.delay(Direction::ToServer, Duration::from_secs(3600));
    proxy.restore().await;
    client.echoed("at once again").await;
}

#[tokio::test]
async fn held_bytes_arrive_late_and_whole() {
    for direction in Direction::BOTH {
        let (proxy, _server) = proxied().await;
        let mut client = Client::connect(&proxy).await;
        proxy.hold(direction);
        client.send("waits").await;
        if direction == Direction::ToClient {
            let served = || async { (proxy.forwarded(Direction::ToServer) == 5).then_some(()) };
            eventually(SOON, "the server has received it", served)
                .await
                .unwrap();
        }
        client.nothing_comes().await;
        assert_eq!(proxy.forwarded(direction), 0);
        proxy.restore().await;
        assert_eq!(client.receive(5).await, "waits");
    }
}

#[tokio::test]
async fn a_request_that_was_held_arrives_although_its_client_has_gone() {
    let (proxy, _server) = proxied().await;
    let mut client = Client::connect(&proxy).await;
    client.echoed("x").await;
    proxy.hold(Direction::ToServer);
    client.send("late").await;
    client.0.shutdown().await.unwrap();
    drop(client);
    proxy.restore().await;
    let arrived = || async { (proxy.forwarded(Direction::ToServer) == 5).then_some(()) };
    eventually(SOON, "the request arrived", arrived)
        .await
        .unwrap();
}

#[tokio::test]
async fn half_closing_towards_the_client_leaves_the_other_direction_open() {
    let (proxy, _server) = proxied().await;
    let mut client = Client::connect(&proxy).await;
    client.echoed("before").await;
    proxy.half_close(Direction::ToClient);
    assert_eq!(client.rest().await, (String::new(), None));
    client.send("still sent").await;
    let sent = || async { (proxy.forwarded(Direction::ToServer) == 16).then_some(()) };
    eventually(SOON, "the server received it", sent)
        .await
        .unwrap();
    Client::connect(&proxy)
        .await
        .echoed("a new one is whole")
        .await;
}

#[tokio::test]
async fn half_closing_towards_the_server_tells_it_that_no_more_comes() {
    let (proxy, _server) = proxied().await;
    let mut client = Client::connect(&proxy).await;
    client.echoed("before").await;
    proxy.half_close(Direction::ToServer);
    // The echo ends its side when it reads the end.
    assert_eq!(client.rest().await, (String::new(), None));
    assert_eq!(proxy.forwarded(Direction::ToServer), 6);
}

#[tokio::test]
async fn cut_after_lets_so_many_bytes_through_and_resets() {
    let (proxy, _server) = proxied().await;
    let mut old = Client::connect(&proxy).await;
    old.echoed("earlier bytes do not count").await;
    proxy.cut_after(Direction::ToClient, 4);
    let mut new = Client::connect(&proxy).await;
    for client in [&mut old, &mut new] {
        client.send("truncated").await;
        assert_eq!(
            client.rest().await,
            ("trun".to_owned(), Some(ErrorKind::ConnectionReset))
        );
    }
    proxy.restore().await;
    Client::connect(&proxy).await.echoed("whole again").await;
}

#[tokio::test]
async fn a_lost_answer_leaves_the_request_carried_out() {
    let (proxy, _server) = proxied().await;
    proxy.cut_after(Direction::ToClient, 0);
    let mut client = Client::connect(&proxy).await;
    client.send("do it").await;
    client.is_reset().await;
    assert_eq!(proxy.forwarded(Direction::ToServer), 5);
    assert_eq!(proxy.forwarded(Direction::ToClient), 0);
}

#[tokio::test]
async fn hold_after_keeps_the_rest_until_it_is_restored() {
    let (proxy, _server) = proxied().await;
    let mut client = Client::connect(&proxy).await;
    proxy.hold_after(Direction::ToClient, 2);
    client.send("answer").await;
    assert_eq!(client.receive(2).await, "an");
    client.nothing_comes().await;
    proxy.restore().await;
    assert_eq!(client.receive(4).await, "swer");
}

#[tokio::test]
async fn the_reset_of_a_server_reaches_the_client() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(server.local_addr().unwrap()).await.unwrap();
    let mut client = Client::connect(&proxy).await;
    let (stream, _) = server.accept().await.unwrap();
    stream.set_zero_linger().unwrap();
    drop(stream);
    client.is_reset().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_resets_the_connection() {
    let (proxy, server) = proxied().await;
    let nobody = ReservedPort::new().unwrap();
    proxy.set_server(nobody.addr());
    Client::connect(&proxy).await.is_reset().await;
    let (other, _other) = echo().await;
    proxy.set_server(other);
    drop(server);
    Client::connect(&proxy).await.echoed("the other one").await;
}

#[tokio::test]
async fn dropping_it_closes_everything() {
    let (proxy, _server) = proxied().await;
    let addr = proxy.addr();
    let mut client = Client::connect(&proxy).await;
    client.echoed("x").await;
    let tasks = proxy._tasks.spawner();
    assert_eq!(tasks.len(), 2);
    drop(proxy);
    client.rest().await;
    let ended = || async { tasks.is_empty().then_some(()) };
    eventually(SOON, "no task is left", ended).await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}
