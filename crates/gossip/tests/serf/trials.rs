//! The trials.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use quorate_gossip::codec::Key;
use quorate_gossip::engine::{Limits, QueryItem};
use quorate_gossip::profile::Profile;
use quorate_gossip::serf::{Filter, QuerySpec};
use quorate_gossip::{Config, Ending, Event, EventStream, Gossip, Status};

use super::agent::Serf;
use super::cluster::{listed, until};
use super::consul::Consul;
use super::port::free_port;

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

/// How long a query that can be asked again waits for answers.
const TURN: Duration = Duration::from_secs(8);

pub(crate) fn local(name: &str) -> Config {
    let (mut profile, mut limits) = (Profile::local(), Limits::default());
    // A loaded machine may take longer than the second of the profile, and the five of the limits.
    profile.stream_timeout = LONG;
    limits.broadcast_timeout = LONG;
    Config::new(name)
        .with_profile(profile)
        .with_limits(limits)
        .with_bind(SocketAddr::from(([127, 0, 0, 1], free_port())))
}

pub(crate) async fn start(name: &str) -> Gossip {
    Gossip::start(local(name)).await.unwrap()
}

/// Joins all of them. It is said again when the machine took longer than the second that Serf waits.
pub(crate) async fn join(gossip: &Gossip, members: &[String]) {
    until("all are joined", || async {
        let joined = gossip.join(members, false).await;
        joined.is_ok_and(|joined| joined.reached == members.len())
    })
    .await;
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
    join(&ours, &[serf.address()]).await;
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
    join(&other, &[ours.address().to_string()]).await;
    let mut serf = Serf::start("serf", &[]);
    serf.joins(&ours.address().to_string());
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
        join(gossip, &[serf.address()]).await;
    }
    let outsider = start("outsider").await;
    assert!(outsider.join(&[serf.address()], false).await.is_err());
    assert!(
        outsider
            .join(&[ours.address().to_string()], false)
            .await
            .is_err()
    );
    for name in ["ours", "other"] {
        serf.sees(name, "alive");
        sees(&ours, name, Status::Alive).await;
    }

    // Each can be said again: on a loaded machine an answer may come too late.
    for change in [
        format!("-install={new}"),
        format!("-use={new}"),
        format!("-remove={old}"),
    ] {
        serf.until(&change, |serf| {
            serf.cli(&["keys", &change]).status.success()
        });
    }
    serf.until_says(&["keys", "-list"], &format!("{new}  [3/3]"));
    let report = listed(&ours, 3).await;
    assert_eq!((report.nodes, report.responses, report.errors), (3, 3, 0));
    assert_eq!(report.keys, BTreeMap::from([(new.clone(), 3)]));

    let (new, third) = (Key::from_base64(&new).unwrap(), Key::new(&[3; 16]).unwrap());
    until("it is installed", || async {
        ours.install_key(third.clone()).await.is_ok()
    })
    .await;
    until("it is used", || async {
        ours.use_key(third.clone()).await.is_ok()
    })
    .await;
    until("the other is gone", || async {
        ours.remove_key(new.clone()).await.is_ok()
    })
    .await;
    let said = format!("{}  [3/3]", third.expose_base64());
    serf.until_says(&["keys", "-list"], &said);
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
        join(gossip, &[serf.address(), witness.address()]).await;
    }
    // Nobody hears of the failure of somebody whom he has not heard of.
    for name in ["doomed", "ours", "serf", "witness"] {
        witness.sees(name, "alive");
        sees(&ours, name, Status::Alive).await;
    }
    serf.kill();
    sees(&ours, "serf", Status::Failed).await;
    witness.sees("serf", "failed");
    doomed.shutdown().await;
    sees(&ours, "doomed", Status::Failed).await;
    witness.sees("doomed", "failed");
    serf.run("serf", &[]);
    serf.joins(&ours.address().to_string());
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
    join(&ours, &[serf.address()]).await;
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
    for gossip in [&ours, &other] {
        join(gossip, &[serf.address()]).await;
    }
    for name in ["ours", "other"] {
        serf.sees(name, "alive");
        sees(&ours, name, Status::Alive).await;
    }
    we_ask(&ours, &other).await;
    serf_asks(serf, &ours).await;
}

/// Serf and another of ours answer.
async fn we_ask(ours: &Gossip, other: &Gossip) {
    let mut events = other.events().await.unwrap();
    let filter = Filter::Nodes(vec!["serf".to_owned(), "other".to_owned()]);
    let spec = QuerySpec::new("load")
        .with_filter(filter)
        .with_ack(true)
        .with_timeout(TURN)
        .with_relay_factor(1);
    let wanted = [("other", "from-other"), ("serf", "from-serf")];
    let wanted = wanted.map(|(name, said)| (name.to_owned(), said.to_owned()));
    let asks = until("both have it, and answer", || async {
        let mut answers = ours.query(spec.clone()).await.unwrap();
        let (mut acks, mut said) = (BTreeSet::new(), BTreeMap::new());
        while acks.len() < wanted.len() || said.len() < wanted.len() {
            match answers.next().await.unwrap().unwrap() {
                QueryItem::Ack { from } => assert!(acks.insert(from)),
                QueryItem::Response { from, payload } => {
                    let payload = String::from_utf8(payload.to_vec()).unwrap();
                    assert!(said.insert(from, payload).is_none());
                }
                // On a loaded machine an answer may come too late: it is asked again.
                _ => return false,
            }
        }
        assert!(acks.iter().eq(wanted.iter().map(|(name, _)| name)));
        assert_eq!(said, BTreeMap::from(wanted.clone()));
        true
    });
    let answers = async {
        loop {
            if let Event::Query(query) = events.next().await.unwrap().unwrap()
                && other.respond(&query, "from-other").await.is_ok()
            {
                assert!(other.respond(&query, "again").await.is_err(), "once");
            }
        }
    };
    tokio::select! {
        () = asks => {}
        () = answers => {}
    }
}

/// The other way, with a filter of tags that only ours fits.
async fn serf_asks(serf: Serf, ours: &Gossip) {
    ours.set_tags(BTreeMap::from([("role".to_owned(), "web".to_owned())]))
        .await
        .unwrap();
    let mut events = ours.events().await.unwrap();
    let asked = tokio::task::spawn_blocking(move || {
        serf.until("the tags", |serf| serf.member("ours").contains("role=web"));
        let query = [
            "query",
            "-tag=role=web",
            "-relay-factor=1",
            "-timeout=4s",
            "uptime",
            "now",
        ];
        serf.until_says(&query, "Response from 'ours': 5 days");
        let all = "Successfully contacted all live nodes";
        serf.until_says(&["reachability"], all);
    });
    let answers = async {
        loop {
            if let Event::Query(query) = events.next().await.unwrap().unwrap() {
                assert_eq!((&query.payload[..], &query.from[..]), (&b"now"[..], "serf"));
                // Its time may be over on a loaded machine.
                let _ = ours.respond(&query, "5 days").await;
            }
        }
    };
    tokio::select! {
        asked = asked => asked.unwrap(),
        () = answers => {}
    }
}

async fn coordinates() {
    let serf = Serf::start("serf", &[]);
    let ours = start("ours").await;
    join(&ours, &[serf.address()]).await;
    serf.until("it knows the way", |serf| {
        serf.cli(&["rtt", "ours"]).status.success()
    });
    // A machine that stood still makes the way long, until it is measured again.
    until("the way is short", || async {
        let here = ours.coordinate().await.unwrap().unwrap();
        let there = ours.coordinate_of("serf").await.unwrap();
        there.is_some_and(|there| here.round_trip(&there).unwrap() < Duration::from_secs(1))
    })
    .await;
    sees(&ours, "serf", Status::Alive).await;
    until("both are counted", || async {
        let stats = ours.stats().await.unwrap();
        (stats.members, stats.failed, stats.encrypted) == (2, 0, false)
    })
    .await;
}

async fn forced_out() {
    let serf = Serf::start("serf", &[]);
    let ours = start("ours").await;
    join(&ours, &[serf.address()]).await;
    for (name, by_us) in [("x", true), ("y", false)] {
        let doomed = start(name).await;
        join(&doomed, &[serf.address()]).await;
        serf.sees(name, "alive");
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
    until("it is forgotten", || async {
        // Unlike the other intents, nobody asks for it when he has not heard it.
        ours.force_leave("x", true).await.unwrap();
        serf.member("x").is_empty()
    })
    .await;
    assert_eq!(status(&ours, "x").await, None);
}

async fn name_taken() {
    let (serf, witness) = (Serf::start("serf", &[]), Serf::start("witness", &[]));
    let ours = start("ours").await;
    for other in [&serf, &witness] {
        join(&ours, &[other.address()]).await;
        other.sees("ours", "alive");
    }
    let intruder = start("ours").await;
    until("it stops", || async {
        // Nobody stops as long as none of the others answers whose name it is.
        let _ = intruder.join(&[witness.address()], false).await;
        let ended = tokio::time::timeout(Duration::from_secs(1), intruder.ended()).await;
        ended.is_ok()
    })
    .await;
    assert_eq!(intruder.ended().await, Ending::NameLost);
    witness.sees("ours", "alive");
    assert_eq!(status(&ours, "ours").await, Some(Status::Alive));
}

async fn consul_pool() {
    let consul = Consul::start(&[]);
    let config = local("ours").with_profile(Profile::lan()).with_tags(CLIENT);
    let ours = Gossip::start(config).await.unwrap();
    join(&ours, &[consul.gossip()]).await;
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
    join(&ours, &[consul.gossip()]).await;
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
