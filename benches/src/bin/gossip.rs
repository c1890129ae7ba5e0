//! Clusters of quorate's agents beside clusters of real Serf agents: how long an event takes to
//! everybody, how long a failure is unnoticed, how fast events are taken over Serf's RPC.
//!
//! `cargo run --release -p quorate-benches --bin gossip [ROUNDS [MEMBERS…]]`, after
//! `cargo build --release`: by default three rounds with 5, 10 and 20 members.
//!
//! Every member of either is a process at a loopback address, with Serf's profile `lan`, and one and the
//! same client speaks to it.

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use quorate_benches::report::{median, ratio};
use quorate_benches::serf_agent::{Rpc, SerfAgent};
use quorate_wire::msgpack::{Decode, Encode};
use quorate_wire::serf::{self, Command, EventRecord, Join, MemberStatus, Members, StreamRequest};

/// How long anything may take.
const LONG: Duration = Duration::from_secs(90);

/// Nothing comes any more when nothing has come for so long. Real Serf loses some events of a burst.
const LOST: Duration = Duration::from_secs(10);

/// As many as members remember: of a larger burst some are lost, in either cluster.
const BURST: usize = 400;

/// How many are only taken.
const TAKEN: usize = 5_000;

/// How an agent of either kind is started.
type Start = fn(&str) -> anyhow::Result<SerfAgent>;

/// Which event a member has heard, and when.
type Heard = (String, Instant);

/// Agents that know each other.
struct Cluster {
    agents: Vec<SerfAgent>,
    clients: Vec<Rpc>,
    last: String,
    heard: Receiver<Heard>,
}

fn members(client: &mut Rpc) -> anyhow::Result<Vec<serf::Member>> {
    client.call(Command::Members, None)?;
    Ok(Members::from_msgpack(&client.object()?)?.members)
}

fn follow(mut client: Rpc, heard: &Sender<Heard>) -> anyhow::Result<()> {
    loop {
        client.header()?;
        if let EventRecord::User { name, .. } = EventRecord::from_msgpack(&client.object()?)? {
            heard.send((name, Instant::now()))?;
        }
    }
}

impl Cluster {
    fn start(start: Start, count: usize) -> anyhow::Result<Self> {
        let name = |number| format!("member-{number}");
        let agents = (0..count).map(|number| start(&name(number)));
        let agents = agents.collect::<Result<Vec<_>, _>>()?;
        let clients = agents.iter().map(SerfAgent::client);
        let mut clients = clients.collect::<Result<Vec<_>, _>>()?;
        let (sender, heard) = channel();
        for (client, agent) in clients.iter_mut().zip(&agents).skip(1) {
            let existing = vec![agents[0].gossip.to_string()];
            let replay = false;
            let join = Join { existing, replay };
            client.call(Command::Join, Some(&join.to_msgpack()))?;
            client.object()?;
            let mut listening = agent.client()?;
            let filter = "user".to_owned();
            let filter = StreamRequest { filter };
            listening.call(Command::Stream, Some(&filter.to_msgpack()))?;
            let sender = sender.clone();
            // It ends with its agent.
            std::thread::spawn(move || follow(listening, &sender));
        }
        let start = Instant::now();
        for client in &mut clients {
            while members(client)?.len() < count {
                pause(start)?;
            }
        }
        Ok(Self {
            agents,
            clients,
            last: name(count - 1),
            heard,
        })
    }

    /// Sends events by the first member, as fast as it takes them.
    fn send(&mut self, names: &[String]) -> anyhow::Result<()> {
        let first = &mut self.clients[0];
        // As many on their way as the sockets hold.
        for some in names.chunks(256) {
            let mut bytes = Vec::new();
            for name in some {
                let event = serf::Event {
                    name: name.clone(),
                    ..serf::Event::default()
                };
                bytes.extend(first.request(Command::Event, Some(&event.to_msgpack())));
            }
            first.send(&bytes)?;
            for _ in some {
                first.header()?;
            }
        }
        Ok(())
    }

    /// Ends the last member without a word.
    fn kill_last(&mut self) {
        self.clients.pop();
        if let Some(mut last) = self.agents.pop() {
            last.kill();
        }
    }

    /// How many of the others think that the last has failed.
    fn think_failed(&mut self) -> anyhow::Result<usize> {
        let mut count = 0;
        for client in &mut self.clients {
            let members = members(client)?;
            let last = members.iter().find(|one| one.name == self.last);
            count += usize::from(last.is_some_and(|one| one.status == MemberStatus::Failed));
        }
        Ok(count)
    }
}

fn pause(since: Instant) -> anyhow::Result<()> {
    if since.elapsed() > LONG {
        bail!("it takes more than {LONG:?}");
    }
    std::thread::park_timeout(Duration::from_millis(20));
    Ok(())
}

/// How long it took until the last of `others` members had heard all events of these names, from `start`.
fn spread(
    heard: &Receiver<Heard>,
    names: &[String],
    others: usize,
    start: Instant,
) -> anyhow::Result<Duration> {
    let wanted: HashSet<&String> = names.iter().collect();
    let mut missing = names.len() * others;
    let mut last = start;
    while missing > 0 {
        let Ok((name, at)) = heard.recv_timeout(LOST) else {
            println!("{missing} of {} were never heard", names.len() * others);
            break;
        };
        if wanted.contains(&name) {
            missing -= 1;
            last = last.max(at);
        }
    }
    Ok(last - start)
}

/// Milliseconds: one event at all, a burst at all, a failure seen by the first and by all; and events
/// taken a second.
fn measure(start: Start, count: usize, round: usize) -> anyhow::Result<[f64; 5]> {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let mut cluster = Cluster::start(start, count)?;
    let mut single = Vec::new();
    for number in 0..10 {
        let names = [format!("single-{round}-{number}")];
        let start = Instant::now();
        cluster.send(&names)?;
        single.push(millis(spread(&cluster.heard, &names, count - 1, start)?));
    }
    let names: Vec<_> = (0..BURST).map(|number| format!("b{number}")).collect();
    let start = Instant::now();
    cluster.send(&names)?;
    let burst = millis(spread(&cluster.heard, &names, count - 1, start)?);

    let start = Instant::now();
    cluster.kill_last();
    while cluster.think_failed()? == 0 {
        pause(start)?;
    }
    let first = millis(start.elapsed());
    while cluster.think_failed()? < count - 1 {
        pause(start)?;
    }
    let all = millis(start.elapsed());

    let names: Vec<_> = (0..TAKEN).map(|number| format!("t{number}")).collect();
    let start = Instant::now();
    cluster.send(&names)?;
    let rate = f64::from(u32::try_from(TAKEN)?) / start.elapsed().as_secs_f64();
    Ok([median(&single), burst, first, all, rate])
}

fn main() -> anyhow::Result<()> {
    let words = std::env::args().skip(1).map(|word| word.parse::<usize>());
    let words = words.collect::<Result<Vec<_>, _>>()?;
    let rounds = words.first().copied().unwrap_or(3);
    let counts = words.get(1..).filter(|counts| !counts.is_empty());
    for count in counts.unwrap_or(&[5, 10, 20]) {
        compare((*count).max(3), rounds)?;
    }
    Ok(())
}

fn compare(count: usize, rounds: usize) -> anyhow::Result<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        ours.push(measure(SerfAgent::quorate, count, round).context("quorate")?);
        theirs.push(measure(SerfAgent::serf, count, round).context("serf")?);
    }
    println!("{count} members, {rounds} rounds; milliseconds, and events a second");
    let what = [
        ("one event at all members", 1.2, false),
        ("a burst of 400 at all members", 1.2, false),
        ("a failure seen by the first", 1.2, false),
        ("a failure seen by all", 1.2, false),
        ("events taken a second", 1.0, true),
    ];
    for (at, (what, target, at_least)) in what.into_iter().enumerate() {
        let middle = |all: &[[f64; 5]]| median(&all.iter().map(|one| one[at]).collect::<Vec<_>>());
        let (ours, theirs) = (middle(&ours), middle(&theirs));
        println!("{what}: quorate {ours:.1}, serf {theirs:.1}");
        ratio(what, ours / theirs, target, at_least);
    }
    Ok(())
}
