use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use quorate_serf::{Client, MemberStatus};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{Located, ReservedPort, SerfOptions, SerfServer};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::LONG;
use crate::run::{Program, Running, words};

#[path = "../program/interrupt.rs"]
mod interrupt;

/// Who answers the query `load`, in the words of either agent.
const ANSWER: &str = "query:load=echo -n from-$SERF_SELF_NAME";

/// How a member is started.
pub(crate) struct Setup {
    pub(crate) name: String,
    /// Where it listens for the others: a loopback address of its own, and a port that is nobody else's.
    pub(crate) bind: SocketAddr,
    pub(crate) _port: ReservedPort,
    pub(crate) key: Option<&'static str>,
    /// `lan` or `local`.
    pub(crate) profile: &'static str,
    /// Where it writes down the user events.
    pub(crate) heard: PathBuf,
    /// Where the others find it, if that is not where it listens.
    pub(crate) advertise: Option<SocketAddr>,
}

impl Setup {
    /// A member at the loopback address with this last number.
    pub(crate) fn new(name: &str, address: u8, heard: PathBuf) -> anyhow::Result<Self> {
        let port = ReservedPort::new()?;
        Ok(Self {
            name: name.to_owned(),
            bind: (Ipv4Addr::new(127, 0, 0, address), port.port()).into(),
            _port: port,
            key: None,
            profile: "lan",
            heard,
            advertise: None,
        })
    }

    fn listener(&self) -> String {
        format!("user=echo $SERF_USER_EVENT >> {}", self.heard.display())
    }
}

/// A member of either kind, in a process of its own.
pub(crate) struct Member {
    pub(crate) setup: Setup,
    /// Its RPC.
    pub(crate) client: Client,
    rpc: String,
    process: Process,
}

enum Process {
    Serf(Box<SerfServer>),
    Ours(Box<Ours>),
}

/// A process of `quorate agent`, and how it is started again.
pub(crate) struct Ours {
    // It ends before its home goes.
    running: Option<Running>,
    line: String,
    program: Program,
    _rpc: ReservedPort,
}

impl Ours {
    /// Starts `quorate agent WORDS` with its data in a home of its own; Serf's RPC listens at the
    /// address that is given too.
    pub(crate) async fn start(words: &str, key: Option<&str>) -> anyhow::Result<(Self, String)> {
        let port = ReservedPort::new()?.share()?;
        let rpc = port.addr().to_string();
        let program = Program::new("agent", "SERF_RPC_ADDR", &rpc)?;
        let mut line = format!("-o json --data data --serf-rpc {rpc} {words}");
        if let Some(key) = key {
            program.write("key", key)?;
            line.push_str(" --encrypt-file key");
        }
        let mut ours = Self {
            running: None,
            line,
            program,
            _rpc: port,
        };
        ours.restart().await?;
        Ok((ours, rpc))
    }

    /// Starts it with the same line, and gives what it says when it answers.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<Value> {
        let mut running = self.program.start(&self.line)?;
        let ready: Value = serde_json::from_str(&running.line().await?)?;
        ensure!(ready["event"] == "ready", "{ready}");
        self.running = Some(running);
        Ok(ready)
    }

    /// Waits until it has written these keys into its file, and no others.
    pub(crate) async fn remembers(&self, keys: &[&str]) -> anyhow::Result<()> {
        let file = self.program.home.path().join("data/serf/local.keyring");
        let look = || async {
            let text = std::fs::read(&file)?;
            let kept: Vec<String> = serde_json::from_slice(&text)?;
            ensure!(kept == keys, "{} keys", kept.len());
            anyhow::Ok(())
        };
        Ok(eventually_ok(LONG, "the keys are written", look).await?)
    }

    /// SIGKILL: nobody is told.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        let mut running = self.running.take().context("it does not run")?;
        Ok(running.child.kill().await?)
    }

    /// Ctrl-C: it says goodbye and ends.
    pub(crate) async fn leave(&mut self) -> anyhow::Result<()> {
        let running = self.running.take().context("it does not run")?;
        running.interrupt()?;
        let code = running.end().await?;
        ensure!(code == 0, "it ended with {code}");
        Ok(())
    }
}

impl Member {
    /// An agent of Serf's.
    pub(crate) async fn serf(setup: Setup) -> anyhow::Result<Self> {
        let mut options = SerfOptions::named(&setup.name)
            .with_tag("kind", "serf")
            .with_profile(setup.profile)
            .with_gossip(setup.bind)
            .with_snapshot()
            .with("event_handlers", json!([ANSWER, setup.listener()]))
            .with("reconnect_interval", json!("1s"));
        if let Some(key) = setup.key {
            options = options.with_encrypt(key);
        }
        if let Some(address) = setup.advertise {
            options = options.with("advertise", json!(address.to_string()));
        }
        let server = SerfServer::start(options).await?;
        let rpc = server.addr().to_string();
        Self::new(setup, rpc, Process::Serf(Box::new(server))).await
    }

    /// One of ours.
    pub(crate) async fn ours(setup: Setup) -> anyhow::Result<Self> {
        let Setup {
            name,
            bind,
            profile,
            ..
        } = &setup;
        let mut line = format!(
            "--node {name} --consul-http 127.0.0.1:0 --gossip {bind} --profile {profile} \
             --tag kind=ours --event-handler '{ANSWER}' --event-handler '{}'",
            setup.listener()
        );
        if let Some(address) = setup.advertise {
            line.push_str(&format!(" --advertise {address}"));
        }
        let (ours, rpc) = Ours::start(&line, setup.key).await?;
        Self::new(setup, rpc, Process::Ours(Box::new(ours))).await
    }

    async fn new(setup: Setup, rpc: String, process: Process) -> anyhow::Result<Self> {
        let client = Client::connect(&rpc).await?;
        Ok(Self {
            setup,
            client,
            rpc,
            process,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.setup.name
    }

    /// Where the others find it.
    pub(crate) fn address(&self) -> String {
        let Setup {
            bind, advertise, ..
        } = self.setup;
        advertise.unwrap_or(bind).to_string()
    }

    /// Runs `serf LINE` on its RPC, whichever kind it is, until it succeeds: on a loaded machine an
    /// answer of another member may come too late. Gives what the command prints.
    pub(crate) async fn serf_says(&self, line: &str) -> anyhow::Result<String> {
        let Located::Found(program) = SerfServer::locate() else {
            bail!("there is no serf");
        };
        let run = || async {
            let mut command = Command::new(&program);
            let command = command.env("SERF_RPC_ADDR", &self.rpc).args(words(line));
            let output = command.kill_on_drop(true).stdin(Stdio::null()).output();
            let output = output.await?;
            ensure!(output.status.success(), "{output:?}");
            Ok(String::from_utf8(output.stdout)?)
        };
        let what = format!("serf {line} on {}", self.name());
        Ok(eventually_ok(LONG, what, run).await?)
    }

    /// Makes it join another.
    pub(crate) async fn join(&self, other: &Self) -> anyhow::Result<()> {
        let what = format!("{} joins {}", self.name(), other.name());
        let to = [other.address()];
        eventually_ok(LONG, what, || self.client.join(&to)).await?;
        Ok(())
    }

    /// Waits until it thinks so of a member.
    pub(crate) async fn sees(&self, name: &str, status: MemberStatus) -> anyhow::Result<()> {
        let look = || async {
            let member = self.client.member(name).await?;
            let seen = member.map(|member| member.status);
            ensure!(seen.as_ref() == Some(&status), "{seen:?}");
            Ok(())
        };
        let what = format!("{} thinks that {name} is {status}", self.name());
        Ok(eventually_ok(LONG, what, look).await?)
    }

    /// Waits until it will know these keys alone when it is started again, if it is one of ours.
    pub(crate) async fn remembers(&self, keys: &[&str]) -> anyhow::Result<()> {
        match &self.process {
            Process::Serf(_) => Ok(()),
            Process::Ours(ours) => ours.remembers(keys).await,
        }
    }

    /// SIGKILL: nobody is told.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        match &mut self.process {
            Process::Serf(server) => Ok(server.kill()?),
            Process::Ours(ours) => ours.kill().await,
        }
    }

    /// Starts it as it was started before.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        match &mut self.process {
            Process::Serf(server) => Ok(server.restart().await?),
            Process::Ours(ours) => ours.restart().await.map(drop),
        }
    }

    /// Leaves the cluster: Serf's by its command, ours by Ctrl-C.
    pub(crate) async fn leave(&mut self) -> anyhow::Result<()> {
        match &mut self.process {
            Process::Serf(_) => self.serf_says("leave").await.map(drop),
            Process::Ours(ours) => ours.leave().await,
        }
    }
}
