//! One of the two servers, with what is known of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_testkit::exchange::{exchange, request};

use crate::exchange::{Line, Told};
use crate::script::Ask;
use crate::watch::Watch;

const LIMIT: Duration = Duration::from_secs(50);

/// A server, a connection to it, and the watches that wait.
pub(crate) struct Side {
    address: SocketAddr,
    line: Line,
    /// The id of the only member.
    member: String,
    /// Its index when both servers were brought together.
    pub(crate) mark: u64,
    /// `user:password`, of whoever asks.
    pub(crate) user: Option<String>,
    pub(crate) watches: BTreeMap<String, Watch>,
}

impl Side {
    pub(crate) async fn new(address: SocketAddr) -> anyhow::Result<Self> {
        let mut side = Self {
            address,
            line: Line::new(address),
            member: String::new(),
            mark: 0,
            user: None,
            watches: BTreeMap::new(),
        };
        let leader = side.get("/v2/members/leader").await?;
        let leader: serde_json::Value = serde_json::from_str(&leader)?;
        side.member = leader["id"].as_str().context("a member has an id")?.into();
        Ok(side)
    }

    /// Sends a request of a script, and gives the answer.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Told {
        let wire = self.wire(ask);
        self.line.ask(&wire).await
    }

    /// Begins a watch on a connection of its own.
    pub(crate) async fn watch(&mut self, name: &str, ask: &Ask) -> anyhow::Result<()> {
        let watch = Watch::begin(self.address, &self.wire(ask)).await?;
        self.watches.insert(name.to_owned(), watch);
        Ok(())
    }

    /// The request as it is sent to this server.
    fn wire(&self, ask: &Ask) -> Vec<u8> {
        let mark = self.mark.to_string();
        let own = |text: &str| text.replace("⟦id⟧", &self.member).replace("⟦mark⟧", &mark);
        let mut headers: Vec<(String, String)> = ask.headers.clone();
        if let Some(user) = &self.user {
            let basic = format!("Basic {}", STANDARD.encode(user));
            headers.push(("Authorization".into(), basic));
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(a, b)| (&**a, &**b)).collect();
        request(
            &ask.method,
            &own(&ask.target),
            &headers,
            own(&ask.body).as_bytes(),
        )
    }

    /// The body of a read that must succeed.
    pub(crate) async fn get(&mut self, target: &str) -> anyhow::Result<String> {
        let told = self.line.ask(&request("GET", target, &[], b"")).await;
        let answer = told.answer.map_err(std::io::Error::from)?;
        ensure!(answer.status == 200, "{target}: {}", answer.text());
        Ok(answer.text())
    }

    /// Whether there is nothing at `target`.
    pub(crate) async fn is_gone(&self, target: &str) -> bool {
        let wire = request("GET", target, &[], b"");
        let answer = exchange(self.address, &wire, LIMIT).await;
        answer.is_ok_and(|answer| answer.status == 404)
    }

    /// The index of its newest change.
    pub(crate) async fn index(&self) -> anyhow::Result<u64> {
        let wire = request("GET", "/v2/keys/_level_none", &[], b"");
        let answer = exchange(self.address, &wire, LIMIT).await?;
        let index = answer.header("x-etcd-index").context("no index")?;
        Ok(index.parse()?)
    }

    /// Writes so often that `index` is its newest.
    pub(crate) async fn level(&mut self, index: u64) -> anyhow::Result<()> {
        while self.index().await? < index {
            let wire = request("PUT", "/v2/keys/_level", &[], b"");
            exchange(self.address, &wire, LIMIT).await?;
        }
        Ok(())
    }
}
