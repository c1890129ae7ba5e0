//! A member of ours as a process of its own, which can be killed: this program, started again.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use quorate_gossip::{Config, Gossip, Status};

use super::agent::Serf;
use super::port::free_port;
use super::trials::{Named, join, local, sees, start};

pub(crate) const ALL: &[Named] = &[(
    "serf",
    "a_killed_process_of_ours_is_failed_and_comes_back_by_its_snapshot",
    || Box::pin(killed()),
)];

/// What the program is started with to be a member: the name, where it listens, its snapshot, whom to join.
const MEMBER: &str = "--member";

struct Process(Child);

impl Process {
    fn start(name: &str, bind: SocketAddr, snapshot: &Path, join: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([MEMBER, name, &bind.to_string()])
            .arg(snapshot)
            .arg(join)
            .stdin(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn kill(&mut self) {
        // SIGKILL: nobody is told.
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already if that fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is a member until somebody kills it, if the program was started as one.
pub(crate) fn member_if_told() {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [first, name, bind, snapshot, join_at] = words.as_slice() else {
        return;
    };
    if first != MEMBER {
        return;
    }
    let config: Config = local(name)
        .with_bind(bind.parse().unwrap())
        .with_snapshot(snapshot);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let gossip = Gossip::start(config).await.unwrap();
        if !join_at.is_empty() {
            join(&gossip, std::slice::from_ref(join_at)).await;
        }
        gossip.ended().await
    });
}

async fn killed() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("snapshot");
    // In this profile they wait for more than a second when somebody joins: a member that was started
    // again tries those in its snapshot once.
    let [serf, other] = ["serf", "other"].map(|name| Serf::start(name, &["-profile=lan"]));
    let ours = start("ours").await;
    join(&ours, &[serf.address(), other.address()]).await;
    let bind = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut doomed = Process::start("doomed", bind, &snapshot, &serf.address());
    let everybody = async |status: Status| {
        serf.sees("doomed", status.as_str());
        other.sees("doomed", status.as_str());
        sees(&ours, "doomed", status).await;
    };
    everybody(Status::Alive).await;
    serf.until("its snapshot names the others", |_| {
        let text = std::fs::read_to_string(&snapshot).unwrap_or_default();
        text.contains("alive: serf ") && text.contains("alive: other ")
    });
    doomed.kill();
    everybody(Status::Failed).await;
    // Nobody tells it whom to join.
    let _again = Process::start("doomed", bind, &snapshot, "");
    everybody(Status::Alive).await;
}
