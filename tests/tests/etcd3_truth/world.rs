//! A server behind proxies.

use std::time::Duration;

use quorate_conformance::random::Random;
use quorate_etcd::v3::{Client, Timeouts};
use quorate_testkit::proxy::{Direction, Proxy};
use tokio::time::sleep;

use crate::server::{Kind, Server};

const DIRECTIONS: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// A server whose address changes when it is started again, and ways to it that stay.
pub(crate) struct World {
    server: Server,
    proxies: Vec<Proxy>,
}

impl World {
    /// A server with so many ways to it.
    pub(crate) async fn open(kind: Kind, ways: usize) -> anyhow::Result<Self> {
        let server = Server::start(kind).await?;
        let addr = server.addrs()?[0];
        let mut proxies = Vec::new();
        for _ in 0..ways {
            proxies.push(Proxy::start(addr).await?);
        }
        Ok(Self { server, proxies })
    }

    pub(crate) fn proxy(&self, way: usize) -> &Proxy {
        &self.proxies[way]
    }

    /// A client on one way, with little patience.
    pub(crate) fn client(&self, way: usize) -> anyhow::Result<Client> {
        let timeouts = Timeouts::default()
            .with_connect(Duration::from_secs(1))
            .with_attempt(Duration::from_secs(2))
            .with_overall(Some(Duration::from_secs(4)));
        let builder = Client::builder().address(&self.proxies[way].url());
        Ok(builder.timeouts(timeouts).build()?)
    }

    /// A client on one way that waits for the server as long as that may take to start.
    pub(crate) fn patient_client(&self, way: usize) -> anyhow::Result<Client> {
        let timeouts = Timeouts::default()
            .with_attempt(Duration::from_secs(25))
            .with_overall(Some(Duration::from_secs(50)));
        let builder = Client::builder().address(&self.proxies[way].url());
        Ok(builder.timeouts(timeouts).build()?)
    }

    /// SIGKILL, and a new start on the same data.
    pub(crate) async fn restart(&mut self, random: &mut Random) -> anyhow::Result<()> {
        self.server.restart(random).await?;
        let addr = self.server.addrs()?[0];
        self.proxies.iter().for_each(|proxy| proxy.set_server(addr));
        Ok(())
    }

    /// Does something to one way, for a moment, and says what.
    pub(crate) async fn disturb(&self, way: usize, random: &mut Random) -> &'static str {
        let proxy = &self.proxies[way];
        let direction = *random.pick(&DIRECTIONS);
        let what = match random.below(10) {
            0..=2 => {
                proxy.cut().await;
                "cuts"
            }
            3 | 4 => {
                // Mostly in the middle of a message.
                proxy.cut_after(Direction::ToClient, random.below(4000));
                "lost answers"
            }
            5 => {
                proxy.half_close(direction);
                "half-closes"
            }
            6 => {
                proxy.hold(direction);
                "standstills"
            }
            7 => {
                proxy.delay(direction, Duration::from_millis(random.below(60)));
                "delays"
            }
            _ => {
                proxy.refuse().await;
                proxy.cut().await;
                "refusals"
            }
        };
        sleep(Duration::from_millis(20 + random.below(120))).await;
        proxy.restore().await;
        if what == "half-closes" {
            // A connection that is half closed says nothing of it: whoever waits would wait long.
            proxy.cut().await;
        }
        what
    }
}
