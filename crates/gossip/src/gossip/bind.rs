//! The sockets of a member.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, UdpSocket};

use super::Config;
use crate::error::Error;

/// What a member listens with, and where others reach it.
pub(super) struct Bound {
    pub(super) udp: UdpSocket,
    pub(super) tcp: TcpListener,
    pub(super) address: SocketAddr,
}

/// How often a free port is looked for that UDP and TCP both have.
const TRIES: usize = 16;

impl Bound {
    pub(super) async fn new(config: &Config) -> Result<Self, Error> {
        let mut tries = if config.bind.port() == 0 { TRIES } else { 1 };
        let (tcp, udp, local) = loop {
            tries -= 1;
            match both(config.bind).await {
                Ok(both) => break both,
                Err(_) if tries > 0 => {}
                Err(error) => return Err(error),
            }
        };
        let address = match config.advertise {
            Some(mut address) => {
                if address.port() == 0 {
                    address.set_port(local.port());
                }
                address
            }
            None if local.ip().is_unspecified() => outward(local).await?,
            None => local,
        };
        Ok(Self { udp, tcp, address })
    }
}

async fn both(at: SocketAddr) -> Result<(TcpListener, UdpSocket, SocketAddr), Error> {
    let failed = |source| Error::Listen { at, source };
    let tcp = TcpListener::bind(at).await.map_err(failed)?;
    let local = tcp.local_addr().map_err(failed)?;
    let udp = UdpSocket::bind(local).await.map_err(failed)?;
    Ok((tcp, udp, local))
}

/// The address that this machine would send from; connecting a UDP socket sends nothing.
async fn outward(bind: SocketAddr) -> Result<SocketAddr, Error> {
    let none = |_| Error::NoAddress { bind };
    let any = SocketAddr::new(bind.ip(), 0);
    let socket = UdpSocket::bind(any).await.map_err(none)?;
    // Addresses for documentation: they are routed like any other, and belong to nobody.
    let somewhere = match bind {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 9)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9)),
    };
    socket.connect(somewhere).await.map_err(none)?;
    let from = socket.local_addr().map_err(none)?;
    Ok(SocketAddr::new(from.ip(), bind.port()))
}
