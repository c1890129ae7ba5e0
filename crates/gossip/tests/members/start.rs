//! What a member is started with.

use std::net::SocketAddr;

use super::{local, start, until};
use quorate_gossip::codec::{Key, Keyring};
use quorate_gossip::engine::Failure;
use quorate_gossip::{Config, Error, Event, Gossip};

fn key(byte: u8) -> Key {
    Key::new(&[byte; 32]).unwrap()
}

#[tokio::test]
async fn an_address_that_others_reach_needs_a_key_or_to_be_asked_for_twice() {
    let public: SocketAddr = ([0, 0, 0, 0], 0).into();
    let refused = Gossip::start(local("a").with_bind(public))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, Error::PublicWithoutKey { bind } if bind == public),
        "{refused}"
    );
    assert!(refused.to_string().contains("with_public_bind_without_key"));
    let mapped: SocketAddr = "[::ffff:0.0.0.0]:0".parse().unwrap();
    assert!(Gossip::start(local("a").with_bind(mapped)).await.is_err());
    let advertise = ([127, 0, 0, 1], 0).into();
    for config in [
        local("a").with_key(key(1)),
        local("a").with_public_bind_without_key(true),
    ] {
        let gossip = start(config.with_bind(public).with_advertise(advertise)).await;
        assert!(gossip.address().ip().is_loopback());
        assert_ne!(gossip.address().port(), 0);
        gossip.shutdown().await;
    }
}

#[tokio::test]
async fn names_and_tags_that_others_would_refuse_are_refused() {
    for name in ["", "a b", "a\n", &"x".repeat(129)] {
        let refused = Gossip::start(local(name)).await.unwrap_err();
        assert!(matches!(refused, Error::Name { .. }), "{refused}");
    }
    let refused = Gossip::start(local("a").with_tags([("k", "v".repeat(600))])).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, Error::Failure(Failure::TagsTooLarge { .. })),
        "{refused}"
    );
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let first = start(local("a")).await;
    let at = first.address();
    let refused = Gossip::start(local("b").with_bind(at)).await.unwrap_err();
    assert!(refused.to_string().contains(&at.to_string()), "{refused}");
}

#[tokio::test]
async fn keys_are_kept_in_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let config = |name| local(name).with_keyring_file(&path);
    let first = start(config("a").with_key(key(1))).await;
    first.install_key(key(2)).await.unwrap();
    first.use_key(key(2)).await.unwrap();
    // A slow disk may take longer than a member that is shut down.
    let wanted = [key(2).expose_base64(), key(1).expose_base64()];
    let kept = || serde_json::from_slice::<Vec<String>>(&std::fs::read(&path).unwrap()).unwrap();
    until("they are written", || async { kept() == wanted }).await;
    first.shutdown().await;
    assert_eq!(kept(), wanted);

    let again = start(config("a")).await;
    let report = again.list_keys().await.unwrap();
    assert_eq!(
        report.primary_keys.keys().collect::<Vec<_>>(),
        [&key(2).expose_base64()]
    );
    assert!(format!("{again:?}{:?}", Keyring::new(key(1))).contains("Key(***)"));

    for bad in ["no json", "[]", "[\"AAAA\"]"] {
        std::fs::write(&path, bad).unwrap();
        let refused = Gossip::start(config("b")).await.unwrap_err();
        assert!(matches!(refused, Error::FileContent { .. }), "{refused}");
        assert!(!refused.to_string().contains("AAAA"), "{refused}");
    }
}

#[tokio::test]
async fn tags_are_kept_in_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tags");
    let config = |tag: &str| {
        let config = local("a").with_tags([(tag, "1")]);
        config.with_tags_file(&path)
    };
    let first = start(config("first")).await;
    let set = [("role".to_owned(), "web".to_owned())].into();
    first.change_tags(set, Vec::new()).await.unwrap();
    let refused = [("large".to_owned(), "x".repeat(600))].into();
    assert!(first.change_tags(refused, Vec::new()).await.is_err());
    // A slow disk may take longer than a member that is shut down.
    let wanted = "{\n  \"first\": \"1\",\n  \"role\": \"web\"\n}";
    let kept = || std::fs::read_to_string(&path).unwrap_or_default();
    until("they are written", || async { kept() == wanted }).await;
    first.shutdown().await;
    assert_eq!(kept(), wanted);

    let again = start(config("second")).await;
    let tags = again.tags().await.unwrap();
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["first", "role"]);
    for bad in ["no json", "[]", "{\"a\": 1}"] {
        std::fs::write(&path, bad).unwrap();
        let refused = Gossip::start(config("a")).await.unwrap_err();
        assert!(matches!(refused, Error::FileContent { .. }), "{refused}");
    }
}

#[tokio::test]
async fn a_newcomer_hears_of_what_was_before_if_it_wants_to() {
    let (first, witness) = (start(local("a")).await, start(local("w")).await);
    let seed = first.address().to_string();
    witness.join(&[seed.as_str()], false).await.unwrap();
    let mut events = witness.events().await.unwrap();
    first.user_event("old", "", false).await.unwrap();
    while !matches!(events.next().await.unwrap().unwrap(), Event::User(_)) {}
    // Nobody goes on gossiping of it: a newcomer might hear that before it has joined.
    until("it has been said", || async {
        let said = [first.stats().await.unwrap(), witness.stats().await.unwrap()];
        said.iter().all(|one| one.event_queue == 0)
    })
    .await;
    witness.leave().await.unwrap();
    drop((witness, events));
    for (name, replay) in [("b", false), ("c", true)] {
        let config = local(name).with_seeds([seed.clone()]);
        let newcomer = start(config.with_replay(replay)).await;
        let mut events = newcomer.events().await.unwrap();
        until("they know each other", || async {
            newcomer.members().await.unwrap().len() > 1
        })
        .await;
        first.user_event(name, "", false).await.unwrap();
        let heard = async {
            let mut heard = Vec::new();
            while heard.last().is_none_or(|last| last != name) {
                if let Event::User(event) = events.next().await.unwrap().unwrap() {
                    heard.push(event.name);
                }
            }
            heard
        };
        let heard = tokio::time::timeout(super::LONG, heard).await.unwrap();
        assert_eq!(heard.contains(&"old".to_owned()), replay, "{heard:?}");
        newcomer.leave().await.unwrap();
    }
}

#[tokio::test]
async fn seeds_are_joined_when_they_come_up() {
    let place = {
        let first = start(local("later")).await;
        first.shutdown().await;
        first.address()
    };
    let every = std::time::Duration::from_millis(100);
    let config = local("early")
        .with_seeds([place.to_string()])
        .with_seed_interval(every);
    let early = start(config).await;
    let later = start(local("later").with_bind(place)).await;
    until("they know each other", || async {
        later.members().await.unwrap().len() == 2 && early.members().await.unwrap().len() == 2
    })
    .await;
}

#[tokio::test]
async fn parts_that_forgot_each_other_meet_by_their_seeds() {
    let (first, second) = (start(local("a")).await, start(local("b")).await);
    let seed = first.address().to_string();
    let every = std::time::Duration::from_millis(20);
    let config = local("c").with_seeds([seed]).with_seed_interval(every);
    first.shutdown().await;
    let third = start(config).await;
    third
        .join(&[second.address().to_string()], false)
        .await
        .unwrap();
    // Now somebody is there, but the seed is not; then it comes, and knows nobody.
    let first = start(local("a").with_bind(first.address())).await;
    until("they meet", || async {
        first.members().await.unwrap().len() == 3
    })
    .await;
}

#[test]
fn a_configuration_shows_no_key() {
    let config = Config::new("a").with_key(key(7));
    assert!(!format!("{config:?}").contains(&key(7).expose_base64()));
    assert!(format!("{config:?}").contains("***"));
}
