//! Members, tags, events and questions: what backends on a gossip cluster promise.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate::{
    Coordinator, Delivery, ErrorKind, Event, Feed, Inquiry, Member, MemberEvent, MemberStatus,
    QueryOptions, Question, TagChanges,
};
use tokio::time::timeout;

use super::service::named;
use super::target::{SERF, Unified};
use crate::protocol::equal;
use crate::server::{SerfOptions, SerfServer};
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

/// How long anything may take on a machine that has much to do.
const SOON: Duration = Duration::from_secs(40);

/// The cases of whoever has members, which are not those of keys.
pub fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        the_member_that_answers_is_listed_and_alive,
        a_watch_of_members_begins_with_who_is_there,
        tags_are_changed_where_that_can_be,
        an_event_is_told_with_its_name_and_payload,
        a_question_is_answered_where_questions_are,
        what_is_fired_once_a_watch_has_begun_is_told needs [SERF],
        a_member_that_joins_and_fails_is_told needs [SERF],
        a_watch_of_members_survives_a_restart needs [SERF],
        a_token_comes_from_a_file needs [SERF],
        what_serf_cannot_do_is_refused needs [SERF],
    ]
    .into()
}

/// A name that Serf can say in a filter.
fn plain(it: &Subject<Unified>, label: &str) -> String {
    named(it, label).replace(['/', ','], "-")
}

/// The own member: the only one, where nobody joined.
async fn own(coordinator: &Coordinator) -> anyhow::Result<Member> {
    let listed = coordinator.members().list().await?;
    let own = listed.into_iter().find(|member| member.status.is_there());
    own.context("nobody is there")
}

/// Reads events until one is wanted, past errors.
async fn until(
    events: &mut Feed<MemberEvent>,
    what: &str,
    wanted: impl Fn(&MemberEvent) -> bool,
) -> anyhow::Result<Vec<MemberEvent>> {
    let mut told = Vec::new();
    let waiting = async {
        loop {
            let Ok(event) = events.next().await.context("the feed ended")? else {
                continue;
            };
            told.push(event.clone());
            if wanted(&event) {
                return anyhow::Ok(());
            }
        }
    };
    let waited = timeout(SOON, waiting).await;
    waited.with_context(|| what.to_owned())??;
    Ok(told)
}

async fn the_member_that_answers_is_listed_and_alive(it: &Subject<Unified>) -> anyhow::Result<()> {
    ensure!(it.coordinator.capabilities().members);
    let member = own(&it.coordinator).await?;
    ensure!(!member.name.is_empty() && member.port > 0, "{member:?}");
    ensure!(
        member.address.parse::<std::net::IpAddr>().is_ok(),
        "{member:?}"
    );
    equal("status", member.status, MemberStatus::Alive)
}

async fn a_watch_of_members_begins_with_who_is_there(it: &Subject<Unified>) -> anyhow::Result<()> {
    let own = own(&it.coordinator).await?;
    let mut events = it.another().await?.members().watch()?;
    let done = |event: &MemberEvent| *event == MemberEvent::InitDone;
    let told = until(&mut events, "the beginning", done).await?;
    equal("first", &told[0], &MemberEvent::Init)?;
    let joined = |event: &MemberEvent| match event {
        MemberEvent::Joined(member) => member.name == own.name,
        _ => false,
    };
    equal(
        "the own member",
        told.iter().filter(|told| joined(told)).count(),
        1,
    )
}

async fn tags_are_changed_where_that_can_be(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, members) = (plain(it, "tag"), it.coordinator.members());
    let changes = TagChanges::default().with(&name, "a b");
    if !it.coordinator.capabilities().tags {
        let error = members
            .change_tags(&changes)
            .await
            .err()
            .context("changed")?;
        return equal("kind", error.kind(), ErrorKind::Unsupported);
    }
    let mut events = members.watch()?;
    until(&mut events, "the beginning", |event| {
        *event == MemberEvent::InitDone
    })
    .await?;
    members.change_tags(&changes).await?;
    let has = |event: &MemberEvent| match event {
        MemberEvent::Updated(member) => member.tags.get(&name).is_some_and(|tag| tag == "a b"),
        _ => false,
    };
    until(&mut events, "the tag", has).await?;
    members
        .change_tags(&TagChanges::default().without(&name))
        .await?;
    ensure!(!own(&it.coordinator).await?.tags.contains_key(&name));
    let large = TagChanges::default().with(&name, "x".repeat(600));
    let error = members.change_tags(&large).await.err().context("changed")?;
    equal("kind", error.kind(), ErrorKind::InvalidArgument)
}

async fn an_event_is_told_with_its_name_and_payload(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, events) = (plain(it, "e"), it.coordinator.events());
    let mut told = it.another().await?.events().watch(&name).await?;
    let bytes: Vec<u8> = vec![0, 1, 255];
    events.fire("another", "").await?;
    events.fire(&name, bytes.clone()).await?;
    events.fire(&name, "").await?;
    let (first, second) = (event(&mut told).await?, event(&mut told).await?);
    equal("name", &first.name, &name)?;
    equal("payload", &first.payload[..], &bytes[..])?;
    ensure!(
        second.payload.is_empty() && second.id != first.id,
        "{second:?}"
    );
    for (name, payload) in [("", 0), (name.as_str(), 600)] {
        let refused = events.fire(name, vec![0; payload]).await.err();
        equal(
            "kind",
            refused.context("fired")?.kind(),
            ErrorKind::InvalidArgument,
        )?;
    }
    Ok(())
}

/// A real agent follows a moment after it has said so.
async fn what_is_fired_once_a_watch_has_begun_is_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let other = it.another().await?;
    for round in 0..100 {
        let name = plain(it, &format!("w{round}"));
        let mut told = other.events().watch(&name).await?;
        it.coordinator.events().fire(&name, "").await?;
        equal("name", &event(&mut told).await?.name, &name)?;
    }
    Ok(())
}

async fn event(events: &mut Feed<Delivery>) -> anyhow::Result<Event> {
    let next = timeout(SOON, events.next()).await.context("nothing came")?;
    match next.context("the feed ended")?? {
        Delivery::Event(event) => Ok(event),
        other => bail!("{other:?}"),
    }
}

async fn a_question_is_answered_where_questions_are(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, queries) = (plain(it, "q"), it.coordinator.queries());
    if !it.coordinator.capabilities().queries {
        let errors = [
            queries.ask(&name, "").await.err(),
            queries.watch(Some(&name)).await.err(),
        ];
        for error in errors {
            equal(
                "kind",
                error.context("asked")?.kind(),
                ErrorKind::Unsupported,
            )?;
        }
        return Ok(());
    }
    let own = own(&it.coordinator).await?;
    let mut asked = it.another().await?.queries().watch(Some(&name)).await?;
    // Longer than this may take, so that it must have ended before.
    let options = QueryOptions::default().with_acks().with_timeout(2 * SOON);
    let answers = queries.ask_with(&name, "?", &options).await?;
    let question = question(&mut asked).await?;
    equal("payload", &question.payload[..], b"?")?;
    question.answer("7 days").await?;
    let set = timeout(SOON, answers.collect())
        .await
        .context("it goes on")??;
    equal("answer", set.responses[&own.name].as_ref(), b"7 days")?;
    ensure!(set.acks.contains(&own.name) && set.missed == 0, "{set:?}");
    let again = question
        .answer("8 days")
        .await
        .err()
        .context("answered twice")?;
    equal("kind", again.kind(), ErrorKind::AlreadyExists)?;
    let nobody = QueryOptions::default()
        .with_member("nobody")
        .with_timeout(Duration::from_millis(300));
    let answers = queries.ask_with(&name, "", &nobody).await?;
    let set = timeout(SOON, answers.collect())
        .await
        .context("it goes on")??;
    ensure!(set.responses.is_empty());
    let wrong = QueryOptions::default().with_tag("role", "(");
    let error = queries
        .ask_with(&name, "", &wrong)
        .await
        .err()
        .context("asked")?;
    equal("kind", error.kind(), ErrorKind::InvalidArgument)
}

async fn question(asked: &mut Feed<Inquiry>) -> anyhow::Result<Question> {
    let next = timeout(SOON, asked.next()).await.context("nothing came")?;
    match next.context("the feed ended")?? {
        Inquiry::Question(question) => Ok(question),
        other => bail!("{other:?}"),
    }
}

async fn a_member_that_joins_and_fails_is_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let alone = it.alone().await?;
    let mut events = alone.coordinator.members().watch()?;
    until(&mut events, "the beginning", |event| {
        *event == MemberEvent::InitDone
    })
    .await?;
    let beta = SerfServer::start(SerfOptions::named("beta").with_tag("role", "db")).await?;
    let native = alone.coordinator.native_serf().context("it is no Serf")?;
    // In its profile an agent waits for a second only.
    let at = [beta.gossip_addr().to_string()];
    eventually_ok(SOON, "they are joined", || native.join(&at)).await?;
    let joined = |event: &MemberEvent| match event {
        MemberEvent::Joined(member) => member.name == "beta" && member.tags["role"] == "db",
        _ => false,
    };
    until(&mut events, "the join", joined).await?;
    beta.kill()?;
    let failed = |event: &MemberEvent| match event {
        MemberEvent::Failed(member) => member.name == "beta",
        _ => false,
    };
    until(&mut events, "the failure", failed).await?;
    native.force_leave("beta").await?;
    let left = || async {
        let listed = alone.coordinator.members().list().await?;
        let beta = listed.iter().find(|member| member.name == "beta");
        equal(
            "status",
            beta.map(|beta| beta.status),
            Some(MemberStatus::Left),
        )
    };
    eventually_ok(SOON, "it has left", left).await?;
    alone.end().await;
    Ok(())
}

async fn a_watch_of_members_survives_a_restart(_: &Subject<Unified>) -> anyhow::Result<()> {
    let server = SerfServer::start(SerfOptions::default()).await?;
    let coordinator = open(&format!("serf://{}", server.addr())).await?;
    let mut events = coordinator.members().watch()?;
    until(&mut events, "the beginning", |event| {
        *event == MemberEvent::InitDone
    })
    .await?;
    server.restart().await?;
    // What is asked of it tells of the loss, and goes on.
    let changes = TagChanges::default().with("after", "1");
    let changed = || async { anyhow::Ok(coordinator.members().change_tags(&changes).await?) };
    eventually_ok(SOON, "the change", changed).await?;
    let has = |event: &MemberEvent| match event {
        MemberEvent::Updated(member) => member.tags.contains_key("after"),
        _ => false,
    };
    until(&mut events, "the change after it", has).await?;
    coordinator.close().await?;
    ensure!(timeout(SOON, events.next()).await?.is_none());
    let error = coordinator.members().list().await.err().context("listed")?;
    equal("kind", error.kind(), ErrorKind::Closed)
}

async fn a_token_comes_from_a_file(_: &Subject<Unified>) -> anyhow::Result<()> {
    let options = SerfOptions::default().with_rpc_auth("s3cret");
    let server = SerfServer::start(options).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("token");
    let url = format!("serf://{}", server.addr());
    let kind = async |url: &str| match open(url).await?.members().list().await {
        Ok(_) => anyhow::Ok(None),
        Err(error) => Ok(Some(error.kind())),
    };
    equal(
        "without",
        kind(&url).await?,
        Some(ErrorKind::Unauthenticated),
    )?;
    let url = format!("{url}?token-file={}", path.display());
    std::fs::write(&path, "wrong\n")?;
    equal(
        "wrong",
        kind(&url).await?,
        Some(ErrorKind::PermissionDenied),
    )?;
    std::fs::write(&path, "s3cret\n")?;
    equal("right", kind(&url).await?, None)
}

async fn what_serf_cannot_do_is_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let it = &it.coordinator;
    let replay = quorate::EventOptions::default().with_replay();
    let some = quorate::FireOptions::default().with_node(".");
    let errors = [
        quorate::KvExt::get(&it.kv(), "k").await.err(),
        it.lock("jobs").try_acquire().await.err(),
        it.services().list().await.err(),
        it.events().watch_with(&replay).await.err(),
        it.events().fire_with("e", "", &some).await.err(),
    ];
    for error in errors {
        equal(
            "kind",
            error.context("done")?.kind(),
            ErrorKind::Unsupported,
        )?;
    }
    Ok(())
}

async fn open(url: &str) -> anyhow::Result<Coordinator> {
    let builder = quorate::Builder::new(url).without_environment();
    Ok(builder.connect().await?)
}
