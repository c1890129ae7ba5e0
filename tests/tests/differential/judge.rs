//! Whether two answers differ.

use std::time::Duration;

use quorate_testkit::exchange::Answer;
use serde_json::Value;

use crate::answer::{Plain, body, plain};
use crate::difference::{Difference, Found, first_difference, found};
use crate::episode::{Episode, Outcome};
use crate::exchange::Told;
use crate::generate::Step;
use crate::known::{self, Kind};
use crate::request::{Both, Request};
use crate::run::Run;

/// What a blocking read is given to block when the first one left it open whether it did.
const SURE: Duration = Duration::from_millis(300);

impl Run<'_> {
    /// A read that blocked while something happened: both were woken, or none.
    pub(crate) fn judge_woken(
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

    /// Two answers to one request.
    pub(crate) async fn judge(
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
            episode.name_session(id, session);
        }
        let plain = self.plain(episode, request, real, ours);
        let text = differ_in_text(&plain);
        let Both { real, ours } = plain;
        let mut difference = text.map(|what| (Kind::Text, what));
        if difference.is_none() {
            // What an absent prefix is answered with may mean an older moment, see KNOWN: that
            // must not be noted as the newer one.
            let sure = !known::is_absent_prefix(request, status);
            difference = self.clash(&real.indexes, &ours.indexes, sure);
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

    /// Whether indexes can't mean the same moments. When it is `sure` that they do, that is noted.
    fn clash(&mut self, real: &[u64], ours: &[u64], sure: bool) -> Option<(Kind, String)> {
        let moments = &mut self.moments;
        let mut clashes = real.iter().zip(ours).filter_map(|(real, ours)| match sure {
            true => moments.note(*real, *ours).err(),
            false => moments.check(*real, *ours).err(),
        });
        let clash = clashes.next()?;
        let kind = match clash.later {
            true => Kind::Later,
            false => Kind::Earlier,
        };
        Some((kind, clash.what))
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
