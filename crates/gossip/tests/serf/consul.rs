//! A real Consul server on loopback.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::agent::{program, wait};
use super::port::free_port;

pub(crate) struct Consul {
    child: Child,
    http: u16,
    gossip: u16,
    folder: tempfile::TempDir,
}

impl Consul {
    pub(crate) fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (http, gossip, server) = (free_port(), free_port(), free_port());
        let log = File::create(folder.path().join("log")).unwrap();
        let child = Command::new(program("consul").unwrap())
            .args(["agent", "-server", "-bootstrap-expect=1", "-node=server"])
            .args([
                "-bind=127.0.0.1",
                "-client=127.0.0.1",
                "-dns-port=-1",
                "-grpc-port=-1",
            ])
            .arg(format!("-http-port={http}"))
            .arg(format!("-serf-lan-port={gossip}"))
            .arg(format!("-server-port={server}"))
            .args(["-serf-wan-port=-1", "-log-level=warn", "-data-dir"])
            .arg(folder.path())
            .args(more)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let consul = Self {
            child,
            http,
            gossip,
            folder,
        };
        consul.until("it runs", |members| members.contains("server "));
        consul
    }

    pub(crate) fn gossip(&self) -> String {
        format!("127.0.0.1:{}", self.gossip)
    }

    /// Waits until what `consul members` says fits.
    pub(crate) fn until(&self, what: &str, fits: impl Fn(&str) -> bool) {
        self.until_says(what, &["members"], fits);
    }

    /// Waits until what `consul` says succeeds and fits.
    pub(crate) fn until_says(&self, what: &str, words: &[&str], fits: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let output = Command::new(program("consul").unwrap())
                .args(words)
                .env("CONSUL_HTTP_ADDR", format!("127.0.0.1:{}", self.http))
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            if output.status.success() && fits(&said) {
                return;
            }
            let log = || std::fs::read_to_string(self.folder.path().join("log"));
            assert!(
                start.elapsed() < Duration::from_secs(50),
                "{what}: {said}\n{:?}",
                log()
            );
            wait();
        }
    }
}

impl Drop for Consul {
    fn drop(&mut self) {
        // It has ended already if that fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
