//! The document of serf-python, snippet by snippet, in Rust. Each part asserts what it says.
//!
//! It runs on agents in this process, or on the Serf agent that `QUORATE_SERF_URL` names, which one
//! of this process then joins.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_examples::Serf;
use quorate_serf::{
    Change, Client, ErrorKind, Event, EventFilter, EventOptions, EventStream, Flow,
    ForceLeaveOptions, Hosts, JoinOptions, LogItem, LogLevel, Member, MemberFilter, QueryItem,
    QueryOptions, TagChanges, Timeouts,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let serf = Serf::start().await?;
    let client = basic_usage(&serf).await?;
    host_urls(&serf).await?;
    auth(&serf).await?;
    requests_and_responses(&client).await?;
    join(&client, &serf).await?;
    members(&client).await?;
    tags(&client).await?;
    event(&client).await?;
    callbacks(&client).await?;
    stream_and_stop(&client).await?;
    stop_watching(&client).await?;
    monitor(&client).await?;
    query_and_respond(&client).await?;
    chaining(&client, &serf).await?;
    leave(&client, &serf).await?;
    force_leave(&client).await?;
    client.close();
    println!("every snippet did what it says");
    Ok(())
}

/// *Basic usage*, *disconnect*: several agents, of which the first that works is asked. Fail-over is
/// always on; `connect` waits for an answer, `builder` sends nothing yet, and dropping a client, or
/// `close`, disconnects.
async fn basic_usage(serf: &Serf) -> anyhow::Result<Client> {
    let hosts: Hosts = format!("127.0.0.1:1,{}", serf.hosts()).parse()?;
    let timeouts = Timeouts::default().with_overall(Some(Duration::from_secs(5)));
    let client = Client::builder().hosts(hosts).timeouts(timeouts).build()?;
    client.ping().await?;
    println!("connected to {}", client.host().context("an agent")?);
    client.close();
    let closed = client.ping().await.err().context("it is closed")?;
    ensure!(closed.kind() == ErrorKind::Closed);
    Ok(Client::connect(serf.hosts()).await?)
}

/// *Host URL*: an address, several, or URLs with a token each. What is wrong is told at once, and a
/// token is never printed.
async fn host_urls(serf: &Serf) -> anyhow::Result<()> {
    let default = Hosts::default();
    ensure!(
        default
            .iter()
            .map(ToString::to_string)
            .eq(["127.0.0.1:7373"])
    );
    let url = format!("serf://{}?AuthKey=valid-authkey", serf.other()?);
    let client = Client::connect(&url).await?;
    ensure!(!client.members().await?.is_empty());
    ensure!("serf://a?Color=red".parse::<Hosts>().is_err());
    Ok(())
}

/// *auth*, *handshake*: both are done by themselves, before the first command of each connection.
async fn auth(serf: &Serf) -> anyhow::Result<()> {
    let hosts: Hosts = serf.other()?.to_string().parse()?;
    let keyed = Client::builder().hosts(hosts.clone());
    keyed.auth_key("valid-authkey").build()?.ping().await?;
    let wrong = Client::builder()
        .hosts(hosts.clone())
        .auth_key("bad-authkey");
    let refused = wrong.build()?.ping().await.err().context("a wrong token")?;
    ensure!(refused.kind() == ErrorKind::PermissionDenied, "{refused}");
    let without = Client::builder().hosts(hosts).build()?;
    let refused = without.ping().await.err().context("no token")?;
    ensure!(refused.kind() == ErrorKind::Unauthenticated, "{refused}");
    println!("refused as it should be: {refused}");
    Ok(())
}

/// *How to request command*, *response*, *timeout*: each call gives its answer or an error. A
/// pipeline sends several at once and gives all their answers in order, refusals too.
async fn requests_and_responses(client: &Client) -> anyhow::Result<()> {
    let replies = client
        .pipeline()
        .members()
        .event(&"x".repeat(600), "")
        .stats()
        .send()
        .await?;
    ensure!(replies[0].is_success() && !replies[0].members()?.is_empty());
    ensure!(!replies[1].is_success() && replies[1].error().contains("512 bytes"));
    let stats = replies[2].stats()?;
    println!(
        "the agent is {}",
        stats.get("agent", "name").context("its name")?
    );
    // A limit of a caller's own, besides those of the client.
    let members = tokio::time::timeout(Duration::from_secs(5), client.members());
    ensure!(!members.await??.is_empty());
    Ok(())
}

/// *join*: how many were reached; none at all is an error.
async fn join(client: &Client, serf: &Serf) -> anyhow::Result<()> {
    let other = serf.other_member()?.to_string();
    let options = JoinOptions::default().with_replay(false);
    ensure!(client.join_with(&[&other], options).await? == 1);
    let failed = client
        .join(&["127.0.0.1:1"])
        .await
        .err()
        .context("nobody")?;
    ensure!(failed.kind() == ErrorKind::JoinFailed, "{failed}");
    Ok(())
}

/// *members*: all of them, or those that match regular expressions.
async fn members(client: &Client) -> anyhow::Result<()> {
    let mut stream = client.stream(&[]).await?;
    while client.member("node1").await?.is_none() {
        happened(&mut stream).await?;
    }
    for Member { name, status, .. } in client.members().await? {
        println!("{name} {status}");
    }
    let filter = MemberFilter {
        status: "alive".into(),
        tags: [("role".into(), "dummy".into())].into(),
        ..MemberFilter::default()
    };
    let found = client.members_filtered(&filter).await?;
    ensure!(found.iter().any(|member| member.name == "node1"));
    let filter = MemberFilter {
        name: "[".into(),
        ..MemberFilter::default()
    };
    let refused = client.members_filtered(&filter).await;
    ensure!(refused.is_err_and(|error| error.kind() == ErrorKind::InvalidArgument));
    Ok(())
}

/// *tags*: some are removed, some are set, the others stay.
async fn tags(client: &Client) -> anyhow::Result<()> {
    let critical = TagChanges::new().set("critical", "yes");
    client.set_tags(&critical).await?;
    let changes = TagChanges::new().set("role", "dummy").remove("critical");
    client.set_tags(&changes).await?;
    let name = own_name(client).await?;
    let own = client.member(&name).await?.context("the agent itself")?;
    ensure!(own.tags.get("role") == Some("dummy") && !own.tags.contains_key("critical"));
    Ok(())
}

async fn own_name(client: &Client) -> anyhow::Result<String> {
    let stats = client.stats().await?;
    Ok(stats.get("agent", "name").context("its name")?.to_owned())
}

/// *event*: what is too large is refused by the agent, whose limit it is.
async fn event(client: &Client) -> anyhow::Result<()> {
    let mut stream = client
        .stream(&[EventFilter::User(Some("deploy".into()))])
        .await?;
    let options = EventOptions::default().with_coalesce(true);
    client.event_with("deploy", "v17", options).await?;
    let Event::User(event) = happened(&mut stream).await? else {
        bail!("no user event");
    };
    ensure!(event.payload == "v17" && event.coalesce && event.ltime > 0);
    let large = client.event("deploy", "x".repeat(513)).await;
    ensure!(large.is_err_and(|error| error.kind() == ErrorKind::TooLarge));
    Ok(())
}

/// The next event of a stream. What was missed, it would say.
async fn happened(stream: &mut EventStream) -> anyhow::Result<Event> {
    let next = tokio::time::timeout(Duration::from_secs(10), stream.next()).await?;
    match next.context("the stream has ended")?? {
        Change::Event(event) => Ok(event),
        gap => bail!("a gap: {gap:?}"),
    }
}

/// *Using callback*: a function for each event, in a task of its own; several functions, several
/// subscriptions. It stops when it says so, or when the subscription is dropped.
async fn callbacks(client: &Client) -> anyhow::Result<()> {
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = std::sync::Arc::clone(&seen);
    let filter = [EventFilter::User(Some("callback".into()))];
    let two = client.on(&filter, move |_| {
        let before = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        std::future::ready(if before == 0 {
            Flow::Continue
        } else {
            Flow::Stop
        })
    });
    let two = two.await?;
    client.event("callback", "one").await?;
    client.event("callback", "two").await?;
    tokio::time::timeout(Duration::from_secs(10), two.finished()).await?;
    ensure!(seen.load(std::sync::atomic::Ordering::SeqCst) == 2);
    Ok(())
}

/// *stream*, *stop*: a stream is a value. Stopping or dropping it ends it on the agent too.
async fn stream_and_stop(client: &Client) -> anyhow::Result<()> {
    let mut stream = client.stream(&[EventFilter::All]).await?;
    client.event("test-event", "test message").await?;
    loop {
        if let Event::User(event) = happened(&mut stream).await? {
            println!("{} says {:?} at {}", event.name, event.payload, event.ltime);
            ensure!(event.payload == "test message");
            break;
        }
    }
    stream.stop().await?;
    Ok(())
}

/// *Stop watching*: a loop ends where it wants to.
async fn stop_watching(client: &Client) -> anyhow::Result<()> {
    let mut stream = client.stream(&[EventFilter::All]).await?;
    let asked = client.query("enough", "").await?;
    while !matches!(happened(&mut stream).await?, Event::Query(_)) {}
    drop((stream, asked));
    Ok(())
}

/// *monitor*: the lines that the agent remembers, and then each new one.
async fn monitor(client: &Client) -> anyhow::Result<()> {
    let mut log = client.monitor(LogLevel::Debug).await?;
    let next = tokio::time::timeout(Duration::from_secs(10), log.next()).await?;
    let LogItem::Line(line) = next.context("the log has ended")?? else {
        bail!("lines were missed");
    };
    println!("{:?}: {}", line.level(), line.text());
    Ok(())
}

/// *query*, *respond*: an answer goes back on the connection that the question came on, and the asker
/// does not wait for its time to end once all have answered.
async fn query_and_respond(client: &Client) -> anyhow::Result<()> {
    let filter = [EventFilter::Query(Some("response-me".into()))];
    let answering = client.on(&filter, |event| async move {
        if let Event::Query(query) = event {
            let answer = format!("to {}", String::from_utf8_lossy(&query.payload));
            assert!(query.respond(answer).await.is_ok(), "its time is a minute");
        }
        Flow::Stop
    });
    let answering = answering.await?;
    let name = own_name(client).await?;
    let options = QueryOptions::default()
        .with_nodes([name.as_str()])
        .with_acks(true)
        .with_timeout(Duration::from_secs(60));
    let mut answers = client.query_with("response-me", "why", &options).await?;
    let (mut acks, mut responses) = (0, 0);
    while let Some(item) = answers.next().await {
        match item? {
            QueryItem::Ack { .. } => acks += 1,
            QueryItem::Response { from, payload } => {
                ensure!(from == name && payload == "to why");
                responses += 1;
            }
            lost => bail!("{lost:?}"),
        }
    }
    ensure!((acks, responses) == (1, 1));
    answering.finished().await;
    Ok(())
}

/// *Chaining commands*, *disconnect after getting response*: a pipeline keeps every command, and is
/// answered before the client is closed.
async fn chaining(client: &Client, serf: &Serf) -> anyhow::Result<()> {
    let other = [serf.other_member()?.to_string()];
    let options = JoinOptions::default().with_replay(true);
    let replies = client
        .pipeline()
        .members()
        .join(&other, options)
        .send()
        .await?;
    ensure!(replies.iter().all(quorate_serf::Reply::is_success));

    // *with statement*: a client ends with its block.
    let mut one_time = Client::connect(serf.hosts()).await?;
    ensure!(!one_time.members().await?.is_empty());
    one_time = Client::connect(serf.hosts()).await?;
    one_time.close();
    Ok(())
}

/// *leave*: the agent answers, says goodbye to all, and ends.
async fn leave(client: &Client, serf: &Serf) -> anyhow::Result<()> {
    let mut stream = client.stream(&[]).await?;
    let url = format!("serf://{}?AuthKey=valid-authkey", serf.other()?);
    Client::connect(&url).await?.leave().await?;
    loop {
        if let Event::Member { change, members } = happened(&mut stream).await? {
            println!("{}: {}", change.as_str(), members[0].name);
            let left = |member: &Member| member.name == "node1";
            if change.as_str() == "member-leave" && members.iter().any(left) {
                return Ok(());
            }
        }
    }
}

/// *force-leave*: for members that are not there any more.
async fn force_leave(client: &Client) -> anyhow::Result<()> {
    client.force_leave("nobody").await?;
    let prune = ForceLeaveOptions::default().with_prune(true);
    client.force_leave_with("node1", prune).await?;
    ensure!(client.member("node1").await?.is_none());
    Ok(())
}
