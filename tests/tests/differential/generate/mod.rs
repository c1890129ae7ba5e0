//! What is asked: random, but mostly near what means something.

mod catalog;
mod http;
mod json;
mod kv;
mod pool;
mod session;
mod txn;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Duration;

use quorate_conformance::random::Random;

use crate::episode::Outcome;
use crate::known;
use crate::request::{Body, Request};

/// One thing to do on both sides.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) id: usize,
    pub(crate) request: Request,
    /// What is asked while `request`, a read, blocks.
    pub(crate) during: Option<Request>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, request, .. } = self;
        match &self.during {
            None => write!(f, "{id}: {request}"),
            Some(during) => write!(f, "{id}: {during}   while this waits: {request}"),
        }
    }
}

/// Draws one step after the other.
pub(crate) struct Generator {
    random: Random,
    next: usize,
    /// What is asked next, before anything is drawn.
    planned: VecDeque<Request>,
    /// The steps that created sessions of this episode.
    sessions: Vec<usize>,
    /// What was asked to be acquired, the path and the session.
    acquired: Vec<(String, String)>,
    /// The newest step that was answered with an index, by its target.
    indexes: HashMap<String, usize>,
    /// All of them, the newest last.
    indexed: Vec<usize>,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            next: 0,
            planned: VecDeque::new(),
            sessions: Vec::new(),
            acquired: Vec::new(),
            indexes: HashMap::new(),
            indexed: Vec::new(),
        }
    }

    pub(crate) fn begin_episode(&mut self) {
        self.sessions.clear();
        self.acquired.clear();
        self.indexes.clear();
        self.indexed.clear();
        self.planned.clear();
        if self.one_in(2) {
            self.plan_tied_session();
        }
    }

    /// A number from `least` to `most`.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.random.below(most - least + 1)
    }

    /// Draws a step that Consul survives.
    pub(crate) fn step(&mut self) -> Step {
        loop {
            let step = self.any_step();
            let during = step.during.as_ref().is_some_and(known::ends_consul);
            if !during && !known::ends_consul(&step.request) {
                return step;
            }
        }
    }

    fn any_step(&mut self) -> Step {
        let id = self.next;
        self.next += 1;
        if let Some(request) = self.planned.pop_front() {
            return Step {
                id,
                request,
                during: None,
            };
        }
        if self.one_in(60) {
            let request = self.blocking_read(Duration::from_millis(150));
            let during = Some(self.change());
            return Step {
                id,
                request,
                during,
            };
        }
        let mut request = match self.random.below(100) {
            0..24 => self.kv_put(),
            24..42 => self.kv_get(),
            42..50 => self.kv_delete(),
            50..62 => self.txn(),
            62..68 => self.session_create(),
            68..78 => self.session(),
            78..86 => self.catalog(),
            86..90 => self.health(),
            90..94 => {
                let wait = self.between(1, 30);
                self.blocking_read(Duration::from_millis(wait))
            }
            _ => self.odd(),
        };
        self.decorate(&mut request);
        Step {
            id,
            request,
            during: None,
        }
    }

    /// Takes note of what a step told.
    pub(crate) fn learn(&mut self, step: &Step, outcome: &Outcome) {
        let target = &step.request.target;
        if let Some((path, session)) = target.split_once("?acquire=") {
            self.acquired.push((path.to_owned(), session.to_owned()));
        }
        if target.starts_with("/v1/session/create") && outcome.status == 200 {
            self.sessions.push(step.id);
        }
        if step.request.method == "GET" && matches!(outcome.status, 200 | 404) {
            let path = target.split('?').next().unwrap_or_default();
            self.indexes.insert(path.to_owned(), step.id);
            self.indexed.push(step.id);
        }
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.random.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        *self.random.pick(items)
    }

    /// Something that any request may have.
    fn decorate(&mut self, request: &mut Request) {
        if self.one_in(40) {
            let value = self.pick(&pool::ACCEPTED_ENCODINGS);
            request.headers.push(("Accept-Encoding", value.to_owned()));
        }
        if self.one_in(60) {
            let (name, value) = self.pick(&pool::HEADERS);
            request.headers.push((name, value.to_owned()));
        }
        if self.one_in(30) {
            let extra = self.pick(&pool::PARAMETERS);
            add_parameter(&mut request.target, extra);
        }
        if self.one_in(40) && matches!(request.body, Body::Text(_)) {
            self.break_body(request);
        }
    }

    /// A read of something, and the index that was seen there.
    fn blocking_read(&mut self, wait: Duration) -> Request {
        let target = self.readable();
        let path = target.split('?').next().unwrap_or_default();
        let newest = self.indexes.get(path).copied();
        let any = match self.indexed.len() as u64 {
            0 => None,
            count => Some(self.indexed[self.random.below(count) as usize]),
        };
        let index = match (self.random.below(8), newest, any) {
            (0, ..) => "9000000000000000000".to_owned(),
            (1, ..) => "1".to_owned(),
            (2, _, Some(step)) | (3.., Some(step), _) => format!("⟦i:{step}⟧"),
            _ => return Request::new("GET", target),
        };
        let mut target = target;
        add_parameter(&mut target, &format!("index={index}"));
        add_parameter(&mut target, &format!("wait={}ms", wait.as_millis()));
        let mut request = Request::new("GET", target);
        request.wait = Some(wait);
        request
    }

    fn readable(&mut self) -> String {
        match self.random.below(12) {
            0..4 => format!("/v1/kv/{}", self.key_path()),
            4..6 => format!("/v1/kv/{}?recurse", self.key_path()),
            6 => format!("/v1/kv/{}?keys", self.key_path()),
            7 => "/v1/session/list".to_owned(),
            8 => format!("/v1/session/info/{}", self.session_name()),
            9 => format!("/v1/health/node/{}", self.node()),
            10 => "/v1/catalog/nodes".to_owned(),
            _ => format!("/v1/session/node/{}", self.node()),
        }
    }

    /// A write that may wake somebody.
    fn change(&mut self) -> Request {
        match self.random.below(10) {
            0..4 => self.kv_put(),
            4..6 => self.kv_delete(),
            6 => self.txn(),
            7 => self.session_create(),
            8 => self.session_destroy(),
            _ => self.catalog_write(),
        }
    }
}

fn add_parameter(target: &mut String, parameter: &str) {
    target.push(if target.contains('?') { '&' } else { '?' });
    target.push_str(parameter);
}
