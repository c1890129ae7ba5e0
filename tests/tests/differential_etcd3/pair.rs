//! Both servers, and what came of asking them.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use quorate_agent::{Agent, AgentConfig};
use quorate_testkit::protocol::etcd3::{Channel, Stream, World};
use quorate_testkit::server::{EtcdServer, EtcdVersion};

use crate::known::KNOWN;

/// How many of the requests before are told with a difference.
const BEFORE: usize = 12;
/// So many differences are told; the later ones may come of the earlier ones.
const MOST_WRONG: usize = 4;
/// The key that says where what watchers heard is compared.
const MARK: &str = "~mark";
/// How often a watch may be begun again. A real etcd takes note that one asked for what was before, or
/// for fragments, after it has begun it: what it tells of the past in between is told without.
const BEGINNINGS: usize = 5;

/// The servers, a watch of all keys on each, and the counts.
pub(crate) struct Pair {
    real: Side,
    ours: Side,
    marks: u64,
    asked: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    events: usize,
    before: Vec<String>,
    wrong: Vec<String>,
    _server: EtcdServer,
    _agent: Agent,
}

struct Side {
    world: World,
    all: Stream,
}

impl Side {
    async fn new(address: std::net::SocketAddr) -> anyhow::Result<Self> {
        let mut world = World::exact(Channel::open(address).await?);
        let mut all = Stream::open(&world, ".. prev").await?;
        all.expect(&mut world, &["created 0"]).await?;
        Ok(Self { world, all })
    }

    /// What the watch of all keys, and one that begins now, hear up to the mark.
    async fn listen(&mut self, watch: &str, mark: &str) -> anyhow::Result<Heard> {
        let mut again = Stream::open(&self.world, watch).await?;
        // One that tells nothing of the past has to be there before the mark is.
        let created = again.next(&mut self.world).await?;
        let told = self.world.ask(mark).await?;
        ensure!(told.starts_with("put @"), "{mark}: {told}");
        let value = mark.rsplit(' ').next().unwrap_or_default();
        let last = format!("put {MARK}='{value}'");
        let (mut all, mut later) = (Vec::new(), vec![created]);
        for (heard, stream) in [(&mut all, &mut self.all), (&mut later, &mut again)] {
            loop {
                let told = stream.next(&mut self.world).await?;
                let is_last = told.starts_with(&last) || told.starts_with("canceled");
                heard.push(told);
                if is_last {
                    break;
                }
            }
        }
        Ok(Heard { all, later })
    }
}

/// What the watch of all keys heard, and what one that began later.
struct Heard {
    all: Vec<String>,
    later: Vec<String>,
}

impl Pair {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let server = EtcdServer::start_without_v2(EtcdVersion::V3_5).await?;
        let config = AgentConfig::memory()
            .with_node_name("node-1")
            .with_etcd("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let address = agent.etcd()[0].addr().context("no TCP listener")?;
        Ok(Self {
            real: Side::new(server.addr()).await?,
            ours: Side::new(address).await?,
            marks: 0,
            asked: BTreeMap::new(),
            refused: BTreeMap::new(),
            events: 0,
            before: Vec::new(),
            wrong: Vec::new(),
            _server: server,
            _agent: agent,
        })
    }

    /// What both answer.
    async fn both(&mut self, line: &str) -> anyhow::Result<(String, String)> {
        self.before.push(line.to_owned());
        let real = self.real.world.ask(line).await?;
        let ours = self.ours.world.ask(line).await?;
        Ok((real, ours))
    }

    /// Asks both, which must answer the same.
    pub(crate) async fn ask(&mut self, line: &str) -> anyhow::Result<()> {
        let (real, ours) = self.both(line).await?;
        self.same(line, &real, &ours)?;
        let verb = line.split(' ').next().unwrap_or_default();
        *self.asked.entry(verb.to_owned()).or_default() += 1;
        let kind = real.split_once(": ").map(|(kind, _)| kind);
        if let Some(kind) = kind.filter(|kind| kind.chars().all(char::is_alphabetic)) {
            *self.refused.entry(kind.to_owned()).or_default() += 1;
        }
        Ok(())
    }

    fn same(&mut self, what: &str, real: &str, ours: &str) -> anyhow::Result<()> {
        if real == ours {
            return Ok(());
        }
        let from = self.before.len().saturating_sub(BEFORE);
        let before = self.before[from..].join("\n  ");
        self.wrong.push(format!(
            "{what}\n  etcd:      {real}\n  the agent: {ours}\nafter\n  {before}\n"
        ));
        if self.wrong.len() < MOST_WRONG {
            return Ok(());
        }
        self.is_right()
    }

    /// Whether all answers were the same.
    pub(crate) fn is_right(&self) -> anyhow::Result<()> {
        ensure!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        Ok(())
    }

    /// Compares what watchers have heard, and what one hears that asks for what was.
    pub(crate) async fn listen(&mut self, watch: &str) -> anyhow::Result<()> {
        for begun in 1.. {
            self.marks += 1;
            let mark = format!("put {MARK} {}", self.marks);
            let real = self.real.listen(watch, &mark).await;
            let real = real.with_context(|| format!("etcd: {watch}"))?;
            let ours = self.ours.listen(watch, &mark).await;
            let ours = ours.with_context(|| format!("the agent: {watch}"))?;
            self.same_heard("all keys", &real.all, &ours.all)?;
            if real.later == ours.later || begun == BEGINNINGS {
                return self.same_heard(watch, &real.later, &ours.later);
            }
        }
        Ok(())
    }

    fn same_heard(&mut self, watch: &str, real: &[String], ours: &[String]) -> anyhow::Result<()> {
        self.events += real.len();
        let differs = |at: &usize| real.get(*at) != ours.get(*at);
        if let Some(at) = (0..real.len().max(ours.len())).find(differs) {
            let from = at.saturating_sub(BEFORE);
            let heard = |all: &[String]| all.iter().skip(from).take(BEFORE + 1).cloned().collect();
            let (real, ours): (Vec<_>, Vec<_>) = (heard(real), heard(ours));
            self.same(watch, &real.join("; "), &ours.join("; "))?;
        }
        Ok(())
    }

    /// Shows each difference that is meant.
    pub(crate) async fn see_known(&mut self) -> anyhow::Result<()> {
        let documented = include_str!("../../../docs/compatibility.md");
        for known in KNOWN {
            ensure!(
                documented.contains(known.row),
                "docs/compatibility.md does not say: {}",
                known.row
            );
            for line in known.before {
                self.ask(line).await?;
            }
            let (real, ours) = self.both(known.line).await?;
            ensure!(
                real.starts_with(known.real) && ours.starts_with(known.ours),
                "not seen any more: {}\n  etcd:      {real}\n  the agent: {ours}",
                known.row
            );
        }
        Ok(())
    }

    pub(crate) fn report(&self) {
        let total: u64 = self.asked.values().sum();
        println!("{total} answers compared: {:?}", self.asked);
        println!("  refused among them: {:?}", self.refused);
        println!("  {} events of watches compared", self.events);
        println!("  {} differences that are meant, all seen", KNOWN.len());
    }
}
