//! One sequence of requests, from an empty store.

use std::collections::HashMap;

use anyhow::Context as _;
use serde_json::Value;

use crate::pair::{NODE, Pair};
use crate::request::{Body, Both, Meanings, Request, Side};

/// What the answer to a step told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) session: Option<Both<String>>,
    pub(crate) index: Option<Both<u64>>,
    /// The status of the real server's answer.
    pub(crate) status: u16,
}

/// One sequence from an empty store.
pub(crate) struct Episode {
    number: u64,
    pub(crate) outcomes: HashMap<usize, Outcome>,
    /// The sessions that each server created.
    pub(crate) labels: Both<Vec<(String, String)>>,
}

impl Episode {
    /// Leaves both servers without keys, sessions and other nodes than their own.
    pub(crate) async fn begin(number: u64, pair: &Pair) -> anyhow::Result<Self> {
        let episode = Self {
            number,
            outcomes: HashMap::new(),
            labels: Both {
                real: Vec::new(),
                ours: Vec::new(),
            },
        };
        for side in [Side::Real, Side::Ours] {
            episode.empty(side, pair).await?;
        }
        Ok(episode)
    }

    async fn empty(&self, side: Side, pair: &Pair) -> anyhow::Result<()> {
        let list = async |target: &str| -> anyhow::Result<Vec<Value>> {
            let get = Request::new("GET", target);
            let told = pair.ask_one(side, &get, self).await;
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
                requests.push(request.with_body(Body::Text(body)));
            }
        }
        for request in requests {
            pair.ask_one(side, &request, self).await;
        }
        Ok(())
    }

    /// Notes the sessions that a step created.
    pub(crate) fn name_session(&mut self, id: usize, session: &Both<String>) {
        for (labels, name) in [
            (&mut self.labels.real, &session.real),
            (&mut self.labels.ours, &session.ours),
        ] {
            labels.push((name.clone(), format!("<s{id}>")));
            labels.push((name.to_uppercase(), format!("<S{id}>")));
        }
    }
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
