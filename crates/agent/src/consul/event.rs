//! User events: `/v1/event/…`.

use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::UserEvent;
use regex::Regex;
use tokio::time::{Instant, sleep_until};

use super::blocking::Reading;
use super::body::{Body, BodyError};
use super::front::Front;
use super::options::Options;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::{Command, Event, EventSpec, State};
use crate::go_regex;
use crate::identity::new_node_id;
use crate::waiters::{Waiter, Watch};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::put("event/fire/", fire),
    Endpoint::get("event/list", |request, _| list(request)),
];

/// The longest body that is read. What is longer than an event may be is refused in words.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a list blocks unless the client says otherwise, and at most.
const MAX_WAIT: Duration = Duration::from_secs(10 * 60);

/// `PUT /v1/event/fire/:name`: tells all agents that the filters match, which is this one or none.
fn fire(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let name = request.text_name();
    if name.is_empty() {
        return Err(Reply::bad_request("Missing name").into());
    }
    let filters = ["node", "service", "tag"];
    let filters = filters.map(|name| request.params.get(name).unwrap_or_default().to_owned());
    // Like Consul, a body without a length is none.
    let has_body = body.declared().is_some_and(|length| length > 0);
    let datacenter = request.check_datacenter();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let payload = match has_body {
            true => match body.collect(MAX_BODY_BYTES).await {
                Ok(payload) => payload,
                Err(BodyError::TooLarge) => {
                    let text = format!("Request body too large, max size: {MAX_BODY_BYTES} bytes.");
                    return Reply::too_large(text);
                }
                Err(BodyError::Broken) => return Reply::server_error("unexpected EOF"),
            },
            false => bytes::Bytes::new(),
        };
        let compiled = match compile(&filters) {
            Ok(compiled) => compiled,
            Err(text) => return Reply::server_error(text),
        };
        if let Err(refused) = datacenter {
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
    let front = request.front;
    if index == 0 {
        return Ok(read(front.snapshot().consul(), name.as_deref())
            .reply
            .into());
    }
    let waiter = front
        .writer
        .waiters()
        .register([Watch::Topic(Topic::Events)]);
    let reading = read(front.snapshot().consul(), name.as_deref());
    if reading.index != index {
        return Ok(reading.reply.into());
    }
    let front = Arc::clone(front);
    Ok(Answer::later(wait_for_another(
        front, waiter, index, wait, name,
    )))
}

async fn wait_for_another(
    front: Arc<Front>,
    mut waiter: Waiter,
    index: u64,
    wait: Duration,
    name: Option<String>,
) -> Reply {
    let deadline = Instant::now() + wait;
    let mut over = false;
    loop {
        let reading = read(front.snapshot().consul(), name.as_deref());
        if reading.index != index || over || front.stopping.has_begun() {
            return reading.reply;
        }
        tokio::select! {
            () = waiter.changed() => {}
            () = sleep_until(deadline) => over = true,
        }
    }
}

fn read(state: &State, name: Option<&str>) -> Reading {
    let events = state.events().iter();
    let events = events.filter(|event| name.is_none_or(|name| event.name == name));
    let shown: Vec<_> = events.map(|event| show(event)).collect();
    let last = shown.last().and_then(UserEvent::index);
    let index = last.filter(|index| *index > 0).unwrap_or(1);
    Reading {
        index,
        reply: Reply::object(&shown).with_index_alone(index),
    }
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
