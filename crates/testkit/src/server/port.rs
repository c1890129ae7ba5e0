//! Ports that belong to one server of one test, also while nothing listens on them.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType};
use rustix::net::{bind, listen, shutdown, socket_with};

/// Ports below this belong to other people's servers.
const LOWEST: u16 = 10_000;
/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A port of the loopback interface that no other test gets while this value lives.
///
/// It lies below the range from which the system takes the ports of outgoing connections:
/// otherwise a connection could take the port of a server that is being restarted, or, while
/// nothing listens there, even connect to itself. A connection to it is refused as long as nobody
/// listens.
#[derive(Debug)]
pub struct ReservedPort {
    port: u16,
    /// Bound, and listening only by [`listen`](Self::listen). It was bound without `SO_REUSEADDR`,
    /// which keeps out whoever reserves in the same way, in this process or another.
    socket: OwnedFd,
}

impl ReservedPort {
    /// A port that is free now, for TCP and for UDP.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] when there is none.
    pub fn new() -> io::Result<Self> {
        // Processes that test at the same time begin at different places.
        static NEXT: OnceLock<AtomicU32> = OnceLock::new();
        let next = NEXT.get_or_init(|| {
            let [a, b, ..] = RandomState::new().build_hasher().finish().to_le_bytes();
            AtomicU32::new(u32::from(u16::from_le_bytes([a, b])))
        });
        let span = u32::from(lowest_of_connections() - LOWEST);
        let ports = (0..span).map(|_| next.fetch_add(1, Ordering::Relaxed) % span);
        let mut ports = ports.filter_map(|at| u16::try_from(u32::from(LOWEST) + at).ok());
        let free = ports.find_map(|port| Self::at(port).ok());
        free.ok_or_else(|| io::ErrorKind::AddrInUse.into())
    }

    fn at(port: u16) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
        UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
        Ok(Self { port, socket })
    }

    /// Its number.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Lets a server listen on the port that, as servers do, sets `SO_REUSEADDR`; again and again,
    /// while the reservation stays.
    ///
    /// # Errors
    ///
    /// When the system refuses to.
    pub fn share(self) -> io::Result<Self> {
        set_socket_reuseaddr(&self.socket, true)?;
        Ok(self)
    }

    /// Listens here, without blocking. Ends with [`close`](Self::close), not with the listener.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        // Otherwise the connections that are there from the last time would be in the way.
        set_socket_reuseaddr(&self.socket, true)?;
        listen(&self.socket, BACKLOG)?;
        Ok(TcpListener::from(self.socket.try_clone()?))
    }

    /// Stops to listen: connections are refused from now on, and those that wait are reset.
    pub(crate) fn close(&self) -> io::Result<()> {
        set_socket_reuseaddr(&self.socket, false)?;
        // On Linux this ends the listening and keeps the port.
        Ok(shutdown(&self.socket, Shutdown::Read)?)
    }
}

/// Where the range for outgoing connections begins.
fn lowest_of_connections() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let lowest = range
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse().ok());
    lowest
        .filter(|lowest| *lowest > LOWEST + 1000)
        .unwrap_or(32_768)
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn ports_are_different_and_out_of_the_way_of_connections() {
        let reserved: Vec<_> = (0..64).map(|_| ReservedPort::new().unwrap()).collect();
        let mut ports: Vec<_> = reserved.iter().map(ReservedPort::port).collect();
        assert!(
            ports
                .iter()
                .all(|port| (LOWEST..lowest_of_connections()).contains(port))
        );
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_reserved_port_refuses_connections_and_is_nobody_elses() {
        let reserved = ReservedPort::new().unwrap();
        let error = TcpStream::connect(reserved.addr()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(
            ReservedPort::at(reserved.port()).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
        let error = TcpListener::bind(reserved.addr()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_server_can_listen_on_a_shared_port_and_another_test_cannot() {
        let reserved = ReservedPort::new().unwrap().share().unwrap();
        for _ in 0..3 {
            let server = TcpListener::bind(reserved.addr()).unwrap();
            TcpStream::connect(reserved.addr()).unwrap();
            drop(server);
            assert!(TcpStream::connect(reserved.addr()).is_err());
            assert!(ReservedPort::at(reserved.port()).is_err());
        }
    }

    #[test]
    fn it_can_be_closed_and_opened_and_stays_reserved() {
        let reserved = ReservedPort::new().unwrap();
        let mut there = Vec::new();
        for _ in 0..3 {
            let listener = reserved.listen().unwrap();
            let client = TcpStream::connect(reserved.addr()).unwrap();
            listener.set_nonblocking(false).unwrap();
            let (server, _) = listener.accept().unwrap();
            reserved.close().unwrap();
            assert!(TcpStream::connect(reserved.addr()).is_err(), "it is closed");
            assert!(
                ReservedPort::at(reserved.port()).is_err(),
                "it is still reserved"
            );
            assert!(
                TcpListener::bind(reserved.addr()).is_err(),
                "also from servers"
            );
            there.push((client, server));
        }
    }
}
