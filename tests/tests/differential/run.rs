//! A run: episodes of requests, each from an empty store.

use std::collections::BTreeMap;

use crate::compare::Moments;
use crate::difference::Found;
use crate::episode::Episode;
use crate::exchange::Told;
use crate::generate::{Generator, Step};
use crate::known::Kind;
use crate::pair::Pair;
use crate::request::Request;

/// Requests of one episode, at least and at most.
const EPISODE: (u64, u64) = (30, 150);
/// What a difference in time is called that is not seen again.
const LATE: &str = "late once";

/// A run of requests against both servers.
pub(crate) struct Run<'a> {
    pub(crate) pair: &'a Pair,
    generator: Generator,
    pub(crate) moments: Moments,
    pub(crate) episodes: u64,
    pub(crate) compared: u64,
    pub(crate) statuses: BTreeMap<u16, u64>,
    known: BTreeMap<&'static str, u64>,
    reports: Vec<String>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(pair: &'a Pair, seed: u64) -> Self {
        Self {
            pair,
            generator: Generator::new(seed),
            moments: Moments::default(),
            episodes: 0,
            compared: 0,
            statuses: BTreeMap::new(),
            known: BTreeMap::new(),
            reports: Vec::new(),
        }
    }

    /// The differences that were found, ready to be read.
    pub(crate) fn reports(&self) -> &[String] {
        &self.reports
    }

    /// One line about what was done.
    pub(crate) fn summary(&self) -> String {
        let statuses: Vec<_> = self
            .statuses
            .iter()
            .map(|(status, count)| format!("{count} with {status}"))
            .collect();
        let known: Vec<_> = self
            .known
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        let (compared, episodes) = (self.compared, self.episodes);
        let (statuses, known) = (statuses.join(", "), known.join(", "));
        format!(
            "{compared} answers compared in {episodes} episodes: {statuses}; known differences: {known}"
        )
    }

    /// Compares answers until `steps` requests are made or `reports` differences are found.
    pub(crate) async fn go(&mut self, steps: u64, reports: u64) -> anyhow::Result<()> {
        self.begin().await?;
        let mut made = 0;
        while made < steps && (self.reports.len() as u64) < reports {
            let length = self.generator.between(EPISODE.0, EPISODE.1);
            made += self.episode(length.min(steps - made)).await?;
        }
        Ok(())
    }

    /// Empties both. Everything before this is of no order.
    async fn begin(&mut self) -> anyhow::Result<()> {
        let episode = self.fresh().await?;
        let put = Request::new("PUT", "/v1/kv/begin");
        self.pair.ask(&put, &episode).await;
        let told = self
            .pair
            .ask(&Request::new("GET", "/v1/kv/begin"), &episode)
            .await;
        let index = |told: &Told| {
            let answer = told.answer.as_ref().ok()?;
            answer.header("x-consul-index")?.parse().ok()
        };
        let (real, ours) = (index(&told.real), index(&told.ours));
        self.moments
            .begin(real.unwrap_or_default(), ours.unwrap_or_default());
        Ok(())
    }

    /// One episode, and how many requests it had.
    async fn episode(&mut self, length: u64) -> anyhow::Result<u64> {
        let mut episode = self.fresh().await?;
        self.generator.begin_episode();
        let mut steps = Vec::new();
        for made in 0..length {
            let step = self.generator.step();
            let difference = self.perform(&mut episode, &step).await;
            let outcome = episode.outcomes.get(&step.id).cloned().unwrap_or_default();
            self.generator.learn(&step, &outcome);
            steps.push(step);
            match difference {
                None => {}
                Some(Found::Known(known)) => {
                    *self.known.entry(known.name).or_default() += 1;
                    if known.diverges {
                        self.begin().await?;
                        return Ok(made + 1);
                    }
                }
                Some(Found::Unknown(difference)) => {
                    if difference.kind == Kind::Wait && !self.repeats(&steps).await? {
                        *self.known.entry(LATE).or_default() += 1;
                    } else {
                        let report = self.reduce(steps, difference).await?;
                        self.reports.push(report);
                    }
                    self.begin().await?;
                    return Ok(made + 1);
                }
            }
        }
        Ok(length)
    }

    /// An episode from an empty store.
    pub(crate) async fn fresh(&mut self) -> anyhow::Result<Episode> {
        self.episodes += 1;
        Episode::begin(self.episodes, self.pair).await
    }

    /// Makes a step on both sides and compares.
    pub(crate) async fn perform(&mut self, episode: &mut Episode, step: &Step) -> Option<Found> {
        let Some(during) = &step.during else {
            let told = self.pair.ask(&step.request, episode).await;
            return self.judge(episode, step.id, &step.request, told).await;
        };
        let before = self.pair.ask(&step.request.at_once(), episode).await;
        let (read, other) = self.pair.ask_during(&step.request, during, episode).await;
        let found = self.judge(episode, step.id, during, other).await;
        if found.is_some() {
            return found;
        }
        self.judge_woken(episode, step, &before, read)
    }
}
