//! The port of the proxy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use quorate_net::task::Spawner;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use super::connection::Connection;
use super::faults::{Entrance, Faults};
use super::traffic::Traffic;
use crate::server::ReservedPort;

/// The pause after a connection could not be accepted, such as when too many files are open.
const PAUSE: Duration = Duration::from_millis(10);

/// Opens the port.
pub(super) fn listen(port: &ReservedPort) -> io::Result<TcpListener> {
    TcpListener::from_std(port.listen()?)
}

/// What the task of the port needs.
pub(super) struct Door {
    /// Stays ours while it is closed.
    pub(super) port: ReservedPort,
    pub(super) faults: watch::Receiver<Faults>,
    pub(super) traffic: Arc<Traffic>,
    /// Tells whether the port is open.
    pub(super) opened: watch::Sender<bool>,
    pub(super) spawner: Spawner,
}

impl Door {
    /// Accepts, and closes and opens the port, until the proxy goes.
    pub(super) async fn run(mut self, listener: TcpListener) {
        let mut listener = Some(listener);
        while self.step(&mut listener).await.is_some() {}
    }

    /// One connection, or one command. `None` when the proxy has gone.
    async fn step(&mut self, listener: &mut Option<TcpListener>) -> Option<()> {
        let refuse = self.faults.borrow_and_update().entrance == Entrance::Refuse;
        match listener {
            Some(_) if refuse => {
                *listener = None;
                self.port.close().ok()?;
                self.opened.send_replace(false);
            }
            Some(open) => tokio::select! {
                changed = self.faults.changed() => changed.ok()?,
                accepted = open.accept() => match accepted {
                    Ok((client, _)) => self.enter(client),
                    Err(_) => sleep(PAUSE).await,
                },
            },
            None if refuse => self.faults.changed().await.ok()?,
            None => {
                *listener = Some(listen(&self.port).ok()?);
                self.opened.send_replace(true);
            }
        }
        Some(())
    }

    fn enter(&self, client: tokio::net::TcpStream) {
        // Looked at before the connection is counted: a cut that counts it, then, concerns it.
        let born = self.faults.borrow().clone();
        let ticket = self.traffic.enter();
        let connection = Connection {
            client,
            born,
            faults: self.faults.clone(),
            ticket,
        };
        self.spawner.spawn(connection.run());
    }
}
