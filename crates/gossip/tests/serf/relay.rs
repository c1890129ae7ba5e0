//! What cuts the network in front of a member that says that it listens here.
//!
//! While the network is cut, it drops packets of the other side, and all streams: where a stream comes
//! from its address does not tell, and a side holds together without.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use quorate_net::task::{Task, spawn};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Whose packets are dropped; nobody's while the network is whole.
type Cut = Arc<Mutex<Option<BTreeSet<SocketAddr>>>>;

/// Passes on what comes for a member.
pub(crate) struct Relay {
    /// Where others find the member.
    pub(crate) address: SocketAddr,
    cut: Cut,
    _tasks: [Task<()>; 2],
}

impl Relay {
    pub(crate) async fn new(member: SocketAddr) -> Self {
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (tcp, udp);
            }
        };
        let (address, cut) = (tcp.local_addr().unwrap(), Cut::default());
        let _tasks = [
            spawn(packets(udp, member, cut.clone())),
            spawn(streams(tcp, member, cut.clone())),
        ];
        Self {
            address,
            cut,
            _tasks,
        }
    }

    /// Cuts the network between the member and those that send from these addresses, or heals it.
    pub(crate) fn cut_off(&self, from: Option<BTreeSet<SocketAddr>>) {
        *self.cut.lock().unwrap() = from;
    }
}

async fn packets(udp: UdpSocket, member: SocketAddr, cut: Cut) {
    let mut packet = vec![0; 65_536];
    loop {
        let Ok((len, from)) = udp.recv_from(&mut packet).await else {
            continue;
        };
        let dropped = cut
            .lock()
            .unwrap()
            .as_ref()
            .is_some_and(|cut| cut.contains(&from));
        if !dropped {
            // Who has gone does not get it.
            let _ = udp.send_to(&packet[..len], member).await;
        }
    }
}

async fn streams(tcp: TcpListener, member: SocketAddr, cut: Cut) {
    let mut open = Vec::new();
    loop {
        let Ok((mut from, _)) = tcp.accept().await else {
            continue;
        };
        if cut.lock().unwrap().is_some() {
            continue;
        }
        open.retain(|task: &Task<()>| !task.is_finished());
        open.push(spawn(async move {
            if let Ok(mut to) = TcpStream::connect(member).await {
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            }
        }));
    }
}
