//! User events.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::{ErrorKind, EventFilter, FireOptions, QueryOptions, UserEvent};
use quorate_wire::consul::event::{decode_events, id_to_index, max_payload};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::eventually::eventually;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c31_the_newest_256_events_are_kept_and_the_last_is_the_index needs [ALONE],
        c32_a_blocked_list_of_one_name_does_not_see_others,
        a_fired_event_is_answered_without_its_time,
        a_list_has_events_in_their_order_and_times_that_grow,
        a_list_of_an_unknown_name_is_empty_with_index_1,
        an_index_that_is_not_the_last_is_answered_at_once,
        a_wait_that_is_over_gives_the_same_list,
        filters_are_expressions_on_the_node_the_service_ids_and_their_tags,
        an_event_for_other_nodes_is_fired_and_not_listed,
        a_bad_filter_is_refused_with_its_kind,
        a_payload_has_a_limit_that_shrinks_with_the_name needs [ALONE],
        an_event_without_a_name_is_refused,
        a_body_without_a_length_is_no_payload needs [ALONE],
        remote_executions_are_not_listed,
        bad_waits_and_indexes_are_refused,
        the_client_fires_lists_and_knows_the_index,
        the_client_refuses_what_no_server_takes,
    ]
    .into()
}

async fn fire(consul: &Consul, name: &str, payload: &str) -> anyhow::Result<UserEvent> {
    let target = format!("/v1/event/fire/{name}");
    let text = consul.ask("PUT", &target, payload).await?;
    Ok(serde_json::from_str(&text)?)
}

async fn list(consul: &Consul, query: &str) -> anyhow::Result<(u64, Vec<UserEvent>)> {
    let target = format!("/v1/event/list?{query}");
    let answer = consul.send("GET", &target, "").await?;
    ensure!(
        answer.status == 200,
        "{target}: {} {}",
        answer.status,
        answer.text()
    );
    Ok((index_of(&answer)?, decode_events(&answer.body)?))
}

/// The events of `name` once there are `count`: the real server hears of its own a moment later.
async fn listed(consul: &Consul, name: &str, count: usize) -> anyhow::Result<Vec<UserEvent>> {
    let query = format!("name={name}");
    let what = format!("{count} events {name}");
    let seen = eventually(Duration::from_secs(40), what, || async {
        let (_, events) = list(consul, &query).await.ok()?;
        (events.len() >= count).then_some(events)
    });
    Ok(seen.await?)
}

async fn c31_the_newest_256_events_are_kept_and_the_last_is_the_index(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    for number in 1..=270 {
        fire(&consul, &format!("e{number}"), "").await?;
    }
    listed(&consul, "e270", 1).await?;
    let (index, events) = list(&consul, "").await?;
    equal("kept", events.len(), 256)?;
    equal("oldest", events[0].name.as_str(), "e15")?;
    equal("newest", events[255].name.as_str(), "e270")?;
    equal("index", Some(index), id_to_index(&events[255].id))
}

async fn c32_a_blocked_list_of_one_name_does_not_see_others(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    fire(consul, "c32-mine", "").await?;
    listed(consul, "c32-mine", 1).await?;
    let (index, _) = list(consul, "name=c32-mine").await?;
    let query = format!("name=c32-mine&index={index}&wait=60s");
    let begun = Instant::now();
    let changes = async {
        sleep(PARKED).await;
        fire(consul, "c32-other", "").await?;
        listed(consul, "c32-other", 1).await?;
        sleep(PARKED).await;
        fire(consul, "c32-mine", "second").await
    };
    let (read, changed) = tokio::join!(list(consul, &query), changes);
    let (_, events) = read?;
    equal("woken by its own", &events[1].id, &changed?.id)?;
    equal("events", events.len(), 2)?;
    ensure!(begun.elapsed() >= 2 * PARKED, "woken by another's");
    Ok(())
}

async fn a_fired_event_is_answered_without_its_time(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let target = "/v1/event/fire/answered?node=.&service=none&tag=x";
    let answer = consul.send("PUT", target, "hello").await?;
    equal("index", answer.header("X-Consul-Index"), None)?;
    let mut event = answer.json()?;
    let id = event["ID"].take();
    ensure!(id.as_str().is_some_and(|id| id.len() == 36), "{id}");
    let expected = json!({"ID": null, "Name": "answered", "Payload": "aGVsbG8=", "NodeFilter": ".",
        "ServiceFilter": "none", "TagFilter": "x", "Version": 1, "LTime": 0});
    equal("event", event, expected)
}

async fn a_list_has_events_in_their_order_and_times_that_grow(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for payload in ["one", "", "three"] {
        fire(consul, "ordered", payload).await?;
    }
    let events = listed(consul, "ordered", 3).await?;
    let payloads: Vec<_> = events.iter().map(|event| &event.payload[..]).collect();
    equal("payloads", payloads, [&b"one"[..], b"", b"three"])?;
    ensure!(events.windows(2).all(|pair| pair[0].ltime < pair[1].ltime));
    ensure!(events[0].ltime > 0);
    let text = consul.ask("GET", "/v1/event/list?name=ordered", "").await?;
    ensure!(text.contains("\"Payload\":null"), "{text}");
    Ok(())
}

async fn a_list_of_an_unknown_name_is_empty_with_index_1(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let answer = consul
        .send("GET", "/v1/event/list?name=nothing", "")
        .await?;
    equal("body", answer.text().as_str(), "[]")?;
    equal("index", index_of(&answer)?, 1)?;
    equal("leader", answer.header("X-Consul-KnownLeader"), None)
}

async fn an_index_that_is_not_the_last_is_answered_at_once(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    fire(consul, "indexed", "").await?;
    listed(consul, "indexed", 1).await?;
    let (index, _) = list(consul, "name=indexed").await?;
    for other in [1, index - 1, index.wrapping_add(1), u64::MAX] {
        let query = format!("name=indexed&wait=60s&index={other}");
        let begun = Instant::now();
        equal("index", list(consul, &query).await?.0, index)?;
        ensure!(begun.elapsed() < Duration::from_secs(30), "{other} blocked");
    }
    Ok(())
}

async fn a_wait_that_is_over_gives_the_same_list(consul: &Subject<Consul>) -> anyhow::Result<()> {
    fire(consul, "waited", "").await?;
    let events = listed(consul, "waited", 1).await?;
    let index = events[0].index().context("no UUID")?;
    let query = format!("name=waited&index={index}&wait=1s");
    let mut took = Vec::new();
    // The first that no busy machine holds up.
    for _ in 0..10 {
        let begun = Instant::now();
        equal("list", list(consul, &query).await?, (index, events.clone()))?;
        let waited = begun.elapsed();
        ensure!(waited >= Duration::from_secs(1), "{waited:?}");
        // Other than with other reads, nothing random is added.
        if waited < Duration::from_millis(1900) {
            return Ok(());
        }
        took.push(waited);
    }
    anyhow::bail!("each took longer: {took:?}")
}

async fn filters_are_expressions_on_the_node_the_service_ids_and_their_tags(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let service = "events-service-1";
    register_own(consul, service, "events-name").await?;
    for (filter, arrives) in [
        ("node=^nobody$", false),
        ("node=.", true),
        ("service=events-serv", true),
        ("service=^events-name$", false),
        ("service=^consul$", false),
        ("service=1$&tag=lue", true),
        ("service=1$&tag=^lue", false),
        ("service=none&tag=blue", false),
        ("node=nobody&service=events", false),
        ("node=&service=&tag=", true),
    ] {
        let name = format!("filtered-{}", filter.len());
        let target = format!("/v1/event/fire/{name}?{}", filter.replace('^', "%5E"));
        let fired: UserEvent = serde_json::from_str(&consul.ask("PUT", &target, "").await?)?;
        // What is fired behind it tells when it would have arrived.
        let mark = fire(consul, "filter-mark", filter).await?;
        eventually(Duration::from_secs(40), "the mark", || async {
            let (_, marks) = list(consul, "name=filter-mark").await.ok()?;
            marks.iter().any(|event| event.id == mark.id).then_some(())
        })
        .await?;
        let (_, events) = list(consul, &format!("name={name}")).await?;
        let seen = events.iter().any(|event| event.id == fired.id);
        equal(filter, seen, arrives)?;
    }
    let target = format!("/v1/agent/service/deregister/{service}");
    consul.send("PUT", &target, "").await?;
    Ok(())
}

/// Registers a service with the agent.
async fn register_own(consul: &Consul, id: &str, name: &str) -> anyhow::Result<()> {
    let body = json!({"ID": id, "Name": name, "Tags": ["blue"]});
    let target = "/v1/agent/service/register";
    consul.ask("PUT", target, body.to_string()).await?;
    Ok(())
}

async fn an_event_for_other_nodes_is_fired_and_not_listed(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    consul
        .ask("PUT", "/v1/event/fire/elsewhere?node=nobody", "")
        .await?;
    fire(consul, "elsewhere-mark", "").await?;
    listed(consul, "elsewhere-mark", 1).await?;
    equal("events", list(consul, "name=elsewhere").await?.1.len(), 0)
}

async fn a_bad_filter_is_refused_with_its_kind(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (filter, text) in [
        (
            "node=(",
            "Invalid node filter: error parsing regexp: missing closing ): `(`",
        ),
        (
            "service=[",
            "Invalid service filter: error parsing regexp: missing closing ]: `[`",
        ),
        (
            "service=a&tag=*",
            "Invalid tag filter: error parsing regexp: missing argument to repetition operator: `*`",
        ),
        ("tag=a", "Cannot provide tag filter without service filter"),
    ] {
        let target = format!("/v1/event/fire/bad-filter?{filter}");
        consul.expect("PUT", &target, "", (500, text)).await?;
    }
    let target = "/v1/event/fire/elsewhere?dc=elsewhere";
    let text = "No path to datacenter";
    consul.expect("PUT", target, "", (500, text)).await?;
    Ok(())
}

async fn a_payload_has_a_limit_that_shrinks_with_the_name(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let error = |what: &str| {
        format!("1 error occurred:\n\t* error broadcasting event to segment \"\": {what}\n\n")
    };
    let after = error("encoded user event exceeds configured limit of 512 bytes after encoding");
    let before = error("user event exceeds configured limit of 512 bytes before encoding");
    for length in [1, 2, 10, 18, 19, 31, 32, 100, 200] {
        let name = "a".repeat(length);
        let most = max_payload(&name, &EventFilter::new()).context("no payload fits")?;
        fire(&consul, &name, &"x".repeat(most)).await?;
        let target = format!("/v1/event/fire/{name}");
        let body = "x".repeat(most + 1);
        consul.expect("PUT", &target, body, (500, &after)).await?;
        let body = "x".repeat(600);
        consul.expect("PUT", &target, body, (500, &before)).await?;
    }
    let filter = EventFilter::new()
        .with_node(".*")
        .with_service("n".repeat(40))
        .with_tag("t");
    let most = max_payload("f", &filter).context("no payload fits")?;
    let target = format!("/v1/event/fire/f?node=.*&service={}&tag=t", "n".repeat(40));
    consul.ask("PUT", &target, "x".repeat(most)).await?;
    let body = "x".repeat(most + 1);
    consul.expect("PUT", &target, body, (500, &after)).await?;
    Ok(())
}

async fn an_event_without_a_name_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let expected = (400, "Missing name");
    consul
        .expect("PUT", "/v1/event/fire/", "x", expected)
        .await?;
    let event = fire(consul, "odd/name%20here", "").await?;
    equal("name", event.name.as_str(), "odd/name here")
}

async fn a_body_without_a_length_is_no_payload(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let request = b"PUT /v1/event/fire/chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let answer = consul.exchange(request).await?;
    equal("payload", &answer.json()?["Payload"], &json!(null))
}

async fn remote_executions_are_not_listed(consul: &Subject<Consul>) -> anyhow::Result<()> {
    fire(consul, "_rexec", "").await?;
    fire(consul, "rexec-mark", "").await?;
    listed(consul, "rexec-mark", 1).await?;
    equal("events", list(consul, "name=_rexec").await?.1.len(), 0)
}

async fn bad_waits_and_indexes_are_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (query, text) in [
        ("wait=5", "Invalid wait time"),
        ("index=-1", "Invalid index"),
        ("wait=x&index=x", "Invalid wait time"),
    ] {
        let target = format!("/v1/event/list?{query}");
        consul.expect("GET", &target, "", (400, text)).await?;
    }
    // Nothing else of a read's options is looked at.
    list(consul, "stale&consistent&dc=elsewhere&filter=x&name=none").await?;
    Ok(())
}

async fn the_client_fires_lists_and_knows_the_index(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let events = consul.client.event();
    let filter = EventFilter::new().with_node(consul.node());
    let options = FireOptions::new().with_filter(filter);
    let fired = events.fire_with("typed", vec![0, 255], &options).await?;
    equal("filter", fired.node_filter.as_str(), consul.node())?;
    let seen = listed(consul, "typed", 1).await?;
    equal("id", &seen[0].id, &fired.id)?;
    equal("payload", &seen[0].payload[..], [0, 255])?;
    let options = QueryOptions::new().with_blocking(1, Duration::from_secs(60));
    let answer = events.list_with(Some("typed"), &options).await?;
    equal("index", answer.meta.index, fired.index())
}

async fn the_client_refuses_what_no_server_takes(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let events = consul.client.event();
    let options = FireOptions::new().with_filter(EventFilter::new().with_tag("x"));
    for refused in [
        events.fire("", "").await,
        events.fire("a//b", "").await,
        events.fire("a", vec![0; 415]).await,
        events.fire("a".repeat(300).as_str(), "").await,
        events.fire_with("a", "", &options).await,
    ] {
        let kind = refused.err().map(|error| error.kind());
        equal("kind", kind, Some(ErrorKind::InvalidArgument))?;
    }
    let options = FireOptions::new().with_filter(EventFilter::new().with_node("("));
    let refused = events.fire_with("a", "", &options).await;
    let kind = refused.err().map(|error| error.kind());
    equal("kind", kind, Some(ErrorKind::InvalidArgument))
}
