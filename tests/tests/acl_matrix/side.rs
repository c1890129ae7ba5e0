//! One of the two servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use quorate_testkit::exchange::{Answer, request};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::exchange::Line;
use crate::operation::Request;

/// How many requests run at the same time.
pub(crate) const LANES: usize = 8;
/// The token that may do everything.
pub(crate) const MASTER: &str = "11111111-2222-4333-8444-555555555555";

/// A server, and what it called things by itself.
pub(crate) struct Side {
    lanes: Vec<Mutex<Line>>,
    names: BTreeMap<String, String>,
}

impl Side {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let lanes = (0..LANES).map(|_| Mutex::new(Line::new(server)));
        Self {
            lanes: lanes.collect(),
            names: BTreeMap::new(),
        }
    }

    /// Makes a request. `made` is an earlier answer that it may speak of.
    pub(crate) async fn ask(
        &self,
        lane: usize,
        asked: &Request,
        token: Option<&str>,
        made: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let target = self.fill(&asked.target, made);
        let body = self.fill(&asked.body, made);
        let token = token.map(|token| ("X-Consul-Token", token));
        let bytes = request(asked.method, &target, token.as_slice(), body.as_bytes());
        let told = self.lanes[lane % LANES].lock().await.ask(&bytes).await;
        let answer = told.answer.map_err(std::io::Error::from);
        answer.with_context(|| format!("{} {target} {body}", asked.method))
    }

    /// Makes a request that must succeed, unless there is no such endpoint: whatever is asked of
    /// that is told apart later.
    pub(crate) async fn must(&self, asked: &Request) -> anyhow::Result<Answer> {
        let answer = self.ask(0, asked, Some(MASTER), None).await?;
        let Request { method, target, .. } = asked;
        ensure!(
            answer.status == 200 || is_nothing(&answer),
            "{method} {target} {}: {} {}",
            asked.body,
            answer.status,
            answer.text()
        );
        Ok(answer)
    }

    /// Makes something, and remembers the name that the server gave it.
    pub(crate) async fn make(&mut self, name: &str, asked: &Request) -> anyhow::Result<()> {
        let answer = self.must(asked).await?;
        if is_nothing(&answer) {
            return Ok(());
        }
        let made = answer.json()?;
        let id = id_of(&made).with_context(|| format!("an id in {made}"))?;
        self.names.insert(name.to_owned(), id.to_owned());
        Ok(())
    }

    fn fill(&self, text: &str, made: Option<&Value>) -> String {
        let mut text = text.to_owned();
        for (name, id) in &self.names {
            text = text.replace(&format!("{{{name}}}"), id);
        }
        for field in ["ID", "AccessorID"] {
            if let Some(id) = made.and_then(|made| made[field].as_str()) {
                text = text.replace(&format!("{{{field}}}"), id);
            }
        }
        text
    }
}

/// Whether there is no such endpoint.
pub(crate) fn is_nothing(answer: &Answer) -> bool {
    answer.status == 404 && answer.body.is_empty()
}

/// What the server called what it made.
fn id_of(made: &Value) -> Option<&str> {
    let ids = ["AccessorID", "ID"].into_iter();
    ids.filter_map(|field| made[field].as_str()).next()
}
