//! Members that work together, and stop.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{LONG, local, start, until};
use quorate_gossip::engine::Failure;
use quorate_gossip::event::MemberChange;
use quorate_gossip::serf::QuerySpec;
use quorate_gossip::{Ending, Error, Event, Member, Missed, Status};

#[tokio::test]
async fn three_members_find_tell_and_ask_each_other() {
    let first = start(local("a")).await;
    let (second, third) = (start(local("b")).await, start(local("c")).await);
    for other in [&second, &third] {
        let joined = other
            .join(&[format!("a/{}", first.address())], false)
            .await
            .unwrap();
        assert_eq!((joined.reached, joined.failed), (1, Vec::new()));
    }
    let all = |members: &[Member]| {
        let alive = members.iter().all(|member| member.status == Status::Alive);
        alive && members.len() == 3
    };
    until("all know each other", || async {
        all(&second.members().await.unwrap()) && all(&third.members().await.unwrap())
    })
    .await;
    let (members, mut events) = third.members_and_events().await.unwrap();
    assert!(all(&members), "{members:?}");
    let answering = third.clone();
    let answer = async {
        loop {
            if let Event::Query(query) = events.next().await.unwrap().unwrap() {
                answering.respond(&query, "42").await.unwrap();
                return query;
            }
        }
    };
    let asked = first
        .query(QuerySpec::new("q").with_payload("?").with_timeout(LONG))
        .await
        .unwrap();
    let (query, answers) = tokio::join!(answer, asked.answers(1));
    assert_eq!((query.from.as_str(), &query.payload[..]), ("a", &b"?"[..]));
    assert_eq!(answers, [("c".to_owned(), "42".into())]);

    let tags = BTreeMap::from([("zone".to_owned(), "1".to_owned())]);
    second.set_tags(tags.clone()).await.unwrap();
    let updated = async {
        loop {
            if let Event::Members(event) = events.next().await.unwrap().unwrap()
                && event.change == MemberChange::Update
            {
                return event.members[0].tags.clone();
            }
        }
    };
    assert_eq!(tokio::time::timeout(LONG, updated).await.unwrap(), tags);
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let gossip = start(local("a")).await;
    let refused = gossip
        .join(&["127.0.0.1:1", "x:y"], false)
        .await
        .unwrap_err();
    let Error::Join(failed) = &refused else {
        panic!("{refused}");
    };
    assert_eq!(failed.len(), 2, "{refused}");
    let refused = gossip
        .user_event("e", vec![0; 600], false)
        .await
        .unwrap_err();
    let expected = Failure::EventTooLarge {
        len: 601,
        limit: 512,
    };
    assert!(
        matches!(&refused, Error::Failure(failure) if *failure == expected),
        "{refused}"
    );
    assert!(gossip.query(QuerySpec::new("_serf_x")).await.is_err());
    assert!(
        gossip
            .query(QuerySpec::new("q").with_payload(vec![0; 1024]))
            .await
            .is_err()
    );
    let refused = gossip.list_keys().await.unwrap_err();
    assert!(refused.to_string().contains("0 of 1"), "{refused}");

    gossip.leave().await.unwrap();
    assert!(gossip.user_event("e", "", false).await.is_err());
    assert!(gossip.leave().await.is_err());
    gossip.shutdown().await;
    assert!(matches!(gossip.members().await, Err(Error::Closed)));
    assert_eq!(gossip.ended().await, Ending::Shutdown);
}

#[tokio::test]
async fn a_slow_reader_is_told_that_it_missed_something() {
    let gossip = start(local("a").with_event_buffer(3)).await;
    let mut events = gossip.events().await.unwrap();
    for number in 0..5 {
        gossip
            .user_event(format!("e{number}"), "", false)
            .await
            .unwrap();
    }
    for _ in 0..3 {
        assert!(events.next().await.unwrap().is_ok());
    }
    assert_eq!(events.next().await, Some(Err(Missed(2))));
    gossip.shutdown().await;
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn nothing_is_left_when_a_member_stops() {
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = alive();
    let folder = tempfile::tempdir().unwrap();
    let config = local("a")
        .with_snapshot(folder.path().join("snapshot"))
        .with_seeds(["127.0.0.1:1"]);
    let gossip = start(config).await;
    let address = gossip.address();
    let other = start(local("b")).await;
    other.join(&[address.to_string()], false).await.unwrap();
    gossip.shutdown().await;
    other.shutdown().await;
    assert_eq!(alive(), before);
    let again = start(local("a").with_bind(address)).await;
    drop(again);
    until("the last handle ends it", || async { alive() == before }).await;
}

#[tokio::test]
async fn who_stops_asking_leaves_nothing_behind() {
    let gossip = start(local("a")).await;
    let spec = QuerySpec::new("q").with_timeout(Duration::from_secs(3600));
    let answers = gossip.query(spec).await.unwrap();
    drop(answers);
    let mut events = gossip.events().await.unwrap();
    gossip.user_event("e", "", false).await.unwrap();
    assert!(events.next().await.is_some(), "it still works");
}
