//! `quorate serf query` and `reachability`.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

use quorate_serf::{Bytes, MemberStatus, QueryItem, QueryOptions, QueryStream};
use serde_json::json;

use super::Context;
use crate::args::serf::query::QueryArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::serf::query::{Answers, ItemView};

/// The question that Serf answers by itself: with an ack, and nothing more.
const PING: &str = "_serf_ping";

pub(super) async fn ask(context: Context<'_>, args: QueryArgs) -> Result<Exit, Failure> {
    let screen = &context.config.screen;
    let mut options = QueryOptions::default()
        .with_nodes(args.asked.node)
        .with_acks(!args.no_ack)
        .with_relay_factor(args.asked.relay_factor);
    options.tags = args.asked.tag.into_iter().collect();
    options.timeout = context.config.timeout;
    let mut signals = Signals::listen(&Signals::END)?;
    let payload = Bytes::copy_from_slice(args.payload.as_bytes());
    let answers = context
        .client
        .query_with(&args.name, payload, &options)
        .await?;
    let mut all = Answers::new(&args.name, options.acks);
    let as_it_comes = args.format.is_text(screen);
    if as_it_comes {
        screen.show(&all.begin())?;
    }
    let read = read(answers, |item| {
        if as_it_comes {
            screen.show(&ItemView(&item))?;
        }
        all.add(item);
        Ok(false)
    });
    tokio::select! {
        read = read => read?,
        signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
    }
    match args.format.is_json() {
        true => screen.raw(all.exact()?.as_bytes())?,
        false => screen.show(&all)?,
    }
    Ok(Exit::Success)
}

/// Reads answers until there are no more, or enough.
async fn read(
    mut answers: QueryStream,
    mut take: impl FnMut(QueryItem) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    while let Some(item) = answers.next().await {
        if take(item?)? {
            break;
        }
    }
    Ok(())
}

/// What is known of the members before and after all were asked.
struct Reach {
    live: BTreeSet<String>,
    all: usize,
    acked: BTreeSet<String>,
}

impl Reach {
    async fn start(context: Context<'_>) -> Result<Self, Failure> {
        let members = context.client.members().await?;
        let all = members.len();
        let live = members
            .into_iter()
            .filter(|member| member.status == MemberStatus::Alive);
        Ok(Self {
            live: live.map(|member| member.name).collect(),
            all,
            acked: BTreeSet::new(),
        })
    }

    /// Whether nobody can answer any more who is of interest.
    fn is_complete(&self) -> bool {
        self.acked.len() >= self.all
    }
}

pub(super) async fn reachability(context: Context<'_>) -> Result<Exit, Failure> {
    let mut reach = Reach::start(context).await?;
    let counts = format!(
        "Total members: {}, live members: {}",
        reach.all,
        reach.live.len()
    );
    context.tell(&counts)?;
    context.tell("Starting reachability test...")?;
    let mut signals = Signals::listen(&Signals::END)?;
    let mut options = QueryOptions::default().with_acks(true).with_full_time(true);
    options.timeout = context.config.timeout;
    let start = Instant::now();
    let mut last = start;
    let asked = context
        .client
        .query_with(PING, Bytes::new(), &options)
        .await?;
    let read = read(asked, |item| {
        if let QueryItem::Ack { from } = item {
            last = Instant::now();
            if context.config.verbose {
                context.tell(&format!("\tAck from '{from}'"))?;
            }
            reach.acked.insert(from);
        }
        Ok(reach.is_complete())
    });
    tokio::select! {
        read = read => read?,
        signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
    }
    if context.config.verbose {
        let (all, last) = (start.elapsed().as_secs_f64(), (last - start).as_secs_f64());
        let times = format!("Query time: {all:.2} sec, time to last response: {last:.2} sec");
        context.tell(&times)?;
    }
    judge(context, &reach)
}

/// Who is missing, and who answered although it is not alive.
fn judge(context: Context<'_>, reach: &Reach) -> Result<Exit, Failure> {
    let missing: Vec<_> = reach.live.difference(&reach.acked).collect();
    let others: Vec<_> = reach.acked.difference(&reach.live).collect();
    let thing = json!({
        "members": reach.all, "live": reach.live, "acks": reach.acked,
        "missing": missing, "not_alive": others,
    });
    let names = |names: &[&String]| {
        let lines = names.iter().map(|name| format!("\t{name}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let mut text = Vec::new();
    if !others.is_empty() {
        text.push("Received more acks than live nodes! Acks from non-live nodes:".to_owned());
        text.push(names(&others));
        text.push(OTHERS.to_owned());
    }
    if !missing.is_empty() {
        text.push("Received less acks than live nodes! Missing acks from:".to_owned());
        text.push(names(&missing));
        text.push(MISSING.to_owned());
    }
    if text.is_empty() {
        return context.say(thing, "Successfully contacted all live nodes");
    }
    context.say(thing, text.join("\n"))?;
    Ok(Exit::Failure)
}

const OTHERS: &str = "\
They answer, and are taken for failed: packets from them, or to them, may be lost on the way.";
const MISSING: &str = "\
They are taken for alive, and packets to them or their acks are lost. See whether other members reach
the address that `quorate serf members` has for each, by UDP and TCP: firewalls, address translation,
--bind and --advertise of its agent.";
