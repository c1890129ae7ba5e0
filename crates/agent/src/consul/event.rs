//! User events: `/v1/event/…`.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use quorate_wire::consul::UserEvent;
use regex::Regex;
use tokio::time::{Instant, sleep_until};

use super::blocking::Reading;
use super::body::Body;
use super::front::Front;
use super::options::Options;
use super::permit::{Permit, require};
use super::pool;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use super::shared_reply::Shown;
use crate::engine::Topic;
use crate::engine::consul::{Command, Event, EventSpec, State};
use crate::identity::new_node_id;
use crate::waiters::{Waiter, Watch};
use quorate_wire::go_regex;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::put("event/fire/", fire),
    Endpoint::get("event/list", |request, _| list(request)),
];

/// The longest body that is read. What is longer than an event may be is refused in words.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a list blocks unless the client says otherwise, and at most.
const MAX_WAIT: Duration = Duration::from_secs(10 * 60);

/// `PUT /v1/event/fire/:name`: tells all agents that the filters match. Without a gossip pool that
/// is this one or none.
fn fire(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let name = request.text_name();
    if name.is_empty() {
        return Err(Reply::bad_request("Missing name").into());
    }
    let filters = ["node", "service", "tag"];
    let filters = filters.map(|name| request.params.get(name).unwrap_or_default().to_owned());
    // Consul does not read a body without a declared length.
    let has_body = match body.declared() {
        Some(length) => length > 0,
        None => !request.front.strict,
    };
    let datacenter = request.check_datacenter();
    let permit = request.permit();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let payload = match has_body {
            true => match body.collect(MAX_BODY_BYTES).await {
                Ok(payload) => payload,
                Err(error) => return *error.refuse(MAX_BODY_BYTES),
            },
            false => bytes::Bytes::new(),
        };
        let compiled = match compile(&filters) {
            Ok(compiled) => compiled,
            Err(text) => return Reply::server_error(text),
        };
        // An unknown token is an error of the servers here.
        let permit = permit.map_err(|refused| {
            refused
                .with_status(StatusCode::INTERNAL_SERVER_ERROR)
                .into()
        });
        let allowed = datacenter
            .and(permit)
            .and_then(|permit| require(permit.event_write(&name)));
        if let Err(refused) = allowed {
            return *refused;
        }
        let [node_filter, service_filter, tag_filter] = compiled;
        let spec = EventSpec {
            id: new_node_id(),
            name,
            payload,
            node: front.node.name.clone(),
            node_filter,
            service_filter,
            tag_filter,
            filters,
            ltime: None,
        };
        submit(&front, spec).await
    }))
}

async fn submit(front: &Front, spec: EventSpec) -> Reply {
    let event = Event {
        id: spec.id.clone(),
        name: spec.name.clone(),
        payload: spec.payload.clone(),
        filters: spec.filters.clone(),
        // Whoever fires an event is not told when it arrives.
        ltime: 0,
    };
    if let Some(gossip) = &front.pool {
        // It comes back to this agent as to the others.
        return match pool::fire(gossip, &spec).await {
            Ok(()) => Reply::object(&show(&event)),
            Err(reply) => reply,
        };
    }
    match front.submit(Command::FireEvent(Box::new(spec))).await {
        Ok(_) => Reply::object(&show(&event)),
        Err(refused) => *refused,
    }
}

fn compile(filters: &[String; 3]) -> Result<[Option<Regex>; 3], String> {
    let [node, service, tag] = filters;
    if !tag.is_empty() && service.is_empty() {
        return Err("Cannot provide tag filter without service filter".into());
    }
    let one = |kind: &str, pattern: &str| match pattern {
        "" => Ok(None),
        pattern => go_regex::compile(pattern)
            .map(Some)
            .map_err(|problem| format!("Invalid {kind} filter: {problem}")),
    };
    Ok([
        one("node", node)?,
        one("service", service)?,
        one("tag", tag)?,
    ])
}

/// `GET /v1/event/list`: the newest events, oldest first. Its index is that of the last one, and
/// has no order: the list waits while it is the one that the client knows.
fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let (index, wait) = Options::blocking(request.params, MAX_WAIT).map_err(Reply::bad_request)?;
    let name = request.params.text("name").map(str::to_owned);
    let permit = request.permit()?;
    let front = request.front;
    if index == 0 {
        let reading = read(front.snapshot().consul(), name.as_deref(), &permit);
        return Ok(reading.reply.into());
    }
    // Registered before the first look, so that no event is missed in between.
    let topic = Watch::Topic(Topic::Events);
    let waiter = front.writer.waiters().register([topic]);
    let reading = read(front.snapshot().consul(), name.as_deref(), &permit);
    if reading.index != index {
        return Ok(reading.reply.into());
    }
    let parked = Parked {
        front: Arc::clone(front),
        waiter,
        index,
        name,
        permit,
    };
    Ok(Answer::parked(parked.until(Instant::now() + wait)))
}

/// A list that waits for another index.
struct Parked {
    front: Arc<Front>,
    waiter: Waiter,
    index: u64,
    name: Option<String>,
    permit: Permit,
}

impl Parked {
    async fn until(mut self, deadline: Instant) -> Shown {
        let mut over = false;
        loop {
            let reading = match self.look() {
                Ok(reading) => reading,
                Err(refused) => return (*refused).into(),
            };
            let stopping = self.front.stopping.has_begun();
            if reading.index != self.index || over || stopping {
                return reading.reply.into();
            }
            tokio::select! {
                () = self.waiter.changed() => {}
                () = sleep_until(deadline) => over = true,
            }
        }
    }

    /// The list of now, as far as the token still sees it.
    fn look(&self) -> Result<Reading, Refused> {
        let snapshot = self.front.snapshot();
        let state = snapshot.consul();
        let permit = self.permit.renewed(&self.front, state)?;
        Ok(read(state, self.name.as_deref(), &permit))
    }
}

fn read(state: &State, name: Option<&str>, permit: &Permit) -> Reading {
    let events = state.events().iter();
    let events = events
        .filter(|event| name.is_none_or(|name| event.name == name))
        .filter(|event| permit.event_read(&event.name));
    let shown: Vec<_> = events.map(|event| show(event)).collect();
    let last = shown.last().and_then(UserEvent::index);
    let index = last.filter(|index| *index > 0).unwrap_or(1);
    Reading::without_headers(index, Reply::object(&shown).with_index_alone(index))
}

fn show(event: &Event) -> UserEvent {
    let [node, service, tag] = event.filters.clone();
    let mut shown = UserEvent::default();
    shown.id.clone_from(&event.id);
    shown.name.clone_from(&event.name);
    shown.payload = event.payload.clone();
    shown.node_filter = node;
    shown.service_filter = service;
    shown.tag_filter = tag;
    shown.version = 1;
    shown.ltime = event.ltime;
    shown
}
