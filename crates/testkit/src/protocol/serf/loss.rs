//! Readers that are slow, peers that are dead, agents that start again: nothing hangs, every loss is
//! told, and nothing is left behind.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::future::try_join_all;
use quorate_serf::{
    Change, Client, Event, EventFilter, EventStream, Hosts, Limits, Timeouts, UserEvent,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::connection::{Connection, PATIENCE, request};
use super::target::{ALONE, Member, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::eventually;
use crate::protocol::equal;
use crate::proxy::Proxy;
use crate::trial::Case;

/// How many events an agent keeps for a stream that is not read.
const QUEUE: u64 = 512;
/// The number of the first event of a flood.
const EVENTS: u64 = 1000;
/// How many streams an agent that starts again has to take back.
const STREAMS: usize = 100;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_hundred_streams_survive_a_restart_and_nothing_is_left needs [ALONE],
        a_reader_that_is_slow_loses_events_and_holds_up_nobody needs [ALONE],
        the_typed_client_says_how_many_events_it_had_no_room_for needs [ALONE],
        a_peer_that_is_dead_is_noticed_and_left needs [ALONE],
    ]
    .into()
}

/// Sends events without end, some at a time; each tells its number. Whoever reads is given the time
/// to: he has had all but the last few.
async fn floods(rpc: &mut Connection, had: &AtomicU64) -> anyhow::Result<()> {
    const AT_ONCE: usize = 16;
    let padding = "x".repeat(440);
    for first in (0_u64..).step_by(AT_ONCE) {
        while had.load(Relaxed) + QUEUE / 2 < first {
            sleep(Duration::from_millis(1)).await;
        }
        let numbers: Vec<u64> = (first..).take(AT_ONCE).collect();
        let events: Vec<Value> = numbers
            .iter()
            .flat_map(|number| {
                let payload = format!("{number} {padding}");
                let body = json!({"Name": "flood", "Payload": payload});
                [request(EVENTS + number, "event"), body]
            })
            .collect();
        rpc.write(&events).await?;
        for number in numbers {
            rpc.answer(EVENTS + number, "event").await?.done()?;
        }
    }
    Ok(())
}

/// Reads a stream of them, and fails when one is missing.
async fn follows(rpc: &mut Connection, stream: u64, count: &AtomicU64) -> anyhow::Result<()> {
    loop {
        let told = rpc.record(stream).await?;
        let payload = told["Payload"].as_str().unwrap_or_default();
        let number = payload.split(' ').next().unwrap_or_default();
        equal("number", number.parse(), Ok(count.load(Relaxed)))?;
        count.fetch_add(1, Relaxed);
    }
}

async fn a_reader_that_is_slow_loses_events_and_holds_up_nobody(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let mut rpc = one.connect().await?;
    let before = tasks(&mut rpc).await?;
    let mut slow = one.narrow().await?;
    let all = json!({"Type": "user"});
    let slow_stream = slow.begin("stream", all.clone()).await?;
    let (mut reads, mut sends) = (one.connect().await?, one.connect().await?);
    let stream = reads.begin("stream", all).await?;
    let mut log = one.connect().await?;
    let monitor = log.begin("monitor", json!({"LogLevel": "warn"})).await?;
    let dropping = |line: &Value| {
        let text = line["Log"].as_str().unwrap_or_default();
        text.contains("[WARN] agent.ipc: Dropping event")
    };
    let count = AtomicU64::new(0);
    tokio::select! {
        noticed = log.until(monitor, dropping) => noticed.map(drop)?,
        ended = floods(&mut sends, &count) => bail!("the sender: {ended:?}"),
        ended = follows(&mut reads, stream, &count) => bail!("another reader: {ended:?}"),
    }
    ensure!(
        count.load(Relaxed) > QUEUE,
        "only {} were told",
        count.load(Relaxed)
    );
    // Others are answered, and he gets what was kept for him, in order.
    one.connect().await?.is_open().await?;
    let kept = AtomicU64::new(0);
    let follow = follows(&mut slow, slow_stream, &kept);
    let enough = || std::future::ready((kept.load(Relaxed) > QUEUE).then_some(()));
    tokio::select! {
        ended = follow => bail!("the slow one: {ended:?}"),
        enough = eventually(PATIENCE, "what was kept", enough) => enough?,
    }
    drop((slow, reads, sends, log));
    nothing_is_left(&one, rpc, before).await
}

/// What a stream tells next.
async fn change(stream: &mut EventStream) -> anyhow::Result<Change> {
    let next = timeout(PATIENCE, stream.next()).await;
    Ok(next
        .context("nothing comes")?
        .context("the stream ended")??)
}

/// The next user event of a stream.
async fn next(stream: &mut EventStream) -> anyhow::Result<UserEvent> {
    loop {
        if let Change::Event(Event::User(event)) = change(stream).await? {
            return Ok(event);
        }
    }
}

async fn the_typed_client_says_how_many_events_it_had_no_room_for(serf: &Trial) -> Outcome {
    const SENT: u64 = 300;
    let one = serf.another("one", Setup::default()).await?;
    let hosts: Hosts = one.rpc.to_string().parse()?;
    let limits = Limits::default().with_stream_records(16);
    let client = Client::builder().hosts(hosts).limits(limits).build()?;
    let mut slow = client.stream(&[EventFilter::User(None)]).await?;
    let other = one.client()?;
    let mut quick = other.stream(&[EventFilter::User(None)]).await?;
    // Real agents follow only after they have answered.
    client.ping().await?;
    for number in 1..=SENT {
        other.event("counted", number.to_string()).await?;
    }
    for number in 1..=SENT {
        let told = change(&mut quick).await?;
        let Change::Event(Event::User(event)) = told else {
            bail!("{told:?}");
        };
        equal("number", event.payload, number.to_string())?;
    }
    // By then the slow one has had them as well, and what it has no room for.
    client.ping().await?;
    let (mut got, mut missed) = (0, 0);
    while got + missed < SENT {
        match change(&mut slow).await? {
            Change::Missed(count) => missed += count,
            Change::Event(Event::User(event)) => {
                got += 1;
                // What is told of is where the count says.
                equal("number", event.payload, (got + missed).to_string())?;
            }
            other => bail!("{other:?}"),
        }
    }
    equal("all", got + missed, SENT)?;
    ensure!(missed > 0, "nothing was missed");
    Ok(())
}

async fn a_peer_that_is_dead_is_noticed_and_left(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let mut rpc = one.connect().await?;
    let before = tasks(&mut rpc).await?;
    let proxy = Proxy::start(one.rpc).await?;
    let hosts: Hosts = proxy.addr().to_string().parse()?;
    let short = Duration::from_millis(500);
    let hasty = Timeouts::default()
        .with_attempt(short)
        .with_overall(Some(short));
    let hasty = Client::builder().hosts(hosts.clone()).timeouts(hasty);
    let (hasty, client) = (
        hasty.build()?,
        Client::builder().hosts(hosts).keep_alive(short).build()?,
    );
    let mut stream = client.stream(&[EventFilter::User(None)]).await?;
    proxy.black_hole();
    // A call ends, and so does the stream.
    ensure!(hasty.members().await.is_err());
    while timeout(PATIENCE, stream.next())
        .await
        .context("nobody notices")?
        .context("the stream ended")?
        .is_ok()
    {}
    proxy.restore().await;
    comes_back(&mut stream, true).await?;
    // On a machine that stands still for a moment, a client with so little patience is lost again.
    let sends = one.client()?;
    let begun = Instant::now();
    loop {
        ensure!(begun.elapsed() < PATIENCE, "nothing is told");
        // Real agents follow only after they have answered.
        client.ping().await?;
        sends.event("after", "").await?;
        if let Ok(Ok(told)) = timeout(Duration::from_secs(5), next(&mut stream)).await {
            equal("after", told.name, "after")?;
            break;
        }
    }
    drop((stream, sends));
    client.close();
    hasty.close();
    drop(proxy);
    nothing_is_left(&one, rpc, before).await
}

/// How many tasks an agent says that it has.
async fn tasks(rpc: &mut Connection) -> anyhow::Result<u64> {
    let stats = rpc.ask("stats", Value::Null).await?.done()?;
    let count = stats["runtime"]["goroutines"].as_str().unwrap_or_default();
    count.parse().context("a count of tasks")
}

/// How many ends of connections to an address this machine has, but for those that wait for the
/// last packets.
fn sockets(member: &Member) -> anyhow::Result<usize> {
    let table = std::fs::read_to_string("/proc/self/net/tcp")?;
    let loopback = u32::from_ne_bytes([127, 0, 0, 1]);
    let address = format!("{loopback:08X}:{:04X}", member.rpc.port());
    let rows = table.lines().filter(|row| {
        let mut cells = row.split_whitespace().skip(1);
        let mut ends = [cells.next(), cells.next()].into_iter().flatten();
        let ours = ends.any(|end| end == address);
        ours && !matches!(cells.next(), Some("06" | "0A"))
    });
    Ok(rows.count())
}

/// Waits until a connection is the only one to a member, which has no more tasks than before.
async fn nothing_is_left(member: &Member, mut rpc: Connection, before: u64) -> Outcome {
    // Both ends of the connection that is still there.
    let gone = || async { (sockets(member).ok()? == 2).then_some(()) };
    eventually(PATIENCE, "the end of all connections", gone).await?;
    let begun = Instant::now();
    loop {
        let left = tasks(&mut rpc).await?;
        if left <= before {
            return Ok(());
        }
        ensure!(begun.elapsed() < PATIENCE, "{left} tasks, {before} before");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Reads until the stream goes on, which it does after the loss was told.
async fn comes_back(stream: &mut EventStream, mut lost: bool) -> Outcome {
    loop {
        match timeout(PATIENCE, stream.next()).await {
            Err(_) => bail!("it does not come back"),
            Ok(None) => bail!("a stream ended"),
            Ok(Some(Err(_))) => lost = true,
            Ok(Some(Ok(Change::Resumed))) => {
                ensure!(lost, "the loss was not told");
                return Ok(());
            }
            Ok(Some(Ok(_))) => {}
        }
    }
}

async fn a_hundred_streams_survive_a_restart_and_nothing_is_left(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let client = one.client()?;
    let filter = [EventFilter::User(None)];
    let mut streams = try_join_all((0..STREAMS).map(|_| client.stream(&filter))).await?;
    let one = one.restarted().await?;
    let mut rpc = one.connect().await?;
    let before = tasks(&mut rpc).await?;
    try_join_all(streams.iter_mut().map(|stream| comes_back(stream, false))).await?;
    client.event("after", "").await?;
    for stream in &mut streams {
        equal("after", next(stream).await?.name, "after")?;
    }
    ensure!(tasks(&mut rpc).await? > before, "no task has a stream");
    drop(streams);
    client.close();
    nothing_is_left(&one, rpc, before).await
}
