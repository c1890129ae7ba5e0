//! Ports for members.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// A port that is given once: a cluster goes on to look for a member that was killed, and must not find
/// one of another trial there. It is below those from which connections get theirs, so that none takes
/// it while its member is started, or started again.
pub(crate) fn free_port() -> u16 {
    const LOWEST: u32 = 10_000;
    const SPAN: u32 = 22_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes that test at the same time begin at different places.
    let first = std::process::id().wrapping_mul(997);
    let ports = (0..SPAN).map(|_| {
        let next = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(LOWEST + next % SPAN).unwrap()
    });
    let free = |port: &u16| {
        let at = (Ipv4Addr::LOCALHOST, *port);
        TcpListener::bind(at).is_ok() && UdpSocket::bind(at).is_ok()
    };
    ports.into_iter().find(free).unwrap()
}
