//! What happens, followed.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_serf::{
    Change, Client, Event, EventFilter, EventOptions, EventStream, LogItem, LogLevel, QueryItem,
    QueryOptions,
};
use quorate_testkit::server::{SerfOptions, SerfServer};
use tokio::time::timeout;

use crate::{Outcome, Trial};

/// How long anything may take on a machine that has much to do.
pub(crate) const LONG: Duration = Duration::from_secs(50);

/// The next event, whatever is between.
pub(crate) async fn event(stream: &mut EventStream) -> anyhow::Result<Event> {
    let next = async {
        loop {
            match stream.next().await {
                Some(Ok(Change::Event(event))) => return Ok(event),
                Some(Ok(_) | Err(_)) => {}
                None => bail!("the stream ended"),
            }
        }
    };
    timeout(LONG, next).await.context("no event")?
}

async fn user(stream: &mut EventStream) -> anyhow::Result<(String, Vec<u8>)> {
    match event(stream).await? {
        Event::User(event) => Ok((event.name, event.payload.to_vec())),
        other => bail!("{other:?}"),
    }
}

pub(crate) async fn events_come_back_on_a_stream(serf: &Trial) -> Outcome {
    let name = serf.key("deploy").replace('/', "-");
    let filters = [EventFilter::User(Some(name.clone()))];
    let mut stream = serf.client.stream(&filters).await?;
    let all: Vec<u8> = (0..=255).collect();
    serf.client.event(&name, all.clone()).await?;
    serf.client.event("another", "").await?;
    serf.client.event(&name, "").await?;
    ensure!(user(&mut stream).await? == (name.clone(), all));
    ensure!(user(&mut stream).await? == (name.clone(), Vec::new()));
    // Of several that may be coalesced, the last one is told.
    let coalesce = EventOptions::default().with_coalesce(true);
    for payload in ["1", "2", "3"] {
        serf.client.event_with(&name, payload, coalesce).await?;
    }
    ensure!(user(&mut stream).await? == (name, b"3".to_vec()));
    stream.stop().await?;
    Ok(())
}

pub(crate) async fn a_query_is_answered_and_ends_early(serf: &Trial) -> Outcome {
    let name = serf.key("uptime").replace('/', "-");
    let mut stream = serf
        .client
        .stream(&[EventFilter::Query(Some(name.clone()))])
        .await?;
    // The agent follows only after it has answered, and questions have another connection.
    serf.client.ping().await?;
    let options = QueryOptions::default()
        .with_acks(true)
        .with_timeout(Duration::from_secs(50));
    let mut answers = serf.client.query_with(&name, "?", &options).await?;
    let Event::Query(query) = event(&mut stream).await? else {
        bail!("no query")
    };
    ensure!(query.payload == "?");
    query.respond("7 days").await?;
    let mut seen = Vec::new();
    // It ends although its time is not over.
    while let Some(item) = timeout(LONG, answers.next()).await? {
        seen.push(item?);
    }
    ensure!(
        seen.contains(&QueryItem::Ack {
            from: "alpha".to_owned()
        }),
        "{seen:?}"
    );
    let answer = QueryItem::Response {
        from: "alpha".to_owned(),
        payload: "7 days".into(),
    };
    ensure!(seen.contains(&answer) && seen.len() == 2, "{seen:?}");
    let again = query.respond("8 days").await.unwrap_err();
    ensure!(
        again.kind() == quorate_serf::ErrorKind::AlreadyExists,
        "{again:?}"
    );
    // One that nobody answers ends with its time.
    let options = QueryOptions::default().with_timeout(Duration::from_millis(200));
    let nobody = serf
        .client
        .query_with("nobody-answers", "", &options)
        .await?;
    ensure!(timeout(LONG, nobody.collect()).await??.responses.is_empty());
    Ok(())
}

pub(crate) async fn a_log_is_followed(serf: &Trial) -> Outcome {
    let mut log = serf.client.monitor(LogLevel::Debug).await?;
    let wanted = serf.key("logged").replace('/', "-");
    serf.client.event(&wanted, "").await?;
    let found = async {
        while let Some(item) = log.next().await {
            if let Ok(LogItem::Line(line)) = item
                && line.text().contains(&wanted)
            {
                return line.level() == Some(LogLevel::Debug)
                    || line.level() == Some(LogLevel::Info);
            }
        }
        false
    };
    ensure!(timeout(LONG, found).await?);
    Ok(())
}

pub(crate) async fn a_stream_survives_a_restart(_: &Trial) -> Outcome {
    let server = SerfServer::start(SerfOptions::default()).await?;
    let client = Client::connect(&server.addr().to_string()).await?;
    let mut stream = client.stream(&[EventFilter::User(None)]).await?;
    client.event("before", "").await?;
    ensure!(user(&mut stream).await?.0 == "before");
    server.restart().await?;
    let (mut lost, mut resumed) = (false, false);
    while !resumed {
        match timeout(LONG, stream.next())
            .await?
            .context("the stream ended")?
        {
            Ok(change) => resumed = matches!(change, Change::Resumed),
            Err(_) => lost = true,
        }
    }
    ensure!(lost, "the loss was not told");
    client.event("after", "").await?;
    ensure!(user(&mut stream).await?.0 == "after");
    Ok(())
}

pub(crate) async fn many_streams_survive_a_restart_and_end_with_the_client(_: &Trial) -> Outcome {
    let server = SerfServer::start(SerfOptions::default()).await?;
    let client = Client::connect(&server.addr().to_string()).await?;
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(client.stream(&[EventFilter::User(None)]).await?);
    }
    server.restart().await?;
    let told = streams.iter_mut().map(|stream| async {
        loop {
            match stream.next().await {
                Some(Ok(Change::Resumed)) => return true,
                Some(_) => {}
                None => return false,
            }
        }
    });
    let told = timeout(LONG, futures_util::future::join_all(told))
        .await
        .context("not all came back")?;
    ensure!(told.iter().all(|resumed| *resumed));
    client.event("after", "").await?;
    for stream in &mut streams {
        ensure!(user(stream).await?.0 == "after");
    }
    client.close();
    for stream in &mut streams {
        ensure!(timeout(LONG, stream.next()).await?.is_none());
    }
    Ok(())
}
