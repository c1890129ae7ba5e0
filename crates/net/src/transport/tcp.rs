//! TCP connections to a name that may have several addresses.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep_until};

use super::BoxFuture;
use crate::error::{BoxError, Phase};

/// How long one address may take before the next is tried beside it (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Resolves and connects. `phase` follows, so that a timeout outside knows how far it came.
pub(crate) async fn connect(
    host: &str,
    port: u16,
    phase: &mut Phase,
) -> Result<TcpStream, BoxError> {
    *phase = Phase::Resolve;
    let addresses = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => alternate(lookup_host((host, port)).await?.collect()),
    };
    if addresses.is_empty() {
        return Err(format!("the host name `{host}` has no address").into());
    }
    *phase = Phase::Connect;
    let stream = race(&addresses).await?;
    // Requests are written whole; waiting to fill a segment only adds delay.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Alternates between the address families, in the resolver's order within each.
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut mixed = Vec::new();
    loop {
        let before = mixed.len();
        mixed.extend(first.next());
        mixed.extend(second.next());
        if mixed.len() == before {
            return mixed;
        }
    }
}

/// The first connection that succeeds. Each address starts when the one before it has failed or
/// has taken [`STAGGER`], and goes on beside the later ones.
async fn race(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if let [only] = addresses {
        return TcpStream::connect(only).await;
    }
    let mut running: Vec<BoxFuture<'_, io::Result<TcpStream>>> = Vec::new();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (at, address) in addresses.iter().enumerate() {
        running.push(Box::pin(TcpStream::connect(*address)));
        let patience = (at + 1 < addresses.len()).then(|| Instant::now() + STAGGER);
        match first_of(&mut running, patience).await {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => last = error,
            None => {}
        }
    }
    while !running.is_empty() {
        match first_of(&mut running, None).await {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => last = error,
            None => {}
        }
    }
    Err(last)
}

/// The next result among `running`, which leaves the list; `None` when `patience` is over first.
async fn first_of<T>(running: &mut Vec<BoxFuture<'_, T>>, patience: Option<Instant>) -> Option<T> {
    let mut timer = patience.map(|at| Box::pin(sleep_until(at)));
    poll_fn(|cx| {
        for at in 0..running.len() {
            if let Poll::Ready(result) = running[at].as_mut().poll(cx) {
                drop(running.swap_remove(at));
                return Poll::Ready(Some(result));
            }
        }
        match timer.as_mut().map(|timer| Pin::new(timer).poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(None),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn address_families_alternate() {
        let list = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect::<Vec<_>>();
        let given = list(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let want = list(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(alternate(given), want);
        assert!(alternate(Vec::new()).is_empty());
    }

    #[tokio::test]
    async fn an_address_that_refuses_does_not_keep_the_next_from_being_tried() {
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let stream = race(&[closed, open, closed]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        let error = race(&[closed, closed]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_hangs_is_overtaken_and_can_still_win() {
        let begun = Instant::now();
        let mut running: Vec<BoxFuture<'_, u8>> = vec![
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                1
            }),
            Box::pin(std::future::pending()),
        ];
        assert_eq!(first_of(&mut running, Some(begun + STAGGER)).await, None);
        assert_eq!(begun.elapsed(), STAGGER);
        assert_eq!(first_of(&mut running, None).await, Some(1));
        assert_eq!(running.len(), 1);
    }
}
