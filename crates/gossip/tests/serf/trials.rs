//! The trials.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use quorate_gossip::codec::Key;
use quorate_gossip::engine::QueryItem;
use quorate_gossip::profile::Profile;
use quorate_gossip::serf::{Filter, QuerySpec};
use quorate_gossip::{Config, Ending, Event, EventStream, Gossip, Status};

use super::agent::Serf;
use super::consul::Consul;

pub(crate) type Running = Pin<Box<dyn Future<Output = ()>>>;

/// The program that a trial needs, its name, and the trial.
pub(crate) type Named = (&'static str, &'static str, fn() -> Running);

pub(crate) const ALL: &[Named] = &[
    ("serf", "we_join_serf", || Box::pin(we_join_serf())),
    ("serf", "serf_joins_us", || Box::pin(serf_joins_us())),
    ("serf", "an_encrypted_cluster_changes_its_key", || {
        Box::pin(keys())
    }),
    (
        "serf",
        "a_killed_agent_is_seen_as_failed_on_both_sides",
        || Box::pin(killed()),
    ),
    ("serf", "a_restarted_member_joins_by_its_snapshot", || {
        Box::pin(snapshot())
    }),
    ("serf", "queries_are_answered_both_ways", || {
        Box::pin(queries())
    }),
    ("serf", "serf_measures_the_way_to_us", || {
        Box::pin(coordinates())
    }),
    ("serf", "failed_members_are_forced_out_both_ways", || {
        Box::pin(forced_out())
    }),
    ("serf", "the_one_with_a_taken_name_stops", || {
        Box::pin(name_taken())
    }),
    ("consul", "we_join_the_pool_of_a_consul_server", || {
        Box::pin(consul_pool())
    }),
    ("consul", "consul_changes_the_key_of_a_pool_with_us", || {
        Box::pin(consul_keys())
    }),
];

pub(crate) const LONG: Duration = Duration::from_secs(50);

pub(crate) fn local(name: &str) -> Config {
    let mut profile = Profile::local();
    // A loaded machine may take longer than the second of the profile.
    profile.stream_timeout = LONG;
    Config::new(name)
        .with_profile(profile)
        .with_bind(([127, 0, 0, 1], 0).into())
}

pub(crate) async fn start(name: &str) -> Gossip {
    Gossip::start(local(name)).await.unwrap()
}

async fn status(gossip: &Gossip, name: &str) -> Option<Status> {
    let members = gossip.members().await.unwrap();
    members
        .iter()
        .find(|member| member.name == name)
        .map(|member| member.status)
}

pub(crate) async fn sees(gossip: &Gossip, name: &str, wanted: Status) {
    let mut events = gossip.events().await.unwrap();
    let seen = async {
        while status(gossip, name).await != Some(wanted) {
            let _ = tokio::time::timeout(Duration::from_millis(200), events.next()).await;
        }
    };
    let seen = tokio::time::timeout(LONG, seen).await;
    assert!(
        seen.is_ok(),
        "{name} is not {wanted}: {:?}",
        gossip.members().await
    );
}

async fn user_event(events: &mut EventStream) -> (String, String) {
    let next = async {
        loop {
            if let Event::User(event) = events.next().await.unwrap().unwrap() {
                return (
                    event.name,
                    String::from_utf8(event.payload.to_vec()).unwrap(),
                );
            }
        }
    };
    tokio::time::timeout(LONG, next).await.unwrap()
}

async fn we_join_serf() {
    let serf = Serf::start("serf", &["-tag=role=db"]);
    let ours = Gossip::start(local("ours").with_tags([("role", "web")]))
        .await
        .unwrap();
    let joined = ours.join(&[serf.address()], false).await.unwrap();
    assert_eq!(joined.reached, 1);
    let members = ours.members().await.unwrap();
    let known = members.iter().find(|member| member.name == "serf").unwrap();
    assert_eq!(known.tags["role"], "db");
    assert_eq!(known.address.to_string(), serf.address());
    serf.sees("ours", "alive");
    assert!(
        serf.member("ours").contains("role=web"),
        "{}",
        serf.member("ours")
    );

    let mut events = ours.events().await.unwrap();
    serf.say(&["event", "-coalesce=false", "from-serf", "hello"]);
    let event = user_event(&mut events).await;
    assert_eq!(event, ("from-serf".to_owned(), "hello".to_owned()));
    let tags = BTreeMap::from([("role".to_owned(), "cache".to_owned())]);
    ours.set_tags(tags).await.unwrap();
    serf.until("the new tags", |serf| {
        serf.member("ours").contains("role=cache")
    });

    ours.leave().await.unwrap();
    ours.shutdown().await;
    serf.sees("ours", "left");
}

async fn serf_joins_us() {
    let (ours, other) = (start("ours").await, start("other").await);
    other
        .join(&[ours.address().to_string()], false)
        .await
        .unwrap();
    let mut serf = Serf::start("serf", &[]);
    serf.say(&["join", &ours.address().to_string()]);
    sees(&other, "serf", Status::Alive).await;
    serf.sees("other", "alive");

    let mut events = other.events().await.unwrap();
    serf.say(&["event", "-coalesce=false", "deploy", "v1"]);
    assert_eq!(user_event(&mut events).await.1, "v1");
    serf.say(&["tags", "-set", "role=db"]);
    let tagged = async {
        loop {
            let members = other.members().await.unwrap();
            let serf = members.iter().find(|member| member.name == "serf").unwrap();
            if serf.tags.get("role").is_some_and(|role| role == "db") {
                return;
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), events.next()).await;
        }
    };
    tokio::time::timeout(LONG, tagged).await.unwrap();
    serf.say(&["leave"]);
    sees(&ours, "serf", Status::Left).await;
    sees(&other, "serf", Status::Left).await;
    serf.kill();
}

async fn keys() {
    let text = |byte: u8| Key::new(&[byte; 32]).unwrap().expose_base64();
    let (old, new) = (text(1), text(2));
    // A query about keys waits 3.2 s in this profile, and half of that in the other.
    let serf = Serf::start("serf", &[&format!("-encrypt={old}"), "-profile=lan"]);
    let encrypted = |name| {
        let config = local(name).with_profile(Profile::lan());
        config.with_key(Key::from_base64(&old).unwrap())
    };
    let ours = Gossip::start(encrypted("ours")).await.unwrap();
    let other = Gossip::start(encrypted("other")).await.unwrap();
    for gossip in [&ours, &other] {
        gossip.join(&[serf.address()], false).await.unwrap();
    }
    let outsider = start("outsider").await;
    assert!(outsider.join(&[serf.address()], false).await.is_err());
    assert!(
        outsider
            .join(&[ours.address().to_string()], false)
            .await
            .is_err()
    );
    serf.sees("ours", "alive");
    serf.sees("other", "alive");

    serf.say(&["keys", &format!("-install={new}")]);
    serf.say(&["keys", &format!("-use={new}")]);
    serf.say(&["keys", &format!("-remove={old}")]);
    let listed = serf.say(&["keys", "-list"]);
    assert!(listed.contains(&format!("{new}  [3/3]")), "{listed}");
    let report = ours.list_keys().await.unwrap();
    assert_eq!((report.nodes, report.responses, report.errors), (3, 3, 0));
    assert_eq!(report.keys, BTreeMap::from([(new.clone(), 3)]));

    let third = Key::new(&[3; 16]).unwrap();
    ours.install_key(third.clone()).await.unwrap();
    ours.use_key(third.clone()).await.unwrap();
    ours.remove_key(Key::from_base64(&new).unwrap())
        .await
        .unwrap();
    let listed = serf.say(&["keys", "-list"]);
    assert!(
        listed.contains(&format!("{}  [3/3]", third.expose_base64())),
        "{listed}"
    );
    assert!(
        ours.remove_key(third).await.is_err(),
        "it is the one that encrypts"
    );
    serf.sees("ours", "alive");
}

async fn killed() {
    let mut serf = Serf::start("serf", &[]);
    let witness = Serf::start("witness", &[]);
    let (ours, doomed) = (start("ours").await, start("doomed").await);
    for gossip in [&ours, &doomed] {
        gossip
            .join(&[serf.address(), witness.address()], false)
            .await
            .unwrap();
    }
    for name in ["doomed", "ours", "serf"] {
        witness.sees(name, "alive");
    }
    serf.kill();
    sees(&ours, "serf", Status::Failed).await;
    witness.sees("serf", "failed");
    doomed.shutdown().await;
    sees(&ours, "doomed", Status::Failed).await;
    witness.sees("doomed", "failed");
    serf.run("serf", &[]);
    serf.say(&["join", &ours.address().to_string()]);
    sees(&ours, "serf", Status::Alive).await;
}

async fn snapshot() {
    let serf = Serf::start("serf", &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let ours = Gossip::start(local("ours").with_snapshot(&path))
        .await
        .unwrap();
    let address = ours.address();
    ours.join(&[serf.address()], false).await.unwrap();
    let mut events = ours.events().await.unwrap();
    serf.say(&["event", "-coalesce=false", "once"]);
    user_event(&mut events).await;
    let written = async {
        loop {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if text.contains("alive: serf ") && text.contains("\nevent-clock: 1\n") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LONG, written).await.unwrap();
    ours.shutdown().await;

    let ours = Gossip::start(local("ours").with_bind(address).with_snapshot(&path))
        .await
        .unwrap();
    let mut events = ours.events().await.unwrap();
    sees(&ours, "serf", Status::Alive).await;
    serf.say(&["event", "-coalesce=false", "twice"]);
    assert_eq!(
        user_event(&mut events).await.0,
        "twice",
        "and not what was delivered before"
    );
}

async fn queries() {
    let serf = Serf::start(
        "serf",
        &[
            "-tag=role=db",
            "-event-handler=query:load=echo -n from-serf",
        ],
    );
    let (ours, other) = (start("ours").await, start("other").await);
    ours.join(&[serf.address()], false).await.unwrap();
    other.join(&[serf.address()], false).await.unwrap();
    serf.sees("ours", "alive");
    serf.sees("other", "alive");
    let mut events = other.events().await.unwrap();

    let filter = Filter::Nodes(vec!["serf".to_owned(), "other".to_owned()]);
    let spec = QuerySpec::new("load")
        .with_filter(filter)
        .with_ack(true)
        .with_timeout(LONG)
        .with_relay_factor(1);
    let mut answers = ours.query(spec).await.unwrap();
    let (mut acks, mut from) = (Vec::new(), Vec::new());
    while acks.len() < 2 || from.len() < 2 {
        tokio::select! {
            item = answers.next() => match item.unwrap().unwrap() {
                QueryItem::Ack { from } => acks.push(from),
                QueryItem::Response { from: who, payload } => from.push((who, payload)),
                _ => {}
            },
            event = events.next() => if let Event::Query(query) = event.unwrap().unwrap() {
                other.respond(&query, "from-other").await.unwrap();
                assert!(other.respond(&query, "again").await.is_err(), "once");
            }
        }
    }
    drop(answers);
    acks.sort();
    from.sort();
    assert_eq!(acks, ["other", "serf"]);
    assert_eq!(from[0], ("other".to_owned(), "from-other".into()));
    assert_eq!(from[1], ("serf".to_owned(), "from-serf".into()));

    // The other way, with a filter of tags that only ours fits.
    ours.set_tags(BTreeMap::from([("role".to_owned(), "web".to_owned())]))
        .await
        .unwrap();
    let mut events = ours.events().await.unwrap();
    let asked = tokio::task::spawn_blocking(move || {
        serf.until("the tags", |serf| serf.member("ours").contains("role=web"));
        let said = serf.say(&[
            "query",
            "-tag=role=web",
            "-relay-factor=1",
            "-timeout=4s",
            "uptime",
            "now",
        ]);
        (serf, said)
    });
    let query = loop {
        if let Event::Query(query) = events.next().await.unwrap().unwrap() {
            break query;
        }
    };
    assert_eq!((&query.payload[..], &query.from[..]), (&b"now"[..], "serf"));
    ours.respond(&query, "5 days").await.unwrap();
    let (serf, said) = asked.await.unwrap();
    assert!(said.contains("Response from 'ours': 5 days"), "{said}");
    let reached = serf.say(&["reachability"]);
    assert!(
        reached.contains("Successfully contacted all live nodes"),
        "{reached}"
    );
}

async fn coordinates() {
    let serf = Serf::start("serf", &[]);
    let ours = start("ours").await;
    ours.join(&[serf.address()], false).await.unwrap();
    serf.until("it knows the way", |serf| {
        serf.cli(&["rtt", "ours"]).status.success()
    });
    let known = async {
        while ours.coordinate_of("serf").await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LONG, known).await.unwrap();
    let here = ours.coordinate().await.unwrap().unwrap();
    let there = ours.coordinate_of("serf").await.unwrap().unwrap();
    assert!(here.round_trip(&there).unwrap() < Duration::from_secs(1));
    let stats = ours.stats().await.unwrap();
    assert_eq!(
        (stats.members, stats.failed, stats.encrypted),
        (2, 0, false)
    );
}

async fn forced_out() {
    let serf = Serf::start("serf", &[]);
    let ours = start("ours").await;
    ours.join(&[serf.address()], false).await.unwrap();
    for (name, by_us) in [("x", true), ("y", false)] {
        let doomed = start(name).await;
        doomed.join(&[serf.address()], false).await.unwrap();
        sees(&ours, name, Status::Alive).await;
        drop(doomed);
        serf.sees(name, "failed");
        sees(&ours, name, Status::Failed).await;
        if by_us {
            ours.force_leave(name, false).await.unwrap();
        } else {
            serf.say(&["force-leave", name]);
        }
        serf.sees(name, "left");
        sees(&ours, name, Status::Left).await;
    }
    ours.force_leave("x", true).await.unwrap();
    serf.until("it is forgotten", |serf| serf.member("x").is_empty());
    assert_eq!(status(&ours, "x").await, None);
}

async fn name_taken() {
    let (serf, witness) = (Serf::start("serf", &[]), Serf::start("witness", &[]));
    let ours = start("ours").await;
    for other in [&serf, &witness] {
        ours.join(&[other.address()], false).await.unwrap();
        other.sees("ours", "alive");
    }
    let intruder = start("ours").await;
    let _ = intruder.join(&[witness.address()], false).await;
    let ended = tokio::time::timeout(LONG, intruder.ended()).await;
    assert_eq!(ended, Ok(Ending::NameLost));
    witness.sees("ours", "alive");
    assert_eq!(status(&ours, "ours").await, Some(Status::Alive));
}

async fn consul_pool() {
    let consul = Consul::start(&[]);
    let config = local("ours").with_profile(Profile::lan()).with_tags(CLIENT);
    let ours = Gossip::start(config).await.unwrap();
    ours.join(&[consul.gossip()], false).await.unwrap();
    consul.until("it lists us as alive", |members| {
        let line = members.lines().find(|line| line.starts_with("ours "));
        line.is_some_and(|line| line.contains(" alive ") && line.contains(" client "))
    });
    consul.until_says("its catalog has us", &["catalog", "nodes"], |nodes| {
        let line = nodes.lines().find(|line| line.starts_with("ours "));
        line.is_some_and(|line| line.contains(" 0d2f1c4e ") && line.contains(" 127.0.0.1 "))
    });
    let members = ours.members().await.unwrap();
    let server = members
        .iter()
        .find(|member| member.name == "server")
        .unwrap();
    assert_eq!(server.tags["role"], "consul");
    ours.leave().await.unwrap();
    ours.shutdown().await;
    consul.until("it lists us as left", |members| {
        let line = members.lines().find(|line| line.starts_with("ours "));
        line.is_none_or(|line| line.contains(" left "))
    });
    consul.until_says(
        "its catalog has us no more",
        &["catalog", "nodes"],
        |nodes| nodes.contains("server ") && !nodes.contains("ours "),
    );
}

/// `consul keyring` changes the key of a pool that we are in.
async fn consul_keys() {
    let [old, new] = [1, 2].map(|byte| Key::new(&[byte; 32]).unwrap());
    let consul = Consul::start(&[&format!("-encrypt={}", old.expose_base64())]);
    let config = local("ours").with_profile(Profile::lan()).with_tags(CLIENT);
    let ours = Gossip::start(config.with_key(old.clone())).await.unwrap();
    ours.join(&[consul.gossip()], false).await.unwrap();
    consul.until("it lists us", |members| members.contains("ours "));
    for change in [
        format!("-install={}", new.expose_base64()),
        format!("-use={}", new.expose_base64()),
        format!("-remove={}", old.expose_base64()),
    ] {
        consul.until_says(&change, &["keyring", &change], |_| true);
    }
    let listed = format!("{} [2/2]", new.expose_base64());
    consul.until_says("both have it", &["keyring", "-list"], |keys| {
        keys.contains(&listed)
    });
    sees(&ours, "server", Status::Alive).await;
}

/// What Consul's agents say about themselves.
const CLIENT: [(&str, &str); 8] = [
    ("role", "node"),
    ("dc", "dc1"),
    ("segment", ""),
    ("id", "0d2f1c4e-5a6b-4c7d-8e9f-0a1b2c3d4e5f"),
    ("vsn", "2"),
    ("vsn_min", "2"),
    ("vsn_max", "3"),
    ("build", "1.8.7:"),
];
