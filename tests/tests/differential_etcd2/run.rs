//! Both servers, and the scripts on them.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_agent::{Agent, AgentConfig};
use quorate_conformance::random::Random;
use quorate_testkit::eventually;
use quorate_testkit::server::{EtcdServer, EtcdVersion};

use crate::known::known;
use crate::plain::Plain;
use crate::report::Report;
use crate::script::{Ask, Look, Step, steps};
use crate::side::Side;

/// The sequence that is sent unless another is asked for.
const SEED: u64 = 20_261_121;
/// How long a key may need to end, and a cluster to decide on its version.
const PATIENCE: Duration = Duration::from_secs(50);

/// How often a watch is looked at, each time for as long as something comes.
const LOOKS: u32 = 20;

const SCRIPTS: [(&str, &str); 9] = [
    ("keys", include_str!("scripts/keys.txt")),
    ("conditions", include_str!("scripts/conditions.txt")),
    ("forms", include_str!("scripts/forms.txt")),
    ("paths", include_str!("scripts/paths.txt")),
    ("ttl", include_str!("scripts/ttl.txt")),
    ("watch", include_str!("scripts/watch.txt")),
    ("members", include_str!("scripts/members.txt")),
    ("random", include_str!("scripts/random.txt")),
    ("auth", include_str!("scripts/auth.txt")),
];

/// Which servers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) version: EtcdVersion,
    /// The agent keeps etcd's faults.
    pub(crate) strict: bool,
}

struct Pair {
    real: Side,
    ours: Side,
    report: Report,
    setting: Setting,
}

/// Sends every script to both servers.
pub(crate) async fn compare(setting: Setting) -> anyhow::Result<()> {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        text.parse::<u64>().ok()
    };
    let seed = match number("QUORATE_ETCD2_SEED") {
        None => SEED,
        Some(0) => Random::any_seed(),
        Some(seed) => seed,
    };
    let rounds = number("QUORATE_ETCD2_ROUNDS").unwrap_or(1);
    let reports = number("QUORATE_ETCD2_REPORTS").unwrap_or(20);
    println!("QUORATE_ETCD2_SEED={seed} QUORATE_ETCD2_ROUNDS={rounds}");
    let server = EtcdServer::start(setting.version).await?;
    let config = AgentConfig::memory()
        .with_node_name("node-1")
        .with_etcd("127.0.0.1:0".parse()?)
        .with_etcd_strict(setting.strict);
    let agent = Agent::start(config).await?;
    let url = agent.etcd_url().context("the agent listens")?;
    let mut pair = Pair {
        real: Side::new(server.addr()).await?,
        ours: Side::new(url.trim_start_matches("http://").parse()?).await?,
        report: Report::new(setting, usize::try_from(reports)?),
        setting,
    };
    pair.settle().await?;
    let only = std::env::var("QUORATE_ETCD2_SCRIPT").ok();
    let mut random = Random::new(seed);
    for (name, text) in SCRIPTS {
        let steps = steps(text, rounds, &mut random);
        // Who may do what is the same for both.
        let says_something = setting.strict || name != "auth";
        if only.as_ref().is_none_or(|only| only == name) && says_something {
            pair.run(name, &steps).await?;
        }
    }
    let result = pair.report.end(only.is_none());
    agent.shutdown().await;
    result
}

impl Pair {
    /// Waits until the real server writes nothing by itself any more.
    async fn settle(&mut self) -> anyhow::Result<()> {
        let real = &mut self.real;
        let began = tokio::time::Instant::now();
        while real.get("/version").await?.contains("not_decided") {
            ensure!(
                began.elapsed() < PATIENCE,
                "the cluster decides on no version"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn level(&mut self) -> anyhow::Result<()> {
        let index = self.real.index().await?.max(self.ours.index().await?);
        for side in [&mut self.real, &mut self.ours] {
            side.level(index).await?;
            side.mark = index;
        }
        Ok(())
    }

    async fn run(&mut self, name: &'static str, steps: &[(usize, Step)]) -> anyhow::Result<()> {
        self.report.begin_script(name);
        let began = tokio::time::Instant::now();
        self.level().await?;
        for (line, step) in steps {
            if self.report.is_full() {
                break;
            }
            let step = self.step(*line, step).await;
            step.with_context(|| format!("{name}.txt:{line}"))?;
        }
        for side in [&mut self.real, &mut self.ours] {
            side.user = None;
            side.watches.clear();
        }
        println!("{name}: {:.1?}", began.elapsed());
        Ok(())
    }

    async fn step(&mut self, line: usize, step: &Step) -> anyhow::Result<()> {
        match step {
            Step::Ask(ask) => {
                let (real, ours) = tokio::join!(self.real.ask(ask), self.ours.ask(ask));
                let plain =
                    |told: &crate::exchange::Told| Plain::new(&told.answer, ask.is_unsorted());
                if self.judge(line, ask, &plain(&real), &plain(&ours)) {
                    self.heal(ask).await?;
                }
            }
            Step::Times(count, ask) => {
                for _ in 0..*count {
                    tokio::join!(self.real.ask(ask), self.ours.ask(ask));
                }
            }
            Step::As(user) => {
                self.real.user.clone_from(user);
                self.ours.user.clone_from(user);
            }
            Step::Gone(target) => {
                for side in [&self.real, &self.ours] {
                    let gone = || async { side.is_gone(target).await.then_some(()) };
                    eventually(PATIENCE, "the end of a key", gone).await?;
                }
            }
            Step::Level => self.level().await?,
            Step::Watch(name, ask) => {
                self.real.watch(name, ask).await?;
                self.ours.watch(name, ask).await?;
            }
            Step::Watcher(name, look) => self.look(line, name, *look).await?,
        }
        Ok(())
    }

    /// Looks at a watch on both servers, again and again while one may only be slower.
    async fn look(&mut self, line: usize, name: &str, look: Look) -> anyhow::Result<()> {
        if matches!(look, Look::Leave) {
            self.real.watches.remove(name);
            self.ours.watches.remove(name);
            return Ok(());
        }
        let ask = Ask::of_watch(name, look);
        for looked in 1.. {
            let real = seen(&mut self.real, name, look).await?;
            let ours = seen(&mut self.ours, name, look).await?;
            let meant = known(self.setting, &ask, &real.text, &ours.text);
            let is_whole = matches!(look, Look::Answer);
            if real.is_like(&ours) || meant.is_some() || is_whole || looked == LOOKS {
                self.judge(line, &ask, &real, &ours);
                break;
            }
        }
        Ok(())
    }

    /// Takes a key away that the servers no longer agree about.
    async fn heal(&mut self, ask: &Ask) -> anyhow::Result<()> {
        let delete = ask.removal();
        tokio::join!(self.real.ask(&delete), self.ours.ask(&delete));
        self.level().await
    }

    /// Whether the servers no longer agree about the key.
    fn judge(&mut self, line: usize, ask: &Ask, real: &Plain, ours: &Plain) -> bool {
        let alike = real.is_like(ours);
        let meant = known(self.setting, ask, &real.text, &ours.text).filter(|_| !alike);
        if let Some(meant) = meant {
            self.report.note_known(meant);
        } else if !alike {
            self.report
                .note_difference(line, ask, &real.text, &ours.text);
        }
        self.report.note(ask, &real.text);
        meant.is_some_and(|meant| meant.parts)
    }
}

/// What a watcher has received.
async fn seen(side: &mut Side, name: &str, look: Look) -> anyhow::Result<Plain> {
    let watch = side.watches.get_mut(name).context("no such watch")?;
    let answer = match look {
        Look::Answer => watch.answer().await,
        Look::Lines(count) => watch.lines(count).await,
        Look::Silence | Look::Leave => watch.silence().await,
    };
    Ok(match answer {
        Ok(answer) => Plain::new(&Ok(answer), false),
        Err(error) => Plain::missing(&format!("{error:#}")),
    })
}
