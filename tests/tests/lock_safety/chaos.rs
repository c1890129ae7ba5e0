use std::fmt;
use std::time::Duration;

use quorate_conformance::contender::TTL;
use quorate_conformance::random::Random;
use quorate_testkit::proxy::{Direction, Proxy};
use tokio::time::{Instant, sleep};

use crate::server::Server;
use crate::stoppable::StoppableHolder;

const DIRECTIONS: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// What was done to the contenders.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    seed: u64,
    cuts: u32,
    delays: u32,
    half_closes: u32,
    lost_answers: u32,
    partitions: u32,
    restarts: u32,
    stops: u32,
    members_stopped: u32,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cuts, {} delays, {} half-closes, {} lost answers, {} partitions, {} kills of the \
             server, {} stopped holders, {} stopped members (seed {})",
            self.cuts,
            self.delays,
            self.half_closes,
            self.lost_answers,
            self.partitions,
            self.restarts,
            self.stops,
            self.members_stopped,
            self.seed
        )
    }
}

/// Chooses faults, one after another.
pub(crate) struct Chaos {
    random: Random,
    faults: Faults,
}

impl Chaos {
    pub(crate) fn new(seed: u64, random: Random) -> Self {
        Self {
            random,
            faults: Faults {
                seed,
                ..Faults::default()
            },
        }
    }

    /// Rages until `end`, then leaves everything in order.
    pub(crate) async fn rage(
        mut self,
        server: &mut Server,
        proxies: &[Proxy],
        holders: &mut [StoppableHolder],
        end: Instant,
    ) -> anyhow::Result<Faults> {
        // Each kind at least once, however the dice fall.
        let mut dice = vec![23, 1, 2, 0];
        while Instant::now() < end {
            sleep(Duration::from_millis(50 + self.random.below(300))).await;
            match dice.pop().unwrap_or_else(|| self.random.below(24)) {
                1 if server.stand_still(&mut self.random).await? => {
                    self.faults.members_stopped += 1;
                }
                0 | 1 => self.restart(server, proxies).await?,
                2..=4 => {
                    let holder = self.random.pick(holders);
                    self.stop(holder).await?;
                }
                _ => {
                    let proxy = self.random.pick(proxies);
                    self.disturb(proxy).await;
                }
            }
        }
        for proxy in proxies {
            proxy.restore().await;
        }
        Ok(self.faults)
    }

    async fn restart(&mut self, server: &mut Server, proxies: &[Proxy]) -> anyhow::Result<()> {
        self.faults.restarts += 1;
        server.restart(&mut self.random).await?;
        let addrs = server.addrs()?;
        for (proxy, addr) in proxies.iter().zip(addrs.iter().cycle()) {
            proxy.set_server(*addr);
        }
        Ok(())
    }

    /// Stops a holder for about as long as its session may live without renewal.
    async fn stop(&mut self, holder: &StoppableHolder) -> anyhow::Result<()> {
        self.faults.stops += 1;
        holder.stop()?;
        sleep(TTL / 2 + Duration::from_millis(self.random.below(4000))).await;
        holder.go_on()
    }

    async fn disturb(&mut self, proxy: &Proxy) {
        let direction = *self.random.pick(&DIRECTIONS);
        let mut length = Duration::from_millis(50 + self.random.below(400));
        match self.random.below(8) {
            0 | 1 => {
                self.faults.cuts += 1;
                proxy.cut().await;
            }
            2 | 3 => {
                self.faults.delays += 1;
                proxy.delay(
                    direction,
                    Duration::from_millis(20 + self.random.below(400)),
                );
            }
            4 => {
                self.faults.half_closes += 1;
                proxy.half_close(direction);
            }
            5 | 6 => {
                self.faults.lost_answers += 1;
                proxy.cut_after(Direction::ToClient, self.random.below(100));
            }
            _ => {
                self.faults.partitions += 1;
                proxy.black_hole();
                length = TTL / 2 + Duration::from_millis(self.random.below(4000));
            }
        }
        sleep(length).await;
        proxy.restore().await;
    }
}
