//! Every command through our client.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_serf::{
    Change, Client, Command, Error, ErrorKind, Event, EventFilter, EventOptions, EventStream,
    ForceLeaveOptions, Hosts, LogItem, LogLevel, MemberChange, MemberFilter, MemberStatus,
    QueryEvent, QueryItem, QueryOptions, Refusal, Secret, StreamOptions, TagChanges,
};
use tokio::time::{Instant, timeout};

use super::connection::PATIENCE;
use super::target::{ALONE, GUARDED, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        the_typed_client_leaves needs [ALONE],
        the_typed_client_tells_a_change_of_tags_once needs [ALONE],
        the_typed_client_follows_events,
        the_typed_client_asks_and_answers,
        the_typed_client_answers_no_query_after_its_time,
        the_typed_client_passes_over_records_from_nobody needs [ALONE],
        the_typed_client_knows_members,
        the_typed_client_joins_and_is_told_why_not,
        the_typed_client_sets_tags,
        the_typed_client_is_told_what_members_say_of_keys,
        the_typed_client_knows_how_and_where_an_agent_is,
        the_typed_client_follows_the_log,
        the_typed_client_sends_several_commands_at_once,
        the_typed_client_tells_tokens_apart needs [GUARDED],
    ]
    .into()
}

/// The next event, whatever is between.
pub(super) async fn event(stream: &mut EventStream) -> anyhow::Result<Event> {
    let next = async {
        loop {
            match stream.next().await {
                Some(Ok(Change::Event(event))) => return Ok(event),
                Some(_) => {}
                None => bail!("the stream ended"),
            }
        }
    };
    timeout(PATIENCE, next).await.context("no event")?
}

async fn the_typed_client_follows_events(serf: &Trial) -> Outcome {
    let name = serf.key("followed");
    let filter = [EventFilter::User(Some(name.clone()))];
    let mut stream = serf.client.stream(&filter).await?;
    let all: Vec<u8> = (0..=255).collect();
    let coalesce = EventOptions::default().with_coalesce(true);
    serf.client.event(&name, all.clone()).await?;
    serf.client.event_with(&name, "", coalesce).await?;
    for (payload, coalesce) in [(&all[..], false), (&[], true)] {
        let Event::User(told) = event(&mut stream).await? else {
            bail!("another event");
        };
        equal("payload", &told.payload[..], payload)?;
        equal("coalesced", told.coalesce, coalesce)?;
    }
    stream.stop().await?;
    let large = serf.client.event(&name, vec![0; 600]).await;
    let error = large.err().context("it is too large")?;
    equal("too large", error.kind(), ErrorKind::TooLarge)
}

/// The next query.
async fn asked(stream: &mut EventStream) -> anyhow::Result<QueryEvent> {
    match event(stream).await? {
        Event::Query(query) => Ok(query),
        other => bail!("{other:?}"),
    }
}

/// Asks, answers, and says whether the answer and an acknowledgement came.
async fn answered(
    serf: &Trial,
    name: &str,
    options: &QueryOptions,
    stream: &mut EventStream,
) -> anyhow::Result<bool> {
    let mut answers = serf.client.query_with(name, "?", options).await?;
    let query = asked(stream).await?;
    equal("question", &query.payload[..], &b"?"[..])?;
    query.respond("7 days").await?;
    let again = query.respond("8 days").await.err().context("twice")?;
    equal("twice", again.kind(), ErrorKind::AlreadyExists)?;
    let (mut acked, mut answered) = (false, false);
    while !(acked && answered) {
        let item = timeout(PATIENCE, answers.next()).await;
        let Some(item) = item.context("no end")? else {
            break;
        };
        match item? {
            QueryItem::Ack { from } => acked |= from == "alpha",
            QueryItem::Response { from, payload } => {
                answered |= from == "alpha" && payload == "7 days";
            }
            other => bail!("{other:?}"),
        }
    }
    Ok(acked && answered)
}

async fn the_typed_client_asks_and_answers(serf: &Trial) -> Outcome {
    let name = serf.key("asked");
    let filter = [EventFilter::Query(Some(name.clone()))];
    let mut stream = serf.client.stream(&filter).await?;
    let options = QueryOptions::default()
        .with_nodes(["alpha"])
        .with_tag("role", "web")
        .with_acks(true)
        .with_relay_factor(1)
        .with_timeout(Duration::from_secs(10));
    let begun = Instant::now();
    // Real agents mix up queries that are asked at the same moment.
    while !answered(serf, &name, &options, &mut stream).await? {
        ensure!(begun.elapsed() < PATIENCE, "no answer");
    }
    let reserved = serf.client.query("_serf_nothing", "").await;
    let error = reserved.err().context("reserved")?;
    equal("reserved", error.kind(), ErrorKind::InvalidArgument)
}

async fn the_typed_client_answers_no_query_after_its_time(serf: &Trial) -> Outcome {
    let name = serf.key("asked");
    let filter = [EventFilter::Query(Some(name.clone()))];
    let mut stream = serf.client.stream(&filter).await?;
    let options = QueryOptions::default()
        .with_nodes(["alpha"])
        .with_timeout(Duration::from_millis(200));
    let mut answers = serf.client.query_with(&name, "?", &options).await?;
    let query = asked(&mut stream).await?;
    while let Some(item) = answers.next().await {
        item?;
    }
    // For a moment after its time it is still known.
    let forgotten = || async {
        let kind = query.respond("late").await.err()?.kind();
        (kind == ErrorKind::NotFound).then_some(())
    };
    crate::eventually(PATIENCE, "the end of the query", forgotten).await?;
    Ok(())
}

async fn the_typed_client_passes_over_records_from_nobody(serf: &Trial) -> Outcome {
    // Near the end of such a query real agents send up to thousands of them.
    let options = QueryOptions::default()
        .with_acks(true)
        .with_timeout(Duration::from_millis(1));
    for _ in 0..50 {
        let mut answers = serf.client.query_with("q", "", &options).await?;
        while let Some(item) = answers.next().await {
            match item? {
                QueryItem::Ack { from } => equal("from", from.as_str(), "alpha")?,
                other => bail!("{other:?}"),
            }
        }
    }
    Ok(())
}

/// Lists the members, and begins a stream with them: all are there.
async fn all_there(serf: &Trial) -> Outcome {
    let mut members = serf.client.members().await?;
    members.sort_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<_> = members.iter().map(|member| &member.name[..]).collect();
    equal("names", names, serf.names())?;
    for (member, of) in members.iter().zip(&serf.members) {
        equal("address", member.address(), of.gossip)?;
        equal("status", &member.status, &MemberStatus::Alive)?;
    }
    let present = StreamOptions::default().with_present_members(true);
    let mut stream = serf.client.stream_with(&[], present).await?;
    let Event::Member { members, .. } = event(&mut stream).await? else {
        bail!("another event");
    };
    equal("present", members.len(), serf.members.len())
}

async fn the_typed_client_knows_members(serf: &Trial) -> Outcome {
    // Whoever stands still for a moment may be thought failed for a while.
    crate::eventually_ok(PATIENCE, "all are there", || all_there(serf)).await?;
    let filter = MemberFilter {
        tags: [("role".to_owned(), "w.b".to_owned())].into(),
        ..MemberFilter::default()
    };
    let found = serf.client.members_filtered(&filter).await?;
    equal("by tag", found.len(), serf.members.len())?;
    let filter = MemberFilter {
        name: "(".to_owned(),
        ..MemberFilter::default()
    };
    let error = serf.client.members_filtered(&filter).await.err();
    let error = error.context("no expression")?;
    equal("no expression", error.kind(), ErrorKind::InvalidArgument)?;
    ensure!(serf.client.member("alpha").await?.is_some());
    ensure!(serf.client.member("alph.").await?.is_none());
    let prune = ForceLeaveOptions::default().with_prune(true);
    serf.client
        .force_leave_with("nobody", prune)
        .await
        .map_err(Into::into)
}

async fn the_typed_client_joins_and_is_told_why_not(serf: &Trial) -> Outcome {
    let alpha = serf.joiner().await?;
    let client = alpha.client()?;
    let some = ["127.0.0.1:1".to_owned(), alpha.gossip.to_string()];
    // In the profile `local` an agent waits for a second only.
    let joins = || async { equal("some", client.join(&some).await?, 1) };
    crate::eventually_ok(PATIENCE, "it joins", joins).await?;
    let none: [&str; 0] = [];
    equal("none", client.join(&none).await?, 0)?;
    let refused = client.join(&["127.0.0.1:1"]).await;
    let error = refused.err().context("nobody is there")?;
    equal("refused", error.kind(), ErrorKind::JoinFailed)
}

async fn the_typed_client_sets_tags(serf: &Trial) -> Outcome {
    let _alone = serf.tags.lock().await;
    let changes = TagChanges::new().set("typed", "yes").remove("unset");
    serf.client.set_tags(&changes).await?;
    let alpha = serf.client.member("alpha").await?.context("alpha")?;
    equal("set", alpha.tags.get("typed"), Some("yes"))?;
    let changes = TagChanges::new().remove("typed");
    serf.client.set_tags(&changes).await?;
    let large = TagChanges::new().set("typed", "x".repeat(600));
    let error = serf.client.set_tags(&large).await.err();
    let error = error.context("too large")?;
    equal("too large", error.kind(), ErrorKind::TooLarge)
}

async fn the_typed_client_is_told_what_members_say_of_keys(serf: &Trial) -> Outcome {
    let key = Secret::from("HIDxTe3QS8hQoXmNBp6SHA==");
    let begun = Instant::now();
    for what in ["install", "use", "remove", "list"] {
        let keys = serf.client.keys();
        let error = loop {
            let error = match what {
                "install" => keys.install(&key).await.err(),
                "use" => keys.use_key(&key).await.err(),
                "remove" => keys.remove(&key).await.err(),
                _ => keys.list().await.err(),
            };
            let error = error.context("there is no keyring")?;
            let said = &error.keys().context("what was said")?.messages;
            // Gossip may miss a member.
            if said.len() == serf.members.len() || begun.elapsed() > PATIENCE {
                break error;
            }
        };
        refused_by_all(serf, &error)?;
    }
    Ok(())
}

/// Whether every member said that it has no keyring.
fn refused_by_all(serf: &Trial, error: &Error) -> Outcome {
    equal("kind", error.kind(), ErrorKind::Partial)?;
    let count = u64::try_from(serf.members.len())?;
    let partial = Refusal::Partial {
        some: count,
        all: count,
    };
    equal("refusal", error.refusal(), Some(&partial))?;
    let said = &error.keys().context("what was said")?.messages;
    ensure!(said.values().all(|text| text.contains("not enabled")));
    equal("from", said.len(), serf.members.len())
}

async fn the_typed_client_knows_how_and_where_an_agent_is(serf: &Trial) -> Outcome {
    serf.client.ping().await?;
    let stats = serf.client.stats().await?;
    equal("name", stats.get("agent", "name"), Some("alpha"))?;
    equal("nothing", stats.get("agent", "nothing"), None)?;
    let alpha = serf.client.coordinate("alpha").await?;
    ensure!(alpha.is_some_and(|alpha| alpha.height > 0.0));
    equal("nobody", serf.client.coordinate("nobody").await?, None)?;
    // What was measured while the machine stood still is forgotten after a while.
    let short = || async {
        let round_trip = serf.client.round_trip("alpha", "alpha").await?;
        let short = round_trip.is_some_and(|trip| trip < Duration::from_secs(1));
        ensure!(short, "{round_trip:?}");
        Ok(())
    };
    crate::eventually_ok(PATIENCE, "a short way", short)
        .await
        .map_err(Into::into)
}

async fn the_typed_client_follows_the_log(serf: &Trial) -> Outcome {
    // One whose log is long drops new lines while it tells the old ones.
    let alone = serf.another("alpha", Setup::default()).await?;
    let (client, name) = (alone.client()?, "logged");
    let mut log = client.monitor(LogLevel::Debug).await?;
    client.event(name, "").await?;
    let found = async {
        while let Some(item) = log.next().await {
            if let LogItem::Line(line) = item?
                && line.text().contains(name)
            {
                equal("time", line.time().len(), 19)?;
                return Ok(line.level());
            }
        }
        bail!("the log ended")
    };
    let level = timeout(PATIENCE, found).await.context("no line")??;
    ensure!(
        matches!(level, Some(LogLevel::Debug | LogLevel::Info)),
        "{level:?}"
    );
    Ok(())
}

async fn the_typed_client_sends_several_commands_at_once(serf: &Trial) -> Outcome {
    let replies = serf
        .client
        .pipeline()
        .members()
        .event("several", "1")
        .event("large", vec![0; 600])
        .members_filtered(&MemberFilter::default())
        .stats()
        .coordinate("alpha")
        .send()
        .await?;
    let done: Vec<_> = replies
        .iter()
        .map(quorate_serf::Reply::is_success)
        .collect();
    equal("done", done, [true, true, false, true, true, true])?;
    for at in [0, 3] {
        equal("members", replies[at].members()?.len(), serf.members.len())?;
    }
    let raw = serf
        .client
        .call_raw(Command::Stop, b"\x81\xa4Stop\x00")
        .await?;
    ensure!(raw.is_success() && raw.body.is_none());
    Ok(())
}

async fn the_typed_client_tells_tokens_apart(serf: &Trial) -> Outcome {
    let hosts: Hosts = serf.first().rpc.to_string().parse()?;
    let open = Client::builder().hosts(hosts.clone()).build()?;
    let error = open.members().await.err().context("no token")?;
    equal("no token", error.kind(), ErrorKind::Unauthenticated)?;
    let wrong = Client::builder().hosts(hosts).auth_key("wrong").build()?;
    let error = wrong.members().await.err().context("a wrong token")?;
    equal("a wrong token", error.kind(), ErrorKind::PermissionDenied)
}

async fn the_typed_client_tells_a_change_of_tags_once(serf: &Trial) -> Outcome {
    let (one, two) = serf.pair(Setup::default()).await?;
    let client = one.client()?;
    let mut stream = client.stream(&[]).await?;
    let tagged = two.client()?;
    let mut values = Vec::new();
    for value in ["1", "2"] {
        let changes = TagChanges::new().set("x", value);
        tagged.set_tags(&changes).await?;
        while values.last().is_none_or(|last| last != value) {
            if let Event::Member {
                change: MemberChange::Update,
                members,
            } = event(&mut stream).await?
            {
                let two = members.into_iter().filter(|member| member.name == "two");
                values.extend(two.filter_map(|member| member.tags.get("x").map(str::to_owned)));
            }
        }
        // With the next change of any member, a real agent tells this one again.
        let name = format!("three-{value}");
        let three = serf.another(&name, Setup::default()).await?;
        three.join(&one).await?;
        loop {
            if let Event::Member {
                change: MemberChange::Join,
                members,
            } = event(&mut stream).await?
                && members.iter().any(|member| member.name == three.name)
            {
                break;
            }
        }
    }
    equal("values", values, ["1", "2"])
}

async fn the_typed_client_leaves(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let client = one.client()?;
    let mut stream = client.stream(&[]).await?;
    client.leave().await?;
    // The loss is told, and the stream goes on trying until the client is closed.
    let told = async {
        loop {
            match stream.next().await {
                Some(Err(error)) => return Ok(error.kind()),
                Some(Ok(_)) => {}
                None => bail!("the stream ended"),
            }
        }
    };
    let kind = timeout(PATIENCE, told).await.context("no end")??;
    equal("the end", kind, ErrorKind::Unavailable)?;
    client.close();
    ensure!(stream.next().await.is_none());
    Ok(())
}
