//! A resolver that asks the system's name servers.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use quorate_net::transport::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::message::{self, Answer};
use super::{SrvLookup, SrvRecord};

/// Where the system says which name servers there are.
const SETTINGS: &str = "/etc/resolv.conf";
/// The most servers that are asked, as by the system's own resolver.
const MAX_SERVERS: usize = 3;
/// What fits into a datagram that was not agreed upon to be larger.
const MAX_DATAGRAM: usize = 512;

/// Asks the name servers that the system is set up with (`nameserver` and `options` in
/// `/etc/resolv.conf`), over UDP, and over TCP where an answer is too long for that.
///
/// One server is asked after the other, each for 5 s, and all of them twice, unless `options
/// timeout:` and `attempts:` say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemResolver {
    servers: Vec<SocketAddr>,
    patience: Duration,
    rounds: u32,
}

impl SystemResolver {
    /// Reads the system's settings. Without any, a server on this machine is asked.
    ///
    /// # Errors
    /// The settings are there and cannot be read.
    pub fn new() -> io::Result<Self> {
        match std::fs::read_to_string(SETTINGS) {
            Ok(settings) => Ok(Self::from_settings(&settings)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::from_settings("")),
            Err(error) => Err(error),
        }
    }

    /// Asks these servers.
    #[must_use]
    pub fn with_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = servers.into_iter().collect();
        self
    }

    /// Sets for how long each server is asked each time.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn from_settings(text: &str) -> Self {
        let mut resolver = Self {
            servers: Vec::new(),
            patience: Duration::from_secs(5),
            rounds: 2,
        };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if resolver.servers.len() < MAX_SERVERS => {
                    let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    let server = address.map(|address| SocketAddr::new(address, 53));
                    resolver.servers.extend(server);
                }
                Some("options") => words.for_each(|option| resolver.set(option)),
                _ => {}
            }
        }
        if resolver.servers.is_empty() {
            let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 53);
            resolver.servers.push(here);
        }
        resolver
    }

    /// The bounds are those of the system's own resolver.
    fn set(&mut self, option: &str) {
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
        if let Some(seconds) = option.strip_prefix("timeout:").and_then(number) {
            self.patience = Duration::from_secs(u64::from(seconds.min(30)));
        } else if let Some(rounds) = option.strip_prefix("attempts:").and_then(number) {
            self.rounds = rounds.min(5);
        }
    }

    async fn ask(&self, name: &str) -> io::Result<Vec<SrvRecord>> {
        let mut last = io::Error::other("there is no name server");
        for round in 0..self.rounds {
            for server in &self.servers {
                let id = RandomState::new().hash_one((name, round)).to_be_bytes();
                let query = message::query(u16::from_be_bytes([id[0], id[1]]), name)?;
                let asked = timeout(self.patience, ask(*server, &query)).await;
                match asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                    Ok(records) => return Ok(records),
                    Err(error) => {
                        let text = format!("name server {server}: {error}");
                        last = io::Error::new(error.kind(), text);
                    }
                }
            }
        }
        Err(last)
    }
}

impl SrvLookup for SystemResolver {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<SrvRecord>>> {
        Box::pin(self.ask(name))
    }
}

async fn ask(server: SocketAddr, query: &[u8]) -> io::Result<Vec<SrvRecord>> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    // From here on, what others send does not come in.
    socket.connect(server).await?;
    socket.send(query).await?;
    let mut datagram = [0; MAX_DATAGRAM];
    loop {
        let length = socket.recv(&mut datagram).await?;
        match understood(query, &datagram[..length])? {
            Answer::Records(records) => return Ok(records),
            Answer::Truncated => return ask_at_length(server, query).await,
            Answer::Refused(code) => return Err(refused(code)),
            Answer::NotOurs => {}
        }
    }
}

/// The same over TCP.
async fn ask_at_length(server: SocketAddr, query: &[u8]) -> io::Result<Vec<SrvRecord>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    let mut whole = length.to_be_bytes().to_vec();
    whole.extend(query);
    stream.write_all(&whole).await?;
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    match understood(query, &message)? {
        Answer::Records(records) => Ok(records),
        Answer::Refused(code) => Err(refused(code)),
        Answer::Truncated | Answer::NotOurs => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn understood(query: &[u8], message: &[u8]) -> io::Result<Answer> {
    let answer = message::answer(query, message);
    answer.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "its answer can't be read"))
}

fn refused(code: u8) -> io::Error {
    let text = match code {
        1 => "it does not understand the question",
        2 => "it failed",
        5 => "it refused",
        _ => "it can't say",
    };
    io::Error::other(format!("{text} (code {code})"))
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::reply;
    use super::*;
    use tokio::net::TcpListener;

    const NAME: &str = "_etcd-client._tcp.example.com.";

    fn resolver(servers: impl IntoIterator<Item = SocketAddr>) -> SystemResolver {
        let resolver = SystemResolver::from_settings("").with_servers(servers);
        resolver.with_patience(Duration::from_millis(500))
    }

    async fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        (socket, addr)
    }

    /// Answers one question with what `answer` makes of it.
    async fn serve(socket: &UdpSocket, answer: impl FnOnce(&[u8]) -> Vec<u8>) {
        let mut datagram = [0; MAX_DATAGRAM];
        let (length, from) = socket.recv_from(&mut datagram).await.unwrap();
        let message = answer(&datagram[..length]);
        socket.send_to(&message, from).await.unwrap();
    }

    #[test]
    fn the_settings_name_servers_and_times() {
        let text = "# a comment\nsearch example.com\nnameserver 10.0.0.1\nnameserver nonsense\n\
                    nameserver fd00::1\noptions ndots:2 timeout:1 attempts:3\nnameserver 10.0.0.3\n\
                    nameserver 10.0.0.4";
        let resolver = SystemResolver::from_settings(text);
        let servers: Vec<_> = resolver.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.1:53", "[fd00::1]:53", "10.0.0.3:53"]);
        assert_eq!(
            (resolver.patience, resolver.rounds),
            (Duration::from_secs(1), 3)
        );
        let resolver = SystemResolver::from_settings("options timeout:0 attempts:99");
        assert_eq!(resolver.servers, ["127.0.0.1:53".parse().unwrap()]);
        assert_eq!(
            (resolver.patience, resolver.rounds),
            (Duration::from_secs(5), 5)
        );
    }

    #[tokio::test]
    async fn records_come_from_the_first_server_that_says_something() {
        let (failing, first) = socket().await;
        let (working, second) = socket().await;
        let fails = serve(&failing, |query| {
            let mut message = reply(query, &[]);
            message[3] |= 2;
            message
        });
        let works = serve(&working, |query| reply(query, &[(2379, "a")]));
        let resolver = resolver([first, second]);
        let (found, (), ()) = tokio::join!(resolver.lookup(NAME), fails, works);
        let found = found.unwrap();
        assert_eq!(
            (found[0].target.as_str(), found[0].port),
            ("a.example.com.", 2379)
        );
    }

    #[tokio::test]
    async fn what_is_too_long_is_asked_for_over_tcp() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let socket = UdpSocket::bind(addr).await.unwrap();
        let server = async {
            serve(&socket, |query| {
                let mut message = reply(query, &[]);
                message[2] |= 2;
                message
            })
            .await;
            let (mut stream, _) = listener.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; usize::from(length)];
            stream.read_exact(&mut query).await.unwrap();
            let message = reply(&query, &[(1, "a"), (2, "b")]);
            let length = u16::try_from(message.len()).unwrap();
            stream.write_u16(length).await.unwrap();
            stream.write_all(&message).await.unwrap();
        };
        let resolver = resolver([addr]);
        let (found, ()) = tokio::join!(resolver.lookup(NAME), server);
        assert_eq!(found.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn an_answer_to_another_question_is_not_taken() {
        let (socket, addr) = socket().await;
        let server = async {
            let mut datagram = [0; MAX_DATAGRAM];
            let (length, from) = socket.recv_from(&mut datagram).await.unwrap();
            let mut other = reply(&datagram[..length], &[(6, "evil")]);
            other[0] = !other[0];
            socket.send_to(&other, from).await.unwrap();
            let ours = reply(&datagram[..length], &[(1, "a")]);
            socket.send_to(&ours, from).await.unwrap();
        };
        let resolver = resolver([addr]);
        let (found, ()) = tokio::join!(resolver.lookup(NAME), server);
        assert_eq!(found.unwrap()[0].port, 1);
    }

    #[tokio::test]
    async fn silence_ends_in_time_and_names_the_server() {
        let (_silent, addr) = socket().await;
        let resolver = resolver([addr]).with_patience(Duration::from_millis(20));
        let error = resolver.lookup(NAME).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains(&addr.to_string()), "{error}");
    }
}
