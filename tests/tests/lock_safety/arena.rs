use std::time::Duration;

use quorate_conformance::contender::{Contender, Prize};
use quorate_conformance::random::Random;
use quorate_testkit::history::History;
use quorate_testkit::proxy::Proxy;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::chaos::{Chaos, Faults};
use crate::server::{Kind, Server};
use crate::stoppable::StoppableHolder;

const CONTENDERS: usize = 4;
const PROCESSES: usize = 2;

/// Where is contended: a server, and which of its APIs is spoken to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// How the addresses that contenders get begin.
    pub(crate) scheme: &'static str,
}

impl Ground {
    /// How many acquisitions show something. On etcd contenders have their turns in order, and all
    /// wait for one that stands still.
    pub(crate) fn least(self) -> usize {
        match self.kind {
            Kind::Embedded | Kind::Consul => 30,
            Kind::AgentEtcd | Kind::Etcd(_) | Kind::EtcdTrio(_) => 4,
        }
    }
}

/// A server, and a proxy before each of its members for each contender.
pub(crate) struct Arena {
    ground: Ground,
    server: Server,
    members: usize,
    /// Those of the first contender first.
    proxies: Vec<Proxy>,
    prize: Prize,
}

impl Arena {
    pub(crate) async fn open(ground: Ground, prize: Prize) -> anyhow::Result<Self> {
        let server = Server::start(ground.kind).await?;
        let addrs = server.addrs()?;
        let mut proxies = Vec::new();
        for _ in 0..CONTENDERS + PROCESSES {
            for addr in &addrs {
                proxies.push(Proxy::start(*addr).await?);
            }
        }
        Ok(Self {
            ground,
            server,
            members: addrs.len(),
            proxies,
            prize,
        })
    }

    /// What a contender takes for the address.
    fn url(&self, proxies: &[Proxy]) -> String {
        let addrs: Vec<_> = proxies.iter().map(|it| it.addr().to_string()).collect();
        format!("{}://{}", self.ground.scheme, addrs.join(","))
    }

    /// Lets everybody contend for `length`, under faults, and returns what they held.
    pub(crate) async fn contend(mut self, length: Duration) -> anyhow::Result<(History, Faults)> {
        let history = History::new();
        let end = Instant::now() + length;
        let seed = crate::setting("QUORATE_SAFETY_SEED").unwrap_or_else(Random::any_seed);
        let mut random = Random::new(seed);
        let mut contenders = JoinSet::new();
        let ways = || self.proxies.chunks(self.members).enumerate();
        for (number, proxies) in ways().take(CONTENDERS) {
            let name = format!("task {number}");
            let (prize, seed) = (self.prize.clone(), random.number());
            let contender = Contender::new(name, &self.url(proxies), prize, seed, history.clone())?;
            contenders.spawn(contender.run(end, |_| {}));
        }
        let mut holders = Vec::new();
        for (number, proxies) in ways().skip(CONTENDERS) {
            let name = format!("process {number}");
            holders.push(StoppableHolder::start(
                &self.url(proxies),
                &name,
                &self.prize,
                length,
            )?);
        }
        let chaos = Chaos::new(seed, random);
        let faults = chaos
            .rage(&mut self.server, &self.proxies, &mut holders, end)
            .await?;
        contenders.join_all().await;
        for holder in holders {
            history.add_lines(&holder.finish()?)?;
        }
        Ok((history, faults))
    }
}
