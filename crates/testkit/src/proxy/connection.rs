//! One connection through the proxy.

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::faults::{Direction, Entrance, Faults};
use super::lane::{Cut, Lane};
use super::traffic::Ticket;

/// A client that was accepted.
pub(super) struct Connection {
    pub(super) client: TcpStream,
    /// The faults at its beginning: what is commanded later concerns it.
    pub(super) born: Faults,
    pub(super) faults: watch::Receiver<Faults>,
    pub(super) ticket: Ticket,
}

impl Connection {
    /// Forwards until both sides have closed or a command ends it.
    pub(super) async fn run(self) {
        let Self {
            mut client,
            born,
            mut faults,
            ticket,
        } = self;
        let server = tokio::select! {
            biased;
            Err(Cut) = cut(&mut faults, &born) => None,
            server = dial(&born) => server,
        };
        let Some(mut server) = server else {
            return reset(&client);
        };
        // Neither matters for more than speed.
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        let outcome = {
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            let lane = |direction| Lane::new(direction, faults.clone(), &born, &ticket);
            futures_util::future::try_join(
                lane(Direction::ToServer).run(from_client, to_server),
                lane(Direction::ToClient).run(from_server, to_client),
            )
            .await
        };
        if let Err(Cut) = outcome {
            reset(&client);
            reset(&server);
        }
    }
}

/// Resolves when a command ends this connection before it has a server.
async fn cut(faults: &mut watch::Receiver<Faults>, born: &Faults) -> Result<(), Cut> {
    let ends = |now: &Faults| {
        let out_of_the_hole =
            born.entrance == Entrance::BlackHole && now.entrance != Entrance::BlackHole;
        now.cuts > born.cuts || out_of_the_hole
    };
    drop(faults.wait_for(ends).await);
    Err(Cut)
}

/// The server, or `None` when it cannot be reached; in a black hole it never answers.
async fn dial(born: &Faults) -> Option<TcpStream> {
    match born.entrance {
        Entrance::BlackHole => std::future::pending().await,
        Entrance::Open | Entrance::Refuse => TcpStream::connect(born.server).await.ok(),
    }
}

/// Makes the end of this connection a reset.
fn reset(stream: &TcpStream) {
    // A socket that the other side has closed may refuse; then it is closed anyway.
    drop(stream.set_zero_linger());
}
