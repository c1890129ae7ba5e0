//! Episodes of requests, each from an empty store, and the reduction of one that shows a difference.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::Context as _;
use quorate_testkit::exchange::Answer;
use serde_json::Value;

use crate::answer::{Plain, body, plain};
use crate::compare::Moments;
use crate::exchange::Told;
use crate::generate::{Generator, Step};
use crate::known::{self, Kind, Known};
use crate::pair::{NODE, Pair};
use crate::request::{Both, Meanings, Request, Side};

/// Requests of one episode, at least and at most.
const EPISODE: (u64, u64) = (30, 150);
/// How often a shorter sequence is tried.
const TRIES: usize = 150;
/// What a blocking read is given to block when the first one left it open whether it did.
const SURE: Duration = Duration::from_millis(300);
/// How often a difference in time is looked for again.
const REPEATS: usize = 3;
/// What a difference in time is called that is not seen again.
const LATE: &str = "late once";
/// The longest answer that is shown whole.
const SHOWN: usize = 1500;

/// What the answer to a step told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    session: Option<Both<String>>,
    index: Option<Both<u64>>,
    /// The status of the real server's answer.
    pub(crate) status: u16,
}

/// One sequence from an empty store.
struct Episode {
    number: u64,
    outcomes: HashMap<usize, Outcome>,
    labels: Both<Vec<(String, String)>>,
}

impl Meanings for Episode {
    fn session(&self, step: usize, side: Side) -> Option<String> {
        let session = self.outcomes.get(&step)?.session.as_ref()?;
        Some(session.of(side).clone())
    }

    fn index(&self, step: usize, side: Side) -> Option<u64> {
        let index = self.outcomes.get(&step)?.index.as_ref()?;
        Some(*index.of(side))
    }

    fn episode(&self) -> u64 {
        self.number
    }
}

/// What differed in a step.
struct Difference {
    kind: Kind,
    what: String,
    told: Both<Told>,
}

/// A run of requests against both servers.
pub(crate) struct Run<'a> {
    pair: &'a Pair,
    generator: Generator,
    moments: Moments,
    episodes: u64,
    compared: u64,
    statuses: BTreeMap<u16, u64>,
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

    /// Both servers without keys, sessions and other nodes than their own.
    async fn fresh(&mut self) -> anyhow::Result<Episode> {
        self.episodes += 1;
        let episode = Episode {
            number: self.episodes,
            outcomes: HashMap::new(),
            labels: Both {
                real: Vec::new(),
                ours: Vec::new(),
            },
        };
        for side in [Side::Real, Side::Ours] {
            self.empty(side, &episode).await?;
        }
        Ok(episode)
    }

    async fn empty(&self, side: Side, episode: &Episode) -> anyhow::Result<()> {
        let list = async |target: &str| -> anyhow::Result<Vec<Value>> {
            let told = self
                .pair
                .ask_one(side, &Request::new("GET", target), episode)
                .await;
            let answer = told.answer.map_err(std::io::Error::from);
            let answer = answer.with_context(|| format!("{side:?} does not answer any more"))?;
            Ok(answer.json()?.as_array().cloned().unwrap_or_default())
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut requests = vec![Request::new("DELETE", "/v1/kv/?recurse")];
        for session in list("/v1/session/list").await? {
            let target = format!("/v1/session/destroy/{}", text(&session["ID"]));
            requests.push(Request::new("PUT", target));
        }
        for node in list("/v1/catalog/nodes").await? {
            if node["Node"] != NODE {
                let body = serde_json::json!({"Node": node["Node"]}).to_string();
                let request = Request::new("PUT", "/v1/catalog/deregister");
                requests.push(request.with_body(crate::request::Body::Text(body)));
            }
        }
        for request in requests {
            self.pair.ask_one(side, &request, episode).await;
        }
        Ok(())
    }

    /// Makes a step on both sides and compares.
    async fn perform(&mut self, episode: &mut Episode, step: &Step) -> Option<Found> {
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

    /// A read that blocked while something happened: both were woken, or none.
    fn judge_woken(
        &mut self,
        episode: &mut Episode,
        step: &Step,
        before: &Both<Told>,
        told: Both<Told>,
    ) -> Option<Found> {
        self.compared += 1;
        let wait = step.request.wait.unwrap_or_default();
        let woken = |told: &Told| told.took < wait;
        let (kind, what) = match (woken(&told.real), woken(&told.ours)) {
            (true, true) => self.differ(episode, step.id, &step.request, &told)?,
            // Consul answers with the index of before it waited, the agent with that of now: only
            // what they found has to agree.
            (false, false) => self.differ_in_text(episode, &step.request, &told)?,
            (real, ours) => {
                let nothing = [before, &told].map(|told| found_nothing(&told.ours));
                if real && nothing == [true, true] {
                    return Some(Found::Known(&known::NEIGHBOUR));
                }
                (
                    Kind::Wait,
                    format!("woken: Consul {real}, the agent {ours}"),
                )
            }
        };
        Some(found(&step.request, Difference { kind, what, told }))
    }

    async fn judge(
        &mut self,
        episode: &mut Episode,
        id: usize,
        request: &Request,
        told: Both<Told>,
    ) -> Option<Found> {
        self.compared += 1;
        let (kind, what) = match self.differ(episode, id, request, &told) {
            Some(difference) => difference,
            None => {
                let what = self.differ_in_wait(episode, request, &told).await?;
                (Kind::Wait, what)
            }
        };
        Some(found(request, Difference { kind, what, told }))
    }

    /// What differs between two answers.
    fn differ(
        &mut self,
        episode: &mut Episode,
        id: usize,
        request: &Request,
        told: &Both<Told>,
    ) -> Option<(Kind, String)> {
        let (real, ours) = match (&told.real.answer, &told.ours.answer) {
            (Ok(real), Ok(ours)) => (real, ours),
            (Err(real), Err(ours)) if real == ours => return None,
            (real, ours) => {
                let word = |answer: &Result<Answer, _>| match answer {
                    Ok(answer) => answer.status.to_string(),
                    Err(error) => format!("{error:?}"),
                };
                let what = format!("Consul {}, the agent {}", word(real), word(ours));
                return Some((Kind::Text, what));
            }
        };
        let status = real.status;
        *self.statuses.entry(status).or_default() += 1;
        let mut outcome = Outcome {
            status,
            ..Outcome::default()
        };
        outcome.session = created(request, real, ours);
        if let Some(session) = &outcome.session {
            for (labels, name) in [
                (&mut episode.labels.real, &session.real),
                (&mut episode.labels.ours, &session.ours),
            ] {
                labels.push((name.clone(), format!("<s{id}>")));
                labels.push((name.to_uppercase(), format!("<S{id}>")));
            }
        }
        let plain = self.plain(episode, request, real, ours);
        let text = differ_in_text(&plain);
        let Both { real, ours } = plain;
        let mut difference = text.map(|what| (Kind::Text, what));
        if difference.is_none() {
            let pairs = real.indexes.iter().zip(&ours.indexes);
            // What an absent prefix is answered with may mean an older moment, see KNOWN: that
            // must not be noted as the newer one.
            let sure = !known::is_absent_prefix(request, status);
            let moments = &mut self.moments;
            let mut clashes = pairs.filter_map(|(real, ours)| match sure {
                true => moments.note(*real, *ours).err(),
                false => moments.check(*real, *ours).err(),
            });
            difference = clashes.next().map(|clash| {
                let kind = if clash.later {
                    Kind::Later
                } else {
                    Kind::Earlier
                };
                (kind, clash.what)
            });
        }
        if difference.is_none() {
            let first = real.indexes.first().zip(ours.indexes.first());
            outcome.index = first.map(|(real, ours)| Both {
                real: *real,
                ours: *ours,
            });
        }
        episode.outcomes.insert(id, outcome);
        difference
    }

    /// What differs between two answers apart from their indexes.
    fn differ_in_text(
        &self,
        episode: &Episode,
        request: &Request,
        told: &Both<Told>,
    ) -> Option<(Kind, String)> {
        let (Ok(real), Ok(ours)) = (&told.real.answer, &told.ours.answer) else {
            return Some((Kind::Text, "no answer".to_owned()));
        };
        let what = differ_in_text(&self.plain(episode, request, real, ours))?;
        Some((Kind::Text, what))
    }

    fn plain(
        &self,
        episode: &Episode,
        request: &Request,
        real: &Answer,
        ours: &Answer,
    ) -> Both<Plain> {
        let (names, labels) = (&self.pair.names, &episode.labels);
        let unordered = request.target.contains("/session/");
        Both {
            real: plain(real, &names.real, &labels.real, unordered),
            ours: plain(ours, &names.ours, &labels.ours, unordered),
        }
    }

    /// Whether only one of the two waited. A read that ended late may just have been slow, so that
    /// it is made once more with more time.
    async fn differ_in_wait(
        &self,
        episode: &Episode,
        request: &Request,
        told: &Both<Told>,
    ) -> Option<String> {
        let wait = request.wait?;
        if (told.real.took < wait) == (told.ours.took < wait) {
            return None;
        }
        let mut longer = request.clone();
        let (old, new) = (wait.as_millis(), SURE.as_millis());
        longer.target = longer
            .target
            .replace(&format!("wait={old}ms"), &format!("wait={new}ms"));
        let again = self.pair.ask(&longer, episode).await;
        let waited = |told: &Told| told.took >= SURE;
        (waited(&again.real) != waited(&again.ours)).then(|| {
            format!(
                "waited: Consul {}, the agent {}",
                waited(&again.real),
                waited(&again.ours)
            )
        })
    }

    /// Whether steps show a difference again. A machine that is busy elsewhere can make one server
    /// late once, but not at the same step again and again.
    async fn repeats(&mut self, steps: &[Step]) -> anyhow::Result<bool> {
        for _ in 0..REPEATS {
            if self.replay(steps).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves out steps as long as the last one still differs, and describes what is left.
    async fn reduce(
        &mut self,
        mut steps: Vec<Step>,
        mut difference: Difference,
    ) -> anyhow::Result<String> {
        let all = steps.len();
        let mut repeated = false;
        let mut chunk = steps.len();
        let mut tries = 0;
        while chunk > 0 && tries < TRIES {
            let mut at = 0;
            while at + 1 < steps.len() && tries < TRIES {
                let end = (at + chunk).min(steps.len() - 1);
                let mut fewer = steps.clone();
                fewer.drain(at..end);
                tries += 1;
                match self.replay(&fewer).await? {
                    Some(again) => {
                        (steps, difference, repeated) = (fewer, again, true);
                    }
                    None => at = end,
                }
            }
            chunk /= 2;
        }
        let mut report = format!("{}\n", difference.what);
        if !repeated && all > 1 {
            report.push_str("(not seen again with fewer requests)\n");
        }
        for step in &steps {
            report.push_str(&format!("  {step}\n"));
        }
        report.push_str(&format!("Consul 1.8.7: {}\n", shown(&difference.told.real)));
        report.push_str(&format!("the agent:    {}", shown(&difference.told.ours)));
        Ok(report)
    }

    /// The difference in the last step, if there is one there and nowhere else.
    async fn replay(&mut self, steps: &[Step]) -> anyhow::Result<Option<Difference>> {
        let mut episode = self.fresh().await?;
        let Some((last, before)) = steps.split_last() else {
            return Ok(None);
        };
        for step in before {
            if let Some(Found::Unknown(_)) = self.perform(&mut episode, step).await {
                return Ok(None);
            }
        }
        Ok(match self.perform(&mut episode, last).await {
            Some(Found::Unknown(difference)) => Some(difference),
            _ => None,
        })
    }
}

/// A difference, and whether it is known.
enum Found {
    Known(&'static Known),
    Unknown(Difference),
}

fn found(request: &Request, difference: Difference) -> Found {
    let told = &difference.told;
    let answers = [&told.real, &told.ours].map(|told| told.answer.as_ref().ok());
    known::find(difference.kind, request, answers[0], answers[1])
        .map_or(Found::Unknown(difference), Found::Known)
}

fn differ_in_text(plain: &Both<Plain>) -> Option<String> {
    let Both { real, ours } = plain;
    (real.text != ours.text).then(|| first_difference(&real.text, &ours.text))
}

/// Whether a read found nothing.
fn found_nothing(told: &Told) -> bool {
    let answer = told.answer.as_ref();
    answer.is_ok_and(|answer| answer.status == 404 || body(answer).trim() == "[]")
}

/// The session that a request created.
fn created(request: &Request, real: &Answer, ours: &Answer) -> Option<Both<String>> {
    let id = |answer: &Answer| {
        let body: Value = serde_json::from_str(&body(answer)).ok()?;
        body["ID"].as_str().map(str::to_owned)
    };
    let is_create = request.method == "PUT" && request.target.starts_with("/v1/session/create");
    is_create.then_some(())?;
    Some(Both {
        real: id(real)?,
        ours: id(ours)?,
    })
}

fn first_difference(real: &str, ours: &str) -> String {
    let differs = real
        .lines()
        .zip(ours.lines())
        .find(|(real, ours)| real != ours);
    let (real, ours) = differs.unwrap_or((real, ours));
    let at = real
        .bytes()
        .zip(ours.bytes())
        .take_while(|(real, ours)| real == ours)
        .count();
    let from = |text: &str| {
        let begin = boundary(text, at.saturating_sub(60));
        let end = boundary(text, at + 200);
        text[begin..end].to_owned()
    };
    format!("Consul:    {}\nthe agent: {}", from(real), from(ours))
}

/// The start of the character at `at`, or the end of `text`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn shown(told: &Told) -> String {
    let took = told.took;
    match &told.answer {
        Err(error) => format!("{error:?} after {took:?}"),
        Ok(answer) => {
            let headers: Vec<_> = answer
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let mut body = body(answer);
            if body.len() > SHOWN {
                body.truncate(boundary(&body, SHOWN));
                body.push('…');
            }
            let (status, headers) = (answer.status, headers.join("; "));
            format!("{status} after {took:?} [{headers}]\n    {body}")
        }
    }
}
